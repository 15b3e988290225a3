"""The tables, as this version of the evaluator uses them. How a database came to have them is told by `migrations`.

There is one table for each kind of record. A column of its own has what is looked up, sorted by, or worth a look with the
`sqlite3` shell at night: keys, states, times. Everything else is in `body`, as JSON, so that a field more with a default
needs no migration. Times are whole microseconds since 1970 in UTC, durations whole microseconds. `group` is a reserved word,
hence `group_id`; so are `by` and `offset`, hence `actor` and `delay`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint

metadata = MetaData()

# Only a column that is plainly INTEGER numbers its rows by itself in SQLite.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _time(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=optional)


def _state(name: str) -> Column[str]:
    return Column(name, Text, nullable=True)


def _count(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, Integer, primary_key=key, nullable=False, autoincrement=False)


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

incidents = Table(
    "incidents",
    metadata,
    _count("number", key=True),
    _text("state"),
    _text("severity"),
    _text("title"),
    _text("owner"),
    _count("epoch"),
    _count("level"),
    _time("opened_at"),
    _time("updated_at"),
    _time("due_at", optional=True),
    _time("resolved_at", optional=True),
    _text("policy"),
    _text("body"),
    Index("incidents_by_opening", "opened_at"),
    Index("incidents_by_end", "resolved_at"),
)
"""due_at: what `next_step` says, for people who look at the table; nobody reads it back. policy: as JSON."""

PAGE_ONCE = ("incident", "epoch", "level", "whom", "way", "delay", "kind", "serial")
"""What there can be one page of, whatever it is called."""

pages = Table(
    "pages",
    metadata,
    _text("id", key=True),
    _count("incident"),
    _count("epoch"),
    _count("level"),
    _text("whom"),
    _text("way"),
    _time("delay"),
    _text("kind"),
    _count("serial"),
    _text("integration"),
    _text("state"),
    _time("created_at"),
    _time("due_at"),
    _time("sent_at", optional=True),
    _text("body"),
    UniqueConstraint(*PAGE_ONCE, name="pages_once"),
    Index("pages_by_time", "created_at"),
)

maintenance = Table(
    "maintenance",
    metadata,
    _text("id", key=True),
    _text("component"),
    _time("starts_at"),
    _time("ends_at"),
    _text("author"),
    _text("reason"),
    _text("body"),
)

overrides = Table(
    "overrides",
    metadata,
    _text("id", key=True),
    _text("schedule"),
    _time("starts_at"),
    _time("ends_at"),
    _text("replaced"),
    _text("stand_in"),
    _text("author"),
    _text("body"),
)

firings = Table(
    "firings",
    metadata,
    _text("rule", key=True),
    _time("known_since"),
    _time("fired_at", optional=True),
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

incident_events = Table(
    "incident_events",
    metadata,
    _number(),
    _time("at"),
    _count("incident"),
    _count("epoch"),
    _count("level"),
    _text("what"),
    _text("detail"),
    _text("actor"),
    _text("via"),
    _text("body"),
    Index("incident_events_by_time", "at"),
    Index("incident_events_by_incident", "incident", "at"),
)
