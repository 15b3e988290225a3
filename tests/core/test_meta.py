"""The evaluator watching itself: when each built-in alert begins, changes and ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluator.core.alerts import Alert
from evaluator.core.evaluation.answers import FailureKind
from evaluator.core.evaluation.rules import RuleGroup
from evaluator.core.labels import Labels
from evaluator.core.records import OutboxRecord, Pairs
from evaluator.core.settings import Settings
from evaluator.core.watching.delivery_watch import NOTHING_WAITS
from tests.core.playbook import NOTHING, Playbook, failure, group, moment, name, receiver, route, rule, series
from tests.core.playbook import settings as configured

BAD = failure(FailureKind.BAD_QUERY, "parse error")
OPS, OPS1 = "ops/console[0]", "ops/console[1]"
OF_DATASOURCE = [kind for kind in FailureKind if kind.of_datasource]


def config(*groups: RuleGroup, **more: object) -> Settings:
    """Each alertname is told by itself, at once and at every slot."""
    return configured(*groups, root=route(by=["alertname"], wait="0s", interval="1m"), **more)


def built_in(play: Playbook) -> list[str]:
    """The built-in alerts that fire."""
    own = [alert for alert in play.machine.alerts if alert.firing and alert.labels["alertname"].startswith("Evaluator")]
    return sorted(name(alert.labels) for alert in own)


def only(play: Playbook) -> Alert:
    """The one alert that fires."""
    (alert,) = [alert for alert in play.machine.alerts if alert.firing]
    return alert


def described(play: Playbook) -> str:
    """The description of the one alert that fires."""
    return dict(only(play).described.annotations.expanded or ())["description"]


DOWN = "EvaluatorDatasourceDown{datasource=default}"
FAILING = "EvaluatorRuleFailing{datasource=default}"
DEAF = "EvaluatorNotificationFailing{integration=console[0],receiver=ops}"
LIMIT = "EvaluatorAlertLimit{rule=A,rule_group=test.rules.yml;g}"


# -- EvaluatorDatasourceDown ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OF_DATASOURCE)
def test_a_datasource_is_down_after_a_minute_without_an_answer(kind: FailureKind) -> None:
    """Whatever the reason; the last one is told."""
    play = Playbook(config(group(rule("A"), interval="20s")))
    play.at("1m", "A", failure(kind, "the reason")).at("5m", "A", NOTHING)
    assert built_in(play.run("1m59s")) == []
    assert built_in(play.run("2m")) == [DOWN]
    assert f"({kind}): the reason" in described(play)
    assert "since 2026-01-01 00:01:00 UTC" in described(play)
    assert built_in(play.run("4m59s")) == [DOWN]
    assert built_in(play.run("5m")) == []


def test_an_outage_of_a_datasource_is_one_alert() -> None:
    """However many rules, also when it begins or ends in the midst of a slot."""
    play = Playbook(config(group(rule("A"), rule("B"), rule("C")), group(rule("D"), name="other")))
    for each, begin, end in (("A", "1m", "10m"), ("B", "2m", "10m"), ("C", "1m", "11m"), ("D", "2m", "11m")):
        play.at(begin, each, failure()).at(end, each, NOTHING)
    play.run("30m")
    assert [line for line in play.told() if "firing" in line] == [f"3m first notification: {DOWN} firing"]
    assert play.told()[-1].endswith(f"all alerts resolved: {DOWN} resolved")


def test_one_of_two_datasources_is_down() -> None:
    play = Playbook(config(group(rule("A")), group(rule("B"), name="h", datasource="second")))
    play.at("1m", "B", failure()).run("10m")
    assert built_in(play) == ["EvaluatorDatasourceDown{datasource=second}"]


def test_short_outages_do_not_add_up() -> None:
    play = Playbook(config(group(rule("A"), interval="20s")))
    for minute in range(1, 10):
        play.at(f"{minute}m", "A", failure()).at(f"{minute}m40s", "A", NOTHING)
    assert play.run("12m").told() == []


# -- EvaluatorRuleFailing -------------------------------------------------------------------------------------------------


def test_a_rule_may_fail_twice() -> None:
    play = Playbook(config(group(rule("A"), rule("B"))))
    play.at("1m", "A", BAD).at("3m", "A", NOTHING).at("4m", "A", BAD).at("8m", "A", NOTHING)
    assert built_in(play.run("5m59s")) == []
    assert built_in(play.run("6m")) == [FAILING]
    assert described(play) == "A: parse error"
    assert built_in(play.run("8m")) == []


def test_one_alert_names_the_failing_rules() -> None:
    """Five of them, and how many more there are; it follows them as they come and go."""
    play = Playbook(config(group(*(rule(letter) for letter in "ABCDEFG"))))
    for letter in "ABCDEFG":
        play.at("0s", letter, BAD)
    play.at("5m", "G", NOTHING).run("4m")
    assert described(play).splitlines() == [*(f"{letter}: parse error" for letter in "ABCDE"), "and 2 more"]
    play.run("5m")
    assert described(play).splitlines()[-1] == "and 1 more"


@pytest.mark.parametrize("names", [("A", "B"), ("B", "A")])
def test_a_rule_that_times_out_while_others_are_answered_is_itself_at_fault(names: tuple[str, str]) -> None:
    """In whichever order they are asked."""
    play = Playbook(config(group(*map(rule, names))))
    play.at("1m", "A", failure(message="time-out")).run("10m")
    assert [line for line in play.told() if "firing" in line] == [f"3m first notification: {FAILING} firing"]


def test_a_bad_query_is_the_rules_fault_also_while_the_datasource_is_down() -> None:
    play = Playbook(config(group(rule("A"), rule("B"))))
    play.at("0s", "A", BAD).at("0s", "B", failure()).run("5m")
    assert built_in(play) == [DOWN, FAILING]


# -- EvaluatorAlertLimit --------------------------------------------------------------------------------------------------

TWO = series("A", i="a") | series("A", i="b")


def test_a_rule_over_its_limit() -> None:
    play = Playbook(config(group(rule("A"), limit=1)))
    play.at("1m", "A", TWO).at("3m", "A", failure()).at("5m", "A", series("A", i="a"))
    assert built_in(play.run("1m")) == [LIMIT]
    assert built_in(play.run("4m59s")) == [LIMIT, DOWN]
    assert built_in(play.run("5m")) == []


def test_rules_of_one_name_share_the_alert() -> None:
    """It ends with the last of them that is over its limit, and does not flap between them."""
    twins = group(rule("A"), replace(rule("A", severity="critical"), key="A2"), limit=1)
    play = Playbook(config(twins)).at("0s", "A", TWO).at("0s", "A2", NOTHING).at("5m", "A2", TWO)
    play.at("8m", "A", series("A", i="a")).at("10m", "A2", NOTHING).run("20m")
    told = [line for line in play.told() if "AlertLimit" in line]
    assert told == [f"0s first notification: {LIMIT} firing", f"11m all alerts resolved: {LIMIT} resolved"]


# -- EvaluatorNotificationFailing -----------------------------------------------------------------------------------------


def test_an_integration_that_accepts_nothing_for_a_minute() -> None:
    """Told through the others, and when it works again through itself."""
    play = Playbook(config(group(rule("A")), receivers=[receiver("ops", 2)]))
    play.at("0s", "A", series("A")).receiver_fails("0s", OPS).receiver_works("10m", OPS)
    assert built_in(play.run("1m")) == []
    assert built_in(play.run("3m")) == [DEAF]
    assert built_in(play.run("12m")) == []
    assert any(DEAF in line for line in play.told(OPS1))


def test_a_refusal_for_good_is_told_at_once() -> None:
    play = Playbook(config(group(rule("A")), receivers=[receiver("ops", 2)]))
    play.at("0s", "A", series("A")).receiver_fails("0s", OPS, permanent=True)
    assert built_in(play.run("0s")) == [DEAF]


def test_the_refusal_is_quoted() -> None:
    play = Playbook(config(group(rule("A"), interval="1h"), receivers=[receiver("ops", 2)]))
    play.at("0s", "A", series("A")).receiver_fails("0s", OPS).run("3m")
    (deaf,) = [alert for alert in play.machine.alerts if name(alert.labels) == DEAF]
    texts = dict(deaf.described.annotations.expanded or ())
    assert texts["description"] == "Nothing has been accepted since 2026-01-01 00:00:00 UTC. Last failure: 503 from the server"


def test_a_short_trouble_is_not_told() -> None:
    play = Playbook(config(group(rule("A"))))
    play.at("0s", "A", series("A")).receiver_fails("0s", OPS).receiver_works("50s", OPS).run("10m")
    assert built_in(play) == []
    assert [row.notification.reason for _, row in play.accepted] == ["first notification"]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("permanent", [False, True])
def test_it_is_over_when_nothing_waits_for_it_any_more(permanent: bool, restart: bool) -> None:
    """That it fails itself, it is not told either, so it must not wait for that; and it is not said that it works again."""
    play = Playbook(config(group(rule("A")), receivers=[receiver("ops", 2)]))
    play.at("0s", "A", series("A")).at("10m", "A", NOTHING).receiver_fails("0s", OPS, permanent)
    play.run("9m")
    if restart:
        play.crash()
    assert built_in(play) == [DEAF]
    assert built_in(play.run("12m")) == []
    told = [alert for _, row in play.accepted for alert in row.notification.resolved if name(alert.labels) == DEAF]
    assert {alert.why for alert in told} == {NOTHING_WAITS}
    assert play.told(OPS1)[-1].endswith(f"{DEAF} resolved")
    assert play.run("2h").kept == {}


def test_it_goes_on_while_anything_waits_for_it() -> None:
    play = Playbook(config(group(rule("A"), rule("B")), receivers=[receiver("ops", 2)]))
    play.at("0s", "A", series("A")).at("0s", "B", series("B")).at("10m", "A", NOTHING).receiver_fails("0s", OPS)
    assert built_in(play.run("30m")) == [DEAF]


def test_what_was_pointless_before_it_was_told_is_not_counted() -> None:
    """A new trouble has its own minute."""
    play = Playbook(config(group(rule("A", keep="0s"), interval="20s"), receivers=[receiver("ops", 2)]))
    play.receiver_fails("0s", OPS)
    for minute in range(0, 20, 4):
        play.at(f"{minute}m", "A", series("A")).at(f"{minute}m40s", "A", NOTHING)
    play.run("30m")
    assert not any(DEAF in line for line in play.told(OPS1))


# -- restart, reload, removal ---------------------------------------------------------------------------------------------


def scenes() -> dict[str, tuple[Playbook, Settings]]:
    """For each built-in alert: a play in which it fires from 5m to 20m, and a configuration without what it is about."""
    one = config(group(rule("A"), rule("B"), limit=1), receivers=[receiver("ops", 2), receiver("spare")])
    two = config(group(rule("B"), limit=1), receivers=[receiver("ops", 2), receiver("spare")])
    other = config(group(rule("A"), rule("B"), limit=1, datasource="other"), receivers=[receiver("ops", 2)])
    second = replace(receiver("ops"), integrations=receiver("ops", 2).integrations[1:])
    deaf = config(group(rule("A"), rule("B"), limit=1), receivers=[second])
    down = Playbook(one).at("0s", "A", failure()).at("0s", "B", failure()).at("20m", "A", NOTHING).at("20m", "B", NOTHING)
    failing = Playbook(one).at("0s", "A", BAD).at("20m", "A", NOTHING)
    limit = Playbook(one).at("0s", "A", TWO).at("20m", "A", NOTHING)
    refused = Playbook(one).at("0s", "A", series("A")).receiver_fails("0s", OPS, permanent=True).receiver_works("20m", OPS)
    refused.at("21m", "A", NOTHING)
    return {DOWN: (down, other), FAILING: (failing, two), LIMIT: (limit, two), DEAF: (refused, deaf)}


@pytest.mark.parametrize("which", [DOWN, FAILING, LIMIT, DEAF])
@pytest.mark.parametrize("crashes", [0, 1, 2])
@pytest.mark.parametrize("reload", [False, True])
def test_it_fires_until_its_cause_is_over(which: str, crashes: int, reload: bool) -> None:
    """Also when we are killed in between, or reload; and it is told once, as one episode."""
    play, _ = scenes()[which]
    if reload:
        play.reload("9m10s", replace(play.settings, external_url="http://other"))
    for minute in range(crashes):
        play.run(f"{7 + minute}m30s").crash(after="5s")
    assert built_in(play.run("19m59s")) == [which]
    assert built_in(play.run("23m")) == []
    firsts = [row for _, row in play.accepted if row.integration == OPS1 and row.notification.reason == "first notification"]
    assert len([row for row in firsts if name(row.notification.alerts[0].labels) == which]) == 1
    assert play.run("40m").kept == {}


@pytest.mark.parametrize("which", [DOWN, FAILING, LIMIT, DEAF])
@pytest.mark.parametrize("restart", [False, True])
def test_it_ends_when_what_it_is_about_is_removed(which: str, restart: bool) -> None:
    """The rule, the datasource or the integration is gone from the configuration, by reload or while we were down."""
    play, without = scenes()[which]
    play.run("7m30s")
    assert built_in(play) == [which]
    if restart:
        play.crash(without).run("8m")  # which rules failed is not kept: those that are left are asked once
    else:
        play.reload("7m30s", without).run("7m30s")
    assert built_in(play) == []


def test_a_failing_rule_that_moves_to_another_datasource_takes_its_failures_along() -> None:
    play = Playbook(config(group(rule("A")))).at("0s", "A", BAD)
    play.reload("5m30s", config(group(rule("A"), datasource="other")))
    assert built_in(play.run("5m30s")) == []
    assert built_in(play.run("8m")) == ["EvaluatorRuleFailing{datasource=other}"]


def test_after_a_restart_no_answer_does_not_end_a_failing_rule() -> None:
    """The datasource is down when we come back: nothing is known of the rule but that it failed."""
    play = Playbook(config(group(rule("A"), rule("B")))).at("0s", "A", BAD)
    play.at("7m", "A", failure()).at("7m", "B", failure()).at("12m", "A", BAD).at("12m", "B", NOTHING).at("15m", "A", NOTHING)
    play.run("6m30s").crash()
    assert built_in(play.run("11m")) == [DOWN, FAILING]
    assert built_in(play.run("14m")) == [FAILING]
    assert built_in(play.run("15m")) == []


def test_a_rule_removed_before_it_was_asked_again_is_not_waited_for() -> None:
    play = Playbook(config(group(rule("A"), rule("B"), interval="10m"))).at("0s", "A", BAD).run("35m").crash()
    assert built_in(play) == [FAILING]
    play.reload("36m", config(group(rule("B"), interval="10m"))).run("41m")
    assert built_in(play) == []


@pytest.mark.parametrize("restart", [False, True])
def test_other_external_labels_rename_a_built_in_alert(restart: bool) -> None:
    """It ends under the old name, goes on under the new one, and ends there when its cause is over."""
    play = Playbook(config(group(rule("A")))).at("0s", "A", failure()).at("20m", "A", NOTHING).run("5m")
    renamed = config(group(rule("A")), external_labels=Labels({"cluster": "x", "datasource": "never"}))
    if restart:
        play.crash(renamed)
    else:
        play.reload("5m", renamed)
    assert built_in(play.run("19m")) == ["EvaluatorDatasourceDown{cluster=x,datasource=default}"]
    assert built_in(play.run("20m")) == []
    assert play.run("40m").kept == {}


# -- EvaluatorTemplateFailing ---------------------------------------------------------------------------------------------


MISWORDED = "EvaluatorTemplateFailing{integration=console[0],receiver=ops}"


def misworded(names: str, until: str, **more: object) -> Playbook:
    """A receiver whose template fails whenever a message tells of one of the `names`, until this instant."""
    play = Playbook(config(group(rule("A"), rule("B"), interval="1m"), **more))
    note = (("template_error", "text: line 1, column 3: no such name"), ("ts", "1.2"))

    def receipt(row: OutboxRecord) -> Pairs:
        told = {alert.labels["alertname"] for alert in row.notification.alerts}
        return note if told & set(names.split()) and row.notification.at < moment(until) else (("ts", "1.2"),)

    play.receipts = receipt
    return play.at("0s", "A", series("A")).at("5m", "A", NOTHING).at("7m", "B", series("B"))


def test_a_template_that_fails_is_told_and_named() -> None:
    play = misworded("A", "1h").run("1m")
    assert built_in(play) == [MISWORDED]
    (alert,) = [alert for alert in play.machine.alerts if "Template" in alert.labels["alertname"]]
    assert dict(alert.described.annotations.expanded or ()) == {
        "summary": "Templates of ops/console[0] fail",
        "description": "Its messages go out as plain text. In the newest one:\ntext: line 1, column 3: no such name",
    }


def test_that_its_own_failing_could_be_told_proves_nothing() -> None:
    """The template copes with the built-in alert, and not with A; only another message may end the alarm."""
    play = misworded("A", "1h")
    assert built_in(play.run("6m59s")) == [MISWORDED]
    assert built_in(play.run("7m")) == []


def test_a_template_that_fails_for_all_messages_fires_until_one_is_well() -> None:
    play = misworded("A B EvaluatorTemplateFailing", "6m1s")
    assert built_in(play.run("6m")) == [MISWORDED]
    assert built_in(play.run("7m")) == []


def test_a_template_that_fails_does_so_across_restarts() -> None:
    play = misworded("A", "1h").run("3m").crash()
    assert built_in(play) == [MISWORDED]
    assert built_in(play.run("8m")) == []


def test_templates_of_an_integration_that_a_reload_removed_do_not_fail() -> None:
    play = misworded("A", "1h")
    play.reload("3m", config(group(rule("A"), interval="1m"), receivers=[receiver(integrations=0), receiver("other")]))
    assert built_in(play.run("4m")) == []
