"""A machine in virtual time behind the APIs: everybody answers at once, and nobody waits.

`Town` is what the HTTP surface sees; its `fresh_…` say what an answer has to be, made anew from the machine, without anything
that is remembered between requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.applications import Starlette

from evaluator.api import native, v1, v2
from evaluator.api.roll import Roll
from evaluator.core.alerts import Alert
from evaluator.core.effects import Deliver, RunQuery
from evaluator.core.engine import Machine
from evaluator.core.events import Delivered, Event, Observation, QueryReturned, TimerFired
from evaluator.core.labels import ALERT_NAME, Labels, Matcher, match_all
from evaluator.core.posting import SOURCE
from evaluator.core.records import Annotations
from evaluator.core.routing import Route
from evaluator.core.settings import Settings
from evaluator.core.silence import SilenceState
from evaluator.service.texts import finished

START = datetime(2026, 3, 1, 12, tzinfo=UTC)

Json = dict[str, Any]


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
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    # -- what it has to be --------------------------------------------------------------------------------------------

    def fresh_alerts(self, filters: Iterable[Matcher], active: bool, silenced: bool, inhibited: bool) -> list[Json]:
        """`/api/v2/alerts`."""
        found = []
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
        filters, found = list(filters), []
        groups = self.machine.dispatch.groups.values()
        for group in sorted(groups, key=lambda one: (one.labels, one.route.receiver, one.id)):
            inside = [alert for alert in self._lasting(filters) if group.id in alert.groups]
            alerts = [
                shown
                for alert in sorted(inside, key=lambda one: one.fingerprint)
                for shown in self._chosen(alert, [group.route], list(group.muted_by), (active, silenced, inhibited))
            ]
            if alerts and (muted or not group.muted_by):
                head = {"labels": group.labels.as_dict(), "receiver": {"name": group.route.receiver}}
                found.append({**head, "routeLabels": group.route.labels.as_dict(), "alerts": alerts})
        return found

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


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
