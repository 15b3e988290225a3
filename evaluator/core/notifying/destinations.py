"""Where messages arrive, as far as limits and storms care: who shares a bucket, and who reads what one of them is told.

A service counts what it is sent by what addresses it: a webhook, a bot and a chat, a routing key. Whatever integrations have
the same address share one bucket. Within that, people may read in different places: a channel, a topic, a team. One message
stands for many only where all of them would have arrived in the same place.

Both are digests, so that they may stand in keys: nothing of an address can be read from them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from evaluator.core.notifying.rates import RateLimit, strictest
from evaluator.core.receivers import Integration


class Destinations:
    """Which integrations have the same destination, by the names of their lanes.

    One without a destination has one of its own, called as its lane is. What limits the receivers of a file counts more than
    what is due to a person's contacts.
    """

    def __init__(self, integrations: Mapping[str, Integration] = MappingProxyType({})) -> None:
        self._integrations = integrations
        self._limits = _limits(integrations)
        self._lanes = _by_place(integrations)
        self._of_receivers = frozenset(_service(name, one) for name, one in integrations.items() if not one.way)

    def __contains__(self, place: str) -> bool:
        return place in self._lanes

    def service(self, lane: str) -> str:
        """What the limit of this lane counts by; the lane's own name when it is nobody's any more."""
        integration = self._integrations.get(lane)
        return lane if integration is None else _service(lane, integration)

    def place(self, lane: str) -> str:
        """Where people read what this lane is told; empty when that depends on what it is, or the lane is nobody's."""
        integration = self._integrations.get(lane)
        return "" if integration is None else _place(lane, integration)

    def lanes(self, place: str) -> tuple[str, ...]:
        """The lanes by which a place is told: those first that want to hear of ends."""
        return self._lanes[place]

    def ends(self, place: str) -> tuple[str, ...]:
        """The lanes by which a place is told that something is over; none where nobody wants to hear of that."""
        return tuple(lane for lane in self._lanes.get(place, ()) if self._integrations[lane].send_resolved)

    def limit(self, service: str) -> RateLimit | None:
        """How often it may be told something; None for as often as there is."""
        return self._limits.get(service)

    def limited(self, lane: str) -> bool:
        """Whether what is told by this lane has to wait for its turn."""
        return bool(self._limits) and self.service(lane) in self._limits

    def shared(self, lane: str) -> bool:
        """Whether notifications of receivers arrive where this lane does."""
        return self.service(lane) in self._of_receivers


@dataclass(slots=True)
class _Found:
    """The limits at one service: of receivers, and of contacts."""

    receivers: list[RateLimit | None]
    contacts: list[RateLimit | None]


def _limits(integrations: Mapping[str, Integration]) -> dict[str, RateLimit]:
    found: defaultdict[str, _Found] = defaultdict(lambda: _Found([], []))
    for lane, one in integrations.items():
        known = found[_service(lane, one)]
        (known.contacts if one.way else known.receivers).append(one.rate_limit)
    limits = {service: strictest(known.receivers or known.contacts) for service, known in found.items()}
    return {service: limit for service, limit in limits.items() if limit is not None}


def _by_place(integrations: Mapping[str, Integration]) -> dict[str, tuple[str, ...]]:
    lanes: defaultdict[str, list[str]] = defaultdict(list)
    for lane, one in integrations.items():
        if place := _place(lane, one):
            lanes[place].append(lane)
    return {place: _speakers(found, integrations) for place, found in lanes.items()}


def _speakers(lanes: Iterable[str], integrations: Mapping[str, Integration]) -> tuple[str, ...]:
    return tuple(sorted(lanes, key=lambda lane: (not integrations[lane].send_resolved, lane)))


def _service(lane: str, integration: Integration) -> str:
    return lane if integration.destination is None else integration.destination.service


def _place(lane: str, integration: Integration) -> str:
    return lane if integration.destination is None else integration.destination.place
