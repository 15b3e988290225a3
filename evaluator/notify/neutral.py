"""Texts of strangers made harmless, see `core.neutral`; packaged templates use the same words."""

from __future__ import annotations

from evaluator.core.neutral import cut, one_line, without_commands

__all__ = ["cut", "one_line", "without_commands"]
