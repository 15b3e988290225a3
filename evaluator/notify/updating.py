"""A group's message and its thread, where the service has them: `update_message` and `thread`, the same for all that can.

The first notification of a group posts a message. With `update_message` later ones edit it, for as long as the group was not
told as over; an edit makes no sound. With `thread` later ones are replies in its thread. With both the message always shows how
things stand, and what is news is told in the thread as well. When the message is gone, or takes neither edits nor replies any
more, a new one is posted, and that is the group's message from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from evaluator.core.frozen import frozen
from evaluator.core.records import Pairs
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.sheet import Sheet

Read = Callable[[Answer], Accepted | Refused]


@frozen
class Ways:
    """The requests by which a group may be told: anew, in the message before, in its thread; None where that is not wanted.

    known: the receipt of the message before. It stays the receipt for as long as that message does.
    """

    post: Request
    known: Pairs = ()
    edit: Request | None = None
    reply: Request | None = None


def told_once(
    ways: Ways, sheet: Sheet, gone: Callable[[Answer], bool], read: Read
) -> Generator[Request, Answer, Accepted | Refused]:
    """Edit, reply or post, as `ways` has it. gone: whether an answer says that there is nothing to edit any more."""
    if ways.edit is not None:
        answer = yield ways.edit
        if gone(answer):
            return read((yield ways.post))
        outcome = _renewed(read(answer), ways.known)
        if ways.reply is None or isinstance(outcome, Refused) or not sheet.notification.news:
            return outcome
        sheet.partly = True
    if ways.reply is not None:
        outcome = read((yield ways.reply))
        if isinstance(outcome, Accepted):
            return Accepted(ways.known)
        if not outcome.permanent:
            return outcome
    return read((yield ways.post))


def _renewed(outcome: Accepted | Refused, known: Pairs) -> Accepted | Refused:
    return Accepted(known) if isinstance(outcome, Accepted) and not outcome.receipt else outcome
