"""Templates of annotations and labels, as a real ruler's API shows them, and here: equal to the byte, error texts included.

The corpus is that of `tests/templating`, which is compared with what promtool says as well; beside it stands every annotation
and label of the rule packs.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from evaluator.core.labels import Labels
from evaluator.templating import Scope, TemplateError, compile_text, expansion_error
from evaluator.templating.go.values import presentable
from tests.conformance.remote_write import push
from tests.conformance.ruler import EXTERNAL_URL, running
from tests.conformance.story import Series
from tests.templating import corpus
from tests.templating.test_against_prometheus import VALUE_TYPE, scripted_answers

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not on the PATH"),
]

PACKS = Path(__file__).parents[2] / "rules"
STEP, STEPS, SECONDS = timedelta(milliseconds=200), 300, 15
SCOPE = Scope(
    Labels(corpus.LABELS), corpus.VALUE, {"cluster": "eu-1", "replica": "a"}, EXTERNAL_URL, queries=scripted_answers()
)


def packed() -> Iterator[str]:
    """The templates of the rule packs."""
    for path in sorted(PACKS.glob("*/*.rules.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield from (*rule.get("annotations", {}).values(), *rule.get("labels", {}).values())


TEXTS = tuple(dict.fromkeys((*corpus.CORPUS, *packed())))


def ours(text: str) -> str:
    try:
        return compile_text(text).render(SCOPE)
    except TemplateError as error:
        return expansion_error(error, "A").replace(VALUE_TYPE, "Value float64")


def fits_a_label(text: str) -> bool:
    """A template that fails, or gives what is no UTF-8, is no label: here that fails the evaluation."""
    said = ours(text)
    return not said.startswith("<error expanding template") and presentable(said) == said


def rules() -> dict[str, Any]:
    named = {f"t{index:03d}": text for index, text in enumerate(TEXTS)}
    labels = {name: text for name, text in named.items() if fits_a_label(text)}
    listed = [{"alert": "A", "expr": "m > 0", "annotations": named}, {"alert": "L", "expr": "m > 0", "labels": labels}]
    return {"groups": [{"name": "g", "interval": "1s", "rules": listed}]}


def story() -> Iterator[Series]:
    """The corpus' series, from now on for a minute."""
    now = datetime.now(UTC)
    for labels, value in _samples():
        samples = tuple((now + number * STEP, value) for number in range(STEPS))
        yield Series(tuple(sorted(labels.items())), samples)


def _samples() -> Iterator[tuple[Mapping[str, str], float]]:
    yield corpus.LABELS, corpus.VALUE
    for expr in ("up", "ratio"):
        yield from corpus.QUERIES[expr]


def fired(folder: Path) -> dict[str, dict[str, Any]]:
    """The two alerts, as the ruler's API shows them."""
    (folder / "rules.yml").write_text(yaml.safe_dump(rules(), allow_unicode=True))
    with running(folder, folder / "rules.yml") as url:
        push(url, story())
        for _ in range(SECONDS * 10):
            found = httpx.get(f"{url}/api/v1/alerts").json()["data"]["alerts"]
            if len(found) == 2:
                return {alert["labels"]["alertname"]: alert for alert in found}
            time.sleep(0.1)
    raise AssertionError((folder / "log").read_text())


def test_a_ruler_shows_the_same_texts(tmp_path: Path) -> None:
    theirs, named = fired(tmp_path), dict(enumerate(TEXTS))
    shown = theirs["A"]["annotations"]
    assert {named[index]: shown[f"t{index:03d}"] for index in named} == {text: presentable(ours(text)) for text in TEXTS}
    labels = theirs["L"]["labels"]
    wanted = {index: text for index, text in named.items() if fits_a_label(text)}
    assert {text: labels.get(f"t{index:03d}", "") for index, text in wanted.items()} == {
        text: ours(text) for text in wanted.values()
    }
    assert len(wanted) > 150
