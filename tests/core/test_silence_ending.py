"""Silences that end with their alerts, and the word before one ends while something still fires."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.durations import parse_duration
from evaluator.core.events import SilenceExpired, SilenceSet
from evaluator.core.incidents.policy import Ladders
from evaluator.core.labels import Labels, Matcher
from evaluator.core.muting.silence import UNTIL_RESOLVED, Silence, SilenceState
from evaluator.core.muting.silence_ending import ALERT
from evaluator.core.muting.silence_policy import SilencePolicy
from evaluator.core.muting.windows import Window
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.general import ConsoleSettings
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Settings
from tests.core.playbook import NOTHING, Playbook, group, moment, offset, receiver, route, rule, series, settings

TEAM = (Matcher("team", "db"),)
POLICY = SilencePolicy(notify_before_end=timedelta(minutes=15))
OWN = Route(
    "owner",
    key="{}/own",
    id="{}/own",
    matchers=(Matcher("alertname", ALERT),),
    group_wait=timedelta(0),
    group_interval=timedelta(seconds=1),
)


def silence(start: str, end: str, name: str = "", **more: object) -> Silence:
    """Of everything of the team."""
    return replace(Silence((TEAM,), moment(start), moment(end), "ana", "new disks", id=name), **more)  # type: ignore[arg-type]


def waiting(start: str = "5m", end: str = "30d", text: str = "true", **more: object) -> SilenceSet:
    """One that ends with its alerts."""
    return SilenceSet(silence(start, end, annotations=((UNTIL_RESOLVED, text),), **more), "w")


def conf(policy: SilencePolicy = SilencePolicy(), **more: object) -> Settings:
    """Three rules, whose alerts are the team's; the word goes to somebody else."""
    tree = replace(route(by=["alertname"], wait="0s", interval="1m"), routes=(OWN,))
    rules = (rule(name, team="db") for name in ("A", "B", "C"))
    return settings(group(*rules), root=tree, receivers=(receiver(), receiver("owner")), silence_policy=policy, **more)


def play(*names: str, policy: SilencePolicy = SilencePolicy(), **more: object) -> Playbook:
    """These rules find something from the beginning on."""
    story = Playbook(conf(policy, **more))
    for name in names:
        story.at("0s", name, series(name, team="db"))
    return story


def ended(story: Playbook, name: str = "w") -> str:
    """When a silence was over, or that it is not."""
    found = story.machine.muting.silences.get(name)
    assert found is not None
    return offset(found.ends_at) if found.state(story.world.now) is SilenceState.EXPIRED else "not yet"


def words(story: Playbook) -> list[str]:
    """What the owner was told, and when."""
    return [line.replace(f"{ALERT}{{created_by=ana,silence=s}}", "word") for line in story.told("owner/console[0]")]


# -- until resolved ---------------------------------------------------------------------------------------------------


def test_it_ends_with_the_last_of_the_alerts_that_it_was_set_for() -> None:
    story = play("A", "B").happens("5m", waiting()).at("8m", "A", NOTHING).at("11m", "B", NOTHING).run("10m")
    assert ended(story) == "not yet"
    story.run("15m")
    assert ended(story) == "11m"


def test_what_begins_to_fire_later_is_muted_and_does_not_keep_it_alive() -> None:
    story = play("A").happens("5m", waiting()).at("6m", "B", series("B", team="db")).at("10m", "A", NOTHING).run("20m")
    assert ended(story) == "10m"
    assert [line for line in story.told() if "B{" in line] == ["11m first notification: B{team=db} firing"]


def test_it_ends_at_its_end_though_they_fire() -> None:
    assert ended(play("A").happens("5m", waiting(end="9m")).run("10m")) == "9m"


def test_where_nothing_fires_there_is_nothing_to_wait_for() -> None:
    assert ended(play().happens("5m", waiting()).run("6m")) == "5m"


def test_a_restart_goes_on_waiting_and_sees_what_ended_meanwhile() -> None:
    story = play("A").happens("5m", waiting()).run("6m")
    story.crash(after="1h").run("70m")
    assert ended(story) == "not yet"
    story.at("80m", "A", NOTHING).run("90m")
    assert ended(story) == "1h20m"


def test_the_alerts_stand_in_it_and_an_edit_keeps_them() -> None:
    story = play("A").happens("5m", waiting()).run("6m")
    found = story.machine.muting.silences.get("w")
    assert found is not None
    fingerprint = Labels({"alertname": "A", "team": "db"}).fingerprint
    assert found.awaited == {fingerprint}
    story.at("7m", "B", series("B", team="db")).happens("8m", SilenceSet(replace(found, comment="newer disks"))).run("9m")
    edited = story.machine.muting.silences.get("w")
    assert edited is not None
    assert (edited.comment, edited.awaited) == ("newer disks", {fingerprint})


def test_other_matchers_are_other_alerts() -> None:
    story = play("A", "B").happens("5m", waiting(matcher_sets=((Matcher("alertname", "A"),),))).run("6m")
    found = story.machine.muting.silences.get("w")
    assert found is not None
    wider = replace(found, matcher_sets=(TEAM,))
    story.happens("7m", SilenceSet(wider, "wider")).at("10m", "A", NOTHING).run("12m")
    assert (ended(story), ended(story, "wider")) == ("7m", "not yet")


@pytest.mark.parametrize("text", ["", "true", "0123456789abcdef0", "no fingerprint"])
def test_any_other_text_stands_for_what_fires(text: str) -> None:
    story = play("A").happens("5m", waiting(text=text)).run("6m")
    found = story.machine.muting.silences.get("w")
    assert found is not None
    expected = {"0123456789abcdef"} if text.startswith("0123") else {Labels({"alertname": "A", "team": "db"}).fingerprint}
    assert found.awaited == expected


# -- the word before the end ------------------------------------------------------------------------------------------


def test_somebody_is_told_before_a_silence_ends_while_something_fires() -> None:
    story = play("A", "B", policy=POLICY).happens("5m", SilenceSet(silence("5m", "1h"), "s")).run("2h")
    assert words(story) == ["45m first notification: word firing", "1h1s all alerts resolved: word resolved"]
    (alert,) = [one for one in story.machine.alerts if one.labels["alertname"] == ALERT] or [None]
    assert alert is None or not alert.firing


def test_the_word_says_what_fires_and_what_to_do() -> None:
    story = play("A", "B", policy=POLICY).happens("5m", SilenceSet(silence("5m", "1h"), "s")).run("46m")
    (alert,) = [one for one in story.machine.alerts if one.labels["alertname"] == ALERT]
    assert dict(alert.described.annotations.expanded or ()) == {
        "summary": "A silence ends at 2026-01-01 01:00 UTC while 2 alerts still fire that it mutes: A, B",
        "description": 'It mutes team="db" (new disks). Extend it with `evaluator silence update s --for 2h`, or let it end.',
    }


def test_nobody_is_told_where_nothing_fires() -> None:
    story = play("A", policy=POLICY).happens("5m", SilenceSet(silence("5m", "1h"), "s")).at("30m", "A", NOTHING).run("2h")
    assert words(story) == []


def test_what_begins_to_fire_in_its_last_minutes_is_told_then() -> None:
    story = play(policy=POLICY).happens("5m", SilenceSet(silence("5m", "1h"), "s"))
    story.at("50m", "A", series("A", team="db")).at("54m", "A", NOTHING).run("2h")
    assert words(story) == ["51m first notification: word firing", "55m1s all alerts resolved: word resolved"]


def test_a_silence_that_is_extended_is_told_of_again_in_its_time() -> None:
    story = play("A", policy=POLICY).happens("5m", SilenceSet(silence("5m", "1h"), "s")).run("50m")
    found = story.machine.muting.silences.get("s")
    assert found is not None
    story.happens("50m", SilenceSet(replace(found, ends_at=moment("2h")))).run("3h")
    assert words(story) == [
        "45m first notification: word firing",
        "50m1s all alerts resolved: word resolved",
        "1h45m first notification: word firing",
        "2h1s all alerts resolved: word resolved",
    ]


def test_a_silence_that_somebody_ends_is_no_surprise() -> None:
    story = play("A", policy=POLICY).happens("5m", SilenceSet(silence("5m", "1h"), "s")).happens("30m", SilenceExpired("s"))
    assert words(story.run("2h")) == []


def test_a_short_silence_is_told_of_at_once() -> None:
    story = play("A", policy=POLICY).happens("5m", SilenceSet(silence("5m", "10m"), "s")).run("1h")
    assert words(story) == ["5m first notification: word firing", "10m1s all alerts resolved: word resolved"]


def test_a_restart_changes_nothing() -> None:
    story = play("A", policy=POLICY).happens("5m", SilenceSet(silence("5m", "1h"), "s")).run("50m")
    story.crash(after="2m").run("2h")
    assert words(story) == ["45m first notification: word firing", "1h1s all alerts resolved: word resolved"]


def test_a_word_whose_silence_ended_while_nobody_was_there_is_over() -> None:
    story = play("A", policy=POLICY).happens("5m", SilenceSet(silence("5m", "1h"), "s")).run("50m")
    story.crash(after="1h").run("3h")
    assert [line.split(": ")[-1] for line in words(story)] == ["word firing", "word resolved"]


def test_a_reload_may_want_it_earlier_or_not_at_all() -> None:
    story = play("A", policy=POLICY).happens("5m", SilenceSet(silence("5m", "1h"), "s"))
    story.reload("20m", conf(SilencePolicy(notify_before_end=timedelta(minutes=30)))).reload("40m", conf()).run("2h")
    assert words(story) == ["30m first notification: word firing", "40m1s all alerts resolved: word resolved"]


def test_people_are_told_as_receivers_are() -> None:
    """A route may lead to somebody's contacts."""
    contact = Receiver("person:ana", (Integration("console", 0, True, ConsoleSettings(), way="sms"),))
    tree = replace(route(by=["alertname"], wait="0s"), routes=(replace(OWN, receiver="person:ana"),))
    known = settings(group(rule("A", team="db")), root=tree, silence_policy=POLICY, ladders=Ladders(contacts=(contact,)))
    story = Playbook(known).at("0s", "A", series("A", team="db"))
    story.happens("5m", SilenceSet(silence("5m", "1h"), "s")).run("46m")
    assert [line.split(": ")[0] for line in story.told("person:ana/sms")] == ["45m first notification"]


def test_windows_end_as_they_were_planned() -> None:
    often = Window("w", (TEAM,), parse_cron("0 * * * *"), parse_duration("30m"))
    assert words(play("A", policy=POLICY, windows=(often,)).run("3h")) == []


def test_by_default_nobody_is_told() -> None:
    assert words(play("A").happens("5m", SilenceSet(silence("5m", "1h"), "s")).run("2h")) == []
