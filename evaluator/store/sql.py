"""A store in a relational database: what is the same whichever it is.

Each commit is one transaction that first makes sure that this process is still the writer. Opening a store raises a number
in the database, the writer's epoch; whoever finds another number than its own has been superseded and writes nothing. On
one machine a file lock already keeps a second writer out, and the check is the second line of defence.

The rows of one table are written by one statement that was compiled once, so a commit costs what its rows cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Delete, Engine, Table, bindparam, delete, insert, select
from sqlalchemy.dialects import sqlite

from evaluator.core.records import Record
from evaluator.store.base import DEFAULT_LIMIT, Change, H, Kept, StoreError, SupersededError
from evaluator.store.changes import Changes, Key, net_changes
from evaluator.store.codec.history import HISTORY
from evaluator.store.codec.kind import Kind, T, to_micros
from evaluator.store.codec.records import ALERTS, GROUPS, LEDGER, OUTBOX, RECORDS, RULE_ALERTS, SILENCES, WINDOWS
from evaluator.store.failures import explained
from evaluator.store.lock import WriterLock
from evaluator.store.schema import meta
from evaluator.store.search import search_terms

PRUNED_AT_ONCE = 5000  # so that pruning a month of history keeps no commit waiting

_EPOCH = meta.c.name == "epoch"


class SqlStore:
    """See `Store`. Made by `open_store`."""

    def __init__(self, engine: Engine, place: str, epoch: int, lock: WriterLock) -> None:
        """Takes charge of `engine` and `lock`. place: what to call the database when something is wrong with it."""
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
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
                meta={row.name: row.value for row in connection.execute(select(meta))},
            )

    def commit(self, effects: Sequence[Change]) -> None:
        """See `Store.commit`. Without effects the disk is not touched."""
        self._check_open()
        if effects:
            changes = net_changes(effects)
            with self._writing() as connection:
                _write(connection, changes)

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
        limit: int = DEFAULT_LIMIT,
    ) -> list[H]:
        """See `Store.history`."""
        terms = search_terms(kind, group=group, rule=rule, fingerprint=fingerprint, outbox=outbox)
        kept: Kind[H] = HISTORY[kind]
        columns = kept.table.c
        wanted = select(kept.table).order_by(columns.at.desc(), columns.id.desc()).limit(limit)
        if since is not None:
            wanted = wanted.where(columns.at >= to_micros(since))
        if until is not None:
            wanted = wanted.where(columns.at < to_micros(until))
        for name, value in terms.items():
            wanted = wanted.where(columns["group_id" if name == "group" else name] == value)
        with self._reading() as connection:
            return [kept.read(row) for row in connection.execute(wanted)]

    def prune(self, before: datetime) -> int:
        """See `Store.prune`. Done in several transactions, so that commits find their turn in between."""
        return sum(self._prune(kind.table, to_micros(before)) for kind in HISTORY.values())

    def close(self) -> None:
        """See `Store.close`."""
        self._closed = True
        self._engine.dispose()
        self._lock.release()

    def _prune(self, table: Table, before: int) -> int:
        oldest = select(table.c.id).where(table.c.at < before).limit(PRUNED_AT_ONCE)
        dropped = 0
        while True:
            with self._writing() as connection:
                count = connection.execute(delete(table).where(table.c.id.in_(oldest))).rowcount
            dropped += count
            if count < PRUNED_AT_ONCE:
                return dropped

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._check_open()
        with explained(self._place), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        self._check_open()
        with explained(self._place):
            self._lock.check()
            with self._writer.begin() as connection:
                self._check_epoch(connection)
                yield connection

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self._place}: the store is closed")

    def _check_epoch(self, connection: Connection) -> None:
        epoch = _epoch_of(connection)
        if epoch != self._epoch:
            raise SupersededError(
                f"another process writes to it now (epoch {epoch}, ours is {self._epoch}); this one has to stop"
            )


def claim_epoch(connection: Connection) -> int:
    """Become the writer: raise the epoch by one, and say what it is now."""
    epoch = _epoch_of(connection) + 1
    connection.execute(delete(meta).where(_EPOCH))
    connection.execute(insert(meta).values(name="epoch", value=str(epoch)))
    return epoch


def _epoch_of(connection: Connection) -> int:
    """The current writer's epoch, 0 before the first; other writers wait until the transaction is over."""
    return int(connection.scalar(select(meta.c.value).where(_EPOCH).with_for_update()) or 0)


def _read_all(connection: Connection, kind: Kind[T]) -> tuple[T, ...]:
    return tuple(kind.read(row) for row in connection.execute(select(kind.table).order_by(*kind.table.primary_key)).all())


def _write(connection: Connection, changes: Changes) -> None:
    for record, keys in changes.forgotten.items():
        _forget(connection, record, keys)
    for record, saved in changes.saved.items():
        kind = RECORDS[record]
        _run(connection, _upsert(kind.table), map(kind.to_row, saved.values()))
    for note, notes in changes.noted.items():
        kind = HISTORY[note]
        _run(connection, insert(kind.table), map(kind.to_row, notes))


def _forget(connection: Connection, record: type[Record], keys: Iterable[Key]) -> None:
    table = RECORDS[record].table
    names = [f"key_{column.name}" for column in table.primary_key]
    _run(connection, _delete(table), (dict(zip(names, key, strict=True)) for key in keys))


def _run(connection: Connection, statement: Any, rows: Iterable[dict[str, Any]]) -> None:
    """One statement for many rows; for none it is not run, since without rows it would mean something else."""
    batch = list(rows)
    if batch:
        connection.execute(statement, batch)


@cache
def _upsert(table: Table) -> sqlite.Insert:
    new = sqlite.insert(table)
    columns = {column.name: new.excluded[column.name] for column in table.columns if not column.primary_key}
    return new.on_conflict_do_update(index_elements=list(table.primary_key), set_=columns)


@cache
def _delete(table: Table) -> Delete:
    return delete(table).where(*(column == bindparam(f"key_{column.name}") for column in table.primary_key))
