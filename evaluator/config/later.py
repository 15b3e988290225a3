"""Blocks of a configuration that are read for their shape and not acted on by this version.

Nothing that somebody wrote is dropped without a word: each block has one warning that says what will not happen. When a
block comes to life, its line here goes, and a module of its own reads it.
"""

from __future__ import annotations

from types import MappingProxyType

NOT_ACTED_ON = MappingProxyType(
    {
        "tracing": "no spans are sent",
        "event_recorder": "no events are recorded",
    }
)
