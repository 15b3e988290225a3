"""Files with one mistake each: the comments at the top of a file are what is said of it, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.config import FileKind, Severity, check_paths

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.yml"))
WARNED = sorted((HERE / "warned").glob("*.yml"))


def expected(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    count = next((number for number, line in enumerate(lines) if not line.startswith("# ")), len(lines))
    return [f"{path.name}:{line.removeprefix('# ')}" for line in lines[:count]]


def said(path: Path, severity: Severity, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(path.parent)
    checked = check_paths([Path(path.name)], environ={})
    return [str(problem) for problem in checked.problems if problem.severity is severity]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_mistake_is_named_in_its_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One mistake gives one sentence, with the place and what to do, and nothing that follows from it."""
    assert said(path, Severity.ERROR, monkeypatch) == expected(path)


@pytest.mark.parametrize("path", WARNED, ids=lambda path: path.stem)
def test_a_doubt_is_a_warning_and_the_file_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(path, Severity.WARNING, monkeypatch) == expected(path)
    assert said(path, Severity.ERROR, monkeypatch) == []


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_no_settings_come_out_of_a_mistake(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    checked = check_paths([Path(path.name)], environ={})
    assert checked.files[0].settings is None


def test_every_file_is_told_by_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prefix of a file's name says what it is; that it is read as such does not depend on it."""
    monkeypatch.chdir(HERE / "bad")
    paths = [path for path in BAD if not path.name.startswith("yaml-")]
    checked = check_paths([Path(path.name) for path in paths], environ={})
    wrong = {
        file.path.name: file.kind
        for file in checked.files
        if file.kind is not (FileKind.RULES if file.path.name.startswith("rules-") else FileKind.CONFIG)
    }
    assert wrong == {}


def test_all_files_are_checked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mistake of every file is in one list, in the order of the arguments."""
    monkeypatch.chdir(HERE / "bad")
    names = ["am-root-continue.yml", "rules-for-number.yml", "config-interval.yml"]
    problems = check_paths([Path(name) for name in names], environ={}).problems
    assert [problem.position.file for problem in problems] == names
