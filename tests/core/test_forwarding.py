"""What is forwarded to Alertmanagers, and when: timelines of posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.effects import Forward
from evaluator.core.evaluation.answers import FailureKind
from evaluator.core.events import AlertsPosted, Forwarded, ForwardingFailed
from evaluator.core.labels import Labels
from evaluator.core.posted.forwarding import claimed_end, is_due
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.posted.relabelling import Relabel
from evaluator.core.records import State
from evaluator.core.settings import Alertmanager, Settings
from tests.core.playbook import NOTHING, Playbook, failure, group, moment, name, offset, rule, series, settings
from tests.effort import examples

URL, OTHER = "http://a:9093/api/v2/alerts", "http://b:9093/api/v2/alerts"
ONE = (Alertmanager(URL),)


def forwarding(*groups: object, **more: object) -> Settings:
    """A configuration that forwards the alerts of these groups."""
    return settings(*groups, **{"alertmanagers": ONE, **more})  # type: ignore[arg-type]


def posts(play: Playbook, *names: str) -> list[str]:
    """What was posted when: `1m Down 1m..5m`, start and end."""
    return [
        f"{offset(at)} {name(alert.labels)} {offset(alert.starts_at)}..{offset(alert.ends_at)}"
        for at, effect in play.effects
        if isinstance(effect, Forward)
        for alert in effect.alerts
        if not names or alert.labels["alertname"] in names
    ]


def down(interval: str = "1m", hold: str = "0s", **more: object) -> Playbook:
    """One rule, `Down`, in one group."""
    return Playbook(forwarding(group(rule("Down", hold), interval=interval), **more))


def test_nothing_is_forwarded_without_an_alertmanager() -> None:
    play = down(alertmanagers=()).at("0s", "Down", series("Down")).run("5m")
    assert posts(play) == []


def test_a_minutes_interval_posts_at_every_second_evaluation() -> None:
    """The delay of a minute is not over after exactly a minute; this is Prometheus' arithmetic."""
    play = down().at("1m", "Down", series("Down")).run("5m")
    assert posts(play) == ["1m Down 1m..5m", "3m Down 1m..7m", "5m Down 1m..9m"]


def test_a_short_interval_posts_at_the_first_slot_beyond_a_minute() -> None:
    play = down("25s").at("0s", "Down", series("Down")).run("2m30s")
    assert posts(play) == ["0s Down 0s..4m", "1m15s Down 0s..5m15s", "2m30s Down 0s..6m30s"]


def test_a_long_interval_claims_four_of_it() -> None:
    play = down("10m").at("0s", "Down", series("Down")).run("10m")
    assert posts(play) == ["0s Down 0s..40m", "10m Down 0s..50m"]


def test_a_pending_alert_is_not_posted_and_starts_when_it_fires() -> None:
    play = down(hold="2m").at("0s", "Down", series("Down")).run("3m")
    assert posts(play) == ["2m Down 2m..6m"]


def test_an_end_is_posted_at_once_and_for_a_quarter_of_an_hour() -> None:
    """Also when the last post is not a minute old, and always with the same end."""
    play = down("30s").at("0s", "Down", series("Down")).at("30s", "Down", NOTHING).run("20m")
    ends = posts(play)[1:]
    assert ends[:3] == ["30s Down 0s..30s", "2m Down 0s..30s", "3m30s Down 0s..30s"]
    assert ends[-1] == "15m30s Down 0s..30s"


def test_an_alert_that_begins_again_is_posted_at_once() -> None:
    play = down("30s").at("0s", "Down", series("Down")).at("30s", "Down", NOTHING).at("1m", "Down", series("Down")).run("1m")
    assert posts(play) == ["0s Down 0s..4m", "30s Down 0s..30s", "1m Down 1m..5m"]


@pytest.mark.parametrize("kind", FailureKind)
def test_a_rule_that_fails_goes_on_asserting_its_alerts(kind: FailureKind) -> None:
    """With a renewed end each time; in Prometheus the posts cease, and the Alertmanager takes it for over."""
    play = down().at("0s", "Down", series("Down")).at("1m", "Down", failure(kind)).run("10m")
    assert posts(play, "Down") == [f"{t} Down 0s..{end}" for t, end in TWO_BY_TWO]


TWO_BY_TWO = [("0s", "4m"), ("2m", "6m"), ("4m", "8m"), ("6m", "10m"), ("8m", "12m"), ("10m", "14m")]


def test_an_outage_does_not_repeat_an_end_for_ever() -> None:
    """A rule that fails keeps what it had, also what is long over."""
    play = down().at("0s", "Down", series("Down")).at("1m", "Down", NOTHING).at("2m", "Down", failure()).run("40m")
    assert posts(play, "Down")[-1] == "15m Down 0s..1m"


def test_after_a_restart_everything_is_posted_at_the_first_evaluation() -> None:
    """Firing ones with the start that they had, ends of the last quarter of an hour too."""
    play = down().at("0s", "Down", {**series("Down", i="a"), **series("Down", i="b")})
    play.at("2m", "Down", series("Down", i="a")).run("2m30s").crash().run("3m")
    assert posts(play)[-2:] == ["3m Down{i=a} 0s..7m", "3m Down{i=b} 0s..2m"]


def test_external_labels_are_put_on_and_the_link_leads_to_the_expression() -> None:
    play = down(external_labels=Labels({"cluster": "eu", "i": "x"})).at("0s", "Down", series("Down", i="a")).run("0s")
    ((_, effect),) = [(at, effect) for at, effect in play.effects if isinstance(effect, Forward)]
    assert effect.alerts[0].labels == Labels({"alertname": "Down", "cluster": "eu", "i": "a"})
    assert effect.alerts[0].generator_url == "http://e/graph?g0.expr=expr_Down&g0.tab=1"


def test_a_removed_rule_ends_its_alerts_at_once() -> None:
    """And says so again for a quarter of an hour, at the slots of whatever group is left."""
    play = Playbook(forwarding(group(rule("Down")), group(rule("Other"), name="h")))
    play.at("0s", "Down", series("Down")).reload("90s", forwarding(group(rule("Other"), name="h"))).run("20m")
    ends = posts(play)[1:]
    assert ends[:3] == ["1m30s Down 0s..1m30s", "3m Down 0s..1m30s", "5m Down 0s..1m30s"]
    assert ends[-1] == "15m Down 0s..1m30s"


def test_a_rule_that_was_removed_while_stopped_ends_its_alerts_at_the_start() -> None:
    play = down().at("0s", "Down", series("Down")).run("30s").crash(forwarding(), after="10s")
    assert posts(play)[-1] == "40s Down 0s..40s"


def test_a_for_that_was_made_longer_ends_the_alert() -> None:
    play = down().at("0s", "Down", series("Down")).reload("30s", forwarding(group(rule("Down", "1h")))).run("1m")
    assert posts(play)[-1] == "1m Down 0s..1m"


def test_a_removed_rule_that_comes_back_is_not_told_as_over_again() -> None:
    config = forwarding(group(rule("Down")))
    play = Playbook(config).at("0s", "Down", series("Down"))
    play.reload("90s", forwarding(group(rule("Other")))).reload("150s", config).run("6m")
    assert posts(play)[1:] == ["1m30s Down 0s..1m30s", "3m Down 3m..7m", "5m Down 3m..9m"]


def test_changed_external_labels_end_the_old_name_and_begin_the_new() -> None:
    play = down(external_labels=Labels({"dc": "a"})).at("0s", "Down", series("Down"))
    play.reload("30s", forwarding(group(rule("Down")), external_labels=Labels({"dc": "b"}))).run("1m")
    assert posts(play)[1:] == ["30s Down{dc=a} 0s..30s", "1m Down{dc=b} 0s..5m"]


def test_an_alert_of_two_rules_is_over_when_the_last_lets_go() -> None:
    """In Prometheus the two contradict each other in turn."""
    first, second = rule("first"), rule("second")
    play = Playbook(forwarding(group(first, second)))
    play.at("0s", "first", series("Down")).at("0s", "second", series("Down"))
    play.at("1m", "first", NOTHING).at("3m", "second", NOTHING).run("4m")
    assert posts(play) == [
        *("0s Down 0s..4m", "0s Down 0s..4m", "2m Down 0s..6m"),
        *("3m Down 0s..3m", "4m Down 0s..1m"),
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"alertmanagers": (*ONE, Alertmanager(OTHER))},
        {"alertmanagers": (replace(ONE[0], relabel=(Relabel(target_label="x", replacement="y"),)),)},
        {"alert_relabel": (Relabel(target_label="x", replacement="y"),)},
        {"external_url": "http://elsewhere"},
    ],
    ids=["one more", "its relabelling", "relabelling of all", "links"],
)
def test_whoever_would_hear_something_new_hears_it_at_the_next_evaluation(more: dict[str, object]) -> None:
    play = down("30s").at("0s", "Down", series("Down"))
    play.reload("45s", forwarding(group(rule("Down"), interval="30s"), **more)).run("1m")
    assert posts(play) == ["0s Down 0s..4m", "1m Down 0s..5m"]


def test_a_reload_that_concerns_others_posts_nothing() -> None:
    play = down("30s").at("0s", "Down", series("Down"))
    changed = replace(forwarding(group(rule("Down"), interval="30s")), compatibility=True)
    assert posts(play.reload("45s", changed).run("1m")) == ["0s Down 0s..4m"]


def test_what_others_post_is_not_forwarded() -> None:
    """It was posted to us in their own right, and they may post it to the Alertmanager as well."""
    foreign = AlertsPosted((PostedAlert(Labels({"alertname": "Foreign"})),))
    assert posts(down().happens("10s", foreign).run("10m")) == []


def test_built_in_alerts_are_forwarded_while_they_last() -> None:
    """At once, then at the slots of rules that fail; and their end for a quarter of an hour."""
    play = Playbook(forwarding(group(rule("Down")), external_labels=Labels({"dc": "a"})))
    play.at("0s", "Down", failure()).at("5m", "Down", NOTHING).run("25m")
    told = posts(play, "EvaluatorDatasourceDown")
    alert = "EvaluatorDatasourceDown{datasource=default,dc=a}"
    assert told[:3] == [f"1m {alert} 1m..5m", f"3m {alert} 1m..7m", f"5m {alert} 1m..5m"]
    assert told[-1] == f"19m {alert} 1m..5m"


def test_a_built_in_alert_survives_a_restart() -> None:
    play = Playbook(forwarding(group(rule("Down")))).at("0s", "Down", failure()).run("90s").crash().run("4m")
    alert = "EvaluatorDatasourceDown{datasource=default}"
    assert posts(play, "EvaluatorDatasourceDown") == [
        f"{t} {alert} 1m..{end}" for t, end in (("1m", "5m"), ("1m30s", "5m30s"), ("3m", "7m"))
    ]


def test_a_built_in_alert_claims_the_shortest_interval() -> None:
    """For it is posted again at the slots of every group."""
    play = Playbook(forwarding(group(rule("Down")), group(rule("Slow"), name="h", interval="1h")))
    play.at("0s", "Down", failure()).at("0s", "Slow", failure()).run("3m")
    told = posts(play, "EvaluatorDatasourceDown")
    assert told[0] == "1m EvaluatorDatasourceDown{datasource=default} 1m..5m"


def failing(play: Playbook, *events: tuple[str, str, str]) -> Playbook:
    """Posts that went wrong or well: when, to whom, the error or nothing."""
    for when, alertmanager, error in events:
        play.happens(when, ForwardingFailed(alertmanager, error) if error else Forwarded(alertmanager))
    return play


FAILING = "EvaluatorForwardingFailing"


def lives(play: Playbook) -> Sequence[str]:
    """When the built-in alert about forwarding was posted."""
    return posts(play, FAILING)


def test_an_alert_says_that_no_alertmanager_accepts() -> None:
    """After a minute without success; it is over with the first success."""
    play = failing(down(), ("10s", URL, "refused"), ("69s", URL, "refused"), ("71s", URL, "timed out"), ("130s", URL, "")).run(
        "3m"
    )
    assert lives(play) == [f"1m11s {FAILING} 1m11s..5m11s", f"2m10s {FAILING} 1m11s..2m10s"]
    (text,) = [
        dict(alert.annotations.expanded or ())["description"]
        for at, effect in play.effects
        if isinstance(effect, Forward) and at == moment("71s")
        for alert in effect.alerts
    ]
    assert text == f"None has accepted any since 2026-01-01 00:00:10 UTC. Last failures:\n{URL}: timed out"


def test_one_alertmanager_that_accepts_is_enough() -> None:
    """The minute counts from when the last of them failed."""
    two = (*ONE, Alertmanager(OTHER))
    play = failing(down(alertmanagers=two), ("0s", URL, "refused"), ("90s", OTHER, ""), ("100s", URL, "refused"))
    failing(play, ("2m", OTHER, "refused"), ("150s", URL, "refused")).run("150s")
    assert lives(play) == []
    assert lives(failing(play, ("181s", URL, "refused")).run("181s")) != []


def test_a_failing_alertmanager_that_is_removed_counts_no_more() -> None:
    two = (*ONE, Alertmanager(OTHER))
    play = failing(down(alertmanagers=two), ("0s", OTHER, "refused"), ("20s", OTHER, "late answer"))
    play.reload("10s", forwarding(group(rule("Down"))))
    failing(play, ("65s", URL, "refused"), ("80s", URL, "refused")).run("90s")
    assert lives(play) == []


def test_without_alertmanagers_none_fails() -> None:
    play = (
        failing(down(), ("0s", URL, "refused"), ("60s", URL, "refused")).reload("70s", settings(group(rule("Down")))).run("2m")
    )
    assert [alert for alert in play.machine.alerts if alert.firing] == []


def test_the_alert_about_forwarding_survives_a_restart() -> None:
    """And ends with the first success after it."""
    play = failing(down(), ("0s", URL, "refused"), ("60s", URL, "refused")).run("90s").crash()
    failing(play, ("100s", URL, "")).run("2m")
    assert lives(play)[-1] == f"1m40s {FAILING} 1m..1m40s"


@pytest.mark.parametrize(
    ("ended", "sent", "at", "due"),
    [
        (None, None, "0s", True),
        (None, "0s", "1m", False),
        (None, "0s", "1m1ms", True),
        ("30s", "0s", "30s", True),
        ("30s", "30s", "1m", False),
        ("30s", "30s", "1m31s", True),
    ],
)
def test_when_an_alert_is_due(ended: str | None, sent: str | None, at: str, due: bool) -> None:
    ended_at, sent_at = (None if text is None else moment(text) for text in (ended, sent))
    assert is_due(ended_at, sent_at, moment(at)) is due


def test_the_claimed_end_is_never_nearer_than_four_minutes() -> None:
    assert offset(claimed_end(moment("0s"), moment("1s") - moment("0s"))) == "4m"


ANSWERS = {"fires": series("Down"), "is over": NOTHING, "fails": failure()}
RULES = {"first": rule("first"), "second": rule("second", keep="90s"), "third": rule("third", hold="1m")}
minute = st.tuples(
    st.lists(st.sampled_from(sorted(ANSWERS)), min_size=3, max_size=3),
    st.sampled_from(["nothing", "restart", "reload"]),
    st.sets(st.sampled_from(sorted(RULES)), min_size=1),
    st.sampled_from(["a", "b"]),
)


@hypothesis.settings(max_examples=examples(8))
@given(st.lists(minute, min_size=1, max_size=12))
def test_what_was_last_posted_of_an_alert_is_true(story: list[tuple[list[str], str, set[str], str]]) -> None:
    """Whatever fires, fails, is removed, renamed or restarted: what fires is claimed to, and all else was posted as over."""
    play = Playbook(forwarding(group(*RULES.values())))
    for number, (answers, then, left, cluster) in enumerate(story):
        for name_, answer in zip(RULES, answers, strict=True):
            play.at(f"{number}m", name_, ANSWERS[answer])
        play.run(f"{number}m20s")
        kept = group(*(one for key, one in RULES.items() if key in left))
        config = forwarding(kept, external_labels=Labels({"cluster": cluster}))
        if then == "reload":
            play.reload(f"{number}m30s", config).run(f"{number}m40s")
        elif then == "restart":
            play.crash(config, after="20s")
        check_claims(play, moment(f"{number}m40s"))
    play.run(f"{len(story) + 2}m")
    check_claims(play, moment(f"{len(story) + 2}m"))


def check_claims(play: Playbook, now: datetime) -> None:
    """Compare the last post of each alert with the table of alerts; after a restart, once everything has been asked again."""
    last = {alert.labels: alert for _, effect in play.effects if isinstance(effect, Forward) for alert in effect.alerts}
    claimed = {labels for labels, alert in last.items() if alert.ends_at > now}
    firing = {alert.labels for alert in play.machine.alerts if alert.firing}
    assert claimed <= firing
    rules = [one for group_ in play.machine.groups.values() for one in group_.rules.values()]
    tracked = [one for rule_ in rules for one in rule_.alerts.values() if one.life.state is State.FIRING]
    if all(one.sent_at for one in tracked):
        assert firing <= claimed
