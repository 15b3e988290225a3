"""`rate_limit` of an integration: how often its service may be told something, and what holds where nobody says.

The defaults stay within what the services document, with the burst counted in: Slack, one message each second and more for a
short while; Discord, 5 in 2 seconds; Telegram, 20 a minute in a group; PagerDuty, 120 a minute; Microsoft Teams, 4 a second.
Alertmanager has no limits, so with `compatibility: alertmanager` only those count that are written.

Integrations with the same destination share one limit. It is what is written at any of them; where that differs, the strictest
of all: the slowest rate and the smallest burst.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.problems import Problems
from evaluator.config.reading import Reading
from evaluator.config.scalars import Count, Flag, Span
from evaluator.core.evaluation.rules import Position
from evaluator.core.notifying.rates import RateLimit, strictest
from evaluator.core.receivers import Integration, Receiver

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


class WrittenLimits:
    """What a file says about limits, by destination."""

    def __init__(self) -> None:
        self._found: defaultdict[str, list[tuple[Position, RateLimit | None]]] = defaultdict(list)

    def add(self, integration: Integration, position: Position) -> None:
        """The limit of an integration stands at this position."""
        if integration.destination is not None:
            self._found[integration.destination.service].append((position, integration.rate_limit))

    def shared(self, receivers: Iterable[Receiver], problems: Problems) -> Iterator[Receiver]:
        """The receivers, with one limit for each destination. Adds a warning for each at which several are written."""
        limits = {service: strictest(limit for _, limit in found) for service, found in self._found.items()}
        for service, found in self._found.items():
            _warn_of_difference(found, limits[service], problems)
        for receiver in receivers:
            yield replace(receiver, integrations=tuple(_limited(one, limits) for one in receiver.integrations))


def _limited(integration: Integration, limits: Mapping[str, RateLimit | None]) -> Integration:
    service = integration.destination.service if integration.destination is not None else ""
    return replace(integration, rate_limit=limits[service]) if service in limits else integration


def _warn_of_difference(found: list[tuple[Position, RateLimit | None]], strict: RateLimit | None, problems: Problems) -> None:
    first, limit = found[0]
    differing = next((position for position, other in found if other != limit), None)
    if differing is not None:
        message = f"rate_limit differs from that at line {first.line}, for the same destination: {strict} counts for all"
        problems.warn(differing, message, "write the same limit, or write it once")
