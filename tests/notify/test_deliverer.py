"""What delivery promises whoever is told, against a real server; what each receiver promises is in `test_contract.py`."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.events import Delivered, DeliveryFailed
from evaluator.core.http import OAuth2
from evaluator.core.records import Notification, OutboxRecord
from evaluator.core.settings import (
    Authorization,
    BasicAuth,
    ConsoleSettings,
    HttpSettings,
    Integration,
    IntegrationSettings,
    Receiver,
    Secret,
    SlackSettings,
    WebhookSettings,
)
from evaluator.notify.delivery import Deliverer
from evaluator.notify.rendered import Render
from evaluator.notify.texts import Texts
from evaluator.wire.client import build_async_client
from tests.effort import examples
from tests.local_server import LocalServer, Reply, Then
from tests.notify.contract import EVER_LONGER
from tests.notify.scenes import AT, PlainTexts, row

GOOD = PlainTexts(me="Evaluator", color="danger", title="HighLatency")
OK = Reply(body=b"ok")


def webhook(url: str, **options: Any) -> WebhookSettings:
    return WebhookSettings(Secret(url), **options)


def slack(url: str, **options: Any) -> SlackSettings:
    texts = dict.fromkeys(("username", "title_link", "pretext", "text", "footer", "callback_id", "icon_emoji", "icon_url"), "")
    return SlackSettings(Secret(url), **(texts | {"title": "{{ title }}", "fallback": "short", "color": "good"} | options))


KINDS = {"webhook": webhook, "slack": slack}


def receivers(**integrations: IntegrationSettings) -> list[Receiver]:
    """One receiver, `ops`, with one integration of each kind."""
    return [Receiver("ops", tuple(Integration(kind, 0, True, told) for kind, told in integrations.items()))]


def deliverer(told: Sequence[Receiver], texts: Texts = GOOD, **options: Any) -> Deliverer:
    given = {"external_url": "https://alerts.example.org", "stdout": io.StringIO(), "clock": lambda: AT, "timeout": 5.0}
    return Deliverer(told, texts, **(given | options))


def deliver(
    kind: str, *replies: Reply, path: str = "/hook", texts: Texts = GOOD, **options: Any
) -> tuple[Delivered | DeliveryFailed, LocalServer]:
    """One attempt at a server that answers with `replies`: the event, and the server."""
    timeout = options.pop("timeout", 5.0)
    options["timeout"] = options.pop("own_timeout", timedelta(0))

    async def run() -> tuple[Delivered | DeliveryFailed, LocalServer]:
        async with LocalServer(*replies) as server:
            told = receivers(**{kind: KINDS[kind](server.url + path, **options)})
            postman = deliverer(told, texts, timeout=timeout)
            event = await postman.deliver(row(integration=f"ops/{kind}[0]"))
            await postman.aclose()
            return event, server

    return asyncio.run(run())


PERMANENT = True
TRANSIENT = False

# name: the server's behaviour, whether it is permanent, the pause asked for, how the error begins
REFUSALS: Mapping[str, tuple[Reply, bool, float | None, str]] = {
    "bad request": (Reply(400, body=b"bad channel\n"), PERMANENT, None, "answered 400 Bad Request: bad channel"),
    "credentials": (Reply(401), PERMANENT, None, "answered 401 Unauthorized"),
    "not found": (Reply(404, body=b"\x1b[2Jgone"), PERMANENT, None, "answered 404 Not Found: \\x1b[2Jgone"),
    "gave up waiting": (Reply(408), TRANSIENT, None, "answered 408 Request Timeout"),
    "too early": (Reply(425), TRANSIENT, None, "answered 425 Too Early"),
    "too many": (Reply(429), TRANSIENT, None, "answered 429 Too Many Requests"),
    "patience in seconds": (Reply(429, {"Retry-After": "17"}), TRANSIENT, 17.0, "answered 429 Too Many Requests"),
    "patience as a date": (
        Reply(503, {"Retry-After": "Mon, 03 Aug 2026 03:01:12 GMT", "Date": "Mon, 03 Aug 2026 03:00:12 GMT"}),
        TRANSIENT,
        60.0,
        "answered 503 Service Unavailable",
    ),
    "patience without sense": (Reply(503, {"Retry-After": "soon"}), TRANSIENT, None, "answered 503 Service Unavailable"),
    "server error": (Reply(500, body=b"x" * 5000), TRANSIENT, None, "answered 500 Internal Server Error: xxx"),
    "unknown status": (Reply(599), TRANSIENT, None, "answered 599"),
    "login page": (
        Reply(302, {"Location": "https://login.example.org/?token=s3cr3t"}),
        PERMANENT,
        None,
        "answered 302 Found to login.example.org; only 307 and 308",
    ),
    "redirect to nowhere": (Reply(302, {"Location": "http://["}), PERMANENT, None, "answered 302 Found; only 307 and 308"),
    "broken redirect": (Reply(307, {"Location": "http://x:y"}), TRANSIENT, None, "the connection ended or broke HTTP's rules"),
    "closed without a word": (Reply(raw=b""), TRANSIENT, None, "the connection ended"),
    "reset without a word": (Reply(raw=b"", then=Then.RESET), TRANSIENT, None, "the connection broke"),
    "not HTTP": (Reply(raw=b"220 mail.example.org ESMTP\r\n"), TRANSIENT, None, "the connection ended or broke HTTP's rules"),
    "reset in the headers": (Reply(raw=b"HTTP/1.1 200 OK\r\nCont", then=Then.RESET), TRANSIENT, None, "the connection"),
}


@pytest.mark.parametrize("behaviour", REFUSALS)
def test_refusals(behaviour: str) -> None:
    reply, permanent, retry_after, error = REFUSALS[behaviour]
    event, server = deliver("webhook", reply)
    assert isinstance(event, DeliveryFailed)
    assert (event.outbox, event.permanent, event.retry_after) == ("0f3c", permanent, retry_after)
    assert event.error.startswith(error)
    assert len(event.error) < 500
    assert len(server.requests) == 1, "one call is one attempt"


# What the server does, and whether the notification may have arrived although nobody said so.
TAKEN_PERHAPS: Mapping[str, tuple[Reply, bool]] = {
    "answers that it failed": (Reply(500), False),
    "answers that it is busy": (Reply(503), False),
    "answers that it is wrong": (Reply(400), False),
    "a gateway heard nothing sensible": (Reply(502), True),
    "a gateway heard nothing in time": (Reply(504), True),
    "closes without a word": (Reply(raw=b""), True),
    "resets without a word": (Reply(raw=b"", then=Then.RESET), True),
    "resets in the middle of its answer": (Reply(raw=b"HTTP/1.1 200 OK\r\nCont", then=Then.RESET), True),
    "sends to another server for ever": (Reply(307, {"Location": "/hook"}), False),
}


@pytest.mark.parametrize("behaviour", TAKEN_PERHAPS)
def test_it_is_unknown_what_came_of_a_request_that_nobody_answered(behaviour: str) -> None:
    """Only then: a server that answers knows whether it took it, unless it is a gateway that asked another."""
    reply, unknown = TAKEN_PERHAPS[behaviour]
    event, _ = deliver("webhook", reply)
    assert isinstance(event, DeliveryFailed)
    assert event.unknown is unknown


def test_a_server_that_cannot_be_reached_has_taken_nothing() -> None:
    """Whether nobody listens, or whoever listens hangs up before TLS is agreed on."""

    async def run() -> list[Delivered | DeliveryFailed]:
        async with LocalServer() as server:
            gone = server.url
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            postmen = [deliverer(receivers(webhook=webhook(url))) for url in (gone, f"https://{host}:{port}/")]
            events = [await postman.deliver(row(integration="ops/webhook[0]")) for postman in postmen]
            for postman in postmen:
                await postman.aclose()
            return events

    for event in asyncio.run(run()):
        assert isinstance(event, DeliveryFailed)
        assert not event.unknown


def test_a_circle_of_redirects_is_permanent() -> None:
    event, _ = deliver("webhook", Reply(307, {"Location": "/hook"}))
    assert event == DeliveryFailed("0f3c", "too many redirects", permanent=True)


@pytest.mark.parametrize(("url", "error"), [("ftp://x/y", "the URL must start with"), ("http://x:y", "the URL is not valid")])
def test_a_url_that_is_none_is_permanent(url: str, error: str) -> None:
    event = asyncio.run(deliverer(receivers(webhook=webhook(url))).deliver(row(integration="ops/webhook[0]")))
    assert isinstance(event, DeliveryFailed)
    assert event.permanent
    assert event.error.startswith(error)


def test_a_webhook_needs_no_more_than_a_status() -> None:
    """A bridge that said 2xx has taken the page; asking again because its body broke off would page twice."""
    torn = Reply(200, body=b"tha", length=500, then=Then.RESET)
    endless = Reply(200, body=b"tha", length=500, then=Then.HANG)
    assert deliver("webhook", Reply(204))[0] == Delivered("0f3c")
    assert deliver("webhook", torn)[0] == Delivered("0f3c")
    assert any(deliver("webhook", endless, timeout=seconds)[0] == Delivered("0f3c") for seconds in EVER_LONGER)


def test_slack_must_say_the_whole_ok() -> None:
    torn = Reply(200, body=b"ok", length=500, then=Then.RESET)
    assert deliver("slack", torn)[0] == DeliveryFailed("0f3c", "the answer was cut short")
    assert deliver("slack", Reply(204))[0] == DeliveryFailed("0f3c", "answered without `ok`", permanent=True)


# Secrets

TOKEN, PASSWORD, KEY, PART = "t0ken-of-ops", "passw0rd", "k3y", "T00/B00/XyZ123abc"


@pytest.mark.parametrize("behaviour", REFUSALS)
def test_a_server_that_quotes_the_request_gives_no_secret_away(behaviour: str) -> None:
    """The body of every answer that has one repeats URL, token and header, plainly and encoded."""
    basic = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
    quoting = f"/{PART} {PART.split('/')[-1]} {TOKEN} {PASSWORD} {basic} {KEY} {quote('a b+c=d&e')} a b+c=d&e".encode()
    reply = REFUSALS[behaviour][0]
    if reply.raw is None:
        reply = replace(reply, body=quoting)
    bearer = HttpSettings(authorization=Authorization("Bearer", Secret(TOKEN)), headers=(("X-Key", Secret(KEY)),))
    named = HttpSettings(basic_auth=BasicAuth("ann", Secret(PASSWORD)))
    for http in (bearer, named):
        event, _ = deliver("webhook", reply, path=f"/{PART}?q={quote('a b+c=d&e')}", http=http)
        assert isinstance(event, DeliveryFailed)
        for secret in (PART, PART.split("/")[-1], "s3cr3t", quote("a b+c=d&e"), "a b+c=d&e"):
            assert secret not in event.error
        own = (TOKEN, KEY) if http.authorization else (PASSWORD, basic)
        assert not any(secret in event.error for secret in own)


def test_a_token_that_is_issued_is_sent_and_never_quoted() -> None:
    """The token's server and the receiver both repeat what they should not; the notification fails with neither in it."""

    async def run() -> tuple[list[Delivered | DeliveryFailed], LocalServer]:
        issued = Reply(headers={"Content-Type": "application/json"}, body=b'{"access_token": "f1rst-t0ken", "expires_in": 900}')
        refused = Reply(400, body=f'{{"error": "{PASSWORD}"}}'.encode())
        quotes = Reply(403, body=b"Bearer f1rst-t0ken?")
        async with LocalServer(issued, refused) as issuer, LocalServer(OK, quotes, Reply(401)) as hook:
            oauth2 = OAuth2("ann", f"{issuer.url}/token", Secret(PASSWORD))
            postman = deliverer(receivers(webhook=webhook(hook.url, http=HttpSettings(oauth2=oauth2))))
            events = [await postman.deliver(row(integration="ops/webhook[0]")) for _ in range(4)]
            await postman.aclose()
            return events, hook

    (delivered, quoted, withdrawn, without), hook = asyncio.run(run())
    assert isinstance(delivered, Delivered)
    assert [request.headers["authorization"] for request in hook.requests] == ["Bearer f1rst-t0ken"] * 3
    assert isinstance(quoted, DeliveryFailed)
    assert quoted.error == "answered 403 Forbidden: Bearer <secret>?"
    for event in (withdrawn, without):
        assert isinstance(event, DeliveryFailed)
        assert (event.error, event.permanent) == ("no OAuth 2 token from 127.0.0.1: it answered 400", False)


@settings(max_examples=examples(10))
@given(
    st.text("abcdefXYZ0123456789-_", min_size=6, max_size=40),
    st.sampled_from([400, 404, 429, 500]),
    st.text("abc /-", max_size=20),
)
def test_no_secret_of_a_url_survives_in_an_error(secret: str, status: int, around: str) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, text=f"{around}{request.url}{around}{secret}{around}")

    told = receivers(webhook=webhook(f"http://bridge.example.org/{secret}/x?k={secret}"))
    postman = deliverer(told, make_client=lambda _: httpx.AsyncClient(transport=httpx.MockTransport(refuse)))
    event = asyncio.run(postman.deliver(row(integration="ops/webhook[0]")))
    assert isinstance(event, DeliveryFailed)
    assert secret not in event.error.removeprefix(f"answered {status}").replace("<secret>", "")


def test_a_missing_secret_is_named_by_its_file_and_tried_again(tmp_path: Path) -> None:
    """It may be about to be rotated; the file is read anew by the next attempt."""
    path = tmp_path / "url"
    error = f"{path}: No such file or directory"
    for kind, told in {"webhook": WebhookSettings(Secret(path=path)), "slack": SlackSettings(Secret(path=path))}.items():
        event = asyncio.run(deliverer(receivers(**{kind: told})).deliver(row(integration=f"ops/{kind}[0]")))
        assert event == DeliveryFailed("0f3c", error)


# Templates


class BrokenTexts(PlainTexts):
    """Texts that fail as `error` says."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def annotations(self, notification: Notification) -> Sequence[Mapping[str, str]]:
        raise self._error

    def renderer(self, notification: Notification, annotations: Sequence[Mapping[str, str]]) -> Render:
        raise self._error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("line 3: unexpected {{"), "line 3: unexpected {{"),
        (RecursionError("deep"), "internal error, RecursionError"),
    ],
)
def test_texts_that_fail_cost_the_texts_and_not_the_page(error: Exception, words: str) -> None:
    """Annotations then go out as the rule has them, and the receipt says why."""
    event, server = deliver("webhook", OK, texts=BrokenTexts(error))
    assert event == Delivered("0f3c", (("template_error", f"annotations: {words}"),))
    assert b"Latency is high on {{ $labels.instance }}" in server.requests[0].body


def test_annotations_for_other_alerts_are_not_trusted() -> None:
    class Forgetful(PlainTexts):
        def annotations(self, notification: Notification) -> Sequence[Mapping[str, str]]:
            return []

    event, _ = deliver("webhook", OK, texts=Forgetful())
    assert event == Delivered("0f3c", (("template_error", "annotations: internal error, AssertionError"),))


def test_a_failed_template_of_a_receiver_stands_in_the_receipt() -> None:
    event, server = deliver("slack", OK, text="{{ nobody }}")
    assert isinstance(event, Delivered)
    assert event.receipt == (("template_error", "text: line 1, column 1: no such name in {{ nobody }}"),)
    assert b"Latency is high on a:9090" in server.requests[0].body


# Everything else


def test_the_console_prints_where_it_is_told() -> None:
    stdout = io.StringIO()
    postman = deliverer(receivers(console=ConsoleSettings()), stdout=stdout)
    assert asyncio.run(postman.deliver(row(integration="ops/console[0]"))) == Delivered("0f3c")
    assert stdout.getvalue().startswith("FIRING:1  HighLatency")
    assert postman.preview(row(integration="ops/console[0]")) == stdout.getvalue()[:-1]


def test_an_integration_that_a_reload_removed_is_permanent() -> None:
    event = asyncio.run(deliverer([]).deliver(row(integration="ops/webhook[0]")))
    assert event == DeliveryFailed("0f3c", "the configuration no longer has ops/webhook[0]", permanent=True)


def test_a_mistake_of_ours_is_an_event_too_and_quotes_nothing() -> None:
    def broken(_: HttpSettings) -> httpx.AsyncClient:
        raise RuntimeError("s3cr3t")

    postman = deliverer(receivers(webhook=webhook("http://x")), make_client=broken)
    event = asyncio.run(postman.deliver(row(integration="ops/webhook[0]")))
    assert isinstance(event, DeliveryFailed)
    assert event.error.startswith("internal error, RuntimeError in test_deliverer.py:")
    assert not event.permanent


def test_equal_settings_share_a_client() -> None:
    made: list[HttpSettings] = []

    def make(told: HttpSettings) -> httpx.AsyncClient:
        made.append(told)
        return build_async_client(told)

    async def run() -> None:
        async with LocalServer(OK) as server:
            told = receivers(webhook=webhook(server.url), slack=slack(server.url))
            postman = deliverer(told, make_client=make)
            for kind in KINDS:
                assert await postman.deliver(row(integration=f"ops/{kind}[0]")) == Delivered("0f3c")
            await postman.aclose()

    asyncio.run(run())
    assert made == [HttpSettings()]


def test_a_reload_lets_attempts_under_way_end_and_closes_what_is_not_needed() -> None:
    """The server answers only after the reload, over the client that the new configuration no longer has."""
    clients: list[httpx.AsyncClient] = []

    def make(told: HttpSettings) -> httpx.AsyncClient:
        clients.append(build_async_client(told))
        return clients[-1]

    async def run() -> Delivered | DeliveryFailed:
        arrived, go = asyncio.Event(), asyncio.Event()

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            arrived.set()
            await go.wait()
            writer.write(OK.encode())
            writer.close()

        async with await asyncio.start_server(slow, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            postman = deliverer(receivers(webhook=webhook(url)), make_client=make)
            attempt = asyncio.create_task(postman.deliver(row(integration="ops/webhook[0]")))
            await arrived.wait()
            await postman.reload([], GOOD, external_url="")
            assert not clients[0].is_closed
            go.set()
            return await attempt

    assert asyncio.run(run()) == Delivered("0f3c")
    assert clients[0].is_closed


def test_a_reload_that_changes_no_http_settings_keeps_connections() -> None:
    async def run() -> list[bool]:
        clients: list[httpx.AsyncClient] = []

        def make(told: HttpSettings) -> httpx.AsyncClient:
            clients.append(build_async_client(told))
            return clients[-1]

        async with LocalServer(OK) as server:
            told = receivers(webhook=webhook(server.url))
            postman = deliverer(told, make_client=make)
            await postman.deliver(row(integration="ops/webhook[0]"))
            await postman.reload(told, GOOD, external_url="")
            await postman.deliver(row(integration="ops/webhook[0]"))
            await postman.aclose()
            return [client.is_closed for client in clients]

    assert asyncio.run(run()) == [True]


def test_cancelling_is_passed_on() -> None:
    """A service that shuts down must be able to leave; the row is still in the outbox."""

    async def run() -> None:
        async with LocalServer(Reply(raw=b"", then=Then.HANG)) as server:
            postman = deliverer(receivers(webhook=webhook(server.url)))
            attempt = asyncio.create_task(postman.deliver(row(integration="ops/webhook[0]")))
            await server.asked.wait()
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
            await postman.aclose()

    asyncio.run(run())


def test_a_date_to_wait_for_is_measured_by_the_clock_where_the_answer_has_none() -> None:
    def clock() -> datetime:
        return datetime(2026, 8, 3, 3, 0, 0, tzinfo=UTC)

    async def run() -> Delivered | DeliveryFailed:
        async with LocalServer(Reply(503, {"Retry-After": "Mon, 03 Aug 2026 03:00:45 GMT"})) as server:
            postman = deliverer(receivers(webhook=webhook(server.url)), clock=clock)
            try:
                return await postman.deliver(row(integration="ops/webhook[0]"))
            finally:
                await postman.aclose()

    event = asyncio.run(run())
    assert isinstance(event, DeliveryFailed)
    assert event.retry_after == 45.0


@settings(max_examples=examples(15))
@given(st.binary(max_size=300))
def test_whatever_a_server_says_there_is_one_event(raw: bytes) -> None:
    event, _ = deliver("slack", Reply(raw=raw), timeout=1.0)
    assert isinstance(event, Delivered | DeliveryFailed)


def test_many_rows_at_once_each_get_their_own_event() -> None:
    async def run() -> list[Delivered | DeliveryFailed]:
        async with LocalServer(OK) as server:
            postman = deliverer(receivers(webhook=webhook(server.url)))
            rows: list[OutboxRecord] = [row(integration="ops/webhook[0]", ident=f"id{n}") for n in range(20)]
            events = await asyncio.gather(*map(postman.deliver, rows))
            await postman.aclose()
            return list(events)

    assert asyncio.run(run()) == [Delivered(f"id{n}") for n in range(20)]
