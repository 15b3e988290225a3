"""Forwarding to real servers: who hears what, and what becomes of what nobody hears."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from evaluator.core.effects import ForwardedAlert
from evaluator.core.http import BasicAuth, HttpSettings, Secret, TlsSettings
from evaluator.core.labels import Labels
from evaluator.core.posted.relabelling import Action, Relabel
from evaluator.core.records import Annotations, Pairs
from evaluator.core.settings import Alertmanager
from evaluator.notify.forwarding.forwarder import Forwarder
from evaluator.notify.forwarding.lane import MOST_AT_ONCE
from tests.local_server import LocalServer, Reply, Then
from tests.service.servers import Holding, until

T0 = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = timedelta(seconds=10)


@dataclass
class Notes:
    """What became of alerts, by Alertmanager: `2 ok`, `2 ERROR`, `2 dropped`."""

    said: list[tuple[str, str]] = field(default_factory=list)

    def posted(self, alertmanager: str, alerts: int, error: str, seconds: float) -> None:
        assert seconds >= 0
        self.said.append((alertmanager, f"{alerts} {error or 'ok'}"))

    def dropped(self, alertmanager: str, alerts: int) -> None:
        self.said.append((alertmanager, f"{alerts} dropped"))

    def of(self, alertmanager: Alertmanager) -> list[str]:
        """About one Alertmanager."""
        return [text for url, text in self.said if url == alertmanager.url]


def alert(number: int = 0, **labels: str) -> ForwardedAlert:
    """An alert called by its number."""
    named = Labels({"alertname": f"A{number}", **labels})
    texts = Annotations(expanded=(("summary", f"number {number}"),))
    return ForwardedAlert(named, texts, T0, T0 + timedelta(minutes=4, microseconds=5000), "http://e/graph?g0.expr=a")


def many(first: int, count: int) -> list[ForwardedAlert]:
    """Alerts with the numbers from `first` on."""
    return [alert(number) for number in range(first, first + count)]


def finish(one: ForwardedAlert) -> Pairs:
    """Texts that are finished already."""
    return one.annotations.expanded or ()


def at(server: LocalServer, **more: Any) -> Alertmanager:
    """The Alertmanager that the server plays."""
    return Alertmanager(f"{server.url}/api/v2/alerts", **more)


def told(server: LocalServer) -> list[list[str]]:
    """The names of the alerts of each post."""
    return [[one["labels"]["alertname"] for one in json.loads(request.body)] for request in server.requests]


@asynccontextmanager
async def forwarding(
    *alertmanagers: Alertmanager, relabel: Sequence[Relabel] = (), **more: Any
) -> AsyncIterator[tuple[Forwarder, Notes]]:
    """A forwarder, closed at the end."""
    notes = Notes()
    forwarder = Forwarder(alertmanagers, relabel, finish, notes, clock=lambda: T0, **more)
    try:
        yield forwarder, notes
    finally:
        await forwarder.aclose(PATIENCE)


async def test_the_post_is_that_of_the_api() -> None:
    async with Holding() as server, forwarding(at(server)) as (forwarder, notes):
        forwarder.forward([alert(1, team="db")])
        await until(lambda: notes.said)
        (request,) = server.requests
        assert (request.method, request.target) == ("POST", "/api/v2/alerts")
        assert request.headers["content-type"] == "application/json"
        assert json.loads(request.body) == [
            {
                "annotations": {"summary": "number 1"},
                "endsAt": "2026-01-01T00:04:00.005Z",
                "startsAt": "2026-01-01T00:00:00Z",
                "generatorURL": "http://e/graph?g0.expr=a",
                "labels": {"alertname": "A1", "team": "db"},
            }
        ]
        assert notes.of(at(server)) == ["1 ok"]


async def test_many_alerts_go_in_batches_in_their_order() -> None:
    """And one post at a time."""
    async with Holding() as server, forwarding(at(server)) as (forwarder, notes):
        forwarder.forward(many(0, MOST_AT_ONCE + 1))
        forwarder.forward(many(MOST_AT_ONCE + 1, 1))
        await until(lambda: len(notes.said) == 2)
        assert [len(names) for names in told(server)] == [MOST_AT_ONCE, 2]
        assert [name for names in told(server) for name in names] == [f"A{number}" for number in range(MOST_AT_ONCE + 2)]


async def test_one_that_is_down_delays_nobody() -> None:
    """Neither one that hangs nor one that is not there."""
    async with Holding() as good, Holding() as hanging, Holding() as gone:
        await gone.leave()
        hanging.hold()
        async with forwarding(at(hanging), at(gone), at(good)) as (forwarder, notes):
            for number in range(3):
                forwarder.forward([alert(number)])
                await until(lambda number=number: len(notes.of(at(good))) > number)  # type: ignore[misc]
            assert told(good) == [["A0"], ["A1"], ["A2"]]
            assert notes.of(at(gone)) == ["1 cannot connect: Connection refused"] * 3
            assert notes.of(at(hanging)) == []
            hanging.release()


async def test_a_full_queue_drops_the_oldest() -> None:
    """Also the head of what does not fit at all."""
    async with Holding() as server, forwarding(at(server), capacity=3) as (forwarder, notes):
        server.hold()
        forwarder.forward([alert(0)])
        await server.held.wait()
        forwarder.forward(many(1, 2))
        forwarder.forward(many(3, 2))
        assert forwarder.waiting == {at(server).url: 3}
        forwarder.forward(many(5, 5))
        assert notes.said == [(at(server).url, "1 dropped"), (at(server).url, "5 dropped")]
        server.release()
        await until(lambda: len(notes.said) == 4)
        assert told(server) == [["A0"], ["A7", "A8", "A9"]]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(200), "ok"),
        (Reply(204), "ok"),
        (Reply(400, body=b'"bad label"'), 'answered 400 Bad Request: "bad label"'),
        (Reply(503, body=b"no"), "answered 503 Service Unavailable: no"),
        (Reply(302, headers={"Location": "/login"}), "answered 302 Found"),
        (Reply(401, body=b"who is tok-en-1?"), "answered 401 Unauthorized: who is <secret>?"),
        (Reply(raw=b"", then=Then.RESET), "the connection broke: Connection reset by peer"),
    ],
)
async def test_what_an_answer_means(reply: Reply, error: str) -> None:
    """Nothing is tried again, whatever it was."""
    http = HttpSettings(headers=(("X-Token", Secret("tok-en-1")),))
    async with LocalServer(reply) as server, forwarding(at(server, http=http)) as (forwarder, notes):
        forwarder.forward([alert(0)])
        await until(lambda: notes.said)
        await forwarder.aclose(PATIENCE)
        assert notes.of(at(server))[0].startswith(f"1 {error}")
        assert len(server.requests) == 1


async def test_an_answer_that_does_not_come_is_waited_for_as_long_as_configured() -> None:
    async with Holding() as server, forwarding(at(server, timeout=timedelta(milliseconds=50))) as (forwarder, notes):
        server.hold()
        forwarder.forward([alert(0)])
        await until(lambda: notes.said)
        assert notes.of(at(server)) == ["1 no answer within 0.05s"]


async def test_an_unreadable_secret_is_a_failure_like_others(tmp_path: Path) -> None:
    http = HttpSettings(tls=TlsSettings(ca_file=tmp_path / "gone.pem"))
    async with Holding() as server, forwarding(at(server, http=http)) as (forwarder, notes):
        forwarder.forward([alert(0)])
        await until(lambda: notes.said)
        assert "No such file" in notes.of(at(server))[0]


async def test_tls_and_basic_auth(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("am.example.org").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    http = HttpSettings(
        basic_auth=BasicAuth("us", Secret("pass")), tls=TlsSettings(ca_file=tmp_path / "ca.pem", server_name="am.example.org")
    )
    async with LocalServer(tls=context) as server, forwarding(at(server, http=http)) as (forwarder, notes):
        forwarder.forward([alert(0)])
        await until(lambda: notes.said)
        assert notes.of(at(server)) == ["1 ok"]
        assert server.requests[0].headers["authorization"] == "Basic dXM6cGFzcw=="


async def test_relabelling_of_all_comes_before_that_of_each() -> None:
    """What one drops, others hear; what nothing is left of is dropped as well."""
    everyone = (Relabel(Action.DROP, ("alertname",), regex="A9"), Relabel(target_label="by", replacement="all"))
    own = (Relabel(Action.DROP, ("alertname", "by"), regex="A1;all"), Relabel(Action.LABEL_DROP, regex="by|x"))
    async with Holding() as first, Holding() as second:
        pair = (at(first), at(second, relabel=own))
        async with forwarding(*pair, relabel=everyone) as (forwarder, notes):
            forwarder.forward([alert(1), alert(2, x="y"), alert(9)])
            await until(lambda: len(notes.said) == 2)
        heard = [[one["labels"] for one in json.loads(server.requests[0].body)] for server in (first, second)]
    assert heard == [
        [{"alertname": "A1", "by": "all"}, {"alertname": "A2", "by": "all", "x": "y"}],
        [{"alertname": "A2"}],
    ]


async def test_alerts_without_labels_are_not_posted() -> None:
    async with Holding() as server, forwarding(at(server), relabel=[Relabel(Action.LABEL_DROP)]) as (forwarder, notes):
        forwarder.forward([alert(1)])
        assert await forwarder.aclose(PATIENCE) == 0
        assert (server.requests, notes.said) == ([], [])


async def test_texts_are_finished_once_and_late() -> None:
    """For all Alertmanagers together, and not for what was dropped."""
    finished: list[str] = []

    def slowly(one: ForwardedAlert) -> Pairs:
        finished.append(one.labels["alertname"])
        return finish(one)

    async with Holding() as first, Holding() as second:
        forwarder = Forwarder([at(first), at(second)], (), slowly, Notes(), clock=lambda: T0, capacity=1)
        forwarder.forward(many(0, 2))
        assert finished == []
        await forwarder.aclose(PATIENCE)
        assert (told(first), told(second)) == ([["A1"]], [["A1"]])
    assert finished == ["A1"]


async def test_a_mistake_of_ours_costs_one_post() -> None:
    def wrong(one: ForwardedAlert) -> Pairs:
        if one.labels["alertname"] == "A0":
            raise KeyError("secret")
        return finish(one)

    async with Holding() as server:
        notes = Notes()
        forwarder = Forwarder([at(server)], (), wrong, notes, clock=lambda: T0)
        forwarder.forward([alert(0)])
        await until(lambda: notes.said)
        forwarder.forward([alert(1)])
        await forwarder.aclose(PATIENCE)
        assert notes.of(at(server))[0].startswith("1 internal error, KeyError in wrong:")
        assert told(server) == [["A1"]]


async def test_a_reload_keeps_the_queues_of_those_that_stay() -> None:
    """A new one hears what comes from then on, one that is gone nothing more, and settings change on the way."""
    async with Holding() as stays, Holding() as goes, Holding() as comes:
        async with forwarding(at(stays), at(goes)) as (forwarder, notes):
            for server in (stays, goes):
                server.hold()
            forwarder.forward([alert(0)])
            await asyncio.gather(stays.held.wait(), goes.held.wait())
            forwarder.forward([alert(1)])
            http = HttpSettings(headers=(("X-New", Secret("1")),))
            await forwarder.reload([at(stays, http=http), at(comes)], [Relabel(target_label="x", replacement="y")], finish)
            assert forwarder.waiting == {at(stays).url: 1, at(comes).url: 0}
            forwarder.forward([alert(2)])
            for server in (stays, goes):
                server.release()
            await until(lambda: len(notes.said) == 3)
        assert told(stays) == [["A0"], ["A1", "A2"]]
        assert [request.headers.get("x-new") for request in stays.requests] == [None, "1"]
        assert json.loads(stays.requests[1].body)[1]["labels"] == {"alertname": "A2", "x": "y"}
        assert (told(goes), told(comes)) == ([["A0"]], [["A2"]])


async def test_closing_empties_the_queues() -> None:
    async with Holding() as server, forwarding(at(server)) as (forwarder, _):
        server.hold()
        forwarder.forward([alert(0)])
        await server.held.wait()
        forwarder.forward([alert(1)])
        closing = asyncio.ensure_future(forwarder.aclose(PATIENCE))
        await asyncio.sleep(0)
        server.release()
        assert await closing == 0
        assert told(server) == [["A0"], ["A1"]]


async def test_closing_does_not_wait_for_ever() -> None:
    """What is left then is counted."""
    async with Holding() as server, forwarding(at(server)) as (forwarder, notes):
        server.hold()
        forwarder.forward([alert(0)])
        await server.held.wait()
        forwarder.forward(many(1, 2))
        assert await forwarder.aclose(timedelta(0)) == 2
        assert forwarder.waiting == {at(server).url: 0}
        assert notes.said == []


async def test_who_is_in_a_hurry_ends_the_closing() -> None:
    async with Holding() as server, forwarding(at(server)) as (forwarder, _):
        server.hold()
        forwarder.forward([alert(0)])
        await server.held.wait()
        closing = asyncio.ensure_future(forwarder.aclose(PATIENCE))
        await asyncio.sleep(0)
        forwarder.give_up()
        assert await closing == 0
