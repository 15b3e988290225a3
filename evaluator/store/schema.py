"""The tables, as this version of the evaluator uses them. How a database came to have them is told by `migrations`.

There is one table for each kind of record. A column of its own has what is looked up, sorted by, or worth a look with the
`sqlite3` shell at night: keys, states, times. Everything else is in `body`, as JSON, so that a field more with a default
needs no migration. Times are whole microseconds since 1970 in UTC. `group` is a reserved word, hence `group_id`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

metadata = MetaData()

# Only a column that is plainly INTEGER numbers its rows by itself in SQLite.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _time(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=optional)


def _state(name: str) -> Column[str]:
    return Column(name, Text, nullable=True)


def _number() -> Column[int]:
    return Column("id", _NUMBER, primary_key=True)


meta = Table("meta", metadata, _text("name", key=True), _text("value"))

rule_alerts = Table(
    "rule_alerts",
    metadata,
    _text("rule", key=True),
    _text("fingerprint", key=True),
    _text("state"),
    _time("active_at"),
    _time("fired_at", optional=True),
    _time("resolved_at", optional=True),
    _time("keep_firing_since", optional=True),
    _text("body"),
)

alerts = Table(
    "alerts",
    metadata,
    _text("fingerprint", key=True),
    _text("within", key=True),
    _time("starts_at"),
    _time("updated_at"),
    _time("ends_at", optional=True),
    _text("body"),
)

alert_groups = Table(
    "alert_groups",
    metadata,
    _text("id", key=True),
    _text("route_id"),
    _text("receiver"),
    _time("created_at"),
    _time("flush_at"),
    _time("flushed_at", optional=True),
    _text("body"),
)

ledger = Table(
    "ledger",
    metadata,
    _text("group_id", key=True),
    _text("integration", key=True),
    _time("told_at"),
    _text("body"),
)

outbox = Table(
    "outbox",
    metadata,
    _text("id", key=True),
    _text("group_id"),
    _text("receiver"),
    _text("integration"),
    _time("created_at"),
    _time("retry_at", optional=True),
    Column("attempts", Integer, nullable=False),
    _text("body"),
)

silences = Table(
    "silences",
    metadata,
    _text("id", key=True),
    _time("starts_at"),
    _time("ends_at"),
    _time("updated_at", optional=True),
    _text("body"),
)

windows = Table(
    "windows",
    metadata,
    _text("id", key=True),
    _text("name"),
    _text("schedule"),
    _time("until", optional=True),
    _time("updated_at", optional=True),
    _text("body"),
)

transitions = Table(
    "transitions",
    metadata,
    _number(),
    _time("at"),
    _text("rule"),
    _text("fingerprint"),
    _state("state_before"),
    _state("state_after"),
    _text("body"),
    Index("transitions_by_time", "at"),
    Index("transitions_by_rule", "rule", "at"),
    Index("transitions_by_alert", "fingerprint", "at"),
)

decisions = Table(
    "decisions",
    metadata,
    _number(),
    _time("at"),
    _text("group_id"),
    _text("integration"),
    _text("reason"),
    _text("body"),
    Index("decisions_by_time", "at"),
    Index("decisions_by_group", "group_id", "at"),
)

attempts = Table(
    "attempts",
    metadata,
    _number(),
    _time("at"),
    _text("outbox"),
    _text("group_id"),
    _text("integration"),
    _text("error"),
    _text("body"),
    Index("attempts_by_time", "at"),
    Index("attempts_by_group", "group_id", "at"),
    Index("attempts_by_outbox", "outbox", "at"),
)
