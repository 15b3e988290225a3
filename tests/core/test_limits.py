"""Limits: what is refused, who hears of it, and that nothing is lost by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluator.core.events import AlertsPosted, Refused
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.limits import DEFAULT_LIMITS, Limit, Limits, format_size
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Settings
from tests.core.playbook import NOTHING, Playbook, group, moment, receiver, route, rule, series, settings

OWN = Matcher("alertname", "Evaluator.*", MatchOp.REGEX)
"""The built-in alerts go to `own`, so that what the others hear reads alone."""


def routed(root: Route) -> Route:
    return replace(root, routes=(replace(route("own"), key="{}/own", id="{}/own", matchers=(OWN,)),))


def limited(root: Route | None = None, **limits: int) -> Settings:
    """A rule A, whatever others post, and these limits."""
    base = settings(group(rule("A")), root=routed(root or route(by=["i"])), receivers=[receiver("ops"), receiver("own")])
    return replace(base, limits=replace(DEFAULT_LIMITS, **limits))


def post(play: Playbook, when: str, *which: str, end: str | None = None, name: str = "P") -> None:
    """Somebody posts alerts with this name, each with another `i`."""
    ends_at = None if end is None else moment(end)
    alerts = (PostedAlert(Labels({"alertname": name, "i": i}), (), moment("0s"), ends_at) for i in which)
    play.happens(when, AlertsPosted(tuple(alerts)))


def own(play: Playbook) -> list[str]:
    return play.told("own/console[0]")


def reached(limit: str, when: str = "firing") -> str:
    return f"EvaluatorLimitReached{{limit={limit}}} {when}"


# -- the built-in alert ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", Limit)
def test_a_refusal_at_the_door_is_told(limit: Limit) -> None:
    """It is told at once, once however often it comes, and is over after a quarter of an hour without."""
    play = Playbook(limited())
    for when in ("10s", "20s", "5m"):
        play.happens(when, Refused(limit, "a body of 20MiB from 10.0.0.1", count=3))
    play.run("1h")
    assert own(play) == [
        f"40s first notification: {reached(limit)}",
        f"20m40s all alerts resolved: {reached(limit, 'resolved')}",
    ]
    assert play.machine.refusals.counts == {limit: 9}


def test_the_text_says_how_much_was_refused_and_what_that_means() -> None:
    play = Playbook(limited())
    play.happens("10s", Refused(Limit.BODY_SIZE, "a body of 20MiB")).happens("20s", Refused(Limit.BODY_SIZE, "one of 17MiB"))
    play.run("1m")
    (_, row), *_ = play.accepted
    assert dict(row.notification.alerts[0].annotations.expanded or ()) == {
        "summary": "The limit body_size is reached",
        "description": "Refused 2 times since 2026-01-01 00:00:10 UTC; last: one of 17MiB. While it lasts, requests are refused"
        " as a whole, with all alerts in them.",
    }


def test_each_limit_has_an_alert_of_its_own() -> None:
    play = Playbook(limited()).happens("0s", Refused(Limit.BODY_SIZE, "")).happens("0s", Refused(Limit.SILENCES, ""))
    assert own(play.run("1m")) == [f"30s first notification: {reached('body_size')}, {reached('silences')}"]


@pytest.mark.parametrize("crash", ["11s", "41s", "10m"])
def test_a_restart_gives_it_another_quarter_of_an_hour(crash: str) -> None:
    """Nobody could be refused while nobody listened; it is neither forgotten nor told again."""
    play = Playbook(limited()).happens("10s", Refused(Limit.BODY_SIZE, "")).run(crash).crash(after="2m").run("2h")
    told = [line.split(" ", 1)[1] for line in own(play)]
    assert told == [f"first notification: {reached('body_size')}", f"all alerts resolved: {reached('body_size', 'resolved')}"]
    assert play.kept == {}


def test_new_external_labels_rename_it() -> None:
    play = Playbook(limited()).happens("10s", Refused(Limit.BODY_SIZE, ""))
    play.reload("2m", replace(limited(), external_labels=Labels({"zone": "x"}))).run("1h")
    assert own(play)[1].startswith("5m40s new alerts added: EvaluatorLimitReached{limit=body_size,zone=x} firing")
    assert own(play)[-1].endswith("EvaluatorLimitReached{limit=body_size,zone=x} resolved")


# -- alerts_per_alertname -------------------------------------------------------------------------------------------------


def test_an_alert_too_many_is_not_taken_in_until_there_is_room() -> None:
    play = Playbook(limited(route(wait="1s", interval="1m"), alerts_per_alertname=2))
    post(play, "1s", "a", "b", "c", end="1h")
    post(play, "1s", "a", "b", end="1h", name="Q")
    post(play, "2m", "c", end="1h")
    post(play, "3m", "a", end="3m")
    post(play, "4m", "c", end="1h")
    play.run("10m")
    assert play.told() == [
        "2s first notification: P{i=a} firing, P{i=b} firing, Q{i=a} firing, Q{i=b} firing",
        "3m2s some alerts resolved: P{i=b} firing, Q{i=a} firing, Q{i=b} firing, P{i=a} resolved",
        "4m2s new alerts added: P{i=b} firing, P{i=c} firing, Q{i=a} firing, Q{i=b} firing",
    ]
    assert play.machine.refusals.counts == {Limit.ALERTS_PER_ALERTNAME: 2}
    assert own(play) == [f"31s first notification: {reached('alerts_per_alertname')}"]


def test_the_end_of_a_known_alert_is_never_refused() -> None:
    """Nor is anything else that is said of it, however low the limit has become."""
    play = Playbook(limited(route(wait="1s", interval="1m")))
    post(play, "1s", "a", "b", end="1h")
    play.reload("2m", limited(route(wait="1s", interval="1m"), alerts_per_alertname=1))
    post(play, "3m", "a", "b", end="2h")
    post(play, "4m", "a", "b", end="4m")
    play.run("10m")
    assert play.told()[1:] == ["4m2s all alerts resolved: P{i=a} resolved, P{i=b} resolved"]
    assert play.machine.refusals.counts == {}


def test_the_end_of_an_alert_that_was_refused_is_no_refusal() -> None:
    play = Playbook(limited(alerts_per_alertname=1))
    post(play, "1s", "a", "b", end="1h")
    post(play, "2s", "b", end="2s")
    assert play.run("1m").machine.refusals.counts == {Limit.ALERTS_PER_ALERTNAME: 1}
    assert len(play.machine.alerts) == 2


def test_a_restart_refuses_nothing_that_was_taken_in_and_goes_on_counting() -> None:
    play = Playbook(limited(route(wait="1s"), alerts_per_alertname=2))
    post(play, "1s", "a", "b", end="1h")
    play.run("1m").crash(limited(route(wait="1s"), alerts_per_alertname=1))
    post(play, "2m", "a", "b", end="1h")
    assert play.run("3m").machine.refusals.counts == {}
    post(play, "3m", "a", end="3m")
    post(play, "4m", "c", end="1h")
    assert play.run("5m").machine.refusals.counts == {Limit.ALERTS_PER_ALERTNAME: 1}


def test_alerts_of_rules_do_not_count() -> None:
    """They have the limit of their group."""
    play = Playbook(limited(route(wait="1s"), alerts_per_alertname=1)).at("0s", "A", series("A", i="r") | series("A", i="s"))
    post(play, "1m1s", "p", end="1h", name="A")
    play.run("10m")
    assert "A{i=p} firing" in play.told()[1]
    assert own(play) == []


# -- groups_per_route -----------------------------------------------------------------------------------------------------


def test_alerts_without_room_for_a_group_are_told_together() -> None:
    """Nobody is forgotten; who was told in the overflow group hears there that it is over."""
    play = Playbook(limited(groups_per_route=2))
    play.at("0s", "A", {k: v for i in "abcd" for k, v in series("A", i=i).items()}).at("7m", "A", NOTHING).run("40m")
    assert sorted(play.told()) == [
        "10m30s all alerts resolved: A{i=a} resolved",
        "10m30s all alerts resolved: A{i=b} resolved",
        "10m30s all alerts resolved: A{i=c} resolved, A{i=d} resolved",
        "30s first notification: A{i=a} firing",
        "30s first notification: A{i=b} firing",
        "30s first notification: A{i=c} firing, A{i=d} firing",
    ]
    keys = {row.notification.group_key: dict(row.notification.group_labels) for _, row in play.accepted}
    assert keys['{}:{overflow="groups_per_route"}'] == {"overflow": "groups_per_route"}
    assert play.machine.dispatch.groups == {}
    assert play.kept == {}


def test_the_overflow_is_told_as_long_as_it_lasts() -> None:
    """Alerts of rules are not posted again, so nothing is refused any more while they wait together."""
    play = Playbook(limited(groups_per_route=1))
    play.at("0s", "A", series("A", i="a") | series("A", i="b")).at("1h", "A", NOTHING).run("2h")
    assert [line.split(":")[0] for line in own(play)] == ["30s first notification", "1h15m30s all alerts resolved"]


def test_an_alert_stays_in_the_overflow_group_until_it_is_over() -> None:
    """Also when there is room again, and when others with its labels have a group: it is told in one place."""
    play = Playbook(limited(groups_per_route=1))
    play.at("0s", "A", series("A", i="a") | series("A", i="b")).at("7m", "A", series("A", i="b"))
    post(play, "20m", "b", end="2h")
    play.at("40m", "A", NOTHING).at("1h", "A", series("A", i="b")).at("80m", "A", NOTHING).run("3h")
    assert [line for line in play.told() if "A{i=b}" in line] == [
        "30s first notification: A{i=b} firing",
        "40m30s all alerts resolved: A{i=b} resolved",
        "1h5m new alerts added: A{i=b} firing, P{i=b} firing",
        "1h25m some alerts resolved: P{i=b} firing, A{i=b} resolved",
    ]


def test_the_evaluators_own_alerts_always_have_their_groups() -> None:
    play = Playbook(replace(limited(groups_per_route=1), route=route(by=["alertname"])))
    play.at("0s", "A", series("A")).happens("1m", Refused(Limit.BODY_SIZE, "")).run("5m")
    assert play.told()[1] == f"1m30s first notification: {reached('body_size')}"
    assert play.machine.refusals.counts == {Limit.BODY_SIZE: 1}


@pytest.mark.parametrize("limit", [0, 1, 100])
def test_another_limit_moves_nobody(limit: int) -> None:
    """Groups that are open stay open, and the overflow group keeps what it has."""
    play = Playbook(limited(groups_per_route=2)).at("0s", "A", {k: v for i in "abc" for k, v in series("A", i=i).items()})
    play.reload("7m", limited(groups_per_route=limit)).run("2h")
    assert len(play.told()) == 3
    assert len(play.machine.dispatch.groups) == 4


@pytest.mark.parametrize("after", ["10s", "1m", "20m"])
def test_a_restart_keeps_the_overflow_group(after: str) -> None:
    story = Playbook(limited(groups_per_route=1)).at("0s", "A", series("A", i="a") | series("A", i="b"))
    play = story.run(after).crash().at("30m", "A", NOTHING).run("2h")
    assert sorted(line.split(" ", 1)[1] for line in play.told()) == [
        "all alerts resolved: A{i=a} resolved",
        "all alerts resolved: A{i=b} resolved",
        "first notification: A{i=a} firing",
        "first notification: A{i=b} firing",
    ]
    assert play.kept == {}


def test_a_route_that_goes_away_says_goodbye_to_its_overflow() -> None:
    play = Playbook(limited(groups_per_route=1)).at("0s", "A", series("A", i="a") | series("A", i="b"))
    play.reload("7m", replace(limited(), route=routed(route("ops", by=["alertname"])), receivers=limited().receivers))
    other = replace(limited(), route=routed(replace(route("ops"), key="{}", id="{}/other")))
    play.reload("20m", other).run("1h")
    resolved = [line for line in play.told() if "A{i=b} resolved" in line]
    assert len(resolved) == 1


def test_limits_are_counted_by_route() -> None:
    to_dev = replace(route("dev", by=["i"]), key="{}/dev", id="{}/dev", matchers=(Matcher("i", "c"),))
    base = limited(groups_per_route=2)
    play = Playbook(
        replace(
            base, route=replace(base.route, routes=(*base.route.routes, to_dev)), receivers=(*base.receivers, receiver("dev"))
        )
    )
    play.at("0s", "A", {k: v for i in "abc" for k, v in series("A", i=i).items()}).run("10m")
    assert len(play.told()) == 2
    assert len(play.told("dev/console[0]")) == 1
    assert play.machine.refusals.counts == {}


# -- values ---------------------------------------------------------------------------------------------------------------


def test_sizes_are_printed_in_the_largest_unit_that_divides_them() -> None:
    sizes = (0, 1500, 1024, 16 * 1024**2, 3 * 1024**3, 1024 * 1024 + 1024)
    assert [format_size(size) for size in sizes] == ["0", "1500B", "1KiB", "16MiB", "3GiB", "1025KiB"]


def test_every_limit_that_is_told_can_be_set() -> None:
    assert {str(limit) for limit in Limit} <= set(Limits.__dataclass_fields__)
