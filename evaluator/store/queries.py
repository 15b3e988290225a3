"""What is asked of the tables: of the history, and of incidents."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from evaluator.core.frozen import frozen
from evaluator.core.incidents.incident import REMEMBERED
from evaluator.core.incidents.records import IncidentState
from evaluator.store.codec.groups import mark
from evaluator.store.codec.kind import to_duration, to_micros
from evaluator.store.schema import Table, incidents, pages
from evaluator.store.statements import selecting

_RECENT = f"(resolved_at IS NULL OR resolved_at > (SELECT max(resolved_at) FROM incidents) - {to_duration(REMEMBERED)})"

NEWEST_INCIDENT = "SELECT max(number) FROM incidents"
"""The greatest number, or NULL."""


@frozen
class Query:
    """text: SQL, whole or a condition, in which values are named. values: by these names."""

    text: str
    values: dict[str, Any]


def noted(table: Table, since: datetime | None, until: datetime | None, terms: dict[str, str | int], limit: int) -> Query:
    """History, the newest first."""
    wanted = [_equal(column, value) for term in terms.items() for column, value in _columns(*term)]
    return _newest(table, ("at", "id"), [*wanted, *_within("at", since, until)], limit)


def recent_incidents() -> Query:
    """Those that are open, and those that ended not long before the newest end of any."""
    return Query(f"{selecting(incidents)} WHERE {_RECENT} ORDER BY number", {})


def recent_pages() -> Query:
    """Those of the recent incidents."""
    return Query(f"{selecting(pages)} WHERE incident IN (SELECT number FROM incidents WHERE {_RECENT}) ORDER BY id", {})


def incident(number: int) -> Query:
    """One incident."""
    return Query(f"{selecting(incidents)} WHERE number = :number", {"number": number})


def opened(since: datetime | None, until: datetime | None, states: Collection[IncidentState], limit: int) -> Query:
    """Incidents that opened within a time, the newest first."""
    wanted = [_one_of("state", [state.value for state in states]), *_within("opened_at", since, until)]
    return _newest(incidents, ("opened_at", "number"), wanted, limit)


def planned(incident: int | None, since: datetime | None, until: datetime | None, limit: int) -> Query:
    """Pages that were planned within a time, the newest first."""
    wanted = [] if incident is None else [_equal("incident", incident)]
    return _newest(pages, ("created_at", "due_at", "id"), [*wanted, *_within("created_at", since, until)], limit)


def _newest(table: Table, order: tuple[str, ...], wanted: list[Query], limit: int) -> Query:
    """Rows that meet all conditions, the greatest by `order` first."""
    where = f" WHERE {' AND '.join(one.text for one in wanted)}" if wanted else ""
    by = ", ".join(f"{name} DESC" for name in order)
    values = {name: value for one in wanted for name, value in one.values.items()}
    return Query(f"{selecting(table)}{where} ORDER BY {by} LIMIT :limit", {**values, "limit": limit})


def _columns(term: str, value: str | int) -> list[tuple[str, str | int]]:
    """What a condition on a record is in its row."""
    return [("group_mark", mark(str(value))), ("group_id", value)] if term == "group" else [(term, value)]


def _equal(column: str, value: str | int) -> Query:
    return Query(f"{column} = :{column}", {column: value})


def _one_of(column: str, known: list[str]) -> Query:
    values = {f"{column}_{number}": value for number, value in enumerate(known)}
    return Query(f"{column} IN ({', '.join(f':{name}' for name in values)})", values)


def _within(column: str, since: datetime | None, until: datetime | None) -> Iterator[Query]:
    if since is not None:
        yield Query(f"{column} >= :since", {"since": to_micros(since)})
    if until is not None:
        yield Query(f"{column} < :until", {"until": to_micros(until)})
