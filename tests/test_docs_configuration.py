"""The configuration and rules references against the models that read the files: every key, every default, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from docs.generate.keys import BY_HAND, sections
from docs.generate.keys import REQUIRED as NEEDED
from evaluator.config import Checked, check_paths
from evaluator.config.alertmanagers import AlertmanagerModel, StaticModel
from evaluator.config.bodies import with_bodies
from evaluator.config.datasources import BatchingModel, DatasourceModel, default_offset
from evaluator.config.file_model import CatchUpModel, FileModel, HeartbeatModel, IncidentsModel, RuleFilesModel, WebModel
from evaluator.config.globals import GlobalModel
from evaluator.config.http import (
    AuthorizationModel,
    BasicAuthModel,
    HeaderModel,
    HttpModel,
    with_scheme,
)
from evaluator.config.inhibition import InhibitModel
from evaluator.config.integrations.console import ConsoleModel
from evaluator.config.integrations.http import CallModel
from evaluator.config.integrations.mattermost import FieldModel as MattermostFieldModel
from evaluator.config.integrations.opsgenie import ResponderModel
from evaluator.config.integrations.slack import APP_URL, ActionModel, ConfirmModel, FieldModel, SlackModel
from evaluator.config.integrations.webhook import WebhookModel
from evaluator.config.intervals import ElementModel, IntervalModel, TimesModel
from evaluator.config.limits import LimitsModel
from evaluator.config.models import Model
from evaluator.config.oauth2 import OAuth2Model
from evaluator.config.oncall.calendars import CalendarModel
from evaluator.config.oncall.components import ComponentModel
from evaluator.config.oncall.escalations import (
    AckModel,
    EscalationModel,
    FlappingModel,
    HoursModel,
    LadderCatchUpModel,
    LevelModel,
    OutsideModel,
    RepeatModel,
)
from evaluator.config.oncall.ical import IcalModel, OnCallModel
from evaluator.config.oncall.people import AwayModel, PersonModel
from evaluator.config.oncall.profiles import ProfileStepModel
from evaluator.config.oncall.schedules import LayerModel, OverrideModel, ScheduleModel
from evaluator.config.rates import DEFAULT_LIMITS as DEFAULT_LIMITS_OF_KINDS
from evaluator.config.rates import RateLimitModel
from evaluator.config.receivers import KINDS, ReceiverModel
from evaluator.config.relabelling import RelabelModel
from evaluator.config.replies import (
    LinksModel,
    MailRepliesModel,
    PagerdutyRepliesModel,
    RepliesModel,
    SlackRepliesModel,
    TelegramRepliesModel,
    TwilioRepliesModel,
)
from evaluator.config.reports import ReportModel
from evaluator.config.routes import RouteModel
from evaluator.config.rule_models import GroupModel, RuleFileModel, RuleModel
from evaluator.config.silence_policy import SilencePolicyModel
from evaluator.config.silences import SilenceModel
from evaluator.config.telemetry import EventRecorderModel, FileOutputModel, KafkaOutputModel, TracingModel, WebhookOutputModel
from evaluator.config.tls import TlsModel
from evaluator.core.durations import format_duration
from evaluator.core.limits import DEFAULT_LIMITS, format_size
from evaluator.core.receivers.general import Sigv4
from evaluator.core.receivers.tickets import JiraText
from evaluator.core.routing.routing import Route
from evaluator.core.settings import DatasourceKind, Secret, SlackSettings
from evaluator.notify.delivery import DEFAULT_TIMEOUT
from tests.documents import ROOT, Row, rows, section

DOCS = ROOT / "docs"
MARK = "Not acted on yet"

SECTIONS: dict[type[Model], tuple[str, str]] = {
    FileModel: ("configuration.md", "Top level"),
    DatasourceModel: ("configuration.md", "`datasources`"),
    BatchingModel: ("configuration.md", "`batching`"),
    RateLimitModel: ("configuration.md", "`rate_limit`"),
    PersonModel: ("configuration.md", "`people`"),
    AwayModel: ("configuration.md", "An absence"),
    CalendarModel: ("configuration.md", "`calendars`"),
    ScheduleModel: ("configuration.md", "`schedules`"),
    LayerModel: ("configuration.md", "A layer"),
    OverrideModel: ("configuration.md", "An override"),
    ProfileStepModel: ("configuration.md", "`profiles`"),
    ComponentModel: ("configuration.md", "`components`"),
    EscalationModel: ("configuration.md", "`escalations`"),
    LevelModel: ("configuration.md", "A level"),
    RepeatModel: ("configuration.md", "`repeat` of an escalation"),
    AckModel: ("configuration.md", "`ack` of an escalation"),
    HoursModel: ("configuration.md", "`hours` of an escalation"),
    OutsideModel: ("configuration.md", "`outside` of `hours`"),
    LadderCatchUpModel: ("configuration.md", "`catch_up` of an escalation"),
    FlappingModel: ("configuration.md", "`flapping` of an escalation"),
    IncidentsModel: ("configuration.md", "`incidents`"),
    IcalModel: ("configuration.md", "The calendar of a layer"),
    OnCallModel: ("configuration.md", "`oncall`"),
    AlertmanagerModel: ("configuration.md", "`alertmanagers`"),
    StaticModel: ("configuration.md", "`static_configs`"),
    RelabelModel: ("configuration.md", "Relabelling"),
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
    ReportModel: ("configuration.md", "`report`"),
    WebModel: ("configuration.md", "`web`"),
    LimitsModel: ("configuration.md", "`limits`"),
    CatchUpModel: ("configuration.md", "`catch_up`"),
    ActionModel: ("configuration.md", "A button of a Slack message"),
    ConfirmModel: ("configuration.md", "The question of a button"),
    OAuth2Model: ("configuration.md", "`oauth2`"),
    InhibitModel: ("configuration.md", "`inhibit_rules`"),
    SilenceModel: ("configuration.md", "`silences`"),
    SilencePolicyModel: ("configuration.md", "`silence_policy`"),
    IntervalModel: ("configuration.md", "`time_intervals`"),
    ElementModel: ("configuration.md", "An alternative of a time interval"),
    TimesModel: ("configuration.md", "A time of the day"),
    TracingModel: ("configuration.md", "`tracing`"),
    EventRecorderModel: ("configuration.md", "`event_recorder`"),
    **{one.model: ("configuration.md", one.heading) for one in sections()},
    LinksModel: ("configuration.md", "`links`"),
    RepliesModel: ("configuration.md", "`replies`"),
    SlackRepliesModel: ("configuration.md", "`slack` of `replies`"),
    PagerdutyRepliesModel: ("configuration.md", "`pagerduty` of `replies`"),
    TwilioRepliesModel: ("configuration.md", "`twilio` of `replies`"),
    TelegramRepliesModel: ("configuration.md", "`telegram` of `replies`"),
    MailRepliesModel: ("configuration.md", "`mail` of `replies`"),
    RuleFileModel: ("rules.md", "A rule file"),
    GroupModel: ("rules.md", "A rule group"),
    RuleModel: ("rules.md", "A rule"),
}

PEOPLE = "people: {a: {email: a@b, "
LAYER = PEOPLE + "}}\nschedules: {s: {layers: ["
OVERRIDE = PEOPLE + "}}\nschedules: {s: {fallback: [a], overrides: ["
LADDER = PEOPLE + "}}\ncalendars: {c: {open: [Mon 09:00-18:00]}}\nescalations: {a: {"
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
    (AwayModel, "from"): PEOPLE + "away: [{to: 2026-01-01}]}}",
    (AwayModel, "to"): PEOPLE + "away: [{from: 2026-01-01}]}}",
    (CalendarModel, "open"): "calendars: {c: {time_zone: UTC}}",
    (LayerModel, "rotation"): LAYER + "{every: 1 day, start: 2026-01-01}]}}",
    (LayerModel, "every"): LAYER + "{rotation: [a], start: 2026-01-01}]}}",
    (LayerModel, "start"): LAYER + "{rotation: [a], every: 1 day}]}}",
    (OverrideModel, "from"): OVERRIDE + "{with: a, to: 2026-01-01}]}}",
    (OverrideModel, "to"): OVERRIDE + "{with: a, from: 2026-01-01}]}}",
    (HeartbeatModel, "url_file"): "heartbeat: {every: 1m}",
    (ReportModel, "schedule"): "report: {receivers: [team]}",
    (ReportModel, "receivers"): "report: {schedule: '@weekly'}",
    (ActionModel, "type"): RECEIVER + "slack_configs: [{api_url: http://a, actions: [{text: a, url: b}]}]",
    (ActionModel, "text"): RECEIVER + "slack_configs: [{api_url: http://a, actions: [{type: button, url: b}]}]",
    (ConfirmModel, "text"): RECEIVER
    + "slack_configs: [{api_url: http://a, actions: [{type: button, text: a, name: b, confirm: {title: a}}]}]",
    (MattermostFieldModel, "title"): RECEIVER + "mattermost_configs: [{webhook_url: http://a, fields: [{value: a}]}]",
    (MattermostFieldModel, "value"): RECEIVER + "mattermost_configs: [{webhook_url: http://a, fields: [{title: a}]}]",
    (ResponderModel, "type"): RECEIVER + "opsgenie_configs: [{api_key: a, responders: [{name: a}]}]",
    **{(CallModel, key): RECEIVER + "http_configs: [{url: 'http://a', update: {method: PUT}}]" for key in ("url", "url_file")},
    (OAuth2Model, "client_id"): "datasources: [{name: a, url: http://a, oauth2: {token_url: http://b}}]",
    (OAuth2Model, "token_url"): "datasources: [{name: a, url: http://a, oauth2: {client_id: b}}]",
    (SilenceModel, "matchers"): "silences: [{name: a, schedule: '@daily', duration: 1h}]",
    (IntervalModel, "name"): "time_intervals: [{time_intervals: []}]",
    (TimesModel, "start_time"): "time_intervals: [{name: a, time_intervals: [{times: [{end_time: 10:00}]}]}]",
    (TimesModel, "end_time"): "time_intervals: [{name: a, time_intervals: [{times: [{start_time: 10:00}]}]}]",
    **{(SlackRepliesModel, f"signing_secret{form}"): "replies: {slack: {team: T1}}" for form in ("", "_file")},
    **{(PagerdutyRepliesModel, f"secret{form}"): "replies: {pagerduty: {users: {}}}" for form in ("", "_file")},
    **{(TwilioRepliesModel, f"auth_token{form}"): "replies: {twilio: {url: http://a}}" for form in ("", "_file")},
    **{(TelegramRepliesModel, f"secret_token{form}"): "replies: {telegram: {}}" for form in ("", "_file")},
    **{(MailRepliesModel, f"secret{form}"): "replies: {mail: {address: a@b.org, authserv_id: b}}" for form in ("", "_file")},
    (MailRepliesModel, "address"): "replies: {mail: {secret: a, authserv_id: b}}",
    (MailRepliesModel, "authserv_id"): "replies: {mail: {secret: a, address: a@b.org}}",
    (ProfileStepModel, "via"): "profiles: {page: [{at: 0m}]}",
    (EscalationModel, "levels"): "escalations: {a: {}}",
    (LevelModel, "at"): LADDER + "levels: [{notify: [person:a]}]}}",
    (LevelModel, "notify"): LADDER + "levels: [{at: 0m}]}}",
    (HoursModel, "calendar"): LADDER + "levels: [{at: 0m, notify: [person:a]}], hours: {outside: {severity: [page]}}}}",
    (OutsideModel, "severity"): LADDER + "levels: [{at: 0m, notify: [person:a]}], hours: {calendar: c}}}",
    (TracingModel, "endpoint"): "tracing: {insecure: true}",
    (FileOutputModel, "path"): "event_recorder: {file_outputs: [{}]}",
    (WebhookOutputModel, "url"): "event_recorder: {webhook_outputs: [{}]}",
    (KafkaOutputModel, "brokers"): "event_recorder: {kafka_outputs: [{topic: a}]}",
    (KafkaOutputModel, "topic"): "event_recorder: {kafka_outputs: [{brokers: [a]}]}",
    (GroupModel, "name"): "groups: [{rules: []}]",
    (RuleModel, "expr"): "groups: [{name: a, rules: [{alert: A}]}]",
}


GENERATED = {name: kind for name, kind in KINDS.items() if name not in BY_HAND}
LEAST: dict[str, dict[str, Any]] = {
    "email": {"to": "a"},
    "pagerduty": {"routing_key": "a"},
    "victorops": {"routing_key": "a"},
    "pushover": {"user_key": "a", "token": "b"},
    "sns": {"topic_arn": "a"},
    "telegram": {"chat_id": "1"},
    "discord": {"webhook_url": "http://a"},
    "webex": {"room_id": "a", "http_config": {"authorization": {"credentials": "b"}}},
    "msteams": {"webhook_url": "http://a"},
    "msteamsv2": {"webhook_url": "http://a"},
    "jira": {"project": "a", "issue_type": "b"},
    "incidentio": {"url": "http://a"},
    "http": {"url": "http://a"},
    "apprise": {"urls": ["json://localhost"]},
    "ntfy": {"topic": "a"},
    "twilio": {"to": ["+2"]},
}
"""With what is in `GLOBAL`, a kind needs this and no more."""

GLOBAL = {
    "smtp_smarthost": "mail.example.org:587",
    "jira_api_url": "https://jira.example.org",
    "mattermost_webhook_url": "https://mattermost.example.org/hook",
    **{f"smtp_{key}": f"the {key}" for key in ("from", "auth_username", "auth_password", "auth_secret", "auth_identity")},
    **{key: f"the {key}" for key in ("opsgenie_api_key", "wechat_api_secret", "wechat_api_corp_id", "victorops_api_key")},
    **{key: f"the {key}" for key in ("telegram_bot_token", "rocketchat_token", "rocketchat_token_id")},
    **{key: f"the {key}" for key in ("twilio_account_sid", "twilio_auth_token", "twilio_from")},
}


def effective() -> Iterator[tuple[tuple[type[Model], str], str]]:
    """Defaults that are not those of the model: inherited ones, and those that hold where nothing is written."""
    plain, victoriametrics = (format_duration(default_offset(kind)) for kind in DatasourceKind)
    yield (DatasourceModel, "query_offset"), f"{plain}, {victoriametrics} for victoriametrics"
    yield (GroupModel, "interval"), "evaluation_interval"
    yield (GroupModel, "query_offset"), "the datasource's"
    yield (AuthorizationModel, "type"), with_scheme("", Secret("x")).type
    yield from ((((RouteModel, key), "inherited")) for key in ("receiver", "group_by", "escalation", "dry_run"))
    for key in ("group_wait", "group_interval", "repeat_interval"):
        yield (RouteModel, key), f"inherited, {format_duration(getattr(Route('top'), key))} at the top"
    for key in ("silence_size", "body_size", "label_name_length", "label_value_length", "annotation_size"):
        yield (LimitsModel, key), format_size(getattr(DEFAULT_LIMITS, key))
    yield from integrations()
    yield from slack()


def integrations() -> Iterator[tuple[tuple[type[Model], str], str]]:
    for kind in KINDS.values():
        yield (kind.model, "send_resolved"), str(kind.send_resolved).lower()
        yield (kind.model, "timeout"), f"{DEFAULT_TIMEOUT:g}s"
        yield (kind.model, "http_config"), "that of global"
    for name, kind in KINDS.items():
        yield (kind.model, "rate_limit"), str(DEFAULT_LIMITS_OF_KINDS.get(name, "none"))


def slack() -> Iterator[tuple[tuple[type[Model], str], str]]:
    absent = with_bodies("slack", SlackSettings(Secret()), frozenset(), frozenset())
    assert isinstance(absent, SlackSettings)
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


MODELS = sorted(set(models()), key=lambda model: f"{model.__module__}.{model.__name__}")
INTEGRATIONS = {kind.model for kind in GENERATED.values()}


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
        case None | "" | [] | () | {} | BaseModel() | Sigv4():
            return "none"
        case bool():
            return str(value).lower()
        case timedelta():
            return format_duration(value)
        case JiraText():
            return value.template
        case tuple() if value and isinstance(value[0], tuple):
            return ", ".join(name for name, _ in value)
        case (host, port):
            return f"{host}:{port}"
    return str(value)


def dormant(model: type[Model]) -> dict[str, str]:
    """Keys that are read and not acted on, with what that means where the code says it."""
    return dict(model.LATER)


def with_receiver(kind: str, keys: dict[str, Any], path: Path) -> Checked:
    """What is found in a file with one integration, written to `path`."""
    receiver = {"name": "a", f"{kind}_configs": [keys]}
    path.write_text(json.dumps({"global": GLOBAL, "route": {"receiver": "a"}, "receivers": [receiver]}))
    return check_paths([path], environ={})


def test_every_model_has_a_section() -> None:
    assert set(MODELS) == set(SECTIONS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_has_one_row_and_every_row_is_a_key(model: type[Model]) -> None:
    """Keys that a datasource or an Alertmanager shares with http_config stand there, one link away."""
    found = [key for key, _ in documented(model)]
    shared = HttpModel.names() if model in (DatasourceModel, AlertmanagerModel) else frozenset[str]()
    assert sorted(found) == sorted(model.names() - shared)
    assert not shared or "(#http_config)" in part(model)


@pytest.mark.parametrize("model", [model for model in MODELS if model not in INTEGRATIONS], ids=lambda model: model.__name__)
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


@pytest.mark.parametrize("kind", GENERATED)
def test_defaults_of_receivers_in_tables_that_are_generated(kind: str, tmp_path: Path) -> None:
    """Those that the settings have when only what is required is written, here and in `global`."""
    checked = with_receiver(kind, LEAST.get(kind, {}), tmp_path / "least.yml")
    assert not [problem for problem in checked.problems if problem.severity == "error"]
    assert checked.files[0].settings is not None
    (receiver,) = checked.files[0].settings.receivers
    (integration,) = receiver.integrations
    model = KINDS[kind].model
    names = {field.alias or name: name for name, field in model.model_fields.items()}
    stated = {names[key]: row.default for key, row in documented(model) if row.default not in ("required", "that of global")}
    assert stated.pop("send_resolved") == written(integration.send_resolved)
    shared = {name: default.removesuffix(" of global") for name, default in stated.items() if default.endswith(" of global")}
    top = GlobalModel.model_validate(GLOBAL)
    for name in stated.keys() & {field.name for field in fields(integration.settings)}:
        value = getattr(integration.settings, name)
        assert value == getattr(top, shared[name]) if name in shared else written(value) == stated[name], name


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in LEAST.items() for key in keys])
def test_what_a_receiver_requires_is_missed(kind: str, key: str, tmp_path: Path) -> None:
    """And nothing else that is marked as required is, but for what stands in the place of another key."""
    keys = {name: value for name, value in LEAST[kind].items() if name != key}
    problems = with_receiver(kind, keys, tmp_path / "without.yml").problems
    assert any(problem.severity == "error" for problem in problems)
    assert NEEDED[kind][: len(LEAST[kind])] == tuple(LEAST[kind])


@pytest.mark.parametrize("key", ["tracing", "event_recorder"])
def test_sections_that_are_not_acted_on_say_so_first(key: str) -> None:
    assert FileModel.LATER[key] in section(DOCS / "configuration.md", f"`{key}`")
    assert section(DOCS / "configuration.md", f"`{key}`").strip().startswith(f"{MARK}: {FileModel.LATER[key]}")


@pytest.mark.parametrize(("key", "text"), REQUIRED.items(), ids=[f"{model.__name__}.{key}" for model, key in REQUIRED])
def test_what_is_required_is_missed(key: tuple[type[Model], str], text: str, tmp_path: Path) -> None:
    """Without it the file is refused, by its name or the singular of that."""
    path = tmp_path / "without.yml"
    path.write_text(text)
    problems = check_paths([path], environ={}).problems
    assert any(problem.severity == "error" and key[1].removesuffix("_file").rstrip("s") in str(problem) for problem in problems)
