"""Tokens of OAuth 2, against a server that issues them and one that wants them, both on the loopback."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from evaluator.core.http import HttpSettings, OAuth2, ProxySettings, Secret
from evaluator.wire.client import build_async_client, fetch_now
from evaluator.wire.errors import explain
from evaluator.wire.oauth2 import NoTokenError, Purse, secrets_of
from tests.local_server import LocalServer, Received, Reply

JSON = {"Content-Type": "application/json"}
SECRET = "sword fish/ü"


def issued(token: str = "t1", **more: Any) -> Reply:
    return Reply(headers=JSON, body=json.dumps({"access_token": token, "token_type": "bearer", **more}).encode())


def refused(status: int = 401, error: str = "invalid_client", **more: Any) -> Reply:
    return Reply(status, JSON, json.dumps({"error": error, **more}).encode())


def settings(url: str, **more: Any) -> OAuth2:
    return OAuth2("an id", url + "/token", Secret(SECRET), **more)


def form(request: Received) -> Mapping[str, list[str]]:
    return parse_qs(request.body.decode(), keep_blank_values=True)


class Door(LocalServer):
    """Lets in who has one of these tokens."""

    def __init__(self, *tokens: str) -> None:
        super().__init__()
        self.tokens = tokens

    async def reply(self, request: Received) -> Reply:
        """Whether the token is a good one."""
        known = request.headers.get("authorization") in {f"Bearer {token}" for token in self.tokens}
        return Reply(body=request.body) if known else Reply(401)


class Scene:
    """A client with tokens, where they come from, and whom it asks."""

    def __init__(self, issuer: LocalServer, door: Door, client: httpx.AsyncClient) -> None:
        self.issuer, self.door, self.client = issuer, door, client

    async def post(self) -> httpx.Response:
        return await self.client.post(f"{self.door.url}/hook", content=b"body")


@asynccontextmanager
async def scene(issuer: LocalServer, door: Door) -> AsyncIterator[Scene]:
    async with build_async_client(HttpSettings(oauth2=settings(issuer.url))) as client:
        yield Scene(issuer, door, client)


async def play(
    replies: tuple[Reply, ...], tokens: tuple[str, ...], *, times: int = 1, at_once: bool = False
) -> tuple[Scene, list[Any]]:
    """POST some times to a door that wants one of `tokens`: what came of each, errors included."""
    async with LocalServer(*replies) as issuer, Door(*tokens) as door, scene(issuer, door) as made:
        posts = [made.post() for _ in range(times)]
        if at_once:
            return made, await asyncio.gather(*posts, return_exceptions=True)
        return made, [(await asyncio.gather(post, return_exceptions=True))[0] for post in posts]


async def test_what_is_asked_for() -> None:
    """The secret in the header, both parts escaped before they are joined; scopes and further parameters in the body."""
    async with LocalServer(issued()) as issuer, Door("t1") as door:
        oauth2 = settings(issuer.url, scopes=("a:read", "b"), endpoint_params=(("audience", "x y"),))
        async with build_async_client(HttpSettings(oauth2=oauth2)) as client:
            assert (await client.post(f"{door.url}/hook", content=b"body")).text == "body"
        (request,) = issuer.requests
    user = base64.b64encode(b"an+id:sword+fish%2F%C3%BC").decode()
    assert (request.method, request.target, request.headers["authorization"]) == ("POST", "/token", f"Basic {user}")
    assert form(request) == {"grant_type": ["client_credentials"], "scope": ["a:read b"], "audience": ["x y"]}


async def test_the_body_when_the_header_is_not_taken() -> None:
    """And from then on the body at once."""
    scene, answers = await play((refused(), issued("t1", expires_in=0.001), issued("t2")), ("t1", "t2"), times=2)
    assert [answer.status_code for answer in answers] == [200, 200]
    header, body, again = scene.issuer.requests
    assert "authorization" in header.headers
    assert {"authorization"} & {*body.headers, *again.headers} == set()
    assert form(body)["client_id"] == ["an id"]
    assert form(body)["client_secret"] == form(again)["client_secret"] == [SECRET]


async def test_a_token_is_kept() -> None:
    scene, answers = await play((issued(expires_in="3600"),), ("t1",), times=3)
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(scene.issuer.requests) == 1


async def test_one_fetch_for_all_who_wait() -> None:
    scene, answers = await play((issued(),), ("t1",), times=20, at_once=True)
    assert {answer.status_code for answer in answers} == {200}
    assert len(scene.issuer.requests) == 1


async def test_one_failure_for_all_who_wait() -> None:
    """Who waited while the fetch failed does not ask again; nothing is sent to anybody without a token."""
    scene, answers = await play((Reply(503),), (), times=20, at_once=True)
    assert {type(answer) for answer in answers} == {NoTokenError}
    assert (len(scene.issuer.requests), scene.door.requests) == (1, [])


async def test_a_refused_token_is_replaced() -> None:
    """One that was withdrawn before its time; the request is sent once more, its body included."""
    scene, (first, second) = await play((issued("t1", expires_in=3600), issued("t2", expires_in=3600)), ("t2",), times=2)
    assert (first.text, second.text) == ("body", "body")
    assert [request.headers["authorization"] for request in scene.door.requests] == ["Bearer t1", "Bearer t2", "Bearer t2"]


async def test_a_new_token_that_is_refused_too() -> None:
    """Is the end of it: the answer is the 401."""
    scene, (answer,) = await play((issued("t1"), issued("t2")), ())
    assert answer.status_code == 401
    assert (len(scene.door.requests), len(scene.issuer.requests)) == (2, 2)


@pytest.mark.parametrize(
    ("kept", "lives", "good"),
    [(None, 1e9, True), (0, 1e9, True), (3600, 3589.9, True), (3600, 3590.1, False), (8, 3.9, True), (8, 4.1, False)],
)
def test_until_when(kept: float | None, lives: float, good: bool) -> None:
    """Ten seconds less than the server says, half the time when that is short, and for ever when it says nothing."""
    clock = [0.0]
    purse = Purse(settings("http://id.example.org"), lambda: clock[0])
    fill(purse, httpx.Response(200, json={"access_token": "t", **({} if kept is None else {"expires_in": kept})}))
    clock[0] = lives
    assert purse.header == ("Bearer t" if good else None)


@pytest.mark.parametrize(
    ("answer", "header"),
    [
        (httpx.Response(200, json={"access_token": "t"}), "Bearer t"),
        (httpx.Response(201, json={"access_token": "t", "token_type": "BEARER", "expires_in": None}), "Bearer t"),
        (httpx.Response(200, json={"access_token": "t", "token_type": "DPoP", "expires_in": "soon"}), "DPoP t"),
        (httpx.Response(200, content=b"access_token=t%2B&expires_in=9", headers={"Content-Type": "text/plain"}), "Bearer t+"),
    ],
)
def test_shapes_of_answers(answer: httpx.Response, header: str) -> None:
    assert fill(Purse(settings("http://id.example.org")), answer) == header


HOST = "no OAuth 2 token from id.example.org: it answered"
WRONG = {
    "401 invalid_client": httpx.Response(401, json={"error": "invalid_client", "error_description": SECRET}),
    "400": httpx.Response(400, json={"error": SECRET}),
    "403": httpx.Response(403, content=SECRET.encode()),
    "307": httpx.Response(307, headers={"Location": "http://elsewhere"}),
    "200 invalid_scope": httpx.Response(200, json={"error": "invalid_scope", "access_token": "t"}),
    "200 without one": httpx.Response(200, json=[1]),
    "201 without one": httpx.Response(201, json={"access_token": "two\nlines"}),
    "202 without one": httpx.Response(202, content=b"\xff", headers={"Content-Type": "text/plain"}),
    "500": httpx.Response(500, content=b"<h1>oh</h1>"),
}


@pytest.mark.parametrize(("said", "answer"), WRONG.items(), ids=WRONG)
def test_what_is_no_token(said: str, answer: httpx.Response) -> None:
    """Is said in a sentence that quotes nothing but the protocol's own words."""
    with pytest.raises(NoTokenError) as error:
        fill(Purse(settings("http://id.example.org")), answer)
    assert explain(error.value) == f"{HOST} {said}"
    assert error.value.refused == (400 <= answer.status_code < 500)


async def test_nobody_issues_tokens() -> None:
    oauth2 = settings("http://127.0.0.1:1")
    async with build_async_client(HttpSettings(oauth2=oauth2)) as client:
        with pytest.raises(NoTokenError) as error:
            await client.get("http://127.0.0.1:2")
    assert explain(error.value) == "no OAuth 2 token from 127.0.0.1: cannot connect: Connection refused"
    with pytest.raises(NoTokenError, match="no OAuth 2 token"):
        fetch_now(Purse(oauth2))


async def test_a_secret_in_a_file(tmp_path: Path) -> None:
    """Is read for each fetch; one that cannot be read is said with its name."""
    file = tmp_path / "secret"
    async with LocalServer(issued()) as issuer, Door("t1") as door:
        oauth2 = replace(settings(issuer.url), client_secret=Secret(path=file))
        async with build_async_client(HttpSettings(oauth2=oauth2)) as client:
            with pytest.raises(OSError) as error:
                await client.post(door.url)
            assert explain(error.value) == f"{file}: No such file or directory"
            file.write_text("later\n")
            assert (await client.post(door.url)).status_code == 200
    assert issuer.requests[0].headers["authorization"] == "Basic " + base64.b64encode(b"an+id:later").decode()


async def test_no_token_for_others() -> None:
    """A redirect to another origin goes without."""
    async with LocalServer(issued()) as issuer, LocalServer() as other:
        elsewhere = Reply(307, {"Location": other.url})
        oauth2 = settings(issuer.url)
        async with LocalServer(elsewhere) as first, build_async_client(HttpSettings(oauth2=oauth2)) as client:
            assert (await client.post(first.url, content=b"body")).status_code == 200
    assert first.requests[0].headers["authorization"] == "Bearer t1"
    assert "authorization" not in other.requests[0].headers


async def test_through_a_proxy_of_its_own() -> None:
    """The token's server is asked through the proxy that `oauth2` names; the request itself goes direct."""
    async with LocalServer(issued()) as proxy, Door("t1") as door:
        oauth2 = settings("http://id.example.org", proxy=ProxySettings(Secret(proxy.url)))
        async with build_async_client(HttpSettings(oauth2=oauth2)) as client:
            assert (await client.post(door.url)).status_code == 200
    assert [request.target for request in proxy.requests] == ["http://id.example.org/token"]


async def test_without_a_loop() -> None:
    """History is read by threads."""
    async with LocalServer(refused(), issued("t1", expires_in=3600)) as issuer:
        purse = Purse(settings(issuer.url))
        assert await asyncio.to_thread(fetch_now, purse) == "Bearer t1" == purse.header


def test_what_nobody_may_read() -> None:
    oauth2 = settings("http://id.example.org", scopes=("unlike", "others"))
    purse = Purse(oauth2)
    fill(purse, httpx.Response(200, json={"access_token": "precious"}))
    assert {SECRET, "precious"} < set(secrets_of(oauth2))
    assert "precious" not in set(secrets_of(settings("http://id.example.org")))
    assert SECRET not in repr(oauth2)


def fill(purse: Purse, answer: httpx.Response) -> str:
    """What comes of a fetch that is answered so, however it asks."""
    asking = purse.fetch()
    next(asking)
    try:
        while True:
            asking.send(answer)
    except StopIteration as end:
        return str(end.value)
