"""Clients built from `HttpSettings`.

Three things differ from a bare httpx client:

- Only redirects that keep the method and the body are followed: for a POST that is 307 and 308. Go's client, and with it
  Prometheus and Alertmanager, turns a POST that is answered by 302 into a GET, and then takes the login page behind it for
  a success. Here the 302 itself is the answer.
- Credentials and configured headers stay with the origin that they were meant for; a redirect elsewhere goes without them.
- Nothing but the settings decides: environment variables, `.netrc` and cookies of earlier answers play no part, unless the
  settings ask for the environment's proxies.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from evaluator import __version__
from evaluator.core.settings import HttpSettings
from evaluator.wire.credentials import Credentials
from evaluator.wire.proxy import ProxyChoice, proxy_choice
from evaluator.wire.seats import Seats
from evaluator.wire.tls import tls_context

USER_AGENT = f"evaluator/{__version__}"
MAX_REDIRECTS = 10
DEFAULT_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=300)

# These write URLs and headers, and so secrets, into the log: httpx at INFO, the others at DEBUG.
for _talkative in ("httpx", "httpcore", "hpack", "h2"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)


def build_async_client(
    settings: HttpSettings, *, timeout: float | None = None, limits: httpx.Limits | None = None
) -> httpx.AsyncClient:
    """A client that speaks as `settings` say; the caller closes it.

    timeout: seconds for each of connecting, writing, reading a piece, and waiting for a free connection; None is no limit.
    limits: have one pool of connections with these limits; None: as many as there are requests at once (`seats`).
    Building raises OSError when a certificate file cannot be read or used. Sending raises httpx.HTTPError and
    httpx.InvalidURL, and where a secret's file cannot be read, or its text does not fit in a header, OSError or
    `credentials.UnfitSecretError`; `errors.explain` makes a sentence of each.
    """
    return _Client(
        auth=Credentials(settings) if Credentials.needed(settings) else None,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": USER_AGENT},
        follow_redirects=settings.follow_redirects,
        own_headers=[name for name, _ in settings.headers],
        timeout=timeout,
        transport=_transport(settings, limits),
        trust_env=False,
    )


def _transport(settings: HttpSettings, limits: httpx.Limits | None) -> httpx.AsyncBaseTransport:
    context = tls_context(settings.tls)

    def connect(proxy: str | None) -> httpx.AsyncBaseTransport:
        def pool(limits: httpx.Limits) -> httpx.AsyncBaseTransport:
            return httpx.AsyncHTTPTransport(
                verify=context, http2=settings.enable_http2, limits=limits, proxy=proxy, trust_env=False
            )

        return Seats(pool) if limits is None else pool(limits)

    choice = proxy_choice(settings)
    return connect(None) if choice is None else _Proxied(choice, connect)


class _Proxied(httpx.AsyncBaseTransport):
    """Sends each request directly or through the proxy that is chosen for it."""

    def __init__(self, choice: ProxyChoice, connect: Callable[[str | None], httpx.AsyncBaseTransport]) -> None:
        self._choice = choice
        self._transports: dict[str | None, httpx.AsyncBaseTransport] = {
            proxy: connect(proxy) for proxy in {None, choice.http, choice.https}
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        proxy = self._choice.proxy_for(request.url.scheme, request.url.host, request.url.port)
        return await self._transports[proxy].handle_async_request(request)

    async def aclose(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()


class _Client(httpx.AsyncClient):
    """An httpx client with its own rule for redirects."""

    def __init__(self, *, own_headers: list[str], **options: Any) -> None:
        super().__init__(**options)
        self._own_headers = own_headers

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send, and follow the redirects that keep the request what it is. Raises httpx.TooManyRedirects."""
        options["follow_redirects"] = False
        for _ in range(MAX_REDIRECTS + 1):
            response = await super().send(request, **options)
            following = response.next_request
            if following is None or not self.follow_redirects or following.method != request.method:
                return response
            await response.aclose()
            if not _same_origin(request.url, following.url):
                options["auth"] = None
                for name in self._own_headers:
                    following.headers.pop(name, None)
            request = following
        raise httpx.TooManyRedirects("more than 10 redirects", request=request)


def _same_origin(before: httpx.URL, after: httpx.URL) -> bool:
    if (before.scheme, before.host, before.port) == (after.scheme, after.host, after.port):
        return True
    return (before.scheme, after.scheme, before.host) == ("http", "https", after.host) and before.port == after.port is None
