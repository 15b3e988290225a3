"""Alerts in API v2: those that fire, and taking in those that others post."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.v2 import bodies, parameters
from evaluator.api.v2.answers import Json, RefusedError, answer, done
from evaluator.api.v2.shown import Choice, lasts, shown, suppression
from evaluator.api.view import View
from evaluator.core.events import AlertsPosted
from evaluator.core.labels import Labels
from evaluator.core.matchers import MatcherMode
from evaluator.core.posting import PostedAlert, claimed

_CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ALERTS = msgspec.json.Decoder(list[bodies.AlertBody])


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


async def post(view: View, request: Request) -> Response:
    """Take in alerts that somebody else has; 400 when one is invalid, and then the others are taken in all the same."""
    posted = [_posted(body) for body in await bodies.read(request, _ALERTS)]
    wrong = [_problem(view, alert) for alert in posted]
    valid = tuple(alert for alert, problem in zip(posted, wrong, strict=True) if not problem)
    if valid:
        await view.submit(AlertsPosted(valid))
    if any(wrong):
        raise RefusedError(400, "; ".join(filter(None, wrong)))
    return done()


def _posted(body: bodies.AlertBody) -> PostedAlert:
    return PostedAlert(
        Labels({name: value for name, value in body.labels.items() if value}),
        tuple(sorted((body.annotations or {}).items())),
        bodies.given(body.startsAt),
        bodies.given(body.endsAt),
        body.generatorURL,
    )


def _problem(view: View, alert: PostedAlert) -> str:
    """Why an alert cannot be taken in; empty when it can."""
    period = claimed(alert, view.now, view.settings.resolve_timeout)
    if period.ends_at < period.starts_at:
        return "start time must be before end time"
    if not alert.labels:
        return "at least one label pair required"
    classic = view.settings.matcher_mode is MatcherMode.CLASSIC
    for kind, pairs in (("label set", alert.labels), ("annotations", dict(alert.annotations))):
        bad = _bad_name(pairs, classic)
        if bad is not None:
            return f'invalid {kind}: invalid name "{bad}"'
    return ""


def _bad_name(pairs: Mapping[str, str], classic: bool) -> str | None:
    return next((name for name in pairs if not name or (classic and not _CLASSIC_NAME.fullmatch(name))), None)
