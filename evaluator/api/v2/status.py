"""Status and receivers in API v2."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from evaluator import __version__
from evaluator.api.v2 import parameters
from evaluator.api.v2.answers import answer, instant
from evaluator.api.view import View
from evaluator.core.labels import match_all

SPOKEN = "0.34.0"
"""The version of Alertmanager whose API this is; clients choose by it what they ask for."""


async def status(view: View, request: Request) -> Response:
    """The configuration as an Alertmanager would show it, the version whose API this is, and that there is no cluster."""
    version = {"version": SPOKEN, "revision": __version__, "branch": "", "buildUser": "", "buildDate": "", "goVersion": ""}
    return answer(
        {
            "cluster": {"name": "", "status": "disabled", "peers": []},
            "config": {"original": view.settings.original},
            "uptime": instant(view.started_at),
            "versionInfo": version,
        }
    )


async def receivers(view: View, request: Request) -> Response:
    """The receivers in the order of the configuration; `receiver_matchers` look at their labels."""
    conditions = parameters.matchers(request, "receiver_matchers", view.settings.matcher_mode)
    labelled = [(one.name, parameters.receiver_labels(one)) for one in view.settings.receivers]
    return answer([{"name": name, "labels": labels} for name, labels in labelled if match_all(conditions, labels)])
