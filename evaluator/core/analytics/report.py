"""What people read once a week, in Markdown: who was called when, by what, whether anybody came, and what is ahead.

A mean stands beside how many there were and how many never came to it, and is not shown for a handful. No list names people as
having failed: what is unacknowledged is an incident, and what is noisy is a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.core.analytics.interruptions import Interruptions, Part
from evaluator.core.analytics.noise import RuleLoad
from evaluator.core.analytics.samples import ENOUGH, Sample
from evaluator.core.analytics.summary import Summary
from evaluator.core.durations import format_duration
from evaluator.core.frozen import frozen
from evaluator.core.incidents.records import IncidentRecord
from evaluator.core.neutral import one_line

AHEAD = timedelta(weeks=4)
"""How far the report looks for times at which nobody is on call."""
MOST = 20
"""Lines of a list."""

TOO_FEW = "not enough data"
_DARK = "·▁▂▃▄▅▆▇█"
_ESCAPED = str.maketrans({"|": "\\|", "<": "&lt;", ">": "&gt;", "`": "\\`", "*": "\\*", "_": "\\_", "[": "\\[", "\\": "\\\\"})
_POINTS = {"load": 30, "sleep": 25, "noise": 20, "concentration": 15, "flapping": 10}
_FATIGUE = {
    "load": "pages in a shift of whoever bears most",
    "sleep": "share of interruptions at night",
    "noise": "share of noise among what was labelled",
    "concentration": "share of the ten worst rules, if there are more",
    "flapping": "share of incidents that began again",
}


@frozen
class Gap:
    """Nobody is on call although somebody should be."""

    schedule: str
    start: datetime
    stop: datetime


@frozen
class Report:
    """names: what people are called, by key. gaps: in the weeks ahead. zone: whose clock is shown."""

    summary: Summary
    names: Mapping[str, str]
    gaps: Sequence[Gap]
    zone: ZoneInfo

    @property
    def title(self) -> str:
        """One line, for a subject."""
        start, stop = (at.astimezone(self.zone) for at in (self.summary.start, self.summary.stop))
        return f"On call from {start:%a %Y-%m-%d %H:%M} to {stop:%a %Y-%m-%d %H:%M} ({self.zone.key})"


def markdown(report: Report) -> str:
    """The whole report."""
    found = report.summary
    parts = (
        [f"# {report.title}", "", _counted(found)],
        ["## Times", "", *times(found), "", _never(found)],
        ["## Who was called", "", *_people(report)],
        ["## What called", "", *_rules(found.rules), "", _noise(found)],
        ["## Nobody answered", "", *_incidents(found.unacknowledged, report.zone)],
        ["## Began again", "", *_incidents(found.flapping, report.zone)],
        ["## Alerts that flap", "", *_flapping(found)],
        ["## Alerts that chatter, or fire for more than a day", "", *_restless(found, report.zone)],
        ["## Rules that have not fired for half a year", "", *_dead(found, report.zone)],
        [f"## Fatigue: {found.fatigue.score:.0f} of 100", "", *_fatigue(found)],
        ["## Was somebody on call?", "", *_coverage(found)],
        ["## Nobody on call in the next 4 weeks", "", *_gaps(report)],
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def times(found: Summary) -> list[str]:
    """The table of durations; what is in a cell is in `cells`."""
    rows = [(f"{name} ({what})", *cells(one)) for name, what, one in figures(found)]
    return _table(("time", "n", "median", "p90", "mean", "never", "left out"), rows)


def figures(found: Summary) -> Iterator[tuple[str, str, Sample]]:
    """Every duration with its usual name and what it is."""
    yield "TTD", "threshold to incident", found.detect
    yield "TTN", "incident to first page", found.notify
    yield "TTA", "first page to answer", found.acknowledge
    yield "TTA from start", "incident to answer", found.acknowledge_from_start
    yield "TTR", "incident to end", found.resolve


def cells(one: Sample) -> tuple[str, str, str, str, str, str]:
    """n, median, p90, mean, never, left out; a handful has a middle only."""
    few = one.n < ENOUGH
    never = f"{one.never} ({one.never_share:.0%})" if one.never_share is not None else "0"
    return (
        str(one.n),
        span(one.median) if one.median is not None else TOO_FEW,
        TOO_FEW if few or one.p90 is None else span(one.p90),
        TOO_FEW if few or one.mean is None else span(one.mean),
        never,
        str(one.excluded),
    )


def span(length: timedelta) -> str:
    """In whole seconds; from an hour on, in whole minutes."""
    seconds = round(length.total_seconds())
    return format_duration(timedelta(seconds=seconds - seconds % 60 if seconds >= 3600 else seconds))


def heat(one: Interruptions) -> str:
    """Interruptions by hour of the day, from midnight on, as 24 characters; the darkest is the worst hour of this person."""
    by_hour = [sum(one.hours.get((day, hour), 0) for day in range(7)) for hour in range(24)]
    worst = max(by_hour, default=0)
    return "".join(_DARK[0 if not count else max(1, round(8 * count / worst))] for count in by_hour)


def _counted(found: Summary) -> str:
    if not found.incidents:
        return "No incidents."
    return (
        f"{_many(found.incidents, 'incident')}; {found.excluded} more left out (drills, closed as stale). "
        f"{found.escalated} climbed above the first level, {found.again} were climbed more than once."
    )


def _never(found: Summary) -> str:
    share = found.acknowledge.never_share
    if share is None:
        return "Nobody was paged."
    by_level = ", ".join(f"level {level + 1}: {count}" for level, count in found.by_level.items())
    answered = f" Answers by the highest level that had been told: {by_level}." if by_level else ""
    return f"{share:.0%} of what somebody was paged for was never acknowledged.{answered}"


def _people(report: Report) -> list[str]:
    people = report.summary.people
    if not people:
        return ["Nobody."]
    columns = ("person", "pages", "interruptions", *Part)
    rows = [
        (
            report.names.get(one.person, one.person),
            str(one.pages),
            str(one.total),
            *(str(one.parts.get(part, 0)) for part in Part),
        )
        for one in people
    ]
    width = max(len(report.names.get(one.person, one.person)) for one in people)
    maps = [f"{report.names.get(one.person, one.person):<{width}}  {heat(one)}" for one in people]
    ruler = f"{'':<{width}}  0     6     12    18    "
    return [*_table(columns, rows), "", "By hour of the person's day:", "", "```text", ruler, *maps, "```"]


def _rules(rules: Sequence[RuleLoad]) -> list[str]:
    if not rules:
        return ["Nothing."]
    rows = [
        (one.rule, str(one.incidents), str(one.pages), f"{one.share:.0%}", _noisy(one), str(one.noise.transient))
        for one in rules
    ]
    return _table(("rule", "incidents", "pages", "share", "worth it", "transient"), rows)


def _noisy(one: RuleLoad) -> str:
    if one.noise.precision is None:
        judged = f"{one.noise.labelled - one.noise.noisy} of {one.noise.labelled}, " if one.noise.labelled else ""
        return f"{judged}{TOO_FEW}"
    low, high = one.noise.precision
    return f"{low:.0%} to {high:.0%}"


def _noise(found: Summary) -> str:
    if found.noise.share is None or found.noise.coverage is None:
        return "Nobody has labelled an incident, so nothing can be said of noise."
    return f"{found.noise.share:.0%} of what was labelled was noise; {found.noise.coverage:.0%} of all incidents were labelled."


def _incidents(found: Sequence[IncidentRecord], zone: ZoneInfo) -> list[str]:
    if not found:
        return ["None."]
    rows = [(str(one.number), one.title, one.worst or "none", _at(one.opened_at, zone), str(one.state)) for one in found[:MOST]]
    return [*_table(("id", "incident", "severity", "opened", "now"), rows), *_more(found)]


def _flapping(found: Summary) -> list[str]:
    rows = [
        (str(one.labels), str(one.began), f"{one.score:.0f}%", _rule_name(one.rule)) for one in found.restless.flapping[:MOST]
    ]
    return [*_table(("alert", "began", "flap score", "rule"), rows), *_more(found.restless.flapping)] if rows else ["None."]


def _restless(found: Summary, zone: ZoneInfo) -> list[str]:
    chatter = [(str(one.labels), f"began {one.began} times, thrice in a minute") for one in found.restless.chattering]
    stale = [(str(one.labels), f"since {_at(one.since, zone)}") for one in found.restless.stale if one.since is not None]
    rows = [*chatter, *stale]
    return [*_table(("alert", "what"), rows[:MOST]), *_more(rows)] if rows else ["None."]


def _dead(found: Summary, zone: ZoneInfo) -> list[str]:
    young = f"{_many(found.dead.young, 'rule')} not fired and not known for long enough." if found.dead.young else ""
    rows = [
        (one.name, f"{'fired last' if one.ever else 'known since'} {_at(one.since, zone)}", _rule_name(one.rule))
        for one in found.dead.rules[:MOST]
    ]
    shown = [*_table(("rule", "when", "where"), rows), *_more(found.dead.rules)] if rows else ["None."]
    return [*shown, *(("", young) if young else ())]


def _rule_name(key: str) -> str:
    """File and group of a rule's key."""
    return " ".join(key.split(";")[:2])


def _more(found: Sequence[object]) -> tuple[str, ...]:
    return () if len(found) <= MOST else ("", f"and {len(found) - MOST} more")


def _coverage(found: Summary) -> list[str]:
    shares = [(one, "nothing promised" if one.share is None else f"{one.share:.2%}") for one in found.coverage]
    rows = [(one.schedule, span(one.required), share) for one, share in shares]
    return _table(("schedule", "promised", "somebody reachable"), rows) if rows else ["There are no schedules."]


def _fatigue(found: Summary) -> list[str]:
    rows = [
        (part.name, f"{getattr(found.fatigue, part.name):.1f} of {_POINTS[part.name]}", _FATIGUE[part.name])
        for part in fields(found.fatigue)
    ]
    return _table(("part", "points", "what it is"), rows)


def _gaps(report: Report) -> list[str]:
    if not report.gaps:
        return ["None."]
    rows = [(one.schedule, _at(one.start, report.zone), _at(one.stop, report.zone)) for one in report.gaps[:MOST]]
    return [*_table(("schedule", "from", "to"), rows), *_more(report.gaps)]


def _at(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _table(columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> list[str]:
    names = tuple(columns)
    head = [f"| {' | '.join(names)} |", f"| {' | '.join('---' for _ in names)} |"]
    return [*head, *(f"| {' | '.join(one_line(cell, 200).translate(_ESCAPED) for cell in row)} |" for row in rows)]
