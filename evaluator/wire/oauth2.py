"""A token that another server issues (OAuth 2, RFC 6749 §4.4 and RFC 7523): how to ask for one, and how long it is kept.

What is said and what follows from the answer stands here without any I/O, so that a client that waits and one that does not
speak alike. As Go's oauth2 library does it for Prometheus and Alertmanager, the client shows its secret in the header first,
and in the body if the server does not take that; the way that worked is kept to. Where the settings name a key, an assertion
that it signs (`assertion`) says who asks, and there is no secret.

Departures: redirects are not followed, for the secret may stand in the body; and a token that is refused is fetched anew
(`client`), where Go's library sends it until it expires.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Callable, Generator, Iterator
from enum import Enum, auto
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote_plus, urlencode
from weakref import WeakSet

import httpx
import msgspec

from evaluator.core.http import HttpSettings, OAuth2, ProxySettings
from evaluator.wire.assertion import GRANT, UnfitKeyError, assertion

PATIENCE = 5.0
"""Seconds that an answer may take: fewer than most have who need the token, so that they hear whose fault it is."""

MARGIN = 10.0  # seconds before its end at which a token is not used any more; of a short life, no more than half

_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_FIT = re.compile(r"[\x21-\x7e]+")
_CODES = frozenset(
    ("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope")
)


class NoTokenError(httpx.TransportError):
    """There is no token to send. The message is a sentence that holds no secret. refused: the server of tokens said no."""

    def __init__(self, text: str, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


class Token(NamedTuple):
    """What was issued. header: of Authorization. seconds: that it lives, None: until it is refused."""

    header: str
    seconds: float | None


class Way(Enum):
    """Where the client's secret stands; ASSERTION: nowhere, a signature takes its place."""

    HEADER = auto()
    BODY = auto()
    ASSERTION = auto()


class Purse:
    """The token of one client, and how to come by one."""

    def __init__(
        self, settings: OAuth2, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        """clock: seconds, from whenever. now: seconds since 1970, for assertions."""
        self.settings = settings
        self._clock = clock
        self._now = now
        self._way: Way | None = None
        self._token: Token | None = None
        self._until: float | None = None
        _PURSES.add(self)

    @property
    def header(self) -> str | None:
        """To send with a request; None when a token has to be fetched first."""
        if self._token is None or (self._until is not None and self._clock() >= self._until):
            return None
        return self._token.header

    @property
    def token(self) -> str:
        """What was issued last, without its type."""
        return "" if self._token is None else self._token.header.partition(" ")[2]

    def refuse(self, header: str) -> None:
        """A server does not take this token any more."""
        if self._token is not None and self._token.header == header:
            self._token = None

    def unreachable(self) -> NoTokenError:
        """What to raise, from its cause, when the server of tokens gave no answer."""
        return NoTokenError(_whence(self.settings))

    def fetch(self) -> Generator[httpx.Request, httpx.Response, str]:
        """The requests to send, each to be followed by its answer; returns the header. Raises NoTokenError, OSError."""
        asked = self._clock()
        for way in self._ways():
            response = yield self._request(way)
            found = _issued(response)
            if found is not None:
                self._way, self._token = way, found
                self._until = None if found.seconds is None else asked + found.seconds - min(MARGIN, found.seconds / 2)
                return found.header
            if response.status_code == 429 or response.status_code >= 500:
                break  # the other way would fare no better
        self._way = None
        raise NoTokenError(f"{_whence(self.settings)}: {_why(response)}", 400 <= response.status_code < 500)

    def _ways(self) -> tuple[Way, ...]:
        if self.settings.jwt is not None:
            return (Way.ASSERTION,)
        return (Way.HEADER, Way.BODY) if self._way is None else (self._way,)

    def _request(self, way: Way) -> httpx.Request:
        try:
            form, headers = _form(self.settings, way, self._now()), dict(_HEADERS)
        except UnfitKeyError as error:
            raise NoTokenError(f"{_whence(self.settings)}: {error}", refused=True) from None
        if way is Way.HEADER:
            headers["Authorization"] = f"Basic {_pair(self.settings)}"
        return httpx.Request("POST", self.settings.token_url, headers=headers, content=urlencode(form).encode())


_PURSES: WeakSet[Purse] = WeakSet()


class Tokens:
    """Fetches the token of one client for requests that wait for it, one at a time."""

    def __init__(self, settings: OAuth2, client: httpx.AsyncClient) -> None:
        """client: reaches the server of tokens as `reaching` says; it is closed with this."""
        self._purse = Purse(settings)
        self._client = client
        self._turn = asyncio.Lock()
        self._failures = 0
        self._failure: Exception | None = None

    async def header(self) -> str:
        """Of Authorization. Raises NoTokenError, and OSError for a secret whose file cannot be read."""
        known = self._purse.header
        if known is not None:
            return known
        failures = self._failures
        async with self._turn:
            if self._failure is not None and self._failures != failures:
                raise self._failure  # of a fetch that ended while this one waited for its turn
            return self._purse.header or await self._try()

    def refuse(self, header: str) -> None:
        """A server does not take this token any more."""
        self._purse.refuse(header)

    async def aclose(self) -> None:
        """Close the connections to the server of tokens."""
        await self._client.aclose()

    async def _try(self) -> str:
        try:
            header, self._failure = await self._fetch(), None
        except Exception as error:
            self._failure, self._failures = error, self._failures + 1
            raise
        return header

    async def _fetch(self) -> str:
        asking = self._purse.fetch()
        request = next(asking)
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    request = asking.send(await self._client.send(request))
        except StopIteration as end:
            return str(end.value)
        except NoTokenError:
            raise
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise self._purse.unreachable() from error


def reaching(settings: OAuth2) -> HttpSettings:
    """How the server of tokens is reached: nothing of this is inherited from the settings of those who send the token."""
    proxy = settings.proxy or ProxySettings()
    return HttpSettings(
        tls=settings.tls,
        proxy_url=proxy.url,
        no_proxy=proxy.no_proxy,
        proxy_from_environment=proxy.from_environment,
        proxy_connect_headers=proxy.connect_headers,
        follow_redirects=False,
        enable_http2=False,
    )


def secrets_of(settings: OAuth2) -> Iterator[str]:
    """What nobody may read: the client's secret as it is sent, and the tokens that were issued for it. Raises OSError."""
    if settings.client_secret is not None:
        secret = settings.client_secret.reveal()
        yield from (secret, quote_plus(secret), _pair(settings))
    yield from (purse.token for purse in list(_PURSES) if purse.settings == settings)


def _form(settings: OAuth2, way: Way, now: float) -> dict[str, str]:
    more = dict(settings.endpoint_params)
    if settings.jwt is not None:
        return {"grant_type": GRANT, **more, "assertion": assertion(settings, settings.jwt, now)}
    form = {"grant_type": "client_credentials", **more}
    if settings.scopes:
        form["scope"] = " ".join(settings.scopes)
    if way is Way.BODY:
        secret = settings.client_secret.reveal() if settings.client_secret is not None else ""
        form |= {"client_id": settings.client_id, **({"client_secret": secret} if secret else {})}
    return form


def _pair(settings: OAuth2) -> str:
    """Name and secret as the header has them: escaped first, as RFC 6749 §2.3.1 asks."""
    secret = settings.client_secret.reveal() if settings.client_secret is not None else ""
    return base64.b64encode(f"{quote_plus(settings.client_id)}:{quote_plus(secret)}".encode()).decode()


def _issued(response: httpx.Response) -> Token | None:
    """The token of an answer, None when it holds none that can be sent."""
    said = _said(response)
    token, kind = said.get("access_token"), said.get("token_type")
    if not response.is_success or "error" in said or not isinstance(token, str) or not _FIT.fullmatch(token):
        return None
    named = kind if isinstance(kind, str) and _FIT.fullmatch(kind) else "Bearer"
    return Token(f"{'Bearer' if named.lower() == 'bearer' else named} {token}", _seconds(said.get("expires_in")))


def _said(response: httpx.Response) -> dict[str, Any]:
    """The members of an answer, which some servers write as a form."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind in ("application/x-www-form-urlencoded", "text/plain"):
            return dict(parse_qsl(response.content.decode()))
        found = msgspec.json.decode(response.content)
    except ValueError:  # of msgspec and of Unicode
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(text: object) -> float | None:
    """Some servers write the number as a text; one that makes no sense is none."""
    try:
        seconds = float(text) if isinstance(text, (int, float, str)) else 0.0
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None


def _whence(settings: OAuth2) -> str:
    try:
        return f"no OAuth 2 token from {httpx.URL(settings.token_url).host}"
    except httpx.InvalidURL:
        return "no OAuth 2 token"


def _why(response: httpx.Response) -> str:
    """What the server said, in the protocol's own words only: it might quote the secret."""
    code = _said(response).get("error")
    named = f" {code}" if isinstance(code, str) and code in _CODES else ""
    if response.is_success and not named:
        return f"it answered {response.status_code} without one"
    return f"it answered {response.status_code}{named}"
