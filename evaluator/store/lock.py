"""One writer per database file, seen to by the kernel.

The lock is held on a file of its own beside the database, because SQLite locks the database itself many times a second.
It goes when the process does, however that ends, so a leftover file means nothing and is never removed: to remove it
would let two processes hold locks on two files of one name.
"""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

from evaluator.store.base import StoreError


class WriterLock:
    """The right to write to a database file, held from the making of this object until `release`."""

    def __init__(self, database: Path) -> None:
        """Raises StoreError, naming the holder, when another has it, and OSError when its file cannot be made."""
        path = database.with_name(f"{database.name}-lock")
        self._database = database
        self._pinned: tuple[int, int] | None = None
        self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._sign(self._file)
        except BlockingIOError:
            holder = os.pread(self._file, 1000, 0).decode(errors="replace").strip()
            self.release()
            raise StoreError(
                f"it is in use by {holder or 'another process'}; stop that one, or name another file as storage"
            ) from None
        except OSError:
            self.release()
            raise

    def pin(self) -> None:
        """Remember which file the database is, now that there is one."""
        self._pinned = self._identity()

    def check(self) -> None:
        """Raise StoreError when the file is not where it was: what is written to it then is gone with the process."""
        if self._identity() != self._pinned:
            raise StoreError("the file was moved, deleted or replaced while in use; put it back, or restart to begin anew")

    def release(self) -> None:
        """Let others have it. Releasing twice is fine."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _sign(self, file: int) -> None:
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._database)
        except FileNotFoundError:
            return None
        return (found.st_dev, found.st_ino)
