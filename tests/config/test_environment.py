"""Values from the environment and from files: where they are read, and that they never show."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.config.compose import compose
from evaluator.config.nodes import plain
from evaluator.config.problems import Problems
from evaluator.core.settings import Authorization, Secret, Settings, WebhookSettings


def value(text: str, **environ: str) -> object:
    problems = Problems()
    document = compose(text, "f", problems, environ)
    assert problems.sorted() == ()
    assert document is not None
    assert document.root is not None
    return plain(document.root)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("${NAME}", "value"),
        ("'${NAME}'", "value"),
        ('"${NAME}"', "value"),
        ("|-\n  ${NAME}", "value"),
        ("{b: ${NAME}}", {"b": "value"}),
        ("[${NAME}, x]", ["value", "x"]),
        ("x${NAME}", "x${NAME}"),
        ("${NAME} ", "value"),
        ("'${NAME} '", "${NAME} "),
        ("$NAME", "$NAME"),
        ("'${}'", "${}"),
        ("'${1}'", "${1}"),
        ("$${NAME}", "$${NAME}"),
    ],
)
def test_only_a_scalar_that_is_exactly_a_variable_is_filled(written: str, expected: object) -> None:
    assert value(f"a: {written}\n", NAME="value") == {"a": expected}


def test_keys_are_not_filled() -> None:
    assert value("${NAME}: a\n", NAME="value") == {"${NAME}": "a"}


@pytest.mark.parametrize("text", ["", "null", "{a: b}", "[x]", "a: b", "*x", "\n"])
def test_a_value_of_the_environment_is_a_text_and_never_yaml(text: str) -> None:
    assert value("a: ${NAME}\n", NAME=text) == {"a": text}


def configured(tmp_path: Path, text: str, **environ: str) -> Settings:
    path = tmp_path / "evaluator.yml"
    path.write_text(text)
    loaded = load(path, environ=environ)
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.settings is not None
    return loaded.settings


def authorization(tmp_path: Path, written: str, **environ: str) -> Authorization | None:
    text = f"datasources:\n  - name: fly\n    url: https://prom.example.org\n    {written}\n"
    return configured(tmp_path, text, **environ).datasources[0].http.authorization


@pytest.mark.parametrize(
    ("written", "scheme", "token"),
    [
        ("authorization: {type: FlyV1, credentials: 'FlyV1 fm2_x,fm2_y'}", "FlyV1", "fm2_x,fm2_y"),
        ("authorization: {type: FlyV1, credentials: 'fm2_x'}", "FlyV1", "fm2_x"),
        ("authorization: {type: flyv1, credentials: 'FlyV1 fm2_x'}", "FlyV1", "fm2_x"),
        ("authorization: {credentials: 'FlyV1 fm2_x'}", "FlyV1", "fm2_x"),
        ("authorization: {type: Bearer, credentials: 'FlyV1 fm2_x'}", "FlyV1", "fm2_x"),
        ("authorization: {credentials: 'Bearer abc'}", "Bearer", "abc"),
        ("authorization: {credentials: abc}", "Bearer", "abc"),
        ("authorization: {type: Custom, credentials: 'two words'}", "Custom", "two words"),
        ("bearer_token: abc", "Bearer", "abc"),
        ("bearer_token: 'FlyV1 fm2_x'", "FlyV1", "fm2_x"),
        ("authorization: {type: FlyV1, credentials: ${TOKEN}}", "FlyV1", "fm2_z"),
    ],
)
def test_a_scheme_is_sent_once(tmp_path: Path, written: str, scheme: str, token: str) -> None:
    """`fly tokens create` prints the scheme with the token; pasted as it is, it must not be sent twice."""
    assert authorization(tmp_path, written, TOKEN="FlyV1 fm2_z\n") == Authorization(scheme, Secret(token))


def test_a_secret_in_a_file_is_found_from_the_configuration(tmp_path: Path) -> None:
    found = authorization(tmp_path, "authorization: {type: FlyV1, credentials_file: secrets/token}")
    assert found == Authorization("FlyV1", Secret(path=tmp_path / "secrets" / "token"))


def test_a_file_secret_is_not_read_when_the_configuration_is(tmp_path: Path) -> None:
    """The file may come later, or change: it is read when the secret is needed."""
    text = "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url_file: later}]}]\n"
    integration = configured(tmp_path, text).receivers[0].integrations[0]
    assert isinstance(integration.settings, WebhookSettings)
    (tmp_path / "later").write_text("http://hook\n")
    assert integration.settings.url.reveal() == "http://hook"


@pytest.mark.parametrize(
    "text",
    [
        "evaluation_interval: ${S}\n",
        "external_url: ${S}\n",
        "storage: ${S}\n",
        "web: {listen: ${S}}\n",
        "datasources: [{name: a, url: ${S}}]\n",
        "datasources: [{name: a, url: http://a, kind: ${S}}]\n",
        "datasources: [{name: a, url: http://a, authorization: ${S}}]\n",
        "datasources: [{name: a, url: http://a, sentinel: ${S}}]\n",
        "datasources: [{name: a, url: http://a, max_concurrency: ${S}}]\n",
        "global: {slack_api_url: ${S}}\n",
        "route: {receiver: ${S}}\nreceivers: [{name: a}]\n",
        "route: {receiver: a, continue: ${S}}\nreceivers: [{name: a}]\n",
        "route: {receiver: a, routes: [{matchers: [${S}]}]}\nreceivers: [{name: a}]\n",
        "route: {receiver: a, routes: [{match_re: {a: ${S}}}]}\nreceivers: [{name: a}]\n",
        "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: ${S}}]}]\n",
        "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: ${S}}]}]\n",
        "rule_files: [${S}]\ndatasources: [{name: a, url: http://a}]\n",
    ],
)
def test_no_message_quotes_a_value_of_the_environment(tmp_path: Path, text: str) -> None:
    """A secret that stands in the wrong place is complained about by the name of its variable."""
    path = tmp_path / "evaluator.yml"
    path.write_text(text)
    loaded = load(path, environ={"S": "(hunter2"})
    assert loaded.settings is None
    assert loaded.problems
    assert not [str(problem) for problem in loaded.problems if "hunter2" in str(problem)]


@pytest.mark.parametrize(
    "text",
    [
        "datasources: [{name: a, url: http://a, authorization: hunter2}]\n",
        "datasources: [{name: a, url: http://a, basic_auth: hunter2}]\n",
        "datasources: [{name: a, url: 'https://me:hunter2@a'}]\n",
        "datasources: [{name: a, url: http://a, authorization: {credentials: [hunter2]}}]\n",
        "datasources: [{name: a, url: http://a, authorization: {credentials: {a: hunter2}}}]\n",
        "storage: mysql://me:hunter2@a/b\n",
        "global: {slack_api_url: hunter2}\n",
        "heartbeat: {url: hunter2}\n",
        "heartbeat: hunter2\n",
        "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'hunter2://x'}]}]\n",
        "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: http://a, http_config: {proxy_url: hunter2}}]}]\n",
    ],
)
def test_no_message_quotes_a_secret(tmp_path: Path, text: str) -> None:
    path = tmp_path / "evaluator.yml"
    path.write_text(text)
    loaded = load(path, environ={})
    assert loaded.settings is None
    assert not [str(problem) for problem in loaded.problems if "hunter2" in str(problem)]


def test_settings_do_not_show_secrets(tmp_path: Path) -> None:
    text = (
        "datasources: [{name: a, url: http://a, basic_auth: {username: u, password: hunter2}, headers: {X-Key: hunter2}}]\n"
        "global: {slack_api_url: 'https://hooks.example.org/hunter2'}\n"
        "route: {receiver: a}\n"
        "receivers: [{name: a, slack_configs: [{channel: c}], webhook_configs: [{url: 'http://hunter2'}]}]\n"
    )
    assert "hunter2" not in repr(configured(tmp_path, text))
