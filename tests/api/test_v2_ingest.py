"""API v2: bodies of posts, recognised by their bytes, bounded in size and number."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.api.v2 import bodies
from evaluator.api.v2.answers import RefusedError
from evaluator.api.v2.intake import FORGOTTEN_AT_ONCE, Intake
from evaluator.api.view import View
from evaluator.core.engine import Machine
from evaluator.core.events import AlertsPosted
from evaluator.core.labels import Labels
from evaluator.core.limits import Limits
from evaluator.core.matchers import MatcherMode
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.settings import Settings
from tests.api.alertmanager import START, Api, serving, settings


@dataclass
class Looked:
    """As much of a view as reading a body needs."""

    machine: Machine
    settings: Settings
    now: datetime = START

    def take(self, body: str) -> None:
        """Let the machine take in what the body says."""
        self.machine.handle(AlertsPosted(tuple(self.intake.read(body.encode()).alerts)), self.now)

    def __post_init__(self) -> None:
        self.intake = Intake(cast(View, self))


def looked(**more: Any) -> Looked:
    configured = settings(**more)
    return Looked(Machine(configured, START), configured)


NAMES = st.sampled_from(["", "alertname", "job", "é", "🙂", 'a"b'])
TEXTS = st.sampled_from(["", "x", "y", "é🙂", 'a"b\\', "\n"])
MAPS = st.dictionaries(NAMES, TEXTS, max_size=3)
TIMES = st.sampled_from(
    [None, "0001-01-01T00:00:00Z", "2026-03-01T11:00:00.5Z", "2026-03-01T12:00:00+01:00", "2026-03-01T14:00:00"]
)


@st.composite
def posts(draw: st.DrawFn) -> str:
    """A body: members in any order and sometimes missing, written densely or not, escaped or not."""
    alerts = []
    for _ in range(draw(st.integers(0, 3))):
        members = {
            "labels": draw(MAPS),
            "annotations": draw(st.one_of(st.none(), MAPS)),
            "startsAt": draw(TIMES),
            "endsAt": draw(TIMES),
            "generatorURL": draw(TEXTS),
            "fingerprint": 1,
        }
        names = draw(st.permutations(sorted(members)))
        left_out = draw(st.sets(st.sampled_from(sorted(members.keys() - {"labels"}))))
        alerts.append({name: members[name] for name in names if name not in left_out})
    return json.dumps(alerts, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1])))


def plainly(body: str) -> list[PostedAlert]:
    """What a body says, read as a whole."""
    return [
        PostedAlert(
            Labels({name: value for name, value in one["labels"].items() if value}),
            tuple(sorted((one.get("annotations") or {}).items())),
            *(bodies.given(msgspec.convert(one.get(name), datetime | None)) for name in ("startsAt", "endsAt")),
            one.get("generatorURL", ""),
        )
        for one in json.loads(body)
    ]


@given(st.lists(posts(), max_size=6), st.sampled_from(MatcherMode))
def test_what_is_known_by_its_bytes_says_what_it_says_when_it_is_read(texts: Sequence[str], mode: MatcherMode) -> None:
    """And an objection to one that was read is made when it comes again."""
    view = looked(matcher_mode=mode)
    for text in [*texts, *texts]:
        fresh, again = looked(matcher_mode=mode).intake.read(text.encode()), view.intake.read(text.encode())
        assert again == fresh
        said = plainly(text)
        assert len(said) == len(again.alerts) + len(again.objections)
        assert [alert for alert in said if alert in again.alerts] == again.alerts
        view.take(text)


@given(st.binary(max_size=30) | posts().map(lambda text: text.encode()[:-1]))
def test_any_bytes_are_a_list_of_alerts_or_refused(body: bytes) -> None:
    read = None
    with suppress(RefusedError):
        read = looked().intake.read(body)
    assert read is None or len(read.alerts) + len(read.objections) <= body.count(b"{")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'[{"labels": {"a": 1}}]', "$[0].labels[...]"),
        (b'[{"labels": {"a": "b"}}, {"labels": {"a": "c"}, "annotations": {"x": []}}]', "$[1].annotations[...]"),
        (b'[{"labels": {"a": "b"}, "generatorURL": 7}]', "$[0].generatorURL"),
        (b'[{"labels": {"a": "b"}}, {"labels": {"a": "\xff"', "line 1 column"),
        (b'[{"labels": {"a": null}}, {"labels": {"a": 1}}]', "$[1].labels[...]"),
        (b"[NaN]", "NaN"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"labels": {}, "more": ' + b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_an_error_says_where_it_is(body: bytes, said: str) -> None:
    """Also where the body was cut into pieces first; and nothing of it is taken in."""
    with pytest.raises(RefusedError) as caught:
        looked().intake.read(body)
    assert caught.value.code == 422
    assert said in str(caught.value)


def body(*names: str, **members: Any) -> str:
    return json.dumps([{"labels": {"alertname": name}, **members} for name in names])


def test_what_is_remembered_goes_with_the_alerts() -> None:
    """Posts of alerts that are over, or that nobody took in, leave nothing behind."""
    view = looked()
    view.take(body("A", "B"))
    for start in range(0, 4 * FORGOTTEN_AT_ONCE, 500):
        view.intake.read(body(*(f"Gone{number}" for number in range(start, start + 500))).encode())
        assert len(view.intake) <= FORGOTTEN_AT_ONCE + 1000
    before = len(view.intake)
    view.intake.read(body("A", "B").encode())
    assert len(view.intake) <= before


def test_another_configuration_finds_other_things_good() -> None:
    view = looked()
    text = json.dumps([{"labels": {"é": "1"}}])
    view.take(text)
    assert not view.intake.read(text.encode()).objections
    view.settings = settings(matcher_mode=MatcherMode.CLASSIC)
    assert [one.text for one in view.intake.read(text.encode()).objections] == ['invalid label set: invalid name "é"']


SMALL = Limits(label_name_length=10, label_value_length=20, labels_per_alert=3, annotation_size=30)


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        (
            {"labels": {"alertname": "A", "a_long_label": "x"}},
            'alert "A": label "a_long_label": the name has 12 bytes, and limits.label_name_length allows 10',
        ),
        (
            {"labels": {"alertname": "A", "job": "é" * 11}},
            'alert "A": label "job": the value has 22 bytes, and limits.label_value_length allows 20',
        ),
        (
            {"labels": {"alertname": "A", "a": "1", "b": "2", "c": "3"}},
            'alert "A": it has 4 labels, and limits.labels_per_alert allows 3',
        ),
        (
            {"labels": {"alertname": "A"}, "annotations": {"summary": "x" * 24}},
            'alert "A": its annotations have 31 bytes, and limits.annotation_size allows 30',
        ),
        (
            {"labels": {"alertname": "A", "x" * 100: "y"}},
            f'alert "A": label "{"x" * 64}…": the name has 100 bytes, and limits.label_name_length allows 10',
        ),
    ],
)
async def test_sizes_are_refused_alert_by_alert(alert: dict[str, Any], said: str) -> None:
    """The others of the body are taken in; the refusal is told to whoever posts, counted, and told to the operators."""
    async with serving(settings(limits=SMALL)) as api:
        good = {"labels": {"alertname": "Good", "a": "1", "b": "2"}, "annotations": {"summary": "x" * 23}}
        assert await api.post(good, alert) == (400, said)
        assert await api.names() == {"Good", "EvaluatorLimitReached"}
        metrics = await scraped(api)
        limit = said.partition("limits.")[2].partition(" ")[0]
        assert f'evaluator_limit_refusals_total{{limit="{limit}"}} 1.0' in metrics
        assert 'evaluator_alerts_invalid_total{version="v2"} 1.0' in metrics
        assert 'evaluator_alerts_received_total{status="firing",version="v2"} 1.0' in metrics


async def test_no_size_refuses_an_alert_that_is_known() -> None:
    """A reload that lowers limits, or annotations that grow, end nothing; nor is an end refused."""
    async with serving(settings(limits=Limits(annotation_size=10))) as api:
        await api.fire(alertname="A")
        grown = {"labels": {"alertname": "A"}, "annotations": {"summary": "x" * 100}}
        assert await api.post(grown) == (200, None)
        assert await api.post({**grown, "endsAt": api.at()}) == (200, None)
        assert await api.names() == set()


async def scraped(api: Api) -> str:
    """The metrics."""
    return (await api.client.get(f"{api.url}/metrics")).text


async def test_a_body_that_is_too_large_is_refused_as_a_whole() -> None:
    async with serving(settings(limits=Limits(body_size=100))) as api:
        assert await api.post({"labels": {"alertname": "A"}}) == (200, None)
        code, said = await api.post({"labels": {"alertname": "B"}}, {"labels": {"alertname": "C" * 100}})
        text = "the body is larger than limits.body_size allows, 100 bytes; send less at once, or raise it"
        assert (code, said) == (413, text)
        (alert,) = await api.get("/alerts", filter="alertname=EvaluatorLimitReached")
        assert "POST /api/v2/alerts from 127.0.0.1" in alert["annotations"]["description"]
        assert await api.names() == {"A", "EvaluatorLimitReached"}


@pytest.mark.realtime
async def test_who_posts_while_too_many_do_is_asked_to_come_again() -> None:
    """Somebody whose body has not arrived holds a place; when it has, there is room again."""
    async with serving(settings(limits=Limits(post_concurrency=1))) as api:
        host, port = api.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = "POST /api/v2/alerts HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        writer.write(f"{head}[".encode())
        await writer.drain()
        answer = await api.client.post("/alerts", json=[])
        while answer.status_code == 200:  # the other request has not arrived yet
            answer = await api.client.post("/alerts", json=[])
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert "limits.post_concurrency" in answer.text
        assert (await api.client.get("/alerts")).status_code == 200
        writer.write(b"]")
        assert b" 200 " in await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert (await api.post({"labels": {"alertname": "A"}}))[0] == 200
        assert 'evaluator_http_concurrency_limit_exceeded_total{method="post"} ' in await scraped(api)


async def test_posts_are_counted() -> None:
    """By whether they fire; those that are turned away are counted for themselves."""
    async with serving() as api:
        await api.fire(alertname="A")
        await api.post({"labels": {"alertname": "A"}, "endsAt": api.at()}, {"labels": {"alertname": "B"}})
        await api.post({"labels": {}})
        metrics = await scraped(api)
        assert 'evaluator_alerts_received_total{status="firing",version="v2"} 2.0' in metrics
        assert 'evaluator_alerts_received_total{status="resolved",version="v2"} 1.0' in metrics
        assert 'evaluator_alerts_invalid_total{version="v2"} 1.0' in metrics
