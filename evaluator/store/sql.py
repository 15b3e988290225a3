"""A store in a relational database: what is the same whichever it is.

Each commit is one transaction that first makes sure that this process is still the writer. Opening a store raises a number
in the database, the writer's epoch; whoever finds another number than its own has been superseded and writes nothing. On
one machine a file lock already keeps a second writer out, and the check is the second line of defence.

The rows of one table are written by one statement (`statements`), so a commit costs what its rows cost.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, insert, select

from evaluator.core.incidents.records import IncidentRecord, IncidentState, Moment, PageRecord
from evaluator.core.records import SEEN_AT, Record
from evaluator.store import queries, statements
from evaluator.store.base import DEFAULT_LIMIT, Change, H, Kept, StoreError, SupersededError
from evaluator.store.changes import Changes, net_changes
from evaluator.store.codec.history import HISTORY
from evaluator.store.codec.incidents import INCIDENTS, MAINTENANCE, OVERRIDES, PAGES
from evaluator.store.codec.kind import Key, Kind, Row, T, to_micros
from evaluator.store.codec.records import (
    ALERTS,
    FIRINGS,
    GROUPS,
    LEDGER,
    OUTBOX,
    PRESENCE,
    RECORDS,
    RULE_ALERTS,
    SILENCES,
    WINDOWS,
)
from evaluator.store.failures import explained
from evaluator.store.lock import WriterLock
from evaluator.store.schema import meta
from evaluator.store.search import search_terms
from evaluator.store.writer import Cursor, Writer

PRUNED_AT_ONCE = 5000  # so that pruning a month of history keeps no commit waiting
INCIDENTS_PRUNED_AT_ONCE = 100  # each with some tens of rows

_EPOCH = "epoch"
_Batch = tuple[str, list[Row]]


class SqlStore:
    """See `Store`. Made by `open_store`."""

    def __init__(self, engine: Engine, writer: Writer, place: str, epoch: int, lock: WriterLock) -> None:
        """Takes charge of `engine`, `writer` and `lock`. place: what to call the database when something is wrong with it."""
        self._engine = engine
        self._writer = writer
        self._place = place
        self._epoch = epoch
        self._lock = lock
        self._closed = False

    def load(self) -> Kept:
        """See `Store.load`."""
        with self._reading() as connection:
            return Kept(
                rule_alerts=_read_all(connection, RULE_ALERTS),
                alerts=_read_all(connection, ALERTS),
                groups=_read_all(connection, GROUPS),
                ledger=_read_all(connection, LEDGER),
                outbox=_read_all(connection, OUTBOX),
                silences=_read_all(connection, SILENCES),
                windows=_read_all(connection, WINDOWS),
                incidents=_read(connection, INCIDENTS, queries.recent_incidents()),
                pages=_read(connection, PAGES, queries.recent_pages()),
                maintenance=_read_all(connection, MAINTENANCE),
                overrides=_read_all(connection, OVERRIDES),
                firings=_read_all(connection, FIRINGS),
                newest_incident=connection.scalar(queries.newest_incident()) or 0,
                **_of_meta(connection),
            )

    def commit(self, effects: Sequence[Change]) -> None:
        """See `Store.commit`. Without effects the disk is not touched."""
        self._check_open()
        if effects:
            batches = list(_batches(net_changes(effects)))
            with self._writing() as cursor:
                for text, rows in batches:
                    cursor.executemany(text, rows)

    def history(
        self,
        kind: type[H],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        group: str | None = None,
        rule: str | None = None,
        fingerprint: str | None = None,
        outbox: str | None = None,
        incident: int | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> list[H]:
        """See `Store.history`."""
        terms = search_terms(kind, group=group, rule=rule, fingerprint=fingerprint, outbox=outbox, incident=incident)
        kept: Kind[H] = HISTORY[kind]
        with self._reading() as connection:
            return list(_read(connection, kept, queries.noted(kept.table, since, until, terms, limit)))

    def incident(self, number: int) -> IncidentRecord | None:
        """See `Store.incident`."""
        with self._reading() as connection:
            return next(iter(_read(connection, INCIDENTS, queries.incident(number))), None)

    def incidents(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        states: Collection[IncidentState] = tuple(IncidentState),
        limit: int = DEFAULT_LIMIT,
    ) -> list[IncidentRecord]:
        """See `Store.incidents`."""
        with self._reading() as connection:
            return list(_read(connection, INCIDENTS, queries.opened(since, until, states, limit)))

    def pages(
        self,
        *,
        incident: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> list[PageRecord]:
        """See `Store.pages`."""
        with self._reading() as connection:
            return list(_read(connection, PAGES, queries.planned(incident, since, until, limit)))

    def prune(self, before: datetime, incidents_before: datetime) -> int:
        """See `Store.prune`. Done in several transactions, so that commits find their turn in between."""
        history = [kind.table for note, kind in HISTORY.items() if note is not Moment]
        dropped = sum(self._prune(table, to_micros(before)) for table in history)
        return dropped + self._prune_incidents(to_micros(incidents_before))

    def close(self) -> None:
        """See `Store.close`."""
        self._closed = True
        self._writer.close()
        self._engine.dispose()
        self._lock.release()

    def _prune(self, table: Table, before: int) -> int:
        dropped = 0
        while True:
            with self._writing() as cursor:
                cursor.execute(statements.pruning(table), {"before": before, "most": PRUNED_AT_ONCE})
                count = cursor.rowcount
            dropped += count
            if count < PRUNED_AT_ONCE:
                return dropped

    def _prune_incidents(self, before: int) -> int:
        dropped = 0
        while True:
            with self._writing() as cursor:
                cursor.execute(statements.outlived_incidents(), {"before": before, "most": INCIDENTS_PRUNED_AT_ONCE})
                rows = [{"number": number} for (number,) in cursor.fetchall()]
                for text in statements.forgetting_incident():
                    cursor.executemany(text, rows)
                    dropped += max(cursor.rowcount, 0)
            if len(rows) < INCIDENTS_PRUNED_AT_ONCE:
                return dropped

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._check_open()
        with explained(self._place), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Cursor]:
        self._check_open()
        with explained(self._place):
            self._lock.check()
            with self._writer.transaction() as cursor:
                self._check_epoch(cursor)
                yield cursor

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self._place}: the store is closed")

    def _check_epoch(self, cursor: Cursor) -> None:
        cursor.execute(statements.epoch(), {"name": _EPOCH})
        found = cursor.fetchone()
        epoch = int(found[0]) if found else 0
        if epoch != self._epoch:
            raise SupersededError(
                f"another process writes to it now (epoch {epoch}, ours is {self._epoch}); this one has to stop"
            )


def claim_epoch(connection: Connection) -> int:
    """Become the writer: raise the epoch by one, and say what it is now."""
    known = meta.c.name == _EPOCH
    epoch = int(connection.scalar(select(meta.c.value).where(known)) or 0) + 1
    connection.execute(delete(meta).where(known))
    connection.execute(insert(meta).values(name=_EPOCH, value=str(epoch)))
    return epoch


def _of_meta(connection: Connection) -> dict[str, Any]:
    """What is kept of the store itself, and until when an evaluator was there, which is kept beside it."""
    rows = {row.name: row for row in connection.execute(select(meta))}
    seen = rows.pop(SEEN_AT, None)
    return {
        "meta": {name: row.value for name, row in rows.items()},
        "seen_at": None if seen is None else PRESENCE.read(seen).at,
    }


def _read_all(connection: Connection, kind: Kind[T]) -> tuple[T, ...]:
    """All records of a kind, in the order of their keys, by the driver itself: a start reads tens of thousands of rows."""
    cursor = connection.connection.cursor()
    cursor.execute(statements.everything(kind.table))
    row_of = _row_maker(tuple(kind.table.columns.keys()))
    return tuple(kind.read(row_of(values)) for values in cursor.fetchall())


@cache
def _row_maker(columns: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    """Makes rows whose columns are attributes, as SQLAlchemy's are, which take five times as long to look one up."""
    make_type: Any = namedtuple  # mypy wants the names to be written out
    make: Callable[[Sequence[Any]], Any] = make_type("Row", columns)._make
    return make


def _read(connection: Connection, kind: Kind[T], wanted: queries.Rows) -> tuple[T, ...]:
    return tuple(kind.read(row) for row in connection.execute(wanted).all())


def _batches(changes: Changes) -> Iterator[_Batch]:
    """What is to be sent, and with which rows, in order. Never without rows."""
    for record, keys in changes.forgotten.items():
        if keys:
            yield statements.forgetting(RECORDS[record].table), list(_keys(record, keys))
    for record, saved in changes.saved.items():
        if saved:
            yield statements.saving(RECORDS[record].table), list(map(RECORDS[record].to_row, saved.values()))
    for note, notes in changes.noted.items():
        yield statements.noting(HISTORY[note].table), list(map(HISTORY[note].to_row, notes))


def _keys(record: type[Record], keys: Iterable[Key]) -> Iterator[Row]:
    kind = RECORDS[record]
    names = [column.name for column in kind.table.primary_key]
    return (dict(zip(names, kind.to_key(key), strict=True)) for key in keys)
