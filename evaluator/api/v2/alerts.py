"""Alerts in API v2: those that fire."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.v2 import parameters
from evaluator.api.v2.answers import Json, answer
from evaluator.api.v2.shown import Choice, lasts, shown, suppression
from evaluator.api.view import View


async def listing(view: View, request: Request) -> Response:
    """Alerts that fire, by fingerprint; `active`, `silenced`, `inhibited`, `filter`, `receiver` choose among them."""
    choice, wanted = Choice.of(view, request), parameters.receivers(request, view.settings)
    return answer(sorted(_listed(view, choice, wanted), key=lambda alert: str(alert["fingerprint"])))


def _listed(view: View, choice: Choice, wanted: parameters.Wanted) -> Iterator[Json]:
    now = view.now
    for alert in view.machine.alerts:
        if not lasts(alert, now) or not choice.admits(alert.labels):
            continue
        routes = list(view.settings.route.match(alert.labels))
        receivers = list(dict.fromkeys(route.receiver for route in routes))
        if not any(map(wanted, receivers)):
            continue
        by = suppression(view, alert, routes)
        if choice.wants(by):
            yield shown(view, alert, receivers, by)
