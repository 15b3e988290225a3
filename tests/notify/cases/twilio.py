"""Twilio: a form for each number."""

from __future__ import annotations

from evaluator.core.http import HttpSettings
from evaluator.core.receivers.phones import TwilioSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

CREATED = Reply(201, body=b'{"sid":"SM1","status":"queued"}')
UNKNOWN = Reply(400, body=b'{"code":21211,"message":"Invalid \'To\' Phone Number"}')


def settings(url: str, http: HttpSettings) -> TwilioSettings:
    return TwilioSettings("AC1", ("+15550001",), "+15559999", api_url=url, http=http)


def of_two(url: str, http: HttpSettings) -> TwilioSettings:
    return TwilioSettings("AC1", ("+15550001", "+15550002"), messaging_service_sid="MG1", api_url=url, http=http)


CASES = (
    Case("twilio", settings, taken=(CREATED,), receipt=(("+15550001", "SM1"),), templates=("body",), most_bytes=15_000),
    Case(
        "twilio",
        of_two,
        taken=(CREATED, Reply(201, body=b'{"sid":"SM2"}')),
        receipt=(("+15550001", "SM1"), ("+15550002", "SM2")),
        stumbles=(),
        name="twilio with two numbers",
        outcomes={
            "one is wrong": Outcome(
                (UNKNOWN, CREATED),
                (("+15550002", "SM1"), ("refused", "+15550001: answered 400 Bad Request: " + UNKNOWN.body.decode())),
            ),
            "both are wrong": Outcome((UNKNOWN, UNKNOWN), error="answered 400 Bad Request", permanent=True),
            "one is to be tried again": Outcome((CREATED, Reply(503)), error="answered 503"),
        },
    ),
)
