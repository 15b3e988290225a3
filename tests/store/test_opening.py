"""What a configuration may name as storage."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evaluator.store import MemoryStore, StoreError, open_store


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_memory(url: str) -> None:
    assert isinstance(open_store(url), MemoryStore)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("evaluator.db", "the storage is not a URL; name a file, as in sqlite:///evaluator.db"),
        ("", "the storage is not a URL"),
        ("mongodb://localhost", "storage mongodb: is not supported; name a file"),
        ("sqlite://evaluator.db", "storage sqlite://evaluator.db: the path must follow three slashes"),
        ("sqlite:///", "the path must follow three slashes"),
        ("sqlite:///evaluator.db?mode=ro", "options after a question mark are not supported"),
        (
            "sqlite:////nowhere/at/all/evaluator.db",
            "/nowhere/at/all/evaluator.db: cannot be used as storage: No such file or directory",
        ),
        ("sqlite:////dev/null/evaluator.db", "/dev/null/evaluator.db: cannot be used as storage: Not a directory"),
    ],
)
def test_what_cannot_be_opened_is_told_with_a_remedy(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=re.escape(message)):
        open_store(url)


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="it cannot be opened; see that its directory exists"):
        open_store(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("url", ["postgresql://ops:hunter2@db/evaluator", "ops:hunter2@db", "sqlite://ops:hunter2@db/x"])
def test_passwords_are_not_repeated(url: str) -> None:
    with pytest.raises(StoreError) as raised:
        open_store(url)
    assert "hunter2" not in str(raised.value)
