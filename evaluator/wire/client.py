"""Clients built from `HttpSettings`.

Three things differ from a bare httpx client:

- Redirects have rules of their own (`redirects`). Credentials and configured headers stay with the origin that they were
  meant for; a redirect elsewhere goes without them.
- Nothing but the settings decides: environment variables, `.netrc` and cookies of earlier answers play no part, unless the
  settings ask for the environment's proxies.
- What needs neither a proxy nor HTTP/2 takes the short road (`keep_alive`), and nothing is done around a request that these
  settings do not ask for: in a storm of notifications that would be most of the work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import httpx

from evaluator import __version__
from evaluator.core.settings import HttpSettings
from evaluator.wire.credentials import Credentials, of_url
from evaluator.wire.keep_alive import KeepAliveTransport
from evaluator.wire.oauth2 import PATIENCE, NoTokenError, Purse, Tokens, reaching
from evaluator.wire.proxy import ProxyChoice, proxy_choice, proxy_with_headers
from evaluator.wire.redirects import MAX_REDIRECTS, following, same_origin
from evaluator.wire.seats import Seats
from evaluator.wire.tls import tls_context

USER_AGENT = f"evaluator/{__version__}"
DEFAULT_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=300)
UNAUTHORIZED = 401
MOST_OF_A_BODY = 1024 * 1024  # on the short road, for callers that look at the beginning only

# These write URLs and headers, and so secrets, into the log: httpx at INFO, the others at DEBUG.
for _talkative in ("httpx", "httpcore", "hpack", "h2"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)


def build_async_client(
    settings: HttpSettings, *, timeout: float | None = None, limits: httpx.Limits | None = None
) -> httpx.AsyncClient:
    """A client that speaks as `settings` say; the caller closes it.

    timeout: seconds for each of connecting, writing, reading a piece, and waiting for a free connection; None is no limit.
    limits: have one pool of connections with these limits; None: as many as there are requests at once (`seats`).
    Whoever wants either goes the long road.
    Building raises OSError when a certificate file cannot be read or used. Sending raises httpx.HTTPError and
    httpx.InvalidURL, and where a secret's file cannot be read, or its text does not fit in a header, OSError or
    `credentials.UnfitSecretError`; `errors.explain` makes a sentence of each.
    """
    return _Client(settings, _road(settings, limits, timeout is None and limits is None), timeout)


def tokens_for(settings: HttpSettings) -> Tokens | None:
    """Where the tokens come from that `settings` ask to send; None when they ask for none. Raises as `build_async_client`."""
    oauth2 = settings.oauth2
    return None if oauth2 is None else Tokens(oauth2, build_async_client(reaching(oauth2)))


def fetch_now(purse: Purse) -> str:
    """Fill the purse without an event loop; gives the header. Raises NoTokenError, OSError."""
    settings, url = reaching(purse.settings), httpx.URL(purse.settings.token_url)
    choice = proxy_choice(settings)
    address = None if choice is None else choice.proxy_for(url.scheme, url.host, url.port)
    proxy = None if address is None else proxy_with_headers(settings, address, url.scheme)
    asking = purse.fetch()
    request = next(asking)
    with httpx.Client(verify=tls_context(settings.tls), proxy=proxy, timeout=PATIENCE, trust_env=False) as client:
        try:
            while True:
                request = asking.send(client.send(request))
        except StopIteration as end:
            return str(end.value)
        except NoTokenError:
            raise
        except httpx.HTTPError as error:
            raise purse.unreachable() from error


async def send_with_token(road: httpx.AsyncBaseTransport, tokens: Tokens, request: httpx.Request) -> httpx.Response:
    """Send with a token; once more with another one when the first is refused: it may have been withdrawn."""
    header = request.headers["Authorization"] = await tokens.header()
    response = await road.handle_async_request(request)
    if response.status_code != UNAUTHORIZED:
        return response
    await response.aclose()
    tokens.refuse(header)
    request.headers["Authorization"] = await tokens.header()
    return await road.handle_async_request(request)


def _road(settings: HttpSettings, limits: httpx.Limits | None, short: bool) -> httpx.AsyncBaseTransport:
    choice = proxy_choice(settings)
    if choice is not None:
        return _Proxied(choice, lambda proxy: _long_road(settings, limits, proxy), settings)
    if not short:
        return _long_road(settings, limits, None)
    kept = KeepAliveTransport(tls_context(settings.tls), most=MOST_OF_A_BODY, repeats=False, whole=False)
    return _Parted(kept, _long_road(settings, limits, None)) if settings.enable_http2 else kept


def _long_road(settings: HttpSettings, limits: httpx.Limits | None, proxy: httpx.Proxy | None) -> httpx.AsyncBaseTransport:
    context = tls_context(settings.tls)

    def pool(limits: httpx.Limits) -> httpx.AsyncBaseTransport:
        return httpx.AsyncHTTPTransport(
            verify=context, http2=settings.enable_http2, limits=limits, proxy=proxy, trust_env=False
        )

    return Seats(pool) if limits is None else pool(limits)


class _Parted(httpx.AsyncBaseTransport):
    """Sends what is encrypted the long road, where HTTP/2 may be agreed on, and everything else the short one."""

    def __init__(self, short: httpx.AsyncBaseTransport, long: httpx.AsyncBaseTransport) -> None:
        self._short = short
        self._long = long

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        road = self._long if request.url.scheme == "https" else self._short
        return await road.handle_async_request(request)

    async def aclose(self) -> None:
        await self._short.aclose()
        await self._long.aclose()


class _Proxied(httpx.AsyncBaseTransport):
    """Sends each request directly or through the proxy that is chosen for it."""

    def __init__(
        self, choice: ProxyChoice, connect: Callable[[httpx.Proxy | None], httpx.AsyncBaseTransport], settings: HttpSettings
    ) -> None:
        self._choice = choice
        self._direct = connect(None)
        self._roads = {
            scheme: connect(proxy_with_headers(settings, proxy, scheme))
            for scheme, proxy in (("http", choice.http), ("https", choice.https))
            if proxy is not None
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        scheme = request.url.scheme
        through = self._choice.proxy_for(scheme, request.url.host, request.url.port) is not None
        return await (self._roads[scheme] if through else self._direct).handle_async_request(request)

    async def aclose(self) -> None:
        for road in (self._direct, *self._roads.values()):
            await road.aclose()


class _Client(httpx.AsyncClient):
    """An httpx client whose requests get credentials and go their road, and nothing else is done around them."""

    def __init__(self, settings: HttpSettings, road: httpx.AsyncBaseTransport, timeout: float | None) -> None:
        super().__init__(headers={"User-Agent": USER_AGENT}, timeout=timeout, transport=road, trust_env=False)
        self._road = road
        self._follows = settings.follow_redirects
        self._credentials = Credentials(settings) if Credentials.needed(settings) else None
        self._private = frozenset(name.lower() for name, _ in settings.headers)
        self._tokens = tokens_for(settings)

    async def aclose(self) -> None:
        """Close every connection, those to a server of tokens too."""
        await super().aclose()
        if self._tokens is not None:
            await self._tokens.aclose()

    async def __aexit__(self, *error: Any) -> None:
        await super().__aexit__(*error)
        if self._tokens is not None:
            await self._tokens.aclose()

    async def send(self, request: httpx.Request, *, stream: bool = False, **_: Any) -> httpx.Response:
        """Send, and follow redirects. Raises httpx.TooManyRedirects, and see `build_async_client`."""
        response = await self._answer(request)
        response.request = request
        if not stream:
            try:
                await response.aread()
            finally:
                await response.aclose()
        return response

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        credentials, tokens = self._credentials or of_url(request.url), self._tokens
        for _ in range(MAX_REDIRECTS + 1):
            if credentials is not None:
                request = next(credentials.auth_flow(request))
            if tokens is None:
                response = await self._road.handle_async_request(request)
            else:
                response = await send_with_token(self._road, tokens, request)
            onward = following(request, response, self._private) if self._follows else None
            if onward is None:
                return response
            await response.aclose()
            if not same_origin(request.url, onward.url):
                credentials = tokens = None
            request = onward
        raise httpx.TooManyRedirects("more than 10 redirects", request=request)
