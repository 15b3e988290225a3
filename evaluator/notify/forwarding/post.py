"""One post: alerts in the form of Alertmanager's API v2, and what its answer means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluator.core.settings import Alertmanager, Secret
from evaluator.core.timestamps import rfc3339
from evaluator.notify.clients import Clients
from evaluator.notify.exchange import Refused, Request, refusal
from evaluator.notify.forwarding.waiting import Waiting
from evaluator.notify.go import json_line
from evaluator.notify.scrub import scrub
from evaluator.notify.sending import Clock, send
from evaluator.wire.errors import explain

HEADERS = (("Content-Type", "application/json"),)
_NO_SECRET = Secret()


async def post(clients: Clients, alertmanager: Alertmanager, alerts: Sequence[Waiting], clock: Clock) -> str:
    """Post alerts; gives why they were not accepted, empty when they were. Raises nothing for what the world does wrong.

    Any 2xx is a success. Of alerts some of which an Alertmanager cannot use, it takes the others, and answers 400.
    """
    request = Request(Secret(alertmanager.url), body(alerts), alertmanager.http, headers=HEADERS)
    try:
        async with clients.lend(alertmanager.http) as client:
            answer = await send(client, request, alertmanager.timeout.total_seconds(), clock)
    except OSError as error:
        return explain(error)
    refused = answer if isinstance(answer, Refused) else refusal(answer)
    return "" if refused is None else scrub(refused.error, _NO_SECRET, alertmanager.http)


def body(alerts: Sequence[Waiting]) -> bytes:
    """What is posted."""
    return json_line([_posted(waiting) for waiting in alerts])


def _posted(waiting: Waiting) -> dict[str, Any]:
    alert = waiting.told.alert
    return {
        "annotations": waiting.told.annotations,
        "endsAt": rfc3339(alert.ends_at),
        "startsAt": rfc3339(alert.starts_at),
        "generatorURL": alert.generator_url,
        "labels": waiting.labels.as_dict(),
    }
