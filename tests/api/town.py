"""A machine in virtual time behind the APIs: everybody answers at once, and nobody waits.

`Town` is what the HTTP surface sees; its `fresh_…` say what an answer has to be, made anew from the machine, without anything
that is remembered between requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from operator import itemgetter
from typing import Any

import httpx
from starlette.applications import Starlette

from evaluator.api import native, v1, v2
from evaluator.api.numbers import exponent
from evaluator.api.roll import Roll
from evaluator.core.alerts import Alert
from evaluator.core.effects import Deliver, RunQuery
from evaluator.core.engine import Machine
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.evaluation.rules import AlertingRule, RecordingRule
from evaluator.core.evaluation.tracking import RuleEvaluation, Tracked
from evaluator.core.events import Delivered, Event, Observation, QueryReturned, TimerFired
from evaluator.core.labels import ALERT_NAME, Labels, Matcher, match_all
from evaluator.core.muting.silence import SilenceState
from evaluator.core.posted.posting import SOURCE
from evaluator.core.records import Annotations, State
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Settings
from evaluator.core.timestamps import rfc3339
from evaluator.service.texts import finished

START = datetime(2026, 3, 1, 12, tzinfo=UTC)

Json = dict[str, Any]


def comes_first(one: Labels, other: Labels) -> bool:
    """Whether an alert stands before another one in a group: Alertmanager's rule, step by step."""
    for name in ("job", "instance"):
        if one.get(name) != other.get(name):
            return name in one and (name not in other or one[name] < other[name])
    if len(one) != len(other):
        return len(one) < len(other)
    for name in sorted({*one, *other}):
        if name not in one or name not in other:
            return name not in one
        if one[name] != other[name]:
            return one[name] < other[name]
    return False


class Town:
    """A machine, its clock, and what its rules' queries return. late: whether timers are not heard."""

    started_at = START
    reload_successful = True
    unready = unhealthy = ""

    def __init__(self, settings: Settings) -> None:
        self.now = START
        self.machine = Machine(settings, START)
        self.series: dict[str, Mapping[Labels, Observation]] = {}
        routes = [*v1.routes(self), *v2.routes(self, roll := Roll(self)), *native.routes(self, roll)]  # type: ignore[arg-type]
        transport = httpx.ASGITransport(Starlette(routes=routes))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://town")

    @property
    def settings(self) -> Settings:
        """Of the machine."""
        return self.machine.settings

    def texts(self, annotations: Annotations, alert: str) -> dict[str, str]:
        """As the service finishes them."""
        return dict(finished(annotations, alert, self.settings, self.now))

    def happen(self, event: Event) -> None:
        """An event and everything that follows from it at the same instant."""
        waiting = [event]
        while waiting:
            for effect in self.machine.handle(waiting.pop(0), self.now):
                if isinstance(effect, Deliver):
                    waiting.append(Delivered(effect.row.id))
                elif isinstance(effect, RunQuery):
                    waiting.append(QueryReturned(effect.rule, effect.slot, self.series.get(effect.rule, {})))

    def wait(self, span: timedelta, late: bool = False) -> None:
        """Let time pass. late: the machine does not hear of it yet."""
        until = self.now + span
        while not late and (timer := self.machine.next_timer) is not None and timer <= until:
            self.now = max(self.now, timer)
            self.happen(TimerFired())
        self.now = until

    async def get(self, path: str, query: Mapping[str, Any]) -> Any:
        """What a GET answers."""
        answer = await self.client.get(path, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    # -- what it has to be --------------------------------------------------------------------------------------------

    def fresh_alerts(self, filters: Iterable[Matcher], active: bool, silenced: bool, inhibited: bool) -> list[Json]:
        """`/api/v2/alerts`."""
        found: list[Json] = []
        for alert in sorted(self._lasting(filters), key=lambda one: one.fingerprint):
            routes = list(self.settings.route.match(alert.labels))
            names = [self.machine.dispatch.groups[group].muted_by for group in alert.groups]
            muted = sorted({name for each in names for name in each}) if names and all(names) else []
            found += self._chosen(alert, routes, muted, (active, silenced, inhibited))
        return found

    def fresh_groups(
        self, filters: Iterable[Matcher], active: bool, silenced: bool, inhibited: bool, muted: bool
    ) -> list[Json]:
        """`/api/v2/alerts/groups`."""
        filters, found = list(filters), list[Json]()
        groups = self.machine.dispatch.groups.values()
        for group in sorted(groups, key=lambda one: (one.labels, one.route.receiver, one.id)):
            inside = [alert for alert in self._lasting(filters) if group.id in alert.groups]
            inside.sort(key=cmp_to_key(lambda one, other: -1 if comes_first(one.labels, other.labels) else 1))
            alerts = [
                shown
                for alert in inside
                for shown in self._chosen(alert, [group.route], list(group.muted_by), (active, silenced, inhibited))
            ]
            if alerts and (muted or not group.muted_by):
                head = {"labels": group.labels.as_dict(), "receiver": {"name": group.route.receiver}}
                told = [{**one, "receivers": sorted(one["receivers"], key=itemgetter("name"))} for one in alerts]
                found.append({**head, "routeLabels": group.route.labels.as_dict(), "alerts": told})
        return found

    def fresh_native(self) -> list[Json]:
        """`/api/evaluator/v1/alerts`."""
        return [
            {
                "fingerprint": alert.fingerprint,
                "labels": alert.labels.as_dict(),
                "annotations": self.texts(alert.described.annotations, alert.labels.get(ALERT_NAME, "")),
                "state": "firing" if alert.firing else "resolved",
                "startsAt": rfc3339(alert.starts_at),
                "endsAt": rfc3339(alert.ends_at),
                "why": alert.why,
                "generatorURL": alert.generator_url,
                "groups": sorted(alert.groups),
                "sources": sorted({"posted" if source == SOURCE else "rule" for source in alert.sources}),
            }
            for alert in sorted(self.machine.alerts, key=lambda one: one.fingerprint)
        ]

    def fresh_rules(self, bare: bool = False) -> list[Json]:
        """`groups` of `/api/v1/rules`, without filters."""
        groups = sorted(self.machine.groups.values(), key=lambda one: (one.group.file, one.group.name))
        return [_group(group, [self._rule(group, rule, bare) for rule in group.group.rules]) for group in groups]

    def fresh_rule_alerts(self) -> list[Json]:
        """`alerts` of `/api/v1/alerts`."""
        rules = (rule for group in self.machine.groups.values() for rule in group.rules.values())
        return [alert for rule in rules for alert in self._active(rule)]

    def _rule(self, group: GroupEvaluation, rule: AlertingRule | RecordingRule, bare: bool) -> Json:
        shown: Json = {"name": rule.name, "query": rule.expr, "labels": rule.labels.as_dict()}
        if isinstance(rule, RecordingRule):
            never = {"health": "unknown", "evaluationTime": 0, "lastEvaluation": "0001-01-01T00:00:00Z"}
            return {**shown, **never, "type": "recording"}
        evaluation = group.rules[rule.key]
        error = {"lastError": evaluation.error} if evaluation.error else {}
        return {
            **shown,
            **error,
            "state": evaluation.state,
            "duration": rule.hold.total_seconds(),
            "keepFiringFor": rule.keep_firing_for.total_seconds(),
            "annotations": dict(rule.annotations),
            "alerts": [] if bare else self._active(evaluation),
            "health": str(evaluation.health),
            "evaluationTime": evaluation.seconds,
            "lastEvaluation": rfc3339(evaluation.evaluated_at),
            "type": "alerting",
        }

    def _active(self, rule: RuleEvaluation) -> list[Json]:
        return [self._tracked(one) for one in rule.alerts.values() if one.life.state is not State.INACTIVE]

    def _tracked(self, tracked: Tracked) -> Json:
        since = tracked.life.keep_firing_since
        return {
            "labels": tracked.labels.as_dict(),
            "annotations": self.texts(tracked.annotations, tracked.rule.name),
            "state": str(tracked.life.state),
            "activeAt": rfc3339(tracked.life.active_at),
            "value": exponent(tracked.value),
            **({"keepFiringSince": rfc3339(since)} if since is not None else {}),
        }

    def _lasting(self, filters: Iterable[Matcher]) -> Iterator[Alert]:
        filters = list(filters)
        for alert in self.machine.alerts:
            expired = alert.sources == {SOURCE} and alert.expires_at is not None and alert.expires_at < self.now
            if alert.firing and not expired and match_all(filters, alert.labels):
                yield alert

    def _chosen(self, alert: Alert, routes: list[Route], muted: list[str], states: tuple[bool, bool, bool]) -> Iterator[Json]:
        active, silenced, inhibited = states
        muting = self.machine.muting
        silences = [
            one.id for one in muting.silences if one.state(self.now) is SilenceState.ACTIVE and one.matches(alert.labels)
        ]
        found = [muting.inhibitor(alert, route) for route in routes]
        sources = sorted({one.source for one in found if one}) if all(found) else []
        wanted = active if not silences and not sources else (silenced or not silences) and (inhibited or not sources)
        if wanted:
            yield self._shown(alert, sorted(silences), sources, muted)

    def _shown(self, alert: Alert, silences: list[str], sources: list[str], muted: list[str]) -> Json:
        named = alert.sources == {SOURCE} and alert.expires_at is not None
        ends_at = alert.expires_at if named else self.now + self.settings.resolve_timeout
        receivers = dict.fromkeys(route.receiver for route in self.settings.route.match(alert.labels))
        state = "suppressed" if silences or sources or muted else "active"
        assert ends_at is not None
        return {
            "annotations": self.texts(alert.described.annotations, alert.labels.get(ALERT_NAME, "")),
            "endsAt": _instant(ends_at),
            "fingerprint": alert.fingerprint,
            "receivers": [{"name": name} for name in receivers],
            "startsAt": _instant(alert.starts_at),
            "status": {"inhibitedBy": sources, "mutedBy": muted, "silencedBy": silences, "state": state},
            "updatedAt": _instant(alert.updated_at),
            "generatorURL": alert.generator_url,
            "labels": alert.labels.as_dict(),
        }


def _group(group: GroupEvaluation, rules: list[Json]) -> Json:
    took = (group.finished_at - group.started_at).total_seconds() if group.finished_at and group.started_at else 0.0
    return {
        "name": group.group.name,
        "file": group.group.file,
        "rules": rules,
        "interval": group.group.interval.total_seconds(),
        "limit": group.group.limit,
        "evaluationTime": max(0.0, took),
        "lastEvaluation": rfc3339(group.started_at),
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
