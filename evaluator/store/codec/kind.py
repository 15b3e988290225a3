"""What a kind of record needs to be kept: its table, and the way into a row and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar

from msgspec import MsgspecError

from evaluator.core.frozen import frozen
from evaluator.core.records import History, Record
from evaluator.store.base import StoreError
from evaluator.store.schema import Table

Row = dict[str, Any]
Key = tuple[str, ...]
T = TypeVar("T", bound=Record | History)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@frozen
class Kind(Generic[T]):
    """How one kind of record is kept. to_row has a value for every column but a number that the table gives itself.

    to_key: from the key of a record to the primary key of its row.
    """

    table: Table
    to_row: Callable[[T], Row]
    from_row: Callable[[Any], T]
    to_key: Callable[[Key], tuple[Any, ...]] = tuple

    def read(self, row: Any) -> T:
        """The record of a row whose columns are attributes. Raises StoreError when it is not one that `to_row` made."""
        try:
            return self.from_row(row)
        except (MsgspecError, ValueError, TypeError, OverflowError) as error:
            key = ", ".join(f"{name} {getattr(row, name)!r}" for name in self.table.key)
            raise StoreError(
                f"a row of the table {self.table.name} cannot be read ({key}): {error}; "
                "nothing was changed: bring back a copy of the database, or delete that row to go on without it"
            ) from error


def to_micros(when: datetime) -> int:
    """Whole microseconds since 1970 in UTC. `when` must know its time zone."""
    return (when - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=4096)
def from_micros(micros: int) -> datetime:
    """The instant, in UTC. What happened together has the same one, so a start makes few of them."""
    return _EPOCH + timedelta(0, 0, micros)


def to_duration(length: timedelta) -> int:
    """Whole microseconds."""
    return length // _MICROSECOND


def to_micros_or_none(when: datetime | None) -> int | None:
    """`to_micros`, of an instant that may be missing."""
    return None if when is None else to_micros(when)


def from_micros_or_none(micros: int | None) -> datetime | None:
    """`from_micros`, of an instant that may be missing."""
    return None if micros is None else from_micros(micros)
