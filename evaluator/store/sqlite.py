"""A store in an SQLite file: how the file is opened, and what keeps it whole.

Write-ahead logging lets people read while a commit is written, and `synchronous=FULL` makes a commit wait for the disk: what
was committed is there after a power cut. The driver's habit of opening transactions by itself, late and not for everything,
is switched off; a writing transaction starts with `BEGIN IMMEDIATE`, so it waits for its turn before it has read anything.

A file is looked at before anything in it is changed: one that is damaged, of another program or of a newer version stays
as it is, byte for byte.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from evaluator.store import migrations
from evaluator.store.failures import explained
from evaluator.store.lock import WriterLock
from evaluator.store.sql import SqlStore, claim_epoch
from evaluator.store.writer import Writer

BUSY_TIMEOUT = 5.0  # seconds that a statement waits for another program's lock

_BEGIN_WRITING = "BEGIN IMMEDIATE"


def open_sqlite(path: Path) -> SqlStore:
    """Open a database file for writing, and make or upgrade its tables. Raises StoreError, see `open_store`."""
    place = path.resolve()
    with explained(str(place)):
        lock = WriterLock(place)
        engine = _engine(place)
        try:
            epoch = _prepare(engine)
            lock.pin()
            writer = Writer(engine, _BEGIN_WRITING)
        except BaseException:
            engine.dispose()
            lock.release()
            raise
    return SqlStore(engine, writer, str(place), epoch, lock)


def _prepare(engine: Engine) -> int:
    """Check, upgrade and claim the database; the writer's epoch."""
    with engine.begin() as connection:
        migrations.check(connection)
    _log_ahead(engine)
    with engine.execution_options(writes=True).begin() as connection:
        migrations.upgrade(connection)
        return claim_epoch(connection)


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT, "isolation_level": None, "check_same_thread": False},
    )
    event.listen(engine, "connect", _await_disk)
    event.listen(engine, "begin", _begin)
    return engine


def _await_disk(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous=FULL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql(_BEGIN_WRITING if writes else "BEGIN")


def _log_ahead(engine: Engine) -> None:
    """The file remembers it. Not possible within a transaction, hence on the driver's own connection."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
