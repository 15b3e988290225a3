"""The corpus through a real Prometheus (promtool) and through ours: every difference fails."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from evaluator.core.answers import Failure, FailureKind, Sample
from evaluator.core.labels import Labels
from evaluator.templating import Scope, TemplateError, expansion_error
from evaluator.templating.functions.prometheus import RULE_FUNCTIONS
from evaluator.templating.go.literals import unquote
from evaluator.templating.go.parser import parse
from evaluator.templating.go.values import presentable
from evaluator.templating.scope import VARIABLES
from evaluator.templating.texts import compile_text

from . import corpus

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on the PATH"),
]
_ANNOTATION = re.compile(r'\b(a\d{3})=("(?:[^"\\]|\\.)*")')
_NEWER = "Value interface {}"  # $value's type in Prometheus 3, where a histogram may stand in its place


def _queries() -> dict[str, list[Sample] | Failure]:
    queries: dict[str, list[Sample] | Failure] = {
        expr: [Sample(Labels(labels), value) for labels, value in samples] for expr, samples in corpus.QUERIES.items()
    }
    expr, message = corpus.REFUSED_QUERY
    queries[expr] = Failure(FailureKind.BAD_QUERY, message)
    return queries


SCOPE = Scope(Labels(corpus.LABELS), corpus.VALUE, corpus.EXTERNAL_LABELS, corpus.EXTERNAL_URL, queries=_queries())


def _series() -> list[dict[str, str]]:
    labels = ",".join(f"{name}={_quoted(value)}" for name, value in corpus.LABELS.items() if name != "__name__")
    series = {f"m{{{labels}}}": corpus.VALUE, **corpus.SERIES}
    return [
        {"series": name, "values": f"{value:g}x1" if value != corpus.VALUE else "1234567x1"} for name, value in series.items()
    ]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


@pytest.fixture(scope="module")
def expanded(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every template of the corpus as Prometheus expands it."""
    folder = tmp_path_factory.mktemp("promtool")
    annotations = {f"a{index:03d}": text for index, text in enumerate(corpus.CORPUS)}
    rule = {"alert": "A", "expr": "m > 0", "annotations": annotations}
    _write(folder / "rules.yml", {"groups": [{"name": "g", "rules": [rule]}]})
    test = {
        "interval": "1m",
        "external_labels": corpus.EXTERNAL_LABELS,
        "external_url": corpus.EXTERNAL_URL,
        "input_series": _series(),
        "alert_rule_test": [{"eval_time": "0m", "alertname": "A", "exp_alerts": []}],
    }
    _write(folder / "test.yml", {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]})
    run = subprocess.run(["promtool", "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True, check=False)
    found = dict(_ANNOTATION.findall((run.stdout + run.stderr).split("Annotations:", 1)[1]))
    return [presentable(unquote(found[name])) for name in annotations]


def _write(path: Path, document: object) -> None:
    path.write_text(yaml.safe_dump(document, allow_unicode=True))


def _ours(text: str) -> str:
    try:
        return compile_text(text).render(SCOPE)
    except TemplateError as error:
        return expansion_error(error, "A")


@pytest.mark.parametrize("index", range(len(corpus.CORPUS)))
def test_a_template_expands_as_in_prometheus(index: int, expanded: list[str]) -> None:
    """Texts and error texts are equal to the byte, places in error texts included."""
    assert _ours(corpus.CORPUS[index]).replace(_NEWER, "Value float64") == expanded[index], corpus.CORPUS[index]


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What Prometheus says of each unreadable template, by its place in the list."""
    folder = tmp_path_factory.mktemp("check")
    rules = [{"alert": f"A{index}", "expr": "m", "annotations": {"a": text}} for index, text in enumerate(corpus.UNREADABLE)]
    _write(folder / "rules.yml", {"groups": [{"name": "g", "rules": rules}]})
    run = subprocess.run(["promtool", "check", "rules", "rules.yml"], cwd=folder, capture_output=True, text=True, check=False)
    told = re.findall(r"template: __alert_A(\d+):(\d+): (.*)", run.stdout + run.stderr)
    return {int(index): f"{line}: {message}" for index, line, message in told}


@pytest.mark.parametrize("index", range(len(corpus.UNREADABLE)))
def test_a_template_is_refused_as_in_prometheus(index: int, refusals: dict[int, str]) -> None:
    """What Prometheus refuses to load is no Go template here either, for the same reason on the same line."""
    text = corpus.UNREADABLE[index]
    with pytest.raises(TemplateError) as caught:
        parse(text, "", RULE_FUNCTIONS, VARIABLES)
    assert f"{caught.value.line}: {caught.value.message}" == refusals[index], text
