"""Who uses which connection, and what they see through it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from evaluator.store import StoreError
from evaluator.store.connections import KEPT_IDLE, Readers, Writer

Connect = Callable[[], sqlite3.Connection]


@pytest.fixture
def made() -> list[sqlite3.Connection]:
    """The connections that there have been, in the order of their making."""
    return []


@pytest.fixture
def connect(database: Path, made: list[sqlite3.Connection]) -> Connect:
    """Connects to a database with one table of numbers."""
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE numbers (number INTEGER)")

    def one_more() -> sqlite3.Connection:
        made.append(sqlite3.connect(database, isolation_level=None))
        return made[-1]

    return one_more


@pytest.fixture
def readers(connect: Connect) -> Iterator[Readers]:
    with closing(Readers(connect, "BEGIN")) as readers:
        yield readers


@pytest.fixture
def writer(connect: Connect) -> Iterator[Writer]:
    with closing(Writer(connect(), "BEGIN IMMEDIATE")) as writer:
        yield writer


def is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return False
    return True


def write(writer: Writer, number: int) -> None:
    with writer.transaction() as cursor:
        cursor.execute("INSERT INTO numbers VALUES (:number)", {"number": number})


def test_a_snapshot_stays_as_it_was_while_others_write(readers: Readers, writer: Writer) -> None:
    write(writer, 1)
    with readers.snapshot() as cursor:
        cursor.execute("SELECT number FROM numbers")
        assert cursor.fetchall() == [(1,)]
        write(writer, 2)
        cursor.execute("SELECT number FROM numbers")
        assert cursor.fetchall() == [(1,)]
    with readers.snapshot() as cursor:
        cursor.execute("SELECT number FROM numbers")
        assert cursor.fetchall() == [(1,), (2,)]


def test_one_after_the_other_reads_by_the_same_connection(readers: Readers, made: list[sqlite3.Connection]) -> None:
    """Also after somebody's reading has failed."""
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError), readers.snapshot() as cursor:
            cursor.execute("SELECT nothing FROM numbers")
        with readers.snapshot() as cursor:
            cursor.execute("SELECT number FROM numbers")
    assert len(made) == 1


def test_nobody_waits_and_a_few_connections_are_kept(readers: Readers, made: list[sqlite3.Connection]) -> None:
    with ExitStack() as many:
        for _ in range(KEPT_IDLE + 3):
            many.enter_context(readers.snapshot())
        assert len(made) == KEPT_IDLE + 3
    assert sum(map(is_open, made)) == KEPT_IDLE


def test_what_is_lent_when_all_is_closed_is_closed_when_it_comes_back(readers: Readers, made: list[sqlite3.Connection]) -> None:
    with readers.snapshot() as cursor:
        with readers.snapshot():
            pass
        readers.close()
        assert list(map(is_open, made)) == [True, False]
        cursor.execute("SELECT number FROM numbers")
    assert list(map(is_open, made)) == [False, False]


def test_a_transaction_that_fails_leaves_nothing(readers: Readers, writer: Writer) -> None:
    with pytest.raises(sqlite3.ProgrammingError), writer.transaction() as cursor:
        cursor.executemany("INSERT INTO numbers VALUES (:number)", [{"number": 1}, {}])
    write(writer, 2)
    with readers.snapshot() as cursor:
        cursor.execute("SELECT number FROM numbers")
        assert cursor.fetchall() == [(2,)]


def test_who_comes_when_all_is_closed_is_told(readers: Readers, writer: Writer, made: list[sqlite3.Connection]) -> None:
    """Also who has waited for a turn meanwhile; nothing is opened again."""
    writer.close()
    readers.close()
    with pytest.raises(StoreError, match="the store is closed"), writer.transaction():
        pass
    with pytest.raises(StoreError, match="the store is closed"), readers.snapshot():
        pass
    assert len(made) == 1
