"""The same rules over the same series: at every slot both rulers have the same alerts.

What Prometheus shows is known from two sources. Looks at its API between two evaluations have everything that it shows of
an alert. The series that it writes are complete, to the slot, but know only labels, state and when the alert began.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.conformance.conftest import RULES, SCENES, Run
from tests.conformance.departures import DEPARTURES
from tests.conformance.trace import Rules, alerts, named, pairs, without_versions

pytestmark = [pytest.mark.realtime, pytest.mark.slow]

UNRESTORED = 2
"""Prometheus writes no series of alerts in its first evaluations: it is about to restore what an earlier life wrote."""


def _names(scene: str) -> Iterator[tuple[str, str]]:
    for group in yaml.safe_load((RULES / f"{scene}.rules.yml").read_text())["groups"]:
        yield from (
            (group["name"], name) for name in dict.fromkeys(rule["alert"] for rule in group["rules"] if "alert" in rule)
        )


NAMES = [each for scene in SCENES for each in _names(scene)]
SAME = [(group, name) for group, name in NAMES if name not in DEPARTURES]


def test_every_departure_is_a_rule() -> None:
    """A name that nobody has would excuse nothing."""
    assert set(DEPARTURES) <= {name for _, name in NAMES}


def test_prometheus_was_caught_between_its_slots(run: Run) -> None:
    """The comparison below is not an empty one."""
    caught = {group: len(run.theirs.get(group, {})) / len(slots) for group, slots in run.slots.items()}
    assert min(caught.values()) > 0.3, caught


@pytest.mark.parametrize(("group", "name"), SAME, ids=[f"{group}-{name}" for group, name in SAME])
def test_what_is_shown(run: Run, group: str, name: str) -> None:
    """Health, state, and of each alert labels, annotations, state, activeAt and value."""
    for slot, theirs in run.theirs[group].items():
        if slot in run.ours[group]:
            assert _shown(run.ours[group][slot], name) == _shown(theirs, name), f"step {run.step(slot)}"


def _shown(rules: Rules, name: str) -> Any:
    return [(rule["health"], rule["state"], without_versions(alerts(rule))) for rule in named(rules, name)]


@pytest.mark.parametrize(("group", "name"), SAME, ids=[f"{group}-{name}" for group, name in SAME])
def test_what_is_written(run: Run, group: str, name: str) -> None:
    """ALERTS and ALERTS_FOR_STATE, at each slot whose evaluation succeeded."""
    for slot in run.slots[group][UNRESTORED:]:
        rules = named(run.ours[group][slot], name)
        if all(rule["health"] == "ok" for rule in rules):
            ours = [alert for rule in rules for alert in alerts(rule)]
            states = {(pairs({**alert["labels"], "alertstate": alert["state"]}), 1.0) for alert in ours}
            since = {(pairs(alert["labels"]), alert["activeAt"].timestamp() // 1) for alert in ours}
            assert states == run.states.get((name, slot), set()), f"step {run.step(slot)}"
            assert since == run.since.get((name, slot), set()), f"step {run.step(slot)}"
