"""How a database comes to have the tables of this version.

Every database, new or old, takes the same steps: those numbered above its own version, in order, all in one transaction.
An empty database has version 0. A step is never edited once released; a change of the tables is a new step, a new edition
of `schema`, and a sample of the version that it leaves behind, which the tests migrate from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, inspect, select

from evaluator.store.base import StoreError
from evaluator.store.migrations import m0001_first, m0002_firings
from evaluator.store.schema import meta

Step = Callable[[Connection], None]

STEPS: tuple[Step, ...] = (m0001_first.upgrade, m0002_firings.upgrade)
VERSION = len(STEPS)

_STAMP = meta.c.name == "schema"


def version_of(connection: Connection) -> int:
    """The version of the tables; 0 where there are none. Raises StoreError when the tables are somebody else's."""
    tables = inspect(connection)
    if not tables.get_table_names():
        return 0
    if tables.has_table(meta.name) and {column["name"] for column in tables.get_columns(meta.name)} == set(meta.c.keys()):
        stamp = connection.scalar(select(meta.c.value).where(_STAMP))
        if stamp is not None and stamp.isdecimal():
            return int(stamp)
    raise StoreError("it is the database of another program; name another file as storage")


def check(connection: Connection, newest: int = VERSION) -> None:
    """Raise StoreError unless the database is empty, or of a version up to `newest`. Writes nothing."""
    version = version_of(connection)
    if version > newest:
        raise StoreError(
            f"its schema has version {version} and this evaluator knows versions up to {newest}; nothing was changed: "
            "run the newer evaluator that wrote it, or name another file as storage"
        )


def upgrade(connection: Connection, steps: Sequence[Step] = STEPS) -> None:
    """Take the steps that the database has not taken yet, within the transaction of `connection`."""
    version = version_of(connection)
    if version >= len(steps):
        return
    for step in steps[version:]:
        step(connection)
    connection.execute(meta.delete().where(_STAMP))
    connection.execute(meta.insert().values(name="schema", value=str(len(steps))))
