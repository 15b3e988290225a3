"""A word when a calendar that says who is on call cannot be read: what it said before counts, and gets older every day.

    EvaluatorCalendarUnreadable{schedule="primary", layer="1"}

It fires from the second failure in a row on, so from one `refresh` after the first one, until the calendar is read again or
the configuration names it no more. Nobody's night changes because of it, unless somebody has swapped a shift meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from evaluator.core.labels import Labels
from evaluator.core.oncall.oncall import CalendarLayer, Schedule
from evaluator.core.oncall.override_table import Standing
from evaluator.core.watching.meta import Cease, Raise, Raised, built_in_labels, worded

ALERT = "EvaluatorCalendarUnreadable"
Key = tuple[str, int]
"""A schedule, and the number of its layer."""


class CalendarWatch:
    """Says which calendars cannot be read."""

    def __init__(self, raise_: Raise, cease: Cease) -> None:
        self._raise = raise_
        self._cease = cease
        self._told: set[Key] = set()

    def read(self, key: Key, now: datetime) -> None:
        """It was."""
        if key in self._told:
            self._told.discard(key)
            self._cease(_labels(key), now)

    def missed(self, key: Key, calendars: Mapping[Key, Standing], now: datetime) -> None:
        """It was not. calendars: how it stands with each."""
        standing = calendars[key]
        if standing.failing_since is not None and standing.failing_since < now:
            self._told.add(key)
            self._raise(_raised(key, standing), now)

    def retain(self, schedules: Iterable[Schedule], now: datetime) -> None:
        """End what concerns calendars that these schedules do not name."""
        for key in sorted(self._told - {key for schedule in schedules for key in _calendars(schedule)}):
            self.read(key, now)

    def resume(self, labels: Labels) -> None:
        """The alert fires from before a restart: it does so until the calendar is read."""
        self._told.add((labels["schedule"], int(labels["layer"])))


def _calendars(schedule: Schedule) -> Iterator[Key]:
    return ((schedule.name, number) for number, one in enumerate(schedule.layers, 1) if isinstance(one, CalendarLayer))


def _labels(key: Key) -> Labels:
    return built_in_labels(ALERT, "warning", schedule=key[0], layer=str(key[1]))


def _raised(key: Key, standing: Standing) -> Raised:
    schedule, layer = key
    summary = f"The calendar of layer {layer} of schedule {schedule} cannot be read"
    when = f"at {_clock(standing.read_at)}" if standing.read_at is not None else "before the evaluator was started"
    since = f" since {_clock(standing.failing_since)}" if standing.failing_since is not None else ""
    text = f"It cannot be{since}: {standing.error}. What it said {when} counts; whoever has swapped since is not called."
    return worded(_labels(key), summary, text)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
