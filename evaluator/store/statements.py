"""What a commit sends and a start asks for: the text for each table, made once. Values are given by name.

Standard SQL, as far as there is one: `ON CONFLICT` and `LIMIT` are understood by SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from evaluator.store.schema import Table


@cache
def everything(table: Table) -> str:
    """Ask for all rows, in the order of their keys."""
    return f"{selecting(table)} ORDER BY {', '.join(table.key)}"


@cache
def selecting(table: Table) -> str:
    """Ask for rows; which ones, and in what order, is to follow."""
    return f"SELECT {', '.join(table.names)} FROM {table.name}"


@cache
def saving(table: Table) -> str:
    """Keep a row in place of the one with the same key."""
    news = ", ".join(f"{name} = excluded.{name}" for name in table.names if name not in table.key)
    return f"{_inserting(table, table.names)} ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {news}"


@cache
def forgetting(table: Table) -> str:
    """Drop the row with a key, whose parts are called as the columns are."""
    return f"DELETE FROM {table.name} WHERE {' AND '.join(f'{name} = :{name}' for name in table.key)}"


@cache
def noting(table: Table) -> str:
    """Append a row, which is given its number."""
    return _inserting(table, [name for name in table.names if name not in table.key])


@cache
def pruning(table: Table) -> str:
    """Drop some rows that are older than `before`, `most` at most."""
    return f"DELETE FROM {table.name} WHERE id IN (SELECT id FROM {table.name} WHERE at < :before LIMIT :most)"


OUTLIVED_INCIDENTS = (
    "SELECT number FROM incidents"
    " WHERE resolved_at < :before AND number < (SELECT max(number) FROM incidents) LIMIT :most"
)  # fmt: skip
"""The numbers of some incidents that were over before `before`, `most` at most, and never that of the newest one."""

FORGETTING_INCIDENT = (
    "DELETE FROM pages WHERE incident = :number",
    "DELETE FROM incident_events WHERE incident = :number",
    "DELETE FROM incidents WHERE number = :number",
)
"""Drop everything about the incident `number`, itself the last."""

EPOCH = "SELECT value FROM meta WHERE name = 'epoch'"
"""Ask for the number of the writer."""

CLAIMING = (
    "INSERT INTO meta (name, value) VALUES ('epoch', :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)  # fmt: skip
"""Keep the number of the writer."""


def _inserting(table: Table, names: Iterable[str]) -> str:
    known = list(names)
    return f"INSERT INTO {table.name} ({', '.join(known)}) VALUES ({', '.join(f':{name}' for name in known)})"
