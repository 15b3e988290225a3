"""Records survive the way into a row and back, and rows that nobody could have made do not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings

from evaluator.core.records import Decision, History, Record, Transition
from evaluator.store import StoreError
from evaluator.store.codec.history import HISTORY
from evaluator.store.codec.kind import from_micros, to_micros
from evaluator.store.codec.records import ALERTS, LEDGER, OUTBOX, RECORDS, RULE_ALERTS, SILENCES
from tests.effort import examples

from . import values as v


def there_and_back(kind: Any, record: Record | History) -> Any:
    return kind.read(SimpleNamespace(**kind.to_row(record)))


@given(record=v.records)
@settings(deadline=None)
def test_records_come_back_exactly(record: Record) -> None:
    """Compared by their printed form, which tells NaN from None, -0.0 from 0.0, and one microsecond from the next."""
    assert repr(there_and_back(RECORDS[type(record)], record)) == repr(record)


@given(note=v.notes)
@settings(deadline=None)
def test_history_comes_back_exactly(note: History) -> None:
    assert repr(there_and_back(HISTORY[type(note)], note)) == repr(note)


@given(record=v.records)
@settings(max_examples=examples(20))
def test_a_row_is_found_by_the_key_of_its_record(record: Record) -> None:
    kind = RECORDS[type(record)]
    row = kind.to_row(record)
    assert tuple(row[name] for name in kind.table.key) == kind.to_key(record.key)


@pytest.mark.parametrize("kind", [*RECORDS.values(), *HISTORY.values()], ids=lambda kind: kind.table.name)
def test_a_row_fills_every_column(kind: Any) -> None:
    """But the number, which the table gives itself."""
    samples = {RECORDS[type(record)].table.name: record for record in v.ONE_OF_EACH}
    samples |= {HISTORY[type(note)].table.name: note for note in v.ONE_NOTE_OF_EACH}
    columns = {column.name for column in kind.table.columns} - ({"id"} if kind in HISTORY.values() else set())
    assert kind.to_row(samples[kind.table.name]).keys() == columns


def test_what_is_searched_and_sorted_is_in_columns_and_the_rest_is_readable() -> None:
    row = RULE_ALERTS.to_row(v.RULE_ALERT)
    assert row["body"] == (
        '{"labels":{"alertname":"DiskFull","instance":"db-1"},"annotations":{'
        '"templates":[["summary","{{ $labels.instance }} is full"]],'
        '"series":{"alertname":"DiskFull","instance":"db-1"},"value":"+Inf"}}'
    )
    assert (row["state"], row["active_at"], row["resolved_at"]) == ("firing", 1709208000000000, None)


@pytest.mark.parametrize(
    ("when", "micros"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), -1),
        (datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), 253402300799999999),
        (datetime(2024, 2, 29, 12, 0, 0, 1, UTC), 1709208000000001),
    ],
)
def test_times_are_whole_microseconds(when: datetime, micros: int) -> None:
    assert to_micros(when) == micros
    assert from_micros(micros) == when


def test_a_time_of_another_zone_is_the_same_instant() -> None:
    when = datetime(2024, 2, 29, 13, tzinfo=timezone(timedelta(hours=1)))
    assert from_micros(to_micros(when)) == v.NOON


def test_a_time_without_a_zone_is_our_mistake() -> None:
    with pytest.raises(TypeError):
        to_micros(datetime(2024, 2, 29))  # noqa: DTZ001


BROKEN_ROWS: dict[str, dict[str, Any]] = {
    "body is no JSON": {"body": "{"},
    "body is of another shape": {"body": "[]"},
    "body lacks a field": {"body": '{"labels":{}}'},
    "label is a number": {"body": '{"labels":{"a":1},"annotations":{}}'},
    "value is a word": {"body": '{"labels":{},"annotations":{"value":"many"}}'},
    "state is unknown": {"state": "smouldering"},
    "time is a text": {"active_at": "noon"},
    "time is missing": {"active_at": None},
    "time is beyond the calendar": {"active_at": 2**62},
}


@pytest.mark.parametrize("broken", BROKEN_ROWS.values(), ids=BROKEN_ROWS)
def test_a_row_that_cannot_be_read_is_named(broken: dict[str, Any]) -> None:
    row = SimpleNamespace(**{**RULE_ALERTS.to_row(v.RULE_ALERT), **broken})
    with pytest.raises(StoreError) as raised:
        RULE_ALERTS.read(row)
    assert "table rule_alerts" in str(raised.value)
    assert v.RULE_ALERT.rule in str(raised.value)
    assert v.DISK_FULL.fingerprint in str(raised.value)


def test_a_field_that_a_later_version_added_is_ignored() -> None:
    row = ALERTS.to_row(v.ALERT)
    row["body"] = row["body"].replace('{"labels"', '{"added_later":{"x":[1]},"labels"', 1)
    assert ALERTS.read(SimpleNamespace(**row)) == v.ALERT


def test_a_field_that_an_earlier_version_did_not_write_takes_its_default() -> None:
    row = OUTBOX.to_row(v.OUTBOX)
    assert "error" not in row["body"]
    assert OUTBOX.read(SimpleNamespace(**row)).error == ""


@pytest.mark.parametrize(
    ("kind", "record", "later"),
    [
        (ALERTS, v.ALERT, {"expires_at": v.NOON, "guessed": True}),
        (LEDGER, v.LEDGER, {"muted": ("0",)}),
        (LEDGER, v.LEDGER, {"unsure": ("0",)}),
        (OUTBOX, v.OUTBOX, {"paced": True}),
        (OUTBOX, v.OUTBOX, {"refused": True}),
        (HISTORY[Decision], v.DECISION, {"muted": 1, "mutes": ("silenced",), "outbox": "1"}),
    ],
)
def test_what_mutes_and_posts_add_to_a_body_may_be_absent(kind: Any, record: Any, later: dict[str, Any]) -> None:
    """The body of a record that was never muted nor posted does not speak of it."""
    body = json.loads(kind.to_row(record)["body"])
    assert json.loads(kind.to_row(replace(record, **later))["body"]).keys() - body.keys() == later.keys()
    assert there_and_back(kind, record) == record


def test_the_matchers_of_a_silence_are_kept_in_their_order() -> None:
    """With what each of them does to a label, as it is written."""
    row = SILENCES.to_row(v.SILENCE)
    assert json.loads(row["body"])["matcher_sets"] == [
        [{"name": "instance", "op": "=~", "value": "db-.*"}, {"name": "env", "op": "!=", "value": "test"}],
        [{"name": "alertname", "op": "=", "value": "DiskFull"}],
    ]
    assert (row["starts_at"], row["ends_at"]) == (1709208000000000, 1709211600000000)


@pytest.mark.parametrize(("op", "value"), [("=~", "("), ("~", "a")], ids=["expression", "operator"])
def test_a_silence_with_a_matcher_that_nobody_could_have_made_is_named(op: str, value: str) -> None:
    """It is not left out: that would tell people what they had silenced."""
    body = json.dumps({"matcher_sets": [[{"name": "a", "op": op, "value": value}]]})
    row = SimpleNamespace(**{**SILENCES.to_row(v.SILENCE), "body": body})
    with pytest.raises(StoreError, match=f"table silences cannot be read .*{v.SILENCE.id}"):
        SILENCES.read(row)


def test_state_columns_hold_plain_texts() -> None:
    row = HISTORY[Transition].to_row(v.TRANSITION)
    assert (row["state_before"], row["state_after"]) == (None, "pending")
