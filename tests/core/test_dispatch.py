"""From alerts to notifications: Alertmanager's acceptance scenarios with rules as sources, and what must never be lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.events import AlertsPosted
from evaluator.core.labels import Labels, Matcher
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.records import AlertRecord, Decision, LedgerRecord, OutboxRecord
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Receiver, Settings
from tests.core.playbook import NOTHING, Playbook, group, moment, receiver, route, rule, series
from tests.core.playbook import settings as configured

OPS, OPS1, DEV = "ops/console[0]", "ops/console[1]", "dev/console[0]"
BOTH = (receiver("ops"), receiver("dev"))


# -- Alertmanager's acceptance scenarios ----------------------------------------------------------------------------------


def fast(
    *names: str, wait: str = "1s", interval: str = "1s", repeat: str = "1h", receivers: tuple[Receiver, ...] = ()
) -> Settings:
    """A rule per name, evaluated ten times a second."""
    rules = group(*(rule(name) for name in names), interval="100ms")
    return configured(rules, root=route(wait=wait, interval=interval, repeat=repeat), receivers=receivers)


def test_batching() -> None:
    """What comes within group_wait and within a tick is told together; what still fires is repeated together."""
    play = Playbook(fast("1", "2", "3", "4", "5", repeat="4900ms"))
    play.at("1100ms", "1", series("1")).at("1700ms", "5", series("5"))
    for name in "234":
        play.at("3300ms", name, series(name))
    play.run("10s")
    assert play.told() == [
        "2s100ms first notification: 1 firing, 5 firing",
        "4s100ms new alerts added: 1 firing, 2 firing, 3 firing, 4 firing, 5 firing",
        "9s repeat interval elapsed: 1 firing, 2 firing, 3 firing, 4 firing, 5 firing",
    ]


def test_repeating_at_every_tick() -> None:
    """A repeat interval below group_interval acts as group_interval; after the end nothing is told."""
    play = Playbook(fast("test", repeat="1ms"))
    play.at("1s", "test", series("test")).at("3500ms", "test", NOTHING).run("30s")
    assert play.told() == [
        "2s first notification: test firing",
        "3s repeat interval elapsed: test firing",
        "4s all alerts resolved: test resolved",
    ]


def test_one_integration_fails_and_the_other_is_not_told_twice() -> None:
    play = Playbook(fast("test1", interval="2s", receivers=(receiver("ops", 2),)))
    play.at("1s", "test1", series("test1")).receiver_fails("0s", OPS1).receiver_works("4500ms", OPS1).run("20s")
    assert play.told(OPS) == ["2s first notification: test1 firing"]
    assert [row.integration for _, row in play.accepted] == [OPS, OPS1]


@pytest.mark.parametrize("wanted", [True, False])
def test_resolved_alerts_are_told_to_those_who_want_to_hear_of_them(wanted: bool) -> None:
    """Who does not want to hear of them is told of new alerts at the same ticks, and of no end."""
    play = Playbook(fast("v1", "v2", "v3", interval="5s", receivers=(receiver(send_resolved=wanted),)))
    play.at("1s", "v1", series("v1")).at("1s", "v2", series("v2"))
    play.at("3s", "v3", series("v3")).at("4s", "v1", NOTHING).at("8s", "v3", NOTHING).at("11s", "v2", NOTHING).run("30s")
    assert play.told() == (
        [
            "2s first notification: v1 firing, v2 firing",
            "7s new alerts added: v2 firing, v3 firing, v1 resolved",
            "12s all alerts resolved: v2 resolved, v3 resolved",
        ]
        if wanted
        else ["2s first notification: v1 firing, v2 firing", "7s new alerts added: v2 firing, v3 firing"]
    )
    assert play.machine.dispatch.groups == {}


def test_a_reload_does_not_restart_the_phase_of_a_group() -> None:
    """Alertmanager's ticks begin anew with a reload, at 3; here they go on from 2."""
    config = fast("test1", "test2", interval="6s", repeat="10m")
    play = Playbook(config).at("1s", "test1", series("test1")).at("4s", "test2", series("test2"))
    play.reload("3s", replace(config, retention=timedelta(days=1))).run("15s")
    assert play.told() == ["2s first notification: test1 firing", "8s new alerts added: test1 firing, test2 firing"]


def test_an_empty_group_is_built_anew_with_its_wait() -> None:
    play = Playbook(fast("A"))
    play.at("1s", "A", series("A")).at("3500ms", "A", NOTHING).at("5300ms", "A", series("A")).run("8s")
    assert [line.split()[0] for line in play.told()] == ["2s", "4s", "6s300ms"]


def test_an_alert_that_comes_back_within_a_tick_is_no_news() -> None:
    play = Playbook(fast("A", interval="5s"))
    play.at("1s", "A", series("A")).at("3s", "A", NOTHING).at("5s", "A", series("A")).run("30s")
    assert play.told() == ["2s first notification: A firing"]


def test_an_alert_in_two_routes_is_told_in_two_groups() -> None:
    """Also to the same receiver: two groups, two notifications."""
    by_env = Route("ops", key='{}/{env="prod"}', id='{}/{env="prod"}/0', matchers=(Matcher("env", "prod"),), continues=True)
    by_kafka = Route("ops", key='{}/{kafka="yes"}', id='{}/{kafka="yes"}/1', matchers=(Matcher("kafka", "yes"),))
    play = Playbook(configured(group(rule("A")), root=replace(route(), routes=(by_env, by_kafka))))
    play.at("0s", "A", series("A", env="prod", kafka="yes")).at("1m", "A", NOTHING).run("20m")
    assert len(play.told()) == 4
    assert {row.notification.group_key for _, row in play.accepted} == {'{}/{env="prod"}:{}', '{}/{kafka="yes"}:{}'}


# -- deliveries -----------------------------------------------------------------------------------------------------------


def test_alerts_and_their_groups() -> None:
    """Six alerts on three routes make six groups; the one that takes two routes is in two, each with its own labels and key."""

    def branch(name: str, on: str, by: list[str], continues: bool = False) -> Route:
        key, matcher = on.split("=")
        where = f'{{}}/{{{key}="{matcher}"}}'
        return replace(route(name, by=by), key=where, id=where, matchers=(Matcher(key, matcher),), continues=continues)

    below = (
        branch("testing", "env=testing", ["alertname", "service"]),
        branch("prod", "env=prod", ["alertname", "service", "cluster"], continues=True),
        branch("kafka", "kafka=yes", ["alertname", "service", "cluster"]),
    )
    receivers = [receiver(name) for name in ("ops", "testing", "prod", "kafka")]
    alerts = [
        {"alertname": "OtherAlert", "cluster": "cc", "service": "dbase"},
        {"env": "testing", "alertname": "TestingAlert", "service": "api", "instance": "inst1"},
        {"env": "prod", "alertname": "HighErrorRate", "cluster": "aa", "service": "api", "instance": "inst1"},
        {"env": "prod", "alertname": "HighErrorRate", "cluster": "aa", "service": "api", "instance": "inst2"},
        {"env": "prod", "alertname": "HighErrorRate", "cluster": "bb", "service": "api", "instance": "inst1"},
        {"env": "prod", "alertname": "HighLatency", "cluster": "bb", "service": "db", "kafka": "yes", "instance": "inst3"},
    ]
    posted = AlertsPosted(tuple(PostedAlert(Labels(labels)) for labels in alerts))
    play = Playbook(configured(root=replace(route(by=["alertname"]), routes=below), receivers=receivers)).happens("0s", posted)
    play.run("1s")
    assert sorted((one.key, len(one.alerts)) for one in play.machine.dispatch.groups.values()) == [
        ('{}/{env="prod"}:{alertname="HighErrorRate", cluster="aa", service="api"}', 2),
        ('{}/{env="prod"}:{alertname="HighErrorRate", cluster="bb", service="api"}', 1),
        ('{}/{env="prod"}:{alertname="HighLatency", cluster="bb", service="db"}', 1),
        ('{}/{env="testing"}:{alertname="TestingAlert", service="api"}', 1),
        ('{}/{kafka="yes"}:{alertname="HighLatency", cluster="bb", service="db"}', 1),
        ('{}:{alertname="OtherAlert"}', 1),
    ]


def test_a_group_through_its_life() -> None:
    """It waits, takes what comes later along at its next tick, tells ends once, and does not wait for an alert that is old."""

    def posted(when: str, name: str, start: str, end: str | None = None) -> None:
        ends_at = None if end is None else moment(end)
        play.happens(when, AlertsPosted((PostedAlert(Labels({"alertname": name}), (), moment(start), ends_at),)))

    play = Playbook(configured(root=replace(route(wait="1s", repeat="1h"), group_interval=timedelta(milliseconds=300))))
    posted("5s", "a", "5s")
    posted("6s100ms", "b", "6s")
    posted("7s", "a", "5s", "7s")
    posted("7s", "b", "6s", "7s")
    posted("20s", "c", "1s")
    play.run("30s")
    assert play.told() == [
        "6s first notification: a firing",
        "6s300ms new alerts added: a firing, b firing",
        "7s200ms all alerts resolved: a resolved, b resolved",
        "20s first notification: c firing",
    ]


def test_what_changes_during_a_delivery_is_told_after_it() -> None:
    """One delivery at a time; its answer is what the next decision is made against."""
    play = Playbook(configured(group(rule("A"), rule("B"))))
    play.takes = timedelta(minutes=8)
    play.at("0s", "A", series("A")).at("2m", "B", series("B")).at("4m", "A", NOTHING).run("30m")
    assert play.told() == ["30s first notification: A firing", "8m30s new alerts added: B firing, A resolved"]


def test_a_long_retry_after_waits_for_one_group_interval_at_most() -> None:
    """A proxy that asks for a day must not silence a page for a day."""
    play = Playbook(configured(group(rule("A")), root=route(by=["alertname"])))
    play.at("0s", "A", series("A")).receiver_fails("0s", OPS, retry_after=86400.0).run("11m")
    assert [str(line).split()[0] for line in play.told() if " A " in line] == ["30s", "5m30s", "10m30s"]
    assert any("EvaluatorNotificationFailing" in line for line in play.told())


def test_the_outbox_says_how_long_a_notification_has_been_waiting() -> None:
    """Decided anew or tried again, it is as old as the first decision that nobody has heard of."""
    play = Playbook(configured(group(rule("A"), rule("B"))))
    play.at("0s", "A", series("A")).at("2m", "B", series("B")).receiver_fails("0s", OPS, retry_after=3600.0).run("6m")
    (row,) = play.machine.dispatch.outbox
    assert (row.created_at, row.notification.at) == (moment("30s"), moment("5m30s"))


def test_every_decision_says_why() -> None:
    play = Playbook(configured(group(rule("A"), rule("B")), receivers=[receiver(send_resolved=False)]))
    play.at("0s", "A", series("A")).at("2m", "B", series("B")).at("3m", "B", NOTHING).at("7m", "A", NOTHING).run("20m")
    decided = [(one.reason, one.sent, one.firing, one.resolved) for one in play.decisions()]
    assert decided == [
        ("first notification", True, 1, 0),
        ("nothing new since the last notification", False, 1, 1),
        ("the receiver does not want to hear of resolved alerts", False, 0, 1),
    ]
    assert all(isinstance(one, Decision) and one.integration == OPS for one in play.decisions())


def test_a_decision_and_the_attempts_that_follow_from_it_name_the_same_row() -> None:
    play = Playbook(configured(group(rule("A")))).at("0s", "A", series("A"))
    play.receiver_fails("0s", OPS).receiver_works("31s", OPS).run("10m")
    (sent,) = [one for one in play.decisions() if one.sent]
    assert len(play.attempts()) > 1
    assert {one.outbox for one in play.attempts()} == {sent.outbox}
    assert play.machine.dispatch.groups[sent.group].lanes[OPS].decision == sent


def test_the_ledger_is_what_was_accepted() -> None:
    play = Playbook(configured(group(rule("A"), rule("B"))))
    play.at("0s", "A", series("A")).at("0s", "B", series("B")).at("2m", "A", NOTHING).run("5m")
    entry = play.kept[LedgerRecord, ("{}@ops:{}", OPS)]
    a, b = (Labels({"alertname": name}).fingerprint for name in "AB")
    assert entry == LedgerRecord("{}@ops:{}", OPS, moment("30s"), tuple(sorted([a, b])))
    play.run("6m")
    assert play.kept[LedgerRecord, ("{}@ops:{}", OPS)] == LedgerRecord("{}@ops:{}", OPS, moment("5m30s"), (b,), (a,))


# -- repeats --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("becomes", "times"),
    [("1h", ["30s", "2h", "3h", "4h"]), ("3h", ["30s", "3h30s"]), ("90m", ["30s", "2h", "3h30m"])],
)
def test_a_repeat_interval_that_is_edited_counts_from_the_last_notification(becomes: str, times: list[str]) -> None:
    """If it has passed by then, the reload itself is the moment."""
    play = Playbook(configured(group(rule("A")), root=route(repeat="4h")))
    play.at("0s", "A", series("A")).reload("2h", configured(group(rule("A")), root=route(repeat=becomes))).run("4h10m")
    assert [line.split()[0] for line in play.told()] == times


def test_repeats_go_on_when_the_interval_became_longer_while_a_notification_waited() -> None:
    """The timer of the old interval surfaces too early, and must not be the last."""
    deaf_to_ends = [receiver(send_resolved=False)]
    play = Playbook(configured(group(rule("A"), rule("B")), root=route(repeat="1h"), receivers=deaf_to_ends))
    play.at("0s", "A", series("A")).at("50m", "B", series("B")).at("52m", "B", NOTHING)
    play.receiver_fails("50m", OPS, retry_after=300.0).receiver_works("54m", OPS)
    longer = configured(group(rule("A"), rule("B")), root=route(repeat="2h"), receivers=deaf_to_ends)
    play.reload("53m", longer).run("5h")
    assert [row.notification.at for _, row in play.accepted] == [moment("30s"), moment("2h30s"), moment("4h30s")]


def test_a_repeat_is_not_overlooked_when_the_notification_took_longer_than_its_interval() -> None:
    """It is told again as soon as the answer is there."""
    play = Playbook(configured(group(rule("A")), root=route(repeat="6m")))
    play.takes = timedelta(minutes=7)
    play.at("0s", "A", series("A")).run("10m")
    assert [line.split()[0] for line in play.told()] == ["30s", "7m30s"]


def test_a_repeat_after_downtime_is_told_when_we_are_back() -> None:
    play = Playbook(configured(group(rule("A")), root=route(repeat="1h")))
    play.at("0s", "A", series("A")).run("30m").crash(after="2h").run("3h")
    assert [line.split()[0] for line in play.told()] == ["30s", "2h30m"]


# -- reloads --------------------------------------------------------------------------------------------------------------


def test_a_new_integration_hears_of_what_fires() -> None:
    """At the next tick; the others are not told again."""
    play = Playbook(configured(group(rule("A")), receivers=[receiver("ops", 1)]))
    play.at("0s", "A", series("A")).reload("10m", configured(group(rule("A")), receivers=[receiver("ops", 2)])).run("1h")
    assert play.told(OPS) == ["30s first notification: A firing"]
    assert play.told(OPS1) == ["10m30s first notification: A firing"]


def test_a_removed_integration_holds_nothing_up() -> None:
    """An alert that is over waits for those who have not heard of it; who is gone is not waited for."""
    play = Playbook(configured(group(rule("A")), receivers=[receiver("ops", 2)]))
    play.at("0s", "A", series("A")).at("2m", "A", NOTHING).receiver_fails("3m", OPS1)
    play.reload("5m40s", configured(group(rule("A")), receivers=[receiver("ops", 1)])).run("30m")
    assert play.kept == {}


def test_a_removed_receiver_that_nobody_keeps_is_not_missed() -> None:
    """As after a restart, when nobody knows any more how it was reached."""
    play = Playbook(configured(group(rule("A")), receivers=BOTH))
    play.at("0s", "A", series("A")).at("20m", "A", NOTHING)
    play.reload("10m", configured(group(rule("A")), root=route("dev"), receivers=[receiver("dev")])).run("1h")
    assert play.told(DEV) == ["10m first notification: A firing", "25m all alerts resolved: A resolved"]
    assert play.kept == {}


OPS_ONLY = configured(group(rule("A")), receivers=BOTH)
DEV_ONLY = configured(group(rule("A")), root=route("dev"), receivers=BOTH)


def test_a_route_that_comes_back_before_the_goodbye_was_never_away() -> None:
    """And no copy of the alert, as it would have ended there, is left to resolve it after a restart."""
    play = Playbook(OPS_ONLY).at("0s", "A", series("A")).reload("2m", DEV_ONLY).reload("3m", OPS_ONLY)
    play.run("20m").crash().run("40m")
    assert play.told(OPS) == ["30s first notification: A firing"]
    assert play.told(DEV) == ["2m first notification: A firing", "7m all alerts resolved: A resolved"]
    assert [key for kind, key in play.kept if kind is AlertRecord] == [(Labels({"alertname": "A"}).fingerprint, "")]


def test_a_goodbye_says_why() -> None:
    play = Playbook(OPS_ONLY).at("0s", "A", series("A")).reload("2m", DEV_ONLY).run("10m")
    (goodbye,) = [row.notification.alerts for _, row in play.accepted if row.notification.resolved]
    assert [alert.why for alert in goodbye] == ["no longer routed here"]


def test_other_group_labels_move_the_alert_to_another_group() -> None:
    """The old group hears that it is over there, the new one that it fires."""
    edited = configured(group(rule("A")), root=route(by=["alertname"]))
    play = Playbook(configured(group(rule("A")))).at("0s", "A", series("A")).reload("2m", edited).run("30m")
    assert [(row.notification.group_key, row.notification.status) for _, row in play.accepted] == [
        ("{}:{}", "firing"),
        ('{}:{alertname="A"}', "firing"),
        ("{}:{}", "resolved"),
    ]


def test_other_external_labels_are_another_alert() -> None:
    """The alert under its old name ends, saying why, and fires under the new one."""
    renamed = configured(group(rule("A")), external_labels=Labels({"cluster": "x"}))
    play = Playbook(configured(group(rule("A")))).at("0s", "A", series("A")).reload("2m", renamed).run("10m")
    assert play.told()[-1] == "5m30s new alerts added: A{cluster=x} firing, A resolved"
    assert [alert.why for alert in play.accepted[-1][1].notification.resolved] == ["external labels changed"]


def test_other_external_labels_after_a_restart_are_told_in_the_same_words() -> None:
    renamed = configured(group(rule("A")), external_labels=Labels({"cluster": "x"}))
    play = Playbook(configured(group(rule("A")))).at("0s", "A", series("A")).run("2m").crash(renamed).run("10m")
    assert play.told()[-1] == "5m30s new alerts added: A{cluster=x} firing, A resolved"
    assert [alert.why for alert in play.accepted[-1][1].notification.resolved] == ["external labels changed"]


# -- crashes --------------------------------------------------------------------------------------------------------------


def test_what_may_have_arrived_is_sent_again_before_anything_is_decided() -> None:
    """Killed while "firing" was on its way, and the end was waiting behind it: both are told, not neither."""
    play = Playbook(configured(group(rule("A"))))
    play.takes = timedelta(minutes=10)
    play.at("0s", "A", series("A")).at("1m", "A", NOTHING).run("6m")
    play.takes = timedelta(0)
    play.crash().run("30m")
    assert play.told()[1:] == ["6m first notification: A firing", "6m all alerts resolved: A resolved"]
    assert play.kept == {}


def test_a_delivery_that_waits_for_its_retry_waits_on_after_a_restart() -> None:
    play = Playbook(configured(group(rule("A"))))
    play.at("0s", "A", series("A")).receiver_fails("0s", OPS, retry_after=240.0).receiver_works("31s", OPS)
    play.run("1m").crash().run("10m")
    assert [line.split()[0] for line in play.told()] == ["30s", "4m30s"]


def test_an_attempt_under_way_is_kept_as_such() -> None:
    """A row says whether it waits or is being sent, so that a restart knows which ones may have arrived."""
    play = Playbook(configured(group(rule("A"))))
    play.at("0s", "A", series("A")).receiver_fails("0s", OPS, retry_after=100.0).run("1m")
    waiting = [record for (kind, _), record in play.kept.items() if kind is OutboxRecord]
    assert [(row.attempts, row.retry_at) for row in waiting] == [(1, moment("2m10s"))]  # type: ignore[attr-defined]
    play.takes = timedelta(minutes=1)
    play.run("2m20s")
    flying = [record for (kind, _), record in play.kept.items() if kind is OutboxRecord]
    assert [(row.attempts, row.retry_at) for row in flying] == [(1, None)]  # type: ignore[attr-defined]


def test_an_end_told_to_one_of_two_is_told_to_the_other_after_a_restart() -> None:
    play = Playbook(configured(group(rule("A")), root=route(by=["alertname"]), receivers=[receiver("ops", 2)]))
    play.at("0s", "A", series("A")).at("2m", "A", NOTHING).receiver_fails("3m", OPS1).receiver_works("20m", OPS1)
    play.run("10m").crash().run("30m")
    a = Labels({"alertname": "A"})
    heard = [row.integration for _, row in play.accepted if a in [alert.labels for alert in row.notification.resolved]]
    assert heard == [OPS, OPS1]
