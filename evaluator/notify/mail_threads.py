"""How the mails of a group hang together.

Each mail has a name of its own, the same in every attempt: two mails of one name are one mail to many servers, and the second
would be dropped. A mail of a thread refers to the thread's root, to the first mail of the group and to the one before it.
The root is a name that no mail has. It follows from the group's key alone (and the day, for threads by the day), so a group
that comes back after months joins the thread of its earlier mails. Alertmanager refers to nothing but such a root; programs
that show threads only among mails they have, Outlook's among them, need the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from evaluator.core.frozen import frozen
from evaluator.core.records import Pairs
from evaluator.notify.rendered import RenderedNotification

_FIRST, _LAST, _ROOT = "first", "message_id", "thread"


@frozen
class Names:
    """What a mail is called and refers to. receipt: what the next mail of the group needs to know."""

    message_id: str
    references: tuple[str, ...]
    reply_to: str
    receipt: Pairs


def names(notification: RenderedNotification, known: Mapping[str, str], domain: str, by: str) -> Names:
    """The names of the mail for `notification`. by: `none` for one thread for ever, `daily`, or empty for no thread."""
    message_id = f"<{notification.id}.{notification.key[:16]}@{domain}>"
    if not by:
        return Names(message_id, (), "", ((_LAST, message_id),))
    root = _root(notification.key, notification.at, by, domain)
    earlier = known if known.get(_ROOT) == root else {}
    first, last = earlier.get(_FIRST, ""), earlier.get(_LAST, "")
    references = tuple(dict.fromkeys(filter(None, (root, first, last))))
    receipt = ((_LAST, message_id), (_FIRST, first or message_id), (_ROOT, root))
    return Names(message_id, references, last or root, receipt)


def _root(key: str, at: datetime, by: str, domain: str) -> str:
    day = f"-{at.astimezone(UTC):%Y-%m-%d}" if by == "daily" else ""
    return f"<alert-{key[:16]}{day}@{domain}>"
