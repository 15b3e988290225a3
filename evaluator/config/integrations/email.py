"""Electronic mail: `email_configs`. What is absent or empty comes from the `smtp_…` keys of `global`."""

from __future__ import annotations

from pydantic import Field

from evaluator.config.integrations.common import IntegrationModel, Source, build
from evaluator.config.models import Model
from evaluator.config.scalars import Flag, Hidden, Smarthost, Text
from evaluator.config.tls import TlsModel, tls_settings
from evaluator.core.http import Secret, TlsSettings
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.receivers.tree import Pairs

_TOKEN = frozenset("!#$%&'*+-.^_`|~")
_OWN_OF_THREADS = ("References", "In-Reply-To")


class ThreadingModel(Model):
    """How the mails of a group hang together."""

    TITLE = "threading"

    enabled: Flag = False
    thread_by_date: Text = ""


class EmailModel(IntegrationModel):
    """An item of `email_configs`."""

    TITLE = "email_configs"

    to: Text = ""
    from_: Text = Field(default="", alias="from")
    smarthost: Smarthost | None = None
    hello: Text = ""
    auth_username: Text = ""
    auth_password: Hidden | None = None
    auth_password_file: Text | None = None
    auth_secret: Hidden | None = None
    auth_secret_file: Text | None = None
    auth_identity: Text = ""
    headers: dict[str, Text] = Field(default_factory=dict)
    html: Text = ""
    text: Text = ""
    require_tls: Flag | None = None
    tls_config: TlsModel | None = None
    force_implicit_tls: Flag | None = None
    threading: ThreadingModel = ThreadingModel()


def settings(model: EmailModel, source: Source) -> EmailSettings:
    """The settings of one mail, with what `global` says of the server filled in."""
    defaults = source.defaults.model
    headers = _headers(model, source)
    _check(model, headers, source)
    implicit = defaults.smtp_force_implicit_tls if model.force_implicit_tls is None else model.force_implicit_tls
    return build(
        EmailSettings,
        model,
        sender=model.from_ or defaults.smtp_from,
        smarthost=model.smarthost or defaults.smtp_smarthost or ("localhost", 25),
        hello=model.hello or defaults.smtp_hello,
        auth_username=model.auth_username or defaults.smtp_auth_username,
        auth_password=_secret(model, "auth_password", source),
        auth_secret=_secret(model, "auth_secret", source),
        auth_identity=model.auth_identity or defaults.smtp_auth_identity,
        headers=headers,
        require_tls=defaults.smtp_require_tls if model.require_tls is None else model.require_tls,
        tls=_tls(model, source),
        force_implicit_tls=implicit,
        thread_by_date=model.threading.thread_by_date if model.threading.enabled else "",
    )


def _secret(model: EmailModel, name: str, source: Source) -> Secret | None:
    return source.reading.secret(model, name, source.node) or source.defaults.secret(f"smtp_{name}", source.reading)


def _tls(model: EmailModel, source: Source) -> TlsSettings:
    if model.tls_config is not None:
        return tls_settings(model.tls_config, source.node, "tls_config", source.reading)
    defaults = source.defaults
    return tls_settings(defaults.model.smtp_tls_config, defaults.node, "smtp_tls_config", source.reading)


def _headers(model: EmailModel, source: Source) -> Pairs:
    """The headers by their canonical names."""
    found: dict[str, str] = {}
    for name, value in model.headers.items():
        canonical = _canonical(name)
        if canonical in found:
            message = f'duplicate header "{canonical}" in email config'
            source.reading.problems.error(source.node.at("headers", name), message, "remove one")
        found[canonical] = value
    return tuple(found.items())


def _canonical(name: str) -> str:
    """`reply-to` as `Reply-To`; what cannot be the name of a header stays as it is."""
    if not all((letter.isascii() and letter.isalnum()) or letter in _TOKEN for letter in name):
        return name
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def _check(model: EmailModel, headers: Pairs, source: Source) -> None:
    defaults = source.defaults.model
    if not model.to:
        source.wrong("to", "missing to address in email config", "add to")
    if model.smarthost is None and defaults.smtp_smarthost is None:
        source.wrong("smarthost", "no global SMTP smarthost set", "add smarthost, or smtp_smarthost under global")
    if not model.from_ and not defaults.smtp_from:
        source.wrong("from", "no global SMTP from set", "add from, or smtp_from under global")
    if model.threading.enabled:
        _check_threading(model.threading, dict(headers), source)


def _check_threading(threading: ThreadingModel, headers: dict[str, str], source: Source) -> None:
    for name in _OWN_OF_THREADS:
        if name in headers:
            message = f"conflicting configuration: threading.enabled conflicts with custom {name} header"
            source.wrong("threading", message, "remove one")
    if threading.thread_by_date not in ("none", "daily"):
        place = source.node.at("threading", "thread_by_date")
        source.reading.problems.error(place, "threading.thread_by_date must be either 'none' or 'daily'")
