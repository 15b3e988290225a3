"""Version 2: when each rule was first known, and last fired."""

from __future__ import annotations

from evaluator.store.connections import Cursor

_FIRINGS = "CREATE TABLE firings (rule TEXT NOT NULL, known_since BIGINT NOT NULL, fired_at BIGINT, PRIMARY KEY (rule))"


def upgrade(cursor: Cursor) -> None:
    """From version 1. Of rules that are there already it is known from now on."""
    cursor.execute(_FIRINGS)
