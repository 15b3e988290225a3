"""Groups: their first flush, their ticks, the order in which they tell."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.alerts import Alert, Fixed
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations
from evaluator.core.routing.grouping import group_id, open_group, told_order
from tests.core.playbook import T0, moment, route


def alert(starts_at: str = "0s", **labels: str) -> Alert:
    at = moment(starts_at)
    return Alert(Labels({"alertname": "A", **labels}), at, at, Fixed(Annotations()))


@pytest.mark.parametrize(
    ("starts_at", "first"),
    [("1h", "1h30s"), ("59m30s", "1h30s"), ("59m29s999ms", "1h"), ("0s", "1h")],
)
def test_the_first_flush_waits_unless_the_alert_is_old(starts_at: str, first: str) -> None:
    """An alert that has fired for longer than group_wait, strictly, is told at once."""
    group = open_group(route(wait="30s"), alert(starts_at), moment("1h"))
    assert group.next_tick(moment("1h")) == moment(first)


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_ticks_are_whole_intervals_after_the_first(after: int, interval: int) -> None:
    group = open_group(route(wait="0s", interval=f"{interval}ms"), alert(), T0)
    group.flushed = True
    now = T0 + timedelta(milliseconds=after)
    tick = group.next_tick(now)
    assert now < tick <= now + timedelta(milliseconds=interval)
    assert (tick - T0) % timedelta(milliseconds=interval) == timedelta(0)


def test_before_the_first_flush_everything_waits_for_it() -> None:
    group = open_group(route(wait="30s"), alert(), T0)
    assert [group.next_tick(moment(at)) for at in ("0s", "30s", "40s")] == [moment("30s"), moment("30s"), moment("40s")]


def test_told_in_the_order_of_job_instance_labels() -> None:
    """Those without a job or an instance come last, as Alertmanager sends them."""
    alerts = [
        alert(),
        alert(instance="b"),
        alert(instance="a", z="1"),
        alert(instance="a"),
        alert(job="x"),
        alert(job="x", instance="a"),
    ]
    told = [dict(one.labels.without("alertname")) for one in sorted(alerts, key=told_order)]
    assert told == [
        {"instance": "a", "job": "x"},
        {"job": "x"},
        {"instance": "a"},
        {"instance": "a", "z": "1"},
        {"instance": "b"},
        {},
    ]


def test_order_of_labels() -> None:
    """As in an Alertmanager: fewer labels first, then of two names the later one, then the value."""
    told = [
        {"a": "2"},
        {"job": "a", "zz": "q"},
        {"job": "a", "n": "1"},
        {"job": "a", "n": "2"},
        {"aa": "2", "job": "a"},
        {"a": "", "b": "", "c": ""},
    ]
    assert sorted(map(Labels, reversed(told)), key=lambda labels: labels.order) == told


def test_a_group_is_named_by_route_receiver_and_labels() -> None:
    one = group_id(route("ops"), Labels({"a": "1"}))
    assert one == '{}@ops:{a="1"}'
    assert one != group_id(route("dev"), Labels({"a": "1"}))


def test_firing_and_resolved_are_told_apart() -> None:
    over = alert(job="b")
    over.ends_at = datetime.max.replace(tzinfo=T0.tzinfo)
    group = open_group(route(), over, T0)
    group.alerts = {one.fingerprint: one for one in (over, alert(job="c"), alert(job="a"))}
    firing, resolved = group.split()
    assert [one.labels["job"] for one in firing] == ["a", "c"]
    assert resolved == [over]
