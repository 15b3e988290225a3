"""Which pages of other origins may use the APIs in a browser."""

from __future__ import annotations

import httpx
import pytest

from evaluator.core.settings import Web
from tests.api.alertmanager import Api, serving, settings

pytestmark = pytest.mark.realtime

KARMA = "https://karma.example.org"


async def asked(api: Api, method: str, path: str, **headers: str) -> httpx.Response:
    """What a browser is answered that speaks for Karma."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.client.request(method, api.url + path, headers={"Origin": KARMA, **named})


async def preflight(api: Api, path: str, method: str) -> tuple[str | None, str | None]:
    """To whom it is allowed, and with which methods."""
    answer = await asked(api, "OPTIONS", path, Access_Control_Request_Method=method)
    assert answer.status_code == 204
    return answer.headers.get("access-control-allow-origin"), answer.headers.get("access-control-allow-methods")


async def test_as_alertmanager_all_origins_by_default() -> None:
    """Errors may be read as well; an answer to somebody who is no browser says nothing of it."""
    async with serving() as api:
        for path in ("/api/v2/alerts", "/api/v2/alerts?filter=a", "/api/v2/nothing", "/api/v1/rules"):
            answer = await asked(api, "GET", path)
            assert (answer.headers["access-control-allow-origin"], answer.headers["vary"]) == ("*", "Origin"), path
        assert await preflight(api, "/api/v2/silences", "POST") == ("*", "GET, HEAD, POST")
        assert await preflight(api, "/api/v1/rules", "GET") == ("*", "GET, HEAD")
        assert "access-control-allow-origin" not in (await api.client.get("/alerts")).headers


async def test_the_evaluators_own_api_is_for_its_own_pages() -> None:
    async with serving() as api:
        for path in ("/api/evaluator/v1/status", "/-/reload", "/metrics"):
            assert "access-control-allow-origin" not in (await asked(api, "GET", path)).headers
        refused = await asked(api, "OPTIONS", "/-/reload", Access_Control_Request_Method="POST")
        assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(("origin", "told"), [("https://karma[.]example[.]org", KARMA), ("https://other", None), ("", None)])
async def test_an_expression_of_origins(origin: str, told: str | None) -> None:
    """The whole origin must match; whoever may not is told nothing, and empty is nobody."""
    async with serving(settings(web=Web(cors_origin=origin))) as api:
        assert (await asked(api, "GET", "/api/v2/alerts")).headers.get("access-control-allow-origin") == told
        assert await preflight(api, "/api/v2/silences", "POST") == (told, "GET, HEAD, POST" if told else None)


async def test_what_needs_no_preflight_changes_nothing() -> None:
    """A page can send a form without asking; the API takes in JSON alone."""
    async with serving() as api:
        answer = await api.client.post("/alerts", content="[]", headers={"Origin": KARMA, "Content-Type": "text/plain"})
        assert answer.status_code == 415
