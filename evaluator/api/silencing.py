"""Silences and maintenance windows in the evaluator's own API: previewed, set with the policy's say, listed with what they do.

Matchers are objects, as in Alertmanager's API, or texts such as `team="infra"`. Times are RFC 3339, durations Prometheus'.
An error is answered in the envelope of the rest of this API; what a policy objects to stands beside it, one by one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator.api.silence_setting import NotSetError, Why, set_silence, set_window
from evaluator.api.silence_shown import shown_objections, shown_preview, shown_silences, shown_window
from evaluator.api.silence_wishes import WISH, wanted_silence, wanted_window
from evaluator.api.v2 import bodies, parameters
from evaluator.api.v2.answers import RefusedError
from evaluator.api.view import View
from evaluator.core.events import SilenceExpired, WindowEnded
from evaluator.core.muting.silence import SilenceState
from evaluator.core.muting.silence_preview import preview

Endpoint = Callable[[View, Request], Awaitable[Response]]

_CODES = {Why.NOT_FOUND: 404, Why.CONFIRM: 409, Why.WRITTEN: 409, Why.LOST: 409}


def routes(view: View) -> list[Route]:
    """The routes below `/api/evaluator/v1` for silences and windows."""

    def at(path: str, method: str, endpoint: Endpoint) -> Route:
        async def guarded(request: Request) -> Response:
            try:
                return await endpoint(view, request)
            except NotSetError as error:
                found = {"objections": shown_objections(error.objections)} if error.objections else {}
                return _failure(error.why, str(error), _CODES.get(error.why, 400), found)
            except RefusedError as error:
                return _failure("bad_data", str(error), error.code)

        guarded.__doc__ = endpoint.__doc__
        return Route(f"/api/evaluator/v1/{path}", guarded, methods=[method])

    return [
        at("silences", "GET", _silences),
        at("silences", "POST", _set_silence),
        at("silences/preview", "POST", _preview),
        at("silences/{id}", "DELETE", _expire),
        at("windows", "GET", _windows),
        at("windows", "POST", _set_window),
        at("windows/{id}", "DELETE", _end),
    ]


async def _silences(view: View, request: Request) -> Response:
    """Silences with their windows and how many alerts they mute; `filter`, `active`, `pending`, `expired` choose among them."""
    filters = parameters.matchers(request, "filter", view.settings.matcher_mode)
    states = [state for state in SilenceState if parameters.flag(request, state)]
    return _answer(shown_silences(view, view.machine.silencing.silences.listing(view.now, filters, states)))


async def _set_silence(view: View, request: Request) -> Response:
    """Make a silence, or edit the one whose `id` is given; 409 asks for `confirm: true`."""
    wish = await bodies.read(view, request, WISH)
    made = await set_silence(view, wanted_silence(wish, view), wish.confirm, careful=True)
    return _answer(shown_silences(view, [made])[0])


async def _preview(view: View, request: Request) -> Response:
    """What a silence, or with `schedule` a window, would mute now, and what speaks against it; nothing is set."""
    wish = await bodies.read(view, request, WISH)
    wanted = wanted_window(wish, view) if wish.schedule else wanted_silence(wish, view)
    return _answer(shown_preview(preview(view.machine, wanted, view.now, careful=True)))


async def _expire(view: View, request: Request) -> Response:
    """End a silence; `by` says who does."""
    name = str(request.path_params["id"])
    if view.machine.silencing.silences.get(name) is None:
        raise NotSetError(Why.NOT_FOUND, "silence not found")
    await view.submit(SilenceExpired(name, parameters.actor(request)))
    found = view.machine.silencing.silences.get(name)
    return _answer(shown_silences(view, [found])[0] if found else {})


async def _windows(view: View, request: Request) -> Response:
    """Maintenance windows, those of the configuration first, with the occurrence that is on and the next ones."""
    return _answer([shown_window(view, window) for window in view.machine.silencing.windows])


async def _set_window(view: View, request: Request) -> Response:
    """Make a maintenance window, or edit the one whose `id` is given; 409 asks for `confirm: true`."""
    wish = await bodies.read(view, request, WISH)
    return _answer(shown_window(view, await set_window(view, wanted_window(wish, view), wish.confirm)))


async def _end(view: View, request: Request) -> Response:
    """End a maintenance window, and with it the occurrence that is on; `by` says who does."""
    name, windows = str(request.path_params["id"]), view.machine.silencing.windows
    refusal = windows.foresee_end(name)
    if refusal is not None:
        raise NotSetError(Why(refusal.kind), str(refusal))
    await view.submit(WindowEnded(name, parameters.actor(request)))
    found = windows.get(name)
    return _answer(shown_window(view, found) if found else {})


def _answer(found: Any) -> Response:
    return Response(msgspec.json.encode(found), media_type="application/json")


def _failure(kind: str, text: str, code: int, more: dict[str, Any] | None = None) -> Response:
    body = {"status": "error", "errorType": kind, "error": text, **(more or {})}
    return Response(msgspec.json.encode(body), code, media_type="application/json")
