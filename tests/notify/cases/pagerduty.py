"""PagerDuty: 202 with the incident's key; the old version answers 200, and 403 to too many requests."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.paging import PagerdutySettings
from evaluator.notify import pagerduty, pagerduty_v1
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

KEY = "r0ut1ng-k3y"


def settings(url: str, http: HttpSettings) -> PagerdutySettings:
    return PagerdutySettings(f"{url}/v2/enqueue", routing_key=Secret(KEY), http=http)


def old_settings(url: str, http: HttpSettings) -> PagerdutySettings:
    return PagerdutySettings(f"{url}/v2/enqueue", service_key=Secret(KEY), http=http)


TEMPLATES = ("client", "client_url", "description")

CASES = (
    Case(
        "pagerduty",
        settings,
        taken=(Reply(202, body=b'{"status":"success","message":"Event processed","dedup_key":"d1"}'),),
        receipt=(("dedup_key", "d1"),),
        secrets=(KEY,),
        templates=(*TEMPLATES, "source", "severity", "class_", "component", "group"),
        alertmanager_retries=(429,),
        most_bytes=pagerduty.MOST_BYTES,
        outcomes={
            "a key without a name": Outcome((Reply(202),)),
            "an event that is faulty": Outcome(
                (Reply(400, body=b'{"status":"invalid event"}'),), error="answered 400 Bad Request", permanent=True
            ),
        },
    ),
    Case(
        "pagerduty",
        old_settings,
        taken=(Reply(body=b'{"status":"success","incident_key":"i1"}'),),
        receipt=(("incident_key", "i1"),),
        secrets=(KEY,),
        templates=("description",),
        alertmanager_retries=(403,),
        meant={403: False},
        most_bytes=pagerduty.MOST_BYTES,
        origin=pagerduty_v1.URL.removesuffix("/generic/2010-04-15/create_event.json"),
        name="pagerduty v1",
    ),
)
