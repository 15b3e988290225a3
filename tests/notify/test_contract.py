"""What every receiver over HTTP promises, whatever its service does; see `contract.py`."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import pytest

from evaluator.config.receivers import KINDS
from evaluator.core.events import Delivered, DeliveryFailed
from evaluator.core.http import Authorization, BasicAuth, HttpSettings, Secret
from evaluator.core.receivers.general import ConsoleSettings, EmailSettings, EventHookSettings
from evaluator.notify.receivers import HTTP_RECEIVERS
from tests.local_server import LocalServer, Received, Reply, Then
from tests.notify.contract import BROKEN, Case, all_cases, deliver, deliver_to_silence, deliverer, texts_of, unescaped
from tests.notify.scenes import alert, row

CASES = all_cases()
STEPS = [pytest.param(case, step, id=f"{case}-{step}") for case in CASES for step in case.steps]

each = pytest.mark.parametrize("case", CASES, ids=str)
at_each_step = pytest.mark.parametrize(("case", "step"), STEPS)


def failed(event: Delivered | DeliveryFailed) -> DeliveryFailed:
    assert isinstance(event, DeliveryFailed), f"{event} although the service refused"
    return event


def test_every_receiver_has_a_case() -> None:
    """A kind that is sent over HTTP and is not held to this contract cannot be added unnoticed."""
    held = {type(case.settings("http://127.0.0.1:1", HttpSettings())) for case in CASES}
    assert held == set(HTTP_RECEIVERS)
    assert {case.kind for case in CASES} <= set(KINDS)
    assert not held & {ConsoleSettings, EmailSettings}


# -- what the service says --------------------------------------------------------------------------------------------


@each
def test_a_notification_that_the_service_takes_is_delivered(case: Case) -> None:
    event, requests = deliver(case, case.taken)
    assert event == Delivered("0f3c", case.receipt)
    assert len(requests) == len(case.taken)
    assert "Latency is high on a:9090" in case.says(requests) or "HighLatency" in case.says(requests)


@each
def test_the_end_is_taken_too(case: Case) -> None:
    """Which requests tell of an end is each receiver's own affair; they must differ from those that tell of a beginning."""
    event, over = deliver(case, case.taken, alert("a:9090", resolved=True))
    _, begun = deliver(case, case.taken)
    assert isinstance(event, Delivered)
    assert [(one.method, one.target, one.body) for one in over] != [(one.method, one.target, one.body) for one in begun]


@pytest.mark.parametrize(
    ("case", "name"), [pytest.param(case, name, id=f"{case}-{name}") for case in CASES for name in case.outcomes]
)
def test_answers_that_mean_something_of_their_own(case: Case, name: str) -> None:
    expected = case.outcomes[name]
    event, requests = deliver(case, expected.replies)
    assert len(requests) == len(expected.replies)
    if not expected.error:
        assert event == Delivered("0f3c", expected.receipt)
        return
    assert failed(event).error.startswith(expected.error)
    assert (failed(event).permanent, failed(event).retry_after) == (expected.permanent, expected.retry_after)


# status: whether another try is no use
STATUSES: Mapping[int, bool] = {
    400: True,
    401: True,
    403: True,
    404: True,
    408: False,
    413: True,
    422: True,
    425: False,
    429: False,
    500: False,
    502: False,
    503: False,
    504: False,
    599: False,
}


@at_each_step
def test_statuses(case: Case, step: int) -> None:
    """One call is one attempt, and ends at the first request that is refused."""
    for status, permanent in STATUSES.items():
        event, requests = deliver(case, case.until(step, Reply(status, body=b"\x1b[2J no\n")))
        assert failed(event).permanent is case.meant.get(status, permanent), status
        assert failed(event).outbox == "0f3c"
        assert failed(event).retry_after is None
        assert str(status) in failed(event).error
        assert "\x1b" not in failed(event).error
        assert "\n" not in failed(event).error
        assert len(requests) == step + 1, status


@at_each_step
def test_refusals_are_taken_as_alertmanager_takes_them_when_that_is_wanted(case: Case, step: int) -> None:
    for status in (400, 403, 408, 425, 429, 500, 503):
        reply = Reply(status, {"Retry-After": "17"})
        event, _ = deliver(case, case.until(step, reply), compatibility=True)
        again = status >= 500 or status in case.alertmanager_retries
        assert (status, failed(event).permanent, failed(event).retry_after) == (status, not again, None)


@at_each_step
def test_patience_that_is_asked_for_is_had(case: Case, step: int) -> None:
    for reply, seconds in (
        (Reply(429, {"Retry-After": "17"}), 17.0),
        (Reply(503, {"Retry-After": "Mon, 03 Aug 2026 03:01:12 GMT", "Date": "Mon, 03 Aug 2026 03:00:12 GMT"}), 60.0),
        (Reply(503, {"Retry-After": "soon"}), None),
    ):
        event, _ = deliver(case, case.until(step, reply))
        assert (failed(event).permanent, failed(event).retry_after) == (False, seconds)


@at_each_step
def test_redirects_that_lose_the_body_are_permanent(case: Case, step: int) -> None:
    """Behind them is a login page; what their query says is nobody's business."""
    reply = Reply(302, {"Location": "https://login.example.org/?token=s3cr3t"})
    event, _ = deliver(case, case.until(step, reply))
    assert failed(event).permanent
    assert "login.example.org" in failed(event).error
    assert "s3cr3t" not in failed(event).error


@each
def test_a_redirect_that_keeps_the_body_is_followed(case: Case) -> None:
    event, requests = deliver(case, (Reply(307, {"Location": "/there"}), *case.taken))
    assert event == Delivered("0f3c", case.receipt)
    assert (requests[0].method, requests[0].body) == (requests[1].method, requests[1].body)


# -- when the service says nothing, or nonsense -----------------------------------------------------------------------

NONSENSE: Mapping[str, tuple[Reply, str]] = {
    "closed without a word": (Reply(raw=b""), "the connection"),
    "reset without a word": (Reply(raw=b"", then=Then.RESET), "the connection broke"),
    "reset in the headers": (Reply(raw=b"HTTP/1.1 200 OK\r\nCont", then=Then.RESET), "the connection"),
    "not HTTP": (Reply(raw=b"220 mail.example.org ESMTP\r\n"), "the connection ended or broke HTTP's rules"),
}


@at_each_step
def test_connections_that_break_are_tried_again(case: Case, step: int) -> None:
    """Nobody knows what became of the request, and the event says so."""
    for behaviour, (reply, error) in NONSENSE.items():
        event, _ = deliver(case, case.until(step, reply))
        assert failed(event).error.startswith(error), behaviour
        assert (failed(event).permanent, failed(event).unknown) == (False, True), behaviour


@at_each_step
def test_a_service_that_is_silent_is_left(case: Case, step: int) -> None:
    """The time is for all requests of an attempt together."""
    event, _ = deliver_to_silence(case, case.until(step, Reply(raw=b"", then=Then.HANG)))
    assert failed(event).error.startswith("no answer within ")
    assert (failed(event).permanent, failed(event).unknown) == (False, True)


@each
def test_a_server_that_is_not_there_has_taken_nothing(case: Case) -> None:
    async def run() -> Delivered | DeliveryFailed:
        async with LocalServer() as server:
            url = server.url
        return await deliverer(case, case.settings(url, HttpSettings()), url).deliver(row(integration=f"ops/{case.kind}[0]"))

    assert asyncio.run(run()) == DeliveryFailed("0f3c", "cannot connect: Connection refused")


@each
def test_an_answer_that_breaks_off_is_a_success_only_where_its_body_does_not_matter(case: Case) -> None:
    """A bridge that said 2xx has taken the page; asking again because its body broke off would page twice."""
    *before, last = case.taken
    torn = replace(last, length=len(last.body) + 500, then=Then.RESET)
    event, _ = deliver(case, (*before, torn))
    assert isinstance(event, DeliveryFailed if case.whole else Delivered)
    if isinstance(event, DeliveryFailed):
        assert not event.permanent


@at_each_step
def test_an_endless_answer_is_not_read_to_its_end(case: Case, step: int) -> None:
    event, _ = deliver(case, case.until(step, Reply(500, body=b"e" * 200_000, length=10**12, then=Then.HANG)))
    assert "500" in failed(event).error
    assert len(failed(event).error) < 500


STRANGE = (b"", b"\xff\x00", b"{", b"[]", b"null", b'"ok"', b"<html>", b'{"ok":1,"errors":7}', b"[" * 9000)


@at_each_step
def test_no_answer_is_too_strange_to_be_read(case: Case, step: int) -> None:
    """Whatever a success says there is one event, and it is no mistake of ours."""
    for kind, body in product(("application/json", "text/plain"), STRANGE):
        event, _ = deliver(case, (*case.until(step, Reply(headers={"Content-Type": kind}, body=body)), *case.taken[step + 1 :]))
        assert isinstance(event, Delivered) or "internal error" not in event.error, (kind, body)


# -- secrets ----------------------------------------------------------------------------------------------------------

TOKEN, PASSWORD, KEY = "t0ken-of-ops", "passw0rd", "k3y-of-ops"
BEARER = HttpSettings(authorization=Authorization("Bearer", Secret(TOKEN)), headers=(("X-Key", Secret(KEY)),))
NAMED = HttpSettings(basic_auth=BasicAuth("ann", Secret(PASSWORD)))
BASIC = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
HIDDEN = (TOKEN, KEY, PASSWORD, BASIC)


@at_each_step
def test_a_service_that_quotes_the_request_gives_no_secret_away(case: Case, step: int) -> None:
    for status, (http, own) in product((200, 400, 429, 500), ((BEARER, (TOKEN, KEY)), (NAMED, (PASSWORD, BASIC)))):
        quoting = Reply(status, body=" ".join((*case.secrets, *own)).encode())
        event, _ = deliver(case, case.until(step, quoting), http=http)
        told = event.error if isinstance(event, DeliveryFailed) else str(event.receipt)
        assert not [secret for secret in (*case.secrets, *own) if secret in told]


@each
def test_a_preview_begins_with_the_first_request_without_secrets(case: Case) -> None:
    settings = case.settings("https://service.example.org", BEARER)
    record = row(integration=f"ops/{case.kind}[0]")
    record = replace(record, notification=replace(record.notification, receipt=case.known))
    text = deliverer(case, settings, "").preview(record)
    _, requests = deliver(case, case.taken, http=BEARER)
    head, _, body = text.partition("\n\n")
    assert head.startswith(requests[0].method)
    assert head.endswith("X-Key: <secret>")
    assert not [secret for secret in (*case.secrets, *HIDDEN) if secret in text]
    sent = requests[0].body.decode()
    for secret in case.secrets:
        sent = sent.replace(secret, "<secret>")
    assert _without_origin(body).startswith(_without_origin(sent))


def _without_origin(text: str) -> str:
    return text.replace("https://service.example.org", "")


# -- what people read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resolved", [False, True])
@pytest.mark.parametrize(
    ("case", "name"), [pytest.param(case, name, id=f"{case}-{name}") for case in CASES for name in case.templates]
)
def test_whichever_template_fails_the_page_is_complete(case: Case, name: str, resolved: bool) -> None:
    """The receipt tells which one failed, and the message too."""
    event, requests = deliver(case, case.taken, alert("a:9090", resolved=resolved), replaced={name: BROKEN})
    assert isinstance(event, Delivered)
    assert [note for kind, note in event.receipt if kind == "template_error" and note.startswith(name.rstrip("_"))]
    said = case.says(requests)
    for part in ("RESOLVED" if resolved else "FIRING", "HighLatency", "a:9090", "Latency is high on a:9090"):
        assert part in said
    assert "template" in said


@each
@pytest.mark.parametrize("over", [False, True])
def test_what_is_told_of_many_groups_at_once_does_not_depend_on_templates(case: Case, over: bool) -> None:
    """They are made for alerts of one group, and many show labels alone."""
    settings = case.settings("http://127.0.0.1:1", HttpSettings())
    if case.kind == "http" or isinstance(settings, EventHookSettings) or getattr(settings, "payload", None) is not None:
        pytest.skip("its texts are the user's own from the first to the last, or it has none")
    event, requests = deliver(case, case.taken, storm=not over, over=over)
    assert isinstance(event, Delivered)
    assert not [note for kind, note in event.receipt if kind == "template_error"]
    said = unescaped(case.says(requests))
    for part in () if over else ("12 alert groups fire", "alertname=Down, instance=<b>03</b>"):
        assert part in said


@each
def test_whatever_labels_hold_the_request_is_sound(case: Case) -> None:
    """No header is forged, nothing speaks to a terminal, and JSON remains JSON."""
    hostile = {
        "script": "<script>alert(1)</script>",
        "mention": "@everyone @channel <!channel> <@U123> <@&1> @here",
        "header": "one\r\nX-Forged: two",
        "markup": "*_`[x](javascript:alert(1))`_* &lt; </a><b>",
        "bidi": "left\u202eright",
        "escape": "\x1b[31mred\x00",
    }
    event, requests = deliver(case, case.taken, alert("a:9090", **hostile))
    assert isinstance(event, Delivered)
    for request in requests:
        _hold_sound(case, request)
    text = "\n".join(request.target + request.body.decode() for request in requests if not _is_picture(request))
    assert not [what for what in case.never if what in text]
    if case.kind not in ("webhook", "opsgenie", "incidentio"):  # which are handed labels as they are, for programs
        assert "\u202e" not in "\n".join(map(texts_of, requests))


HUGE = alert("a:9090", huge="é" * 500_000)
MANY = [alert(f"host-{number}:9090", pad="é&<" * 40) for number in range(400)]
"""Made once: to sum up what they are called takes longer than to tell of them."""


@each
def test_a_huge_label_is_bounded_by_what_the_service_takes(case: Case) -> None:
    event, requests = deliver(case, case.taken, HUGE)
    assert isinstance(event, Delivered)
    for request in requests:
        _hold_sound(case, request)


@each
def test_a_storm_is_bounded_by_what_the_service_takes(case: Case) -> None:
    event, requests = deliver(case, case.taken, *MANY)
    assert isinstance(event, Delivered)
    for request in requests:
        _hold_sound(case, request)


def _hold_sound(case: Case, request: Received) -> None:
    assert "x-forged" not in request.headers
    text = "" if _is_picture(request) else request.body.decode()
    if "json" in request.headers.get("content-type", ""):
        json.loads(text)
    assert case.most_bytes is None or len(request.body) <= case.most_bytes


def _is_picture(request: Received) -> bool:
    return request.body.startswith(b"\x89PNG")


@each
def test_the_same_notification_makes_the_same_requests(case: Case) -> None:
    """What is tried again is what was tried; a service that knows its key takes it once."""
    _, first = deliver(case, case.taken)
    _, second = deliver(case, case.taken)
    assert [(one.method, one.target, one.body) for one in first] == [(one.method, one.target, one.body) for one in second]


@each
def test_an_own_timeout_comes_first(case: Case) -> None:
    settings = case.settings("http://127.0.0.1:1", HttpSettings())
    if not hasattr(settings, "timeout"):
        pytest.skip("this receiver has no timeout of its own")
    hanging = (Reply(raw=b"", then=Then.HANG),)
    event, seconds = deliver_to_silence(case, hanging, own=True)
    assert event == DeliveryFailed("0f3c", f"no answer within {seconds:g}s", unknown=True)
