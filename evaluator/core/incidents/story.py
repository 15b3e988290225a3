"""What became of an incident, and what comes next, in sentences: for the pages, the command line and the review alike.

A timeline keeps what happened as it happened, with keys of people and details; names are put in when somebody reads it, so a
person who is called otherwise today is found under today's name.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.core.incidents.incident import Due, What, last_level, next_level
from evaluator.core.incidents.records import Happening, IncidentRecord, IncidentState, Moment

Names = Mapping[str, str]
"""What people are called, by key."""

_SENTENCES: Mapping[Happening, str] = {
    Happening.OPENED: "opened: {detail}",
    Happening.REOPENED: "fires again: {detail}",
    Happening.LEVEL: "level {detail}",
    Happening.SKIPPED: "level {detail}, so it was passed over",
    Happening.REPEATED: "{detail}",
    Happening.EXHAUSTED: "{detail}",
    Happening.ASKED: "{detail}",
    Happening.PAGED: "told {detail}",
    Happening.PAGE_FAILED: "not told {detail}",
    Happening.ACKED: "{by} acknowledged{more}",
    Happening.ACK_COUNTED: "{by} acknowledged, {detail}",
    Happening.ACK_EXPIRED: "the acknowledgement ran out: {detail}",
    Happening.REMINDED: "reminded: {detail}",
    Happening.UNACKED: "{by} let go of it{more}",
    Happening.SNOOZED: "{by} put it off {detail}",
    Happening.SNOOZE_OVER: "no longer put off: {detail}",
    Happening.ESCALATED: "{by} escalated it {detail}",
    Happening.ASSIGNED: "{by} assigned it to {whom}",
    Happening.JOINED: "fires as well: {detail}",
    Happening.LEFT: "over: {detail}",
    Happening.SEVERITY: "severity {detail}",
    Happening.HELD: "held: {detail}",
    Happening.RESUMED: "no longer held: {detail}",
    Happening.NOTE: "{by} wrote: {detail}",
    Happening.LABELLED: "{by} called it {label}",
    Happening.RESOLVED: "resolved: {detail}",
    Happening.FLAPPING: "{detail}",
    Happening.CALM: "{detail}",
    Happening.POLICY: "{detail}",
    Happening.REFUSED: "{by} was refused: {detail}",
}

_COMING: Mapping[What, str] = {
    What.REPEAT: "the ladder begins again",
    What.EXHAUST: "nobody is left to tell",
    What.SAY_EXHAUSTED: "the channels are told once more",
    What.REMINDER: "the owner is reminded",
    What.ACK_END: "the acknowledgement runs out",
    What.SNOOZE_END: "it is no longer put off",
    What.CALM: "it is no longer taken to flap",
    What.RESOLVE_TTL: "its alerts may open an incident again",
}


def sentence(moment: Moment, names: Names) -> str:
    """A line of a timeline."""
    by = names.get(moment.by, moment.by) or "somebody"
    text = _SENTENCES[moment.what]
    if moment.what is Happening.RESOLVED and moment.by:
        text = "{by} resolved it{more}"
    elif moment.what is Happening.ACK_EXPIRED and moment.by:
        text = "the acknowledgement ran out: {by} has not said more"
    elif moment.what is Happening.RESUMED and moment.by:
        text = "no longer held: {by} ended the {detail}"
    words = {
        "by": by,
        "detail": moment.detail,
        "more": f": {moment.detail}" if moment.detail else "",
        "whom": names.get(moment.detail, moment.detail),
        "label": moment.detail.replace("_", " "),
    }
    return text.format_map(words)


def coming(record: IncidentRecord, due: Due) -> str:
    """What comes next; empty for what concerns nobody, and for what comes only if no rule can be asked for days."""
    if due.what is What.LEVEL:
        level = next_level(record)
        return level.name or f"level {record.level + 1}" if level is not None else ""
    return _COMING.get(due.what, "")


def standing(record: IncidentRecord, names: Names) -> str:
    """How it stands, in a few words: who is on it, or who has been told last."""
    owner = names.get(record.owner, record.owner)
    match record.state:
        case IncidentState.ACKED:
            return f"{owner} is on it" + (", by a link alone" if record.by_link else "")
        case IncidentState.SNOOZED:
            return f"put off by {owner}" if owner else "put off"
        case IncidentState.RESOLVED:
            return f"over ({record.resolution})" if record.resolution is not None else "over"
    if record.holds:
        return f"held by {', '.join(record.holds)}"
    if record.exhausted_at is not None:
        return "everybody was told, and nobody answers"
    level = last_level(record)
    return "nobody has been told yet" if level is None else f"{level.name or f'level {record.level}'} has been told"
