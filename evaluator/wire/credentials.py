"""The headers that say who is asking.

Secrets are revealed for each request, so that a rotated token file is used from the next request on.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import httpx

from evaluator.core.settings import HttpSettings, Secret

_UNFIT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class UnfitSecretError(ValueError):
    """A secret that no header can hold; the message names the header and the file, never the text."""


class Credentials(httpx.Auth):
    """Adds the Authorization header and the headers of the settings to a request.

    A header of the settings replaces one of the same name; given twice, it is sent twice. A request that has an Authorization
    of its own keeps it, as in Go: OpsGenie's key is not that of a proxy that all of `global` goes by.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._names = {name.lower().encode() for name, _ in settings.headers}

    @staticmethod
    def needed(settings: HttpSettings) -> bool:
        """Whether the settings ask for any header."""
        return bool(settings.authorization or settings.basic_auth or settings.headers)

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        """Add the headers. Raises OSError for an unreadable file, UnfitSecretError for a secret that no header can hold."""
        if "Authorization" not in request.headers and (authorization := self._authorization()) is not None:
            request.headers["Authorization"] = authorization
        if self._names:
            others = [(name, value) for name, value in request.headers.raw if name.lower() not in self._names]
            own = [(name.encode(), fit(secret, name).encode()) for name, secret in self._settings.headers]
            request.headers = httpx.Headers(others + own)
        yield request

    def _authorization(self) -> str | None:
        if (basic := self._settings.basic_auth) is not None:
            pair = f"{basic.user.reveal()}:{basic.password.reveal()}"
            return "Basic " + base64.b64encode(pair.encode()).decode()
        if (authorization := self._settings.authorization) is not None:
            return with_scheme(authorization.type, fit(authorization.credentials, "Authorization"))
        return None


def of_url(url: httpx.URL) -> httpx.BasicAuth | None:
    """For user and password of a URL, which count where the settings say nothing."""
    return httpx.BasicAuth(url.username, url.password) if url.userinfo else None


def with_scheme(scheme: str, credentials: str) -> str:
    """The header's value. Credentials from a file may name their scheme: `fly tokens create` prints `FlyV1 fm2_…`.

    Written twice, a server refuses it; so a scheme that stands there already is not put in front again, and FlyV1 holds
    where only the default was configured.
    """
    first, space, rest = credentials.partition(" ")
    if space and (first.lower() == scheme.lower() or (first == "FlyV1" and scheme == "Bearer")):
        return f"{first} {rest.strip()}"
    return f"{scheme} {credentials}"


def fit(secret: Secret, header: str) -> str:
    """The secret's text, when a header can hold it. Raises OSError, UnfitSecretError."""
    text = secret.reveal().strip(" \t")
    if _UNFIT.search(text):
        origin = "" if secret.path is None else f" (from {secret.path})"
        raise UnfitSecretError(f"the secret for header {header}{origin} holds a line break or a control character")
    return text
