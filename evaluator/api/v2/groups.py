"""Alert groups in API v2."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.v2 import parameters
from evaluator.api.v2.answers import Json, answer
from evaluator.api.v2.shown import Choice, lasts, shown, suppression
from evaluator.api.view import View
from evaluator.core.grouping import AlertGroup


async def listing(view: View, request: Request) -> Response:
    """Alert groups that hold alerts; `active`, `silenced`, `inhibited`, `muted`, `filter`, `receiver` choose among them."""
    choice, wanted = Choice.of(view, request), parameters.receivers(request, view.settings)
    muted = parameters.flag(request, "muted")
    groups = sorted(view.machine.dispatch.groups.values(), key=lambda group: (group.labels, group.route.receiver, group.id))
    return answer([one for group in groups if wanted(group.route.receiver) for one in _group(view, group, choice, muted)])


def _group(view: View, group: AlertGroup, choice: Choice, muted: bool) -> Iterator[Json]:
    """The group, unless nothing of it is asked for."""
    mute = view.machine.muting.of_route(group.route, view.now)
    if mute is not None and not muted:
        return
    alerts = list(_alerts(view, group, choice, mute.names if mute else ()))
    if alerts:
        yield {
            "alerts": alerts,
            "labels": group.labels.as_dict(),
            "receiver": {"name": group.route.receiver},
            "routeLabels": group.route.labels.as_dict(),
        }


def _alerts(view: View, group: AlertGroup, choice: Choice, muted_by: tuple[str, ...]) -> Iterator[Json]:
    for fingerprint in sorted(group.alerts):
        alert = group.alerts[fingerprint]
        if not lasts(alert, view.now) or not choice.admits(alert.labels):
            continue
        by = suppression(view, alert, (group.route,), muted_by)
        if choice.wants(by):
            receivers = dict.fromkeys(route.receiver for route in view.settings.route.match(alert.labels))
            yield shown(view, alert, list(receivers), by)
