"""Which alerts are asked for, group by group, and how grave each group is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from evaluator.core.alerts import Alert
from evaluator.core.frozen import frozen
from evaluator.core.grouping import AlertGroup
from evaluator.core.incidents.belonging import SEVERITY
from evaluator.core.labels import Labels
from evaluator.core.muting import Mute
from evaluator.core.view import View
from evaluator.web.choice import Choice
from evaluator.web.standing import FIRING, MUTED, RESOLVED, Standing

STATES = (FIRING, MUTED, RESOLVED)
"""Of alerts that are in groups, the gravest first."""


class Severity(NamedTuple):
    """How bad something is. rank: more is worse; -1 for a name that the configuration does not know, as for none."""

    rank: int
    name: str


class Severities(dict[str, Severity]):
    """Each severity by its name; what is met for the first time is looked up in the configuration's order."""

    def __init__(self, view: View) -> None:
        self._rank = view.settings.ladders.rank

    def __missing__(self, name: str) -> Severity:
        return self.setdefault(name, Severity(self._rank(name), name))

    def of(self, alert: Alert) -> Severity:
        """That of an alert."""
        return self[alert.labels.get(SEVERITY, "")]


@frozen
class Member:
    """A chosen alert in its group. mute: why it is not told; only what fires is asked about."""

    alert: Alert
    severity: Severity
    mute: Mute | None

    @property
    def state(self) -> str:
        """firing, muted or resolved."""
        if not self.alert.firing:
            return RESOLVED
        return MUTED if self.mute else FIRING


@dataclass(slots=True)
class Chosen:
    """A group and those of its alerts that are asked for. counts: by state. severity: the worst of those that stand worst."""

    group: AlertGroup
    members: list[Member]
    counts: dict[str, int]
    severity: Severity
    newest: datetime

    @property
    def rank(self) -> tuple[int, int, float, Labels, str]:
        """What fires before what is muted before what is over; then the worst severity, then the newest."""
        gravity = next(number for number, state in enumerate(STATES) if self.counts[state])
        return gravity, -self.severity.rank, -self.newest.timestamp(), self.group.labels, self.group.id


def chosen(view: View, choice: Choice) -> list[Chosen]:
    """The groups that are asked for, with those of their alerts that are; in no order."""
    standing, severities = Standing(view), Severities(view)
    groups = view.machine.dispatch.groups.values()
    found = (_members(standing, severities, group, choice) for group in groups if _asked_for(group, choice))
    return [one for one in found if one is not None]


def _asked_for(group: AlertGroup, choice: Choice) -> bool:
    return (not choice.receiver or group.route.receiver == choice.receiver) and (
        not choice.group or key_of(group) == choice.group
    )


def _members(standing: Standing, severities: Severities, group: AlertGroup, choice: Choice) -> Chosen | None:
    """The alerts of a group that are asked for, whatever their state; None without any."""
    alerts = [alert for alert in group.alerts.values() if not choice.matchers or choice.admits(alert.labels)]
    if not alerts:
        return None
    members = [
        Member(alert, severities.of(alert), standing.mute(alert, group.route) if alert.firing else None) for alert in alerts
    ]
    by_state = [[member for member in members if member.state == state] for state in STATES]
    gravest = next(found for found in by_state if found)
    counts = {state: len(found) for state, found in zip(STATES, by_state, strict=True)}
    return Chosen(group, members, counts, max(one.severity for one in gravest), max(alert.starts_at for alert in alerts))


def tally(groups: Iterable[Chosen]) -> dict[str, int]:
    """How many alerts stand how. One that several receivers hear of counts once: as firing, if any of them is told."""
    found: dict[str, set[str]] = {state: set() for state in STATES}
    for one in groups:
        for member in one.members:
            found[member.state].add(member.alert.fingerprint)
    found[MUTED] -= found[FIRING]
    found[RESOLVED] -= found[FIRING] | found[MUTED]
    return {state: len(found[state]) for state in STATES}


def key_of(group: AlertGroup) -> str:
    """What names a group in a URL, however long its labels are."""
    return sha256(group.id.encode(errors="replace")).hexdigest()[:16]
