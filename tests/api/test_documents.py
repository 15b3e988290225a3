"""The OpenAPI documents: every route, parameter and member that is served is in them, and what is in them is served."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.routing import Route

from evaluator.api.app import make_app
from evaluator.api.documents import ALERTMANAGER, NATIVE, document, text
from evaluator.api.view import View
from evaluator.core.evaluation.rules import AlertingRule, RuleGroup
from evaluator.core.http import Secret
from evaluator.core.oncall.calendars import Span
from evaluator.core.oncall.oncall import Schedule
from evaluator.core.oncall.people import Duty, Person
from evaluator.core.oncall.rotations import Layer, Unit
from evaluator.core.records import Attempt
from evaluator.core.routing.routing import Route as Branch
from evaluator.core.settings import ConsoleSettings, Datasource, Integration, Receiver
from tests.api.alertmanager import Api, serving, settings
from tests.api.fire_brigade import brigade
from tests.api.town import Town
from tests.service.servers import Datasource as Prometheus
from tests.service.servers import until, vector

PLACES = {ALERTMANAGER: "/api/v2", NATIVE: "/api/evaluator/v1"}
METHODS = {"get", "post", "put", "patch", "delete"}


def served(place: str) -> set[tuple[str, str]]:
    """Methods and paths below `place`."""
    routes = [route for route in make_app(cast(View, None)).routes if isinstance(route, Route)]
    below = [route for route in routes if route.path.startswith(place + "/")]
    return {(one.lower(), route.path.removeprefix(place)) for route in below for one in (route.methods or ()) if one != "HEAD"}


def operations(name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and what is said of it."""
    for path, methods in document(name)["paths"].items():
        yield from ((method, path, said) for method, said in methods.items() if method in METHODS)


def resolved(name: str, said: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for."""
    if "$ref" not in said:
        return said
    found: Any = document(name)
    for step in said["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return cast(dict[str, Any], found)


def check(name: str, path: str, answer: httpx.Response) -> None:
    """The answer is one of those that the document names, and has its shape."""
    said = {(method, one): each for method, one, each in operations(name)}
    responses = said[answer.request.method.lower(), path]["responses"]
    content = resolved(name, responses[str(answer.status_code)]).get("content")
    if content is None:
        assert answer.content == b""
        return
    media = answer.headers["content-type"].partition(";")[0]
    schema = content[media]["schema"]
    said_of = {"application/yaml": lambda: yaml.safe_load(answer.text), "text/markdown": lambda: answer.text}
    found = said_of.get(media, answer.json)()
    Draft202012Validator({**schema, "components": document(name)["components"]}).validate(found)


@pytest.mark.parametrize("name", PLACES)
def test_routes(name: str) -> None:
    """In both directions."""
    assert {(method, path) for method, path, _ in operations(name)} == served(PLACES[name])


@pytest.mark.parametrize("name", PLACES)
def test_operations_are_whole(name: str) -> None:
    """Each has a name of its own, a sentence, and parameters that its path has; what is referred to is there."""
    names = [said["operationId"] for _, _, said in operations(name)]
    assert len(names) == len(set(names))
    for _, path, said in operations(name):
        assert said["summary"].endswith("."), path
        shared = document(name)["paths"][path].get("parameters", [])
        given = [resolved(name, one) for one in (*shared, *said.get("parameters", ()))]
        assert {one["name"] for one in given if one["in"] == "path"} == set(re.findall(r"{(\w+)}", path))
        for response in said["responses"].values():
            assert resolved(name, response)["description"]


@pytest.mark.parametrize("name", PLACES)
def test_schemas_are_schemas(name: str) -> None:
    """And each of them is used."""
    for schema in document(name)["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for kind, parts in document(name)["components"].items():
        for part in parts:
            assert f'"#/components/{kind}/{part}"' in text(name), part


@pytest.mark.parametrize("name", PLACES)
async def test_documents_are_served(name: str) -> None:
    """As YAML as they are written, and the same as JSON."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(make_app(Town(settings()))), base_url="http://e") as client:  # type: ignore[arg-type]
        as_yaml = await client.get(f"{PLACES[name]}/openapi.yaml")
        as_json = await client.get(f"{PLACES[name]}/{'swagger' if name == ALERTMANAGER else 'openapi'}.json")
    assert (as_yaml.text, as_yaml.headers["content-type"]) == (text(name), "application/yaml")
    assert yaml.safe_load(as_yaml.text) == as_json.json() == document(name)


# -- real answers -----------------------------------------------------------------------------------------------------

EXPLAIN = "/alerts/{fingerprint}/explain"
EMPTY = ("/windows", "/oncall/overrides", "/incidents", "/maintenance")
"""What a busy evaluator has none of."""
MISSING = "00000000-0000-4000-8000-000000000000"
CONSOLE = (Integration("console", 0, True, ConsoleSettings()),)
BROAD = {"matchers": ['severity=~".+"'], "duration": "1h", "createdBy": "me", "comment": "work"}
WINDOW = {**BROAD, "name": "backups", "schedule": "0 2 * * *", "matchers": ['job="x"'], "endsAt": "2027-01-01T00:00:00Z"}


LAYER = Layer(("ana", "bo"), 1, Unit.WEEK, date(2026, 1, 5), active=(Span(frozenset(range(5)), 0, 600),))
DUTY = Duty(
    (Person("ana", "Ana", ZoneInfo("UTC")),), (Schedule("primary", ZoneInfo("UTC"), (LAYER,)),), Secret("0123456789abcdef")
)


@asynccontextmanager
async def busy() -> AsyncIterator[Api]:
    """An evaluator with an alert of a rule, a posted one, a silence, a window, and notifications that were accepted."""
    async with Prometheus() as server:
        group = RuleGroup("g", "f", timedelta(minutes=1), (AlertingRule("f;g;A", "A", "a", "a"),), datasource="main")
        server.answers = {"a": vector({"job": "x"})}
        root = Branch("team", group_wait=timedelta(0))
        known = {"datasources": (Datasource("main", server.url),), "groups": (group,), "route": root, "duty": DUTY}
        async with serving(settings(receivers=(Receiver("team", CONSOLE),), **known)) as api:
            api.now += timedelta(minutes=1)
            await api.fire(alertname="Posted", severity="page")
            await api.silence("alertname=Posted", annotations={"ticket": "7"})
            await until(lambda: api.service.store.history(Attempt))
            yield api


async def ask(api: Api, name: str, method: str, path: str, route: str = "", **more: Any) -> Any:
    """Ask, and hold the answer to the document. route: of the document, where `path` is one of many."""
    answer = await api.client.request(method, api.url + PLACES[name] + path, **more)
    check(name, route or path.partition("?")[0], answer)
    return answer.json() if answer.content and "json" in answer.headers["content-type"] else None


class Recorder(QueryParams):
    """Parameters that remember who asked for which."""

    asked: set[str]

    def get(self, key: Any, default: Any = None) -> Any:
        """And remember it."""
        self.asked.add(key)
        return super().get(key, default)

    def getlist(self, key: Any) -> list[str]:
        """And remember it."""
        self.asked.add(key)
        return super().getlist(key)


@pytest.mark.realtime
@pytest.mark.parametrize("name", PLACES)
async def test_answers_have_the_documented_shape(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every endpoint that reads; and each looks at the parameters that the document names, and at no others."""
    asked: set[str] = set()
    monkeypatch.setattr(Recorder, "asked", asked, raising=False)
    monkeypatch.setattr(Request, "query_params", property(lambda request: Recorder(request.scope["query_string"])))
    async with busy() as api:
        for method, path, said in operations(name):
            if method != "get" or "{" in path:
                continue
            asked.clear()
            found = await ask(api, name, "GET", path)
            assert found != [] or path in EMPTY, path
            assert asked == {resolved(name, one)["name"] for one in said.get("parameters", ())}, path


@pytest.mark.realtime
async def test_answers_of_alertmanagers_api() -> None:
    """Setting, editing, looking at and ending a silence; and what is refused in each way."""
    async with busy() as api:
        wish = api.wish("a=b")
        made = await ask(api, ALERTMANAGER, "POST", "/silences", json=wish)
        one = f"/silence/{made['silenceID']}"
        await ask(api, ALERTMANAGER, "GET", one, "/silence/{id}")
        await ask(api, ALERTMANAGER, "DELETE", one, "/silence/{id}")
        for method in ("GET", "DELETE"):
            await ask(api, ALERTMANAGER, method, f"/silence/{MISSING}", "/silence/{id}")
            await ask(api, ALERTMANAGER, method, "/silence/x", "/silence/{id}")
        await ask(api, ALERTMANAGER, "POST", "/silences", json={**wish, "id": MISSING})
        await ask(api, ALERTMANAGER, "POST", "/silences", json={**wish, "matchers": []})
        await ask(api, ALERTMANAGER, "POST", "/alerts", json=[{"labels": {}}])
        for path in ("/silences", "/alerts"):
            await ask(api, ALERTMANAGER, "POST", path, content="[", headers={"Content-Type": "application/json"})
            await ask(api, ALERTMANAGER, "POST", path, content="[", headers={"Content-Type": "text/plain"})
        for path in ("/alerts", "/alerts/groups", "/silences"):
            await ask(api, ALERTMANAGER, "GET", f"{path}?active=maybe")
            await ask(api, ALERTMANAGER, "GET", f"{path}?filter=a")


@pytest.mark.realtime
async def test_answers_of_the_evaluators_own_api() -> None:
    """Previewing, setting and ending silences and windows; and what is refused in each way."""
    async with busy() as api:
        await ask(api, NATIVE, "POST", "/silences/preview", json=BROAD)
        await ask(api, NATIVE, "POST", "/silences/preview", json=WINDOW)
        await ask(api, NATIVE, "POST", "/silences", json=BROAD)
        made = await ask(api, NATIVE, "POST", "/silences", json={**BROAD, "confirm": True})
        await ask(api, NATIVE, "DELETE", f"/silences/{made['id']}", "/silences/{id}")
        window = await ask(api, NATIVE, "POST", "/windows", json=WINDOW)
        await ask(api, NATIVE, "GET", "/windows")
        await ask(api, NATIVE, "GET", "/silences")
        await ask(api, NATIVE, "DELETE", f"/windows/{window['id']}", "/windows/{id}")
        for kind in ("silences", "windows"):
            await ask(api, NATIVE, "DELETE", f"/{kind}/none", f"/{kind}/{{id}}")
            await ask(api, NATIVE, "POST", f"/{kind}", json={})
            await ask(api, NATIVE, "POST", f"/{kind}", content="[", headers={"Content-Type": "application/json"})
            await ask(api, NATIVE, "POST", f"/{kind}", content="[", headers={"Content-Type": "text/plain"})
        await ask(api, NATIVE, "GET", "/silences?active=maybe")
        await ask(api, NATIVE, "GET", "/silences?filter=a")
        override = {"schedule": "primary", "replace": "ana", "duration": "1h", "createdBy": "me"}
        made = await ask(api, NATIVE, "POST", "/oncall/overrides", json=override)
        await ask(api, NATIVE, "GET", "/oncall/overrides")
        for _ in range(2):
            await ask(api, NATIVE, "DELETE", f"/oncall/overrides/{made['id']}", "/oncall/overrides/{id}")
        await ask(api, NATIVE, "DELETE", "/oncall/overrides/none", "/oncall/overrides/{id}")
        await ask(api, NATIVE, "POST", "/oncall/overrides", json={})
        await ask(api, NATIVE, "POST", "/oncall/overrides", content="[", headers={"Content-Type": "application/json"})
        await ask(api, NATIVE, "POST", "/oncall/overrides", content="[", headers={"Content-Type": "text/plain"})
        for alert in await ask(api, NATIVE, "GET", "/alerts"):
            await ask(api, NATIVE, "GET", f"/alerts/{alert['fingerprint']}/explain", EXPLAIN)
        await ask(api, NATIVE, "GET", "/alerts/none/explain", EXPLAIN)


@pytest.mark.realtime
async def test_answers_about_incidents() -> None:
    """Every action, what is silenced and maintained, and what is refused in each way."""
    async with brigade() as one:
        await one.fire()

        async def post(path: str, route: str, **more: Any) -> Any:
            return await ask(one.api, NATIVE, "POST", path, route, **more)

        deeds: dict[str, Any] = {
            "snooze": {"duration": "1h"},
            "assign": {"to": "bo"},
            "note": {"note": "x"},
            "label": {"label": "useful"},
        }
        for action in ("escalate", "ack", "unack", "snooze", "assign", "note", "label", "resolve"):
            route = f"/incidents/{{id}}/{action}"
            await ask(one.api, NATIVE, "GET", "/incidents?state=all")
            await ask(one.api, NATIVE, "GET", "/incidents/1", "/incidents/{id}")
            await post("/incidents/9/ack", "/incidents/{id}/ack", json={"by": "me"})
            await post(f"/incidents/1/{action}", route, json={"by": "me", **deeds.get(action, {})}, headers={"If-Match": '"9"'})
            await post(f"/incidents/1/{action}", route, json={"by": "me", **deeds.get(action, {})})
            await post(f"/incidents/1/{action}", route, json={})
            await post(f"/incidents/1/{action}", route, content="[", headers={"Content-Type": "text/plain"})
        await post("/incidents/1/ack", "/incidents/{id}/ack", json={"by": "me"})
        await ask(one.api, NATIVE, "GET", "/incidents/1/review", "/incidents/{id}/review")
        await ask(one.api, NATIVE, "GET", "/incidents/9/review", "/incidents/{id}/review")
        await ask(one.api, NATIVE, "GET", "/incidents?state=none")
        await one.fire(alertname="Slow")
        await post("/incidents/2/silence", "/incidents/{id}/silence", json={"by": "me"})
        await post("/incidents/9/silence", "/incidents/{id}/silence", json={"by": "me"})
        work = {"by": "me", "reason": "x", "component": "api", "duration": "1h"}
        made = await post("/maintenance", "/maintenance", json=work)
        await ask(one.api, NATIVE, "GET", "/maintenance")
        for _ in range(2):
            await ask(one.api, NATIVE, "DELETE", f"/maintenance/{made['id']}", "/maintenance/{id}")
        await post("/maintenance", "/maintenance", json={})
