"""The same alerts through a real Alertmanager: what it says in chats by default is what we say, byte for byte."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evaluator.core.http import Authorization, HttpSettings, Secret
from evaluator.core.receivers.chat import DiscordSettings, TelegramSettings, WebexSettings, WechatSettings
from evaluator.core.receivers.slack import SlackAction, SlackConfirmation, SlackSettings
from evaluator.core.records import Notification, NotifiedAlert
from evaluator.notify import discord, slack, telegram, webex, wechat
from evaluator.notify.exchange import Answer, Request
from evaluator.notify.receivers import Conversation
from evaluator.notify.sheet import Sheet
from evaluator.templating import NotificationTexts, notification_data
from tests.local_server import LocalServer, Received, Reply
from tests.notify.test_real_alertmanager import BINARY, alertmanager, alerts, ours, post

pytestmark = [pytest.mark.realtime, pytest.mark.skipif(BINARY is None, reason="no Alertmanager on the PATH")]

CONFIG = """
route: {{receiver: ops, group_by: [alertname, team], group_wait: 1h}}
receivers:
  - name: ops
    discord_configs: [{{webhook_url: "{url}/discord"}}]
    telegram_configs: [{{api_url: "{url}", bot_token: "1:a", chat_id: -100}}]
    webex_configs:
      - {{api_url: "{url}/webex", room_id: r, http_config: {{authorization: {{credentials: t}}}}}}
    wechat_configs:
      - {{api_url: "{url}/wechat/", api_secret: s, corp_id: c, to_user: "@all", agent_id: "7", send_resolved: true}}
    slack_configs:
      - api_url: "{url}/slack"
        send_resolved: true
        username: me
        actions:
          - {{type: button, text: "{{{{ .Status }}}}", url: "http://a/?a=1&b=2", style: danger}}
          - {{type: button, text: b, name: n, value: v, confirm: {{text: sure, title: t, ok_text: "y", dismiss_text: no way}}}}
"""
ANSWERS = b'{"ok":true,"errcode":0,"access_token":"t0ken","result":{"message_id":1,"chat":{"id":-100}}}'
SLACK = SlackSettings(
    Secret("http://unused"),
    username="me",
    actions=(
        SlackAction("button", "{{ .Status }}", url="http://a/?a=1&b=2", style="danger"),
        SlackAction("button", "b", name="n", value="v", confirm=SlackConfirmation("sure", "t", "y", "no way")),
    ),
)


async def theirs(folder: Path, told: tuple[NotifiedAlert, ...]) -> tuple[dict[str, Received], str]:
    async with LocalServer(Reply(headers={"Content-Type": "application/json"}, body=ANSWERS)) as server:
        config = folder / "alertmanager.yml"
        config.write_text(CONFIG.format(url=server.url))
        async with alertmanager(config) as url:
            await post(url, told)
            async with asyncio.timeout(10):
                while len({request.target for request in server.requests}) < 6:
                    await server.next_request()
        return {request.target.partition("?")[0]: request for request in server.requests}, url


def sheet(told: tuple[NotifiedAlert, ...], url: str) -> Sheet:
    rendered = replace(ours(told, url), receiver="ops")
    key = rendered.group_key
    row = Notification("ops", "ops/chat[0]", key, rendered.group_labels, "", told, told[0].starts_at)
    texts = NotificationTexts()
    data = notification_data(row, [dict(alert.annotations.expanded or ()) for alert in told], url)
    return Sheet(rendered, lambda text: texts.render(text, data), render_html=lambda text: texts.render_html(text, data))


def last(conversation: Conversation) -> Request:
    """The last request of a conversation with a service that takes everything."""
    request = next(conversation)
    while True:
        try:
            request = conversation.send(Answer(200, {}, ANSWERS, datetime.now(UTC)))
        except StopIteration:
            return request


def body(request: Request | Received) -> dict[str, Any]:
    return dict(json.loads(request.body))


def test_chats_read_the_same(tmp_path: Path) -> None:
    """Alike but for what we add: Discord's `allowed_mentions`, and numbers where Telegram's library writes texts."""
    told = alerts(datetime.now(UTC))
    sent, url = asyncio.run(theirs(tmp_path, told))
    http = HttpSettings(authorization=Authorization("Bearer", Secret("t")))
    in_discord = body(last(discord.tell(sheet(told, url), DiscordSettings(Secret("http://unused")))))
    assert in_discord.pop("allowed_mentions") == {"parse": []}
    assert in_discord == body(sent["/discord"])
    in_telegram = body(last(telegram.tell(sheet(told, url), TelegramSettings("http://unused", Secret("1:a"), chat_id=-100))))
    assert {name: str(value) for name, value in in_telegram.items()}["text"] == body(sent["/bot1:a/sendMessage"])["text"]
    webexed = last(webex.tell(sheet(told, url), WebexSettings("http://unused", "r", http)))
    assert webexed.body == sent["/webex"].body
    settings = WechatSettings("http://unused/", Secret("s"), "c", to_user="@all", agent_id="7")
    assert last(wechat.tell(sheet(told, url), settings)).body == sent["/wechat/message/send"].body
    assert slack.build(sheet(told, url), SLACK).body == sent["/slack"].body
