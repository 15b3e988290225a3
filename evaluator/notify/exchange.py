"""What is sent to a provider, what comes back, and what that means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from evaluator.core.frozen import frozen
from evaluator.core.records import Pairs
from evaluator.core.settings import HttpSettings, Secret
from evaluator.notify.neutral import one_line
from evaluator.notify.scrub import masked
from evaluator.wire.retry_after import retry_after

MOST_OF_AN_ANSWER = 300

# Beyond 5xx: the server gave up waiting, was asked too early, or asks for patience.
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429})

# A gateway says that it got no answer from the provider behind it, or none that it understood.
_OF_GATEWAYS = frozenset({502, 504})


@frozen
class Accepted:
    """The provider took it. receipt: what it calls the message."""

    receipt: Pairs = ()


@frozen
class Request:
    """A request to a provider. timeout: of one attempt, zero for the default.

    secrets: those in `headers` and `body`; people see them masked, and so is whatever quotes them. afterwards: what came of the
    message, where this request follows it; whatever becomes of this one changes nothing of that, and nobody waits for it.
    """

    url: Secret
    body: bytes
    http: HttpSettings
    method: str = "POST"
    headers: Pairs = ()
    timeout: timedelta = timedelta(0)
    secrets: tuple[str, ...] = ()
    afterwards: Accepted | None = None

    def __str__(self) -> str:
        """The request for people: secrets hidden, credentials named by their kind."""
        own = {name for name, _ in self.headers if name == "Authorization"}  # which is sent in the place of the other
        headers = (*self.headers, *(pair for pair in _hidden(self.http) if pair[0] not in own))
        lines = [f"{self.method} {self.url}", *(f"{name}: {value}" for name, value in headers)]
        return masked("\n".join([*lines, "", self.body.decode(errors="replace")]), self.secrets)


@frozen
class Answer:
    """What a provider answered. headers: names in lower case. body: its beginning. whole: the body came to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    whole: bool = True

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body as plain values. Raises ValueError when it is no JSON, also when it is nested too deeply to be read."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


@frozen
class Refused:
    """The provider did not take it, or could not be asked. permanent: the same again is no use.

    retry_after: seconds that the provider asked for. unknown: it may have taken it all the same; nobody who knows answered.
    limited: it is told too much, and says so with a status of success.
    """

    error: str
    permanent: bool = False
    retry_after: float | None = None
    unknown: bool = False
    limited: bool = False


def refusal(answer: Answer) -> Refused | None:
    """What the status alone says: None for 2xx, else why not.

    Alertmanager gives up on 429 for most receivers and never reads Retry-After. Here 408, 425 and 429 are tried again, no
    sooner than the provider asked. Redirects arrive here only when following them would have dropped the body.
    """
    if 200 <= answer.status < 300:
        return None
    error = f"answered {_named(answer.status)}"
    if 300 <= answer.status < 400:
        return Refused(
            f"{error}{_whither(answer)}; only 307 and 308 redirect a POST, so configure the final URL", permanent=True
        )
    permanent = 400 <= answer.status < 500 and answer.status not in _WORTH_ANOTHER_TRY
    wait = None if permanent else retry_after(answer.headers, answer.now)
    return Refused(f"{error}{said(answer)}", permanent, wait, unknown=answer.status in _OF_GATEWAYS)


def unreadable(answer: Answer) -> Refused | None:
    """The same, for an answer whose body decides: one that was cut short decides nothing."""
    return refusal(answer) or (None if answer.whole else Refused("the answer was cut short"))


def said(answer: Answer) -> str:
    """`: ` and the beginning of what the provider said, in one harmless line; empty when it said nothing."""
    text = one_line(answer.text.strip(), MOST_OF_AN_ANSWER)
    return f": {text}" if text else ""


def _hidden(http: HttpSettings) -> Iterator[tuple[str, str]]:
    if http.basic_auth is not None:
        yield "Authorization", f"Basic {http.basic_auth.password}"
    if http.authorization is not None:
        yield "Authorization", f"{http.authorization.type} {http.authorization.credentials}"
    if http.oauth2 is not None:
        yield "Authorization", "Bearer <secret>"
    for name, secret in http.headers:
        yield name, str(secret)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _whither(answer: Answer) -> str:
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f" to {one_line(host, 100)}" if host else ""
