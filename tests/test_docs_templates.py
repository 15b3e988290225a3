"""The templates reference: examples print what they are said to print, and every function that there is has its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from evaluator.config import check_paths
from evaluator.core.evaluation.answers import Failure, Sample
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.labels import NO_LABELS, Labels
from evaluator.core.matchers import parse_matchers
from evaluator.core.records import Annotations
from evaluator.templating import RuleTexts
from evaluator.templating.functions.alertmanager import ALERTMANAGER
from evaluator.templating.functions.prometheus import PROMETHEUS
from evaluator.templating.go.builtins import BUILTINS
from evaluator.templating.jinja.pieces import pieces
from evaluator.templating.scope import VARIABLES
from tests.documents import ROOT, cells, codes, fences, section

DOCUMENT = ROOT / "docs" / "templates.md"
AT = datetime(2026, 1, 1, tzinfo=UTC)
JINJA_ALONE = {*pieces(pages=False), "template"} - ALERTMANAGER.keys()
GIVEN = re.compile(r"For `(\{.*\})` with the value `([\d.]+)`(?:, where `(.+)` gives `([\d.]+)`)?:\s*$")


class Example(NamedTuple):
    """A rule, a series that it finds, and what is said to come of it."""

    place: str
    rule: str
    labels: str
    value: str
    query: str | None
    answer: str | None
    expected: str


def examples() -> Iterator[Example]:
    """Every rule that is followed by a series and a text."""
    blocks = list(fences(DOCUMENT))
    for rule, result in pairwise(blocks):
        match = GIVEN.search(result.before)
        if rule.language == "yaml" and result.language == "text" and match:
            yield Example(rule.place, rule.text, match[1], match[2], match[3], match[4], result.text)


EXAMPLES = list(examples())


def functions(heading: str) -> set[str]:
    """The functions in the first column of the section's table."""
    return {code.partition(" ")[0] for row in cells(section(DOCUMENT, heading))[1:] for code in codes(row[0])}


def paragraph(beginning: str) -> set[str]:
    """The names in the paragraph that begins so."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return set(codes(text[text.index(beginning) :].partition("\n\n")[0]))


def test_there_are_five_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.place for example in EXAMPLES])
def test_examples_print_what_they_are_said_to(example: Example, tmp_path: Path) -> None:
    path = tmp_path / "example.yml"
    path.write_text(example.rule)
    ((rule,),) = (group.rules for group in check_paths([path], environ={}).files[0].groups)
    assert isinstance(rule, AlertingRule)
    labels = Labels({one.name: one.value for one in parse_matchers(example.labels).matchers})
    sample = Sample(labels, float(example.value))
    queries: dict[str, list[Sample] | Failure] = {}
    if example.query and example.answer:
        queries[example.query] = [Sample(NO_LABELS, float(example.answer))]
    texts = RuleTexts(rule, {}, "")
    annotations = texts.annotations(Annotations(rule.annotations, labels, sample.value), AT, queries)
    said = [("labels", str(texts.identity(sample, AT, queries))), *annotations]
    assert [f"{name}: {text}" for name, text in said] == example.expected.splitlines()


def test_every_function_of_rules_is_listed() -> None:
    """Those of Prometheus in the table, with printf; the rest of Go's own by name."""
    assert functions("Functions") == {*PROMETHEUS, "printf"}
    assert paragraph("Go templates also have") == BUILTINS.keys() - {"printf"}


def test_every_function_of_receivers_is_listed() -> None:
    assert functions("Functions of receivers") - JINJA_ALONE == ALERTMANAGER.keys()


def test_every_variable_is_listed() -> None:
    listed = {code for row in cells(section(DOCUMENT, "Labels and annotations")) for code in codes(row[0])}
    assert {code for code in listed if code.startswith("$")} == set(VARIABLES)
