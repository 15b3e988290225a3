"""Alertmanager's configuration surface as files: what loads, what is refused in which words, and what amtool says of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from evaluator.config import Severity, load
from evaluator.config.receivers import KINDS
from evaluator.core.settings import Settings

HERE = Path(__file__).parent / "alertmanager"
GOOD = sorted((HERE / "good").glob("*.yml"))
BAD = sorted((HERE / "bad").glob("*.yml"))

# amtool 0.25 lacks what came later, and departs where the reasons say so.
NEWER = {
    "durations": "timeouts of receivers, jira",
    "http-config-whole": "client secrets and certificates in the file, headers",
    "mattermost-default-webhook-url": "mattermost",
    "mattermost-default-webhook-url-file": "mattermost",
    "null-items": "it crashes on an empty Slack item",
    "rocketchat-default-token": "rocketchat",
    "rocketchat-default-token-file": "rocketchat",
    "shown-configuration": "the URL of a webhook was no secret",
    "slack-default-app-token": "app tokens",
    "telegram-default-bot-token": "a global bot token",
    "telegram-default-bot-token-file": "a global bot token",
    "telemetry": "tracing, event_recorder",
    "wechat-default-api-secret-file": "wechat_api_secret_file",
    "wraps-around": "our departure: ranges may go round",
}
TOLERATED = {
    "email-both-auth-password": "a receiver's two passwords are not compared there, only the global ones",
    "http-tls-version-order": "versions of TLS are not compared there",
    "templates-pattern": "it says SUCCESS first, and further down that the pattern is broken",
    "sns-three-targets": "its check for exactly one target lets three pass",
}


SHOWN_AS_TWO = ("wraps-around",)
"""Whose times go round; tools that know no such times are shown the two that they are."""


def errors(path: Path) -> list[str]:
    found = load(path, environ={}).problems
    return [str(problem).removeprefix(f"{path}:") for problem in found if problem.severity is Severity.ERROR]


def settings(path: Path) -> Settings:
    loaded = load(path, environ={})
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    return loaded.settings


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_what_alertmanager_accepts_loads(path: Path) -> None:
    assert errors(path) == []


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_what_alertmanager_refuses_is_refused_in_its_words(path: Path) -> None:
    """And in its place; the comments at the top of a file say how."""
    lines = path.read_text().splitlines()
    count = next(number for number, line in enumerate(lines) if not line.startswith("# "))
    assert errors(path) == [line.removeprefix("# ") for line in lines[:count]]
    assert count > 0


def test_every_kind_of_integration_is_sent() -> None:
    """In Alertmanager's order, and nothing is left out with a warning."""
    path = HERE / "good" / "plain.yml"
    mails = settings(path).receiver("team-Y-mails")
    assert [integration.name for integration in mails.integrations] == [
        *("email[0]", "opsgenie[0]", "wechat[0]", "slack[0]", "pushover[0]", "sns[0]"),
    ]


def test_kinds_stand_in_the_order_in_which_alertmanager_builds_them() -> None:
    """Of ours the console goes first, the others last."""
    order = (
        "webhook email pagerduty opsgenie wechat slack victorops pushover sns telegram discord webex "
        "msteams msteamsv2 jira incidentio rocketchat mattermost"
    )
    assert list(KINDS) == ["console", *order.split(), "ntfy", "twilio", "http", "apprise"]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_what_is_shown_can_be_read_again(path: Path, tmp_path: Path) -> None:
    """The text that the API shows is a configuration, with the same routes, receivers, rules and times."""
    shown = tmp_path / "shown.yml"
    shown.write_text(settings(path).original)
    before, after = settings(path), settings(shown)
    assert after.route == before.route
    assert after.inhibit_rules == before.inhibit_rules
    assert after.time_intervals == before.time_intervals or path.stem in SHOWN_AS_TWO
    assert [receiver.name for receiver in after.receivers] == [receiver.name for receiver in before.receivers]
    assert after.original == before.original


def said_of(*paths: Path) -> dict[Path, bool]:
    """What amtool says of each: whether it accepts it."""
    command = ["amtool", "check-config", *map(str, paths)]
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
    return {Path(name): verdict == "SUCCESS" for name, verdict in re.findall(r"Checking '(.*)'  (SUCCESS|FAILED)", said)}


@pytest.mark.realtime
@pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not installed")
def test_amtool_agrees(tmp_path: Path) -> None:
    """Of what it knows it accepts the same and refuses the same; and it reads what our API will show it."""
    known = [path for path in GOOD if path.stem not in NEWER]
    shown = [tmp_path / path.name for path in known]
    for path, copy in zip(known, shown, strict=True):
        copy.write_text(settings(path).original)
    crashing = [path for path in BAD if path.stem.endswith(("-null", "-null-without-defaults"))]
    wrong = [path for path in BAD if path.stem not in TOLERATED and path not in crashing]
    said = said_of(*known, *shown, *wrong)
    assert [path.name for path in known if not said[path]] == []
    assert [path.name for path in shown if not said[path]] == []
    assert [path.name for path in wrong if said[path]] == []
    assert len(known) + len(NEWER) == len(GOOD)
