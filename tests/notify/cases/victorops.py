"""VictorOps: 200 with the entity's name."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.paging import VictoropsSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

KEY = "v1ct0r-k3y"


def settings(url: str, http: HttpSettings) -> VictoropsSettings:
    return VictoropsSettings(f"{url}/alert/", Secret(KEY), "r0ut1ng", http=http)


CASES = (
    Case(
        "victorops",
        settings,
        taken=(Reply(body=b'{"result":"success","entity_id":"e1"}'),),
        receipt=(("entity_id", "e1"),),
        secrets=(KEY, "r0ut1ng"),
        templates=("message_type", "state_message", "entity_display_name", "monitoring_tool"),
        outcomes={
            "a failure that is called a success": Outcome(
                (Reply(body=b'{"result":"failure"}'),), error="VictorOps says failure", permanent=True
            )
        },
    ),
)
