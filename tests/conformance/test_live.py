"""The service beside Prometheus, both at work at the same time on the same rules, each at its own slots.

Slots are compared by the second of the story in which they fall, in which nothing changes that these rules see.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conformance.conftest import Run
from tests.conformance.trace import SLOT, Rules, alerts

pytestmark = [pytest.mark.realtime, pytest.mark.slow]

SECOND = timedelta(seconds=1)


def test_side_by_side(run: Run) -> None:
    """Health, states, labels, values, annotations and activeAt of every rule in every second."""
    theirs, ours = ({_second(run, slot): rules for slot, rules in trace["live"].items()} for trace in (run.theirs, run.live))
    both = sorted(theirs.keys() & ours.keys())
    if both != list(range(both[0], both[-1] + 1)):
        pytest.skip("a ruler missed a slot, so its alerts lived otherwise: the machine is too busy")
    assert both[-1] >= 10, "the story is over when the beacon is"
    for second in both:
        assert _shown(run, ours[second], both[0]) == _shown(run, theirs[second], both[0]), f"second {second}"


def test_the_group_is_described_alike(run: Run) -> None:
    """Name, file as it was found, interval and limit; and the time it took and when it began, which differ."""
    theirs, ours = run.groups
    assert ours.keys() == theirs.keys()
    for key in ("name", "file", "interval", "limit"):
        assert ours[key] == theirs[key]


def _second(run: Run, slot: datetime) -> int:
    return (slot - run.start) // SECOND


def _shown(run: Run, rules: Rules, first: int) -> Any:
    """What began before both were there began at different times."""
    return [
        (rule["name"], rule["health"], rule["state"], [_alert(run, alert, first) for alert in alerts(rule)])
        for rule in rules
        if rule["type"] == "alerting" and rule["name"] != SLOT
    ]


def _alert(run: Run, alert: dict[str, Any], first: int) -> dict[str, Any]:
    return {**alert, "activeAt": max(first, _second(run, alert["activeAt"]))}
