"""Which alerts are asked for, group by group, and how grave each group is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from evaluator.core.alerts import Alert
from evaluator.core.incidents.belonging import SEVERITY
from evaluator.core.labels import Labels
from evaluator.core.muting.muting import Mute
from evaluator.core.routing.grouping import AlertGroup
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


class Member(NamedTuple):
    """A chosen alert in its group. state: firing, muted or resolved. mute: why it is not told, while it fires."""

    alert: Alert
    severity: Severity
    state: str
    mute: Mute | None


@dataclass(slots=True)
class Chosen:
    """A group and those of its alerts that are asked for, by state. severity: the worst of those that stand worst."""

    group: AlertGroup
    members: dict[str, list[Member]]
    severity: Severity
    newest: datetime

    @property
    def counts(self) -> dict[str, int]:
        """How many stand how."""
        return {state: len(found) for state, found in self.members.items()}

    @property
    def rank(self) -> tuple[int, int, float, Labels, str]:
        """What fires before what is muted before what is over; then the worst severity, then the newest."""
        gravity = next(number for number, state in enumerate(STATES) if self.members[state])
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
    members: dict[str, list[Member]] = {state: [] for state in STATES}
    for alert in alerts:
        mute = standing.mute(alert, group.route) if alert.firing else None
        state = (MUTED if mute else FIRING) if alert.firing else RESOLVED
        members[state].append(Member(alert, severities.of(alert), state, mute))
    gravest = next(found for found in members.values() if found)
    return Chosen(group, members, max(one.severity for one in gravest), max(alert.starts_at for alert in alerts))


def tally(groups: Iterable[Chosen]) -> dict[str, int]:
    """How many alerts stand how. One that several receivers hear of counts once: as firing, if any of them is told."""
    found: dict[str, set[str]] = {state: set() for state in STATES}
    for one in groups:
        for state, members in one.members.items():
            found[state].update([member.alert.fingerprint for member in members])
    found[MUTED] -= found[FIRING]
    found[RESOLVED] -= found[FIRING] | found[MUTED]
    return {state: len(found[state]) for state in STATES}


def key_of(group: AlertGroup) -> str:
    """What names a group in a URL, however long its labels are."""
    return sha256(group.id.encode(errors="replace")).hexdigest()[:16]
