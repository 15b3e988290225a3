"""The reasons of flush decisions."""

from __future__ import annotations

from docs.generate.tables import code, table
from evaluator.core.notifying.dedup import Reason


def reason_table() -> str:
    """Every reason, and whether a notification follows from it."""
    return table(("reason", "told"), ((code(str(reason)), "yes" if reason.due else "no") for reason in Reason))
