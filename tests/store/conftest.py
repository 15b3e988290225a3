"""Stores to test: every test of the contract runs on every implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from evaluator.store import Store, open_store


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a database file may be made."""
    return tmp_path / "evaluator.db"


@pytest.fixture
def opened(database: Path) -> Callable[[], Store]:
    """Opens the database file at `database`; each time anew."""
    return lambda: open_store(f"sqlite:///{database}")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, opened: Callable[[], Store]) -> Iterator[Store]:
    """An empty store of each implementation."""
    with closing(open_store("sqlite://") if request.param == "memory" else opened()) as store:
        yield store
