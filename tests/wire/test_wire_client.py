"""Clients built from settings, against real servers on the loopback."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from evaluator.core.settings import Authorization, BasicAuth, HttpSettings, Secret, TlsSettings
from evaluator.wire.client import USER_AGENT, build_async_client
from evaluator.wire.credentials import UnfitSecretError
from evaluator.wire.errors import explain
from tests.local_server import LocalServer, Received, Reply, Then

OK = Reply(body=b"ok")


def ask(settings: HttpSettings, *replies: Reply, times: int = 1) -> tuple[httpx.Response, list[Received]]:
    """POST to a server that answers with `replies`: the last answer, and what the server received."""

    async def run() -> tuple[httpx.Response, list[Received]]:
        async with LocalServer(*replies) as server, build_async_client(settings) as client:
            for _ in range(times):
                response = await client.post(f"{server.url}/path", content=b"body")
            return response, server.requests

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        (HttpSettings(), "user-agent", USER_AGENT),
        (HttpSettings(authorization=Authorization("FlyV1", Secret("fm2_x,fm2_y"))), "authorization", "FlyV1 fm2_x,fm2_y"),
        (HttpSettings(basic_auth=BasicAuth("ann", Secret("pässword"))), "authorization", "Basic YW5uOnDDpHNzd29yZA=="),
        (HttpSettings(headers=(("X-Scope-OrgID", Secret("t1")),)), "x-scope-orgid", "t1"),
        (HttpSettings(headers=(("X-Twice", Secret("1")), ("X-Twice", Secret("2")))), "x-twice", "1, 2"),
        (HttpSettings(headers=(("user-agent", Secret("mine")),)), "user-agent", "mine"),
    ],
)
def test_headers_say_who_asks(settings: HttpSettings, name: str, value: str) -> None:
    _, (request,) = ask(settings, OK)
    assert request.headers[name] == value


def test_a_rotated_token_is_used_from_the_next_request_on(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")
    settings = HttpSettings(authorization=Authorization("Bearer", Secret(path=token)))

    async def run() -> list[str]:
        async with LocalServer(OK) as server, build_async_client(settings) as client:
            await client.post(server.url)
            token.write_text("new\n")
            await client.post(server.url)
            return [request.headers["authorization"] for request in server.requests]

    assert asyncio.run(run()) == ["Bearer old", "Bearer new"]


def test_a_secret_that_no_header_can_hold_is_never_quoted(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cr3t\nsecond line\n")
    with pytest.raises(UnfitSecretError) as caught:
        ask(HttpSettings(authorization=Authorization("Bearer", Secret(path=token))), OK)
    assert "s3cr3t" not in str(caught.value)
    assert str(token) in explain(caught.value)


def test_nothing_of_the_surroundings_plays_a_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither proxies of the environment, nor .netrc, nor cookies of an earlier answer."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password s3cr3t\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    _, requests = ask(HttpSettings(), Reply(headers={"Set-Cookie": "session=1"}), times=2)
    assert all({"cookie", "authorization"}.isdisjoint(request.headers) for request in requests)


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_request_is_followed(status: int) -> None:
    settings = HttpSettings(authorization=Authorization("Bearer", Secret("token")))
    response, (_, second) = ask(settings, Reply(status, {"Location": "/elsewhere"}), OK)
    assert response.status_code == 200
    assert (second.method, second.target, second.body) == ("POST", "/elsewhere", b"body")
    assert second.headers["authorization"] == "Bearer token"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_drop_the_body_is_the_answer(status: int) -> None:
    response, requests = ask(HttpSettings(), Reply(status, {"Location": "/login"}), OK)
    assert (response.status_code, len(requests)) == (status, 1)


def test_redirects_are_not_followed_when_the_settings_say_so() -> None:
    response, requests = ask(HttpSettings(follow_redirects=False), Reply(308, {"Location": "/elsewhere"}), OK)
    assert (response.status_code, len(requests)) == (308, 1)


def test_a_circle_of_redirects_ends() -> None:
    with pytest.raises(httpx.TooManyRedirects):
        ask(HttpSettings(), Reply(308, {"Location": "/path"}))


def test_credentials_do_not_follow_a_redirect_to_another_origin() -> None:
    settings = HttpSettings(authorization=Authorization("Bearer", Secret("token")), headers=(("X-Key", Secret("key")),))

    async def run() -> Received:
        async with LocalServer(OK) as other, LocalServer(Reply(307, {"Location": f"{other.url}/x"})) as server:
            async with build_async_client(settings) as client:
                await client.post(server.url, content=b"body")
            return other.requests[0]

    request = asyncio.run(run())
    assert {"authorization", "x-key"}.isdisjoint(request.headers)
    assert request.body == b"body"


def test_urls_and_tokens_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(HttpSettings(authorization=Authorization("Bearer", Secret("s3cr3t"))), OK)
    assert "s3cr3t" not in caplog.text
    assert "127.0.0.1" not in caplog.text


# TLS


def over_tls(
    authority: trustme.CA,
    tls: TlsSettings,
    *,
    names: tuple[str, ...] = ("127.0.0.1",),
    mutual: bool = False,
    server: Callable[[ssl.SSLContext], None] = lambda context: None,
) -> str:
    """What a POST to a server with a certificate for `names` gives: its body, or the error in words.

    server: changes how that one speaks TLS.
    """
    configure = server

    async def run() -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        configure(context)
        authority.issue_cert(*names).configure_cert(context)
        if mutual:
            authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        async with LocalServer(OK, tls=context) as server, build_async_client(HttpSettings(tls=tls)) as client:
            try:
                return (await client.post(server.url)).text
            except httpx.HTTPError as error:
                return explain(error)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


def certificate(authority: trustme.CA, folder: Path) -> TlsSettings:
    """Settings with a client certificate of `authority`, written to `folder`."""
    issued = authority.issue_cert("client.example.org")
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return TlsSettings(ca_file=folder / "ca.pem", cert_file=folder / "cert.pem", key_file=folder / "key.pem")


def test_an_authority_of_the_settings_is_trusted(authority: trustme.CA, ca_file: Path) -> None:
    assert over_tls(authority, TlsSettings(ca_file=ca_file)) == "ok"


def test_an_unknown_authority_is_refused_in_words(authority: trustme.CA) -> None:
    answer = over_tls(authority, TlsSettings())
    assert answer.startswith("cannot connect: the certificate is not accepted")


def test_verification_can_be_switched_off(authority: trustme.CA) -> None:
    assert over_tls(authority, TlsSettings(insecure_skip_verify=True), names=("other.example.org",)) == "ok"


def test_a_name_to_expect_replaces_the_urls(authority: trustme.CA, ca_file: Path) -> None:
    expecting = TlsSettings(ca_file=ca_file, server_name="prometheus.example.org")
    assert over_tls(authority, expecting, names=("prometheus.example.org",)) == "ok"
    assert "certificate is not accepted" in over_tls(authority, TlsSettings(ca_file=ca_file), names=("prometheus.example.org",))


def test_a_client_certificate_is_shown(authority: trustme.CA, tmp_path: Path, ca_file: Path) -> None:
    assert over_tls(authority, certificate(authority, tmp_path), mutual=True) == "ok"
    assert over_tls(authority, TlsSettings(ca_file=ca_file), mutual=True) != "ok"


def test_a_renewed_client_certificate_is_used_without_a_restart(authority: trustme.CA, tmp_path: Path) -> None:
    settings = certificate(trustme.CA(), tmp_path)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def run() -> tuple[str, str]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        async with LocalServer(OK, tls=context) as server, build_async_client(HttpSettings(tls=settings)) as client:
            with pytest.raises(httpx.HTTPError) as caught:
                await client.post(server.url)
            certificate(authority, tmp_path)
            os.utime(tmp_path / "cert.pem", (0, 0))
            return explain(caught.value), (await client.post(server.url)).text

    before, after = asyncio.run(run())
    assert (before != "ok", after) == (True, "ok")


@pytest.mark.parametrize("which", [("ca", "cert", "key"), ("cert",), ("key",)])
def test_certificates_may_stand_in_the_settings(
    authority: trustme.CA, tmp_path: Path, which: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, or one beside files; what is written on the way is gone."""
    settings = certificate(authority, tmp_path)
    texts: dict[str, Any] = {name: (tmp_path / f"{name}.pem").read_text() for name in which}
    if "key" in texts:
        texts["key"] = Secret(texts["key"])
    inline = replace(settings, **{f"{name}_file": None for name in which}, **texts)
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(aside))
    assert over_tls(authority, inline, mutual=True) == "ok"
    assert not list(aside.iterdir())


def test_a_text_that_is_no_certificate_is_said_to_be_none() -> None:
    with pytest.raises(OSError) as caught:
        build_async_client(HttpSettings(tls=TlsSettings(ca="-----BEGIN CERTIFICATE-----")))
    assert "-----BEGIN" not in explain(caught.value)


@pytest.mark.parametrize(
    ("settings", "least", "most", "agree"),
    [
        (TlsSettings(), "TLSv1_2", "TLSv1_3", True),
        (TlsSettings(), "TLSv1", "TLSv1_1", False),
        (TlsSettings(min_version="TLS13"), "TLSv1_2", "TLSv1_3", True),
        (TlsSettings(min_version="TLS13"), "TLSv1_2", "TLSv1_2", False),
        (TlsSettings(max_version="TLS12"), "TLSv1_2", "TLSv1_3", True),
        (TlsSettings(max_version="TLS12"), "TLSv1_3", "TLSv1_3", False),
        (TlsSettings(min_version="TLS10"), "TLSv1", "TLSv1", True),
        (TlsSettings(max_version="TLS11"), "TLSv1", "TLSv1_3", True),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_versions_are_those_that_are_asked_for(
    authority: trustme.CA, ca_file: Path, settings: TlsSettings, least: str, most: str, agree: bool
) -> None:
    """least, most: that the server speaks."""

    def old(context: ssl.SSLContext) -> None:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion[least], ssl.TLSVersion[most]

    answer = over_tls(authority, replace(settings, ca_file=ca_file), server=old)
    assert answer == "ok" if agree else answer != "ok"


def test_a_missing_certificate_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        build_async_client(HttpSettings(tls=TlsSettings(ca_file=tmp_path / "none.pem")))
    assert explain(caught.value) == f"{tmp_path / 'none.pem'}: No such file or directory"


# Proxies


def test_a_proxy_is_asked_for_the_whole_url() -> None:
    async def run() -> Received:
        async with LocalServer(OK) as proxy:
            settings = HttpSettings(proxy_url=Secret(proxy.url))
            async with build_async_client(settings) as client:
                await client.post("http://prometheus.example.org/api", content=b"body")
            return proxy.requests[0]

    assert asyncio.run(run()).target == "http://prometheus.example.org/api"


def test_no_proxy_goes_direct() -> None:
    settings = HttpSettings(proxy_url=Secret("http://127.0.0.1:1"), no_proxy="example.org")
    response, requests = ask(settings, OK)
    assert (response.text, requests[0].target) == ("ok", "/path")


def test_headers_for_a_proxy_are_sent_to_it_when_it_is_to_connect() -> None:
    """And not with requests that it can read, which it would hand on."""

    async def run() -> list[Received]:
        async with LocalServer(OK, Reply(407)) as proxy:
            headers = (("X-Team", Secret("a")), ("X-Team", Secret("b")))
            settings = HttpSettings(proxy_url=Secret(proxy.url), proxy_connect_headers=headers)
            async with build_async_client(settings) as client:
                await client.post("http://plain.example.org/", content=b"body")
                with pytest.raises(httpx.ProxyError):
                    await client.post("https://sealed.example.org/", content=b"body")
            return proxy.requests

    plain, sealed = asyncio.run(run())
    assert (plain.target, "x-team" in plain.headers) == ("http://plain.example.org/", False)
    assert (sealed.method, sealed.target, sealed.headers["x-team"]) == ("CONNECT", "sealed.example.org:443", "a, b")


def test_a_proxy_that_speaks_socks() -> None:
    """It is told the name, so that it may resolve it."""

    async def run() -> bytes:
        said = bytearray()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(3)
            writer.write(b"\x05\x00")
            said.extend(await reader.readexactly(5 + len("plain.example.org") + 2))
            writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK.encode())
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with build_async_client(HttpSettings(proxy_url=Secret(f"socks5://127.0.0.1:{port}"))) as client:
                assert (await client.get("http://plain.example.org/")).text == "ok"
        return bytes(said)

    assert b"plain.example.org" in asyncio.run(run())


# Errors in words


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(then=Then.RESET, raw=b""), "the connection broke"),
        (Reply(raw=b""), "the connection ended or broke HTTP's rules in the middle of an answer"),
        (Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), "the connection ended or broke HTTP's rules in the middle of an answer"),
        (Reply(headers={"Content-Encoding": "gzip"}, body=b"no gzip"), "the answer's compression is broken"),
    ],
)
def test_what_servers_do_wrong_is_said_in_words(reply: Reply, words: str) -> None:
    with pytest.raises(httpx.HTTPError) as caught:
        ask(HttpSettings(), reply)
    assert explain(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1/s3cr3t", "cannot connect: Connection refused"),
        ("ftp://s3cr3t", "the URL must start with http:// or https://"),
        ("s3cr3t", "the URL must start with http:// or https://"),
        ("http://s3cr3t:x", "the URL is not valid"),
    ],
)
def test_where_nobody_answers_the_words_hold_no_url(url: str, words: str) -> None:
    async def run() -> str:
        async with build_async_client(HttpSettings()) as client:
            try:
                await client.post(url)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                return explain(error)
        return "answered"

    assert asyncio.run(run()) == words


def test_a_server_that_does_not_answer_in_time() -> None:
    async def run() -> str:
        async with (
            LocalServer(Reply(raw=b"", then=Then.HANG)) as server,
            build_async_client(HttpSettings(), timeout=0.02) as client,
        ):
            try:
                await client.post(server.url)
            except httpx.HTTPError as error:
                return explain(error)
        return "answered"

    assert asyncio.run(run()) == "no answer within the time allowed"


def test_an_error_of_unknown_kind_is_only_named() -> None:
    assert explain(RuntimeError("s3cr3t")) == "RuntimeError"
    assert explain(ValueError("s3cr3t")) == "ValueError"
