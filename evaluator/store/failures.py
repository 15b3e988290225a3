"""What went wrong below a store, in one sentence for people, with what to do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from evaluator.store.base import StoreError

_BROKEN = (
    "nothing was changed: move it away together with its -wal and -shm files and bring back a copy, "
    "or start without it, which forgets what is firing and who was told"
)
_SENTENCES = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space, and the next attempt will succeed",
    sqlite3.SQLITE_BUSY: "another program has locked it (a backup, an sqlite3 shell?); it works again when that one lets go",
    sqlite3.SQLITE_LOCKED: "another program has locked it (a backup, an sqlite3 shell?); it works again when that one lets go",
    sqlite3.SQLITE_READONLY: "it can only be read; give this user the right to write to the file and to its directory",
    sqlite3.SQLITE_PERM: "this user may not use it; give it the right to read and write the file and its directory",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; see that its directory exists and that this user may write there",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write; look at the system's log and at the disk's limits and quotas",
    sqlite3.SQLITE_CORRUPT: f"the database is damaged; {_BROKEN}",
    sqlite3.SQLITE_NOTADB: f"it is not an SQLite database, or a damaged one; {_BROKEN}",
    sqlite3.SQLITE_ERROR: f"its tables are not as the evaluator made them; {_BROKEN}",
}


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn what the world does to a store into a StoreError that names the place; our own mistakes pass as they are."""
    try:
        yield
    except StoreError as error:
        raise type(error)(f"{place}: {error}") from error.__cause__
    except OSError as error:
        raise StoreError(
            f"{place}: cannot be used as storage: {error.strerror}; see that its directory exists and is writable"
        ) from error
    except sqlite3.Error as error:
        sentence = _SENTENCES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if sentence is None:
            raise
        raise StoreError(f"{place}: {sentence} ({error})") from error
