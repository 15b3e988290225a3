"""What an explanation reads like."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluator.core.events import SilenceSet
from evaluator.core.explaining.explaining import explain, known
from evaluator.core.explaining.explanation_texts import instant, sentences, title
from evaluator.core.explaining.history_texts import history_sentences
from evaluator.core.labels import Labels
from evaluator.core.notifying.dedup import Reason
from evaluator.core.records import Attempt, Decision, State, Transition
from tests.core.playbook import NOTHING, T0, Playbook, group, moment, route, rule, series, settings
from tests.core.test_explaining import OPS, silence

LANE = "ops/console[0]"


def told(play: Playbook, now: str) -> list[str]:
    """The explanation of the one alert that there is, without the line that names it."""
    (labels,) = [labels for labels in known(play.machine, "") if labels["alertname"] == "A"]
    found = explain(play.machine, labels.fingerprint, moment(now))
    assert found is not None
    first, *rest = sentences(found)
    assert first == f"{title(labels)}, fingerprint {labels.fingerprint}"
    return rest


def test_an_alert_that_was_told_and_is_silenced() -> None:
    play = Playbook(settings(group(rule("A")), root=route(by=["alertname"])))
    play.at("0s", "A", series("A", i="x")).happens("2m", SilenceSet(silence("A", "2m", "20m"))).run("10m")
    (name,) = play.machine.muting.silences.muting(Labels({"alertname": "A"}), moment("10m"))
    assert told(play, "10m") == [
        "It has been firing since 2026-01-01 00:00:00 UTC (10m ago).",
        "Rule A of group g asserts it.",
        "Route 1 of 1: everything -> receiver ops",
        f"  Muted: silence {name} by ana until 2026-01-01 00:20:00 UTC (in 10m), because: because",
        '  Group {alertname="A"}: 1 firing, 0 over.',
        "  ops/console[0]: it was told at 2026-01-01 00:00:30 UTC (9m30s ago) that it fires, and has been muted since.",
        "    Last decision, at 2026-01-01 00:05:30 UTC (4m30s ago): what there is to tell is muted (not sent).",
        "    Next message about it: at 2026-01-01 00:20:30 UTC (in 10m30s) (unmuted). None before that, unless what mutes it"
        " ends or it ends itself.",
    ]


def test_an_alert_whose_receiver_is_away() -> None:
    play = Playbook(settings(group(rule("A")))).receiver_fails("0s", OPS, permanent=True)
    play.at("0s", "A", series("A")).run("1m")
    assert told(play, "1m")[-2:] == [
        "    Refused for good: a message that speaks of it (first notification) after a failed attempt: 503 from the server."
        " The next flush decides anew.",
        "    Next message about it: at 2026-01-01 00:05:30 UTC (in 4m30s) (first notification). None before that, unless an"
        " alert of the group begins or ends.",
    ]


def test_an_alert_that_is_pending() -> None:
    play = Playbook(settings(group(rule("A", hold="5m")))).at("1m", "A", series("A")).run("2m")
    assert told(play, "2m") == [
        "It has been pending since 2026-01-01 00:01:00 UTC (1m ago). Nobody is told of a pending alert.",
        "Rule A of group g lets it fire at 2026-01-01 00:06:00 UTC (in 4m), if its expression gives it until then.",
        "Route 1 of 1: everything -> receiver ops",
        "  If it fires and nothing mutes it, it is told at 2026-01-01 00:06:30 UTC (in 4m30s).",
    ]


def test_an_attempt_that_is_under_way() -> None:
    play = Playbook(settings(group(rule("A"))))
    play.takes = timedelta(minutes=2)
    play.at("0s", "A", series("A")).run("1m")
    assert "    Under way since 2026-01-01 00:00:30 UTC (30s ago): a message that speaks of it (first notification)." in told(
        play, "1m"
    )


def test_an_alert_that_is_over() -> None:
    play = Playbook(settings(group(rule("A")))).at("0s", "A", series("A")).at("1m", "A", NOTHING).run("2m")
    assert told(play, "2m")[0] == "It has been over since 2026-01-01 00:01:00 UTC (1m ago)."


def decided(minute: int, reason: Reason, *mutes: str) -> Decision:
    outbox = str(minute) if reason.due else ""
    return Decision(moment(f"{minute}m"), "g", "{}", "{}", LANE, str(reason), reason.due, 1, 0, len(mutes), mutes, outbox)


def tried(minute: int, attempt: int, error: str = "") -> Attempt:
    return Attempt(moment(f"{minute}m"), str(minute), "g", LANE, attempt, error)


@pytest.mark.parametrize(
    ("decision", "attempts", "said"),
    [
        (decided(1, Reason.FIRST), [tried(1, 1)], "first notification; accepted at the first attempt"),
        (decided(1, Reason.FIRST), [tried(1, 2), tried(1, 1, "503")], "first notification; accepted at attempt 2"),
        (decided(1, Reason.FIRST), [tried(1, 1, "401")], "first notification; refused at the first attempt: 401"),
        (decided(1, Reason.FIRST), [tried(2, 1)], "first notification; not accepted yet"),
        (
            decided(1, Reason.HELD, "silence 7"),
            [],
            "what there is to tell is muted; muted: silence 7; not sent",
        ),
    ],
)
def test_a_decision_is_told_with_what_became_of_it(decision: Decision, attempts: list[Attempt], said: str) -> None:
    header, line = history_sentences(moment("2m"), [], [decision], attempts)
    assert header == "What was decided for its groups, newest first:"
    assert line == f"  2026-01-01 00:01:00 UTC (1m ago), {LANE}: {said}"


def test_changes_are_told_with_their_reasons() -> None:
    change = Transition(T0, "A", Labels({"alertname": "A"}), State.FIRING, None, T0, 1.0, "rule removed")
    assert history_sentences(moment("1m"), [change], [], []) == [
        "What became of the alert, newest first:",
        "  2026-01-01 00:00:00 UTC (1m ago): firing -> not there (rule removed)",
    ]


def test_instants_are_told_in_whole_seconds() -> None:
    assert instant(T0 + timedelta(milliseconds=400), T0) == "2026-01-01 00:00:00 UTC (now)"
    assert instant(T0 + timedelta(seconds=90), T0) == "2026-01-01 00:01:30 UTC (in 1m30s)"
