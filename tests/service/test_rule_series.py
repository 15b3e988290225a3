"""The series of single rules, which are written without the library's help, as a scraper reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prometheus_client.parser import text_string_to_metric_families

from evaluator.core.evaluation.evaluation import GroupEvaluation, begin
from evaluator.core.evaluation.rules import AlertingRule, RuleGroup
from evaluator.service.rule_series import SECONDS, SERIES, rule_series

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def group(file: str, *rules: tuple[str, float, int] | str) -> GroupEvaluation:
    """A group of rules: name, seconds and series of its last evaluation; the name alone for one that has had none."""
    named = [rule if isinstance(rule, tuple) else (rule, None, 0) for rule in rules]
    read = tuple(AlertingRule(f"{file}-{number}", name, "up", "up") for number, (name, _, _) in enumerate(named))
    evaluation = begin(RuleGroup("g", file, timedelta(minutes=1), read, "main"), NOW)
    for rule, (_, seconds, series) in zip(evaluation.rules.values(), named, strict=True):
        if seconds is not None:
            rule.evaluated_at, rule.seconds, rule.series = NOW, seconds, series
    return evaluation


def read(*groups: GroupEvaluation) -> dict[str, dict[tuple[str, str], float]]:
    """By metric, group and rule."""
    families = {family.name: family for family in text_string_to_metric_families(rule_series(groups))}
    assert {family.type for family in families.values()} == {"gauge"}
    return {
        name: {(one.labels["rule_group"], one.labels["rule"]): one.value for one in family.samples}
        for name, family in families.items()
    }


def test_each_rule_that_was_evaluated_has_both() -> None:
    found = read(group("a.yml", ("Up", 0.25, 3), "Waiting"), group("b.yml", ("Up", 1e-7, 0)))
    assert found[SECONDS] == {("a.yml;g", "Up"): 0.25, ("b.yml;g", "Up"): 1e-7}
    assert found[SERIES] == {("a.yml;g", "Up"): 3, ("b.yml;g", "Up"): 0}


def test_rules_that_share_a_name_share_a_series() -> None:
    found = read(group("a.yml", ("Up", 0.25, 3), ("Up", 0.5, 4), ("Down", 0.1, 1)))
    assert found[SECONDS][("a.yml;g", "Up")] == 0.5
    assert found[SERIES] == {("a.yml;g", "Up"): 7, ("a.yml;g", "Down"): 1}


def test_names_may_be_anything() -> None:
    name = 'so "called"\\n back\\slash\nline, {curly} ü'
    assert read(group("a.yml", (name, 0.0, 1)))[SERIES] == {("a.yml;g", name): 1}


def test_without_rules_there_are_families_without_samples() -> None:
    assert read() == {SECONDS: {}, SERIES: {}}
