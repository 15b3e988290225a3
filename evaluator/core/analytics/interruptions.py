"""Who was disturbed, when: pages by person and time of day, on the person's own clock.

Pages within five minutes are one interruption: whoever is awake already is not woken again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from evaluator.core.analytics.cases import Case
from evaluator.core.frozen import frozen

APART = timedelta(minutes=5)
FLOOD = timedelta(minutes=10)
FLOOD_BEGINS, FLOOD_ENDS = 10, 5
"""Pages to one person in that time: a flood begins with more than the first, and ends with fewer than the second."""
SATURDAY = 5
_UTC = ZoneInfo("UTC")


class Part(StrEnum):
    """Of a person's week. SLEEP: 23:00 to 07:00; BUSINESS: 09:00 to 18:00 from Monday to Friday."""

    BUSINESS = "business"
    EVENING = "evening"
    SLEEP = "sleep"
    WEEKEND = "weekend"


@frozen
class Interruptions:
    """Of one person. pages: messages that were accepted. hours: interruptions by weekday (Monday is 0) and hour.

    floods: when more messages began to come than anybody can read; see `floods`.
    """

    person: str
    pages: int
    parts: Mapping[Part, int]
    hours: Mapping[tuple[int, int], int] = field(default_factory=dict)
    floods: Sequence[datetime] = ()

    @property
    def total(self) -> int:
        """How often."""
        return sum(self.parts.values())


def part_of(at: datetime, zone: ZoneInfo) -> Part:
    """In which part of the week an instant lies."""
    wall = at.astimezone(zone)
    clock = wall.time()
    if clock >= time(23) or clock < time(7):
        return Part.SLEEP
    if wall.weekday() >= SATURDAY:
        return Part.WEEKEND
    return Part.BUSINESS if time(9) <= clock < time(18) else Part.EVENING


def interruptions(told: Iterable[Case], zones: Mapping[str, ZoneInfo]) -> list[Interruptions]:
    """Of everybody who was paged, those first who were most. zones: by person; who has none here is no person."""
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for case in told:
        for page in case.pages:
            if page.whom in zones and page.sent_at is not None:
                times[page.whom].append(page.sent_at)
    found = [_of(person, sorted(instants), zones[person]) for person, instants in times.items()]
    return sorted(found, key=lambda one: (-one.total, one.person))


def _of(person: str, instants: list[datetime], zone: ZoneInfo) -> Interruptions:
    begun: list[datetime] = []
    for at in instants:
        if not begun or at - begun[-1] >= APART:
            begun.append(at)
    parts = Counter(part_of(at, zone) for at in begun)
    walls = [at.astimezone(zone) for at in begun]
    hours = dict(Counter((wall.weekday(), wall.hour) for wall in walls))
    return Interruptions(person, len(instants), dict(parts), hours, floods(instants))


def floods(instants: Sequence[datetime]) -> list[datetime]:
    """When floods began: with the page that is the eleventh within ten minutes, until there are fewer than five. In order."""
    found: list[datetime] = []
    flooded = False
    for number, at in enumerate(instants):
        before = number - bisect_right(instants, at - FLOOD, 0, number)
        flooded = flooded and before >= FLOOD_ENDS
        if before + 1 > FLOOD_BEGINS and not flooded:
            flooded = True
            found.append(at)
    return found
