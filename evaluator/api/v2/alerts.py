"""Alerts in API v2: those that fire."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.entries import ending
from evaluator.api.roll import Roll
from evaluator.api.v2 import parameters
from evaluator.api.v2.answers import written
from evaluator.api.v2.choice import Choice
from evaluator.api.v2.endpoints import Endpoint
from evaluator.api.v2.suppression import Suppressions
from evaluator.api.view import View


def listing(roll: Roll, suppressions: Suppressions) -> Endpoint:
    """The endpoint that lists what is on `roll`."""

    async def get(view: View, request: Request) -> Response:
        """Alerts that fire, by fingerprint; `active`, `silenced`, `inhibited`, `filter`, `receiver` choose among them."""
        choice, wanted = Choice.of(view, request), parameters.receivers(request, view.settings)
        await roll.write(choice.filters)
        return written(_pieces(view, roll, suppressions, choice, wanted))

    return get


def _pieces(view: View, roll: Roll, suppressions: Suppressions, choice: Choice, wanted: parameters.Wanted) -> list[bytes]:
    """The alerts that are asked for, each as a few pieces of JSON, the last of which ends with a comma."""
    now, texts = view.now, view.texts
    suppressions.look(now)
    any_time = ending(now + view.settings.resolve_timeout)
    pieces: list[bytes] = []
    for entry in roll.find(choice.filters):
        told = entry.told(now, texts)
        if not told or not wanted(entry.receivers):
            continue
        by = suppressions.of(entry)
        if choice.wants(by):
            pieces.append(told)
            if entry.ends_at is None:
                pieces.append(any_time)
            pieces.append(suppressions.written(entry, by))
    return pieces
