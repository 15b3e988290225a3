"""A requests session that asks as the datasource's settings say.

TLS comes from the same context as the service's own client, so a certificate that is accepted by one is accepted by the
other; the environment's proxies, certificates and `.netrc` play no part unless the settings say so. Parameters of a POST
travel in the body, where expressions may be long. Redirects are followed when they keep the request what it is (307 and
308) and stay with the host.
"""

from __future__ import annotations

import ssl
from threading import Lock
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from evaluator.core.http import HttpSettings, OAuth2
from evaluator.core.settings import Datasource
from evaluator.prometheus.exchange import query_url
from evaluator.wire.client import USER_AGENT, fetch_now
from evaluator.wire.credentials import Credentials
from evaluator.wire.oauth2 import Purse
from evaluator.wire.proxy import proxy_choice, proxy_with_headers
from evaluator.wire.tls import tls_context


class HistorySession(requests.Session):
    """See the module. base: the datasource's URL without a slash at the end."""

    def __init__(self, datasource: Datasource) -> None:
        """Raises OSError when a certificate file or the proxy's secret cannot be read."""
        super().__init__()
        http = datasource.http
        self.base = datasource.url.rstrip("/")
        self.auth = _auth(http)
        self.trust_env = False
        self.headers = requests.structures.CaseInsensitiveDict({"User-Agent": USER_AGENT, "Accept": "application/json"})
        self._follow = http.follow_redirects
        self._seconds = datasource.timeout.total_seconds()
        self._adapter = _OwnTls(tls_context(http.tls), http.tls.server_name)
        if (choice := proxy_choice(http)) is not None:
            url = httpx.URL(self.base)
            proxy = choice.proxy_for(url.scheme, url.host, url.port)
            self.proxies = {} if proxy is None else {url.scheme: proxy}
            self._adapter.headers_for_proxy = {} if proxy is None else _connect_headers(http, proxy, url.scheme)
        if http.tls.insecure_skip_verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the settings say it in so many words

    def mount_own(self, prefix: str) -> None:
        """Send what begins with `prefix` over connections with the datasource's TLS."""
        self.mount(prefix, self._adapter)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Complete a request. Raises OSError and UnfitSecretError for credentials that cannot be used."""
        request.url = str(query_url(self.base, str(request.url).removeprefix(self.base)))
        if request.method == "POST":
            request.data, request.params = request.params, {}
        return super().prepare_request(request)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send within the datasource's time limit, for connecting and for each piece of the answer."""
        return super().send(request, **{**options, "timeout": self._seconds})

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where to go on, None when `resp` is the answer."""
        target = super().get_redirect_target(resp)
        if target is None or not self._follow or resp.status_code not in (307, 308):
            return None
        return target if urlsplit(urljoin(resp.url, target)).hostname == urlsplit(resp.url).hostname else None


def _connect_headers(http: HttpSettings, proxy: str, scheme: str) -> dict[str, str]:
    """Those of the settings; of several with one name requests' connections take one line."""
    headers = proxy_with_headers(http, proxy, scheme).headers
    return {name: headers[name] for name in headers}


def _auth(http: HttpSettings) -> AuthBase | None:
    if http.oauth2 is not None:
        return _Bearer(Credentials(http), http.oauth2)
    return _Credentials(Credentials(http)) if Credentials.needed(http) else None


class _Credentials(AuthBase):
    """The credentials of the other client, read anew for each request."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        carrier = httpx.Request("POST", "http://carrier")
        before = dict(carrier.headers)
        after = next(self._credentials.auth_flow(carrier)).headers
        request.headers.update({name: value for name, value in after.items() if before.get(name) != value})
        return request


class _Bearer(_Credentials):
    """A token that another server issues, besides the headers of the settings. Threads take turns to fetch it."""

    def __init__(self, credentials: Credentials, settings: OAuth2) -> None:
        super().__init__(credentials)
        self._purse = Purse(settings)
        self._turn = Lock()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        with self._turn:
            request.headers["Authorization"] = self._purse.header or fetch_now(self._purse)
        return super().__call__(request)


class _OwnTls(HTTPAdapter):
    """Connections with a TLS context of ours instead of requests' `verify` and `cert`."""

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        self._tls: dict[str, Any] = {
            "ssl_context": context,
            "cert_reqs": context.verify_mode,
            **({"server_hostname": server_name} if server_name else {}),
        }
        self.headers_for_proxy: dict[str, str] = {}
        super().__init__()

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """What the proxy is sent when a connection through it is asked for."""
        return super().proxy_headers(proxy) | self.headers_for_proxy

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> tuple[Any, Any]:
        """Where to connect, and how."""
        where, _ = super().build_connection_pool_key_attributes(request, True, None)
        return where, self._tls if where["scheme"] == "https" else {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing: the context knows what it trusts."""
