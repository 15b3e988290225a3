"""Overrides of schedules that people made, as they are kept; those of the configuration are derived from it."""

from __future__ import annotations

from datetime import datetime

from evaluator.core.frozen import frozen
from evaluator.core.oncall.oncall import Override


@frozen
class OverrideRecord:
    """One override, or one shift that was read from a calendar.

    schedule: its name. author, made_at: who made it, and when. source: of a shift, which calendar it is from; else empty.
    """

    id: str
    schedule: str
    override: Override
    author: str = ""
    made_at: datetime | None = None
    source: str = ""

    @property
    def key(self) -> tuple[str]:
        """The id."""
        return (self.id,)
