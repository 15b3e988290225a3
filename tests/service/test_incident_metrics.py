"""What is exported about incidents, over timelines of ladders."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from evaluator.core.analytics.coverage import Coverage
from evaluator.core.analytics.summary import summarize
from evaluator.core.durations import parse_duration
from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import Repeat
from evaluator.core.oncall.override_table import Standing
from evaluator.core.settings import Settings
from evaluator.service.incident_counts import Durations, IncidentCounts, way_of
from evaluator.service.metrics import Metrics
from tests.api.test_health import OF_LADDERS
from tests.core.analytics.incidents import MONDAY, case
from tests.core.incidents.ladder import UTC_ZONE, Ladder, config, ladder
from tests.core.playbook import T0, route
from tests.test_dashboards import METRICS

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(play: Ladder, until: str) -> Series:
    """What the metrics say after a timeline that they have followed."""
    play.run(until)
    metrics = Metrics(lambda: play.machine, lambda: T0 + parse_duration(until))
    metrics.incidents = IncidentCounts()
    for _, effect in play.effects:
        metrics.incidents.kept([effect], play.machine.incidents)
    return series(metrics)


def series(metrics: Metrics) -> Series:
    """Values by name and labels."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def of(found: Series, name: str, **labels: str) -> float:
    """One value."""
    return found[f"evaluator_{name}", frozenset(labels.items())]


def test_a_night_in_figures() -> None:
    """Told at once, answered by the backup some 6 minutes later, over after 20."""
    play = Ladder().fires("0s").acts("7m", Action.ACK, "bo").ends("20m")
    found, one = scraped(play, "30m"), play.incident
    assert one.resolved_at is not None
    assert of(found, "incident_events_total", event="opened") == 1
    assert of(found, "incident_events_total", event="acked") == 1
    assert of(found, "incident_events_total", event="resolved") == 1
    assert of(found, "incident_events_total", event="exhausted") == 0
    assert of(found, "pages_total", way="sms", outcome="sent") == 2
    assert of(found, "incident_acknowledge_seconds_sum") == (T0 + timedelta(minutes=7) - one.opened_at).total_seconds()
    assert of(found, "incident_acknowledge_seconds_bucket", le="300.0") == 0
    assert of(found, "incident_acknowledge_seconds_bucket", le="600.0") == 1
    assert of(found, "incident_resolve_seconds_sum") == (one.resolved_at - one.opened_at).total_seconds()
    assert of(found, "incidents", state="triggered", held="false") == 0


def test_a_second_answer_is_no_first_one() -> None:
    play = Ladder().fires("0s").acts("2m", Action.SNOOZE, until=T0 + timedelta(minutes=9)).acts("12m", Action.ACK)
    found = scraped(play, "30m")
    assert of(found, "incident_acknowledge_seconds_count") == 1
    assert (
        of(found, "incident_acknowledge_seconds_sum") == (T0 + timedelta(minutes=2) - play.incident.opened_at).total_seconds()
    )
    assert of(found, "incidents", state="acked", held="false") == 1


def test_a_ladder_that_was_climbed_in_vain_shows() -> None:
    found = scraped(Ladder(config(ladder(repeat=Repeat(1, timedelta(minutes=10))))).fires("0s"), "2h")
    assert of(found, "incident_events_total", event="repeated") == 1
    assert of(found, "incident_events_total", event="exhausted") == 1
    assert of(found, "incident_acknowledge_seconds_count") == 0


def test_drills_are_no_nights() -> None:
    found = scraped(Ladder(drilling()).fires("0s", drill="quarterly").acts("1m", Action.ACK).ends("5m"), "10m")
    assert of(found, "incident_events_total", event="opened") == 0
    assert of(found, "incident_acknowledge_seconds_count") == 0


def drilling() -> Settings:
    """Alerts of drills are incidents of their own."""
    return config(root=replace(route(by=["alertname", "drill"], wait="0s"), escalation="ladder"))


def test_what_should_have_happened_long_ago_is_overdue() -> None:
    """The backup's level is due 5 minutes after the first, and nobody looked at it since."""
    play = Ladder().fires("0s").run("4m")
    counts = {}
    for minutes in (5, 6, 7, 60):
        at = play.incident.opened_at + timedelta(minutes=minutes)
        counts[minutes] = of(series(Metrics(lambda: play.machine, lambda at=at: at)), "escalations_overdue")
    assert counts == {5: 0, 6: 0, 7: 1, 60: 1}


@pytest.mark.parametrize(("acts", "answered"), [((), False), (("2m", Action.ACK), True), (("2m", Action.SNOOZE), True)])
def test_after_a_start_it_is_known_who_has_answered(acts: tuple[str, Action], answered: bool) -> None:
    play = Ladder().fires("0s")
    if acts:
        play.acts(*acts, until=T0 + timedelta(minutes=30))
    play.run("10m")
    counts = IncidentCounts()
    counts.restored(play.machine.incidents)
    assert counts.answered == ({1} if answered else set())


def test_an_endless_repeat_is_no_answer() -> None:
    play = Ladder(config(ladder(repeat=Repeat(3, timedelta(minutes=10))))).fires("0s").run("50m")
    assert play.incident.epoch == 2
    counts = IncidentCounts()
    counts.restored(play.machine.incidents)
    assert counts.answered == set()


def test_fatigue_is_shown_by_parts_once_it_is_known() -> None:
    play = Ladder()
    metrics = Metrics(lambda: play.machine, lambda: T0)
    assert not any("fatigue" in name for name, _ in series(metrics))
    night = case(1, acked="3m", at=MONDAY.replace(hour=1))
    metrics.incidents.summary = summarize([night], MONDAY - timedelta(days=1), MONDAY, {"ana": UTC_ZONE})
    found = series(metrics)
    assert of(found, "fatigue_points", part="sleep") == 25
    assert of(found, "interruptions", person="ana", part="sleep") == 1
    assert of(found, "incident_figure_seconds", figure="TTA", statistic="median") == 180
    assert of(found, "incident_figure_incidents", figure="TTA", counted="n") == 1
    assert of(found, "restless_alerts", kind="flapping") == 0


def test_what_dashboards_ask_about_a_week_is_there_once_it_is_known() -> None:
    """With the labels that they ask for."""
    play = Ladder()
    play.machine.overrides.calendars["primary", 1] = Standing(read_at=T0)
    metrics = Metrics(lambda: play.machine, lambda: T0)
    night = case(1, acked="3m", over="9m", at=MONDAY.replace(hour=1), noise="actionable")
    coverage = [Coverage("primary", timedelta(days=7), timedelta(days=6))]
    week = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)
    metrics.incidents.summary = summarize([night], *week, {"ana": UTC_ZONE}, coverage=coverage)
    exported = {name: {label for label, _ in labels} for name, labels in series(metrics)}
    wanted = {name: labels for name, labels in METRICS.items() if name in OF_LADDERS and name != "evaluator_pages_total"}
    assert {name: exported.get(name) for name in wanted} == wanted


def test_durations_add_up() -> None:
    spans = Durations((60, 300))
    for seconds in (-5, 60, 61, 1000):
        spans.add(timedelta(seconds=seconds))
    assert spans.buckets == [(60, 2), (300, 3), (float("inf"), 4)]
    assert spans.total == 1121


@pytest.mark.parametrize(("integration", "way"), [("sms", "sms"), ("webhook[2]", "webhook")])
def test_ways_are_few(integration: str, way: str) -> None:
    assert way_of(integration) == way
