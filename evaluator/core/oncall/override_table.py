"""All overrides that people made, and all shifts that were read from calendars.

Both are kept, so that a restart changes nobody's night: what a person said, because nothing else remembers it, and the shifts
of a calendar, because whoever serves it may not answer at the next start. An override that is taken back while it lasts ends
there and then, so who was on call before stays true; one that has not begun goes without a trace. What is over is remembered
for as long as people look back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.events import CalendarRead, CalendarUnread
from evaluator.core.frozen import frozen
from evaluator.core.journal import Journal
from evaluator.core.muting.silence import derived_id
from evaluator.core.oncall.oncall import CalendarLayer, Override, Schedule
from evaluator.core.oncall.overrides import OverrideRecord

REMEMBERED = timedelta(days=92)


@frozen
class Standing:
    """How it stands with a calendar. read_at: last, in this life of the process. error: why it cannot be read now.

    strangers: titles of events that name nobody who is known.
    """

    read_at: datetime | None = None
    error: str = ""
    failing_since: datetime | None = None
    strangers: tuple[str, ...] = ()


class Overrides:
    """Overrides by id; `of` gives those of a schedule in the order in which they count. calendars: by schedule and layer."""

    def __init__(self, journal: Journal) -> None:
        self.table: dict[str, OverrideRecord] = {}
        self.calendars: dict[tuple[str, int], Standing] = {}
        self._journal = journal

    def of(self, schedule: str) -> tuple[Override, ...]:
        """What counts for a schedule beyond its configuration; of two that overlap, the later one counts."""
        found = [record for record in self.table.values() if record.schedule == schedule]
        return tuple(record.override for record in sorted(found, key=_order))

    # -- people -------------------------------------------------------------------------------------------------------

    def set(self, wanted: OverrideRecord, now: datetime) -> None:
        """Make an override, or edit the one whose id it has, which then counts as the newest."""
        self._keep(replace(wanted, made_at=now))
        self._forget_old(now)

    def end(self, name: str, now: datetime) -> None:
        """Take an override back; nothing happens when there is none of that id, or when it is over."""
        record = self.table.get(name)
        if record is None or record.override.end <= now:
            return
        if record.override.start >= now:
            self._drop(name)
        else:
            self._keep(replace(record, override=replace(record.override, end=now)))
        self._forget_old(now)

    # -- calendars ----------------------------------------------------------------------------------------------------

    def take(self, read: CalendarRead, now: datetime) -> None:
        """A calendar was read. What it says of the time to come takes the place of what it said before.

        What was so before stays as it was, unless nothing is known yet: then the past is what the calendar says, too.
        """
        origin = (read.schedule, read.layer, read.source)
        former = {name: one for name, one in self.table.items() if _from(one) == origin}
        found = {derived_id(read.schedule, read.source, shift): shift for shift in read.shifts}
        for name in former.keys() - found.keys():
            self.end(name, now)
        for name in sorted(found.keys() - former.keys()):
            shift = found[name] if not former else replace(found[name], start=max(found[name].start, now))
            if shift.start < shift.end:
                self._keep(OverrideRecord(name, read.schedule, shift, source=read.source))
        self.calendars[read.schedule, read.layer] = Standing(now, strangers=read.strangers)
        self._forget_old(now)

    def miss(self, unread: CalendarUnread, now: datetime) -> None:
        """A calendar could not be read; what it said before counts."""
        key = (unread.schedule, unread.layer)
        former = self.calendars.get(key, Standing())
        self.calendars[key] = replace(former, error=unread.error, failing_since=former.failing_since or now)

    def configure(self, schedules: Iterable[Schedule]) -> None:
        """Take over what the configuration says: shifts of calendars that it no longer names do not count any more."""
        named = {
            (schedule.name, number, layer.source)
            for schedule in schedules
            for number, layer in enumerate(schedule.layers, 1)
            if isinstance(layer, CalendarLayer)
        }
        for key in self.calendars.keys() - {(schedule, number) for schedule, number, _ in named}:
            del self.calendars[key]
        for name, record in list(self.table.items()):
            if record.source and _from(record) not in named:
                self._drop(name)

    # -- keeping ------------------------------------------------------------------------------------------------------

    def restore(self, kept: Iterable[OverrideRecord], now: datetime) -> None:
        """Take back what was kept."""
        self.table = {record.id: record for record in kept}
        self._forget_old(now)

    def _keep(self, record: OverrideRecord) -> None:
        self.table[record.id] = record
        self._journal.save(record)

    def _drop(self, name: str) -> None:
        del self.table[name]
        self._journal.forget(OverrideRecord, (name,))

    def _forget_old(self, now: datetime) -> None:
        for name in [name for name, record in self.table.items() if record.override.end <= now - REMEMBERED]:
            self._drop(name)


def _from(record: OverrideRecord) -> tuple[str, int, str]:
    return record.schedule, record.override.layer, record.source


def _order(record: OverrideRecord) -> tuple[datetime, str]:
    return record.made_at or record.override.start, record.id
