"""How to speak HTTP to somebody: Prometheus' `http_config`, the same for datasources and receivers.

All relative paths start at the configuration file. (Alertmanager starts secret files at its working directory, so there the
same file works or not depending on how it was started.)
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from pydantic import Field

from evaluator.config.models import Later, Model
from evaluator.config.nodes import Table, find
from evaluator.config.reading import Reading
from evaluator.config.scalars import Flag, Hidden, HiddenUrl, Text
from evaluator.core.rules import Position
from evaluator.core.settings import Authorization, BasicAuth, HttpSettings, Secret, TlsSettings

_NO_VAULT = "no secret store is known to the evaluator: use the form that ends in _file"
_HOP_BY_HOP = frozenset(
    ("connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent")
)


class AuthorizationModel(Model):
    """The Authorization header."""

    TITLE = "authorization"
    FOREIGN = MappingProxyType({"credentials_ref": _NO_VAULT})

    type: Text = ""
    credentials: Hidden | None = None
    credentials_file: Text | None = None


class BasicAuthModel(Model):
    """HTTP basic authentication."""

    TITLE = "basic_auth"
    FOREIGN = MappingProxyType({"username_ref": _NO_VAULT, "password_ref": _NO_VAULT})
    LATER = MappingProxyType({"username_file": "requests are sent without a user name; write it as username"})

    username: Text = ""
    username_file: Later = None
    password: Hidden | None = None
    password_file: Text | None = None


class TlsModel(Model):
    """TLS of a client."""

    TITLE = "tls_config"
    FOREIGN = MappingProxyType({"ca_ref": _NO_VAULT, "cert_ref": _NO_VAULT, "key_ref": _NO_VAULT})
    LATER = MappingProxyType(
        {
            "ca": "the certificate is not used; write it to a file and name it as ca_file",
            "cert": "the certificate is not used; write it to a file and name it as cert_file",
            "key": "the key is not used; write it to a file and name it as key_file",
            "min_version": "the system's lowest version of TLS holds",
            "max_version": "the system's highest version of TLS holds",
        }
    )

    ca: Later = None
    cert: Later = None
    key: Later = None
    ca_file: Text | None = None
    cert_file: Text | None = None
    key_file: Text | None = None
    server_name: Text = ""
    insecure_skip_verify: Flag = False
    min_version: Later = None
    max_version: Later = None


class HeaderModel(Model):
    """The values of one header."""

    TITLE = "http_headers"

    values: list[Hidden] = Field(default_factory=list)
    secrets: list[Hidden] = Field(default_factory=list)
    files: list[Text] = Field(default_factory=list)


class HttpModel(Model):
    """`http_config`."""

    TITLE = "http_config"
    LATER = MappingProxyType(
        {
            "oauth2": "requests are sent without an OAuth 2 token",
            "proxy_connect_header": "proxies are asked without these headers",
        }
    )

    authorization: AuthorizationModel | None = None
    basic_auth: BasicAuthModel | None = None
    bearer_token: Hidden | None = None
    bearer_token_file: Text | None = None
    oauth2: Later = None
    tls_config: TlsModel = TlsModel()
    proxy_url: HiddenUrl | None = None
    no_proxy: Text = ""
    proxy_from_environment: Flag = False
    proxy_connect_header: Later = None
    http_headers: dict[str, HeaderModel] = Field(default_factory=dict)
    follow_redirects: Flag = True
    enable_http2: Flag = True


def http_settings(model: HttpModel, node: Table, reading: Reading) -> HttpSettings:
    """The settings that an `http_config` stands for."""
    _check_one_credential(model, node, reading)
    _check_proxy(model, node, reading)
    return HttpSettings(
        authorization=_authorization(model, node, reading),
        basic_auth=_basic_auth(model, node, reading),
        headers=tuple(_headers(model, node, reading)),
        tls=_tls(model.tls_config, node.at("tls_config"), reading),
        proxy_url=model.proxy_url,
        no_proxy=model.no_proxy,
        proxy_from_environment=model.proxy_from_environment,
        follow_redirects=model.follow_redirects,
        enable_http2=model.enable_http2,
    )


def _check_one_credential(model: HttpModel, node: Table, reading: Reading) -> None:
    names = ("basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file")
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) > 1:
        message = "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured"
        reading.problems.error(node.key(given[-1]), message, "remove all but one")


def _check_proxy(model: HttpModel, node: Table, reading: Reading) -> None:
    if model.proxy_from_environment and (model.proxy_url is not None or model.no_proxy):
        message = "proxy_from_environment excludes proxy_url and no_proxy"
        reading.problems.error(node.key("proxy_from_environment"), message, "remove one")
    elif model.no_proxy and model.proxy_url is None:
        message = "no_proxy without proxy_url has no effect"
        reading.problems.error(node.key("no_proxy"), message, "add proxy_url, or remove no_proxy")


def _authorization(model: HttpModel, node: Table, reading: Reading) -> Authorization | None:
    given = model.authorization
    if given is None:
        token = reading.secret(model, "bearer_token", node)
        return None if token is None else with_scheme("", token)
    table = find(node, "authorization")
    assert isinstance(table, Table)
    if given.type.lower() == "basic":
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
    password = reading.secret(given, "password", table)
    return BasicAuth(given.username, password or Secret())


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
    elif name.lower() in _HOP_BY_HOP:
        reading.problems.error(position, f'header "{name}" cannot be set')


def _tls(model: TlsModel, position: Position, reading: Reading) -> TlsSettings:
    if (model.cert_file is None) != (model.key_file is None):
        reading.problems.error(position, "cert_file and key_file must be given together")
    ca, cert, key = (None if file is None else reading.path(file) for file in (model.ca_file, model.cert_file, model.key_file))
    return TlsSettings(ca, cert, key, model.server_name, model.insecure_skip_verify)
