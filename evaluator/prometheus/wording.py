"""What a server said, made fit for one sentence in a log, an alert or a page."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator

from evaluator.core.evaluation.answers import Failure
from evaluator.core.http import OAuth2
from evaluator.core.settings import Datasource, Secret
from evaluator.wire.oauth2 import secrets_of

MOST = 300

_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL)


def one_line(text: str, most: int = MOST) -> str:
    """`text` on one line without control characters, cut to `most` characters."""
    line = _SPACE.sub(" ", text[: 4 * most]).strip()
    return line if len(line) <= most else line[: most - 1] + "…"


def first_words(body: bytes, most: int = 80) -> str:
    """The title of a page, or the first words that a reader of the page or text would see; empty for an empty body."""
    text = body[:65536].decode(errors="replace")
    title = _TITLE.search(text)
    return one_line(html.unescape(title.group(1) if title else _UNSEEN.sub(" ", text)), most)


def without_secrets(failure: Failure, datasource: Datasource, url_password: str = "") -> Failure:
    """The same failure, the datasource's secrets taken out of its message, should the server have quoted them."""
    message = failure.message
    for secret in sorted({*_secrets(datasource), url_password}, key=len, reverse=True):
        if len(secret) >= 4:  # shorter ones occur in ordinary words, and hide nothing when they are blanked there
            message = message.replace(secret, "<secret>")
    if message == failure.message:
        return failure
    return Failure(failure.kind, message, failure.retry_after, failure.status, failure.seconds)


def _secrets(datasource: Datasource) -> Iterator[str]:
    http = datasource.http
    if http.authorization is not None:
        yield from _texts(http.authorization.credentials)
    if http.basic_auth is not None:
        for password in _texts(http.basic_auth.password):
            yield password
            yield from (base64.b64encode(f"{user}:{password}".encode()).decode() for user in _texts(http.basic_auth.user))
    if http.oauth2 is not None:
        yield from _of_oauth2(http.oauth2)
    for _, value in http.headers:
        yield from _texts(value)
    if http.proxy_url is not None:
        yield from _texts(http.proxy_url)


def _of_oauth2(settings: OAuth2) -> Iterator[str]:
    try:
        yield from secrets_of(settings)
    except (OSError, ValueError):
        return  # what cannot be read was not sent either


def _texts(secret: Secret) -> Iterator[str]:
    try:
        yield secret.reveal().strip()
    except (OSError, ValueError):
        return  # what cannot be read was not sent either
