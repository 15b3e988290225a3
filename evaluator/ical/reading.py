"""Whose turn it is, as a calendar says that somebody else keeps: in Google, Outlook, Nextcloud or a file.

Each event is a shift. Whose it is say its attendees, by their mail addresses, else its title: a person's key, name or address,
or several of them with commas between. Events that repeat are repeated on the clocks of their zone, so a shift that begins at
22:00 does so in summer and in winter; an event without a zone, or of whole days, is on the clocks of the schedule. Where the
clocks change, a shift begins at the first instant that they show its beginning and ends at the last one that they show its end:
two that meet on the wall may overlap, and never leave anything out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from typing import Any
from zoneinfo import ZoneInfo

from evaluator.core.frozen import frozen
from evaluator.core.oncall.calendars import last_instant
from evaluator.core.oncall.oncall import Override
from evaluator.core.oncall.people import Person
from evaluator.core.zones import first_instant

MOST_EVENTS = 2000

_LONG_AGO, _IN_OUR_TIME = b"DTSTART:16010101T", b"DTSTART:19700101T"
"""Outlook's zones begin in 1601, and whoever asks one for its offset goes through all changes of the clocks since."""
_PIECE = timedelta(weeks=4)
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY"})

_BETWEEN = re.compile(r"\s*[,;/&+]\s*|\s+and\s+")


class UnreadableError(Exception):
    """What was found is no calendar, or one that contradicts itself."""


@frozen
class Rota:
    """What a calendar says. shifts: in the order of their beginnings. strangers: titles of events that name nobody known."""

    shifts: tuple[Override, ...]
    strangers: tuple[str, ...] = ()


def read_rota(text: bytes, people: Sequence[Person], zone: ZoneInfo, layer: int, start: datetime, stop: datetime) -> Rota:
    """The shifts that touch a stretch of time. zone, layer: of the schedule. Raises UnreadableError."""
    known = _known(people)
    shifts: set[Override] = set()
    strangers: dict[str, None] = {}
    for event in _events(text, start, stop):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        begin, end = _instant(event.start, zone, first_instant), _instant(event.end, zone, last_instant)
        found = _people(event, known)
        if not found:
            strangers[str(event.get("SUMMARY", "")).strip() or "an event without a title"] = None
        if begin < end:
            shifts.update(Override(begin, end, stand_in=person, layer=layer) for person in found)
    return Rota(tuple(sorted(shifts, key=lambda one: (one.start, one.end, one.stand_in))), tuple(strangers))


def _events(text: bytes, start: datetime, stop: datetime) -> Iterator[Any]:
    """Every event as often as it takes place between two instants."""
    import recurring_ical_events  # slow to import, as is the next, and few schedules are kept in calendars
    from icalendar import Calendar

    try:
        calendar = Calendar.from_ical(text.replace(_LONG_AGO, _IN_OUR_TIME))
        _refuse_what_repeats_too_often(calendar)
        query = recurring_ical_events.of(calendar)
        pieces = (query.between(begin, min(begin + _PIECE, stop)) for begin in _every(_PIECE, start, stop))
        yield from islice(chain.from_iterable(pieces), MOST_EVENTS)  # some twice
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError) as error:
        raise UnreadableError(" ".join(f"{type(error).__name__}: {error}".split())[:300]) from error


def _every(step: timedelta, start: datetime, stop: datetime) -> Iterator[datetime]:
    while start < stop:
        yield start
        start += step


def _refuse_what_repeats_too_often(calendar: Any) -> None:
    """No shift lasts seconds, and whoever looks for those of half a year is busy for hours. Raises UnreadableError."""
    for event in calendar.walk("VEVENT"):
        rules = event.get("RRULE", [])
        for rule in rules if isinstance(rules, list) else [rules]:
            often = _TOO_OFTEN.intersection(str(one).upper() for one in rule.get("FREQ", []))
            if often:
                raise UnreadableError(f"an event repeats {min(often)}")


def _instant(at: date, zone: ZoneInfo, choose: Any) -> datetime:
    """In UTC. choose: which instant is meant by a time on the wall."""
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day)  # noqa: DTZ001 - on the wall of the schedule
    if at.tzinfo is None or isinstance(at.tzinfo, ZoneInfo):
        found: datetime = choose(at.replace(tzinfo=None), at.tzinfo or zone)
        return found
    return at.astimezone(UTC)


def _known(people: Iterable[Person]) -> Mapping[str, str]:
    """The key of a person by everything that names one; what names two names nobody."""
    found: dict[str, set[str]] = {}
    for person in people:
        for name in {person.key, person.name, person.contacts.get("email", "")} - {""}:
            found.setdefault(name.casefold(), set()).add(person.key)
    return {name: min(keys) for name, keys in found.items() if len(keys) == 1}


def _people(event: Any, known: Mapping[str, str]) -> list[str]:
    attendees = event.get("ATTENDEE", [])
    addresses = [str(one) for one in (attendees if isinstance(attendees, list) else [attendees])]
    by_mail = [known[name] for one in addresses if (name := one.casefold().removeprefix("mailto:").strip()) in known]
    if by_mail:
        return by_mail
    title = str(event.get("SUMMARY", "")).strip().casefold()
    if title in known:
        return [known[title]]
    parts = [part for part in _BETWEEN.split(title) if part]
    return [known[part] for part in parts] if parts and all(part in known for part in parts) else []
