"""Who is told before a silence ends: routes that nobody wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.core.labels import Labels
from evaluator.core.muting.silence_ending import ALERT
from evaluator.core.settings import Settings

GOOD = """\
global: {smtp_smarthost: "localhost:25", smtp_from: a@example.org}
route: {receiver: team, routes: [{matchers: [severity="warning"], receiver: other}]}
receivers: [{name: team}, {name: other}]
people:
  ana: {name: Ana Ruiz, email: ana@example.org}
  bo: {name: Bo Lind, sms: "+46700000002"}
silence_policy: {notify_before_end: 15m, notify: team}
"""


def read(tmp_path: Path, text: str) -> Settings | None:
    (tmp_path / "evaluator.yml").write_text(text)
    return load(tmp_path / "evaluator.yml", environ={}).settings


def told(configured: Settings | None, author: str) -> list[str]:
    """Which receivers hear of the end of somebody's silence."""
    assert configured is not None
    labels = Labels({"alertname": ALERT, "severity": "warning", "silence": "s", "created_by": author})
    return [route.receiver for route in configured.route.match(labels)]


@pytest.mark.parametrize(
    ("author", "receivers"),
    [
        ("ana", ["person:ana"]),
        ("Ana Ruiz", ["person:ana"]),
        ("ana@example.org", ["person:ana"]),
        ("anabel", ["team"]),
        ("bo", ["team"]),  # there is no account for short messages
        ("root", ["team"]),
    ],
)
def test_the_author_is_told_who_can_be_reached_and_else_a_receiver(tmp_path: Path, author: str, receivers: list[str]) -> None:
    configured = read(tmp_path, GOOD)
    assert told(configured, author) == receivers


def test_without_a_receiver_the_routes_decide(tmp_path: Path) -> None:
    configured = read(tmp_path, GOOD.replace(", notify: team", ""))
    assert told(configured, "root") == ["other"]


def test_without_a_time_nobody_is_told_and_no_route_is_made(tmp_path: Path) -> None:
    configured = read(tmp_path, GOOD.partition("silence_policy")[0])
    assert configured is not None
    assert [route.receiver for route in configured.route.walk()] == ["team", "other"]


@pytest.mark.parametrize(
    ("written", "instead", "problem"),
    [
        ("notify: team", "notify: taem", '7:50: undefined receiver "taem" used in silence_policy'),
        ("notify_before_end: 15m, ", "", "7:26: notify without notify_before_end"),
    ],
)
def test_one_mistake_is_one_problem_with_its_place(tmp_path: Path, written: str, instead: str, problem: str) -> None:
    (tmp_path / "evaluator.yml").write_text(GOOD.replace(written, instead, 1))
    (said,) = [
        one
        for one in load(tmp_path / "evaluator.yml", environ={}).problems
        if "used in" in one.message or "without" in one.message
    ]
    assert f"{said.position.line}:{said.position.column}: {said.message}" == problem
