"""A store in an SQLite file: how the file is opened, and what keeps it whole.

Write-ahead logging lets people read while a commit is written, and `synchronous=FULL` makes a commit wait for the disk: what
was committed is there after a power cut. The driver's habit of opening transactions by itself, late and not for everything,
is switched off; a writing transaction starts with `BEGIN IMMEDIATE`, so it waits for its turn before it has read anything.

A file is looked at before anything in it is changed: one that is damaged, of another program or of a newer version stays
as it is, byte for byte.

What is SQLite's own is here, in `ddl`, in `migrations` and in the sentences of `failures`; the rest of a `SqlStore` is standard
SQL on whatever connections it is handed. Another database would come in beside this module, with a lock of its own instead of
the file's, and with its driver's marks in place of `:name`.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from evaluator.store import migrations
from evaluator.store.connections import Readers, Writer, transaction
from evaluator.store.failures import explained
from evaluator.store.lock import WriterLock
from evaluator.store.sql import SqlStore, claim_epoch

BUSY_TIMEOUT = 5.0  # seconds that a statement waits for another program's lock

_BEGIN_READING = "BEGIN"
_BEGIN_WRITING = "BEGIN IMMEDIATE"


def open_sqlite(path: Path) -> SqlStore:
    """Open a database file for writing, and make or upgrade its tables. Raises StoreError, see `open_store`."""
    place = path.resolve()
    with explained(str(place)), ExitStack() as undone:
        lock = WriterLock(place)
        undone.callback(lock.release)
        connection = _connect(place)
        undone.callback(connection.close)
        epoch = _prepare(connection)
        lock.pin()
        undone.pop_all()
    readers = Readers(partial(_connect, place), _BEGIN_READING)
    return SqlStore(readers, Writer(connection, _BEGIN_WRITING), str(place), epoch, lock)


def _prepare(connection: sqlite3.Connection) -> int:
    """Check, upgrade and claim the database; the writer's epoch."""
    with transaction(connection, _BEGIN_READING) as cursor:
        migrations.check(cursor)
    connection.execute("PRAGMA journal_mode=WAL")  # the file remembers it; not possible within a transaction
    with transaction(connection, _BEGIN_WRITING) as cursor:
        migrations.upgrade(cursor)
        return claim_epoch(cursor)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous=FULL")
    except BaseException:
        connection.close()
        raise
    return connection
