"""Integrations that are nobody's product: the console, a webhook, electronic mail, and Amazon's notification service."""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, DEFAULT_TLS, NO_TIMEOUT, HttpSettings, Secret, TlsSettings
from evaluator.core.receivers.tree import Pairs, Tree


@frozen
class ConsoleSettings:
    """Notifications printed to standard output."""


@frozen
class WebhookSettings:
    """Alertmanager's webhook. url: may be a template. max_alerts: 0 is all. timeout: zero is none of its own.

    payload: the body to send in place of the usual one; None is the usual one.
    """

    url: Secret
    http: HttpSettings = DEFAULT_HTTP
    max_alerts: int = 0
    timeout: timedelta = NO_TIMEOUT
    payload: Tree = None


@frozen
class EventHookSettings:
    """A webhook that is told events by ids, signed with `secret`. url: may be a template. timeout: zero is none of its own."""

    url: Secret
    secret: Secret
    http: HttpSettings = DEFAULT_HTTP
    timeout: timedelta = NO_TIMEOUT


@frozen
class EmailSettings:
    """Electronic mail. to: a template that may give several addresses. sender: the From address. smarthost: host and port.

    headers: names in canonical form (`Reply-To`), values are templates. html, text: empty leaves the part out.
    force_implicit_tls: None is TLS from the start on port 465 only. thread_by_date: `none` or `daily` threads the mails of a
    group, for ever or by the day; empty does not.
    """

    to: str
    sender: str
    smarthost: tuple[str, int]
    hello: str = "localhost"
    auth_username: str = ""
    auth_password: Secret | None = None
    auth_secret: Secret | None = None
    auth_identity: str = ""
    headers: Pairs = ()
    html: str = '{{ template "email.default.html" . }}'
    text: str = ""
    require_tls: bool = True
    tls: TlsSettings = DEFAULT_TLS
    force_implicit_tls: bool | None = None
    thread_by_date: str = ""


@frozen
class Sigv4:
    """Who signs a request to Amazon; what is empty comes from the environment, as Amazon's own tools have it."""

    region: str = ""
    access_key: str = ""
    secret_key: Secret | None = None
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    use_fips_sts_endpoint: bool = False


@frozen
class SnsSettings:
    """Amazon's notification service. Exactly one of topic_arn, phone_number and target_arn is given."""

    sigv4: Sigv4 = Sigv4()
    http: HttpSettings = DEFAULT_HTTP
    api_url: str = ""
    topic_arn: str = ""
    phone_number: str = ""
    target_arn: str = ""
    subject: str = '{{ template "sns.default.subject" . }}'
    message: str = '{{ template "sns.default.message" . }}'
    attributes: Pairs = ()
    use_aws_http_client: bool = False
