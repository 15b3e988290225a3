"""Rule files that are read again: what has not changed is not composed anew, and nothing that is said of it is lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.config import rule_loading
from evaluator.config.loading import load_rules
from evaluator.config.nodes import Document
from evaluator.config.problems import Problems, Severity
from evaluator.core.settings import Datasource, DatasourceKind

RULES = """
groups:
  - name: {name}
    rules:
      - alert: A{number}
        expr: up == {number}
"""
WRONG = """
groups:
  - name: g
    rules:
      - alert: A
        expr: up ==
"""


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that have been composed since the last look."""
    files: list[str] = []
    compose = rule_loading.compose

    def counting(text: str, file: str, problems: Problems, environ: Mapping[str, str] | None = None) -> Document | None:
        files.append(Path(file).name)
        return compose(text, file, problems, environ)

    monkeypatch.setattr(rule_loading, "compose", counting)
    return files


def test_only_files_that_have_changed_are_composed_again(tmp_path: Path, composed: list[str]) -> None:
    for number in range(3):
        (tmp_path / f"{number}.yml").write_text(RULES.format(name="g", number=number))
    first, _ = load_rules(["*.yml"], base=tmp_path)
    assert composed == ["0.yml", "1.yml", "2.yml"]
    composed.clear()
    assert load_rules(["*.yml"], base=tmp_path)[0] == first
    assert composed == []
    (tmp_path / "1.yml").write_text(RULES.format(name="g", number=7))
    changed, _ = load_rules(["*.yml"], base=tmp_path)
    assert composed == ["1.yml"]
    assert [group.rules[0].name for group in changed] == ["A0", "A7", "A2"]


def test_what_is_wrong_is_said_each_time(tmp_path: Path) -> None:
    (tmp_path / "wrong.yml").write_text(WRONG)
    _, problems = load_rules(["wrong.yml"], base=tmp_path)
    assert [problem.severity for problem in problems] == [Severity.ERROR]
    assert load_rules(["wrong.yml"], base=tmp_path)[1] == problems


def test_files_with_the_same_text_have_places_and_groups_of_their_own(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(RULES.format(name="g", number=1))
    groups, problems = load_rules(["*.yml"], base=tmp_path)
    assert problems == ()
    assert [Path(group.rules[0].position.file).name for group in groups] == ["a.yml", "b.yml"]


def test_a_file_is_read_anew_for_another_datasource(tmp_path: Path) -> None:
    """What is well said to one server is refused for the other, whoever has read it before."""
    (tmp_path / "rules.yml").write_text(RULES.format(name="g", number=1).replace("up == 1", '\'up{a="1" or a="2"}\''))
    metricsql = Datasource("vm", "http://vm", DatasourceKind.VICTORIAMETRICS, query_offset=timedelta(seconds=30))
    assert [one.severity for one in load_rules(["rules.yml"], base=tmp_path, datasource=metricsql)[1]] == [Severity.WARNING]
    assert [one.severity for one in load_rules(["rules.yml"], base=tmp_path)[1]] == [Severity.ERROR]


def test_an_unchanged_rule_follows_a_recording_that_has_changed_in_another_file(tmp_path: Path) -> None:
    uses = "groups: [{name: u, rules: [{alert: A, expr: 'job:up > 1'}]}]"
    records = "groups: [{{name: r, rules: [{{record: 'job:up', expr: {expr}}}]}}]"
    (tmp_path / "u.yml").write_text(uses)
    for expr in ("sum(up)", "max(up)"):
        (tmp_path / "r.yml").write_text(records.format(expr=expr))
        rules = [rule for group in load_rules(["*.yml"], base=tmp_path)[0] for rule in group.rules]
        assert [expr in rule.query for rule in rules] == [True, True]
