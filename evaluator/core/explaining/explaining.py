"""Why was this alert (not) sent, and when is the next send? Reads the machine as it stands, and changes nothing.

    explain(machine, fingerprint, now) -> Explanation | None

The answer begins with who asserts the alert, goes down each route that its labels take, and ends at each integration there:
what it was told, what mutes the alert, what is under way, and what comes next if nothing else happens (`rehearsal`).

It also knows alerts that nobody was told of: those that are pending, and those that a rule remembers as over. An alert that
nobody remembers has no place in the machine; with its labels, from the history, `explain_labels` says where it would go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from evaluator.core.alerts import Alert
from evaluator.core.engine import Machine
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.evaluation.tracking import Health, RuleEvaluation, Tracked
from evaluator.core.explaining.explanation import (
    Asserter,
    Explanation,
    GroupStory,
    IntegrationStory,
    MuteStory,
    Pending,
    RouteStory,
    Source,
    Standing,
    Tick,
    Told,
    Undelivered,
)
from evaluator.core.explaining.rehearsal import Outlook, rehearse
from evaluator.core.labels import Labels
from evaluator.core.muting.muting import MuteKind
from evaluator.core.muting.silence import Silence, SilenceState
from evaluator.core.notifying.ledgers import REPEAT
from evaluator.core.notifying.outgoing import FLUSH
from evaluator.core.notifying.pacing import TURN
from evaluator.core.notifying.rows import RETRY
from evaluator.core.posted.posting import SOURCE as POSTED
from evaluator.core.records import OutboxRecord, State
from evaluator.core.routing.grouping import AlertGroup, Lane, group_id
from evaluator.core.routing.route_paths import RoutePath, paths
from evaluator.core.routing.routing import Route

MOST_BOUNDARIES = 50
"""How many beginnings and ends of intervals are looked at to find when a route is awake again."""


class _Followed(NamedTuple):
    """An alert of a rule, and where the rule stands."""

    group: GroupEvaluation
    rule: RuleEvaluation
    tracked: Tracked


def explain(machine: Machine, fingerprint: str, now: datetime) -> Explanation | None:
    """Everything about the alert with this fingerprint at `now`; None when there is none."""
    alert = machine.alerts.get(fingerprint)
    found = [alert.labels] if alert is not None else known(machine, fingerprint)
    return next((explain_labels(machine, labels, now) for labels in found if labels.fingerprint == fingerprint), None)


def known(machine: Machine, prefix: str) -> list[Labels]:
    """The labels of every alert that is pending, fires, or is remembered, and whose fingerprint begins with `prefix`.

    An alert of a rule may also be named by the fingerprint that it has without external labels, as the API of rules shows it.
    """
    groups = machine.dispatch.groups.values()
    told = (alert.labels for group in groups for alert in group.alerts.values())
    found = {
        *(alert.labels for alert in machine.alerts if alert.fingerprint.startswith(prefix)),
        *(labels for labels in told if labels.fingerprint.startswith(prefix)),
    }
    for one in _followed(machine):
        asserted = one.tracked.life.state is State.FIRING  # so it was found above by the fingerprint that it has to others
        if one.tracked.labels.fingerprint.startswith(prefix):
            found.add(_named(machine, one.tracked))
        elif not asserted and (named := _named(machine, one.tracked)).fingerprint.startswith(prefix):
            found.add(named)
    return sorted(found)


def explain_labels(machine: Machine, labels: Labels, now: datetime) -> Explanation:
    """Everything about the alert with exactly these labels, external ones included, also when there is none now."""
    alert = machine.alerts.get(labels.fingerprint)
    rules = [one for one in _followed(machine) if _named(machine, one.tracked) == labels]
    pending = tuple(_pending(one) for one in rules if one.tracked.life.state is State.PENDING)
    standing, since = _standing(alert, rules, pending)
    fires_at = min((one.fires_at for one in pending), default=None)
    return Explanation(
        at=now,
        fingerprint=labels.fingerprint,
        labels=labels,
        standing=standing,
        since=since,
        sources=tuple(_source(alert, source, rules) for source in sorted(alert.sources)) if alert else (),
        pending=pending,
        why=alert.why if alert is not None and not alert.firing else "",
        routes=tuple(_routes(machine, labels, now, fires_at if standing is Standing.PENDING else None)),
        lifted=tuple(_lifted(machine, labels, alert, now)) if alert is not None else (),
    )


def _lifted(machine: Machine, labels: Labels, alert: Alert, now: datetime) -> Iterator[Silence]:
    """Silences of it that somebody has ended since it began, the latest first; only those of which it is known who."""
    silences = machine.muting.silences
    for silence in silences.listing(now, (), (SilenceState.EXPIRED,)):
        if silence.ended_by and silence.ends_at >= alert.starts_at and silence.matches(labels):
            yield silence


# -- the alert --------------------------------------------------------------------------------------------------------


def _followed(machine: Machine) -> Iterator[_Followed]:
    for group in machine.groups.values():
        for rule in group.rules.values():
            yield from (_Followed(group, rule, tracked) for tracked in rule.alerts.values())


def _named(machine: Machine, tracked: Tracked) -> Labels:
    return tracked.labels.filled_from(machine.settings.external_labels)


def _standing(alert: Alert | None, rules: Iterable[_Followed], pending: Iterable[Pending]) -> tuple[Standing, datetime | None]:
    if alert is not None and alert.firing:
        return Standing.FIRING, alert.starts_at
    waits = [one.since for one in pending]
    if waits:
        return Standing.PENDING, min(waits)
    if alert is not None:
        return Standing.RESOLVED, alert.ends_at
    ends = [one.tracked.life.resolved_at for one in rules if one.tracked.life.resolved_at is not None]
    return (Standing.RESOLVED, max(ends)) if ends else (Standing.GONE, None)


def _source(alert: Alert, key: str, rules: Iterable[_Followed]) -> Source:
    if key == POSTED:
        return Source(Asserter.POSTED, key, over_at=alert.expires_at)
    followed = next((one for one in rules if one.rule.rule.key == key), None)
    return _rule(followed) if followed is not None else Source(Asserter.BUILT_IN, key)


def _rule(followed: _Followed) -> Source:
    evaluation, life = followed.rule, followed.tracked.life
    rule, absent = evaluation.rule, life.keep_firing_since
    return Source(
        Asserter.RULE,
        rule.key,
        rule.name,
        followed.group.group.name,
        rule.position,
        evaluation.error if evaluation.health is Health.ERR else "",
        absent,
        _slot(followed, absent + rule.keep_firing_for) if absent is not None else None,
    )


def _pending(followed: _Followed) -> Pending:
    life = followed.tracked.life
    return Pending(_rule(followed), life.active_at, _slot(followed, life.active_at + followed.rule.rule.hold))


def _slot(followed: _Followed, at: datetime) -> datetime:
    """The first slot of the group, not before `at`, that has not been answered."""
    group = followed.group
    open_slot = group.slot if followed.rule.rule.key in group.waiting else None
    first = open_slot or group.next_slot
    return first + max(0, -((first - at) // group.group.interval)) * group.group.interval


# -- routes -----------------------------------------------------------------------------------------------------------


def _routes(machine: Machine, labels: Labels, now: datetime, fires_at: datetime | None) -> Iterator[RouteStory]:
    """The routes that the labels take, and after them the groups that hold the alert although no route leads there now."""
    dispatch = machine.dispatch
    holding = {group.id: group for group in dispatch.groups.values() if labels.fingerprint in group.alerts}
    for path in paths(dispatch.route, labels):
        route = path.route
        name = group_id(route, route.group_labels(labels))
        within = next((group for group in holding.values() if group.route is route), dispatch.groups.get(name))
        if within is not None:
            holding.pop(within.id, None)
        yield _route(machine, route, path, within, labels, now, fires_at)
    for group in holding.values():
        yield _route(machine, group.route, None, group, labels, now, None)


def _route(
    machine: Machine,
    route: Route,
    path: RoutePath | None,
    group: AlertGroup | None,
    labels: Labels,
    now: datetime,
    fires_at: datetime | None,
) -> RouteStory:
    receiver = machine.dispatch.receivers.get(route.receiver)
    earliest = None
    if fires_at is not None:
        earliest = group.next_tick(fires_at) if group is not None else fires_at + route.group_wait
    return RouteStory(
        path=path,
        receiver=route.receiver,
        sends=bool(receiver and receiver.integrations),
        mutes=tuple(_mutes(machine, route, labels, now)),
        group_id=group.id if group is not None else group_id(route, route.group_labels(labels)),
        group_key=group.key if group is not None else route.group_key(labels),
        group=_group(machine, group, labels.fingerprint, now) if group is not None else None,
        earliest=earliest,
    )


def _mutes(machine: Machine, route: Route, labels: Labels, now: datetime) -> Iterator[MuteStory]:
    """All that mutes the alert on this route now, in the order in which `Dispatch` asks."""
    muting = machine.muting
    quiet = muting.of_route(route, now)
    if quiet is not None:
        yield MuteStory(quiet.kind, quiet.names, until=_awake(machine, route, now))
    alert = machine.alerts.get(labels.fingerprint)  # of one that is not there yet nobody asks who inhibits it
    inhibitor = muting.inhibitor(alert, route) if alert is not None else None
    if inhibitor is not None:
        source = machine.alerts.get(inhibitor.source)
        yield MuteStory(MuteKind.INHIBITION, (inhibitor.title,), inhibitor=source.labels if source is not None else None)
    ids = muting.silences.muting(labels, now)
    silences = [silence for name in ids if (silence := muting.silences.get(name)) is not None]
    if silences:
        yield MuteStory(MuteKind.SILENCE, ids, max(silence.ends_at for silence in silences), tuple(silences))


def _awake(machine: Machine, route: Route, now: datetime) -> datetime | None:
    """When the time of day ceases to mute a route; None when that is far away."""
    boundary: datetime | None = now
    for _ in range(MOST_BOUNDARIES):
        boundary = machine.muting.boundary(route, boundary) if boundary is not None else None
        if boundary is None or machine.muting.of_route(route, boundary) is None:
            return boundary
    return None


# -- groups and integrations ------------------------------------------------------------------------------------------


def _group(machine: Machine, group: AlertGroup, fingerprint: str, now: datetime) -> GroupStory:
    outlooks = rehearse(machine, group, fingerprint, now)
    alert = group.alerts.get(fingerprint)
    considered_at = machine.timers.at((FLUSH, group.id))
    firing = sum(one.firing for one in group.alerts.values())
    return GroupStory(
        id=group.id,
        key=group.key,
        labels=group.labels,
        created_at=group.created_at,
        firing=firing,
        resolved=len(group.alerts) - firing,
        member=alert is not None,
        ended_why=alert.why if alert is not None and not alert.firing else "",
        considered_at=considered_at,
        tick=_tick(group, considered_at, now),
        integrations=tuple(
            _integration(machine, group, lane, fingerprint, outlooks[name]) for name, lane in group.lanes.items()
        ),
    )


def _tick(group: AlertGroup, at: datetime | None, now: datetime) -> Tick | None:
    """What changes waits for one tick; a tick further off than that is one at which the time of day matters."""
    if at is None:
        return None
    if not group.flushed:
        return Tick.WAIT
    return Tick.INTERVAL if at <= group.next_tick(now) else Tick.HOUR


def _integration(machine: Machine, group: AlertGroup, lane: Lane, fingerprint: str, outlook: Outlook) -> IntegrationStory:
    told = lane.told
    return IntegrationStory(
        name=lane.name,
        send_resolved=lane.integration.send_resolved,
        told=_told(lane, fingerprint),
        told_at=told.told_at if told is not None else None,
        held=told is not None and fingerprint in told.muted,
        decision=lane.decision,
        undelivered=_undelivered(machine, lane, lane.row, fingerprint) if lane.row is not None else None,
        repeat_at=machine.timers.at((REPEAT, group.id, lane.name)),
        outlook=outlook,
    )


def _told(lane: Lane, fingerprint: str) -> Told:
    if lane.told is None:
        return Told.NEVER
    if fingerprint in lane.told.firing:
        return Told.FIRING
    return Told.RESOLVED if fingerprint in lane.told.resolved and lane.integration.send_resolved else Told.NEVER


def _undelivered(machine: Machine, lane: Lane, row: OutboxRecord, fingerprint: str) -> Undelivered:
    turn = (TURN, machine.dispatch.destinations.service(lane.name))
    retry_at = machine.timers.at(turn if row.paced else (RETRY, row.id))
    return Undelivered(
        reason=row.notification.reason,
        tells=any(alert.labels.fingerprint == fingerprint for alert in row.notification.alerts),
        since=row.created_at,
        attempts=row.attempts,
        error=row.error,
        under_way=lane.in_flight and retry_at is None,
        permanent=not lane.in_flight and retry_at is None,
        retry_at=retry_at,
        paced=row.paced,
    )
