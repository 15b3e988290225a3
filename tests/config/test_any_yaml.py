"""Whatever is in a file, reading it ends with settings or with problems; it never fails and never takes forever."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from evaluator.config import Loaded, Severity, check_paths, load
from evaluator.config.environment import mask, unmask
from evaluator.config.file_model import FileModel
from evaluator.config.globals import GlobalModel
from evaluator.config.http import HttpModel
from evaluator.config.inhibition import InhibitModel
from evaluator.config.integrations.slack import SlackModel
from evaluator.config.integrations.webhook import WebhookModel
from evaluator.config.intervals import IntervalModel
from evaluator.config.problems import one_line
from evaluator.config.receivers import KINDS, ReceiverModel
from evaluator.config.routes import RouteModel
from evaluator.config.rule_models import GroupModel, RuleModel
from evaluator.config.silences import SilenceModel
from tests.effort import examples

MODELS = (FileModel, GlobalModel, HttpModel, SlackModel, WebhookModel, ReceiverModel, RouteModel, GroupModel, RuleModel)
KEYS = sorted({name for model in MODELS for name in model.names()} | {"groups", "name", "<<", "", "x"})

texts = st.text(alphabet="ab{}[]:,#&*!|>'\"%@`-? \n\t$\\~0159.é\ue000", max_size=12)
words = st.sampled_from(
    ["up", "5m", "0s", "1", "-1", "null", "~", "true", "${X}", "${Y}", "http://a", "{{ .X }}", "{{", "...", "a=b"]
)
scalars = st.none() | st.booleans() | st.integers(-5, 5) | words | texts
trees = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(KEYS), below, max_size=5),
    max_leaves=25,
)


def loaded(text: str) -> Loaded:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evaluator.yml"
        path.write_bytes(text.encode("utf-8", "replace"))
        found = load(path, environ={"X": "value"})
        checked = check_paths([path], environ={"X": "value"})
    assert all("\n" not in str(problem) for problem in (*found.problems, *checked.problems))
    return found


def is_sound(found: Loaded) -> bool:
    """Settings are there exactly when no problem is an error."""
    return (found.settings is None) == any(problem.severity is Severity.ERROR for problem in found.problems)


@settings(max_examples=examples(50))
@given(st.text(max_size=60) | st.text(alphabet="ab:-[]{},&*!|>'\"#%@\n \t?", max_size=40))
def test_any_text(text: str) -> None:
    assert is_sound(loaded(text))


def dumped(tree: object) -> str:
    from io import StringIO

    out = StringIO()
    YAML(typ="safe", pure=True).dump(tree, out)
    return out.getvalue()


@settings(max_examples=examples(20))
@given(st.dictionaries(st.sampled_from(KEYS), trees, max_size=6))
def test_any_tree_of_known_keys(tree: dict[str, object]) -> None:
    """The keys are right and the values are anything: this reaches every reader."""
    assert is_sound(loaded(dumped(tree)))


@settings(max_examples=examples(20))
@given(trees, trees, trees, trees)
def test_any_value_in_its_right_place(group: object, rule: object, route: object, receiver: object) -> None:
    groups = [{"name": "g", "rules": [rule]}, group]
    assert is_sound(loaded(dumped({"groups": groups})))
    assert is_sound(loaded(dumped({"route": {"receiver": "a", "routes": [route]}, "receivers": [{"name": "a"}, receiver]})))


LISTS = {
    "inhibit_rules": InhibitModel,
    "time_intervals": IntervalModel,
    "silences": SilenceModel,
    **{f"{name}_configs": kind.model for name, kind in KINDS.items()},
}


@st.composite
def lists(draw: st.DrawFn) -> tuple[str, list[object]]:
    """A key that takes a list, and items with keys that they may have."""
    key = draw(st.sampled_from(sorted(LISTS)))
    names = st.sampled_from(sorted(LISTS[key].names()))
    return key, draw(st.lists(st.none() | st.dictionaries(names, trees, max_size=4), max_size=2))


@settings(max_examples=examples(25))
@given(lists())
def test_any_item_of_known_keys(found: tuple[str, list[object]]) -> None:
    """Whatever the items of receivers, rules, intervals and silences hold; and what is shown of them is YAML again."""
    key, items = found
    receiver = {"name": "a", key: items} if key.endswith("_configs") else {"name": "a"}
    top = {"route": {"receiver": "a"}, "receivers": [receiver], **({} if key.endswith("_configs") else {key: items})}
    read = loaded(dumped(top))
    assert is_sound(read)
    assert read.settings is None or loaded(read.settings.original).settings is not None


@given(st.text(alphabet="${}ABC_ x\ue000\ue001", max_size=20))
def test_masking_moves_nothing_and_is_undone(text: str) -> None:
    """Columns of problems stay right, and text that is no variable comes back as it was."""
    assert len(mask(text)) == len(text)
    if "\ue000" not in text:
        assert unmask(mask(text)) == text


@given(st.text())
def test_a_message_is_one_line_without_control_characters(text: str) -> None:
    """Nothing in a file can break the list of problems, or steer the terminal that shows it."""
    line = one_line(text)
    assert all(letter.isprintable() or letter.isspace() or ord(letter) >= 0xA0 for letter in line)
    assert len(line.splitlines()) <= 1
