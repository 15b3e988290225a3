"""OpsGenie: 202 with the number of the request; two more requests where alerts are updated."""

from __future__ import annotations

from dataclasses import replace

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.paging import OpsgenieSettings
from tests.local_server import Reply
from tests.notify.contract import Case

KEY = "g3n1e-k3y"
TAKEN = Reply(202, body=b'{"result":"Request will be processed","took":0.1,"requestId":"q1"}')


def settings(url: str, http: HttpSettings) -> OpsgenieSettings:
    return OpsgenieSettings(f"{url}/", Secret(KEY), http=http)


def updating(url: str, http: HttpSettings) -> OpsgenieSettings:
    return replace(settings(url, http), update_alerts=True)


RECEIPT = (("request_id", "q1"),)
CASES = (
    Case(
        "opsgenie",
        settings,
        taken=(TAKEN,),
        receipt=RECEIPT,
        secrets=(KEY,),
        templates=("source",),
        alertmanager_retries=(429,),
    ),
    Case(
        "opsgenie",
        updating,
        taken=(TAKEN, TAKEN, TAKEN),
        receipt=RECEIPT,
        secrets=(KEY,),
        alertmanager_retries=(429,),
        name="opsgenie with updates",
    ),
)
