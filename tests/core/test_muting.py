"""Silences, inhibitions and the time of day, as timelines: what is not told, and what is told in spite of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from evaluator.core.events import SilenceExpired, SilenceSet
from evaluator.core.labels import Matcher
from evaluator.core.muting.inhibition import InhibitRule
from evaluator.core.muting.intervals import NamedInterval, TimeInterval
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.routing.routing import Route
from tests.core.playbook import NOTHING, Playbook, group, moment, receiver, route, rule, series, settings

ALL = [group(rule("A"), rule("B"), rule("Boss"))]
BOSS = InhibitRule("boss", (Matcher("alertname", "Boss"),), (Matcher("alertname", "A"),))


def silence(name: str, start: str, end: str) -> Silence:
    """Of the alert with this name."""
    return Silence(((Matcher("alertname", name),),), moment(start), moment(end), "ana", "because")


def play(root: Route | None = None, **more: object) -> Playbook:
    return Playbook(settings(*ALL, root=root or route(), **more))


def test_a_silenced_alert_is_not_told() -> None:
    story = play().happens("0s", SilenceSet(silence("A", "0s", "20m")))
    story.at("1m", "A", series("A")).at("1m", "B", series("B")).run("10m")
    assert story.told() == ["1m30s first notification: B firing"]


def test_what_still_fires_when_its_silence_ends_is_told_as_new_if_nobody_knew_it() -> None:
    story = play().happens("0s", SilenceSet(silence("A", "0s", "20m")))
    story.at("1m", "A", series("A")).run("30m")
    assert story.told() == ["21m30s first notification: A firing"]


def test_what_was_told_before_it_was_silenced_is_told_once_when_that_ends() -> None:
    story = play().at("0s", "A", series("A")).happens("2m", SilenceSet(silence("A", "2m", "20m"))).run("3h")
    assert story.told() == ["30s first notification: A firing", "20m30s unmuted: A firing"]


def test_a_silence_that_is_ended_by_hand_is_noticed() -> None:
    story = play().at("0s", "A", series("A")).happens("2m", SilenceSet(silence("A", "2m", "5h"))).run("11m")
    (ident,) = [one.id for one in story.machine.muting.silences.listing(moment("11m"))]
    story.happens("12m", SilenceExpired(ident)).run("1h")
    assert story.told()[1:] == ["15m30s unmuted: A firing"]


def test_whoever_was_told_hears_of_the_end_although_it_is_silenced() -> None:
    story = play().at("0s", "A", series("A")).happens("2m", SilenceSet(silence("A", "2m", "5h")))
    story.at("7m", "A", NOTHING).run("1h")
    assert story.told() == ["30s first notification: A firing", "10m30s all alerts resolved: A resolved"]
    assert [kind.__name__ for kind, _ in story.kept] == ["Silence"]


def test_an_end_waits_for_what_is_held() -> None:
    """While something that was told still fires, muted, nobody is told that everything is over."""
    story = play().at("0s", "A", series("A")).at("0s", "B", series("B"))
    story.happens("2m", SilenceSet(silence("A", "2m", "30m"))).at("7m", "B", NOTHING).run("2h")
    assert story.told() == [
        "30s first notification: A firing, B firing",
        "30m30s unmuted: A firing, B resolved",
    ]


def test_silencing_adds_no_repeats() -> None:
    story = play(route(repeat="10m")).at("0s", "A", series("A")).happens("2m", SilenceSet(silence("A", "2m", "50m"))).run("55m")
    assert story.told() == ["30s first notification: A firing", "50m30s unmuted: A firing"]


def test_an_inhibited_alert_is_told_when_its_source_is_over() -> None:
    story = play(route(by=["alertname"]), inhibit_rules=(BOSS,))
    story.at("0s", "Boss", series("Boss")).at("1m", "A", series("A")).at("12m", "Boss", NOTHING).run("30m")
    assert story.told() == [
        "30s first notification: Boss firing",
        "15m30s all alerts resolved: Boss resolved",
        "16m30s first notification: A firing",
    ]


def test_a_rule_below_a_route_holds_only_there() -> None:
    """The same target goes two ways; only the one with the rule keeps it quiet."""
    to_a = (Matcher("alertname", "A|Boss", Matcher("x", "").op.REGEX),)
    quiet = replace(route("dev"), key="{}/a", id="{}/a", matchers=to_a, continues=True, inhibit_rules=(BOSS,))
    loud = replace(route("ops"), key="{}/b", id="{}/b", matchers=to_a)
    story = play(replace(route(), routes=(quiet, loud)), receivers=[receiver("ops"), receiver("dev")])
    story.at("0s", "Boss", series("Boss")).at("0s", "A", series("A")).run("10m")
    assert story.told("dev/console[0]") == ["30s first notification: Boss firing"]
    assert story.told("ops/console[0]") == ["30s first notification: A firing, Boss firing"]
    (why,) = {mute for decision in story.decisions() for mute in decision.mutes}
    assert why.startswith("inhibition boss of route {}/a, ")


def test_a_muted_hour_ends_at_the_next_tick() -> None:
    night = NamedInterval("night", (TimeInterval(times=((0, 60),)),))
    root = replace(route(), mute_time_intervals=("night",))
    story = play(root, time_intervals=(night,)).at("1m", "A", series("A")).run("2h")
    assert story.told() == ["1h1m30s first notification: A firing"]
    assert story.decisions()[0].mutes == ("mute_time_interval night",)


def test_outside_its_active_hours_a_route_is_quiet() -> None:
    day = NamedInterval("day", (TimeInterval(times=((120, 180),)),))
    root = replace(route(), active_time_intervals=("day",))
    story = play(root, time_intervals=(day,)).at("1m", "A", series("A")).at("4h", "A", NOTHING).run("5h")
    assert story.told() == ["2h1m30s first notification: A firing", "4h1m30s all alerts resolved: A resolved"]


def test_a_muted_hour_within_the_active_hours_ends() -> None:
    """The lunch break lies within the office hours, so the two together change only in the evening."""
    office = NamedInterval("office", (TimeInterval(times=((0, 600),)),))
    lunch = NamedInterval("lunch", (TimeInterval(times=((60, 120),)),))
    root = replace(route(), active_time_intervals=("office",), mute_time_intervals=("lunch",))
    story = play(root, time_intervals=(office, lunch)).at("1h10m", "A", series("A")).run("4h")
    assert story.told() == ["2h30s first notification: A firing"]


def test_a_maintenance_window_comes_again() -> None:
    window = Window("weekly", ((Matcher("alertname", "A"),),), parse_cron("0 1 * * *"), timedelta(hours=1))
    ten = group(rule("A"), interval="10m")
    story = Playbook(settings(ten, root=route(), windows=(window,))).at("1h10m", "A", series("A")).at("3h", "A", NOTHING)
    story.at("1d1h10m", "A", series("A")).run("1d3h")
    assert story.told() == [
        "2h30s first notification: A firing",
        "3h30s all alerts resolved: A resolved",
        "1d2h30s first notification: A firing",
    ]


@pytest.mark.parametrize("instant", ["1m", "2m", "3m", "5m30s", "10m", "13m10s", "20m", "20m10s", "20m30s", "25m"])
def test_a_restart_changes_nothing_about_mutes(instant: str) -> None:
    """What is told is the same; a group that has something to say may say it at the start instead of at its next tick."""
    again = muted_twice(silenced=instant != "1m").run(instant).crash().run("35m").told()
    assert [line.split(" ", 1)[1] for line in again] == told_of_both(silenced=instant != "1m")


def muted_twice(silenced: bool) -> Playbook:
    """An alert that is inhibited for a while, and maybe silenced."""
    one = play(inhibit_rules=(BOSS,)).at("0s", "A", series("A")).at("3m", "Boss", series("Boss")).at("13m", "Boss", NOTHING)
    return one.happens("2m", SilenceSet(silence("A", "2m", "20m"))) if silenced else one


@cache
def told_of_both(silenced: bool) -> list[str]:
    """What is told if nobody is killed, without the times."""
    return [line.split(" ", 1)[1] for line in muted_twice(silenced).run("35m").told()]


@pytest.mark.parametrize("instant", ["4m", "13m10s"])
def test_a_restart_between_a_mute_and_the_next_tick_forgets_neither_its_begin_nor_its_end(instant: str) -> None:
    one = play(inhibit_rules=(BOSS,)).at("0s", "A", series("A")).at("3m", "Boss", series("Boss")).at("13m", "Boss", NOTHING)
    assert one.run(instant).crash().run("1h").told()[-1] == "15m30s unmuted: A firing, Boss resolved"


def test_in_compatibility_nothing_is_told_of_what_is_muted() -> None:
    """As in Alertmanager: the end of a silenced alert is lost, and nothing is told when a silence ends."""
    story = play(compatibility=True).at("0s", "A", series("A")).happens("2m", SilenceSet(silence("A", "2m", "20m")))
    story.at("40m", "A", NOTHING).run("1h")
    assert story.told() == ["30s first notification: A firing", "40m30s all alerts resolved: A resolved"]
