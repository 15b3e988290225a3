"""What is not there, or not for this method, and how the APIs say so."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from evaluator.api.later import Later
from evaluator.api.missing import not_allowed as not_allowed_here
from tests.api.alertmanager import serving

pytestmark = pytest.mark.realtime

V2_404 = {"code": 404, "message": "path /api/v2/nothing was not found"}
V1_404 = {"status": "error", "errorType": "not_found", "error": "there is no /api/v1/nothing"}


def gone(path: str) -> dict[str, Any]:
    """What an endpoint of Alertmanager's first API says."""
    return {"status": "deprecated", "error": f"version 1 of Alertmanager's API is gone; use /api/v2/{path}"}


def not_allowed(method: str, methods: str) -> dict[str, Any]:
    """What API v2 says to another method."""
    return {"code": 405, "message": f"method {method} is not allowed, but [{methods}] are"}


@pytest.mark.parametrize(
    ("method", "path", "code", "said"),
    [
        ("GET", "/api/v2/nothing", 404, V2_404),
        ("GET", "/api/v1/nothing", 404, V1_404),
        ("PUT", "/api/v2/alerts", 405, not_allowed("PUT", "GET,POST")),
        ("DELETE", "/api/v2/status", 405, not_allowed("DELETE", "GET")),
        ("POST", "/api/v1/alerts", 410, gone("alerts")),
        ("GET", "/api/v1/alerts/groups", 410, gone("alerts/groups")),
        ("GET", "/api/v1/silences", 410, gone("silences")),
        ("POST", "/api/v1/silences", 410, gone("silences")),
        ("DELETE", "/api/v1/silence/7", 410, gone("silence/7")),
        ("GET", "/api/v1/receivers", 410, gone("receivers")),
        ("GET", "/api/v1/status", 410, gone("status")),
    ],
)
async def test_apis_say_it_in_json(method: str, path: str, code: int, said: Any) -> None:
    async with serving() as api:
        answer = await api.client.request(method, api.url + path)
        assert (answer.status_code, answer.json()) == (code, said)
        assert path.startswith("/api/v1") or answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/api/v2/alerts/", 200),
        ("POST", "//api/v2/alerts", 200),
        ("POST", "/api/v2//alerts//", 200),
        ("PUT", "/api/v2/alerts/", 405),
        ("GET", "/api/v2/silence/", 404),
        ("GET", "/api/v1/rules/", 200),
        ("GET", "//-/healthy", 404),
    ],
)
async def test_slashes_that_say_nothing(method: str, path: str, code: int) -> None:
    """What an address with a slash at its end makes of an API's path; a redirect might cost a client its alerts."""
    async with serving() as api:
        answer = await api.client.request(method, api.url + path, **({"json": []} if method == "POST" else {}))
        assert answer.status_code == code


async def test_pages_say_which_methods_they_have() -> None:
    """Those too that are made when somebody first asks for them."""
    page = Route("/", _page)
    app = Starlette(routes=[Later(lambda: [page])], exception_handlers={405: not_allowed_here})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        refused = await client.put("http://e/")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    assert refused.text == "PUT is not allowed here, only GET\n"


async def _page(request: Request) -> Response:
    return PlainTextResponse("page")


async def test_others_say_it_in_words() -> None:
    """With the methods that there are."""
    async with serving() as api:
        missing = await api.client.get(f"{api.url}/nothing")
        assert (missing.status_code, missing.text) == (404, "Not Found\n")
        refused = await api.client.get(f"{api.url}/-/reload")
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST, PUT")
        assert refused.text == "GET is not allowed here, only POST, PUT\n"


async def test_what_prometheus_has_too_is_prometheus() -> None:
    async with serving() as api:
        assert (await api.client.get(f"{api.url}/api/v1/alerts")).json() == {"status": "success", "data": {"alerts": []}}
        assert (await api.client.get(f"{api.url}/api/v1/status/buildinfo")).status_code == 200


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready", "/api/v2/alerts", "/metrics"])
async def test_head_is_answered_without_a_body(path: str) -> None:
    """As load balancers ask."""
    async with serving() as api:
        answer: httpx.Response = await api.client.head(api.url + path)
        assert (answer.status_code, answer.content) == (200, b"")
