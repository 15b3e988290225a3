"""Who is on call, as calendars that people subscribe to: one for each schedule, one for each person.

Calendar programs send no credentials, so the address itself is the secret. It follows from `oncall.feed_secret` and from what
the calendar is of: nothing needs to be kept, and another secret makes all addresses new. Everything below `/ical/` that is no
such address is the same 404.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from evaluator.api.endpoints import answer, at
from evaluator.api.view import View
from evaluator.core.frozen import frozen
from evaluator.core.muting.silence import derived_id
from evaluator.core.oncall.oncall import Schedule, Shift, gaps, shifts

if TYPE_CHECKING:
    from icalendar import Event

BEHIND, AHEAD = timedelta(weeks=4), timedelta(weeks=26)
"""How far before and after now a calendar tells."""

SCHEDULE, PERSON = "schedule", "person"


@frozen
class Feed:
    """A calendar. kind: `schedule` or `person`. name: of the schedule, or the person's key. path: where it is, a secret."""

    kind: str
    name: str
    path: str


@frozen
class Entry:
    """What stands in a calendar."""

    start: datetime
    end: datetime
    title: str
    why: str


def routes(view: View) -> list[Route]:
    """Where calendars are, and the list of them."""

    async def calendar(request: Request) -> Response:
        """A calendar (iCalendar) of who is on call; the address is a secret, `evaluator oncall feeds` tells it."""
        wanted = str(request.path_params["token"]).encode()
        found = [feed for feed in feeds(view) if hmac.compare_digest(_token_in(feed.path), wanted)]
        if not found:
            return PlainTextResponse("there is no such calendar\n", 404, {"Cache-Control": "no-store"})
        headers = {"Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"}
        return Response(_written(view, found[0]), 200, headers, media_type="text/calendar; charset=utf-8")

    return [Route("/ical/{token}.ics", calendar), at(view, "oncall/feeds", _listing)]


async def _listing(view: View, request: Request) -> Response:
    """The addresses of calendars, one for each schedule and each person; none without `oncall.feed_secret`."""
    base = view.settings.external_url.rstrip("/")
    return answer([{"kind": one.kind, "name": one.name, "url": base + one.path} for one in feeds(view)])


def feeds(view: View) -> Iterator[Feed]:
    """All calendars; none without a secret, or while its file cannot be read."""
    duty = view.settings.duty
    if duty.feed_secret is None:
        return
    try:
        secret = duty.feed_secret.reveal().encode()
    except OSError:
        return
    named = [(SCHEDULE, one.name) for one in duty.schedules] + [(PERSON, one.key) for one in duty.people]
    for kind, name in named:
        digest = hmac.digest(secret, f"calendar\n{kind}\n{name}".encode(), "sha256")
        yield Feed(kind, name, f"/ical/{urlsafe_b64encode(digest).decode().rstrip('=')}.ics")


def _token_in(path: str) -> bytes:
    return path.removeprefix("/ical/").removesuffix(".ics").encode()


def _written(view: View, feed: Feed) -> bytes:
    from icalendar import Calendar  # slow to import, and few have subscribers

    calendar = Calendar()
    calendar.add("prodid", "-//evaluator//on call//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"On call: {feed.name}")
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries(view, feed):
        calendar.add_component(_event(entry, feed, view.now))
    written: bytes = calendar.to_ical()
    return written


def _event(entry: Entry, feed: Feed, now: datetime) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", derived_id(feed.kind, feed.name, entry.start, entry.end, entry.title))
    event.add("dtstamp", now)
    event.add("dtstart", entry.start)
    event.add("dtend", entry.end)
    event.add("summary", entry.title)
    event.add("description", entry.why)
    event.add("transp", "TRANSPARENT")  # somebody on call may be asked to a meeting
    return event


def entries(view: View, feed: Feed) -> list[Entry]:
    """What a calendar tells. It begins on a Monday, so that what it tells of the past is the same for a week."""
    day = (view.now - BEHIND).date()
    start = datetime.combine(day - timedelta(days=day.weekday()), time(), ZoneInfo("UTC"))
    stop = view.now + AHEAD
    found = _of_schedule if feed.kind == SCHEDULE else _of_person
    return sorted(found(view, feed.name, start, stop), key=lambda one: (one.start, one.title))


def _of_schedule(view: View, name: str, start: datetime, stop: datetime) -> Iterator[Entry]:
    duty = view.settings.duty
    names = {person.key: person.name for person in duty.people}
    schedule = next(one for one in duty.schedules if one.name == name)
    for begin, end, people, why in _stretches(_shifts(view, schedule, start, stop)):
        if people:
            yield Entry(begin, end, ", ".join(names.get(key, key) for key in people), why)
    for begin, end in gaps(schedule, start, stop, duty.absences, view.machine.overrides.of(name)):
        yield Entry(begin, end, "Nobody is on call", "and somebody has to be")


def _of_person(view: View, key: str, start: datetime, stop: datetime) -> Iterator[Entry]:
    for schedule in view.settings.duty.schedules:
        for begin, end, people, why in _stretches(_shifts(view, schedule, start, stop)):
            if key in people:
                yield Entry(begin, end, f"On call: {schedule.name}", why)


def _shifts(view: View, schedule: Schedule, start: datetime, stop: datetime) -> Iterator[Shift]:
    return shifts(schedule, start, stop, view.settings.duty.absences, view.machine.overrides.of(schedule.name))


def _stretches(found: Iterable[Shift]) -> Iterator[tuple[datetime, datetime, tuple[str, ...], str]]:
    """Shifts of the same people that follow each other, as one."""
    for people, grouped in groupby(found, key=lambda shift: shift.on_call.people):
        together = list(grouped)
        reasons = dict.fromkeys(shift.on_call.why for shift in together)
        yield together[0].start, together[-1].end, people, ", ".join(reasons)
