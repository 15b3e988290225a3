"""The corpus against Prometheus: ours must print what `prometheus.json` says, and a real promtool must say the same.

The file holds the answers of Prometheus 2.42, so that the comparison needs no Prometheus; where promtool is at hand the
answers themselves are checked. To write them anew: `python -m tests.templating.test_against_prometheus`.
"""

import json
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TypedDict

import pytest
import yaml

from evaluator.core.evaluation.answers import Failure, FailureKind, Sample
from evaluator.core.labels import Labels
from evaluator.templating import Scope, TemplateError, expansion_error
from evaluator.templating.functions.prometheus import RULE_FUNCTIONS
from evaluator.templating.go.literals import unquote
from evaluator.templating.go.parser import parse
from evaluator.templating.go.values import presentable
from evaluator.templating.scope import VARIABLES
from evaluator.templating.texts import compile_text

from . import corpus

_ANSWERS = Path(__file__).with_name("prometheus.json")
_ANNOTATION = re.compile(r'\b(a\d{3})=("(?:[^"\\]|\\.)*")')
VALUE_TYPE = "Value interface {}"  # since Prometheus 3, where a histogram may be a value; before it was `Value float64`

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on the PATH")


class Answers(TypedDict):
    """What Prometheus said: the text of each template, and of each unreadable one the line and the complaint."""

    expanded: dict[str, str]
    refused: dict[str, str]


@cache
def answers() -> Answers:
    """As they were written down."""
    found: Answers = json.loads(_ANSWERS.read_text())
    return found


def scripted_answers() -> dict[str, list[Sample] | Failure]:
    """What the queries of the corpus give."""
    queries: dict[str, list[Sample] | Failure] = {
        expr: [Sample(Labels(labels), value) for labels, value in samples] for expr, samples in corpus.QUERIES.items()
    }
    expr, message = corpus.REFUSED_QUERY
    queries[expr] = Failure(FailureKind.BAD_QUERY, message)
    return queries


SCOPE = Scope(Labels(corpus.LABELS), corpus.VALUE, corpus.EXTERNAL_LABELS, corpus.EXTERNAL_URL, queries=scripted_answers())


def _ours(text: str) -> str:
    try:
        return compile_text(text).render(SCOPE)
    except TemplateError as error:
        return expansion_error(error, "A")


@pytest.mark.parametrize("text", corpus.CORPUS)
def test_a_template_expands_as_in_prometheus(text: str) -> None:
    """Texts and error texts are equal to the byte, places in error texts included."""
    assert _ours(text).replace(VALUE_TYPE, "Value float64") == answers()["expanded"][text]


@pytest.mark.parametrize("text", corpus.UNREADABLE)
def test_a_template_is_refused_as_in_prometheus(text: str) -> None:
    """What Prometheus refuses to load is no Go template here either, for the same reason on the same line."""
    with pytest.raises(TemplateError) as caught:
        parse(text, "", RULE_FUNCTIONS, VARIABLES)
    assert f"{caught.value.line}: {caught.value.message}" == answers()["refused"][text]


@pytest.mark.realtime
@needs_promtool
def test_prometheus_still_says_what_was_written_down(tmp_path: Path) -> None:
    """The answers are those of a real Prometheus."""
    assert ask_prometheus(tmp_path) == answers()


def ask_prometheus(folder: Path) -> Answers:
    """Run the corpus through promtool."""
    return {"expanded": _expanded(folder), "refused": _refused(folder)}


def _expanded(folder: Path) -> dict[str, str]:
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
    said = _promtool(folder, "test", "rules", "test.yml").split("Annotations:", 1)[1]
    found = dict(_ANNOTATION.findall(said))
    return {text: presentable(unquote(found[name])) for name, text in annotations.items()}


def _refused(folder: Path) -> dict[str, str]:
    rules = [{"alert": f"A{index}", "expr": "m", "annotations": {"a": text}} for index, text in enumerate(corpus.UNREADABLE)]
    _write(folder / "refused.yml", {"groups": [{"name": "g", "rules": rules}]})
    told = re.findall(r"template: __alert_A(\d+):(\d+): (.*)", _promtool(folder, "check", "rules", "refused.yml"))
    return {corpus.UNREADABLE[int(index)]: f"{line}: {message}" for index, line, message in told}


def _series() -> list[dict[str, str]]:
    labels = ",".join(f"{name}={_quoted(value)}" for name, value in corpus.LABELS.items() if name != "__name__")
    series = {f"m{{{labels}}}": corpus.VALUE, **corpus.SERIES}
    return [{"series": name, "values": f"{value:.10g}x1"} for name, value in series.items()]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _write(path: Path, document: object) -> None:
    path.write_text(yaml.safe_dump(document, allow_unicode=True))


def _promtool(folder: Path, *arguments: str) -> str:
    run = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        _ANSWERS.write_text(json.dumps(ask_prometheus(Path(folder)), indent=1, ensure_ascii=True) + "\n")
