"""The configuration as the API shows it: no secret, whatever its form or place, and nothing that amtool does not know."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.config.globals import GlobalModel
from evaluator.config.integrations.incidentio import IncidentioModel
from evaluator.config.integrations.slack import SlackModel
from evaluator.config.integrations.victorops import VictoropsModel
from evaluator.config.integrations.webhook import WebhookModel
from evaluator.config.models import Model
from evaluator.config.nodes import Scalar, Table
from evaluator.config.receivers import KINDS
from evaluator.config.scalars import HIDDEN, HIDDEN_URL
from evaluator.config.secrecy import secrets_of
from evaluator.core.evaluation.rules import Position
from evaluator.core.settings import Settings

AMTOOL = shutil.which("amtool")


def settings(path: Path, environ: dict[str, str] | None = None) -> Settings:
    loaded = load(path, environ=environ or {})
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    return loaded.settings


def shown(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> str:
    path = tmp_path / "evaluator.yml"
    path.write_text(text)
    return settings(path, environ).original


def named_like_secrets() -> Iterator[tuple[type[Model], str]]:
    """Keys of which anybody would say so by their names. VictorOps' routing key is none: it stands in every alert."""
    for model in (GlobalModel, *(kind.model for kind in KINDS.values())):
        for name in model.names():
            if re.search(r"(^|_)(key|token|token_id|secret|password|webhook_url)$", name):
                yield model, name
    yield from ((WebhookModel, "url"), (IncidentioModel, "url"), (SlackModel, "api_url"), (GlobalModel, "slack_api_url"))


LIKE_SECRETS = sorted(
    set(named_like_secrets()) - {(VictoropsModel, "routing_key")}, key=lambda pair: (pair[0].__name__, pair[1])
)


@pytest.mark.parametrize(("model", "name"), LIKE_SECRETS, ids=[f"{model.__name__}.{name}" for model, name in LIKE_SECRETS])
def test_what_is_named_like_a_secret_is_one(model: type[Model], name: str) -> None:
    """What is hidden goes by types; this goes by names, lest a type was forgotten."""
    here = Position("evaluator.yml")
    assert [scalar.text for scalar in secrets_of(Table({name: Scalar("x", here)}, {}, here), model)] == ["x"]


def test_everything_that_is_a_secret_is_hidden(tmp_path: Path) -> None:
    text = """\
global:
  smtp_auth_password: swordfish
  slack_api_url: https://swordfish.example.org
  http_config:
    basic_auth: {username: u, password: swordfish}
    proxy_url: http://u:swordfish@proxy
    http_headers: {X-A: {values: [swordfish], secrets: [swordfish]}}
    tls_config: {cert: c, key: swordfish}
    proxy_connect_header: {X-B: [swordfish]}
  pagerduty_url: https://u:swordfish@pd.example.org/x
route: {receiver: team}
receivers:
  - name: team
    webhook_configs:
      - url: https://hooks.example.org/swordfish
        http_config: {oauth2: {client_id: a, client_secret: swordfish, token_url: 'https://id.example.org'}}
    sns_configs: [{topic_arn: a, sigv4: {access_key: b, secret_key: swordfish}}]
    pagerduty_configs: [&p {routing_key: swordfish}, *p]
event_recorder: {webhook_outputs: [{url: 'https://swordfish.example.org'}]}
tracing: {endpoint: a, headers: {X-C: swordfish}}
"""
    found = shown(tmp_path, text)
    assert "swordfish" not in found
    assert found.count(HIDDEN) == 15
    assert "https://u:xxxxx@pd.example.org/x" in found


def test_what_the_environment_gave_is_not_shown(tmp_path: Path) -> None:
    text = "route: {receiver: '${NAME}'}\nreceivers: [{name: '${NAME}', webhook_configs: [{url: '${HOOK}'}]}]\n"
    found = shown(tmp_path, text, {"NAME": "swordfish", "HOOK": "https://swordfish.example.org"})
    assert "swordfish" not in found
    assert "${NAME}" in found


def test_what_is_ours_is_left_out(tmp_path: Path) -> None:
    """A strict reader of Alertmanager's keys must be able to read it."""
    text = """\
datasources: [{name: a, url: 'http://a'}]
matcher_mode: classic
retention: 5d
people: {ana: {email: ana@example.org}}
escalations: {ladder: {levels: [{at: 0m, notify: [receiver:team]}]}}
global: {resolve_timeout: 5m, ntfy_url: 'https://ntfy.example.org', twilio_from: '+15550000000'}
route: {receiver: team, routes: [{escalation: ladder, inhibit_rules: [{equal: [a]}], dry_run: true, group_by: [a]}]}
receivers: [{name: team, console_configs: [{}]}]
silences: [{matchers: [a=b], starts_at: 2030-01-01T00:00:00Z, ends_at: 2030-01-02T00:00:00Z}]
"""
    route = "route:\n  receiver: team\n  routes:\n  - group_by:\n    - a\n"
    assert shown(tmp_path, text) == f"global:\n  resolve_timeout: 5m\n{route}receivers:\n- name: team\n"


RICH = """\
time_intervals:
  - name: nights and weekends
    time_intervals:
      - times: [{start_time: '22:00', end_time: '06:00'}, {start_time: '22:00', end_time: '00:00'}]
      - {weekdays: ['friday:monday', 'tuesday'], months: ['november:february']}
route: {receiver: team, routes: [{name: nights, match: {a: b}, mute_time_intervals: [nights and weekends]}]}
receivers:
  - name: other
    ntfy_configs: [{url: 'https://ntfy.example.org', topic: a}]
    apprise_configs: [{urls: ['json://a']}]
    http_configs: [{url: 'http://a', json: {}}]
  - name: team
    fallback: other
    fallback_after: 1m
    webhook_configs: [{url: 'http://a', rate_limit: {messages: 1}}, {url: 'http://a', form: events, secret: b}]
    telegram_configs: [{bot_token: a, chat_id: 1, update_message: true}, {bot_token: a, chat_id: 2, thread: true}]
    discord_configs: [{webhook_url: 'http://a', update_message: true}]
"""
THEIRS = """\
time_intervals:
- name: nights and weekends
  time_intervals:
  - times:
    - start_time: "22:00"
      end_time: "24:00"
    - start_time: "00:00"
      end_time: "06:00"
    - start_time: "22:00"
      end_time: "24:00"
  - weekdays:
    - "friday:saturday"
    - "sunday:monday"
    - "tuesday"
    months:
    - "november:december"
    - "january:february"
"""


def test_a_strict_reader_can_read_a_file_that_uses_everything(tmp_path: Path) -> None:
    """Ranges that go round are cut in two; integrations lose what is ours, and kinds of ours are gone."""
    found = shown(tmp_path, RICH)
    assert found[found.index("\ntime_intervals:") + 1 :] == THEIRS
    ours = (
        "ntfy",
        "apprise",
        "http_configs",
        "fallback",
        "rate_limit",
        "form",
        "secret:",
        "update_message",
        "thread",
        "name: nights\n",
    )
    assert [word for word in ours if word in found] == []
    assert found.count("- url:") == found.count("chat_id") == 2


@pytest.mark.skipif(AMTOOL is None, reason="amtool is not on the PATH (Debian: prometheus-alertmanager)")
def test_amtool_is_such_a_reader(tmp_path: Path) -> None:
    (tmp_path / "shown.yml").write_text(shown(tmp_path, RICH))
    command = [str(AMTOOL), "config", "routes", "test", f"--config.file={tmp_path / 'shown.yml'}", "a=b"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "team\n"


@pytest.mark.parametrize("text", ["retention: 5d\n", "route: {}\nreceivers:\n"])
def test_what_was_made_up_is_shown(text: str, tmp_path: Path) -> None:
    assert shown(tmp_path, text) == "route:\n  receiver: console\nreceivers:\n- name: console\n"


def test_texts_keep_their_quotes(tmp_path: Path) -> None:
    """A quoted `yes` is a text, and a plain one a truth value, to whoever reads it next."""
    text = """\
route: {receiver: team, continue: no, routes: [{match: {a: 'yes', b: '', c: 017}, repeat_interval: '5h'}]}
receivers: [{name: team, webhook_configs: [{url: 'http://a', send_resolved: yes, max_alerts: 5}]}]
"""
    found = shown(tmp_path, text)
    expected = ("continue: no", 'a: "yes"', 'b: ""', "c: 017", 'repeat_interval: "5h"', "send_resolved: yes", "max_alerts: 5")
    assert [part for part in expected if part not in found] == []
    assert f"url: {HIDDEN_URL}" in found
