"""Go's time.Time, Duration, Month and Weekday, with the methods that templates call.

Layouts are Go's reference time (`Mon Jan 2 15:04:05 MST 2006`). Times are kept to the microsecond and between the years 1
and 9999; what would leave that range fails the template.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar, Final

from evaluator.templating.errors import CallFailed
from evaluator.templating.go.values import INT, STRING, Function, Int64, Kind, Param, Sourced, Stringer, Uint64, Value

YEAR_ONE: Final = datetime(1, 1, 1, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_NANOSECONDS: Final = {"h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000}
_STANDARD_LAYOUT: Final = "2006-01-02 15:04:05.999999999 -0700 MST"


class Weekday(int, Stringer, Value):
    """time.Weekday: Sunday is 0."""

    go_type = "time.Weekday"
    go_kind = Kind.INT

    def go_string(self) -> str:
        """`Sunday`"""
        return WEEKDAYS[self] if 0 <= self < 7 else f"%!Weekday({int(self)})"


class Month(int, Stringer, Value):
    """time.Month: January is 1."""

    go_type = "time.Month"
    go_kind = Kind.INT

    def go_string(self) -> str:
        """`January`"""
        return MONTHS[self - 1] if 1 <= self <= 12 else f"%!Month({int(self)})"


class Location(Stringer, Value):
    """*time.Location"""

    __slots__ = ("zone",)
    go_type = "*time.Location"
    go_kind = Kind.POINTER

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone

    def go_string(self) -> str:
        """The zone's name."""
        return str(self.zone)

    @property
    def target(self) -> str:
        """What prints where the address would."""
        return self.go_string()


class Duration(int, Stringer, Value):
    """time.Duration: nanoseconds."""

    go_type = "time.Duration"
    go_kind = Kind.INT
    go_methods: ClassVar[Mapping[str, Function]]

    def go_string(self) -> str:
        """`1h30m0.5s`"""
        return duration_text(int(self))

    @property
    def seconds(self) -> float:
        """In seconds."""
        return int(self) / 1e9


class _NoLocation(int, Stringer, Value):
    """The nil pointer that stands for UTC within a time."""

    go_type = "*time.Location"
    go_kind = Kind.UINT

    def go_string(self) -> str:
        """`<nil>`"""
        return "<nil>"


class Time(Stringer, Sourced, Value):
    """time.Time: an instant with the zone it is shown in."""

    __slots__ = ("at",)
    go_type = "time.Time"
    go_kind = Kind.STRUCT
    go_methods: ClassVar[Mapping[str, Function]]

    def __init__(self, at: datetime) -> None:
        self.at = at

    def go_string(self) -> str:
        """`2015-06-23 13:19:44.128 +0000 UTC`"""
        return format_time(self.at, _STANDARD_LAYOUT)

    def go_source(self) -> str:
        """`time.Date(2015, time.June, 23, 13, 19, 44, 128000000, time.UTC)`"""
        at = self.at
        zone = "time.UTC" if at.tzinfo is UTC else f'time.Location("{at.tzname() or ""}")'
        parts = (at.year, f"time.{MONTHS[at.month - 1]}", at.day, at.hour, at.minute, at.second, at.microsecond * 1000, zone)
        return f"time.Date({', '.join(map(str, parts))})"

    @property
    def fields(self) -> dict[str, Value]:
        """What Go keeps, and prints under verbs that are not for texts, `%d` above all; another zone than UTC looks like it."""
        whole = (self.at.replace(microsecond=0) - YEAR_ONE) // timedelta(seconds=1)
        return {"wall": Uint64(self.at.microsecond * 1000), "ext": Int64(whole), "loc": _NoLocation()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Time) and self.at == other.at and str(self.at.tzinfo) == str(other.at.tzinfo)

    def __hash__(self) -> int:
        return hash(self.at)

    @property
    def microseconds(self) -> int:
        """Since 1970."""
        return (self.at - _EPOCH) // _MICROSECOND


def from_seconds(seconds: float) -> Time:
    """Unix seconds to a time in UTC, to the millisecond, the rest cut off. The seconds are finite."""
    nanoseconds = int(seconds * 1e9)
    milliseconds = nanoseconds // 1_000_000 if nanoseconds >= 0 else -(-nanoseconds // 1_000_000)
    return Time(_EPOCH + timedelta(milliseconds=milliseconds))


def duration_text(nanoseconds: int) -> str:
    """Go's text of a duration: the unit is chosen by the size, zeros after the point are dropped, zero is `0s`."""
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if rest == 0:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if rest < size * 1000:
            return f"{sign}{_decimal(rest, size)}{unit}"
    seconds = _decimal(rest % _NANOSECONDS["m"], _NANOSECONDS["s"]) + "s"
    minutes = rest // _NANOSECONDS["m"]
    if not minutes:
        return sign + seconds
    return f"{sign}{minutes // 60}h{minutes % 60}m{seconds}" if minutes >= 60 else f"{sign}{minutes}m{seconds}"


def _decimal(amount: int, size: int) -> str:
    whole, rest = divmod(amount, size)
    fraction = f"{rest:0{len(str(size)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


# Layouts

LAYOUT: Final = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|__2|_2(?!006)|01|02|03|04|05|06|002|15|PM|pm"
    r"|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07"
    r"|[.,](?:0+|9+)(?![0-9])|[12345]"
)


def _fraction(at: datetime, token: str) -> str:
    digits = f"{at.microsecond * 1000:09d}".ljust(len(token) - 1, "0")[: len(token) - 1]
    if token[1] == "9":
        digits = digits.rstrip("0")
    return token[0] + digits if digits else ""


def _offset(at: datetime, token: str) -> str:
    total = round((at.utcoffset() or timedelta()).total_seconds())
    if token[0] == "Z" and total == 0:
        return "Z"
    hours, rest = divmod(abs(total), 3600)
    parts = [f"{hours:02d}", f"{rest // 60:02d}", f"{rest % 60:02d}"]
    count = {2: 1, 4: 2, 6: 3}[sum(char.isdecimal() for char in token)]
    return ("-" if total < 0 else "+") + (":" if ":" in token else "").join(parts[:count])


def _zone(at: datetime) -> str:
    name = at.tzname() or ""
    if name.startswith("UTC") and name != "UTC":
        return _offset(at, "-0700")
    return name


def _weekday(at: datetime) -> str:
    return WEEKDAYS[at.isoweekday() % 7]


_FIELDS: Final[dict[str, Callable[[datetime], str]]] = {
    "January": lambda at: MONTHS[at.month - 1],
    "Jan": lambda at: MONTHS[at.month - 1][:3],
    "1": lambda at: str(at.month),
    "01": lambda at: f"{at.month:02d}",
    "Monday": _weekday,
    "Mon": lambda at: _weekday(at)[:3],
    "2": lambda at: str(at.day),
    "_2": lambda at: f"{at.day:2d}",
    "02": lambda at: f"{at.day:02d}",
    "__2": lambda at: f"{at.timetuple().tm_yday:3d}",
    "002": lambda at: f"{at.timetuple().tm_yday:03d}",
    "15": lambda at: f"{at.hour:02d}",
    "3": lambda at: str(at.hour % 12 or 12),
    "03": lambda at: f"{at.hour % 12 or 12:02d}",
    "4": lambda at: str(at.minute),
    "04": lambda at: f"{at.minute:02d}",
    "5": lambda at: str(at.second),
    "05": lambda at: f"{at.second:02d}",
    "2006": lambda at: f"{at.year:04d}",
    "06": lambda at: f"{at.year % 100:02d}",
    "PM": lambda at: "PM" if at.hour >= 12 else "AM",
    "pm": lambda at: "pm" if at.hour >= 12 else "am",
    "MST": _zone,
}


def format_time(at: datetime, layout: str) -> str:
    """A time in the form of Go's reference time."""

    def shown(match: re.Match[str]) -> str:
        token = match[0]
        if token in ("Jan", "Mon") and layout[match.end() : match.end() + 1].islower():
            return token
        field = _FIELDS.get(token)
        if field:
            return field(at)
        return _fraction(at, token) if token[0] in ".," else _offset(at, token)

    return LAYOUT.sub(shown, layout)


# Methods

TIME: Final = Param("time.Time", Kind.STRUCT, frozenset({Time}))
DURATION: Final = Param("time.Duration", Kind.INT, frozenset({Duration}))
_LOCATION: Final = Param("*time.Location", Kind.POINTER, frozenset({Location}))


def moved(time: Time, nanoseconds: int) -> Time:
    """The time so many nanoseconds later, to the microsecond. Raises CallFailed outside the years 1 to 9999."""
    try:
        return Time((time.at.astimezone(UTC) + timedelta(microseconds=nanoseconds // 1000)).astimezone(time.at.tzinfo))
    except OverflowError:
        raise CallFailed("time is out of range") from None


def _add_date(time: Time, years: int, months: int, days: int) -> Time:
    try:
        month = time.at.month - 1 + months
        first = time.at.replace(year=time.at.year + years + month // 12, month=month % 12 + 1, day=1)
        return Time(first + timedelta(days=time.at.day - 1 + days))
    except (OverflowError, ValueError):
        raise CallFailed("time is out of range") from None


def difference(later: Time, earlier: Time) -> Duration:
    """How long from one time to another; at most 292 years, as in Go."""
    nanoseconds = (later.at - earlier.at) // _MICROSECOND * 1000
    return Duration(max(min(nanoseconds, 2**63 - 1), -(2**63)))


def _rounded(nanoseconds: int, unit: int, *, up: bool) -> int:
    if unit <= 0:
        return nanoseconds
    whole = abs(nanoseconds) // unit * unit
    whole += unit if up and (abs(nanoseconds) - whole) * 2 >= unit else 0
    return -whole if nanoseconds < 0 else whole


def _since_year_one(time: Time) -> int:
    return (time.at - YEAR_ONE) // _MICROSECOND * 1000


def _to_multiple(time: Time, unit: int, *, up: bool) -> Time:
    nanoseconds = _since_year_one(time)
    return moved(time, _rounded(nanoseconds, unit, up=up) - nanoseconds)


def in_zone(time: Time, zone: tzinfo) -> Time:
    """The same instant, shown in another zone. Raises CallFailed outside the years 1 to 9999."""
    try:
        return Time(time.at.astimezone(zone))
    except (OverflowError, ValueError):
        raise CallFailed("time is out of range") from None


def _methods(*functions: Function) -> dict[str, Function]:
    return {function.name: function for function in functions}


def _whole(name: str, read: Callable[[datetime], int]) -> Function:
    return Function(name, lambda time: read(time.at))


Time.go_methods = _methods(
    Function("Format", lambda time, layout: format_time(time.at, layout), (STRING,)),
    Function("String", lambda time: time.go_string()),
    Function("Unix", lambda time: Int64(time.microseconds // 1_000_000)),
    Function("UnixMilli", lambda time: Int64(time.microseconds // 1000)),
    Function("UnixMicro", lambda time: Int64(time.microseconds)),
    Function("UnixNano", lambda time: Int64(time.microseconds * 1000)),
    _whole("Year", lambda at: at.year),
    _whole("Day", lambda at: at.day),
    _whole("Hour", lambda at: at.hour),
    _whole("Minute", lambda at: at.minute),
    _whole("Second", lambda at: at.second),
    _whole("Nanosecond", lambda at: at.microsecond * 1000),
    _whole("YearDay", lambda at: at.timetuple().tm_yday),
    Function("Month", lambda time: Month(time.at.month)),
    Function("Weekday", lambda time: Weekday(time.at.isoweekday() % 7)),
    Function("IsZero", lambda time: time.at == YEAR_ONE),
    Function("IsDST", lambda time: bool(time.at.dst())),
    Function("UTC", lambda time: in_zone(time, UTC)),
    Function("Local", lambda time: in_zone(time, UTC)),
    Function("Location", lambda time: Location(time.at.tzinfo)),
    Function("In", lambda time, location: in_zone(time, location.zone), (_LOCATION,)),
    Function("Add", lambda time, duration: moved(time, int(duration)), (DURATION,)),
    Function("AddDate", _add_date, (INT, INT, INT)),
    Function("Sub", difference, (TIME,)),
    Function("After", lambda time, other: time.at > other.at, (TIME,)),
    Function("Before", lambda time, other: time.at < other.at, (TIME,)),
    Function("Equal", lambda time, other: time.at == other.at, (TIME,)),
    Function("Compare", lambda time, other: (time.at > other.at) - (time.at < other.at), (TIME,)),
    Function("Round", lambda time, unit: _to_multiple(time, int(unit), up=True), (DURATION,)),
    Function("Truncate", lambda time, unit: _to_multiple(time, int(unit), up=False), (DURATION,)),
)
Duration.go_methods = _methods(
    Function("Hours", lambda duration: int(duration) / 3.6e12),
    Function("Minutes", lambda duration: int(duration) / 6e10),
    Function("Seconds", lambda duration: duration.seconds),
    Function("Milliseconds", lambda duration: Int64(math.trunc(int(duration) / 1_000_000))),
    Function("Microseconds", lambda duration: Int64(math.trunc(int(duration) / 1000))),
    Function("Nanoseconds", lambda duration: Int64(duration)),
    Function("String", lambda duration: duration.go_string()),
    Function("Abs", lambda duration: Duration(abs(duration))),
    Function("Round", lambda duration, unit: Duration(_rounded(int(duration), int(unit), up=True)), (DURATION,)),
    Function("Truncate", lambda duration, unit: Duration(_rounded(int(duration), int(unit), up=False)), (DURATION,)),
)
Month.go_methods = Weekday.go_methods = _methods(Function("String", lambda value: value.go_string()))
Location.go_methods = _methods(Function("String", lambda value: value.go_string()))
