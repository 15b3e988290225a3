"""Slots that came while no evaluator was there: evaluated in order when one is, and told of once."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import pytest

from evaluator.core.alerts import MISSED
from evaluator.core.effects import Forward, RunQuery, RunRange
from evaluator.core.evaluation.answers import FailureKind
from evaluator.core.evaluation.tracking import Health
from evaluator.core.records import State
from evaluator.core.settings import CatchUp, Settings
from tests.core.playbook import NOTHING, T0, Playbook, failure, group, moment, route, rule, series, settings

ROOT = route(by=["alertname"], wait="0s", interval="1m")


def configured(*rules: object, interval: str = "1m", **more: object) -> Settings:
    return settings(group(*rules, interval=interval), root=ROOT, **more)  # type: ignore[arg-type]


def lives(play: Playbook) -> dict[str, object]:
    """Everything that is known of the alerts of rules."""
    rules = (rule for group in play.machine.groups.values() for rule in group.rules.values())
    return {str(labels): (one.life, one.value) for rule in rules for labels, one in rule.alerts.items()}


def ranges(play: Playbook) -> list[tuple[str, str, str]]:
    """Rule, first and last slot of every range that was asked for, as times since the start."""
    found = [effect for _, effect in play.effects if isinstance(effect, RunRange)]
    return [(one.rule, str(one.first - T0), str(one.last - T0)) for one in found]


def scripted(config: Settings) -> Playbook:
    """Alerts that begin, fire, end and begin again at all times."""
    play = Playbook(config)
    for number, turns in enumerate([("3m", "9m"), ("7m", "12m", "16m"), ("2m", "8m30s", "11m", "13m", "19m"), ("10m",)]):
        for turn, when in enumerate(turns):
            alert = series(f"R{number}", float(turn), n=str(turn % 3))
            play.at(when, f"R{number}", NOTHING if turn % 2 else alert)
    return play


@cache
def always_there(hold: str, keep: str) -> Playbook:
    """What each of those who were away is compared with."""
    return scripted(configured(*(rule(f"R{number}", hold, keep) for number in range(4)))).run("31m")


@pytest.mark.parametrize(
    ("down", "back"), [("4m", "6m"), ("4m10s", "14m20s"), ("8m", "18m"), ("1m", "30m"), ("10m1s", "10m2s")]
)
@pytest.mark.parametrize(("hold", "keep"), [("0s", "0s"), ("2m", "0s"), ("0s", "3m"), ("1m", "2m")])
def test_whoever_was_away_knows_what_it_would_have_known(down: str, back: str, hold: str, keep: str) -> None:
    """States, clocks and values are those of an evaluator that was there all the time."""
    always, gap = always_there(hold, keep), moment(back) - moment(down)
    away = scripted(always.settings).run(down).crash(after=f"{gap.total_seconds():.0f}s", catch_up=True).run("31m")
    assert lives(away) == lives(always)
    history = [line.split(" ", 1)[1] for line in always.log if "->" not in line]
    caught = [line.split(" ", 1)[1].replace(f" ({MISSED})", "") for line in away.log if "->" not in line]
    assert sorted(caught) == sorted(history)


def test_nothing_is_asked_one_by_one_that_can_be_asked_at_once() -> None:
    play = Playbook(configured(rule("A"), rule("B"))).run("5m").crash(after="10m30s", catch_up=True).run("15m30s")
    assert ranges(play) == [("A", "0:05:00", "0:15:00"), ("B", "0:05:00", "0:15:00")]
    assert play.machine.groups["test.rules.yml;g"].missed == 0


def test_what_still_fires_is_told_with_the_time_at_which_it_began() -> None:
    play = Playbook(configured(rule("Down"))).at("7m", "Down", series("Down"))
    play.run("5m").crash(after="10m", catch_up=True).run("15m")
    assert play.told() == ["15m first notification: Down firing"]
    (told,) = play.accepted
    assert told[1].notification.alerts[0].starts_at == moment("7m")


@pytest.mark.parametrize(("notify", "told"), [(True, ["15m it fired and ended meanwhile: Down resolved"]), (False, [])])
def test_what_fired_and_ended_meanwhile_is_told_if_that_is_wanted(notify: bool, told: list[str]) -> None:
    """As over, for that is what it is: nobody is woken for it."""
    config = configured(rule("Down"), catch_up=CatchUp(notify=notify))
    play = Playbook(config).at("7m", "Down", series("Down")).at("9m", "Down", NOTHING)
    play.run("5m").crash(after="10m", catch_up=True).run("30m")
    assert play.told() == told
    assert [line.split(" (")[0] for line in play.log if "->" not in line] == ["15m Down firing", "15m Down inactive"]


def test_what_was_told_as_firing_is_told_as_over_whatever_is_wanted() -> None:
    config = configured(rule("Down"), catch_up=CatchUp(notify=False))
    play = Playbook(config).at("2m", "Down", series("Down")).at("9m", "Down", NOTHING)
    play.run("5m").crash(after="10m", catch_up=True).run("16m")
    assert play.told() == ["2m first notification: Down firing", "16m all alerts resolved: Down resolved"]


def test_slots_that_get_no_answer_are_not_evaluated() -> None:
    """And resolve nothing: an alert fires on over a hole in the answers."""
    play = Playbook(configured(rule("Down", keep="0s"))).at("2m", "Down", series("Down"))
    play.at("7m", "Down", failure()).at("12m", "Down", series("Down"))
    play.run("5m").crash(after="10m", catch_up=True).run("20m")
    assert play.told() == ["2m first notification: Down firing"]
    assert play.machine.rule("Down").health is Health.OK  # type: ignore[union-attr]


def test_a_datasource_that_is_not_there_yet_is_asked_again() -> None:
    """Whoever comes back together with everything else after a power cut finds nobody to ask at first."""
    play = Playbook(configured(rule("Down"))).at("7m", "Down", series("Down")).at("9m", "Down", NOTHING)
    world = play.run("5m").crash(after="10m30s", catch_up=True)
    script = world._script.pop("Down")
    world.at("0s", "Down", failure())
    world.run("16m30s")
    assert lives(world) == {}
    world._script["Down"] = script
    world.run("17m")
    assert ranges(world)[-1] == ("Down", "0:05:00", "0:17:00")
    assert world.told() == ["17m it fired and ended meanwhile: Down resolved"]


def test_a_rule_that_is_itself_at_fault_does_not_hold_up_its_group() -> None:
    play = Playbook(configured(rule("Bad"), rule("Down"))).at("7m", "Down", series("Down"))
    play.at("0s", "Bad", failure(FailureKind.BAD_QUERY)).run("5m").crash(after="10m", catch_up=True).run("15m30s")
    bad = play.machine.rule("Bad")
    assert bad is not None
    assert (bad.health, bad.evaluated_at) == (Health.ERR, moment("15m"))
    assert [one.life.state for one in play.machine.rule("Down").alerts.values()] == [State.FIRING]  # type: ignore[union-attr]


def test_no_more_is_caught_up_with_than_is_wanted() -> None:
    config = configured(rule("A"), catch_up=CatchUp(timedelta(minutes=5)))
    play = Playbook(config).run("5m").crash(after="60m30s", catch_up=True).run("66m")
    assert ranges(play) == [("A", "1:01:00", "1:05:00")]
    assert play.machine.groups["test.rules.yml;g"].missed == 56


def test_catching_up_can_be_switched_off() -> None:
    config = configured(rule("A"), catch_up=CatchUp(timedelta(0)))
    play = Playbook(config).run("5m").crash(after="60m30s", catch_up=True).run("66m")
    assert ranges(play) == []
    assert [effect.slot for _, effect in play.effects if isinstance(effect, RunQuery)][-1] == moment("66m")


def test_the_first_start_has_nothing_to_catch_up_with() -> None:
    play = Playbook(configured(rule("A"))).run("5m").crash(after="10m").run("20m")
    assert ranges(play) == []


def test_what_comes_while_catching_up_is_caught_up_with() -> None:
    """The answers take their time; no slot is left out."""
    play = Playbook(configured(rule("A")))
    play.run("5m").crash(after="10m", catch_up=True)
    takes = iter([timedelta(minutes=3, seconds=30), *[timedelta(0)] * 5])
    play.world._range = lambda effect, now, ask=play.world._range: (next(takes), ask(effect, now)[1])  # type: ignore[method-assign,misc]
    play.run("20m")
    assert ranges(play) == [("A", "0:05:00", "0:15:00"), ("A", "0:16:00", "0:18:00")]
    assert play.machine.groups["test.rules.yml;g"].missed == 0


def test_a_crash_while_catching_up_begins_it_anew() -> None:
    """Nothing is known as done before all of it is."""
    play = Playbook(configured(rule("Down"))).at("7m", "Down", series("Down")).at("9m", "Down", NOTHING)
    play.run("5m").crash(after="10m", catch_up=True).run("15m", steps=1).crash(after="1m", catch_up=True).run("30m")
    assert [first for _, first, _ in ranges(play)] == ["0:05:00", "0:05:00"]
    assert play.told() == ["16m it fired and ended meanwhile: Down resolved"]


def test_that_somebody_is_there_is_kept_now_and_then() -> None:
    """And with every change; not with an evaluation that changes nothing."""
    play = Playbook(configured(rule("Down"), interval="10s")).at("95s", "Down", series("Down")).run("2m10s")
    kept = [str(at - T0) for at, effect in play.effects if "Presence" in repr(effect)]
    assert kept == ["0:00:30", "0:01:00", "0:01:30", "0:01:40", "0:02:10"]


def test_alertmanagers_hear_of_nothing_that_is_long_over() -> None:
    """One post says that it is over, in case they know it."""
    play = Playbook(configured(rule("Down"))).at("7m", "Down", series("Down")).at("9m", "Down", NOTHING)
    play.run("5m").crash(after="10m", catch_up=True).run("15m")
    assert [effect for _, effect in play.effects if isinstance(effect, Forward)] == []
