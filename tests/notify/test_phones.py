"""Messages to telephones: what they say, and who gets them in several attempts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from urllib.parse import parse_qs

from evaluator.core.events import Delivered, DeliveryFailed
from evaluator.core.http import HttpSettings
from tests.local_server import LocalServer, Reply
from tests.notify.cases import ntfy, twilio
from tests.notify.contract import deliver, deliverer
from tests.notify.scenes import alert, row


def test_an_ntfy_message() -> None:
    _, (request,) = deliver(ntfy.CASES[0], ntfy.CASES[0].taken, alert("a:9090", severity="critical"))
    assert (request.method, request.target) == ("POST", "/")
    assert json.loads(request.body) == {
        "topic": "ops",
        "title": "[FIRING] HighLatency on api a:9090 (critical)",
        "message": json.loads(request.body)["message"],
        "priority": 5,
        "tags": ["rotating_light"],
        "click": "https://alerts.example.org/#/alerts?receiver=ops",
        "actions": [{"action": "view", "label": "Runbook", "url": "https://run.book/latency"}],
    }
    assert json.loads(request.body)["message"].splitlines()[:3] == [
        "FIRING Latency is high on a:9090",
        "instance=a:9090, job=api",
        "critical, since 2026-08-03 02:58 UTC (2m 0s), value 0.931, of web",
    ]


def test_an_ntfy_message_that_updates_names_the_first_one() -> None:
    _, (request,) = deliver(ntfy.CASES[1], ntfy.CASES[1].taken, alert("a:9090", resolved=True))
    message = json.loads(request.body)
    assert (message["sequence_id"], message["priority"], message["tags"]) == ("first", 3, ["white_check_mark"])
    assert message["message"].startswith("RESOLVED Latency is high on a:9090\n")


def test_an_ntfy_message_is_cut_by_bytes() -> None:
    long = {"message": "é" * 4000}
    _, (request,) = deliver(ntfy.CASES[0], ntfy.CASES[0].taken, replaced=long)
    message = json.loads(request.body)["message"]
    assert len(message.encode()) <= 4096
    assert message.endswith("é…")


def test_a_topic_that_fails_is_nobody_to_tell() -> None:
    event, requests = deliver(ntfy.CASES[0], ntfy.CASES[0].taken, replaced={"topic": "{{ nobody }}"})
    assert isinstance(event, DeliveryFailed)
    assert (event.permanent, requests) == (True, [])


def test_a_short_message() -> None:
    _, (request,) = deliver(twilio.CASES[0], twilio.CASES[0].taken)
    assert (request.method, request.target) == ("POST", "/2010-04-01/Accounts/AC1/Messages.json")
    assert parse_qs(request.body.decode()) == {
        "To": ["+15550001"],
        "From": ["+15559999"],
        "Body": [
            "[FIRING] HighLatency on api a:9090\nLatency is high on a:9090, 0.931, since 02:58 UTC\n"
            f"https://alerts.example.org/alerts/{alert('a:9090').labels.fingerprint}"
        ],
    }


def test_a_number_that_has_the_message_is_left_out_when_the_others_are_tried_again() -> None:
    """And it is told anew of the next notification."""
    case = twilio.CASES[1]

    async def run() -> tuple[list[Delivered | DeliveryFailed], list[str]]:
        async with LocalServer(twilio.CREATED, Reply(503), twilio.CREATED) as server:
            postman = deliverer(case, case.settings(server.url, HttpSettings()), server.url)
            record = row(integration="ops/twilio[0]")
            events = [await postman.deliver(one) for one in (record, record, replace(record, id="next"))]
            await postman.aclose()
            return events, [parse_qs(request.body.decode())["To"][0] for request in server.requests]

    events, told = asyncio.run(run())
    assert told == ["+15550001", "+15550002", "+15550002", "+15550001", "+15550002"]
    assert isinstance(events[0], DeliveryFailed)
    assert events[1] == Delivered("0f3c", (("+15550001", "SM1"), ("+15550002", "SM1")))
    assert isinstance(events[2], Delivered)
