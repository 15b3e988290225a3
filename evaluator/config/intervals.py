"""Time intervals: `time_intervals`, and `mute_time_intervals`, its older spelling, which shares its names.

What a piece such as `monday:friday` may say stands in `core.muting.interval_texts`; here the pieces are put together, each
with its place in the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from pydantic import Field

from evaluator.config.models import Model, items, read
from evaluator.config.nodes import Node, Table, find, is_null, text_at
from evaluator.config.reading import Reading
from evaluator.config.scalars import Text
from evaluator.core.muting.interval_texts import parse_days_of_month, parse_months, parse_times, parse_weekdays, parse_years
from evaluator.core.muting.intervals import NamedInterval, Range, Ranges, TimeInterval
from evaluator.core.zones import load_zone

_KEYS: Final = (("mute_time_intervals", "mute time interval"), ("time_intervals", "time interval"))


class TimesModel(Model):
    """An item of `times`."""

    TITLE = "a time range"

    start_time: Text = ""
    end_time: Text = ""


class ElementModel(Model):
    """An item of an interval's own `time_intervals`. A part that is absent does not matter; an empty one never holds."""

    TITLE = "a time interval"

    times: list[TimesModel | None] | None = None
    weekdays: list[Text] | None = None
    days_of_month: list[Text] | None = None
    months: list[Text] | None = None
    years: list[Text] | None = None
    location: Text = ""


class IntervalModel(Model):
    """An item of `time_intervals`."""

    TITLE = "a named time interval"

    name: Text = ""
    time_intervals: list[ElementModel | None] = Field(default_factory=list)


def read_intervals(top: Table, reading: Reading) -> tuple[NamedInterval, ...]:
    """The intervals; one that is wrong is there by its name, so that routes which use it are not called wrong as well."""
    found: dict[str, NamedInterval] = {}
    for key, title in _KEYS:
        for node in items(top, key, reading.problems):
            if is_null(node):
                reading.problems.warn(node.position, f'an item of "{key}" is empty', "it is no interval, remove it")
                continue
            model = read(IntervalModel, node, reading.problems)
            name = text_at(node, "name")
            if model is not None:
                _check_name(name, title, found, node, reading)
            elements = () if model is None else tuple(_elements(model, node, reading))
            found.setdefault(name, NamedInterval(name, elements))
    return tuple(interval for name, interval in found.items() if name)


def _check_name(name: str, title: str, found: Mapping[str, NamedInterval], node: Node, reading: Reading) -> None:
    if not name:
        reading.problems.error(node.position, f"missing name in {title}", "add a name; routes refer to it")
    elif name in found:
        reading.problems.error(find(node, "name").position, f'{title} "{name}" is not unique', "rename one")


def _elements(model: IntervalModel, node: Node, reading: Reading) -> Iterator[TimeInterval]:
    for number, element in enumerate(model.time_intervals):
        here = find(node, "time_intervals", number)
        if element is None:
            reading.problems.warn(here.position, 'an item of "time_intervals" is empty', "it holds at all times, remove it")
            yield TimeInterval()
            continue
        yield TimeInterval(
            times=_times(element, here, reading),
            weekdays=_ranges(element.weekdays, lambda text: parse_weekdays(text, reading.wrap), here, "weekdays", reading),
            days_of_month=_ranges(element.days_of_month, parse_days_of_month, here, "days_of_month", reading),
            months=_ranges(element.months, lambda text: parse_months(text, reading.wrap), here, "months", reading),
            years=_ranges(element.years, parse_years, here, "years", reading),
            location=read_location(element.location, here, reading),
        )


def _times(element: ElementModel, node: Node, reading: Reading) -> Ranges:
    if element.times is None:
        return None
    found = []
    for number, span in enumerate(element.times):
        if span is None:
            reading.problems.warn(
                find(node, "times", number).position, 'an item of "times" is empty', "it never holds, remove it"
            )
            continue
        try:
            found.append(parse_times(span.start_time, span.end_time, reading.wrap))
        except ValueError as error:
            reading.problems.error(find(node, "times", number).position, str(error))
    return tuple(found)


def _ranges(texts: list[str] | None, parse: Callable[[str], Range], node: Node, key: str, reading: Reading) -> Ranges:
    if texts is None:
        return None
    found = []
    for number, text in enumerate(texts):
        try:
            found.append(parse(text))
        except ValueError as error:
            reading.problems.error(find(node, key, number).position, str(error))
    return tuple(found)


def read_location(name: str, node: Node, reading: Reading) -> str:
    """The zone called `name` by its IANA name; UTC when it is empty or, after a problem, unknown."""
    try:
        return load_zone(name, local_zone()).key
    except ValueError as error:
        reading.problems.error(find(node, "location").position, str(error))
        return "UTC"


def local_zone() -> str:
    """The IANA name of the zone that this machine lives in; UTC where it does not say."""
    named = os.environ.get("TZ", "").removeprefix(":") or "/etc/localtime"
    if not named.startswith("/"):
        return named
    return os.path.realpath(named).partition("zoneinfo/")[2] or "UTC"
