"""An httpx client for one server that is reached directly.

What httpx does around a request is more work than the request: it collects cookies, walks redirects, runs hooks, merges
authentication. A server of metrics needs none of these, so `send` adds the credentials and calls the transport. Redirects
are answers here, and `exchange` decides about them.
"""

from __future__ import annotations

from typing import Any

import httpx

from evaluator.core.settings import HttpSettings
from evaluator.wire.client import send_with_token, tokens_for
from evaluator.wire.credentials import Credentials, of_url
from evaluator.wire.keep_alive import KeepAliveTransport
from evaluator.wire.tls import tls_context


class DirectClient(httpx.AsyncClient):
    """Sends finished requests to the server of `url`."""

    def __init__(self, http: HttpSettings, url: httpx.URL, transport: httpx.AsyncBaseTransport | None, most: int) -> None:
        """transport: takes the place of the network. most: bytes of a body that are accepted. Raises OSError."""
        self._road = transport or KeepAliveTransport(tls_context(http.tls), most=most)
        self._credentials = Credentials(http) if Credentials.needed(http) else of_url(url)
        self._tokens = tokens_for(http)
        super().__init__(transport=self._road, trust_env=False)

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send, with credentials. Raises what transports raise, and OSError and UnfitSecretError for credentials."""
        if self._credentials is not None:
            request = next(self._credentials.auth_flow(request))
        if self._tokens is not None:
            return await send_with_token(self._road, self._tokens, request)
        return await self._road.handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection, those to a server of tokens too."""
        await super().aclose()
        if self._tokens is not None:
            await self._tokens.aclose()
