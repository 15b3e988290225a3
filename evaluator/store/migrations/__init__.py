"""How a database file comes to have the tables of this version.

A new one is given them as `schema` has them. One of an earlier version takes the steps from there, in order, all in one
transaction. A step is never edited once released, so it is written out as text and does not look at `schema`; a change of the
tables is a new step, a new edition of `schema`, and a sample of the version that it leaves behind, which the tests migrate
from then on, and compare with a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evaluator.store.base import StoreError
from evaluator.store.connections import Cursor
from evaluator.store.ddl import creating
from evaluator.store.migrations import m0002_firings, m0003_marks
from evaluator.store.schema import TABLES, meta

Step = Callable[[Cursor], None]

STEPS: tuple[Step, ...] = (m0002_firings.upgrade, m0003_marks.upgrade)
"""The first one leads from version 1 to version 2."""

VERSION = 1 + len(STEPS)

_STAMP = "schema"


def version_of(cursor: Cursor) -> int:
    """The version of the tables; 0 where there are none. Raises StoreError when the tables are somebody else's."""
    cursor.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'")
    tables = {name for (name,) in cursor.fetchall()}
    if not tables:
        return 0
    cursor.execute("SELECT name FROM pragma_table_info(:table)", {"table": meta.name})
    if {name for (name,) in cursor.fetchall()} == set(meta.names):
        cursor.execute("SELECT value FROM meta WHERE name = :name", {"name": _STAMP})
        stamp = cursor.fetchone()
        if stamp is not None and str(stamp[0]).isdecimal():
            return int(stamp[0])
    raise StoreError("it is the database of another program; name another file as storage")


def check(cursor: Cursor, newest: int = VERSION) -> None:
    """Raise StoreError unless the database is empty, or of a version up to `newest`. Writes nothing."""
    version = version_of(cursor)
    if version > newest:
        raise StoreError(
            f"its schema has version {version} and this evaluator knows versions up to {newest}; nothing was changed: "
            "run the newer evaluator that wrote it, or name another file as storage"
        )


def upgrade(cursor: Cursor, steps: Sequence[Step] = STEPS) -> None:
    """Make the tables, or take the steps that the database has not taken yet, within the transaction of `cursor`."""
    version = version_of(cursor)
    if version == 0:
        _make(cursor)
        version = VERSION
    for step in steps[version - 1 :]:
        step(cursor)
    if version <= len(steps):
        _stamp(cursor, 1 + len(steps))


def _make(cursor: Cursor) -> None:
    for table in TABLES:
        for text in creating(table):
            cursor.execute(text)
    _stamp(cursor, VERSION)


def _stamp(cursor: Cursor, version: int) -> None:
    cursor.execute("DELETE FROM meta WHERE name = :name", {"name": _STAMP})
    cursor.execute("INSERT INTO meta (name, value) VALUES (:name, :value)", {"name": _STAMP, "value": str(version)})
