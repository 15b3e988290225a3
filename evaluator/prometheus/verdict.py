"""What a server's reply means: an answer, or a failure of a named class.

Nothing is taken for an answer but status 200 with JSON of the query API's form that says `success`. The classes decide
what follows: a fault of the rule concerns that rule and is not tried again, a fault of the datasource concerns every rule
that asks it, and a transient one is worth another try. A login page with status 200, which a lenient client would read as
"no series" and so as "all is well", is named for what it is.
"""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus

import httpx

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind, Span
from evaluator.prometheus.decoding import Envelope, Refusal, WrongShapeError, read_answer, read_envelope, read_refusal
from evaluator.prometheus.interning import LabelSets
from evaluator.prometheus.reply import Reply
from evaluator.prometheus.wording import first_words, one_line
from evaluator.wire.retry_after import retry_after

_PASSING = frozenset({"timeout", "canceled", "unavailable", "internal"})
_FAULTS_OF_THE_QUERY = frozenset({"bad_data", "execution", "422"})
# Servers that run a query on other servers report a slow one among them as a failed execution.
_SLOW_BACKEND = re.compile(r"(?:timeout|deadline) exceeded", re.IGNORECASE)
_ABOUT_THIS_QUERY = frozenset({400, 413, 414, 422})
_BASE_URL = "the datasource's url is the base before /api/v1"


def judge(reply: Reply, label_sets: LabelSets, now: datetime, span: Span | None = None) -> Answer | Failure:
    """The answer to a query, or why there is none.

    now: for a Retry-After date where the reply has no Date. span: the instants that were asked about, if it was not one.
    """
    if reply.status != 200:
        return refusal_of(reply, now)
    if (stranger := stranger_of(reply)) is not None:
        return stranger
    try:
        envelope = read_envelope(reply.body)
        if envelope.status == "success":
            return read_answer(envelope, reply, label_sets, span)
    except WrongShapeError as error:
        return _misshapen(reply, error)
    return error_of(envelope, reply)


def stranger_of(reply: Reply) -> Failure | None:
    """A failure when a reply with status 200 does not come from the API at all, judged by its type; else None."""
    kind = reply.media_type
    if kind == "application/json" and reply.body.strip():
        return None
    said = first_words(reply.body)
    shown = f", which begins «{said}»" if said else ", which is empty"
    return _failure(
        FailureKind.NOT_PROMETHEUS, f"answered 200 with {one_line(kind, 60) or 'no content type'} instead of JSON{shown}", reply
    )


def error_of(envelope: Envelope | Refusal, reply: Reply) -> Failure:
    """The failure that the API itself reports in its JSON."""
    kind, said = envelope.error_type, one_line(envelope.error) or "no reason given"
    if envelope.status != "error":
        shown = one_line(envelope.status, 40)
        return _failure(FailureKind.NOT_PROMETHEUS, f"answered JSON whose status is {shown!r}, not an answer to a query", reply)
    if kind in _PASSING or _SLOW_BACKEND.search(envelope.error):
        return _failure(FailureKind.TRANSIENT, f"could not answer ({_named(reply, kind)}): {said}", reply)
    if kind in _FAULTS_OF_THE_QUERY or reply.status in _ABOUT_THIS_QUERY:
        return _failure(FailureKind.BAD_QUERY, f"refused the query ({_named(reply, kind)}): {said}", reply)
    return _failure(
        FailureKind.NOT_PROMETHEUS, f"answered with an error of unknown kind ({_named(reply, kind)}): {said}", reply
    )


def refusal_of(reply: Reply, now: datetime) -> Failure:
    """The failure that a status other than 200 stands for."""
    status, wait = reply.status, retry_after(reply.headers, now)
    if status == 429 or (status == 503 and wait is not None):
        asked = "" if wait is None else f" and asks to wait {wait:.0f}s"
        return _failure(FailureKind.OVERLOAD, f"is overloaded ({_phrase(status)}){asked}{_said(reply)}", reply, wait)
    if status in (401, 403, 407):
        whose = "the proxy rejected its credentials" if status == 407 else "rejected the credentials"
        return _failure(FailureKind.CREDENTIALS, f"{whose} ({_phrase(status)}){_said(reply)}", reply)
    if status in _ABOUT_THIS_QUERY:
        return _about_the_query(reply)
    if status in (408, 425, 499) or status >= 500:
        return _failure(FailureKind.TRANSIENT, f"could not answer ({_phrase(status)}){_stopping(reply)}{_said(reply)}", reply)
    if 300 <= status < 400:
        return _failure(FailureKind.NOT_PROMETHEUS, f"redirected ({_phrase(status)}) to {_target(reply)}, {_WAY_OUT}", reply)
    hint = f"; {_BASE_URL}" if status in (404, 405, 410) else ""
    return _failure(FailureKind.NOT_PROMETHEUS, f"answered {_phrase(status)}{_said(reply)}{hint}", reply)


_WAY_OUT = "where a query does not arrive: configure the final URL, or credentials if that is a login page"


def _about_the_query(reply: Reply) -> Failure:
    refusal = read_refusal(reply.body)
    if refusal is not None:
        return error_of(refusal, reply)
    if reply.media_type == "text/html" and reply.status in (400, 422):
        return _failure(FailureKind.NOT_PROMETHEUS, f"answered {_phrase(reply.status)} with a page{_said(reply)}", reply)
    return _failure(FailureKind.BAD_QUERY, f"refused the query ({_phrase(reply.status)}){_said(reply)}", reply)


def _misshapen(reply: Reply, error: WrongShapeError) -> Failure:
    if error.cut:
        return _failure(FailureKind.TRANSIENT, f"sent an answer that ends in the middle, after {len(reply.body)} bytes", reply)
    return _failure(FailureKind.NOT_PROMETHEUS, f"answered 200 with JSON of another shape: {error}", reply)


def _failure(kind: FailureKind, did: str, reply: Reply, wait: float | None = None) -> Failure:
    subject = "" if did.startswith("the proxy") else "the server "
    return Failure(kind, subject + did, retry_after=wait, status=reply.status, seconds=reply.seconds)


def _named(reply: Reply, error_type: str) -> str:
    return f"{reply.status} {one_line(error_type, 40)}".rstrip()


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _said(reply: Reply) -> str:
    refusal = read_refusal(reply.body)
    said = one_line(refusal.error) if refusal is not None else first_words(reply.body, 200)
    return f": {said}" if said else ""


def _stopping(reply: Reply) -> str:
    stopping = reply.headers.get("x-prometheus-stopping")
    return "" if stopping is None else ", it is shutting down" if stopping == "true" else ", it is starting"


def _target(reply: Reply) -> str:
    """Where a redirect leads, without user, password and query, which may hold secrets."""
    try:
        target = httpx.URL(reply.headers.get("location", ""))
    except httpx.InvalidURL:
        return "an invalid URL"
    return one_line(str(target.copy_with(username=None, password=None, query=None, fragment=None)), 120) or "nowhere"
