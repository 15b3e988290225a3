"""What a store is asked about incidents, and how long it keeps them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evaluator.core.effects import Note, Save
from evaluator.core.incidents.records import Happening, IncidentRecord, IncidentState, Moment, PageRecord, PageState, Resolution
from evaluator.core.records import Attempt, Decision
from evaluator.store import Store
from evaluator.store.codec.incidents import INCIDENTS, PAGES
from evaluator.store.codec.records import OUTBOX
from evaluator.store.sql import INCIDENTS_PRUNED_AT_ONCE

from . import values as v

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def incident(number: int, minute: int = 0, **fields: Any) -> IncidentRecord:
    return replace(v.INCIDENT, number=number, opened_at=v.NOON + minute * MINUTE, **fields)


def over(number: int, after: timedelta) -> IncidentRecord:
    """An incident that is over."""
    end = v.NOON + after
    return incident(
        number,
        state=IncidentState.RESOLVED,
        resolved_at=end,
        updated_at=end,
        resolution=Resolution.CONDITION,
        running_since=None,
    )


def page(number: int, serial: int = 0, minute: int = 0) -> PageRecord:
    planned = v.NOON + minute * MINUTE
    return replace(v.PAGE, incident=number, serial=serial, created_at=planned, due_at=planned)


def moment(number: int, minute: int = 0) -> Moment:
    return Moment(v.NOON + minute * MINUTE, number, 1, Happening.NOTE, f"at {minute}")


def numbers(records: list[IncidentRecord] | tuple[IncidentRecord, ...]) -> list[int]:
    return [record.number for record in records]


# -- at a start -------------------------------------------------------------------------------------------------------------


def test_a_start_gets_what_is_open_or_ended_less_than_two_days_before_the_newest_end(store: Store) -> None:
    """An end that is long ago counts for nothing, an incident that has been open for longer does."""
    records = [over(1, 0 * DAY), incident(2), over(3, 2 * DAY), over(4, 2 * DAY + MINUTE), over(5, 4 * DAY)]
    store.commit([Save(record) for record in records])
    assert numbers(store.load().incidents) == [2, 4, 5]


def test_pages_are_loaded_with_their_incidents(store: Store) -> None:
    store.commit([Save(record) for record in (over(1, 0 * DAY), incident(2), over(3, 4 * DAY))])
    store.commit([Save(page(number)) for number in (1, 2, 3)])
    assert {one.incident for one in store.load().pages} == {2, 3}


def test_the_newest_number_is_known_though_its_incident_is_not_loaded(store: Store) -> None:
    assert store.load().newest_incident == 0
    store.commit([Save(over(12, 0 * DAY)), Save(over(3, 9 * DAY))])
    kept = store.load()
    assert (numbers(kept.incidents), kept.newest_incident) == ([3], 12)


def test_incidents_that_share_a_policy_share_one_object_after_a_start(opened: Callable[[], Store]) -> None:
    with closing(opened()) as store:
        store.commit([Save(incident(1)), Save(incident(2))])
        one, other = store.load().incidents
    assert one.policy is other.policy
    assert one.policy == v.LADDER


# -- what is asked ----------------------------------------------------------------------------------------------------------


def test_one_incident_is_found_by_its_number(store: Store) -> None:
    """Also one that is not loaded at a start any more."""
    store.commit([Save(over(1, 0 * DAY)), Save(over(2, 9 * DAY))])
    assert store.incident(1) == over(1, 0 * DAY)
    assert store.incident(3) is None


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ({}, [4, 3, 2, 1]),
        ({"since": v.NOON + MINUTE}, [4, 3, 2]),
        ({"until": v.NOON + 2 * MINUTE}, [2, 1]),
        ({"since": v.NOON + MINUTE, "until": v.NOON + 2 * MINUTE}, [2]),
        ({"states": [IncidentState.ACKED]}, [3, 1]),
        ({"states": {IncidentState.ACKED, IncidentState.TRIGGERED}, "limit": 3}, [4, 3, 2]),
        ({"states": []}, []),
        ({"limit": 0}, []),
    ],
)
def test_incidents_by_when_they_opened(store: Store, terms: dict[str, Any], found: list[int]) -> None:
    """`since` is included and `until` is not; of one instant the greater number is the newer one."""
    states = {1: IncidentState.ACKED, 2: IncidentState.TRIGGERED, 3: IncidentState.ACKED, 4: IncidentState.TRIGGERED}
    minutes = {1: 0, 2: 1, 3: 2, 4: 2}
    store.commit([Save(incident(number, minutes[number], state=state, acked_at=v.NOON)) for number, state in states.items()])
    assert numbers(store.incidents(**terms)) == found


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ({}, [(2, 1), (2, 0), (1, 1), (1, 0)]),
        ({"incident": 1}, [(1, 1), (1, 0)]),
        ({"incident": 3}, []),
        ({"since": v.NOON + MINUTE, "until": v.NOON + 3 * MINUTE}, [(2, 0), (1, 1)]),
        ({"incident": 2, "limit": 1}, [(2, 1)]),
    ],
)
def test_pages_by_incident_and_by_when_they_were_planned(
    store: Store, terms: dict[str, Any], found: list[tuple[int, int]]
) -> None:
    store.commit([Save(page(*key, minute)) for minute, key in enumerate([(1, 0), (1, 1), (2, 0), (2, 1)])])
    assert [(one.incident, one.serial) for one in store.pages(**terms)] == found


def test_a_timeline_is_the_history_of_one_incident(store: Store) -> None:
    store.commit([Note(moment(1, 0)), Note(moment(2, 1)), Note(moment(1, 2))])
    assert store.history(Moment, incident=1) == [moment(1, 2), moment(1, 0)]
    assert store.history(Moment, since=v.NOON + MINUTE) == [moment(1, 2), moment(2, 1)]


def test_only_timelines_are_asked_by_incident(store: Store) -> None:
    with pytest.raises(ValueError, match="Attempt cannot be searched by incident"):
        store.history(Attempt, incident=1)


# -- one page, once ---------------------------------------------------------------------------------------------------------


def test_a_page_takes_the_place_of_the_one_that_it_is(store: Store) -> None:
    """Planning it once more changes what is known of it; there is never a second one."""
    store.commit([Save(incident(12)), Save(v.PAGE)])
    store.commit([Save(replace(v.PAGE, state=PageState.PLANNED, due_at=v.NOON, created_at=v.NOON + MINUTE))])
    assert len(store.pages()) == 1


def test_the_database_refuses_a_second_page_whatever_it_is_called(database: Path, opened: Callable[[], Store]) -> None:
    with closing(opened()) as store:
        store.commit([Save(v.PAGE)])
    columns = ", ".join(column.name for column in PAGES.table.columns if column.name != "id")
    with closing(sqlite3.connect(database)) as connection, pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE.*pages\.kind"):
        connection.execute(f"INSERT INTO pages (id, {columns}) SELECT 'another', {columns} FROM pages")


# -- pruning ----------------------------------------------------------------------------------------------------------------


def test_an_incident_goes_with_its_pages_and_its_timeline(store: Store) -> None:
    """Those of others stay, and of these also what is older than itself."""
    store.commit([Save(over(1, 1 * DAY)), Save(over(2, 3 * DAY)), Save(incident(3)), Save(incident(4))])
    store.commit([Save(page(number)) for number in (1, 2, 3)] + [Note(moment(number)) for number in (1, 1, 2, 3)])
    assert store.prune(v.NOON, v.NOON + 2 * DAY) == 4
    assert numbers(store.incidents()) == [4, 3, 2]
    assert {one.incident for one in store.pages()} == {2, 3}
    assert {one.incident for one in store.history(Moment)} == {2, 3}


def test_history_and_incidents_have_ages_of_their_own(store: Store) -> None:
    store.commit([Save(over(1, 0 * DAY)), Save(over(2, 0 * DAY)), Note(v.MOMENT), Note(v.DECISION)])
    assert store.prune(v.NOON + DAY, v.NOON - DAY) == 1
    assert store.history(Decision) == []
    assert (numbers(store.incidents()), store.history(Moment)) == ([2, 1], [v.MOMENT])


def test_the_newest_incident_stays_so_that_its_number_is_not_given_again(store: Store) -> None:
    store.commit([Save(over(1, 0 * DAY)), Save(over(2, 0 * DAY))])
    store.prune(v.NOON + 900 * DAY, v.NOON + 900 * DAY)
    assert numbers(store.incidents()) == [2]
    assert store.load().newest_incident == 2


def test_incidents_that_are_open_are_never_pruned(store: Store) -> None:
    store.commit([Save(incident(1)), Save(incident(2)), Save(page(1)), Note(moment(1))])
    assert store.prune(v.NOON + 900 * DAY, v.NOON + 900 * DAY) == 0


def test_pruning_more_incidents_than_go_at_once(opened: Callable[[], Store]) -> None:
    with closing(opened()) as store:
        store.commit([Save(over(number, 0 * DAY)) for number in range(1, INCIDENTS_PRUNED_AT_ONCE + 3)])
        assert store.prune(v.NOON, v.NOON + DAY) == INCIDENTS_PRUNED_AT_ONCE + 1
        assert len(store.incidents()) == 1


# -- what stands in the rows ------------------------------------------------------------------------------------------------


def test_the_columns_say_at_night_what_is_going_on(database: Path, opened: Callable[[], Store]) -> None:
    with closing(opened()) as store:
        store.commit([Save(v.INCIDENT), Save(v.PAGE)])
    with closing(sqlite3.connect(database)) as shell:
        asked = "SELECT state, severity, title, level, datetime(due_at / 1000000, 'unixepoch') FROM incidents WHERE number = 12"
        assert shell.execute(asked).fetchall() == [("triggered", "critical", "DiskFull", 0, "2024-02-29 12:15:00")]
        assert shell.execute("SELECT whom, way, state FROM pages WHERE incident = 12").fetchall() == [("ana", "sms", "sent")]


def test_what_an_earlier_version_did_not_write_takes_its_default() -> None:
    """In a body and in a policy; a later version's field is passed over."""
    row = INCIDENTS.to_row(v.INCIDENT)
    policy = json.loads(row["policy"])
    del policy["max_snooze"], policy["ack"]["by"]
    row["policy"] = json.dumps({**policy, "added_later": [1]})
    assert "noise" not in row["body"]
    assert INCIDENTS.read(SimpleNamespace(**row)) == v.INCIDENT


def test_a_notification_of_a_group_does_not_speak_of_incidents() -> None:
    assert "incident" not in json.loads(OUTBOX.to_row(v.OUTBOX)["body"])["notification"]
