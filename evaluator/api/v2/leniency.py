"""Bodies that strict readers refuse and Alertmanager takes, made over into what strict readers take.

A batch that is refused for one of its alerts is a batch of alerts that nobody hears of. So whatever Go's JSON and its framework
for APIs let pass is let pass here too: bytes that are no UTF-8 and halves of surrogate pairs become U+FFFD, names of members
are found in any case, a null is an empty text, an empty instant is the beginning of 1970, seconds may be missing, and what
follows the first value is not looked at. Bodies come here only when they were refused: this costs several times more.

What a body must have and has not is said as that framework says it, with its own codes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeVar

import msgspec

from evaluator.api.v2.answers import UNPROCESSABLE, RefusedError

REQUIRED, TOO_FEW = 602, 612
"""Codes of the framework: a member is missing, a list has too few items."""

_UNPAIRED = re.compile("[\ud800-\udfff]")
_NO_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?=$|Z|[+-])")
_TOO_DEEP = "it is nested too deeply"
_EMPTY = "1970-01-01T00:00:00Z"
_BLANK = " \t\r\n"
_SILENCE = ("comment", "createdBy", "endsAt", "matchers", "startsAt")
_MATCHER = ("isRegex", "name", "value")

T = TypeVar("T")


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_constant)


def read_alerts(body: bytes | bytearray, decoder: msgspec.json.Decoder[T]) -> T:
    """What a list of alerts says, as Alertmanager would read it. Raises RefusedError."""
    found = _value(body, "alerts")
    alerts = [_alert(one) for one in found] if isinstance(found, list) else found
    return _read([] if alerts is None else alerts, decoder, _lacks_of_alerts)


def read_silence(body: bytes | bytearray, decoder: msgspec.json.Decoder[T]) -> T:
    """The same for a silence."""
    found = _value(body, "silence")
    return _read(_silence({} if found is None else found), decoder, _lacks_of_silence)


def too_few(name: str) -> RefusedError:
    """For a list that must not be empty."""
    return RefusedError(UNPROCESSABLE, f"{name} in body should have at least 1 items", TOO_FEW)


def _read(found: Any, decoder: msgspec.json.Decoder[T], lacks: Callable[[Any], Iterator[str]]) -> T:
    try:
        return decoder.decode(_UNPAIRED.sub("\ufffd", json.dumps(found, ensure_ascii=False)).encode())
    except RecursionError:
        raise _malformed(_TOO_DEEP) from None
    except msgspec.DecodeError as error:
        lacking = next(lacks(found), None)
        raise (_required(lacking) if lacking is not None else _malformed(error)) from None


def _lacks_of_alerts(alerts: Any) -> Iterator[str]:
    for number, one in enumerate(alerts if isinstance(alerts, list) else ()):
        if isinstance(one, dict) and "labels" not in one:
            yield f"{number}.labels"


def _lacks_of_silence(silence: Any) -> Iterator[str]:
    if not isinstance(silence, dict):
        return
    for name in _SILENCE:
        if name not in silence:
            yield name
        elif name == "matchers" and isinstance(silence[name], list):
            matchers = [(number, one) for number, one in enumerate(silence[name]) if isinstance(one, dict)]
            yield from (f"{name}.{number}.{part}" for number, one in matchers for part in _MATCHER if part not in one)


def _required(name: str) -> RefusedError:
    return RefusedError(UNPROCESSABLE, f"{name} in body is required", REQUIRED)


def _malformed(error: Exception | str) -> RefusedError:
    return RefusedError(UNPROCESSABLE, f"parsing body failed, because {error}")


def _value(body: bytes | bytearray, name: str) -> Any:
    """The first value of a body. Raises RefusedError when there is none."""
    text = body.decode(errors="surrogateescape").lstrip(_BLANK)
    if not text:
        raise _required(name)
    try:
        return _DECODER.raw_decode(_UNPAIRED.sub("\ufffd", text))[0]
    except RecursionError:
        raise _malformed(_TOO_DEEP) from None
    except ValueError as error:
        raise _malformed(error) from None


def _alert(one: Any) -> Any:
    return _instants(_texts(_named(one, ("labels", "annotations", "startsAt", "endsAt", "generatorURL"))))


def _silence(one: Any) -> Any:
    named = _instants(_texts(_named(one, (*_SILENCE, "id", "annotations"))))
    if isinstance(named, dict) and isinstance(named.get("matchers"), list):
        named["matchers"] = [_named(matcher, (*_MATCHER, "isEqual")) for matcher in named["matchers"]]
    return named


def _named(one: Any, names: Iterable[str]) -> Any:
    """An object with those of its members that have these names, however they are written, and are not null."""
    if not isinstance(one, dict):
        return one
    known = {name.lower(): name for name in names}
    found = ((known.get(name.lower()), value) for name, value in one.items())
    return {name: value for name, value in found if name is not None and value is not None}


def _texts(one: Any) -> Any:
    """An object in which no label and no annotation is null."""
    for name in ("labels", "annotations"):
        if isinstance(one, dict) and isinstance(pairs := one.get(name), dict):
            one[name] = {key: "" if value is None else value for key, value in pairs.items()}
    return one


def _instants(one: Any) -> Any:
    """An object whose instants are whole."""
    for name in ("startsAt", "endsAt"):
        if isinstance(one, dict) and isinstance(text := one.get(name), str):
            one[name] = _NO_SECONDS.sub(r"\g<0>:00", text) if text else _EMPTY
    return one
