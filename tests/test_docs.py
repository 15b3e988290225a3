"""The documents say what is true: generated parts are fresh, links lead somewhere, what is named exists."""

from __future__ import annotations

import ast
import re
import shlex
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
import yaml

from docs.generate import documents, templates
from docs.generate.commands import Command, commands
from docs.generate.metrics import families
from docs.generate.routes import endpoints
from evaluator.config import FileKind, check_paths
from evaluator.core.evaluation.answers import FailureKind
from evaluator.core.watching import meta
from evaluator.drill.suite import run
from evaluator.promql import parse
from tests.documents import DOCUMENTS, REFERENCES, ROOT, Fence, cells, codes, fences, headings, prose, section

FENCES = [fence for path in REFERENCES for fence in fences(path)]
SCENARIOS = [fence for fence in FENCES if fence.language == "yaml" and fence.text.startswith("scenario:")]
YAML = [fence for fence in FENCES if fence.language == "yaml" and fence not in SCENARIOS]
SHELL = [fence for fence in FENCES if fence.language in ("", "sh", "bash")]
LINES = [(fence.place, line) for fence in SHELL for line in fence.text.splitlines() if line.startswith("evaluator ")]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
METRIC = re.compile(r"\b(?:evaluator|prometheus)_[a-z0-9_]+\b")
ALERT = re.compile(r"\bEvaluator[A-Z]\w+")


def places(blocks: list[Fence]) -> list[str]:
    return [block.place for block in blocks]


def builtin_alerts() -> set[str]:
    """The names in `core/watching/meta.py`, where every one of them is a text of its own."""
    source = ast.parse(Path(meta.__file__).read_text(encoding="utf-8"))
    texts = (node.value for node in ast.walk(source) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text for text in texts if ALERT.fullmatch(text)}


def anchor(heading: str) -> str:
    """What a heading is called in a link."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_generated_parts_are_what_the_code_says() -> None:
    """Commands, metrics and routes are documented as they are now."""
    stale = [path.name for path, text in documents() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run make docs"


def test_the_packaged_templates_can_be_copied_as_they_are() -> None:
    """The folder `templates/packaged` holds what the package holds, in Jinja2."""
    stale = [path.name for path, text in templates() if not path.exists() or path.read_text(encoding="utf-8") != text]
    assert stale == [], "run make docs"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(path: Path) -> None:
    dead = []
    for target in LINK.findall(prose(path)):
        file, _, name = target.partition("#")
        if "://" in target:
            continue
        there = (path.parent / file) if file else path
        if not there.exists() or (name and name not in map(anchor, headings(there))):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("block", YAML, ids=places(YAML))
def test_examples_load(block: Fence, tmp_path: Path) -> None:
    """Every example is a whole file, without an error and without anything that would be ignored."""
    path = tmp_path / "example.yml"
    path.write_text(block.text)
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block.text), "https://example.org/secret")
    checked = check_paths([path], environ=variables)
    assert [problem for problem in checked.problems if not problem.message.startswith("no file matches")] == []
    rules = "groups:" in block.text.splitlines()
    assert checked.files[0].kind is (FileKind.RULES if rules else FileKind.CONFIG)


@pytest.mark.parametrize("block", SCENARIOS, ids=places(SCENARIOS))
def test_scenarios_go_as_wanted(block: Fence, tmp_path: Path) -> None:
    path = tmp_path / "scenario.yml"
    path.write_text(block.text)
    assert [str(line) for case in run([path], {}) for line in (*case.problems, *case.lines) if not case.passed] == []


@cache
def by_words() -> dict[tuple[str, ...], Command]:
    """Every command, by the words that call it."""
    return {tuple(name.split()): command for name, command in commands()}


@pytest.mark.parametrize(("place", "line"), LINES, ids=[f"{place} {line[:40]}" for place, line in LINES])
def test_command_lines_are_understood(place: str, line: str) -> None:
    """The command exists, and takes these options and arguments; it is not run."""
    words = shlex.split(line, comments=True)
    known = by_words()
    name = next(tuple(words[:length]) for length in (4, 3, 2) if tuple(words[:length]) in known)
    known[name].make_context(" ".join(name), words[len(name) :])


def test_commands_named_in_the_text_exist() -> None:
    named = {code for path in REFERENCES for code in codes(prose(path)) if code.startswith("evaluator ")}
    known = {name for name, _ in commands()}
    groups = {name.rpartition(" ")[0] for name in known}
    options = {name for name in named if name.startswith("evaluator --")}
    unknown = {name for name in named - options if not any(name.startswith(one) for one in known)} - groups
    assert unknown == set()
    assert options <= {"evaluator --version"}


def test_targets_of_make_that_are_named_exist() -> None:
    """`make WORD`, in the text and in blocks."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    blocks = [line for path in DOCUMENTS for fence in fences(path) for line in fence.text.splitlines()]
    texts = chain((code for path in DOCUMENTS for code in codes(prose(path))), blocks)
    named = {match[1] for text in texts if (match := re.match(r"make ([a-z]+)\b", text))}
    assert {"demo", "test"} <= named <= targets


def test_metrics_that_are_named_exist() -> None:
    """In backquotes and in PromQL."""
    known = {name for family in families() for name in (family.name, *family.series)}
    named = {name for path in REFERENCES for code in codes(prose(path)) for name in METRIC.findall(code)}
    for block in FENCES:
        if block.language == "promql":
            named |= {selector.name for selector in parse(block.text).selectors if selector.name}
    assert named - known == set()


def test_builtin_alerts_are_those_of_the_machine() -> None:
    """Each has a row in README and in the rules reference, and nothing else is called so."""
    names = builtin_alerts()
    assert len(names) >= 4
    for path, heading in ((ROOT / "README.md", "Built-in alerts"), (ROOT / "docs" / "rules.md", "Built-in alerts")):
        assert {codes(row[0])[0] for row in cells(section(path, heading)) if codes(row[0])} == names
    packs = [yaml.safe_load(path.read_text()) for path in (ROOT / "rules").glob("*/*.rules.yml")]
    others = {rule["alert"] for pack in packs for group in pack["groups"] for rule in group["rules"] if "alert" in rule}
    named = {name for path in REFERENCES for name in ALERT.findall(path.read_text(encoding="utf-8"))}
    assert named <= names | others


def test_every_kind_of_failure_is_explained() -> None:
    explained = cells(section(ROOT / "docs" / "metrics.md", "Why a query failed"))[1:]
    assert {codes(row[0])[0] for row in explained} == set(FailureKind)
    concerns_one_rule = [codes(row[0])[0] for row in explained[:2]]
    assert [FailureKind(kind).of_datasource for kind in concerns_one_rule] == [False, False]


def test_every_route_says_what_it_is_for() -> None:
    assert [endpoint.path for endpoint in endpoints() if not endpoint.purpose.endswith(".")] == []


def test_every_metric_and_option_says_what_it_is() -> None:
    """What generated tables show, and `--help` and a scrape with them."""
    assert [family.name for family in families() if not family.help] == []
    assert [name for name, command in commands() if not command.help or not all(param.help for param in command.params)] == []
