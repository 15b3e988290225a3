"""Rule files: what rules become, how they are known, and which expression is sent."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.config import load_rules
from evaluator.core.evaluation.rules import AlertingRule, Position, RecordingRule, RuleGroup
from evaluator.core.labels import Labels
from evaluator.core.settings import Datasource, DatasourceKind


def groups(tmp_path: Path, text: str, **options: timedelta | Datasource) -> tuple[RuleGroup, ...]:
    (tmp_path / "r.yml").write_text(text)
    found, problems = load_rules(["r.yml"], base=tmp_path, **options)  # type: ignore[arg-type]
    assert [str(problem) for problem in problems] == []
    return found


def rules(tmp_path: Path, *items: str) -> tuple[AlertingRule | RecordingRule, ...]:
    body = "".join(f"      - {item}\n" for item in items)
    return groups(tmp_path, f"groups:\n  - name: g\n    rules:\n{body}")[0].rules


def queries(tmp_path: Path, *items: str) -> list[str]:
    return [rule.query for rule in rules(tmp_path, *items)]


def digest(**labels: str) -> str:
    return hashlib.sha256("".join(f"{name}\xff{labels[name]}\xff" for name in sorted(labels)).encode()).hexdigest()[:8]


def test_a_group_with_everything(tmp_path: Path) -> None:
    text = """\
groups:
  - name: g
    interval: 90s
    query_offset: 10s
    limit: 7
    labels: {team: a, tier: 1}
    rules:
      - alert: Some thing / is wrong
        expr: |
          sum by (job) (up)   # those that answer
            < 1
        for: 1h30m
        keep_firing_for: 5m
        labels: {team: b, severity: "{{ $labels.severity }}"}
        annotations: {summary: z, description: a, runbook: ~}
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {verbatim: "{{ not a template"}
"""
    (found,) = groups(tmp_path, text)
    labels = Labels({"team": "b", "tier": "1", "severity": "{{ $labels.severity }}"})
    recorded = Labels({"team": "a", "tier": "1", "verbatim": "{{ not a template"})
    file = str(tmp_path / "r.yml")
    assert found == RuleGroup(
        name="g",
        file="r.yml",
        interval=timedelta(seconds=90),
        rules=(
            AlertingRule(
                key=f"r.yml;g;Some thing / is wrong;{digest(**labels)}",
                name="Some thing / is wrong",
                expr="sum by (job) (up) < 1",
                query="sum by (job) (up) < 1",
                hold=timedelta(minutes=90),
                keep_firing_for=timedelta(minutes=5),
                labels=labels,
                annotations=(("summary", "z"), ("description", "a"), ("runbook", "")),
                position=Position(file, 8, 9),
            ),
            RecordingRule(
                key=f"r.yml;g;job:up:sum;{digest(**recorded)}",
                name="job:up:sum",
                expr="sum by (job) (up)",
                query="sum by (job) (up)",
                labels=recorded,
                position=Position(file, 16, 9),
            ),
        ),
        datasource="default",
        query_offset=timedelta(seconds=10),
        limit=7,
    )


@pytest.mark.parametrize(
    ("written", "interval", "offset", "limit"),
    [
        ("", 60, 30, 0),
        ("    interval: 0s\n", 60, 30, 0),
        ("    interval: 0\n", 60, 30, 0),
        ("    interval: ~\n", 60, 30, 0),
        ("    interval: 15s\n", 15, 30, 0),
        ("    query_offset: 1m\n", 60, 60, 0),
        ("    query_offset: 30s\n", 60, 30, 0),
        ("    limit: 0\n", 60, 30, 0),
        ("    limit: -5\n", 60, 30, 0),
        ("    limit: +5\n", 60, 30, 5),
    ],
)
def test_group_defaults(tmp_path: Path, written: str, interval: int, offset: int, limit: int) -> None:
    """An interval of zero is none, a limit of zero or less is none, and the offset comes from the datasource."""
    source = Datasource("fly", "http://fly", DatasourceKind.VICTORIAMETRICS, query_offset=timedelta(seconds=30))
    (found,) = groups(tmp_path, f"groups:\n  - name: g\n{written}", datasource=source)
    assert (found.interval, found.query_offset, found.limit) == (timedelta(seconds=interval), timedelta(seconds=offset), limit)
    assert found.datasource == "fly"


def test_an_offset_of_zero_overrides_that_of_the_datasource(tmp_path: Path) -> None:
    source = Datasource("prom", "http://prom", query_offset=timedelta(seconds=45))
    (found,) = groups(tmp_path, "groups:\n  - name: g\n    query_offset: 0s\n", datasource=source)
    assert found.query_offset == timedelta(0)


@pytest.mark.parametrize("text", ["groups:\n", "groups: []\n", "groups: ~\n", "{}\n"])
def test_a_file_may_have_no_groups(tmp_path: Path, text: str) -> None:
    assert groups(tmp_path, text) == ()


@pytest.mark.parametrize("text", ["    rules:\n", "    rules: []\n", ""])
def test_a_group_may_have_no_rules(tmp_path: Path, text: str) -> None:
    assert groups(tmp_path, f"groups:\n  - name: g\n{text}")[0].rules == ()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", "1"),
        ("yes", "yes"),
        ("1.50", "1.50"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("17:00", "17:00"),
        ("~", ""),
        ("'~'", "~"),
        ("null", ""),
    ],
)
def test_label_values_are_the_text_that_was_written(tmp_path: Path, written: str, value: str) -> None:
    (rule,) = rules(tmp_path, f"{{alert: A, expr: up, labels: {{a: {written}}}, annotations: {{a: {written}}}}}")
    assert rule.labels == {"a": value}
    assert isinstance(rule, AlertingRule)
    assert rule.annotations == (("a", value),)


@pytest.mark.parametrize("expr", ["'\"text\"'", "up[5m]", "1", "vector(1)", "-1", "up == bool 1"])
def test_the_type_of_a_result_is_not_checked_when_rules_are_read(tmp_path: Path, expr: str) -> None:
    """As in Prometheus: such a rule loads, and fails when it is evaluated."""
    assert len(rules(tmp_path, f"alert: A\n        expr: {expr}")) == 1


def test_twins_have_keys_of_their_own(tmp_path: Path) -> None:
    """Rules that have name and labels in common are told apart by their order among each other."""
    keys = [rule.key for rule in rules(tmp_path, *["{alert: A, expr: up}"] * 3, "{alert: A, expr: up, labels: {a: b}}")]
    assert keys == [f"r.yml;g;A;{digest()}", f"r.yml;g;A;{digest()};2", f"r.yml;g;A;{digest()};3", f"r.yml;g;A;{digest(a='b')}"]


def test_a_key_does_not_depend_on_the_expression_or_the_place(tmp_path: Path) -> None:
    """An edit of the threshold keeps the state of the alert, and so does a new rule above it."""
    before = rules(tmp_path, "{alert: A, expr: up < 1, labels: {b: c, a: b}}")[-1].key
    after = rules(tmp_path, "{alert: New, expr: up}", "{alert: A, expr: up < 2, labels: {a: b, b: c}}")[-1].key
    assert before == after


def test_a_group_label_is_part_of_the_key(tmp_path: Path) -> None:
    text = "groups:\n  - name: g\n    labels: {a: b}\n    rules: [{alert: A, expr: up}]\n"
    assert groups(tmp_path, text)[0].rules[0].key == f"r.yml;g;A;{digest(a='b')}"


def test_a_recorded_name_is_asked_as_what_it_records(tmp_path: Path) -> None:
    """A server that is only queried holds no recorded series; people still see the expression that they wrote."""
    record, alert = rules(tmp_path, "{record: 'job:up:sum', expr: sum by (job) (up)}", "{alert: A, expr: 'job:up:sum < 1'}")
    assert record.query == record.expr == "sum by (job) (up)"
    assert alert.expr == "job:up:sum < 1"
    assert "job:up:sum" not in alert.query.replace('"job:up:sum"', "")
    assert "sum by (job) (up)" in alert.query


def test_recordings_count_in_every_file_of_their_datasource(tmp_path: Path) -> None:
    """Also when they stand in a file that is read later."""
    (tmp_path / "a.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: 'x:y > 1'}]}]\n")
    (tmp_path / "b.yml").write_text("groups: [{name: g, rules: [{record: 'x:y', expr: sum(up)}]}]\n")
    found, problems = load_rules(["*.yml"], base=tmp_path)
    assert problems == ()
    assert "sum(up)" in found[0].rules[0].query


def test_the_names_of_two_files_do_not_collide(tmp_path: Path) -> None:
    """A group is known by its file and its name, so two files may use one name."""
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("groups: [{name: g, rules: [{alert: A, expr: up}]}]\n")
    found, problems = load_rules(["a.yml", "b.yml"], base=tmp_path)
    assert problems == ()
    assert [group.key for group in found] == ["a.yml;g", "b.yml;g"]


def test_every_mistake_of_a_rule_is_named_at_once(tmp_path: Path) -> None:
    """Also those in a rule whose group is wrong, and those of different kinds in one rule."""
    (tmp_path / "r.yml").write_text(
        """\
groups:
  - name: g
    interval: often
    rules:
      - alert: A
        expr: sum(
        labels: {__name__: x}
        annotations: {"": y}
      - record: r
        for: 5m
        nonsense: 1
"""
    )
    _, problems = load_rules(["r.yml"], base=tmp_path)
    assert [(problem.position.line, problem.message) for problem in problems] == [
        (3, 'group "g": "interval": not a valid duration string: "often"'),
        (6, """group "g", rule 1, "A": could not parse expression: unclosed '('"""),
        (7, 'group "g", rule 1, "A": invalid label name: __name__'),
        (8, 'group "g", rule 1, "A": invalid annotation name: '),
        (11, 'group "g", rule 2, "r": unknown key "nonsense" in a rule'),
    ]


def test_a_language_that_only_the_server_knows_is_left_to_it(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: ' up default 0 '}]}]\n")
    source = Datasource("fly", "http://fly", DatasourceKind.VICTORIAMETRICS)
    (group,), problems = load_rules(["r.yml"], base=tmp_path, datasource=source)
    assert [problem.remedy for problem in problems] == ["the server will decide"]
    assert group.rules[0].query == "up default 0"


def test_labels_of_a_group_that_only_records_are_plain_texts(tmp_path: Path) -> None:
    """They are expanded for alerts alone, so braces in them are no mistake."""
    (group,) = groups(tmp_path, 'groups: [{name: g, labels: {a: "{{ x"}, rules: [{record: r, expr: up}]}]')
    assert group.rules[0].labels == Labels({"a": "{{ x"})
