"""What the blocks about people have in common: mappings by name, and texts that mean something or are a problem."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from evaluator.config.models import Model, read
from evaluator.config.nodes import Node, Table, kind_of, plain
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.core.evaluation.rules import Position
from evaluator.core.zones import load_zone

UTC_ZONE = ZoneInfo("UTC")
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = 1970, 2999

M = TypeVar("M", bound=Model)
T = TypeVar("T")


def block(top: Table, key: str, reading: Reading) -> Table | None:
    """The mapping at `key`; None when there is none, or after a problem."""
    node = top.child(key)
    if node is None or isinstance(node, Table):
        return node
    message = f'"{key}": expected a mapping, found {kind_of(plain(node))}'
    reading.problems.error(node.position, message, "write each under its name: {NAME: {…}}")
    return None


def names_in(top: Table, key: str) -> tuple[str, ...]:
    """The names that a block gives, of entries that are wrong as well: naming one is no second mistake."""
    node = top.child(key)
    return tuple(node.values) if isinstance(node, Table) else ()


def nodes_of(top: Table, key: str, reading: Reading) -> Iterator[tuple[str, Node]]:
    """The entries of a block by name."""
    found = block(top, key, reading)
    yield from () if found is None else found.values.items()


def entries(top: Table, key: str, model: type[M], reading: Reading) -> Iterator[tuple[str, M, Table]]:
    """The same, read; those that cannot be are problems and left out."""
    for name, node in nodes_of(top, key, reading):
        found = read(model, node, reading.problems)
        if found is not None and isinstance(node, Table):
            yield name, found, node


def is_known(kind: str, name: str, known: Iterable[str], where: str, position: Position, reading: Reading) -> bool:
    """Whether something of that name is there; a problem when it is not. where: the block to which it would be added."""
    known = list(known)
    if name not in known:
        message = f'undefined {kind} "{name}"'
        reading.problems.error(position, message, did_you_mean(name, known) or f"add it to {where}")
    return name in known


def zone_of(name: str, node: Table, reading: Reading) -> ZoneInfo:
    """The zone of an entry; UTC where it names none."""
    zone = attempt(load_zone, name, at=node.at("time_zone"), reading=reading)
    return UTC_ZONE if zone is None else zone


def attempt(parse: Callable[..., T], *args: object, at: Position, reading: Reading) -> T | None:
    """What a text means; None after a problem. Times near the ends of the calendar are one: zones cannot be applied there."""
    found: T | None
    try:
        found = parse(*args)
    except ValueError as error:
        message, _, remedy = str(error).partition("; ")
        reading.problems.error(at, message, remedy)
        return None
    except OverflowError:
        found = None
    if found is None or (isinstance(found, date) and not _EARLIEST <= found.year <= _LATEST):
        reading.problems.error(at, "a time that is too far away", f"write a year between {_EARLIEST} and {_LATEST}")
        return None
    return found


def attempt_all(parse: Callable[[str], T], texts: list[str], node: Table, key: str, reading: Reading) -> tuple[T, ...]:
    """What the texts of a list mean, as far as they mean anything."""
    found = (attempt(parse, text, at=node.at(key, number), reading=reading) for number, text in enumerate(texts))
    return tuple(one for one in found if one is not None)


def needed(parse: Callable[..., T], key: str, text: str, *more: object, at: Position, reading: Reading) -> T | None:
    """What the text of a key means that must be there."""
    if not text:
        reading.problems.error(at, f"missing {key}", "add it")
        return None
    return attempt(parse, text, *more, at=at, reading=reading)


def ordered(
    start: datetime | None, end: datetime | None, position: Position, what: str, reading: Reading
) -> tuple[datetime, datetime]:
    """From when until when; a stretch without length where that is not known."""
    if start is None or end is None:
        return _NEVER, _NEVER
    if end <= start:
        reading.problems.error(position, f"{what} that ends before it begins", "exchange from and to")
    return start, end
