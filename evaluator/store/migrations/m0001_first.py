"""Version 1: the first tables, for alerts, groups, what was told and is to be delivered, silences, incidents, and history."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, MetaData, Table, Text, UniqueConstraint


def upgrade(connection: Connection) -> None:
    """From nothing."""
    tables = MetaData()
    Table("meta", tables, *_keys("name"), *_texts("value"))
    _make_state(tables)
    _make_incidents(tables)
    _make_history(tables)
    tables.create_all(connection)


def _make_state(tables: MetaData) -> None:
    Table(
        "rule_alerts",
        tables,
        *_keys("rule", "fingerprint"),
        *_texts("state"),
        *_times("active_at"),
        *_times("fired_at", "resolved_at", "keep_firing_since", optional=True),
        *_texts("body"),
    )
    Table(
        "alerts",
        tables,
        *_keys("fingerprint", "within"),
        *_times("starts_at", "updated_at"),
        *_times("ends_at", optional=True),
        *_texts("body"),
    )
    Table(
        "alert_groups",
        tables,
        *_keys("id"),
        *_texts("route_id", "receiver"),
        *_times("created_at", "flush_at"),
        *_times("flushed_at", optional=True),
        *_texts("body"),
    )
    Table("ledger", tables, *_keys("group_id", "integration"), *_times("told_at"), *_texts("body"))
    Table(
        "outbox",
        tables,
        *_keys("id"),
        *_texts("group_id", "receiver", "integration"),
        *_times("created_at"),
        *_times("retry_at", optional=True),
        Column("attempts", Integer, nullable=False),
        *_texts("body"),
    )
    Table(
        "silences",
        tables,
        *_keys("id"),
        *_times("starts_at", "ends_at"),
        *_times("updated_at", optional=True),
        *_texts("body"),
    )
    Table(
        "windows",
        tables,
        *_keys("id"),
        *_texts("name", "schedule"),
        *_times("until", "updated_at", optional=True),
        *_texts("body"),
    )


def _make_incidents(tables: MetaData) -> None:
    Table(
        "incidents",
        tables,
        Column("number", Integer, primary_key=True, autoincrement=False),
        *_texts("state", "severity", "title", "owner"),
        *_counts("epoch", "level"),
        *_times("opened_at", "updated_at"),
        *_times("due_at", "resolved_at", optional=True),
        *_texts("policy", "body"),
        Index("incidents_by_opening", "opened_at"),
        Index("incidents_by_end", "resolved_at"),
    )
    Table(
        "pages",
        tables,
        *_keys("id"),
        *_counts("incident", "epoch", "level"),
        *_texts("whom", "way"),
        *_times("delay"),
        *_texts("kind"),
        *_counts("serial"),
        *_texts("integration", "state"),
        *_times("created_at", "due_at"),
        *_times("sent_at", optional=True),
        *_texts("body"),
        UniqueConstraint("incident", "epoch", "level", "whom", "way", "delay", "kind", "serial", name="pages_once"),
        Index("pages_by_time", "created_at"),
    )
    Table(
        "maintenance",
        tables,
        *_keys("id"),
        *_texts("component"),
        *_times("starts_at", "ends_at"),
        *_texts("author", "reason", "body"),
    )
    Table(
        "overrides",
        tables,
        *_keys("id"),
        *_texts("schedule"),
        *_times("starts_at", "ends_at"),
        *_texts("replaced", "stand_in", "author", "body"),
    )


def _make_history(tables: MetaData) -> None:
    Table(
        "transitions",
        tables,
        _number(),
        *_times("at"),
        *_texts("rule", "fingerprint"),
        *_texts("state_before", "state_after", optional=True),
        *_texts("body"),
        Index("transitions_by_time", "at"),
        Index("transitions_by_rule", "rule", "at"),
        Index("transitions_by_alert", "fingerprint", "at"),
    )
    Table(
        "decisions",
        tables,
        _number(),
        *_times("at"),
        *_texts("group_id", "integration", "reason", "body"),
        Index("decisions_by_time", "at"),
        Index("decisions_by_group", "group_id", "at"),
    )
    Table(
        "attempts",
        tables,
        _number(),
        *_times("at"),
        *_texts("outbox", "group_id", "integration", "error", "body"),
        Index("attempts_by_time", "at"),
        Index("attempts_by_group", "group_id", "at"),
        Index("attempts_by_outbox", "outbox", "at"),
    )
    Table(
        "incident_events",
        tables,
        _number(),
        *_times("at"),
        *_counts("incident", "epoch", "level"),
        *_texts("what", "detail", "actor", "via", "body"),
        Index("incident_events_by_time", "at"),
        Index("incident_events_by_incident", "incident", "at"),
    )


def _keys(*names: str) -> list[Column[str]]:
    return [Column(name, Text, primary_key=True) for name in names]


def _texts(*names: str, optional: bool = False) -> list[Column[str]]:
    return [Column(name, Text, nullable=optional) for name in names]


def _times(*names: str, optional: bool = False) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=optional) for name in names]


def _counts(*names: str) -> list[Column[int]]:
    return [Column(name, Integer, nullable=False) for name in names]


def _number() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
