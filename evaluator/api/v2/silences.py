"""Silences in API v2: listing, setting and expiring them.

The API knows one list of matchers for each silence. One from the configuration that holds alternatives is listed once for each
of them, always under its id; asked for alone, it is an error, as with Alertmanager.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.silence_setting import NotSetError, Why, set_silence
from evaluator.api.v2 import bodies, parameters
from evaluator.api.v2.answers import UNPROCESSABLE, WRONG_FORMAT, Json, RefusedError, answer, done, instant
from evaluator.api.v2.leniency import read_silence, too_few
from evaluator.api.view import View
from evaluator.core.events import SilenceExpired
from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.muting.silence import MatcherSet, Silence, SilenceState

_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_SILENCE = msgspec.json.Decoder(bodies.SilenceBody)
_OPS = {
    (True, False): MatchOp.EQUAL,
    (False, False): MatchOp.NOT_EQUAL,
    (True, True): MatchOp.REGEX,
    (False, True): MatchOp.NOT_REGEX,
}
_SHAPES = {op: shape for shape, op in _OPS.items()}


async def listing(view: View, request: Request) -> Response:
    """Silences, active ones first; `filter` looks at their own matchers, `active`, `pending`, `expired` at their state."""
    filters = parameters.matchers(request, "filter", view.settings.matcher_mode)
    states = [state for state in SilenceState if parameters.flag(request, state)]
    now = view.now
    found = view.machine.muting.silences.listing(now, filters, states)
    return answer([_shown(silence, matchers, now) for silence in found for matchers in silence.matcher_sets])


async def one(view: View, request: Request) -> Response:
    """The silence with that id."""
    silence = view.machine.muting.silences.get(_id(request))
    if silence is None:
        raise RefusedError(404)
    if len(silence.matcher_sets) != 1:
        raise RefusedError(500, "this silence holds alternatives, which this API cannot show; see the list of silences")
    return answer(_shown(silence, silence.matcher_sets[0], view.now))


async def post(view: View, request: Request) -> Response:
    """Make a silence, or edit the one whose `id` is given; an edit that changes whom it mutes makes a new one."""
    wanted = _wanted(_read(await bodies.raw(view, request)))
    try:
        made = await set_silence(view, wanted)
    except NotSetError as error:
        raise _refusal(error) from None
    return answer({"silenceID": made.id})


async def expire(view: View, request: Request) -> Response:
    """End a silence; `by` says who does."""
    name = _id(request)
    if view.machine.muting.silences.get(name) is None:
        raise RefusedError(404)
    await view.submit(SilenceExpired(name, parameters.actor(request)))
    return done()


def _id(request: Request) -> str:
    text = str(request.path_params["id"])
    if _UUID.fullmatch(text) is None:
        raise RefusedError(UNPROCESSABLE, f'silenceID in path must be of type uuid: "{text}"', WRONG_FORMAT)
    return str(UUID(text))


def _read(body: bytearray) -> bodies.SilenceBody:
    """What is wished for. Raises RefusedError."""
    try:
        found = _SILENCE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = read_silence(body, _SILENCE)
    if not found.matchers:
        raise too_few("matchers")
    return found


def _wanted(body: bodies.SilenceBody) -> Silence:
    try:
        matchers = tuple(matcher(one) for one in body.matchers)
    except ValueError as error:
        raise RefusedError(400, f"invalid silence: invalid label matcher: {error}") from None
    return Silence(
        (matchers,),
        _instant(body.startsAt),
        _instant(body.endsAt),
        body.createdBy,
        body.comment,
        tuple(sorted((body.annotations or {}).items())),
        body.id or "",
    )


def _instant(at: datetime) -> datetime:
    """With a zone; Go's zero time stays, for the check to find."""
    return bodies.given(at) or at.replace(tzinfo=UTC)


def matcher(body: bodies.MatcherBody) -> Matcher:
    """The condition that a body describes. Raises ValueError."""
    return Matcher(body.name, body.value, _OPS[body.isEqual is not False, body.isRegex])


def _refusal(error: NotSetError) -> RefusedError:
    match error.why:
        case Why.NOT_FOUND:
            return RefusedError(404, str(error))
        case Why.INVALID:
            return RefusedError(400, f"invalid silence: {error}")
        case Why.CONFIRM:
            return RefusedError(400, f"{error}; or insist with `evaluator silence add --confirm`")
    return RefusedError(400, str(error))


def _shown(silence: Silence, matchers: MatcherSet, now: datetime) -> Json:
    return {
        "id": silence.id,
        "status": {"state": silence.state(now)},
        "updatedAt": instant(silence.updated_at or silence.starts_at),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": instant(silence.ends_at),
        "matchers": list(matcher_bodies(matchers)),
        "startsAt": instant(silence.starts_at),
        **({"annotations": dict(silence.annotations)} if silence.annotations else {}),
    }


def matcher_bodies(matchers: MatcherSet) -> Iterator[Json]:
    """Conditions as the API shows them."""
    for one in matchers:
        is_equal, is_regex = _SHAPES[one.op]
        yield {"isEqual": is_equal, "isRegex": is_regex, "name": one.name, "value": one.value}
