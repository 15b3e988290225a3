"""Every kind of integration: what its least and its fullest item become, and what comes from `global`."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.config.receivers import KINDS
from evaluator.core.http import Authorization, BasicAuth, HttpSettings, Secret, TlsSettings
from evaluator.core.receivers import Integration
from evaluator.core.receivers.apprise import AppriseSettings
from evaluator.core.receivers.chat import (
    DiscordSettings,
    MsTeamsSettings,
    MsTeamsV2Settings,
    TelegramSettings,
    WebexSettings,
    WechatSettings,
)
from evaluator.core.receivers.general import EmailSettings, Sigv4, SnsSettings, WebhookSettings
from evaluator.core.receivers.http import HttpCall, HttpServiceSettings
from evaluator.core.receivers.mattermost import (
    MattermostAttachment,
    MattermostField,
    MattermostPriority,
    MattermostSettings,
)
from evaluator.core.receivers.paging import (
    PAGERDUTY_DETAILS,
    IncidentioSettings,
    OpsgenieResponder,
    OpsgenieSettings,
    PagerdutyImage,
    PagerdutyLink,
    PagerdutySettings,
    PushoverSettings,
    VictoropsSettings,
)
from evaluator.core.receivers.phones import NtfyAction, NtfySettings, TwilioSettings
from evaluator.core.receivers.rocketchat import RocketchatAction, RocketchatField, RocketchatSettings
from evaluator.core.receivers.slack import SlackAction, SlackConfirmation, SlackSettings
from evaluator.core.receivers.tickets import JiraSettings, JiraText
from evaluator.core.receivers.tree import Branch
from evaluator.notify.direct import DIRECT_RECEIVERS
from evaluator.notify.receivers import HTTP_RECEIVERS

HOOK = Secret("https://hooks.example.org/x")
SMTP = "smtp_smarthost: '[::1]:smtp'\nsmtp_from: a@example.org"
TOKEN = HttpSettings(authorization=Authorization("Bearer", Secret("t")))


def integration(tmp_path: Path, kind: str, item: str, above: str = "") -> Integration:
    path = tmp_path / "evaluator.yml"
    block = textwrap.indent(item.strip(), "        ").strip()
    globally = f"global:\n{textwrap.indent(above, '  ')}\n" if above else ""
    switch = "compatibility: alertmanager\n"  # so that bodies are Alertmanager's; `test_bodies` has the others
    path.write_text(
        f"{switch}{globally}route: {{receiver: team}}\nreceivers:\n  - name: team\n    {kind}_configs:\n      - {block}\n"
    )
    loaded = load(path, environ={})
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    (receiver,) = loaded.settings.receivers
    (only,) = receiver.integrations
    return only


def settings(tmp_path: Path, kind: str, item: str, above: str = "") -> object:
    return integration(tmp_path, kind, item, above).settings


LEAST = {
    "webhook": ("url: https://hooks.example.org/x", "", WebhookSettings(HOOK)),
    "email": ("to: b@example.org", SMTP, EmailSettings("b@example.org", "a@example.org", ("::1", 25))),
    "pagerduty": (
        "routing_key: k",
        "",
        PagerdutySettings("https://events.pagerduty.com/v2/enqueue", routing_key=Secret("k")),
    ),
    "opsgenie": ("", "opsgenie_api_key: k", OpsgenieSettings("https://api.opsgenie.com/", Secret("k"))),
    "wechat": (
        "",
        "wechat_api_secret: k\nwechat_api_corp_id: c",
        WechatSettings("https://qyapi.weixin.qq.com/cgi-bin/", Secret("k"), "c"),
    ),
    "slack": ("", "slack_api_url: https://hooks.example.org/x", SlackSettings(HOOK)),
    "victorops": (
        "routing_key: r",
        "victorops_api_key: k",
        VictoropsSettings("https://alert.victorops.com/integrations/generic/20131114/alert/", Secret("k"), "r"),
    ),
    "pushover": ("{user_key: u, token: t}", "", PushoverSettings(Secret("u"), Secret("t"))),
    "sns": ("topic_arn: arn", "", SnsSettings(topic_arn="arn")),
    "telegram": (
        "chat_id: -1",
        "telegram_bot_token: k",
        TelegramSettings("https://api.telegram.org", Secret("k"), chat_id=-1),
    ),
    "discord": ("webhook_url: https://hooks.example.org/x", "", DiscordSettings(HOOK)),
    "webex": (
        "room_id: r\nhttp_config: {authorization: {credentials: t}}",
        "",
        WebexSettings("https://webexapis.com/v1/messages", "r", TOKEN),
    ),
    "msteams": ("webhook_url: https://hooks.example.org/x", "", MsTeamsSettings(HOOK)),
    "msteamsv2": ("webhook_url: https://hooks.example.org/x", "", MsTeamsV2Settings(HOOK)),
    "jira": (
        "{project: P, issue_type: Bug}",
        "jira_api_url: https://jira.example.org",
        JiraSettings("https://jira.example.org", "P", "Bug"),
    ),
    "incidentio": (
        "{url: 'https://hooks.example.org/x', alert_source_token: t}",
        "",
        IncidentioSettings(HOOK, TOKEN),
    ),
    "rocketchat": (
        "",
        "rocketchat_token: t\nrocketchat_token_id: i",
        RocketchatSettings("https://open.rocket.chat/", Secret("t"), Secret("i")),
    ),
    "mattermost": ("{}", "mattermost_webhook_url: https://hooks.example.org/x", MattermostSettings(HOOK)),
    "http": ("url: https://hooks.example.org/x", "", HttpServiceSettings(HttpCall(HOOK))),
    "ntfy": ("topic: ops", "", NtfySettings("ops")),
    "twilio": (
        "{account_sid: AC1, auth_token: t, from: '+1', to: ['+2']}",
        "",
        TwilioSettings("AC1", ("+2",), "+1", http=HttpSettings(basic_auth=BasicAuth("AC1", Secret("t")))),
    ),
    "apprise": ("urls: [json://localhost]", "", AppriseSettings((Secret("json://localhost"),))),
}


@pytest.mark.parametrize("kind", LEAST)
def test_the_least_item_has_alertmanagers_defaults(kind: str, tmp_path: Path) -> None:
    item, above, expected = LEAST[kind]
    assert settings(tmp_path, kind, item, above) == expected


def test_every_kind_has_a_least_item() -> None:
    assert {"console", *LEAST} == set(KINDS)


def test_what_is_read_can_be_sent() -> None:
    """And what can be sent can be configured: whoever adds a receiver to `notify` adds it to `config`."""
    sendable = {kind for kind, (_, _, least) in LEAST.items() if type(least) in {**HTTP_RECEIVERS, **DIRECT_RECEIVERS}}
    assert set(KINDS) == sendable | {"console"}


@pytest.mark.parametrize("kind", LEAST)
def test_who_is_told_of_the_end_unless_somebody_says(kind: str, tmp_path: Path) -> None:
    """Alertmanager's defaults: mail, Slack, WeChat and Rocket.Chat are not."""
    item, above, _ = LEAST[kind]
    expected = kind not in ("email", "slack", "wechat", "rocketchat")
    assert integration(tmp_path, kind, item, above).send_resolved is expected


FULLEST = {
    "apprise": (
        "{urls: ['json://localhost', 'xml://localhost'], title: t, body: b, type: info, timeout: 3s}",
        AppriseSettings(
            (Secret("json://localhost"), Secret("xml://localhost")), "t", "b", "info", timeout=timedelta(seconds=3)
        ),
    ),
    "webhook": (
        """
url: https://hooks.example.org/x
payload: {text: '{{ .Status }}', count: 5, list: [a, ~], deep: {no: yes}}
""",
        WebhookSettings(
            HOOK,
            payload=Branch(
                (
                    ("text", "{{ .Status }}"),
                    ("count", "5"),
                    ("list", ("a", None)),
                    ("deep", Branch((("no", "yes"),))),
                )
            ),
        ),
    ),
    "email": (
        """
to: 'b@example.org, c@example.org'
from: d@example.org
smarthost: mail.example.org:587
hello: here
auth_username: u
auth_password: p
auth_secret_file: secret
auth_identity: i
headers: {x-TEAM-name: a, subject: '{{ .Status }}', 'not a header': b}
html: ''
text: t
require_tls: false
tls_config: {server_name: s}
force_implicit_tls: true
threading: {enabled: true, thread_by_date: daily}
""",
        EmailSettings(
            "b@example.org, c@example.org",
            "d@example.org",
            ("mail.example.org", 587),
            hello="here",
            auth_username="u",
            auth_password=Secret("p"),
            auth_secret=Secret(path=Path("secret")),
            auth_identity="i",
            headers=(("X-Team-Name", "a"), ("Subject", "{{ .Status }}"), ("not a header", "b")),
            html="",
            text="t",
            require_tls=False,
            tls=TlsSettings(server_name="s"),
            force_implicit_tls=True,
            thread_by_date="daily",
        ),
    ),
    "pagerduty": (
        """
service_key: s
routing_key_file: r
url: https://pd.example.org/x
client: c
client_url: cu
description: d
details: {firing: none, more: [a]}
images: [{src: a, alt: b, href: c}]
links: [{href: a, text: b}]
severity: critical
class: cl
component: co
group: g
timeout: 30s
""",
        PagerdutySettings(
            "https://pd.example.org/x",
            routing_key=Secret(path=Path("r")),
            service_key=Secret("s"),
            client="c",
            client_url="cu",
            description="d",
            details=(("firing", "none"), *PAGERDUTY_DETAILS[1:], ("more", ("a",))),
            images=(PagerdutyImage("a", "b", "c"),),
            links=(PagerdutyLink("a", "b"),),
            source="c",
            severity="critical",
            class_="cl",
            component="co",
            group="g",
            timeout=timedelta(seconds=30),
        ),
    ),
    "opsgenie": (
        """
api_key: k
api_url: https://api.eu.opsgenie.com
message: m
description: d
source: s
details: {a: b}
entity: e
responders: [{id: i, type: TEAM}, {name: n, type: schedule}, {username: u, type: '{{ .Status }}'}]
actions: a
tags: t
note: n
priority: P1
update_alerts: true
""",
        OpsgenieSettings(
            "https://api.eu.opsgenie.com/",
            Secret("k"),
            message="m",
            description="d",
            source="s",
            details=(("a", "b"),),
            entity="e",
            responders=(
                OpsgenieResponder("team", id="i"),
                OpsgenieResponder("schedule", name="n"),
                OpsgenieResponder("{{ .Status }}", username="u"),
            ),
            actions="a",
            tags="t",
            note="n",
            priority="P1",
            update_alerts=True,
        ),
    ),
    "wechat": (
        "{api_secret: k, corp_id: c, api_url: 'https://w.example.org/cgi', agent_id: '1', to_user: u, to_party: p, to_tag: t,"
        " message: m, message_type: markdown}",
        WechatSettings(
            "https://w.example.org/cgi/",
            Secret("k"),
            "c",
            message="m",
            to_user="u",
            to_party="p",
            to_tag="t",
            agent_id="1",
            message_type="markdown",
        ),
    ),
    "slack": (
        """
api_url: https://hooks.example.org/x
actions:
  - {type: button, text: Open, url: u, name: cleared, value: cleared, confirm: {text: cleared}, style: primary}
  - {type: button, text: Ack, name: n, value: v, confirm: {text: a, title: b, ok_text: c, dismiss_text: d}}
message_text: m
""",
        SlackSettings(
            HOOK,
            message_text="m",
            actions=(
                SlackAction("button", "Open", url="u", style="primary"),
                SlackAction("button", "Ack", name="n", value="v", confirm=SlackConfirmation("a", "b", "c", "d")),
            ),
        ),
    ),
    "victorops": (
        "{api_key: k, api_url: 'https://v.example.org/', routing_key: r, message_type: INFO, state_message: s,"
        " entity_display_name: e, monitoring_tool: m, custom_fields: {a: b}}",
        VictoropsSettings(
            "https://v.example.org/",
            Secret("k"),
            "r",
            message_type="INFO",
            state_message="s",
            entity_display_name="e",
            monitoring_tool="m",
            custom_fields=(("a", "b"),),
        ),
    ),
    "pushover": (
        "{user_key_file: u, token_file: t, title: a, message: b, url: c, url_title: d, device: e, sound: f, priority: '1',"
        " retry: 30s, expire: 1h30m, ttl: 0, html: true}",
        PushoverSettings(
            Secret(path=Path("u")),
            Secret(path=Path("t")),
            title="a",
            message="b",
            url="c",
            url_title="d",
            device="e",
            sound="f",
            priority="1",
            retry=timedelta(seconds=30),
            expire=timedelta(minutes=90),
            html=True,
        ),
    ),
    "sns": (
        "{api_url: u, sigv4: {region: r, access_key: a, secret_key: s, profile: p, role_arn: o, external_id: e},"
        " phone_number: '+1', subject: b, message: m, attributes: {c: d}, use_aws_http_client: true}",
        SnsSettings(
            sigv4=Sigv4("r", "a", Secret("s"), "p", "o", "e"),
            api_url="u",
            phone_number="+1",
            subject="b",
            message="m",
            attributes=(("c", "d"),),
            use_aws_http_client=True,
        ),
    ),
    "telegram": (
        "{api_url: 'https://t.example.org', bot_token_file: t, chat_id_file: c, message_thread_id: 7, message: m,"
        " disable_notifications: true, parse_mode: '', update_message: true, thread: true}",
        TelegramSettings(
            "https://t.example.org",
            Secret(path=Path("t")),
            chat_id_file=Path("c"),
            message_thread_id=7,
            message="m",
            disable_notifications=True,
            parse_mode="",
            update_message=True,
            thread=True,
        ),
    ),
    "discord": (
        "{webhook_url_file: w, content: c, title: t, message: m, username: u, avatar_url: a, update_message: true}",
        DiscordSettings(
            Secret(path=Path("w")),
            content="c",
            title="t",
            message="m",
            username="u",
            avatar_url="a",
            update_message=True,
        ),
    ),
    "webex": (
        "{api_url: 'https://w.example.org', room_id: r, message: m, update_message: true, thread: true,"
        " http_config: {authorization: {credentials: t}}}",
        WebexSettings("https://w.example.org", "r", TOKEN, message="m", update_message=True, thread=True),
    ),
    "msteams": (
        "{webhook_url_file: w, title: a, summary: b, text: c}",
        MsTeamsSettings(Secret(path=Path("w")), title="a", summary="b", text="c"),
    ),
    "msteamsv2": (
        "{webhook_url_file: w, title: a, text: c}",
        MsTeamsV2Settings(Secret(path=Path("w")), title="a", text="c"),
    ),
    "jira": (
        """
api_url: https://jira.example.org
api_type: cloud
project: P
issue_type: Bug
summary: {template: s, enable_update: false}
description: d
labels: [a, b]
priority: High
reopen_transition: Reopen
resolve_transition: Done
wont_fix_resolution: Nope
reopen_duration: 30d
fields: {customfield_1: {value: red}, customfield_2: [a]}
""",
        JiraSettings(
            "https://jira.example.org",
            "P",
            "Bug",
            api_type="cloud",
            summary=JiraText("s", False),
            description=JiraText("d"),
            labels=("a", "b"),
            priority="High",
            reopen_transition="Reopen",
            resolve_transition="Done",
            wont_fix_resolution="Nope",
            reopen_duration=timedelta(days=30),
            fields=(("customfield_1", Branch((("value", "red"),))), ("customfield_2", ("a",))),
        ),
    ),
    "incidentio": (
        "{url_file: u, max_alerts: 5, timeout: 1s, http_config: {authorization: {credentials: t}}}",
        IncidentioSettings(Secret(path=Path("u")), TOKEN, 5, timedelta(seconds=1)),
    ),
    "rocketchat": (
        """
{api_url: 'https://r.example.org', token: t, token_id: i, channel: c, color: red, title: a, title_link: b, text: d,
 fields: [{title: f, value: g, short: true}], short_fields: true, emoji: e, icon_url: h, image_url: j, thumb_url: k,
 link_names: true, actions: [{type: button, text: l, url: m, msg: n, imageurl: o, iswebview: yes, msginchatwindow: yes}],
 thread: true}
""",
        RocketchatSettings(
            "https://r.example.org",
            Secret("t"),
            Secret("i"),
            channel="c",
            color="red",
            title="a",
            title_link="b",
            text="d",
            fields=(RocketchatField("f", "g", True),),
            short_fields=True,
            emoji="e",
            icon_url="h",
            image_url="j",
            thumb_url="k",
            link_names=True,
            actions=(RocketchatAction("button", "l", "m", image_url="o", is_webview=True, msg="n", msg_in_chat_window=True),),
            thread=True,
        ),
    ),
    "mattermost": (
        """
webhook_url: https://hooks.example.org/x
channel: c
fields: [{title: a, value: b}]
attachments: [{title: d, fields: [{title: e, value: f, short: false}]}]
type: custom_a
props: {card: g}
priority: {priority: urgent, requested_ack: true}
""",
        MattermostSettings(
            HOOK,
            channel="c",
            fields=(MattermostField("a", "b"),),
            attachments=(MattermostAttachment(title="d", fields=(MattermostField("e", "f", False),)),),
            type="custom_a",
            card="g",
            priority=MattermostPriority("urgent", True),
        ),
    ),
    "http": (
        """
url: https://hooks.example.org/x
method: PUT
headers: {X-A: '{{ .Status }}'}
json: {a: ['{{ .Status }}']}
content_type: application/x
success: {status: [200, 409], json: {ok: true}}
retry: {status: [420]}
receipt: {id: data.id}
update: {url: 'https://hooks.example.org/x', method: PATCH, body: '%{id}'}
resolve: {url: 'https://hooks.example.org/x', method: DELETE}
timeout: 3s
""",
        HttpServiceSettings(
            HttpCall(
                HOOK,
                "PUT",
                headers=(("X-A", "{{ .Status }}"),),
                json=Branch((("a", ("{{ .Status }}",)),)),
                content_type="application/x",
            ),
            update=HttpCall(HOOK, "PATCH", body="%{id}"),
            resolve=HttpCall(HOOK, "DELETE"),
            success_status=frozenset({200, 409}),
            success_json=(("ok", "true"),),
            retry_status=frozenset({420}),
            receipt=(("id", "data.id"),),
            timeout=timedelta(seconds=3),
        ),
    ),
    "ntfy": (
        """
url: https://ntfy.example.org
topic: 'ops-{{ .CommonLabels.team }}'
token: t
title: t
message: m
priority: '5'
tags: a, b
click: https://example.org
icon: https://example.org/i.png
actions: [{label: l, url: 'https://example.org'}]
update: true
timeout: 5s
""",
        NtfySettings(
            "ops-{{ .CommonLabels.team }}",
            "https://ntfy.example.org",
            HttpSettings(authorization=Authorization("Bearer", Secret("t"))),
            *("t", "m", "5", "a, b", "https://example.org", "https://example.org/i.png"),
            (NtfyAction("l", "https://example.org"),),
            True,
            timedelta(seconds=5),
        ),
    ),
    "twilio": (
        """
account_sid: AC1
api_key_sid: SK1
auth_token: t
messaging_service_sid: MG1
to: ['+1', '+2', '+1']
body: b
api_url: https://api.dublin.ie1.twilio.com
timeout: 5s
""",
        TwilioSettings(
            "AC1",
            ("+1", "+2"),
            messaging_service_sid="MG1",
            api_url="https://api.dublin.ie1.twilio.com",
            http=HttpSettings(basic_auth=BasicAuth("SK1", Secret("t"))),
            body="b",
            timeout=timedelta(seconds=5),
        ),
    ),
}


def placed(value: object, base: Path) -> object:
    """The expected value with the paths of its files below `base`, where the configuration is."""
    if isinstance(value, Path):
        return base / value
    if isinstance(value, Secret):
        return value if value.path is None else Secret(path=base / value.path)
    names = list(getattr(type(value), "__dataclass_fields__", {}))
    changed = {name: placed(getattr(value, name), base) for name in names if isinstance(getattr(value, name), Secret | Path)}
    return replace(value, **changed) if changed else value  # type: ignore[type-var]


@pytest.mark.parametrize("kind", FULLEST)
def test_the_fullest_item(kind: str, tmp_path: Path) -> None:
    item, expected = FULLEST[kind]
    assert settings(tmp_path, kind, item) == placed(expected, tmp_path)


def test_every_kind_has_a_fullest_item() -> None:
    assert set(FULLEST) == set(LEAST)


@pytest.mark.parametrize(
    ("kind", "item", "above", "name", "expected"),
    [
        ("opsgenie", "api_key_file: own", "opsgenie_api_key: global", "api_key", Secret(path=Path("own"))),
        ("opsgenie", "api_key: own", "opsgenie_api_key_file: global", "api_key", Secret("own")),
        ("victorops", "{routing_key: a, api_key_file: own}", "victorops_api_key: global", "api_key", Secret(path=Path("own"))),
        ("rocketchat", "{token: own, token_id: i}", "rocketchat_token_file: global", "token", Secret("own")),
        ("telegram", "{chat_id: 1, bot_token: own}", "telegram_bot_token: global", "bot_token", Secret("own")),
        (
            "email",
            "{to: a, auth_password_file: own}",
            SMTP + "\nsmtp_auth_password: g",
            "auth_password",
            Secret(path=Path("own")),
        ),
        ("email", "{to: a, auth_secret: own}", SMTP + "\nsmtp_auth_secret_file: g", "auth_secret", Secret("own")),
        ("wechat", "{corp_id: c}", "wechat_api_secret_file: g", "api_secret", Secret(path=Path("g"))),
        ("mattermost", "{}", "mattermost_webhook_url_file: g", "webhook_url", Secret(path=Path("g"))),
        ("opsgenie", "api_key: ''", "opsgenie_api_key: global", "api_key", Secret("global")),
    ],
)
def test_a_receivers_own_secret_wins(kind: str, item: str, above: str, name: str, expected: Secret, tmp_path: Path) -> None:
    """In either of its forms; an empty one is none. Alertmanager departs from this for three kinds."""
    assert getattr(settings(tmp_path, kind, item, above), name) == placed(expected, tmp_path)


def test_what_mail_takes_from_global(tmp_path: Path) -> None:
    above = f"""{SMTP}
smtp_hello: here
smtp_auth_username: u
smtp_auth_password: p
smtp_auth_identity: i
smtp_require_tls: false
smtp_tls_config: {{server_name: s}}
smtp_force_implicit_tls: false"""
    assert settings(tmp_path, "email", "{to: a, hello: '', html: h}", above) == EmailSettings(
        "a",
        "a@example.org",
        ("::1", 25),
        hello="here",
        auth_username="u",
        auth_password=Secret("p"),
        auth_identity="i",
        html="h",
        require_tls=False,
        tls=TlsSettings(server_name="s"),
        force_implicit_tls=False,
    )


def test_teams_workflows_keep_the_global_proxy(tmp_path: Path) -> None:
    """Of all kinds only this one merges anything of the global http_config into its own."""
    above = "http_config: {proxy_url: 'http://proxy', enable_http2: false}"
    item = "{webhook_url: 'https://hooks.example.org/x', http_config: {follow_redirects: false}}"
    proxied = HttpSettings(proxy_url=Secret("http://proxy"), follow_redirects=False)
    assert settings(tmp_path, "msteamsv2", item, above) == MsTeamsV2Settings(HOOK, proxied)
    assert settings(tmp_path, "msteams", item, above) == MsTeamsSettings(HOOK, replace(proxied, proxy_url=None))


def test_the_source_of_a_page_is_its_client(tmp_path: Path) -> None:
    found = [settings(tmp_path, "pagerduty", f"{{routing_key: a{more}}}") for more in ("", ", client: c", ", source: s")]
    assert [getattr(one, "source", None) for one in found] == ['{{ template "pagerduty.default.client" . }}', "c", "s"]


def test_slack_messages_can_be_updated_with_a_token(tmp_path: Path) -> None:
    """Alertmanager demands the URL of chat.postMessage in so many words; with a token it is where messages go."""
    found = settings(tmp_path, "slack", "{app_token: t, update_message: true, thread: true}")
    assert found == SlackSettings(Secret("https://slack.com/api/chat.postMessage"), TOKEN, update_message=True, thread=True)
