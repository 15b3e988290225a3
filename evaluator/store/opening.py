"""From the `storage` of a configuration to a store."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from evaluator.store.base import Store, StoreError
from evaluator.store.memory import MemoryStore
from evaluator.store.sqlite import open_sqlite

_REMEDY = "name a file, as in sqlite:///evaluator.db or sqlite:////var/lib/evaluator/evaluator.db"


def open_store(url: str) -> Store:
    """Open the storage that `url` names, as its only writer.

    `sqlite:///evaluator.db` is a file, relative to the working directory; with four slashes the path is absolute. It is made
    when it is not there, its directory is not. `sqlite://` keeps everything in memory and loses it at the end.

    Raises StoreError when the URL is not understood, when the file cannot be written, is damaged, belongs to another program
    or was written by a newer version, and when another process has it open. The file is then as it was.
    """
    parsed = _parse(url)
    if parsed.database in (None, ":memory:"):
        return MemoryStore()
    return open_sqlite(Path(parsed.database))


def _parse(text: str) -> URL:
    """The parts of a URL that names an SQLite file or memory. The text may hold a password, so errors do not repeat it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError(f"the storage is not a URL; {_REMEDY}") from None
    if url.get_backend_name() != "sqlite":
        raise StoreError(f"storage {url.get_backend_name()}: is not supported; {_REMEDY}")
    if url.host is not None or url.database == "":
        raise StoreError(f"storage {url.render_as_string()}: the path must follow three slashes; {_REMEDY}")
    if url.query:
        raise StoreError(f"storage {url.render_as_string()}: options after a question mark are not supported; {_REMEDY}")
    return url
