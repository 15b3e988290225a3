"""Messages of ordinary receivers lead to the incident for which people are chased about an alert."""

from __future__ import annotations

from dataclasses import replace

from evaluator.core.effects import Deliver
from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.records import IncidentState
from evaluator.core.records import Chase, OutboxRecord
from evaluator.service.chases import with_chases
from tests.core.incidents.ladder import Ladder


def rows(play: Ladder, *, page: bool = False) -> list[OutboxRecord]:
    told = [effect.row for _, effect in play.effects if isinstance(effect, Deliver)]
    return [row for row in told if (row.notification.incident is not None) is page]


def chases(play: Ladder, row: OutboxRecord) -> set[Chase | None]:
    found = with_chases(row, play.machine.incidents.table.values())
    return {alert.chase for alert in found.notification.alerts}


def test_the_first_message_of_a_group_knows_the_incident_that_opens_with_it() -> None:
    play = Ladder().fires("0s")
    play.run("1m")
    assert chases(play, rows(play)[0]) == {Chase(play.incident.number, IncidentState.TRIGGERED)}


def test_another_attempt_tells_how_it_is_by_then() -> None:
    play = Ladder().fires("0s").acts("7m", Action.ACK, "bo")
    play.run("8m")
    assert chases(play, rows(play)[0]) == {Chase(play.incident.number, IncidentState.ACKED)}


def test_what_is_over_leads_nowhere() -> None:
    play = Ladder().fires("0s").ends("20m")
    play.run("30m")
    assert {chase for row in rows(play) for chase in chases(play, row)} == {None}


def test_pages_have_links_of_their_own() -> None:
    play = Ladder().fires("0s")
    play.run("1m")
    (row, *_) = rows(play, page=True)
    assert with_chases(row, play.machine.incidents.table.values()) is row


def test_of_several_incidents_the_newest_counts() -> None:
    play = Ladder().fires("0s")
    play.run("1m")
    later = replace(play.incident, number=play.incident.number + 5)
    found = with_chases(rows(play)[0], [later, play.incident])
    assert {alert.chase for alert in found.notification.alerts} == {Chase(later.number, IncidentState.TRIGGERED)}
