"""What those who read rules from a Prometheus ask it besides: Grafana above all, when somebody adds it as a datasource.

The evaluator holds no series. To questions for series it says so, and to questions for names of series and labels that there
are none; only Grafana's test of a new datasource, `1+1`, is answered, so that it does not say that nobody is there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from evaluator import __version__
from evaluator.api.v1.envelope import BadParameterError, Json, failure, success
from evaluator.api.view import View
from evaluator.core.timestamps import rfc3339

SPOKEN = "3.5.0"
"""The version of Prometheus whose API of rules this is; clients choose by it what they ask for."""

_LARGEST = 64 * 1024  # bytes
_NO_SERIES = "the evaluator holds no series: query the datasource itself, this API has rules and alerts"


def buildinfo(view: View) -> Json:
    """A version of Prometheus whose API this is, for Grafana, which asks accordingly; `revision` is the evaluator's own."""
    return {
        "application": "evaluator",
        "version": SPOKEN,
        "revision": __version__,
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }


def runtimeinfo(view: View) -> Json:
    """When it was started, what time it is there, and whether the last reload was taken over."""
    return {
        "startTime": rfc3339(view.started_at),
        "reloadConfigSuccess": view.reload_successful,
        "serverTime": rfc3339(view.now),
    }


def config(view: View) -> Json:
    """The configuration as an Alertmanager would show it, secrets hidden."""
    return {"yaml": view.settings.original}


def flags(view: View) -> Json:
    """What the command line or the configuration says of addresses and storage, by the names of Prometheus' flags."""
    host, port = view.settings.listen
    return {"web.listen-address": f"{host}:{port}", "web.external-url": view.settings.external_url}


def alertmanagers(view: View) -> Json:
    """To whom own alerts are forwarded."""
    active = [{"url": one.url} for one in view.settings.alertmanagers]
    return {"activeAlertmanagers": active, "droppedAlertmanagers": []}


def labels(view: View) -> list[Any]:
    """Names of labels: none, there are no series here."""
    return []


def series(view: View) -> list[Any]:
    """Series: none, there are none here."""
    return []


def metadata(view: View) -> Json:
    """What is known of metrics: nothing, there are none here."""
    return {}


ABOUT: dict[str, Callable[[View], Any]] = {
    "status/buildinfo": buildinfo,
    "status/runtimeinfo": runtimeinfo,
    "status/config": config,
    "status/flags": flags,
    "alertmanagers": alertmanagers,
    "labels": labels,
    "label/{name}/values": labels,
    "series": series,
    "metadata": metadata,
}


ASKED_BY_FORM = ("labels", "series")
"""Of these, what may be asked by POST as well, as Grafana does where its questions may be long."""


async def query(view: View, request: Request) -> Response:
    """Grafana's test of a datasource, `1+1`; nothing else can be queried here."""
    form = QueryParams(await _form(request))
    text, time = (request.query_params.get(name) or form.get(name, "") for name in ("query", "time"))
    if not text:
        raise BadParameterError("query", "no expression found in input")
    if "".join(text.split()) != "1+1":
        return failure("execution", _NO_SERIES, 422)
    return success({"resultType": "scalar", "result": [_seconds(time) if time else view.now.timestamp(), "2"]})


async def query_range(view: View, request: Request) -> Response:
    """Nothing can be queried here; the answer says whom to ask."""
    return failure("execution", _NO_SERIES, 422)


def _seconds(time: str) -> float:
    """Since 1970, of a number of them or of an instant in RFC 3339."""
    try:
        seconds = float(time) if "T" not in time else datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise BadParameterError("time", f"Invalid time value for 'time': cannot parse \"{time}\" to a valid timestamp")
    return seconds


async def _form(request: Request) -> bytes:
    """The parameters of a POST; as much of them as a question can need."""
    body = bytearray()
    async for piece in request.stream():
        body += piece[: _LARGEST - len(body)]
    return bytes(body)
