"""A database file: who may open it, what it withstands, and what is said when it cannot be used."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evaluator.core.effects import Forget, Note, Save
from evaluator.core.records import AlertRecord, Decision, GroupRecord
from evaluator.store import Store, StoreError, SupersededError, open_store
from evaluator.store.sql import PRUNED_AT_ONCE

from . import values as v

Opened = Callable[[], Store]


def run_sql(database: Path, text: str) -> list[tuple[object, ...]]:
    """What another program does to the file."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        return connection.execute(text).fetchall()


@contextmanager
def every_connection(pragma: str, seen: list[sqlite3.Connection] | None = None) -> Iterator[None]:
    """Connections begin with one pragma more, to bring a fault about, and are added to `seen`."""

    connect = sqlite3.connect

    def listen(*where: Any, **how: Any) -> sqlite3.Connection:
        connection = connect(*where, **how)
        connection.execute(f"PRAGMA {pragma}")
        if seen is not None:
            seen.append(connection)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", listen)
        yield


def test_everything_is_there_after_reopening(opened: Opened) -> None:
    with closing(opened()) as store:
        store.commit([*(Save(record) for record in v.ONE_OF_EACH), *(Note(note) for note in v.ONE_NOTE_OF_EACH)])
        before = store.load()
    with closing(opened()) as store:
        after = store.load()
        assert store.history(Decision) == [v.DECISION]
    assert (after.rule_alerts, after.alerts, after.groups) == (before.rule_alerts, before.alerts, before.groups)
    assert (after.ledger, after.outbox) == (before.ledger, before.outbox)


def test_each_opening_is_a_new_epoch(opened: Opened) -> None:
    epochs = []
    for _ in range(3):
        with closing(opened()) as store:
            epochs.append(store.load().meta["epoch"])
    assert epochs == ["1", "2", "3"]


def test_a_superseded_writer_writes_nothing(database: Path, opened: Opened) -> None:
    """Neither by committing nor by pruning; it may still read."""
    with closing(opened()) as store:
        store.commit([Note(v.DECISION)])
        run_sql(database, "UPDATE meta SET value = 7 WHERE name = 'epoch'")
        with pytest.raises(SupersededError, match=r"evaluator\.db: another process writes to it now \(epoch 7, ours is 1\)"):
            store.commit([Save(v.ALERT)])
        with pytest.raises(SupersededError):
            store.prune(v.NOON + timedelta(days=1), v.NOON)
        assert store.load().alerts == ()
        assert store.history(Decision) == [v.DECISION]


def test_a_second_opening_is_refused_and_names_the_holder(opened: Opened) -> None:
    with closing(opened()), pytest.raises(StoreError, match=rf"in use by process {os.getpid()} on .+; stop that one"):
        opened()


def test_a_second_name_of_the_file_is_the_same_file(database: Path, opened: Opened) -> None:
    database.with_name("link.db").symlink_to(database)
    with closing(opened()), pytest.raises(StoreError, match="in use by process"):
        open_store(f"sqlite:///{database.with_name('link.db')}")


def test_another_process_holds_it_until_it_dies(database: Path, opened: Opened) -> None:
    program = (
        f"from evaluator.store import open_store; s = open_store('sqlite:///{database}'); print('open', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match=f"in use by process {other.pid} on"):
            opened()
        other.kill()
    opened().close()


def test_a_failed_opening_holds_nothing(database: Path, opened: Opened) -> None:
    """Whoever repairs the file may open it in the same process."""
    database.write_text("not a database, and long enough to be looked at as one" * 20)
    with pytest.raises(StoreError):
        opened()
    database.unlink()
    opened().close()


def test_a_path_is_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(open_store("sqlite:///here.db")) as store:
        monkeypatch.chdir("/")
        store.commit([Save(v.ALERT)])
    assert (tmp_path / "here.db").exists()


def test_commits_wait_for_the_disk_and_readers_do_not_wait_for_commits(opened: Opened) -> None:
    """Whatever this SQLite was built to do by default. No behaviour short of a power cut would show the first."""
    connections: list[sqlite3.Connection] = []
    with every_connection("synchronous = OFF", connections), closing(opened()) as store:
        store.load()
        assert len(connections) == 2
        for connection in connections:
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_damage_within_the_file_is_told_and_nothing_is_touched(database: Path, opened: Opened) -> None:
    with closing(opened()) as store:
        store.commit([Save(GroupRecord(f"g{n}", "{}", "ops", "{}", v.DISK_FULL, v.NOON, v.NOON)) for n in range(2000)])
    whole = database.read_bytes()
    damaged = whole[:40_000] + b"\xa5" * (len(whole) - 40_000)
    database.write_bytes(damaged)
    with pytest.raises(StoreError, match=r"evaluator\.db: the database is damaged; nothing was changed: move it away"):  # noqa: SIM117
        with closing(opened()) as store:
            store.load()
    assert database.stat().st_size == len(whole)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"#!/bin/sh\n" * 500, "it is not an SQLite database, or a damaged one; nothing was changed: move it away"),
        (b"SQLite format 3\0" + b"\xff" * 5000, "it is not an SQLite database, or a damaged one"),
    ],
)
def test_what_is_no_database_is_left_alone(database: Path, opened: Opened, content: bytes, message: str) -> None:
    database.write_bytes(content)
    with pytest.raises(StoreError, match=message):
        opened()
    assert database.read_bytes() == content
    assert sorted(path.name for path in database.parent.iterdir()) == ["evaluator.db", "evaluator.db-lock"]


def test_an_unreadable_row_stops_the_loading_and_is_named(database: Path, opened: Opened) -> None:
    with closing(opened()) as store:
        store.commit([Save(v.ALERT), Save(v.GROUP)])
        run_sql(database, "UPDATE alerts SET body = '{}'")
        with pytest.raises(
            StoreError, match=rf"evaluator\.db: a row of the table alerts .*{v.ALERT.fingerprint}.*missing required"
        ):
            store.load()
    assert run_sql(database, "SELECT body FROM alerts") == [("{}",)]


def test_a_missing_table_is_told(database: Path, opened: Opened) -> None:
    with closing(opened()) as store:
        run_sql(database, "DROP TABLE outbox")
        with pytest.raises(StoreError, match=r"its tables are not as the evaluator made them.*no such table: outbox"):
            store.load()


def test_a_full_disk_loses_the_commit_and_nothing_else(opened: Opened) -> None:
    big = [Save(GroupRecord(f"g{n}", "{}", "ops", "x" * 4000, v.DISK_FULL, v.NOON, v.NOON)) for n in range(100)]
    with every_connection("max_page_count = 60"), closing(opened()) as store:
        store.commit([Save(v.ALERT)])
        with pytest.raises(StoreError, match=r"evaluator\.db: the disk is full; free some space"):
            store.commit([Forget(AlertRecord, v.ALERT.key), *big])
        kept = store.load()
        assert (kept.alerts, kept.groups) == ((v.ALERT,), ())
        store.commit([Save(v.GROUP)])
        assert store.load().groups == (v.GROUP,)


def test_a_database_that_can_only_be_read_is_told(opened: Opened) -> None:
    opened().close()
    with every_connection("query_only = 1"), pytest.raises(StoreError, match="it can only be read; give this user the right"):
        opened()


def test_a_lock_of_another_program_is_told_and_passes(database: Path, opened: Opened) -> None:
    with every_connection("busy_timeout = 1"), closing(opened()) as store:
        with closing(sqlite3.connect(database, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match=r"another program has locked it .*; it works again"):
                store.commit([Save(v.ALERT)])
            assert store.load().alerts == ()
        store.commit([Save(v.ALERT)])
        assert store.load().alerts == (v.ALERT,)


def test_a_file_that_was_taken_away_is_noticed_at_the_next_commit(database: Path, opened: Opened) -> None:
    """SQLite itself would go on writing into a file that has no name any more."""
    away = database.with_name("away.db")
    with closing(opened()) as store:
        database.rename(away)
        with pytest.raises(StoreError, match="the file was moved, deleted or replaced while in use"):
            store.commit([Save(v.ALERT)])
        shutil.copy(away, database)
        with pytest.raises(StoreError, match="the file was moved, deleted or replaced while in use"):
            store.commit([Save(v.ALERT)])
        away.replace(database)
        store.commit([Save(v.ALERT)])
        assert store.load().alerts == (v.ALERT,)


def test_our_own_mistakes_are_not_blamed_on_the_world(opened: Opened) -> None:
    """And they leave the store as it was."""
    with closing(opened()) as store:
        with pytest.raises(ValueError, match="zip"):
            store.commit([Save(v.ALERT), Forget(AlertRecord, ("too", "many", "parts"))])
        assert store.load().alerts == ()


def test_a_commit_of_nothing_does_not_touch_the_disk(database: Path, opened: Opened) -> None:
    """Even a database that could not be written just now is no reason to fail."""
    with closing(opened()) as store, closing(sqlite3.connect(database, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        store.commit([])


def test_pruning_more_than_fits_in_one_transaction(opened: Opened) -> None:
    with closing(opened()) as store:
        store.commit([Note(v.DECISION)] * (PRUNED_AT_ONCE + 1))
        assert store.prune(v.NOON + timedelta(seconds=1), v.NOON) == PRUNED_AT_ONCE + 1
        assert store.history(Decision) == []
