"""API v2: silences as they are set, edited, listed and expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.matchers import MatcherMode
from evaluator.core.muting.silence import Silence, derived_id
from evaluator.store.opening import open_store
from tests.api.alertmanager import START, serving, settings

pytestmark = pytest.mark.realtime

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def test_a_silence_as_it_is_shown() -> None:
    """A start that has passed is moved to now; `isEqual` may be left out."""
    async with serving() as api:
        matchers = [
            {"name": "a", "value": "x.*", "isRegex": True},
            {"name": "b", "value": "y", "isRegex": False, "isEqual": False},
        ]
        notes = {"ticket": "7"}
        name = await api.silence(matchers=matchers, startsAt=api.at(-60), annotations=notes)
        shown = {
            "id": name,
            "status": {"state": "active"},
            "updatedAt": "2026-03-01T12:00:00.000Z",
            "comment": "work",
            "createdBy": "me",
            "endsAt": "2026-03-01T13:00:00.000Z",
            "matchers": [
                {"isEqual": True, "isRegex": True, "name": "a", "value": "x.*"},
                {"isEqual": False, "isRegex": False, "name": "b", "value": "y"},
            ],
            "startsAt": "2026-03-01T12:00:00.000Z",
            "annotations": notes,
        }
        assert await api.get(f"/silence/{name}") == shown
        assert await api.get(f"/silence/{name.upper()}") == shown
        assert await api.get("/silences") == [shown]


async def test_a_body_that_is_nested_too_deeply() -> None:
    """In what is read strictly, and in what nobody knows."""
    deep = b'{"a":' * 100_000
    async with serving() as api:
        for path in (
            "/api/v2/silences",
            "/api/evaluator/v1/silences",
            "/api/evaluator/v1/windows",
            "/api/evaluator/v1/maintenance",
        ):
            for body in (deep, b'{"comment": "c", "more": ' + deep):
                answer = await api.client.post(api.url + path, content=body, headers={"Content-Type": "application/json"})
                assert answer.status_code in (400, 422), path


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        ({"matchers": []}, 422, "matchers in body should have at least 1 items"),
        ({"matchers": [{"name": "a", "value": ".*", "isRegex": True}]}, 400, "must not match the empty string"),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, 400, "invalid silence: invalid label matcher"),
        ({"matchers": [{"name": "", "value": "x", "isRegex": False}]}, 400, 'invalid label name ""'),
        ({"endsAt": "2026-03-01T11:00:00Z", "startsAt": "2026-03-01T10:00:00Z"}, 400, "end time can't be in the past"),
        ({"endsAt": "2026-03-01T12:00:00Z"}, 400, "start time must be before end time"),
        ({"startsAt": "0001-01-01T00:00:00Z"}, 400, "zero start"),
        ({"id": UNKNOWN}, 404, "silence not found"),
        ({"startsAt": "today"}, 422, "RFC3339"),
        ({"endsAt": ""}, 400, "end time can't be in the past"),
        ({"matchers": [{"name": "a", "value": "x"}]}, 422, "matchers.0.isRegex in body is required"),
        ({"matchers": [{"name": "a", "value": "x", "isRegex": "no"}]}, 422, "$.matchers[0].isRegex"),
        ({"matchers": None}, 422, "matchers in body is required"),
        ({"comment": None}, 422, "comment in body is required"),
    ],
)
async def test_silences_that_are_refused(wrong: dict[str, Any], code: int, said: str) -> None:
    """Nothing is set."""
    async with serving() as api:
        got, text = await api.ask("POST", "/silences", api.wish("a=b", **wrong))
        assert got == code
        assert said in (text["message"] if code == 422 else text)
        assert await api.get("/silences") == []


async def test_names_of_any_kind_but_in_classic_mode() -> None:
    async with serving() as api:
        name = await api.silence("fooΣ=bar🙂")
        assert [one["id"] for one in await api.get("/silences", filter="fooΣ=bar🙂")] == [name]
    async with serving(settings(matcher_mode=MatcherMode.CLASSIC)) as api:
        code, text = await api.ask("POST", "/silences", api.wish("fooΣ=bar"))
        assert (code, "invalid silence: invalid label matcher" in text) == (400, True)


async def test_edits() -> None:
    """A later end keeps the id; other matchers end the old silence and make a new one, and so does editing an expired one."""
    async with serving() as api:
        first = await api.silence("a=b")
        starts = api.at()
        api.now += timedelta(minutes=1)
        assert await api.silence("a=b", id=first, startsAt=starts, comment="longer") == first
        assert (await api.get(f"/silence/{first}"))["comment"] == "longer"
        second = await api.silence("a=c", id=first, startsAt=starts)
        assert second != first
        assert (await api.get(f"/silence/{first}"))["status"] == {"state": "expired"}
        assert await api.silence("a=b", id=first) not in (first, second)


async def test_every_silence_has_an_id_of_its_own() -> None:
    """Also one that is set twice at the same instant."""
    async with serving() as api:
        await api.silence("a=b")
        await api.silence("a=b")
        assert len({one["id"] for one in await api.get("/silences")}) == 2


async def test_expiring() -> None:
    """Once more is no error; a pending one ends before it begins; ids that are unknown or none are told apart."""
    async with serving() as api:
        active, pending = await api.silence("a=b"), await api.silence("a=c", startsAt=api.at(60))
        for name in (active, active, pending):
            assert await api.ask("DELETE", f"/silence/{name}") == (200, None)
        assert {one["status"]["state"] for one in await api.get("/silences")} == {"expired"}
        assert await api.ask("DELETE", f"/silence/{UNKNOWN}") == (404, None)
        assert await api.ask("GET", f"/silence/{UNKNOWN}") == (404, None)
        for method in ("GET", "DELETE"):
            for name in ("x", "{5ca1ab1e-0000-4000-8000-000000000000}", "urn:uuid:5ca1ab1e-0000-4000-8000-000000000000"):
                assert (await api.ask(method, f"/silence/{name}"))[0] == 422


async def test_who_expires_a_silence_may_say_so() -> None:
    """Nobody has to: amtool knows nothing of it. What would not fit on a line is refused, and then nothing is ended."""
    async with serving() as api:
        signed, other = await api.silence("a=b"), await api.silence("a=c")
        assert await api.ask("DELETE", f"/silence/{signed}", by="ana") == (200, None)
        code, said = await api.ask("DELETE", f"/silence/{other}", by="a\nb")
        assert (code, said) == (400, "by: a name of at most 200 printable characters")
        kept = api.service.machine.silencing.silences
        assert [(one.ended_by, str(one.state(api.now))) for one in kept] == [("ana", "expired"), ("", "active")]


async def test_the_order_of_silences_and_choosing_among_them() -> None:
    """Active by end, pending by start, expired by end, the newest first; filters look at a silence's own matchers."""
    async with serving() as api:
        old, older = await api.silence("n=old", endsAt=api.at(20)), await api.silence("n=older", endsAt=api.at(10))
        late, soon = await api.silence("n=late", endsAt=api.at(900)), await api.silence("n=soon", endsAt=api.at(800))
        far, near = await api.silence("n=far", startsAt=api.at(300)), await api.silence("n=near", startsAt=api.at(200))
        api.now += timedelta(seconds=30)

        async def ids(**parameters: str) -> list[str]:
            return [one["id"] for one in await api.get("/silences", **parameters)]

        assert await ids() == [soon, late, near, far, old, older]
        assert await ids(expired="false", pending="false") == [soon, late]
        assert await ids(active="false", pending="false") == [old, older]
        assert await ids(filter="n=near") == [near]
        assert await ids(filter="n=~near") == []
        assert (await api.ask("GET", "/silences", filter="="))[0] == 400


async def test_a_silence_for_ever() -> None:
    """Some people silence until the last day that a calendar has; the clock goes on over that."""
    async with serving() as api:
        await api.silence("n=ever", endsAt="9999-12-31T23:59:59Z")
        await api.silence("n=once", endsAt=api.at(5))
        api.now += timedelta(days=30)
        await api.fire(alertname="A", n="ever")
        assert [one["status"]["state"] for one in await api.get("/silences")] == ["active"]
        (alert,) = await api.get("/alerts")
        assert alert["status"]["state"] == "suppressed"


async def test_alternatives_are_listed_one_by_one() -> None:
    """A silence of the configuration may hold several sets of matchers, and this API knows one."""
    sets = ((Matcher("a", "b"),), (Matcher("c", "d", MatchOp.NOT_REGEX),))
    written = Silence(sets, START, START + timedelta(hours=1))
    written = replace(written, id=derived_id(written))
    async with serving(settings(silences=(written,))) as api:
        listed = await api.get("/silences")
        assert [one["matchers"][0]["name"] for one in listed] == ["a", "c"]
        assert {one["id"] for one in listed} == {written.id}
        code, text = await api.ask("GET", f"/silence/{written.id}")
        assert (code, "alternatives" in text) == (500, True)


async def test_an_answer_says_that_it_was_kept(tmp_path: Path) -> None:
    """What another process finds in the store at the moment of the answer."""
    url = f"sqlite:///{tmp_path}/evaluator.db"
    async with serving(store=open_store(url)) as api:
        name = await api.silence("a=b")
        await api.fire(alertname="A")
    async with serving(store=open_store(url)) as api:
        assert [one["id"] for one in await api.get("/silences")] == [name]
        assert await api.names() == {"A"}
