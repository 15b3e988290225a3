"""Blocks of a configuration that are read for their shape and not acted on by this version.

Nothing that somebody wrote is dropped without a word: each block has one warning that says what will not happen. When a
block comes to life, its line here goes, and a module of its own reads it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from evaluator.config.models import Model, items, read
from evaluator.config.nodes import Table, is_null
from evaluator.config.reading import Reading
from evaluator.config.scalars import Text

NOT_ACTED_ON = MappingProxyType(
    {
        "inhibit_rules": "no alert mutes another",
        "time_intervals": "no route is muted or active by the clock",
        "mute_time_intervals": "no route is muted by the clock",
        "tracing": "no spans are sent",
        "event_recorder": "no events are recorded",
        "catch_up": "slots missed while stopped are counted, not evaluated",
        "components": "alerts have no owners",
        "people": "nobody is reached in person",
        "profiles": "nobody is reached in person",
        "calendars": "no hours are known",
        "schedules": "nobody is on call",
        "escalations": "nobody is chased",
    }
)


class InhibitModel(Model):
    """An item of `inhibit_rules`."""

    TITLE = "an inhibition rule"

    name: Any = None
    source_match: Any = None
    source_match_re: Any = None
    source_matchers: Any = None
    target_match: Any = None
    target_match_re: Any = None
    target_matchers: Any = None
    equal: Any = None


class IntervalModel(Model):
    """An item of `time_intervals`."""

    TITLE = "a time interval"

    name: Text = ""
    time_intervals: Any = None


def check_inhibit_rules(top: Table, reading: Reading) -> None:
    """Check the keys of inhibition rules; an empty item is legal."""
    for item in items(top, "inhibit_rules", reading.problems):
        if not is_null(item):
            read(InhibitModel, item, reading.problems)


def interval_names(top: Table, reading: Reading) -> frozenset[str]:
    """The names that routes may use; `mute_time_intervals` is the older spelling and shares the names."""
    names: set[str] = set()
    for key in ("time_intervals", "mute_time_intervals"):
        for item in items(top, key, reading.problems):
            model = read(IntervalModel, item, reading.problems)
            if model is None or not isinstance(item, Table):
                continue
            if not model.name:
                reading.problems.error(item.position, "missing name in time interval", "add a name; routes refer to it")
            elif model.name in names:
                message = f'mute time interval "{model.name}" is not unique'
                reading.problems.error(item.at("name"), message, "rename one")
            names.add(model.name)
    return frozenset(names)
