"""Loading a library without what it would load by the way."""

from __future__ import annotations

import importlib
import sys

import pytest

from evaluator.service.sparing import without


@pytest.mark.parametrize("known", [True, False])
def test_a_module_seems_not_to_be_installed_in_the_block_alone(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not somebody has loaded it before, and even when the block fails."""
    former = importlib.import_module("colorsys")
    if not known:
        monkeypatch.delitem(sys.modules, "colorsys")
    with pytest.raises(ModuleNotFoundError), without("colorsys"):
        importlib.import_module("colorsys")
    assert sys.modules.get("colorsys") is (former if known else None)
    assert importlib.import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
