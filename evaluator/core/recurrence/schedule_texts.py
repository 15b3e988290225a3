"""Reading a schedule as people write it: five fields of cron, or an RRULE."""

from __future__ import annotations

from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.recurrence.recurring import Recurring
from evaluator.core.recurrence.rrule_texts import is_rrule, parse_rrule


def parse_schedule(text: str) -> Recurring:
    """What `text` says. Raises ValueError with what is wrong, and what to write."""
    return parse_rrule(text) if is_rrule(text) else parse_cron(text)
