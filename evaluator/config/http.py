"""How to speak HTTP to somebody: Prometheus' `http_config`, the same for datasources and receivers.

All relative paths start at the configuration file. (Alertmanager starts secret files at its working directory, so there the
same file works or not depending on how it was started.)
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from pydantic import Field

from evaluator.config.models import Model
from evaluator.config.nodes import Table, find
from evaluator.config.oauth2 import OAuth2Model, oauth2_settings
from evaluator.config.proxies import ProxyModel, proxy_settings
from evaluator.config.reading import Reading
from evaluator.config.scalars import Flag, Hidden, Text
from evaluator.config.tls import NO_VAULT, TlsModel, tls_settings
from evaluator.core.evaluation.rules import Position
from evaluator.core.http import Authorization, BasicAuth, HttpSettings, Secret

_NOT_SET_HERE = frozenset(
    (
        *("connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"),
        *("content-encoding", "content-type", "accept-encoding", "proxy-authenticate", "proxy-authorization"),
        *("www-authenticate", "x-prometheus-remote-write-version", "x-prometheus-remote-read-version"),
        *("x-prometheus-scrape-timeout-seconds", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"),
    )
)


class AuthorizationModel(Model):
    """The Authorization header."""

    TITLE = "authorization"
    FOREIGN = MappingProxyType({"credentials_ref": NO_VAULT})

    type: Text = ""
    credentials: Hidden | None = None
    credentials_file: Text | None = None


class BasicAuthModel(Model):
    """HTTP basic authentication."""

    TITLE = "basic_auth"
    FOREIGN = MappingProxyType({"username_ref": NO_VAULT, "password_ref": NO_VAULT})

    username: Text = ""
    username_file: Text | None = None
    password: Hidden | None = None
    password_file: Text | None = None


class HeaderModel(Model):
    """The values of one header."""

    TITLE = "http_headers"

    values: list[Hidden] = Field(default_factory=list)
    secrets: list[Hidden] = Field(default_factory=list)
    files: list[Text] = Field(default_factory=list)


class HttpModel(ProxyModel):
    """`http_config`."""

    TITLE = "http_config"

    authorization: AuthorizationModel | None = None
    basic_auth: BasicAuthModel | None = None
    bearer_token: Hidden | None = None
    bearer_token_file: Text | None = None
    oauth2: OAuth2Model | None = None
    tls_config: TlsModel = TlsModel()
    http_headers: dict[str, HeaderModel] = Field(default_factory=dict)
    follow_redirects: Flag = True
    enable_http2: Flag = True


def http_settings(model: HttpModel, node: Table, reading: Reading) -> HttpSettings:
    """The settings that an `http_config` stands for."""
    _check_one_credential(model, node, reading)
    proxy = proxy_settings(model, node, reading)
    return HttpSettings(
        authorization=_authorization(model, node, reading),
        basic_auth=_basic_auth(model, node, reading),
        oauth2=None if model.oauth2 is None else oauth2_settings(model.oauth2, node, reading),
        headers=tuple(_headers(model, node, reading)),
        tls=tls_settings(model.tls_config, node, "tls_config", reading),
        proxy_url=proxy.url,
        no_proxy=proxy.no_proxy,
        proxy_from_environment=proxy.from_environment,
        proxy_connect_headers=proxy.connect_headers,
        follow_redirects=model.follow_redirects,
        enable_http2=model.enable_http2,
    )


def _check_one_credential(model: HttpModel, node: Table, reading: Reading) -> None:
    names = ("basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file")
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) > 1 and given != ["bearer_token", "bearer_token_file"]:  # of which `secret` speaks
        message = "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured"
        reading.problems.error(node.key(given[-1]), message, "remove all but one")


def _authorization(model: HttpModel, node: Table, reading: Reading) -> Authorization | None:
    given = model.authorization
    if given is None:
        token = reading.secret(model, "bearer_token", node)
        return None if token is None else with_scheme("", token)
    table = find(node, "authorization")
    assert isinstance(table, Table)
    if given.type.strip().lower() == "basic":
        message = 'authorization type cannot be set to "basic", use "basic_auth" instead'
        reading.problems.error(table.at("type"), message)
    credentials = reading.secret(given, "credentials", table)
    if credentials is None:
        reading.problems.error(table.position, "authorization without credentials", "add credentials or credentials_file")
        return None
    return with_scheme(given.type.strip(), credentials)


def with_scheme(scheme: str, credentials: Secret) -> Authorization:
    """The header for credentials that may start with their scheme.

    `fly tokens create` prints `FlyV1 fm2_…`, so what people paste often names its scheme already. Written twice, the server
    refuses it; so a scheme in front of the credentials is taken off, and it holds where none, or Bearer, was configured.
    """
    first, space, rest = credentials.text.strip().partition(" ")
    if credentials.path is not None or not space:
        return Authorization(scheme or "Bearer", Secret(credentials.text.strip(), credentials.path))
    if first.lower() == scheme.lower() or (first in ("FlyV1", "Bearer") and scheme.lower() in ("", "bearer")):
        return Authorization(first, Secret(rest.strip()))
    return Authorization(scheme or "Bearer", Secret(credentials.text.strip()))


def _basic_auth(model: HttpModel, node: Table, reading: Reading) -> BasicAuth | None:
    given = model.basic_auth
    if given is None:
        return None
    table = find(node, "basic_auth")
    assert isinstance(table, Table)
    if given.username and given.username_file:
        message = "at most one of username & username_file must be configured"
        reading.problems.error(table.key("username_file"), message, "remove one")
    password = reading.secret(given, "password", table)
    return BasicAuth(given.username, password or Secret(), reading.file(given.username_file))


def _headers(model: HttpModel, node: Table, reading: Reading) -> Iterator[tuple[str, Secret]]:
    for name, header in model.http_headers.items():
        check_header_name(name, node.at("http_headers", name), reading)
        for value in (*header.values, *header.secrets):
            yield name, value
        for file in header.files:
            yield name, Secret(path=reading.path(file))


def check_header_name(name: str, position: Position, reading: Reading) -> None:
    """Refuse names that no header has, and headers that belong to the connection or are set elsewhere."""
    if not name or not name.isascii() or not all(letter.isalnum() or letter in "!#$%&'*+-.^_`|~" for letter in name):
        reading.problems.error(position, f'"{name}" is not the name of a header')
    elif name.lower() == "authorization":
        reading.problems.error(position, f'header "{name}" is not set here', "write it as authorization or basic_auth")
    elif name.lower() in _NOT_SET_HERE:
        reading.problems.error(position, f'header "{name}" cannot be set')
