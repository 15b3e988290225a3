"""Inlined expressions give what the recorded series give, in Prometheus' own engine.

promtool evaluates the recording rules over scripted series. Each case then asks for everything that the use of a recorded
name gives and its inlined form does not, or the other way round, or with another value; the metric's name is made a label
first, so that it counts too. The answer must be empty, and the use itself must not be (unless the case says so).
"""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.core.labels import Labels
from evaluator.core.quoting import quote
from evaluator.promql import Recording, inline, parse

pytestmark = [
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on the PATH"),
    pytest.mark.slow,
]

SERIES = {
    'requests_total{job="api",instance="a",code="200"}': "0+60x60",
    'requests_total{job="api",instance="a",code="500"}': "0+6x60",
    'requests_total{job="api",instance="b",code="200"}': "0+30x60",
    'requests_total{job="web",instance="c",code="200"}': "0+12x30 400-3x30",
    'requests_total{job="web",instance="c",code="500"}': "0x10 0+1x50",
    'size{job="web",path="a.b$c"}': "1+1x60",
    'size{job="web",path="aXb$c"}': "2+1x60",
    'size{job="web",path="q\\"uote"}': "3+1x60",
    "size": "4+1x60",
    'up{job="api"}': "1x20 _x10 1x30",
    "late": "_x25 7x35",
}

# name, expression, labels
RECORDED = [
    ("job:requests:rate5m", "sum by (job) (rate(requests_total[5m]))", {}),
    ("instance:requests:rate5m", "sum by (job, instance) (rate(requests_total[5m]))", {}),
    ("job:errors:ratio", 'sum by (job) (rate(requests_total{code="500"}[5m])) / on (job) job:requests:rate5m', {}),
    ("labelled:size", "size", {"team": "a$1b", "job": "", "severity": 'p"1'}),
    ("plain:size", "size", {}),
    ("twice", "sum by (job) (requests_total)", {"level": "job"}),
    ("twice", "sum by (job, instance) (requests_total)", {"level": "instance"}),
    ("overlap", 'up{job="api"}', {}),
    ("overlap", "up or late", {}),
    ("now", "time()", {"unit": "seconds"}),
    ("gappy", "late", {}),
    ("nested:one", "job:errors:ratio * 100", {}),
    ("nested:two", "nested:one > 1 or nested:one{job='api'}", {"of": "two"}),
    ("self", 'sum(twice{level="instance"})', {"level": "all"}),
    ("up:copy", '{__name__=~"up|late"}', {}),
]

USED = [
    "job:requests:rate5m",
    "job:requests:rate5m > 1",
    "job:requests:rate5m > bool 1",
    'job:requests:rate5m{job="api"}',
    'job:requests:rate5m{job!="api"}',
    'job:requests:rate5m{job=~"a.*|x"}',
    'job:requests:rate5m{job!~"a.*|x", job!=""}',
    'instance:requests:rate5m{job="api", instance=~"a|c", code=""}',
    '{__name__="instance:requests:rate5m", job="api"}',
    '{__name__="instance:requests:rate5m", __name__=~"instance.*"}',
    "-job:requests:rate5m",
    "sum(job:requests:rate5m)",
    "count by (__name__, job) (job:requests:rate5m)",
    "topk(1, instance:requests:rate5m)",
    "sum without (instance) (instance:requests:rate5m)",
    "instance:requests:rate5m / on (job) group_left () job:requests:rate5m",
    'label_replace(job:requests:rate5m, "copy", "$1", "__name__", "(.*)")',
    "job:errors:ratio",
    "max(job:errors:ratio) > 0.01",
    "labelled:size",
    'labelled:size{team="a$1b"}',
    "labelled:size{severity=~'p.1', job=\"\"}",
    'labelled:size{path="a.b$c"}',
    "plain:size",
    'plain:size{path="a.b$c"}',
    'plain:size{path!="a.b$c"}',
    'plain:size{path=~"a.b[$]c"}',
    "plain:size{path='q\"uote'}",
    'plain:size{path=""}',
    'plain:size{path!=""}',
    "twice",
    'twice{level="job"}',
    'twice{level=~".+", job="web"}',
    'sum_over_time(twice{level="instance"}[5m])',
    "overlap",
    "now",
    'now{unit="seconds"} - 5',
    "nested:one",
    "nested:two",
    'nested:two{job="api"}',
    "self",
    "up:copy",
    "avg_over_time(job:requests:rate5m[10m])",
    "max_over_time(instance:requests:rate5m{job='api'}[10m])",
    "sum_over_time(plain:size[7m])",
    "count_over_time(job:requests:rate5m[10m] offset 5m)",
    "rate(plain:size[10m])",
    "delta(plain:size[10m] offset 3m)",
    "sum_over_time(plain:size[5m] @ 900)",
    "last_over_time(plain:size[5m])",
    "max_over_time(sum(plain:size)[10m:2m])",
    "max_over_time(plain:size[10m:2m] offset 1m)",
    "predict_linear(plain:size[10m], 600)",
    "quantile_over_time(0.5, plain:size[10m])",
    "present_over_time(overlap[5m])",
    "changes(now[10m])",
    "plain:size offset 10m",
    'plain:size{path="a.b$c"} offset 10m',
    "plain:size - plain:size offset 10m",
    "labelled:size offset 7m",
    "plain:size offset -5m",
    "now offset 4m",
    "twice offset 3m",
    "plain:size @ 600",
    "plain:size @ 600 offset 2m",
    "nested:two offset 2m",
    "max_over_time(deriv(plain:size[5m])[10m:1m] offset 3m)",
    'absent(job:requests:rate5m{job="nope", instance!="x"})',
    'absent(job:requests:rate5m{job="a$1"})',
    'absent(job:requests:rate5m{job="x", job="y", zone="eu"})',
    'absent(job:requests:rate5m{job=~"x", job="y"})',
    'absent((job:requests:rate5m{job="nope"}))',
    'absent(job:requests:rate5m{job="nope"} offset 1m)',
    'absent_over_time(job:requests:rate5m{job="nope"}[5m])',
    'absent(labelled:size{team="other", job="z"})',
    'absent(sum(job:requests:rate5m{job="nope"}))',
    "scalar(self) * job:requests:rate5m",
    "vector(scalar(now))",
    "job:requests:rate5m and on (job) job:errors:ratio > 0.05",
    "job:requests:rate5m unless on (job) job:errors:ratio > 0.05",
    "sort_desc(job:requests:rate5m)",
    "timestamp(job:requests:rate5m)",
    "count_values('v', twice)",
    "quantile by (level) (0.5, twice)",
]

EMPTY = [
    "gappy offset 40m",
    'nested:two{job="web"}',
    'labelled:size{team="other"}',
    'labelled:size{job="web"}',
    'twice{level="zone"}',
    "absent(job:requests:rate5m)",
    "absent_over_time(plain:size[5m])",
    'sum_over_time(twice{level="zone"}[5m])',
    "job:requests:rate5m > 1000",
    'rate(labelled:size{severity="p2"}[5m])',
]


def recordings() -> dict[str, list[Recording]]:
    found: dict[str, list[Recording]] = {}
    for name, expr, labels in RECORDED:
        found.setdefault(name, []).append(Recording(parse(expr), Labels(labels), timedelta(minutes=1)))
    return found


def named(expr: str) -> str:
    return f'label_replace({expr}, "was", "$1", "__name__", "(.+)")'


def difference(expr: str) -> str:
    one, other = named(parse(expr).text), named(inline(parse(expr), recordings()))
    return f"({one} unless {other}) or ({other} unless {one}) or ({one} != {other})"


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What promtool finds wrong, for all cases in one run."""
    folder = tmp_path_factory.mktemp("promtool")
    rules = [{"record": name, "expr": expr, "labels": labels} for name, expr, labels in RECORDED]
    (folder / "rules.yml").write_text(json.dumps({"groups": [{"name": "recorded", "rules": rules}]}))
    tests = [{"expr": difference(expr), "eval_time": "50m", "exp_samples": []} for expr in USED + EMPTY]
    tests += [{"expr": f"vector(1) unless on () ({expr})", "eval_time": "50m", "exp_samples": []} for expr in USED]
    tests += [{"expr": f"{expr}", "eval_time": "50m", "exp_samples": []} for expr in EMPTY]
    case = {
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in SERIES.items()],
        "promql_expr_test": tests,
    }
    (folder / "test.yml").write_text(json.dumps({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [case]}))
    return promtool(folder)


def promtool(folder: Path) -> str:
    run = subprocess.run(
        ["promtool", "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    return run.stdout + run.stderr


@pytest.mark.parametrize("expr", USED + EMPTY)
def test_the_inlined_expression_gives_what_the_recorded_series_gives(expr: str, verdict: str) -> None:
    assert quote(difference(expr)) not in verdict, verdict


def test_every_case_says_something(verdict: str) -> None:
    """Uses give samples (else the comparison would prove nothing), and those said to be empty are."""
    assert "SUCCESS" in verdict, verdict
