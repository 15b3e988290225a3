"""The configuration and rules references against the models that read the files: every key, every default, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from evaluator.config import check_paths
from evaluator.config.datasources import DatasourceModel, default_offset
from evaluator.config.file_model import CatchUpModel, FileModel, HeartbeatModel, RuleFilesModel, WebModel
from evaluator.config.globals import GlobalModel
from evaluator.config.http import (
    AuthorizationModel,
    BasicAuthModel,
    HeaderModel,
    HttpModel,
    TlsModel,
    with_scheme,
)
from evaluator.config.integrations.console import ConsoleModel
from evaluator.config.integrations.slack import APP_URL, FieldModel, SlackModel
from evaluator.config.integrations.webhook import WebhookModel
from evaluator.config.later import InhibitModel, IntervalModel
from evaluator.config.models import Model
from evaluator.config.receivers import KINDS, LATER, ReceiverModel
from evaluator.config.routes import RouteModel
from evaluator.config.rule_models import GroupModel, RuleFileModel, RuleModel
from evaluator.core.durations import format_duration
from evaluator.core.routing import Route
from evaluator.core.settings import DatasourceKind, Secret, SlackSettings
from evaluator.notify.delivery import DEFAULT_TIMEOUT
from tests.documents import ROOT, Row, rows, section

DOCS = ROOT / "docs"
MARK = "Not acted on yet"

SECTIONS: dict[type[Model], tuple[str, str]] = {
    FileModel: ("configuration.md", "Top level"),
    DatasourceModel: ("configuration.md", "`datasources`"),
    RuleFilesModel: ("configuration.md", "`rule_files`"),
    RouteModel: ("configuration.md", "`route`"),
    ReceiverModel: ("configuration.md", "`receivers`"),
    ConsoleModel: ("configuration.md", "`console_configs`"),
    WebhookModel: ("configuration.md", "`webhook_configs`"),
    SlackModel: ("configuration.md", "`slack_configs`"),
    FieldModel: ("configuration.md", "A field of a Slack message"),
    HttpModel: ("configuration.md", "`http_config`"),
    AuthorizationModel: ("configuration.md", "`authorization`"),
    BasicAuthModel: ("configuration.md", "`basic_auth`"),
    TlsModel: ("configuration.md", "`tls_config`"),
    HeaderModel: ("configuration.md", "`http_headers`"),
    GlobalModel: ("configuration.md", "`global`"),
    HeartbeatModel: ("configuration.md", "`heartbeat`"),
    WebModel: ("configuration.md", "`web`"),
    CatchUpModel: ("configuration.md", "`catch_up`"),
    InhibitModel: ("configuration.md", "`inhibit_rules`"),
    IntervalModel: ("configuration.md", "`time_intervals`"),
    RuleFileModel: ("rules.md", "A rule file"),
    GroupModel: ("rules.md", "A rule group"),
    RuleModel: ("rules.md", "A rule"),
}

RECEIVER = "route: {receiver: a}\nreceivers:\n  - name: a\n    "
REQUIRED: dict[tuple[type[Model], str], str] = {
    (DatasourceModel, "name"): "datasources: [{url: http://a}]",
    (DatasourceModel, "url"): "datasources: [{name: a}]",
    (RuleFilesModel, "files"): "datasources: [{name: a, url: http://a}]\nrule_files: [{datasource: a}]",
    (ReceiverModel, "name"): "route: {receiver: a}\nreceivers: [{name: a}, {console_configs: [{}]}]",
    (WebhookModel, "url"): RECEIVER + "webhook_configs: [{max_alerts: 1}]",
    (WebhookModel, "url_file"): RECEIVER + "webhook_configs: [{max_alerts: 1}]",
    (FieldModel, "title"): RECEIVER + "slack_configs: [{api_url: http://a, fields: [{value: a}]}]",
    (FieldModel, "value"): RECEIVER + "slack_configs: [{api_url: http://a, fields: [{title: a}]}]",
    (AuthorizationModel, "credentials"): "datasources: [{name: a, url: http://a, authorization: {type: FlyV1}}]",
    (AuthorizationModel, "credentials_file"): "datasources: [{name: a, url: http://a, authorization: {type: FlyV1}}]",
    (HeartbeatModel, "url"): "heartbeat: {every: 1m}",
    (HeartbeatModel, "url_file"): "heartbeat: {every: 1m}",
    (IntervalModel, "name"): "time_intervals: [{time_intervals: []}]",
    (GroupModel, "name"): "groups: [{rules: []}]",
    (RuleModel, "expr"): "groups: [{name: a, rules: [{alert: A}]}]",
}


def effective() -> Iterator[tuple[tuple[type[Model], str], str]]:
    """Defaults that are not those of the model: inherited ones, and those that hold where nothing is written."""
    plain, victoriametrics = (format_duration(default_offset(kind)) for kind in DatasourceKind)
    yield (DatasourceModel, "query_offset"), f"{plain}, {victoriametrics} for victoriametrics"
    yield (GroupModel, "interval"), "evaluation_interval"
    yield (GroupModel, "query_offset"), "the datasource's"
    yield (AuthorizationModel, "type"), with_scheme("", Secret("x")).type
    yield from ((((RouteModel, key), "inherited")) for key in ("receiver", "group_by"))
    for key in ("group_wait", "group_interval", "repeat_interval"):
        yield (RouteModel, key), f"inherited, {format_duration(getattr(Route('top'), key))} at the top"
    yield from integrations()
    yield from slack()


def integrations() -> Iterator[tuple[tuple[type[Model], str], str]]:
    for kind in KINDS.values():
        yield (kind.model, "send_resolved"), str(kind.send_resolved).lower()
        yield (kind.model, "timeout"), f"{DEFAULT_TIMEOUT:g}s"
        yield (kind.model, "http_config"), "that of global"


def slack() -> Iterator[tuple[tuple[type[Model], str], str]]:
    absent = SlackSettings(Secret())
    for name, field in SlackModel.model_fields.items():
        if field.default == "":
            yield (SlackModel, name), getattr(absent, name) or "none"
    yield (SlackModel, "mrkdwn_in"), f"[{', '.join(absent.mrkdwn_in)}]"
    yield (SlackModel, "app_url"), APP_URL
    for key in ("api_url", "app_token"):
        yield from (((SlackModel, key + form), f"slack_{key} of global") for form in ("", "_file"))
    yield (FieldModel, "short"), "short_fields"


EFFECTIVE = dict(effective())


def models() -> list[type[Model]]:
    """Every mapping that may be written, and not the bases that some share."""
    found, waiting = [], [Model]
    while waiting:
        model = waiting.pop()
        below = [one for one in model.__subclasses__() if one.__module__.startswith("evaluator.config")]
        waiting += below
        if not below or model in SECTIONS:
            found.append(model)
    return found


MODELS = sorted(set(models()), key=lambda model: model.__name__)


def part(model: type[Model]) -> str:
    """The section of a model."""
    file, heading = SECTIONS[model]
    return section(DOCS / file, heading)


def documented(model: type[Model]) -> list[tuple[str, Row]]:
    """The keys that its section has a row for."""
    return [(key, row) for row in rows(part(model)) for key in row.keys]


def written(value: Any) -> str:
    """A default as the documents write it."""
    match value:
        case None | "" | [] | {} | BaseModel():
            return "none"
        case bool():
            return str(value).lower()
        case timedelta():
            return format_duration(value)
        case (host, port):
            return f"{host}:{port}"
    return str(value)


def dormant(model: type[Model]) -> dict[str, str]:
    """Keys that are read and not acted on, with what that means where the code says it."""
    silent = {key: "" for key, field in model.model_fields.items() if model is GlobalModel and field.annotation is Any}
    if model is GlobalModel:
        silent["resolve_timeout"] = ""  # nobody can post alerts yet
    if model is ReceiverModel:
        silent = {f"{kind}_configs": "" for kind in LATER}
    return {**silent, **model.LATER}


def test_every_model_has_a_section() -> None:
    assert {model.__name__ for model in MODELS} == {model.__name__ for model in SECTIONS}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_has_one_row_and_every_row_is_a_key(model: type[Model]) -> None:
    """Keys that a datasource shares with http_config stand there, one link away."""
    found = [key for key, _ in documented(model)]
    shared = HttpModel.names() if model is DatasourceModel else frozenset[str]()
    assert sorted(found) == sorted(model.names() - shared)
    assert not shared or "(#http_config)" in part(model)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_defaults_are_those_of_the_code(model: type[Model]) -> None:
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    stated = {key: row.default for key, row in documented(model)}
    expected = {
        key: EFFECTIVE.get((model, key)) or written(fields[key].get_default(call_default_factory=True))
        for key in stated.keys() & fields
    }
    needed = {key: "required" for owner, key in REQUIRED if owner is model}
    assert stated == {**expected, **needed}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_keys_that_are_not_acted_on_are_marked(model: type[Model]) -> None:
    """In the words of the warning; and no other key is marked."""
    idle = dormant(model)
    for key, row in documented(model):
        assert (MARK in row.text) == (key in idle), key
        assert idle.get(key, "") in row.text.replace("`", ""), key


@pytest.mark.parametrize("key", ["catch_up", "inhibit_rules", "time_intervals"])
def test_sections_that_are_not_acted_on_say_so_first(key: str) -> None:
    assert FileModel.LATER[key] in section(DOCS / "configuration.md", f"`{key}`")
    assert section(DOCS / "configuration.md", f"`{key}`").strip().startswith(f"{MARK}: {FileModel.LATER[key]}")


@pytest.mark.parametrize(("key", "text"), REQUIRED.items(), ids=[f"{model.__name__}.{key}" for model, key in REQUIRED])
def test_what_is_required_is_missed(key: tuple[type[Model], str], text: str, tmp_path: Path) -> None:
    """Without it the file is refused."""
    path = tmp_path / "without.yml"
    path.write_text(text)
    problems = check_paths([path], environ={}).problems
    assert any(problem.severity == "error" and key[1].removesuffix("_file") in str(problem) for problem in problems)
