"""What is asked of the tables: of the history, and of incidents."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, select

from evaluator.core.incidents.incident import REMEMBERED
from evaluator.core.incidents.records import IncidentState
from evaluator.store.codec.kind import to_duration, to_micros
from evaluator.store.schema import incidents, pages

Rows = Select[Any]


def noted(table: Table, since: datetime | None, until: datetime | None, terms: dict[str, str | int], limit: int) -> Rows:
    """History, the newest first."""
    wanted = select(table).order_by(table.c.at.desc(), table.c.id.desc()).limit(limit)
    for name, value in terms.items():
        wanted = wanted.where(table.c["group_id" if name == "group" else name] == value)
    return _within(wanted, table.c.at, since, until)


def recent_incidents() -> Rows:
    """Those that are open, and those that ended not long before the newest end of any."""
    return select(incidents).where(_recent()).order_by(incidents.c.number)


def recent_pages() -> Rows:
    """Those of the recent incidents."""
    numbers = select(incidents.c.number).where(_recent())
    return select(pages).where(pages.c.incident.in_(numbers)).order_by(pages.c.id)


def newest_incident() -> Rows:
    """The greatest number, or NULL."""
    return select(func.max(incidents.c.number))


def incident(number: int) -> Rows:
    """One incident."""
    return select(incidents).where(incidents.c.number == number)


def opened(since: datetime | None, until: datetime | None, states: Collection[IncidentState], limit: int) -> Rows:
    """Incidents that opened within a time, the newest first."""
    wanted = select(incidents).order_by(incidents.c.opened_at.desc(), incidents.c.number.desc()).limit(limit)
    wanted = wanted.where(incidents.c.state.in_([state.value for state in states]))
    return _within(wanted, incidents.c.opened_at, since, until)


def planned(incident: int | None, since: datetime | None, until: datetime | None, limit: int) -> Rows:
    """Pages that were planned within a time, the newest first."""
    wanted = select(pages).order_by(pages.c.created_at.desc(), pages.c.due_at.desc(), pages.c.id.desc()).limit(limit)
    if incident is not None:
        wanted = wanted.where(pages.c.incident == incident)
    return _within(wanted, pages.c.created_at, since, until)


def _recent() -> ColumnElement[bool]:
    newest_end = select(func.max(incidents.c.resolved_at)).scalar_subquery()
    return incidents.c.resolved_at.is_(None) | (incidents.c.resolved_at > newest_end - to_duration(REMEMBERED))


def _within(wanted: Rows, column: ColumnElement[int], since: datetime | None, until: datetime | None) -> Rows:
    if since is not None:
        wanted = wanted.where(column >= to_micros(since))
    if until is not None:
        wanted = wanted.where(column < to_micros(until))
    return wanted
