"""All pages and what belongs to them, as routes for the HTTP surface to serve."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from evaluator.core.view import UnavailableError, View
from evaluator.web import incident, incidents, maintenance_form, oncall, silence_form, silences, window_form
from evaluator.web.alert import alert
from evaluator.web.guard import REFUSAL, same_origin
from evaluator.web.live import Live, Pace
from evaluator.web.rendering import render
from evaluator.web.routes import routes
from evaluator.web.rules import rules
from evaluator.web.status import status
from evaluator.web.theme import switch
from evaluator.web.wall import wall

Page = Callable[[View, Request], Awaitable[Response]]


def pages(view: View, pace: Pace = Pace()) -> list[BaseRoute]:
    """The routes of all pages. pace: how often open pages hear of changes."""

    def shows(path: str, page: Page) -> Route:
        return Route(path, _endpoint(view, page), methods=["GET"])

    def changes(path: str, page: Page) -> Route:
        return Route(path, _endpoint(view, _guarded(page)), methods=["POST"])

    return [
        shows("/", wall),
        shows("/alerts/{fingerprint}", alert),
        shows("/incidents", incidents.listing),
        shows("/incidents/{number}", incident.one),
        changes("/incidents/{number}/act", incident.act),
        shows("/silences", silences.listing),
        shows("/silences/new", silence_form.blank),
        changes("/silences/new", silence_form.post),
        shows("/silences/{id}", silences.one),
        shows("/silences/{id}/edit", silence_form.edit),
        changes("/silences/{id}/expire", silences.expire),
        shows("/windows/new", window_form.blank),
        changes("/windows/new", window_form.post),
        shows("/windows/{id}/edit", window_form.edit),
        changes("/windows/{id}/end", silences.end_window),
        shows("/maintenance/new", maintenance_form.blank),
        changes("/maintenance/new", maintenance_form.post),
        shows("/maintenance/{id}/edit", maintenance_form.edit),
        changes("/maintenance/{id}/end", maintenance_form.end),
        shows("/oncall", oncall.oncall),
        changes("/oncall/overrides/{id}/end", oncall.take_back),
        shows("/rules", rules),
        shows("/routes", routes),
        shows("/status", status),
        changes("/theme", switch),
        Route("/events", Live(view, pace).__call__, methods=["GET"]),
        Mount("/static", _Static(packages=[("evaluator.web", "static")])),
    ]


class _Static(StaticFiles):
    """Files whose address changes with what they hold, see `rendering.asset`."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _endpoint(view: View, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """A page whose errors are pages too."""

    async def endpoint(request: Request) -> Response:
        try:
            return await page(view, request)
        except HTTPException as error:
            return _message(view, request, error.status_code, error.detail)
        except UnavailableError as error:
            return _message(view, request, 503, f"{error.verdict.capitalize()}: {error}")

    endpoint.__doc__ = page.__doc__
    return endpoint


def _guarded(page: Page) -> Page:
    """A page that changes something: only for forms of these pages."""

    async def guarded(view: View, request: Request) -> Response:
        if not same_origin(view, request):
            raise HTTPException(403, REFUSAL)
        return await page(view, request)

    guarded.__doc__ = page.__doc__
    return guarded


def _message(view: View, request: Request, status: int, text: str) -> Response:
    return render(view, request, "message.html", status, title=HTTPStatus(status).phrase, text=text)
