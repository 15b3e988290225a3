"""`escalations`: ladders, with the terms on which they are climbed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from evaluator.config.models import Model, read
from evaluator.config.nodes import Scalar, Table
from evaluator.config.oncall.entries import entries, is_known
from evaluator.config.oncall.targets import Names, read_target
from evaluator.config.reading import Reading
from evaluator.config.scalars import Count, Span, Text, one_of
from evaluator.core.analytics.flapping import HIGH, LOW
from evaluator.core.durations import format_duration
from evaluator.core.incidents.policy import (
    AckTerms,
    Escalation,
    Flapping,
    Hours,
    IfNobody,
    Level,
    OnResolve,
    Reaction,
    Repeat,
    Target,
)

HOLD, CONTINUE, OFF = "hold", "continue", "off"
_USUAL = Escalation("", ())


class LevelModel(Model):
    """An item of an escalation's `levels`."""

    TITLE = "a level"

    at: Span | None = None
    name: Text = ""
    notify: list[Text] = Field(default_factory=list)
    profile: Text = ""


class RepeatModel(Model):
    """`repeat` of an escalation."""

    TITLE = "repeat"

    times: Count = _USUAL.repeat.times
    every: Span = _USUAL.repeat.every


class AckModel(Model):
    """`ack` of an escalation."""

    TITLE = "ack"

    timeout: Span = _USUAL.ack.timeout or timedelta(0)
    remind_before: Span = _USUAL.ack.remind_before
    by: Count = _USUAL.ack.by


class OutsideModel(Model):
    """`outside` of an escalation's `hours`."""

    TITLE = "outside"

    severity: list[Text] = Field(default_factory=list)
    do: Annotated[str, PlainValidator(one_of(HOLD, CONTINUE))] = HOLD


class HoursModel(Model):
    """`hours` of an escalation."""

    TITLE = "hours"

    calendar: Text = ""
    outside: OutsideModel = Field(default_factory=OutsideModel)


class LadderCatchUpModel(Model):
    """`catch_up` of an escalation."""

    TITLE = "catch_up of an escalation"

    min_gap: Span = _USUAL.min_gap


class FlappingModel(Model):
    """`flapping` of an escalation, in percent."""

    TITLE = "flapping"

    high: Count = int(HIGH)
    low: Count = int(LOW)


class EscalationModel(Model):
    """An entry of `escalations`."""

    TITLE = "an escalation"

    levels: list[LevelModel] = Field(default_factory=list)
    repeat: RepeatModel = Field(default_factory=RepeatModel)
    if_nobody: Annotated[str, PlainValidator(one_of(*IfNobody))] = _USUAL.if_nobody
    ack: AckModel = Field(default_factory=AckModel)
    on_new_alert: Annotated[str, PlainValidator(one_of(*Reaction))] = _USUAL.on_new_alert
    on_severity_increase: Annotated[str, PlainValidator(one_of(*Reaction))] = _USUAL.on_severity_increase
    hours: HoursModel | None = None
    catch_up: LadderCatchUpModel = Field(default_factory=LadderCatchUpModel)
    on_resolve: Annotated[str, PlainValidator(one_of(*OnResolve))] = _USUAL.on_resolve
    reopen_window: Span = _USUAL.reopen_window
    resolve_ttl: Span = _USUAL.resolve_ttl
    auto_close: Span = _USUAL.auto_close
    max_snooze: Span = _USUAL.max_snooze
    flapping: Any = None


def read_escalations(top: Table, names: Names, reading: Reading) -> dict[str, tuple[Escalation, Table]]:
    """The escalations by name, each with its place; levels and targets that are wrong are left out of them."""
    found = {}
    for name, model, node in entries(top, "escalations", EscalationModel, reading):
        _check(name, model, node, reading)
        found[name] = (_escalation(name, model, node, names, reading), node)
    return found


def _escalation(name: str, model: EscalationModel, node: Table, names: Names, reading: Reading) -> Escalation:
    return Escalation(
        name,
        levels=tuple(_levels(model, node, names, reading)),
        repeat=Repeat(model.repeat.times, model.repeat.every),
        if_nobody=IfNobody(model.if_nobody),
        ack=AckTerms(model.ack.timeout or None, model.ack.remind_before, model.ack.by),
        on_new_alert=Reaction(model.on_new_alert),
        on_severity_increase=Reaction(model.on_severity_increase),
        on_resolve=OnResolve(model.on_resolve),
        hours=_hours(model.hours, node, names, reading),
        min_gap=model.catch_up.min_gap,
        reopen_window=model.reopen_window,
        resolve_ttl=model.resolve_ttl,
        auto_close=model.auto_close,
        max_snooze=model.max_snooze,
        flapping=_flapping(node, reading),
    )


def _flapping(node: Table, reading: Reading) -> Flapping | None:
    """From and until when an incident flaps; `off` is never."""
    written = node.child("flapping")
    if written is None:
        return Flapping()
    if isinstance(written, Scalar) and written.text == OFF:
        return None
    model = read(FlappingModel, written, reading.problems)
    if model is None:
        return None
    if not 0 < model.low <= model.high <= 100:
        remedy = f"write percents, as in {{high: {HIGH:g}, low: {LOW:g}}}, or {OFF}"
        reading.problems.error(written.position, "flapping ends below low and begins above high", remedy)
    return Flapping(model.high, model.low)


def _levels(model: EscalationModel, node: Table, names: Names, reading: Reading) -> Iterator[Level]:
    before: timedelta | None = None
    for number, level in enumerate(model.levels):
        if level.at is None:
            reading.problems.error(node.at("levels", number), "missing at in a level", "add when it fires: at: 5m")
        elif before is not None and level.at <= before:
            problem = f"a level at {format_duration(level.at)} after one at {format_duration(before)}"
            remedy = "write levels in the order of their times; those of one time are one level"
            reading.problems.error(node.at("levels", number, "at"), problem, remedy)
        if level.profile:
            is_known("profile", level.profile, names.profiles, "profiles", node.at("levels", number, "profile"), reading)
        before = level.at if level.at is not None else before
        targets = _targets(number, level, node, names, reading)
        yield Level(level.name or ", ".join(map(str, targets)), level.at or timedelta(0), targets, level.profile)


def _targets(number: int, level: LevelModel, node: Table, names: Names, reading: Reading) -> tuple[Target, ...]:
    if not level.notify:
        message = f'level "{level.name or number}" tells nobody'
        reading.problems.error(node.at("levels", number, "notify"), message, "add notify: [person:NAME], or remove the level")
    found: dict[Target, None] = {}
    for index, text in enumerate(level.notify):
        position = node.at("levels", number, "notify", index)
        target = read_target(text, names, position, reading)
        if target in found:
            reading.problems.warn(position, f'"{text}" stands twice in one level', "remove one")
        if target is not None:
            found[target] = None
    return tuple(found)


def _hours(model: HoursModel | None, node: Table, names: Names, reading: Reading) -> Hours | None:
    if model is None:
        return None
    if not model.calendar:
        reading.problems.error(node.at("hours"), "missing calendar in hours", "add the name of one of calendars")
    else:
        is_known("calendar", model.calendar, names.calendars, "calendars", node.at("hours", "calendar"), reading)
    for number, severity in enumerate(model.outside.severity):
        position = node.at("hours", "outside", "severity", number)
        is_known("severity", severity, names.severities, "severities", position, reading)
    if model.outside.do == CONTINUE:
        return Hours(model.calendar)
    if not model.outside.severity:
        message = "outside of these hours nothing is held"
        reading.problems.error(node.at("hours", "outside"), message, "name what can wait: outside: {severity: [warning]}")
    return Hours(model.calendar, tuple(model.outside.severity))


def _check(name: str, model: EscalationModel, node: Table, reading: Reading) -> None:
    """Terms that contradict one another."""
    problems = reading.problems
    if not model.levels:
        problems.error(node.at("levels"), f'escalation "{name}" has no levels', "add levels: [{at: 0m, notify: [person:NAME]}]")
    if model.repeat.times and not model.repeat.every:
        problems.error(node.at("repeat", "every"), "every cannot be zero", "write how long to wait after the last level: 30m")
    if not model.ack.by:
        problems.error(node.at("ack", "by"), "by cannot be zero", "write how many people it takes: 1")
    if model.ack.timeout and model.ack.remind_before >= model.ack.timeout:
        before, timeout = map(format_duration, (model.ack.remind_before, model.ack.timeout))
        message = f"a reminder {before} before an acknowledgement ends that lasts {timeout}"
        problems.error(node.at("ack", "remind_before"), message, "write a shorter remind_before")
    for key in ("resolve_ttl", "auto_close"):
        if not getattr(model, key):
            problems.error(node.at(key), f"{key} cannot be zero", "remove it, or write a duration such as 4h")
