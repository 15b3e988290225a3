"""The machine as a whole, as timelines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluator.core.evaluation.answers import FailureKind
from evaluator.core.events import TimerFired
from tests.core.playbook import NOTHING, Playbook, failure, group, moment, receiver, route, rule, series, settings


def test_pending_firing_notified_resolved() -> None:
    """The main job: an alert waits for its `for`, is told after group_wait, and its end is told at the next tick."""
    play = Playbook(settings(group(rule("Down", hold="2m"))))
    play.at("1m", "Down", series("Down", instance="a")).at("6m", "Down", NOTHING).run("20m")
    assert play.log == [
        "1m Down{instance=a} pending",
        "3m Down{instance=a} firing",
        "3m30s -> ops/console[0]: first notification: Down{instance=a} firing",
        "6m Down{instance=a} inactive",
        "8m30s -> ops/console[0]: all alerts resolved: Down{instance=a} resolved",
    ]


def test_everything_is_forgotten_in_the_end() -> None:
    """Fifteen minutes after an alert is over, nothing of it is kept."""
    play = Playbook(settings(group(rule("Down"))))
    play.at("1m", "Down", series("Down")).at("3m", "Down", NOTHING).run("30m")
    assert play.kept == {}
    assert len(play.machine.alerts) == 0


def test_repeat_is_told_after_the_repeat_interval() -> None:
    """Exactly repeat_interval after the decision before it, not at the tick after that."""
    play = Playbook(settings(group(rule("Down")), root=route(repeat="1h")))
    play.at("0s", "Down", series("Down")).run("2h10m")
    assert play.told() == [
        "30s first notification: Down firing",
        "1h30s repeat interval elapsed: Down firing",
        "2h30s repeat interval elapsed: Down firing",
    ]


def test_a_quiet_group_has_no_timer_but_its_repeat() -> None:
    play = Playbook(settings(group(rule("Down"), interval="2h")))
    play.at("0s", "Down", series("Down")).run("1h")
    assert play.machine.timers.next == play.machine.groups["test.rules.yml;g"].next_slot


def test_a_failing_datasource_resolves_nothing_and_raises_one_alert() -> None:
    """Ten minutes without an answer: the alert stays told, one built-in alert says so, and ends when answers are back."""
    play = Playbook(settings(group(rule("Down"), rule("Other")), root=route(by=["alertname"])))
    play.at("0s", "Down", series("Down"))
    for each in ("Down", "Other"):
        play.at("2m", each, failure())
    play.at("12m", "Down", series("Down")).at("12m", "Other", NOTHING).run("30m")
    assert play.told() == [
        "30s first notification: Down firing",
        "3m30s first notification: EvaluatorDatasourceDown{datasource=default} firing",
        "13m30s all alerts resolved: EvaluatorDatasourceDown{datasource=default} resolved",
    ]


def test_pending_goes_on_through_failures() -> None:
    """The clock of `for` runs in slot time, as in Prometheus: the next good answer may go straight to firing."""
    play = Playbook(settings(group(rule("Down", hold="5m"))))
    play.at("0s", "Down", series("Down")).at("1m", "Down", failure()).at("7m", "Down", series("Down")).run("8m")
    assert [line for line in play.log if "->" not in line] == ["0s Down pending", "7m Down firing"]


def test_a_partial_answer_resolves_nothing_but_admits() -> None:
    play = Playbook(settings(group(rule("Down"))))
    play.at("0s", "Down", series("Down", i="a"))
    play.at("1m", "Down", series("Down", i="b"), partial=True).at("3m", "Down", series("Down", i="b")).run("4m")
    assert [line for line in play.log if "->" not in line] == [
        "0s Down{i=a} firing",
        "1m Down{i=b} firing",
        "3m Down{i=a} inactive",
    ]


def test_a_rule_that_fails_by_itself_raises_one_alert_per_datasource() -> None:
    play = Playbook(settings(group(rule("A"), rule("B"), rule("C")), root=route(by=["alertname"])))
    play.at("0s", "A", failure(FailureKind.BAD_QUERY, "parse error")).at("0s", "B", failure(FailureKind.RULE, "duplicate"))
    play.at("10m", "A", NOTHING).at("15m", "B", NOTHING).run("25m")
    assert play.told() == [
        "2m30s first notification: EvaluatorRuleFailing{datasource=default} firing",
        "17m30s all alerts resolved: EvaluatorRuleFailing{datasource=default} resolved",
    ]


def test_one_slow_rule_is_a_failing_rule_and_not_a_datasource_that_is_down() -> None:
    play = Playbook(settings(group(rule("A"), rule("B")), root=route(by=["alertname"])))
    play.at("0s", "A", failure(FailureKind.TRANSIENT, "time-out")).run("20m")
    assert play.told() == ["2m30s first notification: EvaluatorRuleFailing{datasource=default} firing"]


def test_over_the_limit_old_alerts_stay_and_new_ones_are_refused() -> None:
    play = Playbook(settings(group(rule("Down"), limit=2), root=route(by=["alertname"])))
    play.at("0s", "Down", series("Down", i="c"))
    play.at("1m", "Down", series("Down", i="a") | series("Down", i="b") | series("Down", i="c"))
    play.at("10m", "Down", series("Down", i="a") | series("Down", i="c")).run("16m")
    assert [line for line in play.log if "->" not in line] == ["0s Down{i=c} firing", "1m Down{i=a} firing"]
    assert play.told()[1] == "1m30s first notification: EvaluatorAlertLimit{rule=Down,rule_group=test.rules.yml;g} firing"
    assert "EvaluatorAlertLimit{rule=Down,rule_group=test.rules.yml;g} resolved" in play.told()[-1]


def test_a_removed_rule_resolves_its_alerts_at_once_and_says_why() -> None:
    play = Playbook(settings(group(rule("Down"), rule("Other"))))
    play.at("0s", "Down", series("Down")).reload("3m10s", settings(group(rule("Other")))).run("10m")
    assert play.log[-2:] == [
        "3m10s Down gone (rule removed)",
        "5m30s -> ops/console[0]: all alerts resolved: Down resolved",
    ]


def test_an_edited_rule_keeps_its_alerts() -> None:
    play = Playbook(settings(group(rule("Down", hold="5m"))))
    play.at("0s", "Down", series("Down")).reload("2m30s", settings(group(rule("Down", hold="3m")))).run("4m")
    assert play.log[:2] == ["0s Down pending", "3m Down firing"]


def test_a_reload_of_the_same_configuration_has_no_effect() -> None:
    config = settings(group(rule("Down")))
    play = Playbook(config).at("0s", "Down", series("Down")).run("10m")
    before = len(play.effects)
    timer = play.machine.next_timer
    play.reload("10m", settings(group(rule("Down")))).run("10m")
    assert len(play.effects) == before
    assert play.machine.next_timer == timer


def test_a_failed_delivery_is_tried_again_until_it_is_accepted() -> None:
    play = Playbook(settings(group(rule("Down"))))
    play.at("0s", "Down", series("Down")).receiver_fails("0s", "ops/console[0]").receiver_works("40s", "ops/console[0]").run(
        "4m"
    )
    errors = [attempt.error for attempt in play.attempts()]
    assert errors[-1] == ""
    assert set(errors[:-1]) == {"503 from the server"}
    assert len(errors) > 3


def test_what_a_receiver_missed_is_told_as_it_is_now() -> None:
    """A receiver that was away hears what fires when it is back, once; what came and went is told as over."""
    play = Playbook(settings(group(rule("A"), rule("B"))))
    play.at("0s", "A", series("A")).at("2m", "A", NOTHING).at("7m", "B", series("B"))
    play.receiver_fails("0s", "ops/console[0]").receiver_works("10m", "ops/console[0]").run("20m")
    failing = "EvaluatorNotificationFailing{integration=console[0],receiver=ops}"
    accepted = [attempt for attempt in play.attempts() if not attempt.error]
    assert len(accepted) == 2
    assert play.told()[-2].endswith(f"first notification: B firing, {failing} firing, A resolved")
    assert play.told()[-1].endswith(f"some alerts resolved: B firing, {failing} resolved")


def test_a_permanent_failure_waits_for_the_next_tick_and_raises_an_alert() -> None:
    play = Playbook(settings(group(rule("Down")), root=route(by=["alertname"])))
    play.at("0s", "Down", series("Down")).receiver_fails("0s", "ops/console[0]", permanent=True)
    play.receiver_works("3m", "ops/console[0]").run("12m")
    failing = "EvaluatorNotificationFailing{integration=console[0],receiver=ops}"
    assert play.told() == [
        "30s first notification: Down firing",
        f"1m first notification: {failing} firing",
        "5m30s first notification: Down firing",
    ]


def test_retry_after_is_honoured() -> None:
    play = Playbook(settings(group(rule("Down"))))
    play.at("0s", "Down", series("Down")).receiver_fails("0s", "ops/console[0]", retry_after=90.0)
    play.receiver_works("31s", "ops/console[0]").run("4m")
    assert [line.split()[0] for line in play.told()] == ["30s", "2m"]


@pytest.mark.parametrize("instant", ["0s", "1m", "90s", "3m", "3m10s", "3m30s", "5m", "6m10s", "8m20s", "8m30s", "10m"])
def test_a_crash_changes_nothing(instant: str) -> None:
    """Killed and started again at any instant, the story is told as if nothing had happened."""

    def story() -> Playbook:
        play = Playbook(settings(group(rule("Down", hold="2m"))))
        return play.at("1m", "Down", series("Down")).at("6m", "Down", NOTHING)

    whole = story().run("20m").log
    assert story().run(instant).crash().run("20m").log == whole


def test_a_notification_on_its_way_when_we_were_killed_is_sent_again() -> None:
    play = Playbook(settings(group(rule("Down"))))
    play.takes = timedelta(seconds=10)
    play.at("0s", "Down", series("Down")).run("35s").crash(after="5s").run("4m")
    assert [line.split()[0] for line in play.told()] == ["30s", "40s"]


def test_downtime_does_not_lose_a_resolve() -> None:
    """What is over when we come back is told as over."""
    play = Playbook(settings(group(rule("Down"))))
    play.at("0s", "Down", series("Down")).at("10m", "Down", NOTHING).run("9m").crash(after="1h").run("1h20m")
    assert play.told()[-1] == "1h10m30s all alerts resolved: Down resolved"


def test_a_rule_removed_while_we_were_down_resolves() -> None:
    play = Playbook(settings(group(rule("Down"), rule("Other"))))
    play.at("0s", "Down", series("Down")).run("9m").crash(settings(group(rule("Other")))).run("20m")
    assert play.told()[-1] == "10m30s all alerts resolved: Down resolved"


def test_a_route_with_another_receiver_says_goodbye_to_the_old_one() -> None:
    both = [receiver("ops"), receiver("dev")]
    play = Playbook(settings(group(rule("Down")), receivers=both))
    changed = settings(group(rule("Down")), root=route("dev"), receivers=both)
    play.at("0s", "Down", series("Down")).reload("2m", changed).run("30m")
    assert play.told() == ["30s first notification: Down firing", "5m30s all alerts resolved: Down resolved"]
    assert play.told("dev/console[0]") == ["2m first notification: Down firing"]


def test_an_alert_that_fires_again_before_the_tick_was_never_away() -> None:
    play = Playbook(settings(group(rule("Down"))))
    play.at("0s", "Down", series("Down")).at("2m", "Down", NOTHING).at("3m", "Down", series("Down")).run("20m")
    assert play.told() == ["30s first notification: Down firing"]


def test_without_send_resolved_nobody_hears_of_the_end() -> None:
    play = Playbook(settings(group(rule("Down")), receivers=[receiver(send_resolved=False)]))
    play.at("0s", "Down", series("Down")).at("2m", "Down", NOTHING).at("20m", "Down", series("Down")).run("30m")
    assert play.told() == ["30s first notification: Down firing", "20m30s first notification: Down firing"]


def test_late_wake_ups_count_missed_slots() -> None:
    play = Playbook(settings(group(rule("Down"))))
    play.run("2m")
    play.machine.handle(TimerFired(), moment("7m30s"))
    evaluated = play.machine.groups["test.rules.yml;g"]
    assert (evaluated.missed, evaluated.slot, evaluated.next_slot) == (4, moment("7m"), moment("8m"))
