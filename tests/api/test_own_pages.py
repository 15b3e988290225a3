"""What other people's pages cannot make a browser do."""

from __future__ import annotations

import pytest

from tests.api.alertmanager import serving

pytestmark = pytest.mark.realtime

EVIL = {"Origin": "https://evil.example"}
PATHS = [
    ("POST", "/-/reload"),
    ("PUT", "/-/reload"),
    ("POST", "/api/evaluator/v1/silences"),
    ("POST", "/api/evaluator/v1/incidents/x/acknowledge"),
    ("DELETE", "/api/evaluator/v1/silences/x"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("headers", [EVIL, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}])
async def test_pages_of_others_change_nothing(method: str, path: str, headers: dict[str, str]) -> None:
    async with serving() as api:
        refused = await api.client.request(method, api.url + path, headers=headers)
        assert refused.status_code == 403
        assert "nothing was changed" in refused.text


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}])
@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_programs_and_our_own_pages_get_as_far_as_ever(method: str, path: str, headers: dict[str, str]) -> None:
    """Whoever says nothing of where a request is from is no browser."""
    async with serving() as api:
        assert (await api.client.request(method, api.url + path, headers=headers)).status_code != 403


async def test_the_evaluators_address_may_be_that_of_the_request() -> None:
    async with serving() as api:
        assert (await api.client.post(f"{api.url}/-/reload", headers={"Origin": api.url})).status_code == 200


async def test_reading_and_alertmanagers_api_are_left_to_cors() -> None:
    """Dashboards in the browser post silences to Alertmanager's API; who may is a matter of `web.cors_origin`."""
    async with serving() as api:
        assert (await api.client.get(f"{api.url}/api/evaluator/v1/status", headers=EVIL)).status_code == 200
        assert (await api.client.get(f"{api.url}/-/healthy", headers=EVIL)).status_code == 200
        wish = api.wish("alertname=A")
        assert (await api.client.post("/silences", json=wish, headers=EVIL)).status_code == 200
