"""Silences as code: `silences`, a list of silences for once and of maintenance windows that come again.

Alertmanager has no such key. An item with a `schedule` (cron or an RRULE, on the clocks of `location`) and a `duration` is a
maintenance window; one with `starts_at` and `ends_at` is a silence like those that people set, and its id follows from what it
mutes and when it starts, so that a reload finds it again. One that is over does no harm, and may stay in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import Field

from evaluator.config.intervals import read_location
from evaluator.config.matching import read_matchers
from evaluator.config.models import Model, items, read
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.config.scalars import Span, Text
from evaluator.config.silence_policy import object_to
from evaluator.core.matchers import MatcherMode
from evaluator.core.muting.silence import MatcherSet, Silence, derived_id
from evaluator.core.muting.silence import problems as faults
from evaluator.core.muting.silence_policy import SilencePolicy
from evaluator.core.muting.windows import Window, as_silence
from evaluator.core.recurrence.recurring import Recurring
from evaluator.core.recurrence.schedule_texts import parse_schedule
from evaluator.core.zones import load_zone

AUTHOR: Final = "configuration"
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


class SilenceModel(Model):
    """An item of `silences`."""

    TITLE = "a silence"

    name: Text = ""
    matchers: list[Text] = Field(default_factory=list)
    comment: Text = ""
    created_by: Text = AUTHOR
    starts_at: Text = ""
    ends_at: Text = ""
    schedule: Text = ""
    duration: Span | None = None
    location: Text = ""


def read_silences(top: Table, policy: SilencePolicy, reading: Reading) -> tuple[tuple[Window, ...], tuple[Silence, ...]]:
    """The maintenance windows, and the silences for once. policy: what is said of silences that are too broad."""
    found = tuple(_found(top, policy, reading))
    windows = tuple(item for item in found if isinstance(item, Window))
    return windows, tuple(item for item in found if isinstance(item, Silence))


def _found(top: Table, policy: SilencePolicy, reading: Reading) -> Iterator[Window | Silence | None]:
    names: set[str] = set()
    for node in items(top, "silences", reading.problems):
        model = read(SilenceModel, node, reading.problems)
        if model is None or not isinstance(node, Table):
            continue
        if model.name in names:
            reading.problems.error(node.at("name"), f'silence "{model.name}" is not unique', "rename one")
        names |= {model.name} - {""}
        matchers = tuple(read_matchers(model.matchers, "matchers", node, reading))
        location = read_location(model.location, node, reading)
        if model.schedule or model.duration is not None:
            found: Window | Silence | None = _window(model, (matchers,), location, node, reading)
        else:
            found = _silence(model, (matchers,), location, node, reading)
        if found is not None and matchers:
            object_to(as_silence(found, _ANY_TIME) if isinstance(found, Window) else found, policy, node, reading)
        yield found


def _window(
    model: SilenceModel, matchers: tuple[MatcherSet, ...], location: str, node: Table, reading: Reading
) -> Window | None:
    schedule = _schedule(model, node, reading)
    if not model.name:
        reading.problems.error(node.at("name"), "missing name in silence", "add a name; a window is known by it")
    if not model.duration:
        reading.problems.error(node.at("duration"), "missing duration in silence", "add how long a window lasts: 2h")
    for key in ("starts_at", "ends_at"):
        if getattr(model, key):
            reading.problems.error(node.key(key), f"a silence has either a schedule or {key}", "remove one")
    _check(Silence(matchers, _ANY_TIME, _ANY_TIME + timedelta(hours=1)), model, node, reading)
    if schedule is None or not model.duration:
        return None
    return Window(model.name, matchers, schedule, model.duration, location, model.created_by, model.comment)


def _schedule(model: SilenceModel, node: Table, reading: Reading) -> Recurring | None:
    if not model.schedule:
        reading.problems.error(node.at("schedule"), "missing schedule in silence", 'add one such as "0 22 * * fri"')
        return None
    try:
        return parse_schedule(model.schedule)
    except ValueError as error:
        reading.problems.error(node.at("schedule"), str(error))
        return None


def _silence(
    model: SilenceModel, matchers: tuple[MatcherSet, ...], location: str, node: Table, reading: Reading
) -> Silence | None:
    starts_at, ends_at = (_instant(getattr(model, key), key, location, node, reading) for key in ("starts_at", "ends_at"))
    if starts_at is None or ends_at is None:
        return None
    known_by = (model.name,) if model.name else (matchers, starts_at.isoformat())
    silence = Silence(
        matcher_sets=matchers,
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=model.created_by,
        comment=model.comment,
        id=derived_id("configured", *known_by),
    )
    _check(silence, model, node, reading)
    return silence


def _instant(text: str, key: str, location: str, node: Table, reading: Reading) -> datetime | None:
    """A time as RFC 3339 has it; without an offset it is on the clocks of the silence's own `location`."""
    if not text:
        message = f"missing {key} in silence"
        reading.problems.error(node.at(key), message, "add starts_at and ends_at, or schedule and duration")
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        reading.problems.error(node.at(key), f'not a time: "{text}"', "write it as 2030-01-31T22:00:00Z")
        return None
    if instant.tzinfo is None and node.child("location") is None:
        message = f'"{text}" does not say in which zone'
        reading.problems.error(node.at(key), message, "add an offset such as Z or +02:00, or a location")
    return instant if instant.tzinfo else instant.replace(tzinfo=load_zone(location))


def _check(silence: Silence, model: SilenceModel, node: Table, reading: Reading) -> None:
    """What is wrong with whom it mutes and when; that it is over is no mistake. Matchers that were wrong have been named."""
    positions = (node.at("matchers", number) for number in range(len(model.matchers)))
    if any(reading.problems.wrong_at(position) for position in positions):
        return
    before = min(silence.starts_at, silence.ends_at)
    for fault in faults(silence, before, reading.mode is MatcherMode.CLASSIC):
        reading.problems.error(node.at("ends_at" if "time" in fault else "matchers"), fault)
