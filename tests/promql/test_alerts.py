"""Uses of ALERTS and ALERTS_FOR_STATE on a source that nothing is written to."""

from __future__ import annotations

import pytest

from evaluator.promql import Dialect, alerts_use, parse

OURS = ("DiskFull", "InstanceDown", "HighLatency", "HighLoad")

USES = [
    ('up unless on (job) ALERTS{alertname="InstanceDown"}', ['ALERTS{alertname="InstanceDown"} never', "means InstanceDown)"]),
    ('ALERTS_FOR_STATE{alertname=~"High.*"} > 0', ["ALERTS_FOR_STATE{", "means HighLatency, HighLoad)"]),
    ('count(ALERTS{alertstate="firing"})', ['ALERTS{alertstate="firing"}', "DiskFull, HighLatency, HighLoad, …)"]),
    ('{__name__="ALERTS"}', ['{__name__="ALERTS"} never']),
    ('{__name__=~"ALERTS.*"}', ['{__name__=~"ALERTS.*"} never']),
    ("absent(ALERTS)", ["ALERTS never"]),
    ("new_function(ALERTS)", ["ALERTS never"]),
]


@pytest.mark.parametrize(("expr", "parts"), USES)
def test_a_use_that_means_an_alert_of_ours_never_matches(expr: str, parts: list[str]) -> None:
    problems = alerts_use(parse(expr), OURS)
    assert len(problems) == 1
    assert all(part in problems[0] for part in [*parts, "not written to the datasource", "inhibit_rules"])


NO_USES = [
    "up",
    "alerts",
    'ALERTS{alertname="SomebodyElses"}',
    'ALERTS{alertname!~"DiskFull|InstanceDown|High.*"}',
    '{__name__=~".+"}',
    '{__name__!="up",job="a"}',
    "new_function(up)",
]


@pytest.mark.parametrize("expr", NO_USES)
def test_alerts_that_the_datasource_may_write_itself_are_no_problem(expr: str) -> None:
    assert alerts_use(parse(expr), OURS) == ()


def test_without_alerts_there_is_nothing_to_miss() -> None:
    assert alerts_use(parse("ALERTS or new_function(ALERTS)"), ()) == ()
    assert alerts_use(parse("ALERTS"), ()) == ()


def test_each_use_is_told_once() -> None:
    expr = 'ALERTS{alertname="DiskFull"} or ALERTS{alertname="DiskFull"} or ALERTS_FOR_STATE'
    assert len(alerts_use(parse(expr), OURS)) == 2


def test_metricsql_is_searched_by_words() -> None:
    assert len(alerts_use(parse("ALERTS default 0", Dialect.METRICSQL), OURS)) == 1
