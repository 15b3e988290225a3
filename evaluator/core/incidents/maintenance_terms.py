"""What maintenance has to say of itself, wherever somebody asks for it.

What holds everybody back at night should say who wanted it, why, and until when. Each function gives what is wrong with an
answer, in a sentence that says what to do; empty when nothing is.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

LONGEST = timedelta(days=30)
"""Maintenance that lasts longer is a change of the configuration."""
LONGEST_REASON = 1000
"""Characters."""


def wrong_reason(reason: str) -> str:
    """What is wrong with what is said of the work."""
    if not reason.strip():
        return "say what is being done; whoever wonders at night will read it"
    return f"at most {LONGEST_REASON} characters" if len(reason) > LONGEST_REASON else ""


def wrong_length(starts_at: datetime, ends_at: datetime) -> str:
    """What is wrong with when it ends."""
    if ends_at <= starts_at:
        return "it ends before it begins; let it end later"
    return (
        "it lasts longer than 30 days; what lasts longer is a matter of the configuration"
        if ends_at - starts_at > LONGEST
        else ""
    )


def wrong_component(name: str, known: Collection[str]) -> str:
    """What is wrong with the name of a component; nothing can be where the configuration names none."""
    if not known or name in known:
        return ""
    return f'there is no "{name}"; those of the configuration: {", ".join(sorted(known))}'
