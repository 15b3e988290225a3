"""Connections to a database, and whose turn it is.

One connection writes, for whoever comes first, one transaction after the other. Reads have connections of their own, lent and
taken back, each for one transaction: what is read in it is as of one instant, whatever is committed meanwhile.

The protocols are what is used of a driver (PEP 249). Only how to connect and how a transaction begins is a matter of the
database; both are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Protocol

from evaluator.store.base import StoreError

CLOSED = "the store is closed"
KEPT_IDLE = 4  # so many people look at something at the same time; more of them connect anew


class Cursor(Protocol):
    """What of a driver's cursor is used. Values are given by name."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""

    def execute(self, text: str, values: Mapping[str, Any] = ..., /) -> object:
        """Send a statement."""

    def executemany(self, text: str, rows: Sequence[Mapping[str, Any]], /) -> object:
        """Send it once for each of these rows."""

    def fetchone(self) -> Any:
        """The next row of what was asked for."""

    def fetchall(self) -> Any:
        """All rows of it."""

    def close(self) -> None:
        """Let go of what was asked for."""


class Connection(Protocol):
    """What of a driver's connection is used. Any thread may use it, one at a time."""

    def cursor(self) -> Cursor:
        """Something to send statements with."""

    def commit(self) -> None:
        """End the transaction and keep what was done in it."""

    def rollback(self) -> None:
        """End the transaction and keep nothing of it."""

    def close(self) -> None:
        """Let go of the database."""


@contextmanager
def transaction(connection: Connection, begin: str) -> Iterator[Cursor]:
    """What is done with the cursor is kept when the block ends, and nothing of it when it raises."""
    cursor = connection.cursor()
    try:
        cursor.execute(begin)
        yield cursor
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        cursor.close()


class Writer:
    """Makes transactions one after the other, whichever threads ask for them. begin: the statement that each begins with."""

    def __init__(self, connection: Connection, begin: str) -> None:
        """Takes charge of `connection`."""
        self._connection = connection
        self._begin = begin
        self._closed = False
        self._turn = Lock()

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """See `transaction`; waits for its turn. Raises StoreError when all is closed by then."""
        with self._turn:
            if self._closed:
                raise StoreError(CLOSED)
            with transaction(self._connection, self._begin) as cursor:
                yield cursor

    def close(self) -> None:
        """Let go of the connection, once a transaction that is under way has ended."""
        with self._turn:
            self._closed = True
            self._connection.close()


class Readers:
    """Lends connections to whoever reads. begin: the statement that each transaction begins with."""

    def __init__(self, connect: Callable[[], Connection], begin: str) -> None:
        self._connect = connect
        self._begin = begin
        self._idle: list[Connection] = []
        self._closed = False
        self._turn = Lock()

    @contextmanager
    def snapshot(self) -> Iterator[Cursor]:
        """A cursor that sees the database as of one instant. Nobody waits for it, and it waits for nobody.

        Raises StoreError when all is closed.
        """
        connection = self._lent()
        try:
            with transaction(connection, self._begin) as cursor:
                yield cursor
        finally:
            self._take_back(connection)

    def close(self) -> None:
        """Let go of all connections; of those that are lent when they come back."""
        with self._turn:
            self._closed = True
            while self._idle:
                self._idle.pop().close()

    def _lent(self) -> Connection:
        with self._turn:
            if self._closed:
                raise StoreError(CLOSED)
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _take_back(self, connection: Connection) -> None:
        with self._turn:
            if not self._closed and len(self._idle) < KEPT_IDLE:
                self._idle.append(connection)
                return
        connection.close()
