"""What a configuration file says, as values; the one thing that `config` hands to everybody else.

Durations are timedeltas, secrets are `Secret`s, paths are absolute, and everything has been checked.
"""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from evaluator.core.evaluation.rules import RuleGroup
from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, Authorization, BasicAuth, HttpSettings, Secret, TlsSettings
from evaluator.core.incidents.policy import NO_LADDERS, Ladders
from evaluator.core.labels import NO_LABELS, Labels
from evaluator.core.limits import DEFAULT_LIMITS, Limits
from evaluator.core.matchers import MatcherMode
from evaluator.core.muting.inhibition import InhibitRule
from evaluator.core.muting.intervals import NamedInterval
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.silence_policy import NO_POLICY, SilencePolicy
from evaluator.core.muting.windows import Window
from evaluator.core.oncall.people import NO_DUTY, Duty
from evaluator.core.posted.relabelling import Relabel
from evaluator.core.receivers import Integration, IntegrationSettings, Receiver
from evaluator.core.receivers.general import ConsoleSettings, WebhookSettings
from evaluator.core.receivers.slack import SlackField, SlackSettings
from evaluator.core.replies import DEFAULT_LINKS, NO_REPLIES, LinkSettings, Replies
from evaluator.core.reports import ReportSettings
from evaluator.core.routing.routing import Route

__all__ = [
    "Alertmanager",
    "Authorization",
    "BasicAuth",
    "CatchUp",
    "ConsoleSettings",
    "Datasource",
    "DatasourceKind",
    "Heartbeat",
    "HttpSettings",
    "Integration",
    "IntegrationSettings",
    "Receiver",
    "Secret",
    "Settings",
    "SlackField",
    "SlackSettings",
    "TlsSettings",
    "Web",
    "WebhookSettings",
]


class DatasourceKind(StrEnum):
    """Which server answers; decides dialect, cache switches and how partial answers are announced."""

    PROMETHEUS = "prometheus"
    VICTORIAMETRICS = "victoriametrics"


@frozen
class Batching:
    """How many rules one request may answer, and how many bytes its expression may have. off: one request for each rule."""

    max_rules: int = 100
    max_length: int = 16_000
    off: bool = False


@frozen
class Datasource:
    """A server that can be queried. url: base without `/api/v1`. max_concurrency: requests in flight at once."""

    name: str
    url: str
    kind: DatasourceKind = DatasourceKind.PROMETHEUS
    http: HttpSettings = DEFAULT_HTTP
    query_offset: timedelta = timedelta(0)
    timeout: timedelta = timedelta(seconds=10)
    max_concurrency: int = 8
    sentinel: str = ""
    batching: Batching = Batching()


@frozen
class Alertmanager:
    """An Alertmanager that own alerts are forwarded to. url: where alerts are posted; no two have the same.

    timeout: of one post. relabel: what becomes of alerts that are posted to this one.
    """

    url: str
    http: HttpSettings = DEFAULT_HTTP
    timeout: timedelta = timedelta(seconds=10)
    relabel: tuple[Relabel, ...] = ()


@frozen
class Heartbeat:
    """A URL that is called while evaluations and deliveries complete. every: time between calls."""

    url: Secret
    every: timedelta


@frozen
class CatchUp:
    """How far missed slots are evaluated after downtime, and whether what happened then is told."""

    max: timedelta = timedelta(hours=6)
    notify: bool = True


@frozen
class Web:
    """How the HTTP surface answers. get_concurrency: reading requests at once; 0: as many as processors, but at least 8.

    timeout: how long one may take; zero for ever. cors_origin: an RE2 expression of the origins whose pages may use the
    APIs of Alertmanager and Prometheus; empty for none. route_prefix: a path below which everything is served too; empty: none.
    """

    get_concurrency: int = 0
    timeout: timedelta = timedelta(0)
    cors_origin: str = ".*"
    route_prefix: str = ""


@frozen
class Settings:
    """A whole configuration. listen: host and port. storage: the URL of the store. retention: age of history to keep;
    incident_retention: of that of incidents.

    alertmanagers: whom own alerts are forwarded to. alert_relabel: what becomes of them first, for all of these.
    windows, silences: maintenance windows and silences as code. silence_policy: what is objected to in silences.
    duty: people, and who is on call. ladders: how they are chased. links, replies: how they answer. report: about all that.
    compatibility: behave as Alertmanager does where the evaluator would depart from it. matcher_mode: the language of
    matchers, in the file and in the API. original: what an Alertmanager would show of the file as YAML, secrets hidden.
    leaving: receivers that the file has no more, and that are still to be told that something is over; see
    `core.routing.leaving`.
    """

    path: Path | None
    datasources: tuple[Datasource, ...]
    groups: tuple[RuleGroup, ...]
    route: Route
    receivers: tuple[Receiver, ...]
    external_labels: Labels = NO_LABELS
    external_url: str = ""
    evaluation_interval: timedelta = timedelta(minutes=1)
    storage: str = "sqlite:///evaluator.db"
    retention: timedelta = timedelta(hours=120)
    incident_retention: timedelta = timedelta(days=400)
    alertmanagers: tuple[Alertmanager, ...] = ()
    alert_relabel: tuple[Relabel, ...] = ()
    catch_up: CatchUp = CatchUp()
    heartbeat: Heartbeat | None = None
    listen: tuple[str, int] = ("127.0.0.1", 9093)
    web: Web = Web()
    resolve_timeout: timedelta = timedelta(minutes=5)
    templates: tuple[Path, ...] = ()
    rule_files: tuple[Path, ...] = ()
    inhibit_rules: tuple[InhibitRule, ...] = ()
    time_intervals: tuple[NamedInterval, ...] = ()
    windows: tuple[Window, ...] = ()
    silences: tuple[Silence, ...] = ()
    silence_policy: SilencePolicy = NO_POLICY
    limits: Limits = DEFAULT_LIMITS
    duty: Duty = NO_DUTY
    ladders: Ladders = NO_LADDERS
    links: LinkSettings = DEFAULT_LINKS
    replies: Replies = NO_REPLIES
    report: ReportSettings | None = None
    compatibility: bool = False
    matcher_mode: MatcherMode = MatcherMode.FALLBACK
    original: str = field(default="", compare=False, repr=False)
    leaving: tuple[Receiver, ...] = field(default=(), compare=False)

    @property
    def told(self) -> tuple[Receiver, ...]:
        """Everybody who can be told something: the receivers, how people are reached, and who is only told of ends."""
        return self.receivers + self.ladders.contacts + self.leaving

    def receiver(self, name: str) -> Receiver:
        """The receiver called `name`, or a contact, `person:KEY`. Raises KeyError when there is none."""
        for receiver in self.told:
            if receiver.name == name:
                return receiver
        raise KeyError(name)
