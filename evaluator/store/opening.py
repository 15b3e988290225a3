"""From the `storage` of a configuration to a store."""

from __future__ import annotations

import re
from pathlib import Path

from evaluator.store.base import Store, StoreError
from evaluator.store.memory import MemoryStore
from evaluator.store.sqlite import open_sqlite

_REMEDY = "name a file, as in sqlite:///evaluator.db or sqlite:////var/lib/evaluator/evaluator.db"
_SCHEME = re.compile(r"[\w+]+")
_SECRET = re.compile(r"//.*@")


def open_store(url: str) -> Store:
    """Open the storage that `url` names, as its only writer.

    `sqlite:///evaluator.db` is a file, relative to the working directory; with four slashes the path is absolute. It is made
    when it is not there, its directory is not. `sqlite://` keeps everything in memory and loses it at the end.

    Raises StoreError when the URL is not understood, when the file cannot be written, is damaged, belongs to another program
    or was written by a newer version, and when another process has it open. The file is then as it was.
    """
    file = _file(url)
    return MemoryStore() if file in (None, ":memory:") else open_sqlite(Path(file))


def _file(url: str) -> str | None:
    """The file that a URL names, None for memory. The text may hold a password, so errors do not repeat it."""
    scheme, found, rest = url.partition("://")
    if not found or not _SCHEME.fullmatch(scheme):
        raise StoreError(f"the storage is not a URL; {_REMEDY}")
    kind = scheme.partition("+")[0]
    if kind != "sqlite":
        raise StoreError(f"storage {kind}: is not supported; {_REMEDY}")
    place, options, _ = rest.partition("?")
    host, slash, file = place.partition("/")
    shown = _SECRET.sub("//***@", url)
    if host or (slash and not file):
        raise StoreError(f"storage {shown}: the path must follow three slashes; {_REMEDY}")
    if options:
        raise StoreError(f"storage {shown}: options after a question mark are not supported; {_REMEDY}")
    return file or None
