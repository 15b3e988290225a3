"""The block `limits`, and how sizes are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.config import load
from evaluator.config.scalars import WrongError, size
from evaluator.core.limits import DEFAULT_LIMITS, Limits, format_size


def limits(tmp_path: Path, text: str) -> Limits:
    path = tmp_path / "evaluator.yml"
    path.write_text(text)
    loaded = load(path, environ={})
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    return loaded.settings.limits


def test_without_the_block_the_defaults_hold(tmp_path: Path) -> None:
    assert limits(tmp_path, "retention: 5d\n") == DEFAULT_LIMITS
    assert DEFAULT_LIMITS.body_size == 16 * 1024 * 1024


def test_what_is_written_counts_and_the_rest_is_as_by_default(tmp_path: Path) -> None:
    text = "limits: {alerts_per_alertname: 10, body_size: 2MiB, label_name_length: 0}\n"
    assert limits(tmp_path, text) == Limits(alerts_per_alertname=10, body_size=2 * 1024 * 1024, label_name_length=0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("17", 17),
        ("17B", 17),
        ("2KiB", 2048),
        ("2KB", 2048),
        ("3MiB", 3 * 1024**2),
        ("3MB", 3 * 1024**2),
        ("1GiB", 1024**3),
    ],
)
def test_sizes(text: str, value: int) -> None:
    """Units are powers of 1024 however they are spelt, as in Prometheus."""
    assert size(text) == value


@pytest.mark.parametrize("text", ["", "-1", "1.5MiB", "16 MiB", "16M", "16mib", "MiB", "1TiB", "१"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(WrongError, match="not a size"):
        size(text)


@given(st.integers(0, 10**12 - 1))
def test_a_printed_size_is_read_back(number: int) -> None:
    assert size(format_size(number)) == number
