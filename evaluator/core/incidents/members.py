"""Which alert groups make up which incident, and their alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set

from evaluator.core.alerts import Alert
from evaluator.core.evaluation.tracking import Tracked
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.routing.grouping import AlertGroup, told_order

NAMED = 3  # alerts that a title names

Firing = list[tuple[Alert, AlertGroup]]
"""Alerts that fire, each with a group that it is in."""


class Members:
    """By identity, the groups that are one incident. groups: all of them, by id."""

    def __init__(self, groups: Mapping[str, AlertGroup]) -> None:
        self._groups = groups
        self._members: defaultdict[str, set[str]] = defaultdict(set)
        self._identities: dict[str, str] = {}

    @property
    def identities(self) -> Set[str]:
        """Of all groups that are there."""
        return self._members.keys()

    def clear(self) -> None:
        """Groups are about to be read anew."""
        self._members.clear()
        self._identities.clear()

    def identify(self, name: str, identity_of: Callable[[AlertGroup], str | None]) -> str | None:
        """The identity of the incident that this group belongs to; one that is gone leaves it."""
        group = self._groups.get(name)
        if group is None:
            return self._left(name)
        identity = identity_of(group)
        if identity is not None and self._identities.get(name) != identity:
            self._identities[name] = identity
            self._members[identity].add(name)
        return identity

    def _left(self, name: str) -> str | None:
        identity = self._identities.pop(name, None)
        if identity is not None:
            self._members[identity].discard(name)
            if not self._members[identity]:
                del self._members[identity]
        return identity

    def firing(self, identity: str) -> Firing:
        """What fires of an incident."""
        return [(alert, group) for group in self._of(identity) for alert in group.alerts.values() if alert.firing]

    def alerts(self, identity: str) -> list[Alert]:
        """All alerts that still are in a group, firing ones first, in the order in which they are told."""
        found = {alert.fingerprint: alert for group in self._of(identity) for alert in group.alerts.values()}
        return sorted(found.values(), key=lambda alert: (not alert.firing, told_order(alert)))

    def _of(self, identity: str) -> Iterable[AlertGroup]:
        return [self._groups[name] for name in sorted(self._members.get(identity, ())) if name in self._groups]


def tracked(alert: Alert) -> Tracked | None:
    """The alert as its rule sees it; None for one that somebody posted, or that is built in."""
    return alert.described if isinstance(alert.described, Tracked) else None


def name_of(alert: Alert) -> str:
    """For people."""
    return alert.labels.get(ALERT_NAME, "") or str(alert.labels)


def title(firing: Firing, labels: Labels) -> str:
    """What an incident is called: the names of its alerts, and which of a kind it is. labels: the incident's own."""
    names = sorted({name_of(alert) for alert, _ in firing})
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    which = [value for name, value in labels.items() if name != ALERT_NAME and value]
    return " ".join([", ".join(names[:NAMED]) + more, *which])


def fingerprints(firing: Firing) -> tuple[str, ...]:
    """Of all of them, in order."""
    return tuple(sorted(alert.fingerprint for alert, _ in firing))
