"""TLS, proxies and redirects: the roads on which a query reaches its server."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind
from evaluator.core.http import OAuth2
from evaluator.core.settings import Authorization, Datasource, HttpSettings, Secret, TlsSettings
from evaluator.prometheus.history import History, NoAnswerError
from tests.prometheus.asking import AT, ask, source
from tests.prometheus.scripted import ONE, Say, Scripted

TOKEN_ANSWER = b'{"access_token": "t0k3n", "token_type": "bearer", "expires_in": 3600}'
TOKEN = Authorization("Bearer", Secret("s3cr3t-t0ken"))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of our own."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> TlsSettings:
    """Settings that trust it."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return TlsSettings(ca_file=tmp_path / "ca.pem")


def server_tls(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    """A server's side, with a certificate for `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def over(server: Scripted, tls: TlsSettings) -> Datasource:
    """A datasource behind that server."""
    return source(server.url, http=HttpSettings(tls=tls))


def answers(datasource: Datasource) -> bool:
    """Whether both clients, the service's and the one for history, get an answer; they must agree."""
    by_service = isinstance(ask(datasource), Answer)
    try:
        with History(datasource) as history:
            by_history = history.refused("up") is None
    except NoAnswerError:
        by_history = False
    assert by_service == by_history
    return by_service


def test_a_token_that_another_server_issues() -> None:
    """For the service's client and the one for history; who is not given one has no answer, and says whose fault that is."""
    with Scripted(Say(TOKEN_ANSWER), Say(TOKEN_ANSWER)) as issuer, Scripted(Say(ONE), Say(ONE)) as server:
        oauth2 = OAuth2("ann", f"{issuer.url}/token", Secret("s3cr3t-passw0rd"))
        assert answers(source(server.url, http=HttpSettings(oauth2=oauth2)))
    assert {request.headers["authorization"] for request in server.heard} == {"Bearer t0k3n"}
    with Scripted(Say(status=401), Say(status=401)) as issuer, Scripted() as server:
        oauth2 = OAuth2("ann", f"{issuer.url}/token", Secret("s3cr3t-passw0rd"))
        failed = ask(source(server.url, http=HttpSettings(oauth2=oauth2)))
    assert isinstance(failed, Failure)
    assert (failed.kind, server.heard) == (FailureKind.CREDENTIALS, [])
    assert failed.message == "no OAuth 2 token from 127.0.0.1: it answered 401"


def test_an_authority_of_ones_own(authority: trustme.CA, trusted: TlsSettings) -> None:
    with Scripted(tls=server_tls(authority)) as server:
        assert answers(over(server, trusted))
        assert not answers(over(server, TlsSettings()))
        failure = ask(over(server, TlsSettings()))
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.TRANSIENT
    assert failure.message.startswith("cannot connect: the certificate is not accepted, ")


def test_a_certificate_for_another_name(authority: trustme.CA, trusted: TlsSettings) -> None:
    with Scripted(tls=server_tls(authority, "prometheus.internal")) as server:
        assert not answers(over(server, trusted))
        assert answers(over(server, replace(trusted, server_name="prometheus.internal")))


def test_verification_can_be_given_up() -> None:
    with Scripted(tls=server_tls(trustme.CA())) as server:
        assert answers(over(server, TlsSettings(insecure_skip_verify=True)))


def test_a_client_certificate(authority: trustme.CA, trusted: TlsSettings, tmp_path: Path) -> None:
    certificate = authority.issue_cert("evaluator")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    context = server_tls(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    with Scripted(tls=context) as server:
        assert not answers(over(server, trusted))
        assert answers(over(server, replace(trusted, cert_file=tmp_path / "cert.pem", key_file=tmp_path / "key.pem")))


@pytest.mark.realtime
def test_a_server_that_does_not_speak_tls() -> None:
    """It waits for the rest of what it takes for a request."""
    with Scripted() as server:
        failure = ask(source(server.url.replace("http:", "https:")), budget=0.05)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.TRANSIENT


def test_through_a_proxy() -> None:
    """The proxy gets the whole URL, and the query arrives as it would without it."""
    with Scripted() as proxy:
        outcome = ask(source("http://prometheus.invalid:9090/base", http=HttpSettings(proxy_url=Secret(proxy.url))))
        (heard,) = proxy.heard
    assert isinstance(outcome, Answer)
    assert (heard.method, heard.target) == ("POST", "http://prometheus.invalid:9090/base/api/v1/query")
    assert heard.form["query"] == "up"


def test_past_the_proxy() -> None:
    with Scripted() as proxy, Scripted() as server:
        http = HttpSettings(proxy_url=Secret(proxy.url), no_proxy="127.0.0.1")
        assert answers(source(server.url, http=http))
        assert proxy.heard == []


@pytest.mark.parametrize("asked", [True, False])
def test_the_environments_proxy_is_used_only_when_asked_for(asked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert answers(source("http://prometheus.invalid:9090", http=HttpSettings(proxy_from_environment=asked))) is asked
        assert len(proxy.heard) == (2 if asked else 0)


def test_a_large_answer_through_a_proxy_is_bounded_too() -> None:
    with Scripted(Say(b" " * 5001)) as proxy:
        http = HttpSettings(proxy_url=Secret(proxy.url))
        outcome = ask(source("http://prometheus.invalid:9090", http=http), most_bytes=5000)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.BAD_QUERY


def redirect(status: int, target: str) -> Say:
    """A redirect to `target`."""
    return Say(b"", status, (("Location", target),))


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_question(status: int) -> None:
    """Each query is redirected anew, whole."""
    with Scripted(*[redirect(status, "/moved/api/v1/query")] * 2, Say(ONE)) as server:
        outcome = ask(source(server.url, http=HttpSettings(authorization=TOKEN)))
        last = server.heard[-1]
    assert isinstance(outcome, Answer)
    assert (last.method, last.target, last.form["query"]) == ("POST", "/moved/api/v1/query", "up")
    assert last.headers["authorization"] == "Bearer s3cr3t-t0ken"


def test_credentials_stay_with_their_server() -> None:
    with Scripted() as other, Scripted(*[redirect(307, f"{other.url}/api/v1/query")] * 2) as server:
        ask(source(server.url, http=HttpSettings(authorization=TOKEN, headers=(("X-Token", Secret("s3cr3t")),))))
        assert not {"authorization", "x-token"} & other.heard[0].headers.keys()


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_lose_the_question_is_not_followed(status: int) -> None:
    """Behind it stands a login page, or an answer to a question that nobody asked."""
    with Scripted(*[redirect(status, "/elsewhere")] * 2) as server:
        assert not answers(source(server.url))
        assert {heard.target for heard in server.heard} == {"/api/v1/query"}


def test_redirects_can_be_declined() -> None:
    with Scripted(*[redirect(308, "/elsewhere")] * 2) as server:
        assert not answers(source(server.url, http=HttpSettings(follow_redirects=False)))
        assert {heard.target for heard in server.heard} == {"/api/v1/query"}


def test_a_circle_of_redirects_ends() -> None:
    with Scripted(*[redirect(307, "/api/v1/query")] * 40) as server:
        outcome = ask(source(server.url))
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.message) == (FailureKind.NOT_PROMETHEUS, "too many redirects")


def test_history_follows_what_stays_with_the_host() -> None:
    """A redirect to another host is an answer, and not one to be trusted."""
    says = (redirect(307, "/moved/api/v1/query"), Say(ONE), redirect(307, "http://localhost:1/"))
    with Scripted(*says) as server, History(source(server.url), now=lambda: AT) as history:
        assert history.refused("up") is None
        assert server.heard[1].target == "/moved/api/v1/query"
        assert server.heard[1].form["query"] == "up"
        with pytest.raises(NoAnswerError, match="redirected"):
            history.refused("up")
