"""What is asked, how often, and when no more."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind
from evaluator.core.settings import Authorization, BasicAuth, DatasourceKind, HttpSettings, Secret
from evaluator.prometheus import PrometheusClient
from tests.prometheus.asking import AT, Clock, ask, client, source, using
from tests.prometheus.scripted import HANG_UP, HTML, JSON, SILENCE, TEXT, Heard, Say, Scripted

BROKEN = Say(b"", 502, ())


def asked(url_suffix: str = "", expr: str = "up", **settings: object) -> Heard:
    """The one request that a query makes."""
    with Scripted() as server:
        outcome = ask(source(server.url + url_suffix, **settings), expr)
        assert isinstance(outcome, Answer), outcome
        (heard,) = server.heard
    return heard


def test_the_request() -> None:
    """An instant query by POST, with the explicit time in milliseconds and the time limit."""
    heard = asked(expr='sum(rate(x{a="b+c&d=%é"}[5m])) > 1', timeout=timedelta(seconds=3))
    assert (heard.method, heard.target) == ("POST", "/api/v1/query")
    assert heard.headers["content-type"] == "application/x-www-form-urlencoded"
    assert heard.headers["accept"] == "application/json"
    assert heard.headers["user-agent"].startswith("evaluator/")
    assert heard.form == {"query": 'sum(rate(x{a="b+c&d=%é"}[5m])) > 1', "time": "1772366400.250", "timeout": "3.000"}


def test_victoriametrics_is_told_not_to_shift_the_time() -> None:
    assert asked(kind=DatasourceKind.VICTORIAMETRICS).form["nocache"] == "1"


@pytest.mark.parametrize(
    ("base", "target"),
    [
        ("/", "/api/v1/query"),
        ("/prometheus/my-org", "/prometheus/my-org/api/v1/query"),
        ("/prometheus/my-org/", "/prometheus/my-org/api/v1/query"),
        ("/select/0/prometheus?extra_label=team%3Da", "/select/0/prometheus/api/v1/query?extra_label=team%3Da"),
    ],
)
def test_the_path(base: str, target: str) -> None:
    assert asked(base).target == target


@pytest.mark.parametrize(
    ("http", "header", "value"),
    [
        (HttpSettings(authorization=Authorization("Bearer", Secret("abc"))), "authorization", "Bearer abc"),
        (HttpSettings(authorization=Authorization("FlyV1", Secret("fm2_x=,y"))), "authorization", "FlyV1 fm2_x=,y"),
        (HttpSettings(basic_auth=BasicAuth("rules", Secret("pass:word"))), "authorization", "Basic cnVsZXM6cGFzczp3b3Jk"),
        (HttpSettings(headers=(("X-Scope-OrgID", Secret("team-a")),)), "x-scope-orgid", "team-a"),
        (HttpSettings(headers=(("Host", Secret("prom.internal")),)), "host", "prom.internal"),
    ],
)
def test_credentials(http: HttpSettings, header: str, value: str) -> None:
    assert asked(http=http).headers[header] == value


def test_a_rotated_token_is_used_from_the_next_query_on(tmp_path: Path) -> None:
    token = tmp_path / "token"

    async def use(asker: PrometheusClient) -> None:
        for text in ("one\n", "two\n"):
            token.write_text(text)
            await asker.query("up", AT, budget=4)

    with Scripted() as server:
        http = HttpSettings(authorization=Authorization("Bearer", Secret(path=token)))
        using(lambda: client(source(server.url, http=http)), use)
        assert [heard.headers["authorization"] for heard in server.heard] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("content", [None, b"line\nbreak", b"\xff"])
def test_a_secret_that_cannot_be_used(tmp_path: Path, content: bytes | None) -> None:
    """Nothing is asked without credentials, and the sentence names the trouble, not the secret."""
    token = tmp_path / "token"
    if content is not None:
        token.write_bytes(content)
    with Scripted() as server:
        outcome = ask(source(server.url, http=HttpSettings(authorization=Authorization("Bearer", Secret(path=token)))))
        assert server.heard == []
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.CREDENTIALS
    assert "break" not in outcome.message.removesuffix("line break or a control character")


def test_a_passing_failure_is_tried_again() -> None:
    """At most twice, with growing pauses: half to one and a half times 0.2 s, then 0.4 s."""
    clock = Clock()
    with Scripted(HANG_UP, BROKEN) as server:
        outcome = ask(source(server.url), clock=clock, sleep=clock.sleep)
        assert len(server.heard) == 3
    assert isinstance(outcome, Answer)
    assert clock.slept == pytest.approx([0.2, 0.4])


def test_a_failure_that_stays_is_returned_in_the_end() -> None:
    with Scripted(*[BROKEN] * 9) as server:
        outcome = ask(source(server.url))
        assert len(server.heard) == 3
    assert isinstance(outcome, Failure)
    assert outcome.status == 502


@pytest.mark.parametrize(
    "say",
    [
        Say(b'{"status":"error","errorType":"bad_data","error":"no"}', 400),
        Say(b"", 401, ()),
        Say(b"<p>hello", 200, (HTML,)),
        Say(b"", 429, ()),
        Say(b"", 404, ()),
    ],
)
def test_what_would_only_happen_again_is_not_tried_again(say: Say) -> None:
    with Scripted(say) as server:
        assert isinstance(ask(source(server.url)), Failure)
        assert len(server.heard) == 1


def test_no_retry_begins_after_the_budget() -> None:
    clock = Clock()
    with Scripted(*[BROKEN] * 9) as server:
        ask(source(server.url), budget=0.5, clock=clock, sleep=clock.sleep)
        assert len(server.heard) == 2  # a second pause would have lasted beyond it
    assert clock.seconds < 1000.5


@pytest.mark.parametrize(("budget", "times"), [(0.29, 1), (0.31, 2), (0.69, 2), (0.71, 3)])
def test_no_retry_begins_without_time_for_an_answer(budget: float, times: int) -> None:
    """After the pauses, of 0.2 s and 0.4 s, at least 0.1 s must be left."""
    clock = Clock()
    with Scripted(*[BROKEN] * 9) as server:
        outcome = ask(source(server.url), budget=budget, clock=clock, sleep=clock.sleep)
        assert len(server.heard) == times
    assert isinstance(outcome, Failure)
    assert outcome.status == 502


@pytest.mark.parametrize(("budget", "times"), [(30.0, 1), (40.0, 2)])
def test_a_wait_that_the_server_asked_for_leaves_a_tenth_of_the_budget(budget: float, times: int) -> None:
    clock = Clock()
    with Scripted(Say(b"", 429, (("Retry-After", "28"),))) as server:
        ask(source(server.url), budget=budget, clock=clock, sleep=clock.sleep)
        assert len(server.heard) == times


@pytest.mark.realtime
def test_a_retry_that_is_not_answered_in_time_does_not_hide_what_was_said_before() -> None:
    for budget in (0.31, 3.1):  # a busy machine needs the longer one
        with Scripted(BROKEN, SILENCE) as server:
            outcome = ask(source(server.url), budget=budget)
        if len(server.heard) == 2 and isinstance(outcome, Failure) and outcome.status:
            break
    assert len(server.heard) == 2
    assert isinstance(outcome, Failure)
    assert outcome.status == 502
    assert "no answer" not in outcome.message


@pytest.mark.realtime
def test_what_is_said_after_silence_is_told() -> None:
    for seconds in (0.05, 1.0):  # a busy machine needs the longer one
        with Scripted(SILENCE, BROKEN, BROKEN) as server:
            outcome = ask(source(server.url, timeout=timedelta(seconds=seconds)))
        if isinstance(outcome, Failure) and outcome.status:
            break
    assert len(server.heard) == 3
    assert isinstance(outcome, Failure)
    assert outcome.status == 502


def test_the_time_limit_shrinks_with_the_budget() -> None:
    with Scripted(BROKEN) as server:
        ask(source(server.url), budget=2.0)
        assert [heard.form["timeout"] for heard in server.heard] == ["2.000", "1.800"]


def test_an_outage_is_not_made_worse_by_retries() -> None:
    """After a handful of failures without a good answer between them, each query asks once; good answers earn retries back."""

    async def use(asker: PrometheusClient) -> list[int]:
        asked = []
        for _ in range(6):
            before = len(server.heard)
            await asker.query("up", AT, budget=60)
            asked.append(len(server.heard) - before)
        return asked

    with Scripted(*[BROKEN] * 100) as server:
        assert using(lambda: client(source(server.url)), use) == [3, 2, 1, 1, 1, 1]


def test_the_server_says_when_and_the_budget_reaches_that_far() -> None:
    clock = Clock()
    with Scripted(Say(b"", 429, (("Retry-After", "2"),))) as server:
        outcome = ask(source(server.url), budget=4, clock=clock, sleep=clock.sleep)
        assert len(server.heard) == 2
    assert isinstance(outcome, Answer)
    assert clock.slept == pytest.approx([2.1])


DATE = ("Date", "Sun, 01 Mar 2026 10:00:00 GMT")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ((("Retry-After", "10"),), 10),
        ((("Retry-After", "Sun, 01 Mar 2026 10:00:30 GMT"), DATE), 30),
        ((("Retry-After", "Sun, 01 Mar 2026 10:00:30 GMT"),), 20),
        ((("Retry-After", "86400"),), 300),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_server_says_when_and_is_left_alone_until_then(
    headers: tuple[tuple[str, str], ...], seconds: float, status: int
) -> None:
    """In seconds, or as a date by the server's own clock; five minutes at most. The refusal is repeated without asking."""
    clock = Clock()
    now = datetime(2026, 3, 1, 10, 0, 10, tzinfo=UTC)

    async def use(asker: PrometheusClient) -> None:
        first = await asker.query("up", AT, budget=4)
        assert isinstance(first, Failure)
        assert (first.kind, first.retry_after, first.status) == (FailureKind.OVERLOAD, seconds, status)
        clock.seconds += seconds - 5
        second = await asker.query("up", AT, budget=4)
        assert isinstance(second, Failure)
        assert (second.kind, second.retry_after, second.message) == (FailureKind.OVERLOAD, 5, first.message)
        assert len(server.heard) == 1
        assert isinstance(await asker.query("up", AT, budget=6), Answer)  # reaches beyond it, and waits
        assert clock.slept == pytest.approx([5.1])
        assert len(server.heard) == 2

    with Scripted(Say(b"come back later", status, (TEXT, *headers))) as server:
        using(lambda: client(source(server.url), clock, now=lambda: now), use)


def test_queries_at_once() -> None:
    """Each gets its own answer, over no more connections than are allowed."""

    def one(number: int) -> Say:
        vector = [{"metric": {}, "value": [1, str(number)]}]
        return Say(
            json.dumps({"status": "success", "data": {"resultType": "vector", "result": vector}}).encode(), headers=(JSON,)
        )

    async def use(asker: PrometheusClient) -> list[object]:
        return await asyncio.gather(*(asker.query(f"q{number}", AT, budget=4) for number in range(40)))

    with Scripted(*map(one, range(40))) as server:
        outcomes = using(lambda: client(source(server.url, max_concurrency=3)), use)
        assert {heard.connection for heard in server.heard} == {1, 2, 3}
        said = {heard.form["query"]: float(number) for number, heard in enumerate(server.heard)}
    values = [outcome.samples[0].value for outcome in outcomes if isinstance(outcome, Answer)]
    assert sorted(values) == sorted(said.values())
