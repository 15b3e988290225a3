"""`schedules`: who is on call when. Everything that a schedule names must be there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from pydantic import Field

from evaluator.config.models import Model
from evaluator.config.nodes import Table, find
from evaluator.config.oncall.entries import attempt, entries, is_known, needed, ordered, zone_of
from evaluator.config.oncall.ical import IcalModel, read_calendar_layer
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.config.scalars import Text
from evaluator.core.evaluation.rules import Position
from evaluator.core.oncall.calendars import Calendar
from evaluator.core.oncall.oncall import CalendarLayer, Override, Schedule
from evaluator.core.oncall.oncall_texts import parse_date, parse_every, parse_handoff, parse_instant, parse_span
from evaluator.core.oncall.rotations import Layer, Unit


class LayerModel(Model):
    """An item of a schedule's `layers`."""

    TITLE = "a layer"

    rotation: list[Text] = Field(default_factory=list)
    every: Text = ""
    handoff: Text = "00:00"
    start: Text = ""
    active: list[Text] = Field(default_factory=list)
    ical: IcalModel | None = None


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


def read_schedules(
    top: Table, people: Collection[str], calendars: Mapping[str, Calendar], reading: Reading
) -> tuple[Schedule, ...]:
    """Every schedule. people: the keys that may be named."""
    return tuple(
        _Schedule(key, model, node, people, calendars, reading).read()
        for key, model, node in entries(top, "schedules", ScheduleModel, reading)
    )


class _Schedule:
    """One schedule being read."""

    def __init__(
        self,
        key: str,
        model: ScheduleModel,
        node: Table,
        people: Collection[str],
        calendars: Mapping[str, Calendar],
        reading: Reading,
    ) -> None:
        self._key, self._model, self._node = key, model, node
        self._people, self._calendars, self._reading = people, calendars, reading
        self._zone = zone_of(model.time_zone, node, reading)

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

    def _layer(self, number: int, model: LayerModel) -> Layer | CalendarLayer | None:
        if model.ical is None:
            return self._rotation(number, model)
        node = find(self._node, "layers", number, "ical")
        assert isinstance(node, Table)
        if model.rotation or model.every or model.start or model.active:
            message = "a layer that stands in a calendar has nothing beside ical"
            self._reading.problems.error(self._node.at("layers", number), message, "make it two layers")
        return read_calendar_layer(model.ical, node, self._reading)

    def _rotation(self, number: int, model: LayerModel) -> Layer | None:
        node = self._node
        place: Callable[..., Position] = lambda *path: node.at("layers", number, *path)  # noqa: E731
        if not model.rotation:
            self._reading.problems.error(place("rotation"), "a layer without rotation", "add rotation: [PERSON, …]")
        for index, name in enumerate(model.rotation):
            self._known(name, place("rotation", index))
        length = needed(parse_every, "every", model.every, at=place("every"), reading=self._reading)
        handoff = attempt(parse_handoff, model.handoff, at=place("handoff"), reading=self._reading)
        start = needed(parse_date, "start", model.start, at=place("start"), reading=self._reading)
        active = tuple(
            span
            for index, text in enumerate(model.active)
            if (span := attempt(parse_span, text, at=place("active", index), reading=self._reading)) is not None
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
            needed(parse_instant, key, text, self._zone, at=node.at("overrides", number, key), reading=self._reading)
            for key, text in (("from", model.from_), ("to", model.to))
        )
        for key, name in (("replace", model.replace), ("with", model.with_)):
            if name:
                self._known(name, node.at("overrides", number, key))
        if not model.replace and not model.with_:
            message = "an override that changes nothing"
            self._reading.problems.error(node.at("overrides", number), message, "say whom to replace, with whom, or both")
        bounds = ordered(start, end, node.at("overrides", number), "an override", self._reading)
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
        is_known("person", name, self._people, "people", position, self._reading)
