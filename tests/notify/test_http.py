"""Services that are described: which request is made when, and what is found in answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from evaluator.core.events import Delivered
from evaluator.core.http import Authorization, HttpSettings, Secret
from evaluator.core.receivers.http import HttpCall, HttpServiceSettings
from evaluator.core.records import Pairs
from evaluator.notify.exchange import Request
from evaluator.notify.http import tell, value_at
from evaluator.notify.sheet import Sheet
from tests.local_server import Reply
from tests.notify.cases.http import CASES
from tests.notify.contract import BROKEN, deliver
from tests.notify.scenes import PlainTexts, alert, rendered

FIRST = HttpCall(Secret("https://a/first"))
UPDATE = HttpCall(Secret("https://a/update/%{id}"), "PATCH")
RESOLVE = HttpCall(Secret("https://a/resolve/%{id}"), "DELETE")
SERVICE = HttpServiceSettings(FIRST, receipt=(("id", "id"),))


def request(settings: HttpServiceSettings, *, over: bool = False, known: Pairs = (), **names: str) -> Request:
    notification = replace(rendered(alert("a:9090", resolved=over)), receipt=known)
    found = next(tell(Sheet(notification, PlainTexts(**names).render), settings))
    assert isinstance(found, Request)
    return found


@pytest.mark.parametrize(
    ("update", "resolve", "over", "known", "target"),
    [
        (None, None, False, (), "POST https://a/first"),
        (None, None, True, (("id", "7"),), "POST https://a/first"),
        (UPDATE, RESOLVE, False, (), "POST https://a/first"),
        (UPDATE, RESOLVE, False, (("id", "7"),), "PATCH https://a/update/7"),
        (UPDATE, RESOLVE, True, (("id", "a/?b"),), "DELETE https://a/resolve/a%2F%3Fb"),
        (UPDATE, None, True, (("id", "7"),), "PATCH https://a/update/7"),
        (UPDATE, RESOLVE, True, (), "POST https://a/first"),
        (UPDATE, RESOLVE, False, (("other", "7"),), "POST https://a/first"),
    ],
)
def test_which_request_is_made(
    update: HttpCall | None, resolve: HttpCall | None, over: bool, known: Pairs, target: str
) -> None:
    """What a request needs and nobody knows makes room for the first one."""
    made = request(replace(SERVICE, update=update, resolve=resolve), over=over, known=known)
    assert f"{made.method} {made.url.reveal()}" == target


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", 1),
        ("b.1.c", "x"),
        ("b.2", None),
        ("b.c", None),
        ("a.b", None),
        ("", None),
        ("b.99999999999", None),
        ("b.-1", None),
    ],
)
def test_paths(path: str, found: Any) -> None:
    assert value_at({"a": 1, "b": [0, {"c": "x"}]}, path) == found


def test_a_body_that_fails_is_the_whole_notification() -> None:
    """In JSON only what failed is."""
    assert b"HighLatency" in request(replace(SERVICE, call=replace(FIRST, body=BROKEN))).body
    made = request(replace(SERVICE, call=replace(FIRST, json=("{{ name }}", BROKEN))), name="5")
    number, text = json.loads(made.body)
    assert (number, "HighLatency" in text) == (5, True)


def test_headers_hold_one_line_of_ascii() -> None:
    made = request(replace(SERVICE, call=replace(FIRST, headers=(("X-A", "{{ name }}"),))), name="ä\r\nX-Forged: 1")
    assert dict(made.headers)["X-A"] == "? / X-Forged: 1"


def test_a_status_that_is_named_is_a_success_and_no_other_is() -> None:
    case, only = CASES[0], {"success_status": frozenset({202, 409})}
    for status, taken in ((202, True), (409, True), (200, False), (500, False)):
        event, _ = deliver(case, (Reply(status),), replaced=only)
        assert isinstance(event, Delivered) == taken


def test_what_was_known_stays_known() -> None:
    """An update's answer need not name the thing again."""
    event, _ = deliver(CASES[2], (Reply(body=b'{"result":{"ok":true}}'),))
    assert event == Delivered("0f3c", (("id", "a/b"),))


def test_people_see_the_authorization_that_is_sent() -> None:
    """A provider's own takes the place of the one for everybody."""
    http = HttpSettings(authorization=Authorization("Bearer", Secret("swordfish")))
    own = Request(Secret("https://a"), b"", http, headers=(("Authorization", "GenieKey k3y"),), secrets=("k3y",))
    assert "Authorization: GenieKey <secret>" in str(own)
    assert "Bearer" not in str(own)
    assert "Authorization: Bearer <secret>" in str(Request(Secret("https://a"), b"", http))
