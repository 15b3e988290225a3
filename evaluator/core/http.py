"""How to speak HTTP to somebody: Prometheus' `http_config`, the same for datasources and receivers.

Everything here can be compared and hashed: clients are shared by their settings.
"""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from pathlib import Path

from evaluator.core.frozen import frozen

NO_TIMEOUT = timedelta(0)


@frozen
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


@frozen
class Authorization:
    """An Authorization header: `type` and credentials, e.g. Bearer or FlyV1."""

    type: str
    credentials: Secret


@frozen
class BasicAuth:
    """HTTP basic authentication. username_file: where the name is read from, when it is not given as `username`."""

    username: str
    password: Secret
    username_file: Path | None = None

    @property
    def user(self) -> Secret:
        """The name, given or in its file."""
        return Secret(self.username, self.username_file)


@frozen
class TlsSettings:
    """TLS of a client: PEM files, or PEM texts, or nothing for the system's defaults.

    Of `ca` and `ca_file`, `cert` and `cert_file`, `key` and `key_file` at most one is given; certificate and key come together.
    min_version, max_version: `TLS10` to `TLS13`, or empty for the system's own.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""
    insecure_skip_verify: bool = False
    ca: str = ""
    cert: str = ""
    key: Secret | None = None
    min_version: str = ""
    max_version: str = ""


DEFAULT_TLS = TlsSettings()


@frozen
class JwtGrant:
    """OAuth 2 with an assertion that is signed here (RFC 7523). key: PEM. claims: JSON values, written as texts."""

    key: Secret
    key_id: str = ""
    algorithm: str = "RS256"
    issuer: str = ""
    audience: str = ""
    claims: tuple[tuple[str, str], ...] = ()


@frozen
class ProxySettings:
    """Which proxy to ask. connect_headers: sent to it when a connection is asked for."""

    url: Secret | None = None
    no_proxy: str = ""
    from_environment: bool = False
    connect_headers: tuple[tuple[str, Secret], ...] = ()


@frozen
class OAuth2:
    """A token that is fetched from `token_url`: by the client's secret, or by a signed assertion where `jwt` is given.

    How to reach the token's server is said here and not inherited: TLS and proxy are those of the token's server.
    """

    client_id: str
    token_url: str
    client_secret: Secret | None = None
    jwt: JwtGrant | None = None
    scopes: tuple[str, ...] = ()
    endpoint_params: tuple[tuple[str, str], ...] = ()
    tls: TlsSettings = DEFAULT_TLS
    proxy: ProxySettings | None = None


@frozen
class HttpSettings:
    """How to speak HTTP to somebody. At most one of authorization, basic_auth and oauth2 is given."""

    authorization: Authorization | None = None
    basic_auth: BasicAuth | None = None
    headers: tuple[tuple[str, Secret], ...] = ()
    tls: TlsSettings = DEFAULT_TLS
    proxy_url: Secret | None = None
    no_proxy: str = ""
    proxy_from_environment: bool = False
    follow_redirects: bool = True
    enable_http2: bool = True
    oauth2: OAuth2 | None = None
    proxy_connect_headers: tuple[tuple[str, Secret], ...] = ()


DEFAULT_HTTP = HttpSettings()
