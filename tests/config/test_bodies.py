"""Bodies that the file does not write: ours, or Alertmanager's where somebody counts on those."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from evaluator.config import load
from evaluator.config.bodies import BODIES
from evaluator.core.receivers.tickets import JiraText
from evaluator.templating.notification import is_packaged, packaged_parts

OURS = {
    ("email", "html"): "readable.html",
    ("email", "text"): "readable.text",
    ("opsgenie", "description"): "readable.text",
    ("wechat", "message"): "readable.message",
    ("slack", "text"): "readable.mrkdwn",
    ("victorops", "state_message"): "readable.text",
    ("pushover", "message"): "readable.brief",
    ("sns", "message"): "readable.text",
    ("telegram", "message"): "readable.telegram.html",
    ("discord", "message"): "readable.markdown",
    ("webex", "message"): "readable.webex",
    ("msteams", "text"): "readable.teams",
    ("msteamsv2", "text"): "readable.teams",
    ("jira", "description"): "readable.text",
    ("rocketchat", "text"): "readable.markdown",
    ("mattermost", "text"): "readable.markdown",
}
LEAST = {
    "email": "{to: b@example.org}",
    "opsgenie": "{api_key: k}",
    "wechat": "{api_secret: k, corp_id: c}",
    "slack": "{api_url: 'http://s'}",
    "victorops": "{api_key: k, routing_key: r}",
    "pushover": "{user_key: u, token: t}",
    "sns": "{topic_arn: arn}",
    "telegram": "{bot_token: k, chat_id: -1}",
    "discord": "{webhook_url: 'http://d'}",
    "webex": "{room_id: r, http_config: {authorization: {credentials: t}}}",
    "msteams": "{webhook_url: 'http://m'}",
    "msteamsv2": "{webhook_url: 'http://m'}",
    "jira": "{api_url: 'http://j', project: P, issue_type: Bug}",
    "rocketchat": "{token: t, token_id: i}",
    "mattermost": "{webhook_url: 'http://m'}",
}


def settings(tmp_path: Path, kind: str, item: str = "", above: str = "") -> Any:
    path = tmp_path / "evaluator.yml"
    smtp = "global: {smtp_smarthost: 'a:25', smtp_from: a@example.org}"
    body = f"receivers: [{{name: team, {kind}_configs: [{item or LEAST[kind]}]}}]"
    path.write_text(f"{above}\n{smtp}\nroute: {{receiver: team}}\n{body}\n")
    loaded = load(path, environ={})
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    return loaded.settings.receivers[0].integrations[0].settings


def body(found: Any, key: str) -> str:
    text = getattr(found, key)
    return str(text.template if isinstance(text, JiraText) else text)


def call(name: str) -> str:
    return f'{{{{ template "{name}" . }}}}'


def defining(tmp_path: Path, file: str, text: str) -> str:
    (tmp_path / file).write_text(text)
    return f"templates: ['{file}']"


@pytest.mark.parametrize(("kind", "key"), OURS)
def test_a_body_that_is_not_written_is_worth_reading(kind: str, key: str, tmp_path: Path) -> None:
    assert body(settings(tmp_path, kind), key) == call(OURS[kind, key])
    assert is_packaged(OURS[kind, key])


def test_all_bodies_are_listed_here() -> None:
    assert {(kind, each.key) for kind, bodies in BODIES.items() for each in bodies} == set(OURS)


@pytest.mark.parametrize(("kind", "key"), OURS)
def test_compatibility_keeps_all_of_alertmanagers_texts(kind: str, key: str, tmp_path: Path) -> None:
    found = settings(tmp_path, kind, above="compatibility: alertmanager")
    usual = {field.name: field.default for field in fields(found)}
    assert getattr(found, key) == usual[key]
    assert "readable" not in repr(found)


@pytest.mark.parametrize(("kind", "key"), OURS)
def test_nothing_but_bodies_is_ours(kind: str, key: str, tmp_path: Path) -> None:
    """Titles, subjects, links and what identifies an alert are Alertmanager's."""
    ours, theirs = settings(tmp_path, kind), settings(tmp_path, kind, above="compatibility: alertmanager")
    differing = {field.name for field in fields(ours) if getattr(ours, field.name) != getattr(theirs, field.name)}
    assert differing == {each for of, each in OURS if of == kind}


@pytest.mark.parametrize(("kind", "key"), OURS)
def test_what_is_written_counts_even_if_it_is_the_usual_text(kind: str, key: str, tmp_path: Path) -> None:
    theirs = settings(tmp_path, kind, above="compatibility: alertmanager")
    usual = body(theirs, key)
    item = LEAST[kind].removesuffix("}") + f", {key}: '{usual}'}}"
    assert body(settings(tmp_path, kind, item), key) == usual


@pytest.mark.parametrize(
    ("defined", "kept"),
    [
        ("slack.default.text", {"slack"}),
        ("email.default.html", {"email"}),
        ("discord.default.message", {"discord"}),
        ("__chat_lists_markdown", {"msteams", "msteamsv2", "mattermost", "jira"}),
        ("__text_alert_list_markdown", {"msteams", "msteamsv2", "mattermost", "jira"}),
        (
            "__text_alert_list",
            {"discord", "telegram", "webex", "wechat", "opsgenie", "victorops", "pushover", "sns"},
        ),
        ("slack.default.title", set[str]()),
        ("my.own", set[str]()),
        ("readable.mrkdwn", set[str]()),
    ],
)
def test_who_redefines_a_part_of_alertmanagers_body_reads_that(defined: str, kept: set[str], tmp_path: Path) -> None:
    above = defining(tmp_path, "own.tmpl", f'{{{{ define "{defined}" }}}}mine{{{{ end }}}}')
    said = {(kind, key): body(settings(tmp_path, kind, above=above), key) for kind, key in OURS}
    assert {kind for (kind, _), text in said.items() if "readable" not in text} == kept


def test_a_mail_keeps_a_text_beside_a_page_of_ones_own(tmp_path: Path) -> None:
    """Alertmanager's has none, so there is none to redefine."""
    found = settings(tmp_path, "email", above=defining(tmp_path, "a.tmpl", '{{ define "email.default.html" }}x{{ end }}'))
    assert (body(found, "html"), body(found, "text")) == (call("email.default.html"), call("readable.text"))


def test_a_redefinition_may_be_in_jinja_or_blank(tmp_path: Path) -> None:
    """Whoever copies all of Alertmanager's templates, the empty ones too, has asked for them."""
    for file, text in (("discord.default.message.j2", "mine"), ("a.tmpl", '{{ define "discord.default.message" }}{{ end }}')):
        found = settings(tmp_path, "discord", above=defining(tmp_path, file, text))
        assert body(found, "message") == call("discord.default.message")


@pytest.mark.parametrize(
    ("kind", "key", "more"),
    [
        ("slack", "text", "pretext: mine"),
        ("slack", "text", "message_text: mine"),
        ("slack", "text", "fields: [{title: a, value: b}]"),
        ("rocketchat", "text", "fields: [{title: a, value: b}]"),
    ],
)
def test_where_alertmanager_has_no_body_it_may_stand_elsewhere(kind: str, key: str, more: str, tmp_path: Path) -> None:
    item = LEAST[kind].removesuffix("}") + f", {more}}}"
    assert body(settings(tmp_path, kind, item), key) == call(f"{kind}.default.text")


@pytest.mark.parametrize(
    ("kind", "item", "said"),
    [
        ("sns", "{phone_number: '+491'}", "readable.short"),
        ("sns", "{target_arn: a}", "readable.text"),
        ("telegram", "{bot_token: k, chat_id: -1, parse_mode: ''}", "readable.message"),
        ("telegram", "{bot_token: k, chat_id: -1, parse_mode: MarkdownV2}", "telegram.default.message"),
        ("wechat", "{api_secret: k, corp_id: c, message_type: markdown}", "readable.message"),
    ],
)
def test_bodies_fit_their_place(kind: str, item: str, said: str, tmp_path: Path) -> None:
    assert body(settings(tmp_path, kind, item), "message") == call(said)


def test_what_a_packaged_template_is_made_of() -> None:
    assert packaged_parts("discord.default.message") == {"discord.default.message", "__chat_lists", "__text_alert_list"}
    assert packaged_parts("slack.default.text") == {"slack.default.text"}
    assert packaged_parts("nobody") == {"nobody"}
