"""Incidents that begin and end again and again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.analytics.flapping import LOW, STEP, calm_at, turn_score
from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import Flapping
from evaluator.core.incidents.records import IncidentState
from tests.core.incidents.ladder import Ladder, config, ladder
from tests.core.playbook import T0


def turning(play: Ladder, minutes: list[int]) -> Ladder:
    """It begins, and ends, and begins."""
    for number, minute in enumerate(minutes):
        play.ends(f"{minute}m") if number % 2 else play.fires(f"{minute}m")
    return play


def paged(play: Ladder) -> list[str]:
    """Whom what kinds of messages went to."""
    return [line.partition(" ")[2] for line in play.pages()]


def test_that_it_flaps_is_said_once() -> None:
    play = turning(Ladder(), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]).acts("13m30s", Action.ACK).run("30m")
    assert play.incident.flapping
    assert sum(line.startswith("ana: notice") for line in paged(play)) == 1
    assert sum("flapping it flaps" in line for line in play.story()) == 1


def test_an_acknowledgement_outlives_a_turn() -> None:
    play = turning(Ladder(), [0, 2, 4, 6, 8]).acts("9m30s", Action.ACK).ends("11m").fires("13m").run("20m")
    assert play.incident.flapping
    assert (play.incident.state, play.incident.owner) == (IncidentState.ACKED, "ana")
    assert paged(play)[-1] == "ana: notice on-call"
    assert sum(line == "ana: page on-call" for line in paged(play)) == 3


def test_an_acknowledgement_of_what_flaps_runs_out() -> None:
    play = turning(Ladder(), [0, 2, 4, 6, 8]).acts("9m30s", Action.ACK).ends("11m").fires("13m").run("1h20m")
    assert play.incident.state is IncidentState.TRIGGERED
    assert sum(line == "ana: page on-call" for line in paged(play)) == 4


def test_a_ladder_goes_on_where_it_was() -> None:
    """Nobody acknowledges: who was told is not told again, who is above them is."""
    play = turning(Ladder(), [0, 2, 4, 6, 8, 10, 12]).run("40m")
    assert play.incident.flapping or "calm it does not flap any more" in " ".join(play.story())
    assert sum(line == "ana: page on-call" for line in paged(play)) == 3
    assert "bo: page backup" in paged(play)


def test_it_calms_down() -> None:
    play = turning(Ladder(), [0, 2, 4, 6, 8, 10, 12]).run("3h")
    assert not play.incident.flapping
    assert sum("does not flap any more" in line for line in play.story()) == 1


def test_what_flaps_is_one_incident_however_late_it_begins_again() -> None:
    play = turning(Ladder(), [0, 2, 4, 6, 8, 10, 12, 14, 28]).run("40m")
    assert list(play.machine.incidents.table) == [1]


def test_off_is_off() -> None:
    play = turning(Ladder(config(ladder(flapping=None))), [0, 2, 4, 6, 8, 10, 12, 14]).run("15m")
    assert not play.incident.flapping
    assert sum(line == "ana: page on-call" for line in paged(play)) == 4


def test_marks_are_the_policys() -> None:
    play = turning(Ladder(config(ladder(flapping=Flapping(10, 5)))), [0, 2, 4]).run("6m")
    assert play.incident.flapping


@pytest.mark.parametrize(("turns", "score"), [([0], 6.0), ([0, 5], 11.79), ([0, 30], 11.26), ([0, 200], 6.0)])
def test_quiet_time_counts(turns: list[int], score: float) -> None:
    """Each five minutes without a change are one more state."""
    instants = [T0 + timedelta(minutes=minute) for minute in turns]
    assert turn_score(instants, instants[-1]) == pytest.approx(score, abs=0.01)


@given(st.lists(st.integers(0, 1800), min_size=1, max_size=20))
def test_it_is_calm_when_it_is_said_to_be(gaps: list[int]) -> None:
    at, turns = T0, []
    for gap in gaps:
        at += timedelta(seconds=gap)
        turns.append(at)
    calm = calm_at(turns, LOW)
    assert turn_score(turns, calm) < LOW
    assert calm == turns[-1] or turn_score(turns, calm - STEP) >= LOW
