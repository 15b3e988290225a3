"""The form of `storage`: what the check lets pass, the store opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.store.base import StoreError
from evaluator.store.opening import open_store

GOOD = ("sqlite://", "sqlite:///:memory:", "sqlite:///state.db", "sqlite:///{base}/state.db", "sqlite:///a b#c.db")
BAD = (
    "",
    "state.db",
    "sqlite:state.db",
    "sqlite:/state.db",
    "sqlite:///",
    "sqlite://state.db",
    "sqlite://host/state.db",
    "sqlite:///state.db?mode=ro",
    "SQLite:///state.db",
    "postgresql://user:secret@host/database",
    "postgresql+psycopg://host/database",
    "postgres://host/database",
    "mysql://user:secret@host/database",
    "user:secret",
)


def opens(url: str) -> bool:
    try:
        open_store(url).close()
    except StoreError:
        return False
    return True


@pytest.mark.parametrize("url", [*GOOD, *BAD])
def test_the_check_and_the_store_agree(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A storage that would be refused at the start is refused when it is read, and no other."""
    monkeypatch.chdir(tmp_path)
    written = url.format(base=tmp_path)
    path = tmp_path / "evaluator.yml"
    path.write_text(f"storage: '{written}'\n")
    loaded = load(path, environ={})
    assert (loaded.settings is not None) == opens(written) == (url in GOOD)
    assert loaded.settings is None or opens(loaded.settings.storage)


@pytest.mark.parametrize("url", BAD)
def test_a_refusal_has_its_place_and_keeps_passwords(url: str, tmp_path: Path) -> None:
    path = tmp_path / "evaluator.yml"
    path.write_text(f"storage: '{url}'\n")
    (problem,) = load(path, environ={}).problems
    assert (problem.position.line, problem.position.column) == (1, 10)
    assert problem.remedy
    assert "secret" not in str(problem)


def test_a_folder_with_a_question_mark_is_named_before_the_store_sees_it(tmp_path: Path) -> None:
    """The path of the configuration becomes part of the URL."""
    (tmp_path / "why?").mkdir()
    path = tmp_path / "why?" / "evaluator.yml"
    path.write_text("storage: sqlite:///state.db\n")
    (problem,) = load(path, environ={}).problems
    assert problem.message == "storage takes no options after a question mark"
