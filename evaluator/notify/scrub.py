"""Takes secrets out of what strangers say: a server that refuses a request may well quote its URL or its token."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from evaluator.core.http import OAuth2
from evaluator.core.settings import HttpSettings, Secret
from evaluator.wire import oauth2

_MASK = "<secret>"
_SHORTEST = 6  # a shorter part of a path, such as `v2`, is no secret, and masking it would garble sentences


def scrub(text: str, url: Secret, http: HttpSettings, others: Iterable[str] = ()) -> str:
    """`text` without the secrets of the request, wherever they can still be read."""
    return masked(text, (*secrets_of(url, http), *others))


def masked(text: str, secrets: Iterable[str]) -> str:
    """`text` without these secrets; the longest goes first, for one may be a part of another."""
    for secret in sorted(set(filter(None, secrets)), key=len, reverse=True):
        text = text.replace(secret, _MASK)
    return text


def secrets_of(url: Secret, http: HttpSettings) -> Iterator[str]:
    """Every text of a request's URL and settings that nobody may read."""
    for secret in (url, *([http.proxy_url] if http.proxy_url else [])):
        yield from filter(_long_enough, _parts(_revealed(secret)))
    if http.authorization is not None:
        yield from filter(None, [_revealed(http.authorization.credentials)])
    if http.basic_auth is not None:
        user, password = _revealed(http.basic_auth.user), _revealed(http.basic_auth.password)
        yield from filter(None, [password, base64.b64encode(f"{user}:{password}".encode()).decode()])
    if http.oauth2 is not None:
        yield from filter(None, _of_oauth2(http.oauth2))
    yield from filter(None, (_revealed(secret) for _, secret in http.headers))


def _of_oauth2(settings: OAuth2) -> Iterator[str]:
    try:
        yield from oauth2.secrets_of(settings)
    except (OSError, UnicodeDecodeError):
        return  # what cannot be read was not sent either


def _parts(url: str) -> Iterator[str]:
    """The URL, what follows its host, and everything in there that could be a token."""
    yield url
    try:
        split = urlsplit(url)
        yield from (split.password or "", split.username or "")
    except ValueError:
        return
    yield url.partition("://")[2].partition("/")[2]
    for piece in (*split.path.split("/"), *(pair.partition("=")[2] for pair in split.query.split("&"))):
        yield from (piece, unquote(piece))


def _long_enough(text: str) -> bool:
    return len(text) >= _SHORTEST


def _revealed(secret: Secret) -> str:
    try:
        return secret.reveal()
    except (OSError, UnicodeDecodeError):
        return ""
