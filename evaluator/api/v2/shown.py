"""An alert as API v2 shows it, and whether it is asked for: computed for the moment of the request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from evaluator.api.v2 import parameters
from evaluator.api.v2.answers import Json, instant
from evaluator.api.view import View
from evaluator.core.alerts import Alert
from evaluator.core.labels import ALERT_NAME, Labels, Matcher, match_all
from evaluator.core.posting import SOURCE
from evaluator.core.routing import Route


@dataclass(frozen=True, slots=True)
class Suppression:
    """What mutes an alert: ids of silences, fingerprints of the alerts that inhibit it, names of time intervals."""

    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """In the API's words; every alert here has been processed."""
        return "suppressed" if self.silenced_by or self.inhibited_by or self.muted_by else "active"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which alerts a request asks for."""

    active: bool
    silenced: bool
    inhibited: bool
    filters: tuple[Matcher, ...]

    @classmethod
    def of(cls, view: View, request: Request) -> Choice:
        """As its parameters say. Raises RefusedError."""
        parameters.flag(request, "unprocessed")  # checked like the others, and without effect
        active, silenced, inhibited = (parameters.flag(request, name) for name in ("active", "silenced", "inhibited"))
        return cls(active, silenced, inhibited, parameters.matchers(request, "filter", view.settings.matcher_mode))

    def admits(self, labels: Labels) -> bool:
        """Whether an alert with these labels is asked for."""
        return match_all(self.filters, labels)

    def wants(self, by: Suppression) -> bool:
        """Whether an alert that is suppressed so is asked for; the time of day does not count."""
        if not by.silenced_by and not by.inhibited_by:
            return self.active
        return (self.silenced or not by.silenced_by) and (self.inhibited or not by.inhibited_by)


def lasts(alert: Alert, now: datetime) -> bool:
    """Whether an alert is still to be listed."""
    return alert.firing and (alert.sources != {SOURCE} or alert.expires_at is None or alert.expires_at >= now)


def suppression(view: View, alert: Alert, routes: Iterable[Route], muted_by: tuple[str, ...] = ()) -> Suppression:
    """What mutes `alert` now. It counts as inhibited when it is for every one of `routes`."""
    muting = view.machine.muting
    sources = [found.source if (found := muting.inhibitor(alert, route)) else "" for route in routes]
    inhibited_by = tuple(sorted(set(sources))) if all(sources) else ()
    return Suppression(muting.silences.muting(alert.labels, view.now), inhibited_by, muted_by)


def shown(view: View, alert: Alert, receivers: Sequence[str], by: Suppression) -> Json:
    """As the API shows it."""
    return {
        "annotations": view.texts(alert.described.annotations, alert.labels.get(ALERT_NAME, "")),
        "endsAt": instant(_ends_at(view, alert)),
        "fingerprint": alert.fingerprint,
        "receivers": [{"name": name} for name in receivers],
        "startsAt": instant(alert.starts_at),
        "status": {
            "inhibitedBy": by.inhibited_by,
            "mutedBy": by.muted_by,
            "silencedBy": by.silenced_by,
            "state": by.state,
        },
        "updatedAt": instant(alert.updated_at),
        "generatorURL": alert.generator_url,
        "labels": alert.labels.as_dict(),
    }


def _ends_at(view: View, alert: Alert) -> datetime:
    if alert.sources == {SOURCE} and alert.expires_at is not None:
        return alert.expires_at
    return view.now + view.settings.resolve_timeout
