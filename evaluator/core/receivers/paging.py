"""Products that wake people: PagerDuty, OpsGenie, VictorOps, Pushover, incident.io."""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, NO_TIMEOUT, HttpSettings, Secret
from evaluator.core.receivers.tree import Pairs, Tree

PAGERDUTY_DETAILS: tuple[tuple[str, Tree], ...] = (
    ("firing", '{{ template "pagerduty.default.instances" .Alerts.Firing }}'),
    ("resolved", '{{ template "pagerduty.default.instances" .Alerts.Resolved }}'),
    ("num_firing", "{{ .Alerts.Firing | len }}"),
    ("num_resolved", "{{ .Alerts.Resolved | len }}"),
)


@frozen
class PagerdutyImage:
    """A picture in an incident; all texts are templates."""

    src: str = ""
    alt: str = ""
    href: str = ""


@frozen
class PagerdutyLink:
    """A link in an incident; both texts are templates."""

    href: str = ""
    text: str = ""


@frozen
class PagerdutySettings:
    """PagerDuty. service_key: of the first version of its API, wins over routing_key, of the second; one is given.

    details: `PAGERDUTY_DETAILS` where the file has no such key. source: the client where the file has none.
    """

    url: str
    routing_key: Secret | None = None
    service_key: Secret | None = None
    http: HttpSettings = DEFAULT_HTTP
    client: str = '{{ template "pagerduty.default.client" . }}'
    client_url: str = '{{ template "pagerduty.default.clientURL" . }}'
    description: str = '{{ template "pagerduty.default.description" .}}'
    details: tuple[tuple[str, Tree], ...] = PAGERDUTY_DETAILS
    images: tuple[PagerdutyImage, ...] = ()
    links: tuple[PagerdutyLink, ...] = ()
    source: str = '{{ template "pagerduty.default.client" . }}'
    severity: str = ""
    class_: str = ""
    component: str = ""
    group: str = ""
    timeout: timedelta = NO_TIMEOUT


@frozen
class OpsgenieResponder:
    """Whom OpsGenie tells. type: in small letters, or a template; at least one of the others is given."""

    type: str
    id: str = ""
    name: str = ""
    username: str = ""


@frozen
class OpsgenieSettings:
    """OpsGenie. api_url: ends with a slash. update_alerts: message and description follow every notification."""

    api_url: str
    api_key: Secret
    http: HttpSettings = DEFAULT_HTTP
    message: str = '{{ template "opsgenie.default.message" . }}'
    description: str = '{{ template "opsgenie.default.description" . }}'
    source: str = '{{ template "opsgenie.default.source" . }}'
    details: Pairs = ()
    entity: str = ""
    responders: tuple[OpsgenieResponder, ...] = ()
    actions: str = ""
    tags: str = ""
    note: str = ""
    priority: str = ""
    update_alerts: bool = False


@frozen
class VictoropsSettings:
    """VictorOps, now Splunk On-Call. api_url: ends with a slash."""

    api_url: str
    api_key: Secret
    routing_key: str
    http: HttpSettings = DEFAULT_HTTP
    message_type: str = "CRITICAL"
    state_message: str = '{{ template "victorops.default.state_message" . }}'
    entity_display_name: str = '{{ template "victorops.default.entity_display_name" . }}'
    monitoring_tool: str = '{{ template "victorops.default.monitoring_tool" . }}'
    custom_fields: Pairs = ()


@frozen
class PushoverSettings:
    """Pushover. retry, expire: of an emergency. ttl: zero keeps the message."""

    user_key: Secret
    token: Secret
    http: HttpSettings = DEFAULT_HTTP
    title: str = '{{ template "pushover.default.title" . }}'
    message: str = '{{ template "pushover.default.message" . }}'
    url: str = '{{ template "pushover.default.url" . }}'
    url_title: str = ""
    device: str = ""
    sound: str = ""
    priority: str = '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'
    retry: timedelta = timedelta(minutes=1)
    expire: timedelta = timedelta(hours=1)
    ttl: timedelta = timedelta(0)
    html: bool = False
    monospace: bool = False


@frozen
class IncidentioSettings:
    """incident.io's alert source. The token is the authorization of `http`. max_alerts: 0 is all."""

    url: Secret
    http: HttpSettings = DEFAULT_HTTP
    max_alerts: int = 0
    timeout: timedelta = NO_TIMEOUT
