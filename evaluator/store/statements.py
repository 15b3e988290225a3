"""What a commit sends and a start asks for, in the words of SQLite: put together by SQLAlchemy once for each table.

Values are given by name.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, delete, func, insert, select, text
from sqlalchemy.dialects import sqlite

from evaluator.store.schema import incident_events, incidents, meta, pages

_DIALECT = sqlite.dialect(paramstyle="named")


@cache
def everything(table: Table) -> str:
    """Ask for all rows, in the order of their keys."""
    return _text(select(table).order_by(*table.primary_key))


@cache
def saving(table: Table) -> str:
    """Keep a row in place of the one with the same key."""
    new = sqlite.insert(table)
    columns = {column.name: new.excluded[column.name] for column in table.columns if not column.primary_key}
    return _text(new.on_conflict_do_update(index_elements=list(table.primary_key), set_=columns))


@cache
def forgetting(table: Table) -> str:
    """Drop the row with a key, whose parts are called as the columns are."""
    return _text(delete(table).where(*(column == bindparam(column.name) for column in table.primary_key)))


@cache
def noting(table: Table) -> str:
    """Append a row, which is given its number."""
    return _text(insert(table), column_keys=[column.name for column in table.columns if not column.primary_key])


@cache
def pruning(table: Table) -> str:
    """Drop some rows that are older than `before`, `most` at most."""
    oldest = select(table.c.id).where(table.c.at < bindparam("before")).suffix_with(text("LIMIT :most"))
    return _text(delete(table).where(table.c.id.in_(oldest)))


@cache
def outlived_incidents() -> str:
    """The numbers of some incidents that were over before `before`, `most` at most, and never that of the newest one."""
    newest = select(func.max(incidents.c.number)).scalar_subquery()
    old = (incidents.c.resolved_at < bindparam("before")) & (incidents.c.number < newest)
    return _text(select(incidents.c.number).where(old).suffix_with(text("LIMIT :most")))


@cache
def forgetting_incident() -> tuple[str, ...]:
    """Drop everything about the incident `number`, itself the last."""
    of = [(pages, pages.c.incident), (incident_events, incident_events.c.incident), (incidents, incidents.c.number)]
    return tuple(_text(delete(table).where(column == bindparam("number"))) for table, column in of)


@cache
def epoch() -> str:
    """Ask for the number of the writer."""
    return _text(select(meta.c.value).where(meta.c.name == bindparam("name")))


def _text(statement: Any, **options: Any) -> str:
    return str(statement.compile(dialect=_DIALECT, **options))
