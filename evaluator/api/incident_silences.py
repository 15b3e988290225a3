"""Silencing what an incident is about: its alerts, for a while.

What that is says `core.incidents.quieting`, for every way alike; `silence_policy` has its say.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator.api.endpoints import NotDoneError, answer, at, bad, check_author
from evaluator.api.idempotency import Remembered
from evaluator.api.incident_acts import body_of, number_of, person_key
from evaluator.api.silence_setting import NotSetError, Why, set_silence
from evaluator.api.silence_shown import shown_silences
from evaluator.api.v2 import bodies
from evaluator.api.view import View
from evaluator.core.durations import parse_duration
from evaluator.core.incidents.quieting import USUAL, silence_for
from evaluator.core.muting.silence import UNTIL_RESOLVED
from evaluator.core.muting.silence_policy import far_end


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A silence for an incident. until_resolved: it ends with its alerts. confirm: set it though it is broad."""

    by: str = ""
    duration: str = ""
    until_resolved: bool = False
    comment: str = ""
    confirm: bool = False


WISH = msgspec.json.Decoder(Wish)


def routes(view: View, remembered: Remembered) -> list[Route]:
    """The route that silences."""

    async def silence(view: View, request: Request) -> Response:
        """Silence the alerts of an incident for `duration` (2h), or with `until_resolved` until they are over."""
        body = await body_of(view, request)

        async def done() -> Response:
            return await _silence(view, request, bodies.decode(body, WISH))

        return await remembered.once(request, body, view.now, done)

    return [at(view, "incidents/{id}/silence", silence, "POST")]


async def _silence(view: View, request: Request, wish: Wish) -> Response:
    check_author(wish.by)
    number = number_of(request)
    record = view.machine.incidents.table.get(number)
    if record is None or not record.open:
        raise NotDoneError(404 if record is None else 409, "not_possible", f"there is no open incident {number}")
    far = far_end(view.settings.silence_policy) if wish.until_resolved else USUAL
    ends_at = view.now + (_span(wish.duration) if wish.duration else far)
    waits = ((UNTIL_RESOLVED, "true"),) if wish.until_resolved else ()
    alerts, by = view.machine.incidents.alerts_of(record), person_key(view, wish.by)
    wanted = replace(silence_for(record, alerts, by, wish.comment, view.now, ends_at), annotations=waits)
    try:
        made = await set_silence(view, wanted, wish.confirm, careful=True)
    except NotSetError as error:
        code = 409 if error.why in (Why.CONFIRM, Why.LOST) else 400
        raise NotDoneError(code, error.why, str(error)) from None
    return answer(shown_silences(view, [made])[0])


def _span(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except (ValueError, OverflowError) as error:
        raise bad(f"duration: {error}; write one such as 2h") from None
