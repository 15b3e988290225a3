"""How a commit is written: by the database's driver itself, on a connection of its own.

To send a statement through SQLAlchemy costs several times what SQLite does for it. A notification takes two commits, and
whoever waits for it waits for the first one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Protocol

from sqlalchemy import Engine


class Cursor(Protocol):
    """What of a driver's cursor is used."""

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


class Writer:
    """Makes transactions one after the other, whichever threads ask for them. begin: the statement that each begins with."""

    def __init__(self, engine: Engine, begin: str) -> None:
        self._connection = engine.raw_connection()
        self._begin = begin
        self._turn = Lock()

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """What is done with the cursor is kept when the block ends, and nothing of it when it raises."""
        with self._turn:
            cursor = self._connection.cursor()
            try:
                cursor.execute(self._begin)
                yield cursor
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise
            finally:
                cursor.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()
