"""Receivers by way of Apprise: what is wrong in them, and what is missing here."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.config.integrations import apprise

TOP = "route: {receiver: team}\nreceivers:\n  - name: team\n    apprise_configs:\n"


def problems(tmp_path: Path, item: str) -> list[str]:
    path = tmp_path / "evaluator.yml"
    path.write_text(f"{TOP}      - {item}\n")
    return [str(problem).removeprefix(f"{path}:") for problem in load(path, environ={}).problems]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("{}", ["5:9: one of urls or urls_file must be configured; write one of them"]),
        ("{urls: ['json://a'], urls_file: b}", ["5:16: one of urls or urls_file must be configured; write one of them"]),
        (
            "{urls: ['json://a', 'carrier-pigeon://coop/17']}",
            ["5:29: Apprise cannot read this URL; look it up in Apprise's documentation"],
        ),
        ("{urls_file: b}", []),
    ],
)
def test_what_is_wrong_is_named_with_its_place(item: str, expected: list[str], tmp_path: Path) -> None:
    assert problems(tmp_path, item) == expected


def test_without_the_library_the_place_and_the_remedy_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise, "find_spec", lambda name: None)
    assert problems(tmp_path, "{urls: ['json://a']}") == [
        "5:9: apprise_configs needs the library Apprise, which is not installed here; "
        "run: pip install 'promql-evaluator[apprise]'"
    ]
