"""Alerts that others post: Alertmanager's own timelines, on the virtual clock, with their times compared exactly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluator.core.events import AlertsPosted
from evaluator.core.labels import Labels
from evaluator.core.posted.posting import Period, PostedAlert, merged
from tests.core.playbook import Playbook, moment, receiver, route, settings


def push(play: Playbook, when: str, name: str, start: str | None = None, end: str | None = None, note: str = "") -> None:
    """Post one alert at `when`."""
    times = [None if text is None else moment(text) for text in (start, end)]
    notes = (("ann", note),) if note else ()
    play.happens(when, AlertsPosted((PostedAlert(Labels({"alertname": name}), notes, times[0], times[1]),)))


def story(wait: str = "1s", interval: str = "1s", repeat: str = "1ms", **more: object) -> Playbook:
    root = route(by=["alertname"], wait=wait, interval=interval, repeat=repeat)
    return Playbook(settings(root=root, resolve_timeout=timedelta(seconds=10), **more))


def test_alerts_merge() -> None:
    """Earliest start, newest annotations, latest end; after its end an alert begins anew."""
    play = story()
    push(play, "1s", "test", "1s100ms")
    push(play, "1s200ms", "test", "1s")
    push(play, "2s100ms", "test", "2s", note="v1")
    push(play, "3s600ms", "test", "1s500ms", note="v2")
    push(play, "4s600ms", "test", "3s", "4s500ms", note="v2")
    push(play, "4s800ms", "test", "2s900ms", "4s800ms", note="v3")
    push(play, "5s300ms", "test", "5s")
    play.run("6s500ms")
    told = [(row.notification.at, *row.notification.alerts) for _, row in play.accepted]
    assert [(at, one.starts_at, one.ends_at, one.annotations.expanded) for at, one in told] == [
        (moment("2s"), moment("1s"), None, ()),
        (moment("3s"), moment("1s"), None, (("ann", "v1"),)),
        (moment("4s"), moment("1s"), None, (("ann", "v2"),)),
        (moment("5s"), moment("1s"), moment("4s800ms"), (("ann", "v3"),)),
        (moment("6s300ms"), moment("5s"), None, ()),
    ]


def test_repeat() -> None:
    play = story()
    push(play, "1s", "test", "1s")
    push(play, "3s500ms", "test", "1s", "3s")
    play.run("10s")
    assert play.told() == [
        "2s first notification: test firing",
        "3s repeat interval elapsed: test firing",
        "4s all alerts resolved: test resolved",
    ]


def test_batching() -> None:
    play = Playbook(settings(root=route(wait="1s", interval="1s", repeat="4s900ms")))
    for when, name in (("1s100ms", "1"), ("1s700ms", "5"), ("3s300ms", "2"), ("3s300ms", "3"), ("3s300ms", "4")):
        push(play, when, name, end="1h")
    play.run("9s500ms")
    assert play.told() == [
        "2s100ms first notification: 1 firing, 5 firing",
        "4s100ms new alerts added: 1 firing, 2 firing, 3 firing, 4 firing, 5 firing",
        "9s repeat interval elapsed: 1 firing, 2 firing, 3 firing, 4 firing, 5 firing",
    ]


def test_an_alert_that_nobody_posts_again_is_over_after_resolve_timeout() -> None:
    play = Playbook(settings(root=route(wait="1s", interval="5s"), resolve_timeout=timedelta(seconds=10)))
    push(play, "1s", "test")
    play.run("20s")
    assert play.told() == ["2s first notification: test firing", "12s all alerts resolved: test resolved"]


def test_an_alert_that_is_posted_again_goes_on_and_writes_nothing() -> None:
    play = Playbook(settings(root=route(wait="1s", interval="5s"), resolve_timeout=timedelta(seconds=10)))
    push(play, "1s", "test", "1s", "5s")
    play.run("3s")
    before = len(play.effects)
    for second in range(4, 60, 2):
        push(play, f"{second}s", "test", "1s", f"{second + 4}s")
    play.run("1m")
    assert len(play.effects) == before
    play.run("2m")
    assert play.told()[-1].endswith("all alerts resolved: test resolved")


def test_who_does_not_want_resolved_hears_of_none() -> None:
    play = story(interval="5s", repeat="4h", receivers=[receiver(send_resolved=False)])
    push(play, "1s", "test", "1s", "4s")
    play.run("30s")
    assert play.told() == ["2s first notification: test firing"]


def test_the_resolved_that_nobody_knew_is_not_taken_in() -> None:
    play = story()
    push(play, "5s", "test", "1s", "4s")
    play.run("30s")
    assert play.log == []
    assert len(play.machine.alerts) == 0


def test_a_restart_gives_whoever_posts_time_to_post_again() -> None:
    """Nobody could post while nobody listened: an alert is not over because we were away."""
    play = story(repeat="4h")
    push(play, "1s", "test", "1s", "5s")
    play.run("3s").crash(after="1h")
    push(play, "1h5s", "test", "1s", "2h")
    play.run("1h30m")
    assert play.told() == ["2s first notification: test firing"]


@pytest.mark.parametrize(("compatibility", "over"), [(False, "10m5s"), (True, "1d")])
def test_an_end_told_by_a_clock_that_is_fast_is_an_end(compatibility: bool, over: str) -> None:
    """Whoever said that it lasts until tomorrow says that it is over, five seconds from now; Alertmanager lets it last."""
    play = Playbook(settings(root=route(wait="1s", interval="1s"), compatibility=compatibility))
    push(play, "1m", "test", "1m", "1d")
    push(play, "10m", "test", "1m", "10m5s")
    play.run("2d")
    assert [alert.ends_at for _, row in play.accepted for alert in row.notification.alerts][-1] == moment(over)


def test_only_an_end_that_is_named_and_near_counts_before_its_time() -> None:
    """A claim that reaches a minute ahead is no end, and neither is one whose end nobody named."""
    play = Playbook(settings(root=route(wait="1s", interval="1s"), resolve_timeout=timedelta(seconds=5)))
    push(play, "1m", "test", "1m", "1h")
    push(play, "10m", "test", "1m", "11m")
    push(play, "20m", "test", "1m")
    play.run("2h")
    assert play.told()[-1] == "1h1s all alerts resolved: test resolved"


def test_claims_that_overlap_are_one() -> None:
    def period(start: int, end: int, guessed: bool = False) -> Period:
        return Period(moment(f"{start}s"), moment(f"{end}s"), guessed)

    now = moment("10s")
    assert merged(period(1, 90), period(2, 85), now) == period(1, 90)
    assert merged(period(1, 90, guessed=True), period(2, 85), now) == period(1, 85)
    assert merged(period(1, 90), period(2, 9), now) == period(1, 9)
    assert merged(period(1, 8), period(2, 7), now) == period(1, 8)
    assert period(2, 15).overlaps(period(1, 20))
    assert not period(5, 9).overlaps(period(1, 5))
