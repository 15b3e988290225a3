"""What a text can be written for: the types of the fields of a configuration.

Each type is pydantic's name for one of our readers. A reader gets what stands in the file (a text, None for null, a list or
a dict) and gives the value, or raises `WrongError` with the sentence that the user will read. Sentences on fields that may
hold a secret never quote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import PlainValidator

from evaluator.config.nodes import kind_of
from evaluator.config.problems import did_you_mean
from evaluator.core.durations import parse_duration
from evaluator.core.http import Secret
from evaluator.core.labels import compile_regex
from evaluator.core.limits import UNITS
from evaluator.core.receivers.tree import Branch, Tree


class WrongError(ValueError):
    """What is wrong with a value, and what to write instead."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


_FLAGS = {
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"), False),
}
_PORT = re.compile(r"[0-9]{1,5}")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_WHOLE = re.compile(r"[-+]?(0[xX][0-9a-fA-F]{1,15}|0[bB][01]{1,60}|0[oO]?[0-7]{1,20}|[0-9]{1,18})")
_OCTAL = re.compile(r"([-+]?)0+(?=[0-7]+$)")
_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SIZE = re.compile(r"([0-9]{1,12})(|B|[KMG]i?B)")
_GO_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_GO_LONGEST = 2**63 / 1e9  # what 64 bits of nanoseconds hold
HIDDEN = "<secret>"  # what stands for a secret where a configuration is shown
HIDDEN_URL = f"https://hidden.invalid/{HIDDEN}"
_SERVICES = {"smtp": 25, "smtps": 465, "submissions": 465, "submission": 587}
_GO_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")


def text(value: object) -> str:
    """A text; null is empty."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise WrongError(f"expected a text, found {kind_of(value)}")
    return value


def flag(value: object) -> bool:
    """A boolean in any of YAML 1.1's spellings, as Alertmanager reads it."""
    word = text(value)
    if word not in _FLAGS:
        raise WrongError(f'"{word}" is neither true nor false')
    return _FLAGS[word]


def whole(value: object) -> int:
    """A whole number in one of YAML 1.1's spellings: decimal, `0x1f`, `0b11`, octal after a 0; `_` may part its digits."""
    word = text(value)
    digits = word.replace("_", "")
    if _WHOLE.fullmatch(digits) is None:
        raise WrongError(f'not a whole number: "{word}"')
    try:
        return int(_OCTAL.sub(r"\g<1>0o", digits), 0)
    except ValueError:
        return int(digits)  # 08 is no octal number, and then 8


def count(value: object) -> int:
    """A whole number that is not negative."""
    number = whole(value)
    if number < 0:
        raise WrongError(f"must not be negative: {number}")
    return number


def size(value: object) -> int:
    """A number of bytes; units are powers of 1024, also where they are written KB and MB, as in Prometheus."""
    word = text(value)
    match = _SIZE.fullmatch(word)
    if match is None:
        raise WrongError(f'not a size: "{word}"', "write a whole number of bytes, or one with a unit: 512KiB, 16MiB")
    number, unit = match.groups()
    return int(number) * UNITS[f"{unit[0]}iB" if len(unit) == 2 else unit or "B"]


def duration(value: object) -> timedelta:
    """A Prometheus duration."""
    word = text(value)
    try:
        return parse_duration(word)
    except ValueError as error:
        remedy = f'write a unit: "{word}s"' if word.isdecimal() else "write whole numbers with units y w d h m s ms: 1h30m"
        raise WrongError(str(error), remedy) from None


def go_duration(value: object) -> timedelta:
    """Alertmanager's `timeout`: Go's syntax (`1m30s`, `1.5s`), and a bare number counts nanoseconds."""
    word = text(value)
    if word.isdecimal() and word.isascii():
        return _not_nothing(timedelta(microseconds=int(word[:18]) / 1000), int(word[:18]))
    return go_duration_text(word)


def go_duration_text(value: object) -> timedelta:
    """Pushover's durations: Go's syntax, where nothing but 0 goes without a unit, and none is longer than hours."""
    word = text(value)
    if word == "0":
        return timedelta(0)
    parts = _GO_PART.findall(word)
    seconds = sum(float(number) * _GO_SECONDS[unit] for number, unit in parts)
    if not parts or "".join(number + unit for number, unit in parts) != word.removeprefix("+") or seconds >= _GO_LONGEST:
        raise WrongError(f'not a valid duration: "{word}"', "write numbers with units h, m, s, ms: 1m30s")
    return _not_nothing(timedelta(seconds=seconds), seconds)


def _not_nothing(span: timedelta, written: float) -> timedelta:
    """What is too short to be counted is still something: zero means that there is no timeout."""
    return span or (timedelta(microseconds=1) if written else span)


def absolute_url(value: object, *, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """An http or https URL with a host."""
    word = text(value).strip()
    if _BLANK.search(word):
        raise WrongError("not a valid URL", "remove the space in it")
    if _NO_ESCAPE.search(word.partition("?")[0]):
        raise WrongError("not a valid URL", "write a percent sign as %25")
    try:
        parts = urlsplit(word)
        port_is_number = parts.port is None or parts.port >= 0
    except ValueError:
        raise WrongError("not a valid URL") from None
    if parts.scheme not in schemes:
        raise WrongError("unsupported scheme for URL", f"start it with {' or '.join(f'{one}://' for one in schemes[1::-1])}")
    if not parts.hostname or not port_is_number:
        raise WrongError("missing host for URL")
    return word


def public_url(value: object) -> str:
    """An absolute URL that is shown to people, so it must hold no password. The trailing slash is dropped."""
    word = absolute_url(value)
    if "@" in urlsplit(word).netloc:
        raise WrongError("the URL holds credentials", "write them under basic_auth")
    return word.rstrip("/")


def secret(value: object) -> Secret:
    """A text that never shows."""
    if value is not None and not isinstance(value, str):
        raise WrongError("expected a text")
    return Secret(value or "")


def secret_url(value: object) -> Secret:
    """An absolute URL that never shows. What a shown configuration has in its place is taken, so that it can be read again."""
    return Secret(HIDDEN if value == HIDDEN else absolute_url(value))


def one_of(*options: str) -> Callable[[object], str]:
    """A reader for one of a few words."""

    def read(value: object) -> str:
        word = text(value)
        if word not in options:
            raise WrongError(f'must be one of {", ".join(options)}, not "{word}"', did_you_mean(word, options))
        return word

    return read


def address(value: object) -> tuple[str, int]:
    """`HOST:PORT`; no host stands for every address, an IPv6 address is written in brackets."""
    word = text(value)
    host, colon, port = word.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or _PORT.fullmatch(port) is None or int(port) > 65535 or (":" in bare and bare == host):
        raise WrongError(f'not an address: "{word}"', "write HOST:PORT, for example 127.0.0.1:9093")
    return bare or "0.0.0.0", int(port)


def smarthost(value: object) -> tuple[str, int] | None:
    """A mail server, `HOST:PORT`; the port is a number or the name of a service of mail, and there is no default for it.

    An empty text is none, as in Alertmanager.
    """
    word = text(value)
    if not word:
        return None
    host, colon, port = word.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or (":" in bare and bare == host):
        raise WrongError(f"address {word}: missing port in address", "write HOST:PORT, an IPv6 address in brackets")
    if not port:
        raise WrongError(f'address "{word}": port cannot be empty', "write HOST:PORT, for example mail.example.org:587")
    number = _SERVICES.get(port) or (int(port) if _PORT.fullmatch(port) else 0)
    if not 0 < number < 65536:
        raise WrongError(f'address "{word}": the port is not a number from 1 to 65535', "write HOST:PORT")
    return bare or "localhost", number


def regex(value: object) -> str:
    """An RE2 expression that is to match a whole text; null matches nothing."""
    word = text(value)
    try:
        compile_regex(word)
    except ValueError as error:
        raise WrongError(str(error)) from None
    return word


def tree(value: object) -> Tree:
    """Any YAML, kept as it was written."""
    match value:
        case dict():
            return Branch(tuple((name, tree(below)) for name, below in value.items()))
        case list():
            return tuple(tree(item) for item in value)
    return None if value is None else text(value)


Text = Annotated[str, PlainValidator(text)]
Flag = Annotated[bool, PlainValidator(flag)]
Whole = Annotated[int, PlainValidator(whole)]
Count = Annotated[int, PlainValidator(count)]
Size = Annotated[int, PlainValidator(size)]
Span = Annotated[timedelta, PlainValidator(duration)]
GoSpan = Annotated[timedelta, PlainValidator(go_duration)]
GoTextSpan = Annotated[timedelta, PlainValidator(go_duration_text)]
Smarthost = Annotated[tuple[str, int] | None, PlainValidator(smarthost)]
AnyTree = Annotated[Any, PlainValidator(tree)]
PublicUrl = Annotated[str, PlainValidator(public_url)]
AbsoluteUrl = Annotated[str, PlainValidator(absolute_url)]
Hidden = Annotated[Secret, PlainValidator(secret)]
HiddenUrl = Annotated[Secret, PlainValidator(secret_url)]
Regex = Annotated[str, PlainValidator(regex)]
Address = Annotated[tuple[str, int], PlainValidator(address)]
