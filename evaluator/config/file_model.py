"""The top level of the configuration file: which keys there are, and the plain values among them."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator

from evaluator.config.later import NOT_ACTED_ON
from evaluator.config.limits import LimitsModel
from evaluator.config.models import Later, Model
from evaluator.config.prefixes import RoutePrefix
from evaluator.config.replies import LinksModel, RepliesModel
from evaluator.config.scalars import Address, Count, Flag, HiddenUrl, PublicUrl, Regex, Span, Text, one_of
from evaluator.config.silence_policy import SilencePolicyModel
from evaluator.config.telemetry import EventRecorderModel, TracingModel
from evaluator.core.matchers import MatcherMode

ALERTMANAGER: Final = "alertmanager"

_PROMETHEUS = "it is Prometheus' own configuration: name the server to query under datasources"
_KUBERNETES = "it is a Kubernetes object: keep what stands under spec"

# Keys that say that a file is of another kind altogether; that is all that is worth saying of it.
OTHER_FILES = MappingProxyType(
    {
        **dict.fromkeys(("scrape_configs", "scrape_config_files", "alerting", "remote_write", "remote_read"), _PROMETHEUS),
        **dict.fromkeys(("apiVersion", "kind", "metadata", "spec"), _KUBERNETES),
        "tests": "it is a file of unit tests: this version does not run them, `promtool test rules` does",
        "scenario": "it is a scenario: `evaluator test` plays it",
    }
)


class WebModel(Model):
    """`web`."""

    TITLE = "web"
    LATER = MappingProxyType({"config_file": "the pages and the API have neither TLS nor users"})

    listen: Address = ("127.0.0.1", 9093)
    get_concurrency: Count = 0
    timeout: Span = timedelta(0)
    cors_origin: Regex = ".*"
    route_prefix: RoutePrefix = None
    config_file: Later = None


class HeartbeatModel(Model):
    """`heartbeat`."""

    TITLE = "heartbeat"

    url: HiddenUrl | None = None
    url_file: Text | None = None
    every: Span = timedelta(minutes=1)


class CatchUpModel(Model):
    """`catch_up`."""

    TITLE = "catch_up"

    max: Span = timedelta(hours=6)
    notify: Flag = True


class IncidentsModel(Model):
    """`incidents`."""

    TITLE = "incidents"

    retention: Span = timedelta(days=400)


class RuleFilesModel(Model):
    """An entry of `rule_files` that names its datasource."""

    TITLE = "rule_files"

    files: Text = ""
    datasource: Text = ""


class FileModel(Model):
    """A configuration file. Blocks that are Any have readers of their own."""

    TITLE = "the configuration"
    LATER = NOT_ACTED_ON
    FOREIGN = MappingProxyType({"groups": "rule groups stand in files of their own: name them under rule_files"})

    datasources: Any = None
    rule_files: Any = None
    evaluation_interval: Span = timedelta(minutes=1)
    external_labels: dict[str, Text] = Field(default_factory=dict)
    external_url: PublicUrl = ""
    storage: Text = "sqlite:///evaluator.db"
    retention: Span = timedelta(hours=120)
    matcher_mode: Annotated[str, PlainValidator(one_of(*MatcherMode))] = MatcherMode.FALLBACK
    compatibility: Annotated[str, PlainValidator(one_of(ALERTMANAGER))] | None = None
    alertmanagers: Any = None
    alert_relabel_configs: Any = None
    catch_up: CatchUpModel = Field(default_factory=CatchUpModel)
    heartbeat: HeartbeatModel | None = None
    web: WebModel = Field(default_factory=WebModel)
    limits: LimitsModel = Field(default_factory=LimitsModel)

    components: Any = None
    people: Any = None
    oncall: Any = None
    profiles: Any = None
    calendars: Any = None
    schedules: Any = None
    escalations: Any = None
    severities: list[Text] = Field(default_factory=list)
    incidents: IncidentsModel = Field(default_factory=IncidentsModel)
    links: LinksModel = Field(default_factory=LinksModel)
    replies: RepliesModel = Field(default_factory=RepliesModel)
    report: Any = None

    globals_: Any = Field(default=None, alias="global")
    route: Any = None
    receivers: Any = None
    inhibit_rules: Any = None
    silences: Any = None
    silence_policy: SilencePolicyModel = Field(default_factory=SilencePolicyModel)
    time_intervals: Any = None
    mute_time_intervals: Any = None
    templates: Any = None
    tracing: TracingModel | None = None
    event_recorder: EventRecorderModel | None = None
