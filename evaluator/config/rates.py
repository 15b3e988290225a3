"""`rate_limit` of an integration: how often its service may be told something, and what holds where nobody says.

The defaults stay within what the services document, with the burst counted in: Slack, one message each second and more for a
short while; Discord, 5 in 2 seconds; Telegram, 20 a minute in a group; PagerDuty, 120 a minute; Microsoft Teams, 4 a second.
Alertmanager has no limits, so with `compatibility: alertmanager` only those count that are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.config.scalars import Count, Flag, Span
from evaluator.core.rates import RateLimit

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)

DEFAULT_LIMITS: Mapping[str, RateLimit] = MappingProxyType(
    {
        "slack": RateLimit(1, SECOND, burst=10),
        "discord": RateLimit(3, 2 * SECOND, burst=2),
        "telegram": RateLimit(16, MINUTE, burst=4),
        "pagerduty": RateLimit(100, MINUTE, burst=20),
        "msteams": RateLimit(2, SECOND, burst=2),
        "msteamsv2": RateLimit(2, SECOND, burst=2),
    }
)


class RateLimitModel(Model):
    """`rate_limit` of an integration."""

    TITLE = "rate_limit"

    messages: Count | None = None
    per: Span = MINUTE
    burst: Count = 1
    off: Flag = False


def read_rate_limit(kind: str, model: RateLimitModel | None, node: Table, reading: Reading) -> RateLimit | None:
    """The limit of an integration of this kind, which stands at `node`; None for none."""
    if model is None:
        return DEFAULT_LIMITS.get(kind) if reading.paces else None
    if model.off:
        return None
    for key, remedy in (("messages", 'write how many, or "off: true"'), ("per", "write a duration"), ("burst", "remove it")):
        if not getattr(model, key):
            said = "must be set" if getattr(model, key) is None else "cannot be zero"
            reading.problems.error(node.at("rate_limit", key), f"rate_limit: {key} {said}", remedy)
            return None
    assert model.messages is not None
    return RateLimit(model.messages, model.per, model.burst)
