"""One message for a group that is kept up to date, where the service can edit: `update_message`, the same for all that can.

The first notification of a group posts a message; later ones edit it for as long as the group was not told as over. When the
message is gone, or may no longer be edited, a new one is posted, and that is edited from then on. An edit makes no sound.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from evaluator.core.records import Pairs
from evaluator.notify.exchange import Accepted, Answer, Refused, Request

Read = Callable[[Answer], Accepted | Refused]


def edited_or_posted(
    edit: Request | None, post: Request, known: Pairs, gone: Callable[[Answer], bool], read: Read
) -> Generator[Request, Answer, Accepted | Refused]:
    """Perform `edit`, and `post` when there is nothing to edit or the answer says that it is `gone`.

    known: the receipt of the message that is edited; it stays the receipt when the answer names no other.
    """
    if edit is not None:
        answer = yield edit
        if not gone(answer):
            return _renewed(read(answer), known)
    return read((yield post))


def _renewed(outcome: Accepted | Refused, known: Pairs) -> Accepted | Refused:
    return Accepted(known) if isinstance(outcome, Accepted) and not outcome.receipt else outcome
