"""Alertmanager's API, `/api/v2`: alerts, groups, silences, receivers and status, for amtool, Karma, Grafana and Prometheus.

Shapes, parameters and codes are Alertmanager's. An error of the request's form is answered 406, 415 or 422 with `code` and
`message`, every other one with its text as a JSON string. A POST or DELETE is answered once what it did has been kept.

Alerts of rules and alerts that others post are listed alike. Whoever reads the list expects an end also of those that fire:
for a posted alert it is the end that was claimed, for one of a rule `resolve_timeout` from now.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator.api.roll import Roll
from evaluator.api.v2 import alerts, groups, posts, silences, status
from evaluator.api.v2.answers import NO_JSON, NOT_ACCEPTABLE, RefusedError, acceptable, failure
from evaluator.api.v2.endpoints import Endpoint
from evaluator.api.v2.suppression import Suppressions
from evaluator.api.view import UnavailableError, View


def routes(view: View, roll: Roll) -> list[Route]:
    """The routes below `/api/v2`. roll: the alerts of `view`."""
    suppressions = Suppressions(view, roll)

    def at(path: str, method: str, endpoint: Endpoint) -> Route:
        async def guarded(request: Request) -> Response:
            try:
                if method != "POST" and not acceptable(request.headers.getlist("accept")):
                    raise RefusedError(NOT_ACCEPTABLE, NO_JSON)
                return await endpoint(view, request)
            except RefusedError as error:
                return failure(error)
            except UnavailableError as error:
                return failure(RefusedError(503, str(error)))

        guarded.__doc__ = endpoint.__doc__
        return Route(f"/api/v2/{path}", guarded, methods=[method])

    return [
        at("alerts", "GET", alerts.listing(roll, suppressions)),
        at("alerts", "POST", posts.posting(view)),
        at("alerts/groups", "GET", groups.listing(roll, suppressions, groups.Frames(view))),
        at("silences", "GET", silences.listing),
        at("silences", "POST", silences.post),
        at("silence/{id}", "GET", silences.one),
        at("silence/{id}", "DELETE", silences.expire),
        at("status", "GET", status.status),
        at("receivers", "GET", status.receivers),
    ]
