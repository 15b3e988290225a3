"""Every way of not answering, from a real server, and its class."""

from __future__ import annotations

import json
import re

import pytest

from evaluator.core.evaluation.answers import Failure, FailureKind
from evaluator.core.settings import Authorization, BasicAuth, HttpSettings, Secret
from tests.prometheus.asking import ask, source
from tests.prometheus.scripted import EMPTY, HANG_UP, HTML, JSON, SILENCE, TEXT, Say, Scripted

TRANSIENT, OVERLOAD, CREDENTIALS = FailureKind.TRANSIENT, FailureKind.OVERLOAD, FailureKind.CREDENTIALS
BAD_QUERY, NOT_PROMETHEUS = FailureKind.BAD_QUERY, FailureKind.NOT_PROMETHEUS

LOGIN = b"<!doctype html><html><head><title>Sign in &amp; go</title></head><body>Please sign in</body></html>"


def error(kind: str, text: str, status: int) -> Say:
    """An error as the API reports it."""
    return Say(json.dumps({"status": "error", "errorType": kind, "error": text}).encode(), status)


def failure_of(*says: Say, **settings: object) -> Failure:
    """What a client makes of the answer, the same one as often as it asks."""
    with Scripted(*says * 3) as server:
        outcome = ask(source(server.url, **settings))
    assert isinstance(outcome, Failure), outcome
    return outcome


CASES = [
    (error("bad_data", 'invalid parameter "query": 1:5: parse error', 400), BAD_QUERY, "400 bad_data): invalid parameter"),
    (error("execution", "query processing would load too many samples", 422), BAD_QUERY, "422 execution): query processing"),
    (error("422", 'unknown function "foo"', 422), BAD_QUERY, "422 422): unknown function"),
    (error("execution", "expanding series: context deadline exceeded", 422), TRANSIENT, "deadline exceeded"),
    (error("timeout", "query timed out in expression evaluation", 503), TRANSIENT, "query timed out"),
    (error("canceled", "query was canceled", 499), TRANSIENT, "query was canceled"),
    (error("internal", "storage broke", 500), TRANSIENT, "storage broke"),
    (error("timeout", "query timed out", 200), TRANSIENT, "query timed out"),
    (error("bad_data", "no", 200), BAD_QUERY, "refused the query"),
    (error("novel", "who knows", 200), NOT_PROMETHEUS, "unknown kind"),
    (Say(b"invalid query", 400, (TEXT,)), BAD_QUERY, "invalid query"),
    (Say(b"<html><h1>Bad Request</h1></html>", 400, (HTML,)), NOT_PROMETHEUS, "Bad Request"),
    (Say(b"<html><h1>Too large</h1></html>", 413, (HTML,)), BAD_QUERY, "Too large"),
    (Say(b"Unauthorized", 401, (TEXT,)), CREDENTIALS, "401 Unauthorized): Unauthorized"),
    (error("forbidden", "token is read-only", 403), CREDENTIALS, "token is read-only"),
    (Say(b"", 407, ()), CREDENTIALS, "proxy rejected"),
    (Say(b"404 page not found", 404, (TEXT,)), NOT_PROMETHEUS, "base before /api/v1"),
    (Say(b"", 405, ()), NOT_PROMETHEUS, "base before /api/v1"),
    (Say(b"", 204, (), framing="none"), NOT_PROMETHEUS, "204 No Content"),
    (Say(b"teapot", 418, (TEXT,)), NOT_PROMETHEUS, "teapot"),
    (Say(b"", 302, (("Location", "https://u:p@sso.example.org/login?token=abc"),)), NOT_PROMETHEUS, "https://sso.example.org/login,"),
    (Say(b"too many concurrent requests", 429, (TEXT,)), OVERLOAD, "too many concurrent requests"),
    (Say(b"slow down", 429, (TEXT, ("Retry-After", "60"))), OVERLOAD, "asks to wait 60s: slow down"),
    (Say(b"", 503, (("Retry-After", "60"),)), OVERLOAD, "503 Service Unavailable"),
    (Say(b"Service Unavailable", 503, (TEXT, ("X-Prometheus-Stopping", "true"))), TRANSIENT, "shutting down"),
    (Say(b"Service Unavailable", 503, (TEXT, ("X-Prometheus-Stopping", "false"))), TRANSIENT, "starting"),
    (Say(b"<html><title>502 Bad Gateway</title></html>", 502, (HTML,)), TRANSIENT, "502 Bad Gateway"),
    (Say(b"", 599, ()), TRANSIENT, "(599)"),
    (Say(LOGIN, 200, (HTML,)), NOT_PROMETHEUS, "text/html instead of JSON, which begins «Sign in & go»"),
    (Say(LOGIN, 200, (JSON,)), NOT_PROMETHEUS, "another shape"),
    (Say(b"<p>Maintenance\n until <b>noon</b></p>", 200, (HTML,)), NOT_PROMETHEUS, "«Maintenance until noon»"),
    (Say(EMPTY, 200, (TEXT,)), NOT_PROMETHEUS, "text/plain instead of JSON"),
    (Say(EMPTY, 200, ()), NOT_PROMETHEUS, "no content type"),
    (Say(b"", 200), NOT_PROMETHEUS, "which is empty"),
    (Say(cut=30), TRANSIENT, "in the middle of an answer"),
    (Say(cut=30, framing="chunked"), TRANSIENT, "in the middle of an answer"),
    (Say(cut=30, framing="close"), TRANSIENT, "ends in the middle, after 30 bytes"),
    (HANG_UP, TRANSIENT, "the connection ended"),
    (Say(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), TRANSIENT, "HTTP's rules"),
]  # fmt: skip


@pytest.mark.parametrize(("say", "kind", "words"), CASES, ids=[f"{say.status}-{words[:24]}" for say, _, words in CASES])
def test_the_class_and_the_words(say: Say, kind: FailureKind, words: str) -> None:
    """One line, bounded, with what the server said in it."""
    failure = failure_of(say)
    assert failure.kind is kind
    assert words in failure.message
    assert re.fullmatch(r"[^\x00-\x1f]{10,500}", failure.message)


def test_the_status_is_kept() -> None:
    assert failure_of(Say(b"", 502, ())).status == 502
    assert failure_of(HANG_UP).status is None


def test_nobody_listens() -> None:
    with Scripted() as server:
        gone = source(server.url)
    failure = ask(gone)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.message) == (TRANSIENT, "cannot connect: Connection refused")


def test_nobody_has_that_name() -> None:
    failure = ask(source("http://nowhere.invalid:9090"))
    assert isinstance(failure, Failure)
    assert failure.kind is TRANSIENT
    assert failure.message.startswith("cannot connect: ")


@pytest.mark.realtime
def test_silence() -> None:
    """The time limit covers everything from connecting to the last byte."""
    with Scripted(SILENCE, Say(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12")) as server:
        for _ in range(2):
            failure = ask(source(server.url), budget=0.05)
            assert isinstance(failure, Failure)
            assert (failure.kind, failure.message) == (TRANSIENT, "no answer within 0.05s")


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_an_answer_beyond_the_limit_is_the_rules_own_fault(framing: str) -> None:
    """Asking again would bring the same, and the other rules of the datasource are not concerned."""
    with Scripted(Say(EMPTY + b" " * 5000, framing=framing)) as server:
        failure = ask(source(server.url), most_bytes=5000)
        assert len(server.heard) == 1
    assert isinstance(failure, Failure)
    assert failure.kind is BAD_QUERY
    assert "larger than 5,000 bytes" in failure.message


SECRETIVE = [
    HttpSettings(authorization=Authorization("Bearer", Secret("s3cr3t-t0ken"))),
    HttpSettings(basic_auth=BasicAuth("rules", Secret("s3cr3t-t0ken"))),
    HttpSettings(headers=(("X-Scope", Secret("s3cr3t-t0ken")),)),
]


@pytest.mark.parametrize("http", SECRETIVE)
@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 429, 500])
def test_secrets_that_the_server_quotes_are_not_repeated(http: HttpSettings, status: int) -> None:
    quoted = b"you said s3cr3t-t0ken, cnVsZXM6czNjcjN0LXQwa2Vu"
    failure = failure_of(Say(quoted, status, (TEXT, ("Location", "/s3cr3t-t0ken"))), http=http)
    assert "s3cr3t-t0ken" not in repr(failure)
    assert "cnVsZXM6czNjcjN0LXQwa2Vu" not in repr(failure) or http.basic_auth is None


def test_a_password_in_the_url_is_sent_and_not_repeated() -> None:
    with Scripted(Say(b"wrong: hunter22", 401, (TEXT,))) as server:
        failure = ask(source(server.url.replace("//", "//rules:hunter22@")))
        assert server.heard[0].headers["authorization"] == "Basic cnVsZXM6aHVudGVyMjI="
    assert "hunter22" not in repr(failure)
