"""Overrides of schedules that people made, as they are kept; those of the configuration are derived from it."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.core.oncall import Override


@dataclass(frozen=True, slots=True)
class OverrideRecord:
    """One override. schedule: its name. author: who made it."""

    id: str
    schedule: str
    override: Override
    author: str = ""

    @property
    def key(self) -> tuple[str]:
        """The id."""
        return (self.id,)
