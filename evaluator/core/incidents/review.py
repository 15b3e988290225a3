"""The review of an incident, in Markdown: facts where they are known, questions where people have to answer.

What can be read from the record is written down: times, values, who was told when and by which way, what did not arrive. What
cannot be (why it happened, who was affected, what to change) stands there as a question, so that nobody begins with an empty
page. Some questions are asked only where the record gives cause: a level that reached nobody, a message that was refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from evaluator.core.durations import format_duration
from evaluator.core.incidents.records import Happening, IncidentRecord, Moment, PageKind, PageRecord, PageState
from evaluator.core.incidents.story import Names, sentence, standing
from evaluator.core.labels import ALERT_NAME
from evaluator.core.neutral import one_line
from evaluator.core.records import Transition

_SLOW_ACK = timedelta(minutes=15)
_ESCAPED = str.maketrans({"|": "\\|", "<": "&lt;", ">": "&gt;", "`": "\\`", "*": "\\*", "_": "\\_", "[": "\\[", "\\": "\\\\"})


def review(
    record: IncidentRecord,
    moments: Sequence[Moment],
    pages: Sequence[PageRecord],
    changes: Sequence[Transition],
    names: Names,
    now: datetime,
) -> str:
    """The whole of it. moments, changes: from the beginning. changes: of the alerts of the incident."""
    parts = (
        [f"# Incident {record.number}: {_plain(record.title)}"],
        _facts(record, moments, pages, names, now),
        ["## Summary", "", _summary(record, moments, pages, names), "", "_What happened, for somebody who was not there?_"],
        ["## Impact", "", _extent(record, now), "", "_Who noticed, and what could they not do?_"],
        ["## Timeline", "", *_timeline(moments, names)],
        ["## Evidence", "", "### Values", "", *_values(changes)],
        ["### Who was told when", "", *_told(pages, names)],
        ["## What went well", "", *_asked(_well(record, moments, pages))],
        ["## What went badly", "", *_asked(_badly(record, moments, pages, names))],
        ["## Actions", "", *_actions(record, moments)],
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


# -- facts ------------------------------------------------------------------------------------------------------------------


def _facts(
    record: IncidentRecord, moments: Sequence[Moment], pages: Sequence[PageRecord], names: Names, now: datetime
) -> list[str]:
    first, acked = _first_told(pages), _first(moments, Happening.ACKED)
    labels = ", ".join(f"{name}={value}" for name, value in record.labels.items())
    rows = [
        ("state", f"{record.state}: {standing(record, names)}"),
        ("severity", f"{record.severity or 'none'}, at worst {record.worst or 'none'}"),
        ("concerns", ", ".join(part for part in (record.component, labels) if part)),
        ("opened", _clock(record.opened_at)),
        ("somebody was told", _since(first, record.opened_at)),
        ("acknowledged", _since(acked.at if acked else None, record.opened_at) + _by(acked, names)),
        ("over", _since(record.resolved_at, record.opened_at)),
        ("lasted", _length((record.resolved_at or now) - record.opened_at)),
        ("ladder", f"{record.policy.name}, climbed {_times(record.epoch)}"),
        ("worth it", record.noise.replace("_", " ") or "nobody has said"),
    ]
    return _table(("", ""), rows)


def _summary(record: IncidentRecord, moments: Sequence[Moment], pages: Sequence[PageRecord], names: Names) -> str:
    first, acked = _first_told(pages), _first(moments, Happening.ACKED)
    told = f"Somebody was told {_length(first - record.opened_at)} later" if first is not None else "Nobody was told"
    after = f"{names.get(acked.by, acked.by)} acknowledged it after {_length(acked.at - record.opened_at)}" if acked else ""
    text = f"{_plain(record.title)} fired at {_clock(record.opened_at)}. {told}{'; ' if after else ''}{_plain(after)}."
    if record.resolved_at is None:
        return text
    return f"{text} It was over after {_length(record.resolved_at - record.opened_at)}."


def _extent(record: IncidentRecord, now: datetime) -> str:
    """What is known of the extent: how long, how bad, of what."""
    span = _length((record.resolved_at or now) - record.opened_at)
    what = f" of {_plain(record.component)}" if record.component else ""
    return (
        f"{span}{what}, at worst {_plain(record.worst or 'of no severity')}; {_times(len(record.alerts), 'alert')} at the end."
    )


def _timeline(moments: Sequence[Moment], names: Names) -> list[str]:
    rows = [
        (_clock(one.at), sentence(one, names), ", ".join(part for part in (one.via, one.source) if part)) for one in moments
    ]
    return _table(("at", "what", "from"), rows)


def _values(changes: Sequence[Transition]) -> list[str]:
    if not changes:
        return ["No rule of this evaluator is known to have asserted its alerts; somebody posted them, or history is gone."]
    rows = [
        (_clock(one.at), _alert(one), f"{one.before or 'none'} → {one.after or 'none'}", f"{one.value:.6g}") for one in changes
    ]
    return _table(("at", "alert", "state", "value"), rows)


def _alert(change: Transition) -> str:
    pairs = " ".join(f"{name}={value}" for name, value in change.labels.items() if name != ALERT_NAME)
    return f"{change.labels.get(ALERT_NAME, '')} {pairs}".strip()


def _told(pages: Sequence[PageRecord], names: Names) -> list[str]:
    shown = [page for page in pages if page.kind is not PageKind.UPDATE and page.state is not PageState.CANCELLED]
    if not shown:
        return ["Nobody."]
    return _table(("at", "whom", "by", "what", "came of it"), (_page(page, names) for page in shown))


def _page(page: PageRecord, names: Names) -> tuple[str, ...]:
    came = {PageState.SENT: "accepted", PageState.FAILED: "refused", PageState.SENDING: "not accepted yet"}
    fate = came.get(page.state, "not sent yet") + (f": {page.error}" if page.error else "")
    what = f"{page.kind}, level {page.level + 1}" if page.kind is PageKind.PAGE else f"{page.kind} {page.text}".strip()
    return _clock(page.sent_at or page.due_at), names.get(page.whom, page.whom), page.way, what, fate


# -- questions --------------------------------------------------------------------------------------------------------------


def _well(record: IncidentRecord, moments: Sequence[Moment], pages: Sequence[PageRecord]) -> Iterator[str]:
    first, acked = _first_told(pages), _first(moments, Happening.ACKED)
    if first is not None:
        yield f"Somebody was told {_length(first - record.opened_at)} after it opened. Was that soon enough?"
    if acked is not None and acked.at - record.opened_at <= _SLOW_ACK:
        yield f"It was acknowledged {_length(acked.at - record.opened_at)} after it opened. What made that possible?"
    yield "What helped: a runbook, a dashboard, somebody who knew?"


def _badly(record: IncidentRecord, moments: Sequence[Moment], pages: Sequence[PageRecord], names: Names) -> Iterator[str]:
    acked = _first(moments, Happening.ACKED)
    if acked is None:
        yield "Nobody acknowledged it. Did anybody see the messages?"
    elif acked.at - record.opened_at > _SLOW_ACK:
        yield f"It took {_length(acked.at - record.opened_at)} until somebody acknowledged it. Why?"
    for moment in _all(moments, Happening.SKIPPED):
        yield f"A level reached nobody ({moment.detail}). Who should it have reached?"
    for page in pages:
        if page.state is PageState.FAILED:
            yield f"{names.get(page.whom, page.whom)} could not be told by {page.way}: {page.error}. Is the contact right?"
    for moment in _all(moments, Happening.ACK_EXPIRED):
        yield f"At {_clock(moment.at)} the acknowledgement ran out. Was it handed over?"
    if record.exhausted_at is not None or _first(moments, Happening.EXHAUSTED) is not None:
        yield "The whole ladder was climbed in vain. Who else should be on it?"
    if record.flaps:
        yield f"It began again {_times(record.flaps)} after it seemed over. What would keep it from doing so?"
    yield "Where were we only lucky?"


def _actions(record: IncidentRecord, moments: Sequence[Moment]) -> list[str]:
    rows = [("say whether it was worth waking somebody for", record.owner, "")] if not record.noise else []
    notes = [f"- {_plain(one.detail)}" for one in _all(moments, Happening.NOTE)]
    table = _table(("what", "who", "until"), [*rows, ("", "", "")])
    return [*table, *(["", "Notes that were taken meanwhile:", "", *notes] if notes else [])]


def _asked(questions: Iterable[str]) -> list[str]:
    return [f"- {_plain(question)}" for question in questions]


# -- pieces -----------------------------------------------------------------------------------------------------------------


def _first_told(pages: Sequence[PageRecord]) -> datetime | None:
    told = (page.sent_at for page in pages if page.kind is PageKind.PAGE and page.state is PageState.SENT)
    return min((at for at in told if at is not None), default=None)


def _first(moments: Sequence[Moment], what: Happening) -> Moment | None:
    return next(_all(moments, what), None)


def _all(moments: Sequence[Moment], what: Happening) -> Iterator[Moment]:
    return (moment for moment in moments if moment.what is what)


def _by(moment: Moment | None, names: Names) -> str:
    return "" if moment is None else f", by {names.get(moment.by, moment.by)} ({moment.via})"


def _since(at: datetime | None, opened_at: datetime) -> str:
    return "not yet" if at is None else f"{_clock(at)}, {_length(at - opened_at)} later"


def _length(span: timedelta) -> str:
    return format_duration(timedelta(seconds=max(0, round(span.total_seconds()))))


def _times(number: int, noun: str = "") -> str:
    if noun:
        return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
    return "once" if number == 1 else f"{number} times"


def _clock(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    head = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
    return [*head, *(f"| {' | '.join(_plain(text) for text in row)} |" for row in rows)]


def _plain(text: str) -> str:
    """A text of others in one line that Markdown does not obey."""
    return one_line(text, 500).translate(_ESCAPED)
