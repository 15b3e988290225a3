"""Maintenance windows: silences that come again, by a schedule.

An occurrence is an ordinary silence whose id follows from the window's name and its start. So it is the same silence after a
restart or a reload, whoever derives it; an operator can see it, and can expire it early, like any other. A window lasts for
its duration whatever the clocks do meanwhile: two hours from 01:30 are two hours also in the night when the clocks change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.core.cron import Cron, latest_at, next_after
from evaluator.core.silence import MatcherSet, Silence, derived_id
from evaluator.core.zones import load_zone


@dataclass(frozen=True, slots=True)
class Window:
    """A recurring silence. schedule: when it begins, on the clocks of `location` (an IANA name). duration: of each occurrence.

    Raises ValueError when the zone is unknown or the duration is not positive.
    """

    name: str
    matcher_sets: tuple[MatcherSet, ...]
    schedule: Cron
    duration: timedelta
    location: str = "UTC"
    created_by: str = ""
    comment: str = ""
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", load_zone(self.location))
        if self.duration <= timedelta(0):
            raise ValueError(f'the duration of window "{self.name}" must be more than nothing')

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose clocks count."""
        return self._zone


def occurrence(window: Window, at: datetime) -> Silence | None:
    """The occurrence that is active at `at`, or None; where occurrences overlap, the one that began last."""
    start = latest_at(window.schedule, window.zone, at)
    return _silence(window, start) if at < start + window.duration else None


def next_occurrence(window: Window, after: datetime) -> Silence:
    """The first occurrence that begins strictly after `after`."""
    return _silence(window, next_after(window.schedule, window.zone, after))


def _silence(window: Window, start: datetime) -> Silence:
    return Silence(
        id=derived_id("window", window.name, start.astimezone(UTC).isoformat()),
        matcher_sets=window.matcher_sets,
        starts_at=start,
        ends_at=start + window.duration,
        updated_at=start,
        created_by=window.created_by,
        comment=window.comment,
    )
