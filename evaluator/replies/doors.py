"""What all doors have in common: one that is closed, and what is said to whoever is not believed.

Whoever runs a service reads these answers in its logs while setting it up, so they say what is wrong; nobody else learns
anything by them. A secret that cannot be read closes its door, and that is said too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from evaluator.core.http import Secret
from evaluator.core.view import UnavailableError
from evaluator.replies.desk import Desk, Fate, Way

Endpoint = Callable[[Request], Awaitable[Response]]


def closed() -> Response:
    """There is no such door."""
    return PlainTextResponse("Not Found\n", 404)


def refused(desk: Desk, way: Way, why: str) -> Response:
    """Nothing shows that it comes from where it says."""
    desk.answered(way, Fate.UNVERIFIED)
    return PlainTextResponse(f"{why}\n", 401)


def revealed(secret: Secret) -> str:
    """The secret of a door. Raises OSError when its file cannot be read, or is empty: then everybody would know it."""
    text = secret.reveal()
    if not text:
        raise OSError("the secret is empty")
    return text


def door(desk: Desk, way: Way, endpoint: Endpoint) -> Endpoint:
    """An endpoint whose troubles are answers: what cannot be read, what cannot be kept, a secret that is not there."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ValueError as error:
            desk.answered(way, Fate.UNREADABLE)
            return PlainTextResponse(f"{error}\n", 400)
        except UnavailableError as error:
            desk.answered(way, Fate.UNAVAILABLE)
            return PlainTextResponse(f"{error.verdict}: {error}\n", 503)
        except OSError:
            desk.answered(way, Fate.UNAVAILABLE)
            return PlainTextResponse("nothing was changed: a secret of this door cannot be read\n", 503)

    guarded.__doc__ = endpoint.__doc__
    return guarded
