"""People, calendars and schedules: who is on call when.

Times without an offset are on the clocks of what they belong to: a person's own for `away`, the schedule's for hand-offs and
overrides. Everything that a schedule names must be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field

from evaluator.config.models import Model, read
from evaluator.config.nodes import Table, kind_of, plain
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.config.scalars import Text
from evaluator.core.calendars import Calendar
from evaluator.core.oncall import Away, Override, Schedule
from evaluator.core.oncall_texts import parse_date, parse_every, parse_handoff, parse_instant, parse_span
from evaluator.core.people import CONTACTS, Duty, Person
from evaluator.core.rotations import Layer, Unit
from evaluator.core.rules import Position
from evaluator.core.zones import load_zone

UTC_ZONE = ZoneInfo("UTC")
T = TypeVar("T")


class AwayModel(Model):
    """An item of a person's `away`."""

    TITLE = "an absence"

    from_: Text = Field(default="", alias="from")
    to: Text = ""


class PersonModel(Model):
    """An entry of `people`."""

    TITLE = "a person"

    name: Text = ""
    role: Text = ""
    time_zone: Text = ""
    email: Text = ""
    sms: Text = ""
    slack: Text = ""
    telegram: Text = ""
    pagerduty: Text = ""
    ntfy: Text = ""
    webhook: Text = ""
    away: list[AwayModel] = Field(default_factory=list)


class CalendarModel(Model):
    """An entry of `calendars`."""

    TITLE = "a calendar"

    time_zone: Text = ""
    open: list[Text] = Field(default_factory=list)
    except_: list[Text] = Field(default_factory=list, alias="except")


class LayerModel(Model):
    """An item of a schedule's `layers`."""

    TITLE = "a layer"

    rotation: list[Text] = Field(default_factory=list)
    every: Text = ""
    handoff: Text = "00:00"
    start: Text = ""
    active: list[Text] = Field(default_factory=list)


class OverrideModel(Model):
    """An item of a schedule's `overrides`."""

    TITLE = "an override"

    from_: Text = Field(default="", alias="from")
    to: Text = ""
    replace: Text = ""
    with_: Text = Field(default="", alias="with")
    reason: Text = ""


class ScheduleModel(Model):
    """An entry of `schedules`."""

    TITLE = "a schedule"

    time_zone: Text = ""
    layers: list[LayerModel] = Field(default_factory=list)
    overrides: list[OverrideModel] = Field(default_factory=list)
    fallback: list[Text] = Field(default_factory=list)
    coverage: Text = "always"


def read_duty(top: Table, reading: Reading) -> Duty:
    """Everybody, and every schedule; what is wrong is a problem with its place."""
    people = tuple(_person(*entry, reading) for entry in _entries(top, "people", PersonModel, reading))
    calendars = {entry[0]: _calendar(*entry[1:], reading) for entry in _entries(top, "calendars", CalendarModel, reading)}
    known = {person.key for person in people}
    schedules = tuple(
        _Schedule(key, model, node, known, calendars, reading).read()
        for key, model, node in _entries(top, "schedules", ScheduleModel, reading)
    )
    return Duty(people, schedules)


M = TypeVar("M", bound=Model)


def _entries(top: Table, key: str, model: type[M], reading: Reading) -> Iterator[tuple[str, M, Table]]:
    """The entries of a mapping by name; those that cannot be read are problems and left out."""
    block = top.child(key)
    if block is None:
        return
    if not isinstance(block, Table):
        message = f'"{key}": expected a mapping, found {kind_of(plain(block))}'
        reading.problems.error(block.position, message, "write each under its name: {NAME: {…}}")
        return
    for name, node in block.values.items():
        found = read(model, node, reading.problems)
        if found is not None and isinstance(node, Table):
            yield name, found, node


def _person(key: str, model: PersonModel, node: Table, reading: Reading) -> Person:
    zone = _zone(model.time_zone, node, reading)
    contacts = {way: getattr(model, way) for way in CONTACTS if getattr(model, way)}
    if not contacts:
        ways = ", ".join(CONTACTS)
        reading.problems.warn(node.position, f'"{key}" cannot be reached', f"add one of {ways}")
    away = tuple(_away(number, one, node, zone, reading) for number, one in enumerate(model.away))
    return Person(key, model.name or key, zone, model.role, contacts, away)


def _away(number: int, model: AwayModel, node: Table, zone: ZoneInfo, reading: Reading) -> Away:
    """From and to; a `to` that is a day alone is away with the whole day."""
    start = _needed(parse_instant, "from", model.from_, zone, at=node.at("away", number, "from"), reading=reading)
    end = _needed(parse_instant, "to", model.to, zone, at=node.at("away", number, "to"), reading=reading)
    if end is not None and len(model.to) == len("2026-01-01"):
        end += timedelta(days=1)
    return Away(*_ordered(start, end, node.at("away", number), "an absence", reading))


def _calendar(model: CalendarModel, node: Table, reading: Reading) -> Calendar:
    spans = _all(parse_span, model.open, node, "open", reading)
    if not model.open:
        reading.problems.error(node.at("open"), "a calendar is never open", 'add open: ["Mon-Fri 09:00-18:00"]')
    closed = frozenset(_all(parse_date, model.except_, node, "except", reading))
    return Calendar(_zone(model.time_zone, node, reading), spans, closed)


class _Schedule:
    """One schedule being read."""

    def __init__(
        self,
        key: str,
        model: ScheduleModel,
        node: Table,
        people: set[str],
        calendars: Mapping[str, Calendar],
        reading: Reading,
    ) -> None:
        self._key, self._model, self._node = key, model, node
        self._people, self._calendars, self._reading = people, calendars, reading
        self._zone = _zone(model.time_zone, node, reading)

    def read(self) -> Schedule:
        model, node = self._model, self._node
        if not model.layers and not model.fallback:
            self._reading.problems.error(node.position, f'nobody is in the schedule "{self._key}"', "add layers, or a fallback")
        for number, name in enumerate(model.fallback):
            self._known(name, node.at("fallback", number))
        return Schedule(
            self._key,
            self._zone,
            tuple(layer for number, one in enumerate(model.layers) if (layer := self._layer(number, one)) is not None),
            tuple(self._override(number, one) for number, one in enumerate(model.overrides)),
            tuple(model.fallback),
            self._coverage(),
        )

    def _layer(self, number: int, model: LayerModel) -> Layer | None:
        node = self._node
        place: Callable[..., Position] = lambda *path: node.at("layers", number, *path)  # noqa: E731
        if not model.rotation:
            self._reading.problems.error(place("rotation"), "a layer without rotation", "add rotation: [PERSON, …]")
        for index, name in enumerate(model.rotation):
            self._known(name, place("rotation", index))
        length = _needed(parse_every, "every", model.every, at=place("every"), reading=self._reading)
        handoff = _try(parse_handoff, model.handoff, at=place("handoff"), reading=self._reading)
        start = _needed(parse_date, "start", model.start, at=place("start"), reading=self._reading)
        active = tuple(
            span
            for index, text in enumerate(model.active)
            if (span := _try(parse_span, text, at=place("active", index), reading=self._reading)) is not None
        )
        if length is None or handoff is None or start is None or not model.rotation:
            return None
        weekday, clock = handoff
        if weekday is not None and length[1] is not Unit.WEEK:
            message = f"a hand-off on a day of the week, for turns of {length[0]} {length[1]}s"
            self._reading.problems.error(place("handoff"), message, "write the time of day alone, or turns of weeks")
        return Layer(tuple(model.rotation), *length, start, clock, weekday, active)

    def _override(self, number: int, model: OverrideModel) -> Override:
        node = self._node
        start, end = (
            _needed(parse_instant, key, text, self._zone, at=node.at("overrides", number, key), reading=self._reading)
            for key, text in (("from", model.from_), ("to", model.to))
        )
        for key, name in (("replace", model.replace), ("with", model.with_)):
            if name:
                self._known(name, node.at("overrides", number, key))
        if not model.replace and not model.with_:
            message = "an override that changes nothing"
            self._reading.problems.error(node.at("overrides", number), message, "say whom to replace, with whom, or both")
        bounds = _ordered(start, end, node.at("overrides", number), "an override", self._reading)
        return Override(*bounds, model.replace, model.with_, model.reason)

    def _coverage(self) -> Calendar | None:
        name = self._model.coverage
        if name == "always":
            return None
        if name not in self._calendars:
            remedy = did_you_mean(name, self._calendars) or "add it to calendars, or write always"
            self._reading.problems.error(self._node.at("coverage"), f'undefined calendar "{name}"', remedy)
        return self._calendars.get(name)

    def _known(self, name: str, position: Position) -> None:
        if name not in self._people:
            remedy = did_you_mean(name, self._people) or "add the person to people"
            self._reading.problems.error(position, f'undefined person "{name}"', remedy)


def _zone(name: str, node: Table, reading: Reading) -> ZoneInfo:
    zone = _try(load_zone, name, at=node.at("time_zone"), reading=reading)
    return UTC_ZONE if zone is None else zone


def _all(parse: Callable[[str], T], texts: list[str], node: Table, key: str, reading: Reading) -> tuple[T, ...]:
    found = (_try(parse, text, at=node.at(key, number), reading=reading) for number, text in enumerate(texts))
    return tuple(one for one in found if one is not None)


def _needed(parse: Callable[..., T], key: str, text: str, *more: object, at: Position, reading: Reading) -> T | None:
    """What the text of a key means that must be there."""
    if not text:
        reading.problems.error(at, f"missing {key}", "add it")
        return None
    return _try(parse, text, *more, at=at, reading=reading)


def _try(parse: Callable[..., T], *args: object, at: Position, reading: Reading) -> T | None:
    """What a text means; None after a problem."""
    try:
        return parse(*args)
    except ValueError as error:
        message, _, remedy = str(error).partition("; ")
        reading.problems.error(at, message, remedy)
        return None


def _ordered(
    start: datetime | None, end: datetime | None, position: Position, what: str, reading: Reading
) -> tuple[datetime, datetime]:
    never = datetime.combine(date(2000, 1, 1), datetime.min.time(), UTC_ZONE)
    if start is None or end is None:
        return never, never
    if end <= start:
        reading.problems.error(position, f"{what} that ends before it begins", "exchange from and to")
    return start, end
