"""The tables, as this version of the evaluator uses them. How a database came to have them is told by `migrations`.

There is one table for each kind of record. A column of its own has what is looked up, sorted by, or worth a look with the
`sqlite3` shell at night: keys, states, times. Everything else is in `body`, as JSON, so that a field more with a default
needs no migration. Times are whole microseconds since 1970 in UTC, durations whole microseconds. `group` is a reserved word,
hence `group_id`; so are `by` and `offset`, hence `actor` and `delay`.
"""

from __future__ import annotations

from typing import Literal

from evaluator.core.frozen import frozen


@frozen
class Column:
    """optional: whether it may be NULL. key: whether it is part of what names a row."""

    name: str
    type: Literal["TEXT", "BIGINT", "INTEGER"]
    optional: bool = False
    key: bool = False


@frozen
class Index:
    """What some columns together are called: rows are found by them, or differ in them."""

    name: str
    columns: tuple[str, ...]


@frozen
class Table:
    """indexes: beside the key's. unique: what there can be in one row only, beside the key."""

    name: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...] = ()
    unique: tuple[Index, ...] = ()

    def __hash__(self) -> int:
        """Names differ, and each commit looks up the texts of some tables."""
        return hash(self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """The names of the columns that name a row."""
        return tuple(column.name for column in self.columns if column.key)


def _table(name: str, *columns: tuple[Column, ...], indexes: tuple[Index, ...] = (), unique: tuple[Index, ...] = ()) -> Table:
    return Table(name, sum(columns, ()), indexes, unique)


def _history(name: str, *columns: tuple[Column, ...], indexes: tuple[Index, ...] = ()) -> Table:
    """A table that numbers its rows by itself, and is looked through by time."""
    by_time = Index(f"{name}_by_time", ("at",))
    return _table(name, (Column("id", "INTEGER", key=True),), _times("at"), *columns, indexes=(by_time, *indexes))


def _keys(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "TEXT", key=True) for name in names)


def _texts(*names: str, optional: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name, "TEXT", optional) for name in names)


def _times(*names: str, optional: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name, "BIGINT", optional) for name in names)


def _counts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "INTEGER") for name in names)


meta = _table("meta", _keys("name"), _texts("value"))

rule_alerts = _table(
    "rule_alerts",
    _keys("rule", "fingerprint"),
    _texts("state"),
    _times("active_at"),
    _times("fired_at", "resolved_at", "keep_firing_since", optional=True),
    _texts("body"),
)

alerts = _table(
    "alerts",
    _keys("fingerprint", "within"),
    _times("starts_at", "updated_at"),
    _times("ends_at", optional=True),
    _texts("body"),
)

alert_groups = _table(
    "alert_groups",
    _keys("id"),
    _texts("route_id", "receiver"),
    _times("created_at", "flush_at"),
    _times("flushed_at", optional=True),
    _texts("body"),
)

ledger = _table("ledger", _keys("group_id", "integration"), _times("told_at"), _texts("body"))

outbox = _table(
    "outbox",
    _keys("id"),
    _texts("group_id", "receiver", "integration"),
    _times("created_at"),
    _times("retry_at", optional=True),
    _counts("attempts"),
    _texts("body"),
)

silences = _table(
    "silences",
    _keys("id"),
    _times("starts_at", "ends_at"),
    _times("updated_at", optional=True),
    _texts("body"),
)

windows = _table(
    "windows",
    _keys("id"),
    _texts("name", "schedule"),
    _times("until", "updated_at", optional=True),
    _texts("body"),
)

incidents = _table(
    "incidents",
    (Column("number", "INTEGER", key=True),),
    _texts("state", "severity", "title", "owner"),
    _counts("epoch", "level"),
    _times("opened_at", "updated_at"),
    _times("due_at", "resolved_at", optional=True),
    _texts("policy", "body"),
    indexes=(Index("incidents_by_opening", ("opened_at",)), Index("incidents_by_end", ("resolved_at",))),
)
"""due_at: what `next_step` says, for people who look at the table; nobody reads it back. policy: as JSON."""

PAGE_ONCE = ("incident", "epoch", "level", "whom", "way", "delay", "kind", "serial")
"""What there can be one page of, whatever it is called."""

pages = _table(
    "pages",
    _keys("id"),
    _counts("incident", "epoch", "level"),
    _texts("whom", "way"),
    _times("delay"),
    _texts("kind"),
    _counts("serial"),
    _texts("integration", "state"),
    _times("created_at", "due_at"),
    _times("sent_at", optional=True),
    _texts("body"),
    indexes=(Index("pages_by_time", ("created_at",)),),
    unique=(Index("pages_once", PAGE_ONCE),),
)

maintenance = _table(
    "maintenance",
    _keys("id"),
    _texts("component"),
    _times("starts_at", "ends_at"),
    _texts("author", "reason", "body"),
)

overrides = _table(
    "overrides",
    _keys("id"),
    _texts("schedule"),
    _times("starts_at", "ends_at"),
    _texts("replaced", "stand_in", "author", "body"),
)

firings = _table("firings", _keys("rule"), _times("known_since"), _times("fired_at", optional=True))

transitions = _history(
    "transitions",
    _texts("rule", "fingerprint"),
    _texts("state_before", "state_after", optional=True),
    _texts("body"),
    indexes=(Index("transitions_by_alert", ("fingerprint", "at")),),
)

_MARK = (Column("group_mark", "BIGINT"),)
"""What the rows of an alert group are found by: a number made from `group_id`."""

decisions = _history(
    "decisions",
    _texts("group_id", "integration", "reason", "body"),
    _MARK,
    indexes=(Index("decisions_by_group", ("group_mark", "at")),),
)

attempts = _history(
    "attempts",
    _texts("outbox", "group_id", "integration", "error", "body"),
    _MARK,
    indexes=(Index("attempts_by_group", ("group_mark", "at")),),
)

incident_events = _history(
    "incident_events",
    _counts("incident", "epoch", "level"),
    _texts("what", "detail", "actor", "via", "body"),
    indexes=(Index("incident_events_by_incident", ("incident", "at")),),
)

TABLES = (
    *(meta, rule_alerts, alerts, alert_groups, ledger, outbox, silences, windows),
    *(incidents, pages, maintenance, overrides, firings),
    *(transitions, decisions, attempts, incident_events),
)
