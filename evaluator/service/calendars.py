"""Reads the calendars that layers of schedules stand in, again and again, and tells the machine what they say.

One that cannot be read is logged when that begins and when it is over, and what it said before goes on to count, also after a
restart. A stranger in a calendar is logged when the calendar first names one: an event that is nobody's shift may be a typing
error in a night's watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial

import httpx

from evaluator.core.events import CalendarRead, CalendarUnread, Event
from evaluator.core.oncall.oncall import CalendarLayer, Override, Schedule
from evaluator.core.oncall.people import Person
from evaluator.core.settings import HttpSettings, Settings
from evaluator.ical.reading import UnreadableError, read_rota
from evaluator.service.clock import Clock
from evaluator.service.logs import log
from evaluator.service.wakeups import Wakeups
from evaluator.wire.client import build_async_client

BEHIND, AHEAD = timedelta(weeks=4), timedelta(weeks=26)
"""How far before and after now shifts are taken from a calendar."""

PATIENCE = 30.0  # seconds
FIRST_PATIENCE = 5.0  # seconds
LARGEST = 8 * 1024 * 1024  # bytes

Key = tuple[str, int]
Duty = tuple[Schedule, int, CalendarLayer, tuple[Person, ...]]


class Calendars:
    """The calendars of the configuration in force. tell: takes what the machine is to know."""

    def __init__(self, tell: Callable[[Event], None], clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._duties: dict[Key, Duty] = {}
        self._said: dict[Key, str] = {}
        self._reading: set[asyncio.Task[None]] = set()

    def follow(self, settings: Settings, wakeups: Wakeups) -> None:
        """Read the calendars that `settings` name: those that are new at once, and all of them every so often."""
        wanted = dict(_duties(settings))
        for key in self._duties.keys() - wanted.keys():
            wakeups.cease(_name(key))
            self._said.pop(key, None)
        news = [key for key, duty in wanted.items() if self._duties.get(key) != duty]
        self._duties = wanted
        for key in news:
            wakeups.every(_name(key), wanted[key][2].refresh, partial(self.read, key))
            task = asyncio.get_running_loop().create_task(self.read(key))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def read(self, key: Key) -> None:
        """Read one calendar, and tell the machine what came of it."""
        duty = self._duties.get(key)
        if duty is None:
            return
        schedule, number, layer, people = duty
        now = self._clock()
        try:
            text = await _fetched(layer)
            rota = await asyncio.to_thread(read_rota, text, people, schedule.zone, number, now - BEHIND, now + AHEAD)
        except (OSError, httpx.HTTPError, httpx.InvalidURL, UnreadableError) as error:
            reason = _reason(error)
            self._say(key, reason)
            self._tell(CalendarUnread(*key, reason))
            return
        if self._duties.get(key) == duty:
            self._say(key, "", rota.strangers)
            self._tell(CalendarRead(*key, layer.source, rota.shifts, rota.strangers))

    async def begin(self, known: Callable[[str], Iterable[Override]], patience: float = FIRST_PATIENCE) -> None:
        """Wait for calendars of which no shift is known yet, so that nobody is passed over only because a start was quicker.

        known: shifts of a schedule that are kept. patience: how many seconds are waited at most; then the ladders go on.
        """
        unknown = [key for key in self._duties if all(shift.layer != key[1] for shift in known(key[0]))]
        if unknown and self._reading:
            await asyncio.wait(self._reading, timeout=patience)

    async def idle(self) -> None:
        """Wait until nothing is being read that a configuration brought."""
        await asyncio.gather(*self._reading)

    async def aclose(self) -> None:
        """Read nothing any more."""
        for task in list(self._reading):
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)

    def _say(self, key: Key, error: str, strangers: tuple[str, ...] = ()) -> None:
        """Log what is new about a calendar."""
        text = error or ", ".join(strangers)
        former = self._said.get(key)
        self._said[key] = text
        if text == former or not (text or former):
            return
        where = {"schedule": key[0], "layer": key[1]}
        if error:
            log.warning("calendar not read; what it said before counts", error=error, **where)
        elif strangers:
            log.warning("events of a calendar name nobody who is known", titles=list(strangers), **where)
        else:
            log.info("calendar read again", **where)


def _duties(settings: Settings) -> Mapping[Key, Duty]:
    return {
        (schedule.name, number): (schedule, number, layer, settings.duty.people)
        for schedule in settings.duty.schedules
        for number, layer in enumerate(schedule.layers, 1)
        if isinstance(layer, CalendarLayer)
    }


def _name(key: Key) -> str:
    return f"calendar {key[0]}/{key[1]}"


async def _fetched(layer: CalendarLayer) -> bytes:
    """The calendar as it is written. Raises OSError, httpx.HTTPError, httpx.InvalidURL, UnreadableError."""
    if layer.file is not None:
        return await asyncio.to_thread(layer.file.read_bytes)
    assert layer.url is not None
    body = bytearray()
    async with (
        build_async_client(HttpSettings(), timeout=PATIENCE) as client,
        client.stream("GET", layer.url.reveal()) as answer,
    ):
        if not answer.is_success:
            raise UnreadableError(f"it was answered {answer.status_code}")
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > LARGEST:
                raise UnreadableError(f"it is larger than {LARGEST // 1024 // 1024} MiB")
    return bytes(body)


def _reason(error: Exception) -> str:
    """In a few words, without the URL, which is a secret."""
    if isinstance(error, UnreadableError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return type(error).__name__
