"""What all suites of the core share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import settings

from evaluator.core import evaluation

EXAMPLES = int(os.environ.get("EXAMPLES", "15"))  # of a property whose test does not say how many it needs
settings.register_profile("core", derandomize=True, deadline=None, database=None, max_examples=EXAMPLES)
settings.load_profile("core")


@pytest.fixture(autouse=True, scope="module")
def round_slots() -> Iterator[None]:
    """Groups have their slots at whole intervals, so that timelines read in round numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "slot_offset", lambda group: timedelta(0))
        yield
