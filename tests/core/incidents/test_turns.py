"""Many incidents at once: nobody's telephone rings for each of them, and nobody misses one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import ProfileStep
from evaluator.core.incidents.records import IncidentState, Notice, PageKind, PageState
from evaluator.core.labels import Labels
from tests.core.incidents.ladder import PEOPLE, SMS, Ladder, config, contact, duty, ladder, ladders, level
from tests.core.playbook import NOTHING, route, series

ALONE = ladder(level("on-call", "0s", "person:ana"))


def storm(size: int, until: str = "20m", **more: object) -> Ladder:
    """So many incidents, of `Down`, in the same instant."""
    root = replace(route(by=["instance"], wait="0s"), escalation="ladder")
    play = Ladder(config(ALONE, root=root, **more))
    found: dict[Labels, object] = {}
    for number in range(size):
        found.update(series("Down", component="api", severity="critical", instance=str(number)))
    play.at("0s", "Down", found)  # type: ignore[arg-type]
    play.at(until, "Down", NOTHING)
    return play


def told(play: Ladder, kind: PageKind = PageKind.PAGE) -> list[Notice]:
    """What ana was sent."""
    rows = [row.notification.incident for _, row in play.accepted]
    return [notice for notice in rows if notice is not None and notice.kind is kind]


def states(play: Ladder, kind: PageKind = PageKind.PAGE) -> Counter[PageState]:
    """What became of the pages of all incidents."""
    incidents = play.machine.incidents
    return Counter(page.state for number in incidents.table for page in incidents.pages_of(number) if page.kind is kind)


def test_one_message_stands_for_those_that_wait() -> None:
    play = storm(60).run("10m")
    assert [notice.number for notice in told(play)] == [1, 2, 3, 4, 5]
    assert told(play)[-1].text == "fires as well: 55 more incidents, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, …"
    assert states(play) == {PageState.SENT: 60}
    assert max(at for at, notice in play.notices(5)) == timedelta(seconds=10)


def test_the_end_is_told_as_the_beginning_was() -> None:
    """In messages of their own measure; everybody who was told of an incident is told of its end."""
    play = storm(60).run("40m")
    assert len(told(play, PageKind.RESOLVED)) == 5
    assert told(play, PageKind.RESOLVED)[-1].text.startswith("its alerts are over; over as well: 55 more incidents, ")
    assert states(play, PageKind.RESOLVED) == {PageState.SENT: 60}


def test_a_few_incidents_are_told_one_by_one() -> None:
    play = storm(4).run("1m")
    assert [(notice.number, notice.text) for notice in told(play)] == [(number, "") for number in (1, 2, 3, 4)]
    assert {at for number in (1, 2, 3, 4) for at, _ in play.notices(number)} == {timedelta(0)}


def test_the_first_page_about_an_incident_passes_whatever_was_told_before() -> None:
    """One incident after the other, faster than telephones are called: each is heard of within ten seconds."""
    root = replace(route(by=["instance"], wait="0s"), escalation="ladder")
    play = Ladder(config(ALONE, root=root))
    found: dict[Labels, object] = {}
    for number in range(12):
        found.update(series("Down", component="api", severity="critical", instance=str(number)))
        play.at(f"{number}m", "Down", dict(found))  # type: ignore[arg-type]
    play.run("15m")
    late = [min(at for at, _ in play.notices(number)) - timedelta(minutes=number - 1) for number in range(1, 13)]
    assert late[:4] == [timedelta(0)] * 4
    assert max(late) <= timedelta(seconds=10)


def test_what_is_acknowledged_while_it_waits_is_not_told() -> None:
    play = storm(7).acts("5s", Action.ACK, "ana", incident=6).run("1m")
    assert [(notice.number, notice.text) for notice in told(play)][4:] == [(5, "fires as well: 1 more incident, 7")]
    assert [page.state for page in play.machine.incidents.pages_of(6)] == [PageState.CANCELLED]


def test_what_is_acknowledged_while_a_message_about_it_is_on_its_way_was_told() -> None:
    """Its end is told, too."""
    play = storm(7).acts("15s", Action.ACK, "ana", incident=6)
    play.takes = timedelta(seconds=8)
    play.run("30m")
    record = play.machine.incidents.table[6]
    pages = play.machine.incidents.pages_of(6)
    assert record.state is IncidentState.RESOLVED
    assert [(page.kind, page.state) for page in pages] == [
        (PageKind.PAGE, PageState.SENT),
        (PageKind.RESOLVED, PageState.SENT),
    ]


def test_a_message_that_is_refused_for_a_while_takes_along_what_waits_then() -> None:
    play = storm(20).receiver_fails("5s", "person:ana/sms").receiver_works("1m", "person:ana/sms").run("10m")
    assert len(told(play)) == 5
    assert states(play) == {PageState.SENT: 20}


@pytest.mark.parametrize("when", ["0s", "5s", "10s", "3m"])
def test_a_crash_loses_none(when: str) -> None:
    """It may cost a few messages more: buckets are not kept."""
    play = storm(30).run(when).crash(after="1s").run("15m")
    assert states(play) == {PageState.SENT: 30}
    assert len(told(play)) <= 10


def test_where_a_message_is_an_incident_each_has_its_own() -> None:
    contacts = tuple(contact(key, "pagerduty") for key in PEOPLE)
    known = ladders(ALONE, profiles={"page": (ProfileStep(timedelta(0), ("pagerduty",)),)}, contacts=contacts)
    play = storm(40, ladders=known, duty=duty()).run("1m")
    assert [notice.number for notice in told(play)] == list(range(1, 41))


def test_another_person_is_not_slowed_down_by_it() -> None:
    both = ladder(level("on-call", "0s", "person:ana"), level("backup", "5m", "person:bo"))
    play = storm(10, ladders=ladders(both)).run("5m5s")
    rows = Counter(row.integration for _, row in play.accepted if row.integration.startswith("person:"))
    assert rows == {f"person:ana/{SMS}": 5, f"person:bo/{SMS}": 4}
