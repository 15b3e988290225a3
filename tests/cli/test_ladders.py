"""`evaluator routes test`: whom the escalation of a route would reach."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import evaluator

CONFIG = str(Path(__file__).parents[1] / "config" / "good" / "escalations.yml")
CRITICAL = ("severity=critical", "component=billing-api")


def ladder(*labels: str, at: str) -> list[str]:
    """The lines about the ladder, blanks made one."""
    out = evaluator("routes", "test", *labels, "--at", at, "--config", CONFIG).out
    return [" ".join(line.split()) for line in out.partition("Escalation ")[2].splitlines()]


def test_each_level_names_whom_it_reaches_if_it_begins_then() -> None:
    """On a Wednesday afternoon, in Ana's week; what is due later is said with its delay."""
    assert ladder(*CRITICAL, at="2026-03-04T15:00:00Z") == [
        "ladder, if it begins at 2026-03-04T15:00:00Z:",
        "Level After Tells",
        "on-call 0s ana by slack, sms, after 3m by sms, email; slack:#incidents by slack",
        "backup 5m bo by slack, sms, after 3m by sms",
        "manager 15m mia by slack, sms, after 3m by sms",
        "director 30m dan by sms, after 3m by sms, email",
    ]


def test_whoever_is_missed_is_named() -> None:
    """While Bo is away."""
    assert ladder(*CRITICAL, at="2026-07-05T23:00:00Z")[3] == (
        "backup 5m ana by slack, sms, after 3m by sms, email; component:backup is nobody"
    )


def test_quiet_hours_are_a_delay() -> None:
    """On the person's own clock: in Madrid it is half past eleven at night, and told at eight."""
    assert ladder("severity=warning", "component=billing-api", at="2026-03-02T22:30:00Z")[2:] == [
        "component:owner 0s ana after 8h30m by slack"
    ]


def test_a_dry_run_reaches_the_receiver_alone() -> None:
    lines = ladder("drill=true", *CRITICAL, at="2026-03-04T15:00:00Z")
    assert lines[0].startswith("ladder (dry run: drill-sink), ")
    assert {line.partition("receiver:")[2] for line in lines[2:]} == {"drill-sink by webhook[0]"}


def test_where_nobody_is_chased_nothing_is_said() -> None:
    assert ladder("severity=info", at="2026-03-04T15:00:00Z") == []


@pytest.mark.parametrize("labels", [CRITICAL, ("severity=info",)])
def test_for_programs(labels: tuple[str, ...]) -> None:
    ended = evaluator("routes", "test", *labels, "--at", "2026-03-04T15:00:00Z", "--json", "--config", CONFIG)
    (taken,) = json.loads(ended.out)
    if labels != CRITICAL:
        assert taken["escalation"] is None
        return
    assert taken["escalation"]["name"] == "ladder"
    assert [level["after"] for level in taken["escalation"]["levels"]] == ["0s", "5m", "15m", "30m"]
    assert taken["escalation"]["levels"][3] == {
        "name": "director",
        "after": "30m",
        "tells": [
            {"whom": "dan", "way": "sms", "after": "0s"},
            {"whom": "dan", "way": "sms", "after": "3m"},
            {"whom": "dan", "way": "email", "after": "3m"},
        ],
        "missed": [],
    }


def test_the_tree_names_escalations() -> None:
    shown = evaluator("routes", "show", "--config", CONFIG).out
    assert "escalation ladder (dry run: drill-sink)\n" in shown
    tree = json.loads(evaluator("routes", "show", "--json", "--config", CONFIG).out)
    assert [route["escalation"] for route in tree["routes"]] == ["ladder (dry run: drill-sink)", "ladder", "daytime"]


def test_what_somebody_would_be_told_is_about_an_incident() -> None:
    """`templates render` with a person in the place of a receiver."""
    ended = evaluator("templates", "render", "person:dan", "--json", "--config", CONFIG)
    assert ended.code == 0, ended.err
    mail, message = json.loads(ended.out)
    assert mail["texts"]["headers.Subject"] == "#12 CRITICAL: HighErrorRate web"
    assert message["texts"]["body"].endswith("level 2 of 4, backup, 7m 0s late, last confirmed 2m 0s ago")
