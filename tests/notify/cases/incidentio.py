"""incident.io: 202 with the key by which alerts are told apart."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.paging import IncidentioSettings
from evaluator.notify import incidentio
from tests.local_server import Reply
from tests.notify.contract import Case

PATH = "v2/alert_events/alertmanager/01ABCDEF"


def settings(url: str, http: HttpSettings) -> IncidentioSettings:
    return IncidentioSettings(Secret(f"{url}/{PATH}"), http)


CASES = (
    Case(
        "incidentio",
        settings,
        taken=(Reply(202, body=b'{"status":"success","deduplication_key":"d1"}'),),
        receipt=(("deduplication_key", "d1"),),
        secrets=("01ABCDEF",),
        alertmanager_retries=(429,),
        most_bytes=incidentio.MOST_BYTES,
    ),
)
