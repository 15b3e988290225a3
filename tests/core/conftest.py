"""What all suites of the core share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from evaluator.core.evaluation import evaluation


@pytest.fixture(autouse=True, scope="module")
def round_slots() -> Iterator[None]:
    """Groups have their slots at whole intervals, so that timelines read in round numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "slot_offset", lambda group: timedelta(0))
        yield
