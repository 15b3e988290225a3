"""A store in a relational database: what is the same whichever it is.

Each commit is one transaction that first makes sure that this process is still the writer. Opening a store raises a number
in the database, the writer's epoch; whoever finds another number than its own has been superseded and writes nothing. On
one machine a file lock already keeps a second writer out, and the check is the second line of defence.

The rows of one table are written by one statement (`statements`), so a commit costs what its rows cost.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

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
from evaluator.store.connections import CLOSED, Cursor, Readers, Writer
from evaluator.store.failures import explained
from evaluator.store.lock import WriterLock
from evaluator.store.schema import Table, meta
from evaluator.store.search import search_terms

PRUNED_AT_ONCE = 5000  # so that pruning a month of history keeps no commit waiting
INCIDENTS_PRUNED_AT_ONCE = 100  # each with some tens of rows

_EPOCH = "epoch"
_Batch = tuple[str, list[Row]]


class SqlStore:
    """See `Store`. Made by `open_store`."""

    def __init__(self, readers: Readers, writer: Writer, place: str, epoch: int, lock: WriterLock) -> None:
        """Takes charge of `readers`, `writer` and `lock`. place: what to call the database when something is wrong with it."""
        self._readers = readers
        self._writer = writer
        self._place = place
        self._epoch = epoch
        self._lock = lock
        self._closed = False

    def load(self) -> Kept:
        """See `Store.load`."""
        with self._reading() as cursor:
            return Kept(
                rule_alerts=_read_all(cursor, RULE_ALERTS),
                alerts=_read_all(cursor, ALERTS),
                groups=_read_all(cursor, GROUPS),
                ledger=_read_all(cursor, LEDGER),
                outbox=_read_all(cursor, OUTBOX),
                silences=_read_all(cursor, SILENCES),
                windows=_read_all(cursor, WINDOWS),
                incidents=_read(cursor, INCIDENTS, queries.recent_incidents()),
                pages=_read(cursor, PAGES, queries.recent_pages()),
                maintenance=_read_all(cursor, MAINTENANCE),
                overrides=_read_all(cursor, OVERRIDES),
                firings=_read_all(cursor, FIRINGS),
                newest_incident=_scalar(cursor, queries.NEWEST_INCIDENT) or 0,
                **_of_meta(cursor),
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
        fingerprint: str | None = None,
        incident: int | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> list[H]:
        """See `Store.history`."""
        terms = search_terms(kind, group=group, fingerprint=fingerprint, incident=incident)
        kept: Kind[H] = HISTORY[kind]
        with self._reading() as cursor:
            return list(_read(cursor, kept, queries.noted(kept.table, since, until, terms, limit)))

    def incident(self, number: int) -> IncidentRecord | None:
        """See `Store.incident`."""
        with self._reading() as cursor:
            return next(iter(_read(cursor, INCIDENTS, queries.incident(number))), None)

    def incidents(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        states: Collection[IncidentState] = tuple(IncidentState),
        limit: int = DEFAULT_LIMIT,
    ) -> list[IncidentRecord]:
        """See `Store.incidents`."""
        with self._reading() as cursor:
            return list(_read(cursor, INCIDENTS, queries.opened(since, until, states, limit)))

    def pages(
        self,
        *,
        incident: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> list[PageRecord]:
        """See `Store.pages`."""
        with self._reading() as cursor:
            return list(_read(cursor, PAGES, queries.planned(incident, since, until, limit)))

    def prune(self, before: datetime, incidents_before: datetime) -> int:
        """See `Store.prune`. Done in several transactions, so that commits find their turn in between."""
        history = [kind.table for note, kind in HISTORY.items() if note is not Moment]
        dropped = sum(self._prune(table, to_micros(before)) for table in history)
        return dropped + self._prune_incidents(to_micros(incidents_before))

    def close(self) -> None:
        """See `Store.close`."""
        self._closed = True
        self._writer.close()
        self._readers.close()
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
                cursor.execute(statements.OUTLIVED_INCIDENTS, {"before": before, "most": INCIDENTS_PRUNED_AT_ONCE})
                rows = [{"number": number} for (number,) in cursor.fetchall()]
                for text in statements.FORGETTING_INCIDENT:
                    cursor.executemany(text, rows)
                    dropped += max(cursor.rowcount, 0)
            if len(rows) < INCIDENTS_PRUNED_AT_ONCE:
                return dropped

    @contextmanager
    def _reading(self) -> Iterator[Cursor]:
        self._check_open()
        with explained(self._place), self._readers.snapshot() as cursor:
            yield cursor

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
            raise StoreError(f"{self._place}: {CLOSED}")

    def _check_epoch(self, cursor: Cursor) -> None:
        epoch = int(_scalar(cursor, statements.EPOCH) or 0)
        if epoch != self._epoch:
            raise SupersededError(
                f"another process writes to it now (epoch {epoch}, ours is {self._epoch}); this one has to stop"
            )


def claim_epoch(cursor: Cursor) -> int:
    """Become the writer: raise the epoch by one, and say what it is now."""
    epoch = int(_scalar(cursor, statements.EPOCH) or 0) + 1
    cursor.execute(statements.CLAIMING, {"value": str(epoch)})
    return epoch


def _of_meta(cursor: Cursor) -> dict[str, Any]:
    """What is kept of the store itself, and until when an evaluator was there, which is kept beside it."""
    rows = {row.name: row for row in _rows(cursor, meta, statements.everything(meta), {})}
    seen = rows.pop(SEEN_AT, None)
    return {
        "meta": {name: row.value for name, row in rows.items()},
        "seen_at": None if seen is None else PRESENCE.read(seen).at,
    }


def _read_all(cursor: Cursor, kind: Kind[T]) -> tuple[T, ...]:
    """All records of a kind, in the order of their keys."""
    return _read(cursor, kind, queries.Query(statements.everything(kind.table), {}))


def _read(cursor: Cursor, kind: Kind[T], wanted: queries.Query) -> tuple[T, ...]:
    return tuple(map(kind.read, _rows(cursor, kind.table, wanted.text, wanted.values)))


def _rows(cursor: Cursor, table: Table, text: str, values: Mapping[str, Any]) -> Iterator[Any]:
    """The rows of a table that were asked for; their columns are attributes."""
    cursor.execute(text, values)
    return map(_row_maker(table.names), cursor.fetchall())


@cache
def _row_maker(columns: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    make_type: Any = namedtuple  # mypy wants the names to be written out
    make: Callable[[Sequence[Any]], Any] = make_type("Row", columns)._make
    return make


def _scalar(cursor: Cursor, text: str) -> Any:
    """The one value that was asked for, or None where there is no row."""
    cursor.execute(text)
    found = cursor.fetchone()
    return None if found is None else found[0]


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
    names = kind.table.key
    return (dict(zip(names, kind.to_key(key), strict=True)) for key in keys)
