"""What a configuration file says, as values; the one thing that `config` hands to everybody else.

Durations are timedeltas, secrets are `Secret`s, paths are absolute, and everything has been checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from evaluator.core.labels import NO_LABELS, Labels
from evaluator.core.routing import Route
from evaluator.core.rules import RuleGroup


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that never shows: given in the file, or read from `path` each time it is needed.

    A file is read anew on every use, so a rotated token is picked up without a reload; trailing newlines are dropped.
    """

    text: str = field(default="", repr=False)
    path: Path | None = None

    def __str__(self) -> str:
        return "<secret>"

    def reveal(self) -> str:
        """The secret itself. Raises OSError when its file cannot be read."""
        return self.text if self.path is None else self.path.read_text().rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Authorization:
    """An Authorization header: `type` and credentials, e.g. Bearer or FlyV1."""

    type: str
    credentials: Secret


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """HTTP basic authentication."""

    username: str
    password: Secret


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """TLS of an HTTP client: paths of PEM files, or nothing for the system's defaults."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""
    insecure_skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How to speak HTTP to somebody: Prometheus' `http_config`."""

    authorization: Authorization | None = None
    basic_auth: BasicAuth | None = None
    headers: tuple[tuple[str, Secret], ...] = ()
    tls: TlsSettings = TlsSettings()
    proxy_url: Secret | None = None
    no_proxy: str = ""
    proxy_from_environment: bool = False
    follow_redirects: bool = True
    enable_http2: bool = True


class DatasourceKind(StrEnum):
    """Which server answers; decides dialect, cache switches and how partial answers are announced."""

    PROMETHEUS = "prometheus"
    VICTORIAMETRICS = "victoriametrics"


@dataclass(frozen=True, slots=True)
class Datasource:
    """A server that can be queried. url: base without `/api/v1`. max_concurrency: requests in flight at once."""

    name: str
    url: str
    kind: DatasourceKind = DatasourceKind.PROMETHEUS
    http: HttpSettings = HttpSettings()
    query_offset: timedelta = timedelta(0)
    timeout: timedelta = timedelta(seconds=10)
    max_concurrency: int = 8
    sentinel: str = ""


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Notifications printed to standard output."""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Alertmanager's webhook. url: may be a template. max_alerts: 0 is all. timeout: zero is none of its own."""

    url: Secret
    http: HttpSettings = HttpSettings()
    max_alerts: int = 0
    timeout: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class SlackField:
    """A field of a Slack attachment; title and value are templates. short: None follows `short_fields`."""

    title: str
    value: str
    short: bool | None = None


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """Slack's incoming webhook. Every text is a template; the defaults are Alertmanager's template names."""

    api_url: Secret
    http: HttpSettings = HttpSettings()
    channel: str = ""
    username: str = '{{ template "slack.default.username" . }}'
    color: str = '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'
    title: str = '{{ template "slack.default.title" . }}'
    title_link: str = '{{ template "slack.default.titlelink" . }}'
    pretext: str = '{{ template "slack.default.pretext" . }}'
    text: str = '{{ template "slack.default.text" . }}'
    fallback: str = '{{ template "slack.default.fallback" . }}'
    footer: str = '{{ template "slack.default.footer" . }}'
    callback_id: str = '{{ template "slack.default.callbackid" . }}'
    icon_emoji: str = '{{ template "slack.default.iconemoji" . }}'
    icon_url: str = '{{ template "slack.default.iconurl" . }}'
    image_url: str = ""
    thumb_url: str = ""
    message_text: str = ""
    fields: tuple[SlackField, ...] = ()
    short_fields: bool = False
    link_names: bool = False
    mrkdwn_in: tuple[str, ...] = ("fallback", "pretext", "text")
    timeout: timedelta = timedelta(0)


IntegrationSettings = ConsoleSettings | WebhookSettings | SlackSettings


@dataclass(frozen=True, slots=True)
class Integration:
    """One way of a receiver to tell people. index: its number among the receiver's integrations of the same kind."""

    kind: str
    index: int
    send_resolved: bool
    settings: IntegrationSettings

    @property
    def name(self) -> str:
        """`webhook[0]`, as in Alertmanager's logs and notification log."""
        return f"{self.kind}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A name that routes refer to, and its integrations; without any it swallows notifications."""

    name: str
    integrations: tuple[Integration, ...] = ()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A URL that is called while evaluations and deliveries complete. every: time between calls."""

    url: Secret
    every: timedelta


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How far missed slots are evaluated after downtime, and whether what happened then is told."""

    max: timedelta = timedelta(hours=6)
    notify: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole configuration. listen: host and port. storage: an SQLAlchemy URL. retention: age of history to keep."""

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
    catch_up: CatchUp = CatchUp()
    heartbeat: Heartbeat | None = None
    listen: tuple[str, int] = ("127.0.0.1", 9093)
    resolve_timeout: timedelta = timedelta(minutes=5)
    templates: tuple[Path, ...] = ()
    rule_files: tuple[Path, ...] = ()

    def receiver(self, name: str) -> Receiver:
        """The receiver called `name`. Raises KeyError when there is none."""
        for receiver in self.receivers:
            if receiver.name == name:
                return receiver
        raise KeyError(name)
