"""Alerts that others post to API v2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator

from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.v2 import bodies
from evaluator.api.v2.admission import Objection
from evaluator.api.v2.answers import RefusedError, done
from evaluator.api.v2.intake import Intake
from evaluator.api.view import View
from evaluator.core.events import AlertsPosted, Refused


def posting(view: View) -> Callable[[View, Request], Awaitable[Response]]:
    """The endpoint; what it knows of earlier posts is its own."""
    intake = Intake(view)

    async def post(view: View, request: Request) -> Response:
        """Take in alerts that somebody else has; 400 when one is invalid, and then the others are taken in all the same."""
        read = intake.read(await bodies.raw(view, request))
        if read.alerts or read.objections:
            await view.submit(AlertsPosted(tuple(read.alerts), len(read.objections)))
        for refused in _refused(read.objections):
            await view.submit(refused)
        if read.objections:
            raise RefusedError(400, "; ".join(one.text for one in read.objections))
        return done()

    return post


def _refused(objections: Iterable[Objection]) -> Iterator[Refused]:
    """Which limits were exceeded, each with how often and by what last."""
    counts = Counter(one.limit for one in objections if one.limit is not None)
    last = {one.limit: one.text for one in objections}
    return (Refused(limit, last[limit], count) for limit, count in counts.items())
