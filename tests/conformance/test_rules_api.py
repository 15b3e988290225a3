"""`/api/v1/rules` of both servers for the same files: what tools read is the same, but for what is named here."""

from __future__ import annotations

import re

import pytest

from tests.conformance.conftest import Run
from tests.conformance.departures import DEPARTURES
from tests.conformance.trace import Json

pytestmark = [pytest.mark.realtime, pytest.mark.slow]

MOMENTARY = {"alerts", "evaluationTime", "lastEvaluation", "lastError"}
"""Compared elsewhere, or different from moment to moment."""

REASONS = {
    "Text": "rule result is not a vector or scalar",
    "Range": "rule result is not a vector or scalar",
    "ManyToMany": "many-to-many matching not allowed: matching labels must be unique on one side",
    "ManyToOne": "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
    "SameLabels": "vector contains metrics with the same labelset after applying alert labels",
    "SameLabelsInTheVector": "vector cannot contain metrics with the same labelset",
    "BadRegex": "invalid regular expression in label_replace(): (",
    "OverLimit": "exceeded limit of 2 with",
}


def _both(run: Run) -> list[tuple[int, Json, Json]]:
    """Step, their rule and ours, wherever both are known."""
    return [
        (run.step(slot), theirs, ours)
        for group, trace in run.ours.items()
        for slot, rules in run.theirs[group].items()
        if slot in trace
        for theirs, ours in zip(rules, trace[slot], strict=True)
    ]


def test_alerting_rules_have_the_same_keys_and_values(run: Run) -> None:
    """Query as printed, durations in seconds, labels and annotations with their templates, health, state, type."""
    for step, theirs, ours in _both(run):
        if theirs["type"] == "alerting" and theirs["name"] not in DEPARTURES:
            assert ours.keys() == theirs.keys(), (step, theirs["name"])
            assert _lasting(ours) == _lasting(theirs), step


def _lasting(rule: Json) -> Json:
    return {key: value for key, value in rule.items() if key not in MOMENTARY}


def test_alerts_have_the_same_keys(run: Run) -> None:
    """And `keepFiringSince`, which younger versions of Prometheus show, only while an alert is kept."""
    for step, theirs, ours in _both(run):
        known = {"keepFiringSince"}.union(*(alert.keys() for alert in theirs["alerts"])) if "alerts" in theirs else set()
        for alert in ours.get("alerts", []) if theirs.get("alerts") else []:
            assert alert.keys() <= known, (step, theirs["name"])
            assert "keepFiringSince" not in alert or ours["keepFiringFor"] > 0


def test_recording_rules_are_shown_as_what_they_are_here(run: Run) -> None:
    """Not evaluated: they have no health and no time. Without labels, versions of Prometheus show an empty set or none."""
    for step, theirs, ours in _both(run):
        if theirs["type"] == "recording":
            shown = {**theirs, "labels": theirs.get("labels", {}), "health": "unknown", "evaluationTime": 0}
            assert ours == {**shown, "lastEvaluation": "0001-01-01T00:00:00Z"}, step


def test_the_last_error_is_theirs_with_more(run: Run) -> None:
    """Their text, series in brackets aside, whose order is chance; ours adds who said so, or which series it is about."""
    for step, theirs, ours in _both(run):
        if theirs["name"] not in DEPARTURES:
            assert _unlisted(theirs.get("lastError", "")) in _unlisted(ours.get("lastError", "")), step


def _unlisted(text: str) -> str:
    return re.sub(r"\[.*\]", "[…]", text)


@pytest.mark.parametrize("name", REASONS)
def test_the_reason_of_a_failure(run: Run, name: str) -> None:
    """Both servers give it, when they fail."""
    errors = [(theirs["lastError"], ours["lastError"]) for _, theirs, ours in _both(run) if _fails(theirs, name)]
    assert errors
    assert all(REASONS[name] in text for pair in errors for text in pair)


def _fails(rule: Json, name: str) -> bool:
    return bool(rule["name"] == name and rule["health"] == "err")
