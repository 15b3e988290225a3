"""When nobody will be on call although somebody should be, in the weeks to come.

The one thing about a configuration that changes while it does not: so whoever reads it says at which instant. A gap is a
warning. A start at night must not be refused because of a holiday in seven weeks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.config.nodes import Table, find
from evaluator.config.problems import Problems
from evaluator.core.oncall.oncall import Absences, CalendarLayer, Schedule, gaps

AHEAD = timedelta(weeks=8)


def warn_of_gaps(schedules: Iterable[Schedule], absences: Absences, top: Table, now: datetime, problems: Problems) -> None:
    """Add a warning for each schedule with gaps. What people changed by hand is not known here."""
    for schedule in schedules:
        if any(isinstance(layer, CalendarLayer) for layer in schedule.layers):
            continue  # who is on call then stands in somebody else's calendar
        found = list(gaps(schedule, now, now + AHEAD, absences))
        if found:
            begin, end = (_on_the_wall(at, schedule.zone) for at in found[0])
            more = f", and {len(found) - 1} times more in the next 8 weeks" if len(found) > 1 else ""
            message = f'nobody is on call in schedule "{schedule.name}" from {begin} to {end}{more}'
            place = find(top, "schedules", schedule.name, "coverage").position
            problems.warn(place, message, "add a fallback or an override, or narrow the coverage")


def _on_the_wall(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"
