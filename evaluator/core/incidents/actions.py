"""What people do with an incident, wherever they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from evaluator.core.frozen import frozen


class Action(StrEnum):
    """RESOLVE: although its alerts may fire. LABEL: say whether it was worth it."""

    ACK = "ack"
    UNACK = "unack"
    SNOOZE = "snooze"
    ESCALATE = "escalate"
    ASSIGN = "assign"
    RESOLVE = "resolve"
    NOTE = "note"
    LABEL = "label"


NOISE = ("useful", "false_positive", "not_actionable", "duplicate", "poor_details")
"""What an incident may be labelled as; all but the first are noise."""


def in_words(label: str) -> str:
    """A label as people read it: `false positive`."""
    return label.replace("_", " ")


@frozen
class Acted:
    """Somebody did something. by: key of a person, or any name. via: `cli`, `api`, `web`, `link`, `slack`, `sms` and so on.

    source: address and client, for the record. epoch: the climb that whoever acted was looking at; None for whichever. level:
    of an escalation, the last level that was seen. duration: of an acknowledgement, in place of the policy's; of a snooze that
    has no `until`. text: of a note, a reason, a label. to: whom it is assigned to. A link's acknowledgement is weak: see `via`.
    """

    action: Action
    incident: int
    by: str
    via: str
    source: str = ""
    epoch: int | None = None
    level: int | None = None
    until: datetime | None = None
    duration: timedelta | None = None
    text: str = ""
    to: str = ""
