"""Databases of every version there was become databases of this one; those of later versions stay as they are.

`samples/version_N.sql` is a database that version N wrote. It is made once, when the version is, and never again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from evaluator.core.incidents.records import Moment
from evaluator.core.records import Attempt, Decision, FiringRecord, Transition
from evaluator.store import Store, StoreError, migrations
from evaluator.store.connections import Cursor
from evaluator.store.schema import TABLES

from . import values as v

SAMPLES = Path(__file__).parent / "samples"


def restore_sample(database: Path, version: int) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript((SAMPLES / f"version_{version}.sql").read_text())


def shape(connection: sqlite3.Connection) -> dict[str, Any]:
    """Tables with their columns, keys and indexes, as the database itself describes them."""

    def told(text: str, name: str) -> list[Any]:
        return connection.execute(f"SELECT {text}(?)", (name,)).fetchall()

    def indexes(table: str) -> list[Any]:
        found = told('name, "unique", origin FROM pragma_index_list', table)
        return sorted((*index, *told("name FROM pragma_index_info", index[0])) for index in found)

    tables = connection.execute("SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'")
    described = 'name, type, "notnull", pk FROM pragma_table_info'
    return {name: (rowless, told(described, name), indexes(name)) for name, rowless in tables}


def add_note(cursor: Cursor) -> None:
    cursor.execute("ALTER TABLE alerts ADD COLUMN note TEXT")


def give_up_halfway(cursor: Cursor) -> None:
    cursor.execute("DROP TABLE alerts")
    raise RuntimeError("power cut")


@pytest.mark.parametrize("version", range(1, migrations.VERSION + 1))
def test_every_version_there_was_can_be_opened(database: Path, opened: Callable[[], Store], version: int) -> None:
    restore_sample(database, version)
    with closing(opened()) as store:
        kept = store.load()
        state = kept.rule_alerts + kept.alerts + kept.groups + kept.ledger + kept.outbox + kept.silences + kept.windows
        state += kept.incidents + kept.pages + kept.maintenance + kept.overrides + kept.firings
        since = {FiringRecord: 2}
        there = [record for record in v.ONE_OF_EACH[:-1] if since.get(type(record), 1) <= version]
        assert (*state, kept.seen_at) == (*there, v.PRESENCE.at)
        assert kept.meta == {"schema": str(migrations.VERSION), "epoch": "2"}
        assert repr(store.history(Transition)) == repr([v.TRANSITION])
        assert store.history(Decision) == store.history(Decision, group=v.DECISION.group) == [v.DECISION]
        assert store.history(Attempt) == store.history(Attempt, group=v.ATTEMPT.group) == [v.ATTEMPT]
        assert store.history(Moment) == [v.MOMENT]


@pytest.mark.parametrize("version", range(1, migrations.VERSION + 1))
def test_every_version_becomes_what_a_new_database_is(database: Path, opened: Callable[[], Store], version: int) -> None:
    restore_sample(database, version)
    opened().close()
    with closing(sqlite3.connect(database)) as migrated, closing(sqlite3.connect(":memory:")) as new:
        migrations.upgrade(new.cursor())
        assert shape(migrated) == shape(new)
        assert set(shape(new)) == {table.name for table in TABLES}


def test_only_the_missing_steps_are_taken() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.cursor()
        migrations.upgrade(cursor)
        migrations.upgrade(cursor, (*migrations.STEPS, add_note))
        migrations.upgrade(cursor, (*migrations.STEPS, add_note))
        assert migrations.version_of(cursor) == migrations.VERSION + 1
        cursor.execute("SELECT note FROM alerts")


def test_a_step_that_fails_leaves_the_database_as_it_was(
    database: Path, opened: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when it had already dropped a table."""
    restore_sample(database, migrations.VERSION)
    with monkeypatch.context() as patch:
        patch.setattr(migrations.upgrade, "__defaults__", ((*migrations.STEPS, give_up_halfway),))
        with pytest.raises(RuntimeError, match="power cut"):
            opened()
    with closing(opened()) as store:
        assert store.load().alerts == (v.ALERT,)


def test_a_database_of_a_later_version_is_refused_untouched(database: Path, opened: Callable[[], Store]) -> None:
    opened().close()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    before = database.read_bytes()
    with pytest.raises(StoreError, match=r"evaluator\.db: its schema has version 99 .* run the newer evaluator"):
        opened()
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    "foreign",
    [
        "CREATE TABLE albums (title)",
        "CREATE TABLE meta (id, title)",
        "CREATE TABLE meta (name, value)",
        "CREATE TABLE meta AS SELECT 'schema' AS name, 'gold' AS value",
    ],
)
def test_the_database_of_another_program_is_refused_untouched(
    database: Path, opened: Callable[[], Store], foreign: str
) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(foreign)
    before = database.read_bytes()
    with pytest.raises(StoreError, match="it is the database of another program; name another file"):
        opened()
    assert database.read_bytes() == before
