"""Where things are served, besides where they are."""

from __future__ import annotations

from typing import Any, cast

import pytest
from starlette.routing import BaseRoute, Mount, Route

from evaluator.api.app import make_app
from evaluator.api.paths import tidied, without
from evaluator.config.prefixes import OWN_PATHS, prefix_of
from evaluator.core.settings import Web
from evaluator.replies.routes import reply_routes
from evaluator.web.pages import pages
from tests.api.alertmanager import serving, settings


@pytest.mark.parametrize(
    ("path", "tidy"),
    [
        ("/api/v2/alerts", "/api/v2/alerts"),
        ("/api/v2/alerts/", "/api/v2/alerts"),
        ("//api//v2///alerts//", "/api/v2/alerts"),
        ("/api/", "/api/"),
        ("/silences/", "/silences/"),
        ("//", "//"),
    ],
)
def test_slashes_that_say_nothing(path: str, tidy: str) -> None:
    """Of the APIs alone: a page's links count them."""
    assert tidied(path) == tidy


@pytest.mark.parametrize(
    ("path", "rest"), [("/am/api", "/api"), ("/am/", "/"), ("/am", "/am"), ("/amber/api", "/amber/api"), ("/api", "/api")]
)
def test_what_is_below_the_prefix(path: str, rest: str) -> None:
    assert without("/am", path) == rest


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("", ""),
        ("https://a.example.org", ""),
        ("https://a.example.org/am/", "/am"),
        ("https://a.example.org/a//b", "/a//b"),
        ("https://a.example.org/alerts", ""),
        ("https://a.example.org/alerts/am", ""),
        ("https://a.example.org/alerting", "/alerting"),
    ],
)
def test_the_prefix_is_the_path_of_the_external_url(url: str, prefix: str) -> None:
    """Unless paths of the evaluator begin so."""
    assert prefix_of(url) == prefix


def test_how_paths_of_the_evaluator_begin() -> None:
    """As the application has them."""
    nobody = cast(Any, None)
    routes: list[BaseRoute] = [*make_app(nobody, [*reply_routes(nobody), *pages(nobody)]).routes]
    paths = [route.path for route in routes if isinstance(route, Route | Mount)]
    assert len(paths) == len(routes)
    assert {path.split("/")[1] for path in paths} - {""} == OWN_PATHS


@pytest.mark.realtime
async def test_everything_is_served_below_the_prefix_too() -> None:
    """So a Prometheus may post there; the prefix alone leads to the page below it."""
    async with serving(settings(web=Web(route_prefix="/am"))) as api:
        posted = await api.client.post(f"{api.url}/am/api/v2/alerts/", json=[{"labels": {"alertname": "A"}}])
        assert posted.status_code == 200
        for path in ("/am/api/v2/alerts", "/api/v2/alerts"):
            assert [one["labels"] for one in (await api.client.get(api.url + path)).json()] == [{"alertname": "A"}]
        assert (await api.client.get(f"{api.url}/am/-/healthy")).status_code == 200
        led = await api.client.get(f"{api.url}/am?state=firing")
        assert (led.status_code, led.headers["location"]) == (307, "am/?state=firing")
