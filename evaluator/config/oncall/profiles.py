"""`profiles`: how one person is told, step by step after a level has fired."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta

from pydantic import Field

from evaluator.config.models import Model, read
from evaluator.config.nodes import Listing, Table, kind_of, plain
from evaluator.config.oncall.entries import attempt, nodes_of
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.config.scalars import Span, Text
from evaluator.core.incidents.policy import ProfileStep, Quiet
from evaluator.core.oncall.oncall_texts import parse_span
from evaluator.core.oncall.people import CONTACTS

PAGE = "page"
"""The profile that waits for nobody, whatever the hour."""

_OTHER_WORDS = {"slack_dm": "slack"}
_EVERY_DAY = 7


class ProfileStepModel(Model):
    """An item of a profile."""

    TITLE = "a step of a profile"

    at: Span = timedelta(0)
    via: list[Text] = Field(default_factory=list)
    quiet: Text = ""


def read_profiles(top: Table, reading: Reading) -> dict[str, tuple[ProfileStep, ...]]:
    """The profiles by name."""
    found = {}
    for name, node in nodes_of(top, "profiles", reading):
        if not isinstance(node, Listing):
            message = f'"{name}": expected a list of steps, found {kind_of(plain(node))}'
            reading.problems.error(node.position, message, "write [{at: 0m, via: [sms]}]")
        else:
            found[name] = tuple(_steps(name, node, reading))
    return found


def _steps(profile: str, listing: Listing, reading: Reading) -> Iterator[ProfileStep]:
    if not listing.items:
        reading.problems.error(listing.position, f'profile "{profile}" tells nobody anything', "add {at: 0m, via: [sms]}")
    before: timedelta | None = None
    for node in listing.items:
        model = read(ProfileStepModel, node, reading.problems)
        if model is None or not isinstance(node, Table):
            continue
        if before is not None and model.at <= before:
            message = f'the steps of profile "{profile}" do not follow one another'
            reading.problems.error(node.at("at"), message, "write them in the order of their times, one for each time")
        before = model.at
        yield ProfileStep(model.at, _ways(model, node, reading), _quiet(profile, model, node, reading))


def _ways(model: ProfileStepModel, node: Table, reading: Reading) -> tuple[str, ...]:
    if not model.via:
        reading.problems.error(node.at("via"), "a step of a profile without via", "add via: [sms]")
    ways = [_OTHER_WORDS.get(way, way) for way in model.via]
    for number, way in enumerate(ways):
        if way not in CONTACTS:
            remedy = did_you_mean(way, (*CONTACTS, *_OTHER_WORDS)) or f"ways are {', '.join(CONTACTS)}"
            reading.problems.error(node.at("via", number), f'"{way}" is no way to reach people', remedy)
    return tuple(dict.fromkeys(ways))


def _quiet(profile: str, model: ProfileStepModel, node: Table, reading: Reading) -> Quiet | None:
    if not model.quiet:
        return None
    if profile == PAGE:
        message = f'profile "{PAGE}" wakes people, it has no quiet hours'
        reading.problems.error(node.at("quiet"), message, "use another profile for what can wait")
    span = attempt(parse_span, model.quiet, at=node.at("quiet"), reading=reading)
    if span is None:
        return None
    if len(span.days) != _EVERY_DAY:
        reading.problems.error(node.at("quiet"), "quiet hours are the same on every day", "leave the days out")
    return Quiet(_clock(span.begin), _clock(span.end))


def _clock(minutes: int) -> time:
    """Minutes since midnight; the end of a day is the beginning of the next."""
    return time(minutes // 60 % 24, minutes % 60)
