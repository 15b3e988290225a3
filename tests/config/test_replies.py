"""`links` and `replies` in the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.core.http import Secret
from evaluator.core.replies import (
    LinkSettings,
    MailReplies,
    PagerdutyReplies,
    Replies,
    SlackReplies,
    TelegramReplies,
    TwilioReplies,
)
from evaluator.core.settings import Settings

GOOD = """\
people:
  ana: {slack: U01ANA, sms: "+1", telegram: "1", email: a@b.org}
links:
  secret: 0123456789abcdef
  former_secret: fedcba9876543210
  base_url: https://oncall.example.org/
  require_login: yes
  login_header: X-User
replies:
  slack: {signing_secret: a, team: T01}
  pagerduty: {secret: b, users: {P01: ana}}
  twilio: {auth_token: c, url: "https://oncall.example.org/replies/twilio"}
  telegram: {secret_token: d}
  mail: {address: oncall@in.example.org, secret: e, authserv_id: mx.example.org}
"""


def read(folder: Path, text: str) -> tuple[Settings | None, list[str]]:
    (folder / "evaluator.yml").write_text(text)
    loaded = load(folder / "evaluator.yml", environ={})
    said = [f"{one.position.line}:{one.position.column}: {one.message}" for one in loaded.problems]
    return loaded.settings, said


def test_a_good_one(tmp_path: Path) -> None:
    settings, said = read(tmp_path, GOOD)
    assert said == []
    assert settings is not None
    secret, former = Secret("0123456789abcdef"), Secret("fedcba9876543210")
    assert settings.links == LinkSettings(secret, former, "https://oncall.example.org", True, "X-User")
    assert settings.replies == Replies(
        SlackReplies(Secret("a"), "T01"),
        PagerdutyReplies(Secret("b"), None, {"P01": "ana"}),
        TwilioReplies(Secret("c"), "https://oncall.example.org/replies/twilio"),
        TelegramReplies(Secret("d")),
        MailReplies("oncall@in.example.org", Secret("e"), "mx.example.org"),
    )


def test_nothing_is_open_unless_it_is_asked_for(tmp_path: Path) -> None:
    settings, said = read(tmp_path, "people: {ana: {slack: U01ANA}}")
    assert said == []
    assert settings is not None
    assert (settings.links, settings.replies) == (LinkSettings(), Replies())


def test_secrets_may_stand_in_files(tmp_path: Path) -> None:
    keys = "links: {secret_file: key}\nreplies: {slack: {signing_secret_file: slack.key}}"
    text = f"people: {{a: {{slack: U1}}}}\nexternal_url: https://a.b\n{keys}"
    settings, said = read(tmp_path, text)
    assert said == []
    assert settings is not None
    assert settings.links.secret == Secret(path=tmp_path / "key")
    assert settings.replies.slack == SlackReplies(Secret(path=tmp_path / "slack.key"))


def test_secrets_are_known_as_such(tmp_path: Path) -> None:
    """So none of them shows where a file is shown."""
    secrets = ("0123456789abcdef", "fedcba9876543210", "signing_secret: a", "secret: b", "auth_token: c", "secret_token: d")
    hidden = GOOD
    for one in secrets:
        hidden = hidden.replace(one, f"{key}: <secret>" if (key := one.partition(":")[0]) != one else "<secret>")
    settings, said = read(tmp_path, hidden.replace("secret: e", "secret: <secret>"))
    assert len([one for one in said if "stands where a secret was hidden" in one]) == len(secrets) + 1
    assert "0123456789abcdef" not in repr(settings)


MISTAKES = [
    ("secret: 0123456789abcdef", "secret: short", "4:11: secret is shorter than 16 characters"),
    ("  secret: 0123456789abcdef\n", "", "4:3: a former secret without a new one"),
    ("login_header: X-User", "login_header: X User", '8:17: "login_header": not the name of a header: "X User"'),
    ("signing_secret: a, ", "", "10:10: missing signing_secret in replies.slack: anybody could answer in anybody's name"),
    ("P01: ana", "P01: anna", '11:39: undefined person "anna"'),
    ("slack: U01ANA, ", "", "10:3: replies.slack is open, and nobody can be known there"),
    ('telegram: "1", ', "", "13:3: replies.telegram is open, and nobody can be known there"),
    ("secret_token: d", "secret_token: d e", "13:28: Telegram does not take this secret_token"),
    ("address: oncall@in.example.org, ", "", "14:9: missing address in replies.mail"),
    ("oncall@in", "me+you@in", '14:19: "address": not an address that answers can be sent to: "me+you@in.example.org"'),
    (", authserv_id: mx.example.org", "", "14:9: missing authserv_id in replies.mail"),
]


@pytest.mark.parametrize(("written", "instead", "problem"), MISTAKES)
def test_one_mistake_is_one_problem_with_its_place(tmp_path: Path, written: str, instead: str, problem: str) -> None:
    assert written in GOOD
    _, said = read(tmp_path, GOOD.replace(written, instead, 1))
    assert said == [problem]


def test_twilio_has_to_know_where_we_are(tmp_path: Path) -> None:
    text = 'people: {ana: {sms: "+1"}}\nreplies: {twilio: {auth_token: a}}\n'
    assert read(tmp_path, text)[1] == ["2:19: missing url in replies.twilio: what Twilio signs begins with it"]
    assert read(tmp_path, f"external_url: https://e.example\n{text}")[1] == []
    assert read(tmp_path, f"links: {{base_url: https://e.example}}\n{text}")[1] == []


def test_people_who_cannot_be_told_apart_are_warned_of(tmp_path: Path) -> None:
    """Whoever of them answers is nobody, and the ladder climbs on."""
    people = 'people:\n  ana: {sms: "+1 234", email: a@b.org}\n  bo: {sms: "+1234", email: A@b.org}\n  mia: {sms: "+12"}\n'
    doors = "external_url: https://a.b\nreplies:\n  twilio: {auth_token: c}\n"
    assert read(tmp_path, people + doors)[1] == [
        "7:3: ana and bo have the same sms, so replies.twilio cannot know who of them answers"
    ]


def test_links_that_lead_to_where_the_evaluator_listens_are_warned_of(tmp_path: Path) -> None:
    """Whoever follows one on a telephone gets nowhere; a link needs an address that people reach."""
    said = read(tmp_path, "links: {}\n")[1]
    assert said == ["1:1: links lead to where the evaluator listens, which telephones seldom reach"]
    assert read(tmp_path, "external_url: https://a.b\nlinks: {}\n")[1] == []
    assert read(tmp_path, "links: {base_url: https://a.b}\n")[1] == []
