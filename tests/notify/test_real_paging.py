"""The same alerts through a real Alertmanager: what PagerDuty, OpsGenie and VictorOps are sent is ours, default texts included.

Alertmanager calls itself by its name where we say Evaluator, and the one at hand is too old to send numbers and null among
PagerDuty's details; both are put right before comparing.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evaluator.core.receivers import Integration, IntegrationSettings, Receiver
from evaluator.core.receivers.paging import (
    OpsgenieResponder,
    OpsgenieSettings,
    PagerdutyImage,
    PagerdutyLink,
    PagerdutySettings,
    VictoropsSettings,
)
from evaluator.core.records import Notification, NotifiedAlert, OutboxRecord
from evaluator.core.settings import Secret
from evaluator.notify.delivery import Deliverer
from evaluator.templating import notification_data
from tests.local_server import LocalServer, Received, Reply
from tests.notify.contract import PackagedTexts
from tests.notify.scenes import AT
from tests.notify.test_real_alertmanager import BINARY, alertmanager, alerts, post

KINDS = ("pagerduty", "opsgenie", "victorops")
CONFIG = """
route: {{receiver: ops, group_by: [alertname, team], group_wait: 1h}}
receivers:
  - name: ops
    pagerduty_configs:
      - url: "{url}/pagerduty"
        routing_key: r0
        class: '{{{{ .CommonLabels.job }}}}'
        details: {{mine: 'x{{{{ .Status }}}}'}}
        images: [{{src: "http://a/b.png", alt: '{{{{ .Status }}}}', href: "http://a/"}}]
        links: [{{href: "http://a/?x&y", text: t}}]
    opsgenie_configs:
      - api_url: "{url}/"
        api_key: k0
        tags: 'a,b'
        priority: P1
        details: {{mine: '{{{{ .Status }}}}'}}
        responders: [{{name: ops, type: team}}]
    victorops_configs:
      - api_url: "{url}/victorops"
        api_key: k0
        routing_key: r0
        custom_fields: {{mine: '{{{{ .Status }}}}'}}
"""

pytestmark = [pytest.mark.realtime, pytest.mark.skipif(BINARY is None, reason="no Alertmanager on the PATH")]


def settings(url: str) -> dict[str, IntegrationSettings]:
    details = {**dict(PagerdutySettings("").details), "mine": "x{{ .Status }}"}
    return {
        "pagerduty": PagerdutySettings(
            f"{url}/pagerduty",
            Secret("r0"),
            class_="{{ .CommonLabels.job }}",
            details=tuple(details.items()),
            images=(PagerdutyImage("http://a/b.png", "{{ .Status }}", "http://a/"),),
            links=(PagerdutyLink("http://a/?x&y", "t"),),
        ),
        "opsgenie": OpsgenieSettings(
            f"{url}/",
            Secret("k0"),
            tags="a,b",
            priority="P1",
            details=(("mine", "{{ .Status }}"),),
            responders=(OpsgenieResponder("team", name="ops"),),
        ),
        "victorops": VictoropsSettings(f"{url}/victorops/", Secret("k0"), "r0", custom_fields=(("mine", "{{ .Status }}"),)),
    }


class TextsAt(PackagedTexts):
    """The packaged templates of an evaluator that is to be found at `url`, for annotations that are finished."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def annotations(self, notification: Notification) -> list[dict[str, str]]:
        return [dict(told.annotations.expanded or ()) for told in notification.alerts]

    def renderer(self, notification: Notification, annotations: Any) -> Any:
        data = notification_data(notification, annotations, self._url)
        return lambda text: self._texts.render(text, data)


async def theirs(folder: Path, told: tuple[NotifiedAlert, ...]) -> tuple[list[Received], str]:
    async with LocalServer(Reply(202)) as server:
        config = folder / "alertmanager.yml"
        config.write_text(CONFIG.format(url=server.url))
        async with alertmanager(config) as url:
            await post(url, told)
            async with asyncio.timeout(10):
                while len(server.requests) < len(KINDS):
                    await server.next_request()
        return server.requests, url


async def ours(told: tuple[NotifiedAlert, ...], url: str) -> list[Received]:
    group = told[0].labels.only(["alertname", "team"])
    async with LocalServer(Reply(202)) as server:
        made = settings(server.url)
        receiver = Receiver("ops", tuple(Integration(kind, 0, True, made[kind]) for kind in KINDS))
        postman = Deliverer([receiver], TextsAt(url), external_url=url, stdout=None, clock=lambda: AT)  # type: ignore[arg-type]
        for kind in KINDS:
            notification = Notification("ops", f"ops/{kind}[0]", f"{{}}:{group}", group, "", told, told[0].starts_at)
            await postman.deliver(OutboxRecord("id", "g", "ops", notification.integration, notification, AT))
        await postman.aclose()
        return server.requests


def comparable(requests: list[Received]) -> dict[str, Any]:
    found = {}
    for request in requests:
        body = request.body.decode().replace("Alertmanager", "Evaluator")
        value = json.loads(body)
        if details := value.get("payload", {}).get("custom_details"):
            value["payload"]["custom_details"] = {name: "" if text is None else str(text) for name, text in details.items()}
        found[request.target] = (request.method, request.headers.get("authorization"), value)
    return found


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_sent_is_what_a_real_alertmanager_sends(tmp_path: Path, count: int) -> None:
    """Of one alert that fires, and of three of which one is over."""
    told = alerts(datetime.now(UTC))[:count]
    requests, url = asyncio.run(theirs(tmp_path, told))
    assert comparable(asyncio.run(ours(told, url))) == comparable(requests)
