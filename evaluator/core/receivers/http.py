"""A service that is described rather than programmed: what to ask it, and how its answers are to be read."""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, NO_TIMEOUT, HttpSettings, Secret
from evaluator.core.receivers.tree import Pairs, Tree


@frozen
class HttpCall:
    """A request. url, the values of headers, body and every text in json are templates; `json` None is no JSON.

    Everywhere `%{NAME}` stands for what was found in an earlier answer as the receipt NAME.
    """

    url: Secret
    method: str = "POST"
    headers: Pairs = ()
    body: str = ""
    json: Tree = None
    content_type: str = ""


@frozen
class HttpServiceSettings:
    """A service over HTTP. update: for a group about which something is known; resolve: when all of it is over.

    success_status: empty is every 2xx. success_json: paths in the answer and what must stand there. retry_status: tried again
    beyond the usual ones. receipt: names, and paths in the answer at which their values stand.
    """

    call: HttpCall
    http: HttpSettings = DEFAULT_HTTP
    update: HttpCall | None = None
    resolve: HttpCall | None = None
    success_status: frozenset[int] = frozenset()
    success_json: Pairs = ()
    retry_status: frozenset[int] = frozenset()
    receipt: Pairs = ()
    timeout: timedelta = NO_TIMEOUT
