"""Maintenance windows: silences that come again, by a schedule.

An occurrence is an ordinary silence whose id follows from the window, from when it begins and from whom it mutes. So it is the
same silence after a restart or a reload, whoever derives it; an operator can see it, and can end it early, like any other.

A window lasts for its duration whatever the clocks do meanwhile: two hours from 01:30 are two hours also in the night when the
clocks change. Where it comes again before it is over, an occurrence ends as the next one begins, so at most one is on. What
is on when the window itself ends, at `until`, ends with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.core.frozen import frozen
from evaluator.core.muting.silence import MatcherSet, Silence, derived_id
from evaluator.core.recurrence.recurring import Recurring, latest_time, next_time
from evaluator.core.zones import load_zone

_NEVER = datetime(9999, 12, 1, tzinfo=UTC)


@frozen
class Window:
    """A recurring silence. schedule: when it begins, on the clocks of `location` (an IANA name). duration: of each occurrence.

    until: when there is no more of it, whatever the schedule says; None for never.
    id: follows from the name where none is given, as in a configuration.
    updated_at: when somebody last set it; None for one of a configuration, or a wish.
    ended_by: who ended it, if they said so.

    Raises ValueError when the zone is unknown or the duration is not positive.
    """

    name: str
    matcher_sets: tuple[MatcherSet, ...]
    schedule: Recurring
    duration: timedelta
    location: str = "UTC"
    created_by: str = ""
    comment: str = ""
    until: datetime | None = None
    id: str = ""
    updated_at: datetime | None = None
    ended_by: str = ""
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _ends_at: datetime | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", load_zone(self.location))
        object.__setattr__(self, "id", self.id or derived_id("window", self.name))
        if self.duration <= timedelta(0):
            raise ValueError(f'the duration of window "{self.name}" must be more than nothing')
        object.__setattr__(self, "_ends_at", self.until if self.schedule.ends is None else self._last_end())

    @property
    def key(self) -> tuple[str]:
        """The id."""
        return (self.id,)

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose clocks count."""
        return self._zone

    @property
    def ends_at(self) -> datetime | None:
        """When there is no more of it: `until`, or the end of the last occurrence where its schedule ends; None for never."""
        return self._ends_at

    def _last_end(self) -> datetime:
        last = latest_time(self.schedule, self._zone, _NEVER)
        over = datetime(1, 1, 2, tzinfo=UTC) if last is None else last + self.duration
        return over if self.until is None else min(self.until, over)

    def over(self, at: datetime) -> bool:
        """Whether there is no more of it from `at` on."""
        return self._ends_at is not None and self._ends_at <= at


def occurrence(window: Window, at: datetime) -> Silence | None:
    """The occurrence that is active at `at`, or None."""
    start = latest_time(window.schedule, window.zone, at)
    if start is None:
        return None
    found = _silence(window, start)
    return found if found.starts_at <= at < found.ends_at else None


def next_occurrence(window: Window, after: datetime) -> Silence | None:
    """The first occurrence that begins strictly after `after`; None when the window is over before."""
    start = next_time(window.schedule, window.zone, after)
    return None if start is None or window.over(start) else _silence(window, start)


def occurrences(window: Window, at: datetime) -> Iterator[Silence]:
    """The occurrence that is on at `at`, if there is one, and all that follow."""
    current = occurrence(window, at) or next_occurrence(window, at)
    while current is not None:
        yield current
        current = next_occurrence(window, current.starts_at)


def as_silence(window: Window, at: datetime) -> Silence:
    """A silence for once that mutes whom the window mutes, as long as one occurrence does: to ask what is asked of silences."""
    return Silence(window.matcher_sets, at, at + window.duration, window.created_by, window.comment)


def _silence(window: Window, start: datetime) -> Silence:
    following = next_time(window.schedule, window.zone, start)
    ends = min(at for at in (start + window.duration, following, window.ends_at) if at is not None)
    return Silence(
        id=derived_id("occurrence", window.id, start.astimezone(UTC).isoformat(), window.matcher_sets),
        matcher_sets=window.matcher_sets,
        starts_at=start,
        ends_at=ends,
        updated_at=start,
        created_by=window.created_by,
        comment=window.comment,
    )
