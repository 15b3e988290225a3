"""The same alerts through a real Alertmanager: its webhook and Slack bodies are ours, byte for byte.

Members that the Alertmanager at hand is too old to know are left out of ours before comparing, and so is `evaluator`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Notification, NotifiedAlert, OutboxRecord
from evaluator.core.settings import Secret, SlackField, SlackSettings, WebhookSettings
from evaluator.core.timestamps import rfc3339
from evaluator.notify import slack, webhook
from evaluator.notify.exchange import Request
from evaluator.notify.go import json_line
from evaluator.notify.rendered import RenderedNotification, render
from evaluator.notify.sheet import Sheet
from tests.local_server import LocalServer, Received, Reply
from tests.real_servers import kept_free

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
YOUNG = ("notification_reason", "routeLabels", "evaluator")
MOST_ALERTS = 2

CONFIG = """
route:
  receiver: default
  routes:
    - matchers: [team="we\\"b"]
      receiver: ops.web (eu)
      group_by: [alertname, team]
      group_wait: 1h
receivers:
  - name: default
  - name: ops.web (eu)
    webhook_configs:
      - {{url: "{url}/webhook"}}
      - {{url: "{url}/cut", max_alerts: {most}}}
    slack_configs:
      - api_url: "{url}/slack"
        send_resolved: true
        channel: "#ops"
        username: me
        title: "{title}"
        title_link: http://example.org/?a=1&b=2
        pretext: before
        text: "<the> text"
        fallback: short
        footer: ""
        callback_id: ""
        icon_emoji: ""
        icon_url: ""
        color: danger
        fields: [{{title: a, value: b}}, {{title: c, value: d, short: false}}]
        short_fields: true
"""
TITLE = "é" * 1030
SLACK = SlackSettings(
    Secret("http://unused"),
    channel="#ops",
    username="me",
    title=TITLE,
    title_link="http://example.org/?a=1&b=2",
    pretext="before",
    text="<the> text",
    fallback="short",
    footer="",
    callback_id="",
    icon_emoji="",
    icon_url="",
    color="danger",
    fields=(SlackField("a", "b"), SlackField("c", "d", short=False)),
    short_fields=True,
)

pytestmark = [pytest.mark.realtime, pytest.mark.skipif(BINARY is None, reason="no Alertmanager on the PATH")]


def alerts(now: datetime) -> tuple[NotifiedAlert, ...]:
    """Three alerts of one group in the order of their instances, the second over, with texts that need escaping.

    The first is older than any `group_wait` here. An Alertmanager waits for that time unless an alert is older, so a group
    whose oldest alert is posted last is told whole, however busy the machine is.
    """
    common = {"alertname": "High<Latency>", "team": 'we"b', "job": "api\\1"}
    over = now - timedelta(seconds=5)
    return tuple(
        NotifiedAlert(
            Labels({**common, "instance": instance}),
            Annotations(expanded=(("summary", f"50% & more\non {instance} é🔥\u2028\t"), ("runbook", "http://run.book/?a&b"))),
            now - timedelta(minutes=minutes, microseconds=fraction),
            ends_at,
            "http://prometheus/graph?g0.expr=a+%3E+b&g0.tab=1",
        )
        for instance, minutes, fraction, ends_at in (("a", 90, 0, None), ("b", 3, 500_000, over), ("c", 3, 123_450, None))
    )


def ours(told: tuple[NotifiedAlert, ...], external_url: str) -> RenderedNotification:
    group = told[0].labels.only(["alertname", "team"])
    key = f'{{}}/{{team="we\\"b"}}:{group}'
    notification = Notification("ops.web (eu)", "ops.web (eu)/webhook[0]", key, group, "", told, told[0].starts_at)
    row = OutboxRecord("id", "group", "ops.web (eu)", notification.integration, notification, told[0].starts_at)
    return render(row, [dict(alert.annotations.expanded or ()) for alert in told], external_url)


def as_posted(alert: NotifiedAlert) -> dict[str, object]:
    ends = {} if alert.ends_at is None else {"endsAt": rfc3339(alert.ends_at)}
    return {
        "labels": alert.labels.as_dict(),
        "annotations": dict(alert.annotations.expanded or ()),
        "startsAt": rfc3339(alert.starts_at),
        "generatorURL": alert.generator_url,
        **ends,
    }


@asynccontextmanager
async def alertmanager(config: Path) -> AsyncIterator[str]:
    """A real Alertmanager that has read `config`, its URL."""
    with kept_free() as address:
        process = await asyncio.create_subprocess_exec(
            str(BINARY),
            f"--config.file={config}",
            f"--storage.path={config.parent / 'data'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
            f"--web.external-url=http://{address}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield f"http://{address}"
        finally:
            process.kill()
            await process.wait()


async def post(url: str, told: tuple[NotifiedAlert, ...]) -> None:
    """Post the alerts as soon as the Alertmanager listens, the oldest last."""
    posted = [as_posted(alert) for alert in sorted(told, key=lambda alert: alert.starts_at, reverse=True)]
    async with asyncio.timeout(10), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                response = await client.post(f"{url}/api/v2/alerts", json=posted)
                response.raise_for_status()
                return
            except httpx.TransportError:
                await asyncio.sleep(0.02)


async def received(folder: Path, told: tuple[NotifiedAlert, ...]) -> tuple[dict[str, Received], str]:
    """What the Alertmanager sent to each path, and its own URL."""
    async with LocalServer(Reply(body=b"ok")) as server:
        config = folder / "alertmanager.yml"
        config.write_text(CONFIG.format(url=server.url, title=TITLE, most=MOST_ALERTS))
        async with alertmanager(config) as url:
            await post(url, told)
            async with asyncio.timeout(10):
                while len(server.requests) < 3:
                    await server.next_request()
        return {request.target: request for request in server.requests}, url


def without_young(body: bytes) -> bytes:
    return json_line({name: value for name, value in json.loads(body).items() if name not in YOUNG})


def test_bodies_are_those_of_a_real_alertmanager(tmp_path: Path) -> None:
    told = alerts(datetime.now(UTC))
    theirs, url = asyncio.run(received(tmp_path, told))
    notification = ours(told, url)
    for path, most in (("/webhook", 0), ("/cut", MOST_ALERTS)):
        request = webhook.build(Sheet(notification, str), WebhookSettings(Secret("http://unused"), max_alerts=most))
        assert isinstance(request, Request)
        assert without_young(request.body) == theirs[path].body
        assert dict(request.headers)["Content-Type"] == theirs[path].headers["content-type"]
    assert slack.build(Sheet(notification, str), SLACK).body == theirs["/slack"].body
