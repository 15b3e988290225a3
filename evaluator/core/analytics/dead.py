"""Rules that have not fired for half a year: they may be fine, or unable to fire. A drill that makes one fire proves it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.frozen import frozen
from evaluator.core.records import FiringRecord

DEAD = timedelta(days=180)


@frozen
class DeadRule:
    """rule: its key. since: when it last fired, or was first known."""

    rule: str
    name: str
    since: datetime
    ever: bool


@frozen
class DeadRules:
    """young: how many rules have not fired and are not known for long enough to say anything."""

    rules: Sequence[DeadRule] = ()
    young: int = 0


def dead_rules(rules: Iterable[AlertingRule], firings: Mapping[str, FiringRecord], now: datetime) -> DeadRules:
    """Of the rules there are. firings: what is known of each, by key."""
    found, young = [], 0
    for rule in rules:
        known = firings.get(rule.key)
        since = now if known is None else known.fired_at or known.known_since
        if now - since >= DEAD:
            found.append(DeadRule(rule.key, rule.name, since, known is not None and known.fired_at is not None))
        elif known is None or known.fired_at is None:
            young += 1
    return DeadRules(sorted(found, key=lambda one: (one.since, one.rule)), young)
