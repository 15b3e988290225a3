"""The keys of a scenario file, and how its instants are written."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from evaluator.config.models import Model
from evaluator.config.scalars import Count, Flag, Text, WrongError, text
from evaluator.core.durations import parse_duration

_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|NaN|[-+]?Inf")
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){1,2}")


def moment(value: object) -> timedelta:
    """An instant as seconds from the beginning (`2.5`) or as a duration (`1h30m`); with a minus before the beginning."""
    word = text(value)
    sign, size = (-1, word[1:]) if word.startswith("-") else (1, word)
    if _SECONDS.fullmatch(size) is not None:
        return sign * timedelta(microseconds=int(Decimal(size) * 1_000_000))
    try:
        return sign * parse_duration(size)
    except ValueError:
        raise WrongError(f'not an instant: "{word}"', "write seconds such as 2.5, or a duration such as 1h30m") from None


def _span(value: object) -> tuple[timedelta, timedelta]:
    """Two instants, the first not after the second."""
    if not isinstance(value, list) or len(value) != 2:
        raise WrongError("expected two instants", "write [FIRST, LAST]")
    first, last = moment(value[0]), moment(value[1])
    if first > last:
        raise WrongError("ends before it begins", "write the earlier instant first")
    return first, last


def _instant(value: object) -> datetime:
    word = text(value)
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        raise WrongError(f'not a time: "{word}"', "write it as 2026-03-02T09:00:00Z") from None
    if found.tzinfo is None:
        raise WrongError(f'"{word}" does not say in which zone', "add an offset such as Z or +02:00")
    return found


def _status(value: object) -> int:
    word = text(value)
    if re.fullmatch(r"[2-5][0-9][0-9]", word) is None:
        raise WrongError(f'not a status of HTTP: "{word}"', "write one such as 503")
    return int(word)


def _number(value: object) -> float:
    word = text(value)
    if _NUMBER.fullmatch(word) is None:
        raise WrongError(f'not a number: "{word}"')
    return float(word)


def _version(value: object) -> tuple[int, ...]:
    word = text(value)
    if _VERSION.fullmatch(word) is None:
        raise WrongError(f'not a version: "{word}"', 'write one such as "0.28"')
    return tuple(map(int, word.split(".")))


Moment = Annotated[timedelta, PlainValidator(moment)]
Span = Annotated[tuple[timedelta, timedelta], PlainValidator(_span)]
Instant = Annotated[datetime, PlainValidator(_instant)]
Status = Annotated[int, PlainValidator(_status)]
Number = Annotated[float, PlainValidator(_number)]
Version = Annotated[tuple[int, ...], PlainValidator(_version)]


class GivenModel(Model):
    """An alert of `post`."""

    TITLE = "an alert that is posted"
    FOREIGN = MappingProxyType({"startsAt": "write starts", "endsAt": "write ends"})

    labels: dict[str, Text]
    annotations: dict[str, Text] = Field(default_factory=dict)
    starts: Moment | None = None
    ends: Moment | None = None


class SilenceModel(Model):
    """`silence`."""

    TITLE = "a silence"
    FOREIGN = MappingProxyType({"starts_at": "write starts", "ends_at": "write ends"})

    name: Text
    matchers: list[Text]
    starts: Moment | None = None
    ends: Moment
    created_by: Text = "scenario"
    comment: Text = "scenario"


class AnswerModel(Model):
    """`answer`."""

    TITLE = "answer"

    receiver: Text
    status: Status = 200
    takes: Moment = timedelta(0)
    hangs: Flag = False
    retry_after: Count | None = None
    until: Moment | None = None


class SeriesModel(Model):
    """A series of `find`."""

    TITLE = "a series"

    labels: dict[str, Text] = Field(default_factory=dict)
    value: Number = 1.0


class FindModel(Model):
    """`find`."""

    TITLE = "find"

    rule: Text
    series: list[SeriesModel] = Field(default_factory=list)
    error: Text = ""


class ActionModel(Model):
    """An item of `actions`: an instant, and one thing that happens then."""

    TITLE = "an action"

    at: Moment
    post: list[GivenModel] = Field(default_factory=list)
    silence: SilenceModel | None = None
    expire: Text = ""
    answer: AnswerModel | None = None
    find: FindModel | None = None
    reload: Any = None
    kill: Any = None
    stop: Any = None
    start: Any = None


class WantedModel(Model):
    """An alert of a notification that is wanted."""

    TITLE = "an alert that is wanted"
    FOREIGN = MappingProxyType({"startsAt": "write starts", "endsAt": "write ends"})

    labels: dict[str, Text]
    annotations: dict[str, Text] | None = None
    status: Text = ""
    starts: Moment | None = None
    ends: Moment | None = None


class WantModel(Model):
    """An item of what a receiver is to be told."""

    TITLE = "a notification that is wanted"

    at: Moment | None = None
    between: Span | None = None
    nothing: Span | None = None
    reason: Text = ""
    alerts: list[WantedModel] = Field(default_factory=list)


class ShownModel(Model):
    """An alert that the API is to show."""

    TITLE = "an alert that is shown"

    labels: dict[str, Text]
    silenced: Flag = False
    inhibited: Flag = False


class ShowModel(Model):
    """An item of `shows`."""

    TITLE = "what is shown"

    at: Moment
    alerts: list[ShownModel] = Field(default_factory=list)


class PeerModel(Model):
    """`alertmanager`."""

    TITLE = "alertmanager"

    since: Version = ()
    never: Text = ""


class ScenarioModel(Model):
    """A scenario file. Blocks that are Any are read one by one."""

    TITLE = "a scenario"

    scenario: Text
    config: Any = None
    start: Instant | None = None
    until: Moment | None = None
    actions: Any = None
    wants: Any = None
    wants_alertmanager: Any = None
    departs: dict[str, Text] = Field(default_factory=dict)
    switched: Flag = True
    shows: Any = None
    alertmanager: PeerModel = Field(default_factory=PeerModel)
