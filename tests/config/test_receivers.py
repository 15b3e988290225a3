"""Receivers: what each key becomes, which defaults hold, and how integrations are numbered."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.config.integrations.slack import APP_URL
from evaluator.core.labels import Labels
from evaluator.core.settings import (
    Authorization,
    BasicAuth,
    ConsoleSettings,
    HttpSettings,
    Receiver,
    Secret,
    SlackField,
    SlackSettings,
    TlsSettings,
    WebhookSettings,
)

HOOK = Secret("https://hooks.example.org/x")


def receiver(tmp_path: Path, body: str, above: str = "") -> Receiver:
    path = tmp_path / "evaluator.yml"
    path.write_text(f"{above}route: {{receiver: team}}\nreceivers:\n  - name: team\n{body}")
    loaded = load(path, environ={})
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    return loaded.settings.receivers[0]


def only(tmp_path: Path, body: str, above: str = "") -> object:
    (integration,) = receiver(tmp_path, body, above).integrations
    return integration.settings


def test_integrations_are_numbered_within_their_kind(tmp_path: Path) -> None:
    """In the order in which Alertmanager builds them, which is not that of the file."""
    body = """\
    slack_configs: [{api_url: http://s}, {api_url: http://t}]
    webhook_configs: [{url: http://a}, {url: http://b}]
    console_configs: [{}]
"""
    names = [integration.name for integration in receiver(tmp_path, body).integrations]
    assert names == ["console[0]", "webhook[0]", "webhook[1]", "slack[0]", "slack[1]"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    webhook_configs: [{url: http://a}]\n", True),
        ("    webhook_configs: [{url: http://a, send_resolved: no}]\n", False),
        ("    slack_configs: [{api_url: http://a}]\n", False),
        ("    slack_configs: [{api_url: http://a, send_resolved: true}]\n", True),
        ("    console_configs: [{}]\n", True),
        ("    console_configs: [{send_resolved: off}]\n", False),
    ],
)
def test_who_is_told_of_the_end(tmp_path: Path, body: str, expected: bool) -> None:
    """Alertmanager's defaults: Slack is not told unless asked for."""
    assert receiver(tmp_path, body).integrations[0].send_resolved is expected


def test_an_empty_console_item_is_enough(tmp_path: Path) -> None:
    assert only(tmp_path, "    console_configs:\n      -\n") == ConsoleSettings()


def test_a_webhook(tmp_path: Path) -> None:
    body = """\
    webhook_configs:
      - url: https://hooks.example.org/x
        max_alerts: 10
        timeout: 1.5s
        http_config:
          basic_auth: {username: u, password: p}
          tls_config: {ca_file: ca.pem, cert_file: /c.pem, key_file: ../k.pem, server_name: s, insecure_skip_verify: true}
          proxy_url: http://proxy:3128
          no_proxy: localhost
          http_headers: {X-Key: {values: [a], secrets: [b], files: [c]}}
          follow_redirects: false
          enable_http2: false
"""
    assert only(tmp_path, body) == WebhookSettings(
        url=HOOK,
        http=HttpSettings(
            basic_auth=BasicAuth("u", Secret("p")),
            headers=(("X-Key", Secret("a")), ("X-Key", Secret("b")), ("X-Key", Secret(path=tmp_path / "c"))),
            tls=TlsSettings(tmp_path / "ca.pem", Path("/c.pem"), tmp_path.parent / "k.pem", "s", True),
            proxy_url=Secret("http://proxy:3128"),
            no_proxy="localhost",
            follow_redirects=False,
            enable_http2=False,
        ),
        max_alerts=10,
        timeout=timedelta(seconds=1.5),
    )


def test_own_http_settings_replace_the_global_ones_as_a_whole(tmp_path: Path) -> None:
    """No field is merged, as in Alertmanager."""
    above = "global: {http_config: {proxy_url: 'http://proxy', follow_redirects: no}}\n"
    inherited = only(tmp_path, "    webhook_configs: [{url: http://a}]\n", above)
    own = only(tmp_path, "    webhook_configs: [{url: http://a, http_config: {enable_http2: no}}]\n", above)
    assert isinstance(inherited, WebhookSettings)
    assert isinstance(own, WebhookSettings)
    assert inherited.http == HttpSettings(proxy_url=Secret("http://proxy"), follow_redirects=False)
    assert own.http == HttpSettings(enable_http2=False)


def test_a_url_may_be_a_template(tmp_path: Path) -> None:
    found = only(tmp_path, "    webhook_configs: [{url: '{{ .CommonLabels.hook }}'}]\n")
    assert found == WebhookSettings(Secret("{{ .CommonLabels.hook }}"))


def test_slack_texts_that_are_absent_keep_their_defaults(tmp_path: Path) -> None:
    least = "    slack_configs: [{api_url: 'https://hooks.example.org/x'}]\n"
    assert only(tmp_path, least) == SlackSettings(HOOK, text='{{ template "readable.mrkdwn" . }}')
    assert only(tmp_path, least, "compatibility: alertmanager\n") == SlackSettings(HOOK)


def test_slack(tmp_path: Path) -> None:
    body = """\
    slack_configs:
      - api_url: https://hooks.example.org/x
        channel: '#a'
        title: ''
        color: ~
        text: '{{ .Status }}'
        short_fields: yes
        link_names: on
        mrkdwn_in: [text]
        fields:
          - {title: One, value: '1'}
          - {title: Two, value: 2, short: false}
"""
    assert only(tmp_path, body) == SlackSettings(
        HOOK,
        channel="#a",
        title="",
        text="{{ .Status }}",
        short_fields=True,
        link_names=True,
        mrkdwn_in=("text",),
        fields=(SlackField("One", "1"), SlackField("Two", "2", False)),
    )


TOKEN = HttpSettings(authorization=Authorization("Bearer", Secret("xoxb-1")))


@pytest.mark.parametrize(
    ("above", "item", "url", "http"),
    [
        ("slack_api_url: https://hooks.example.org/x", "{}", HOOK, HttpSettings()),
        ("slack_api_url: https://hooks.example.org/y", "{api_url: 'https://hooks.example.org/x'}", HOOK, HttpSettings()),
        ("slack_api_url: https://hooks.example.org/x", "", HOOK, HttpSettings()),
        ("slack_app_token: xoxb-1", "{}", Secret(APP_URL), TOKEN),
        ("slack_app_token: xoxb-1", "{api_url: 'https://hooks.example.org/x'}", HOOK, HttpSettings()),
        ("slack_app_token: xoxb-1\n  slack_app_url: http://slack", "{}", Secret("http://slack"), TOKEN),
        ("resolve_timeout: 5m", "{app_token: xoxb-1}", Secret(APP_URL), TOKEN),
        ("slack_api_url: https://hooks.example.org/x", "{app_token: xoxb-1}", Secret(APP_URL), TOKEN),
        ("resolve_timeout: 5m", "{app_token: xoxb-1, app_url: 'http://slack'}", Secret("http://slack"), TOKEN),
    ],
)
def test_where_slack_messages_go(tmp_path: Path, above: str, item: str, url: Secret, http: HttpSettings) -> None:
    """A receiver's own choice between webhook and token wins over the global one."""
    found = only(tmp_path, f"    slack_configs:\n      - {item}\n", f"global:\n  {above}\n")
    assert isinstance(found, SlackSettings)
    assert (found.api_url, found.http) == (url, http)


def test_a_receiver_without_integrations_is_legal(tmp_path: Path) -> None:
    assert receiver(tmp_path, "") == Receiver("team", labels=Labels({"name": "team"}))


def test_a_mistake_in_one_integration_hides_none_in_another(tmp_path: Path) -> None:
    path = tmp_path / "evaluator.yml"
    path.write_text(
        "route: {receiver: nobody}\n"
        "receivers:\n"
        "  - name: a\n"
        "    webhook_configs: [{url: a, max_alerts: x}, {urll: http://a}]\n"
        "    slack_configs: [{}]\n"
        "  - name: a\n"
        "    nonsense: 1\n"
    )
    problems = [(problem.position.line, problem.message) for problem in load(path, environ={}).problems]
    assert problems == [
        (1, 'undefined receiver "nobody" used in route'),
        (4, '"max_alerts": not a whole number: "x"'),
        (4, 'unknown key "urll" in webhook_configs'),
        (5, "no Slack API URL nor App token set either inline or in a file"),
        (7, 'unknown key "nonsense" in a receiver'),
    ]
