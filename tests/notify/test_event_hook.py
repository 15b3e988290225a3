"""A webhook of events: what it is told, once for each beginning and each end, and how it is signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evaluator.core.events import Delivered, DeliveryFailed
from evaluator.core.http import Secret
from evaluator.core.receivers.general import EventHookSettings
from evaluator.core.records import NotifiedAlert, OutboxRecord
from evaluator.core.settings import Settings
from evaluator.notify import event_hook
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.rendered import render
from evaluator.notify.sheet import Sheet
from tests.core.playbook import NOTHING, Playbook, group, route, rule, series, settings
from tests.local_server import Reply, Then
from tests.notify.cases.event_hook import CASES
from tests.notify.contract import deliver
from tests.notify.scenes import AT, alert, rendered

GOLDEN = Path(__file__).parent / "golden" / "webhook_event.txt"
DOCUMENT = Path(__file__).parents[2] / "docs" / "http.md"
HOOK = EventHookSettings(Secret("https://hooks.example.org/x"), Secret("0123456789abcdef"))
(CASE,) = CASES


def sheet(*alerts: NotifiedAlert, memory: dict[str, str] | None = None) -> Sheet:
    return Sheet(rendered(*alerts), lambda text: text, {} if memory is None else memory)


def told(sheet: Sheet, *statuses: int) -> tuple[list[Request], Accepted | Refused]:
    """The requests to a server that answers with these statuses, then with 200, and what came of it."""
    requests: list[Request] = []
    conversation = event_hook.tell(sheet, HOOK)
    left = iter(statuses)
    try:
        requests.append(next(conversation))
        while True:
            answer = Answer(next(left, 200), {}, b"", AT)
            requests.append(conversation.send(answer))
    except StopIteration as end:
        return requests, end.value


def states(requests: Sequence[Request]) -> list[str]:
    return [json.loads(one.body)["state"] for one in requests]


# -- one request ------------------------------------------------------------------------------------------------------


def test_a_request_is_the_golden_one() -> None:
    """Ids, rule and state, and nothing else."""
    ((request,), _) = told(sheet())
    head = "\n".join(f"{name}: {value}" for name, value in request.headers)
    assert f"{request.method} {request.url.reveal()}\n{head}\n\n{request.body.decode()}" == GOLDEN.read_text()


def test_the_signature_can_be_verified() -> None:
    ((request,), _) = told(sheet())
    headers = dict(request.headers)
    signed = headers["X-Evaluator-Timestamp"].encode() + b"." + request.body
    expected = hmac.new(b"0123456789abcdef", signed, hashlib.sha256).hexdigest()
    assert headers["X-Evaluator-Signature"] == f"sha256={expected}"


def test_the_documents_verify_it_as_it_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code and the example that users copy; a body, a time or a secret that is another is refused."""
    text = DOCUMENT.read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(text.partition("```python\n")[2].partition("```")[0], names)
    ((request,), _) = told(sheet())
    headers, secret = dict(request.headers), HOOK.secret.reveal().encode()
    assert "".join(f"{name}: {value}\n" for name, value in request.headers) in text
    assert request.body.decode() in text
    monkeypatch.setattr("time.time", lambda: AT.timestamp() + 299)
    assert names["is_genuine"](secret, headers, request.body)
    assert not names["is_genuine"](secret, headers, request.body + b" ")
    assert not names["is_genuine"](b"another", headers, request.body)
    monkeypatch.setattr("time.time", lambda: AT.timestamp() + 301)
    assert not names["is_genuine"](secret, headers, request.body)


def test_the_timestamp_is_that_of_the_attempt() -> None:
    later = replace(sheet(), tried_at=AT + timedelta(hours=1))
    ((request,), _) = told(later)
    assert dict(request.headers)["X-Evaluator-Timestamp"] == str(int(AT.timestamp()) + 3600)


def test_a_secret_that_is_empty_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(StopIteration) as end:
        next(event_hook.tell(sheet(), replace(HOOK, secret=Secret(path=tmp_path / "secret"))))
    assert end.value.value == Refused("the file of the receiver's secret is empty, so nothing can be signed")


def test_the_secret_is_read_anew_for_each_attempt(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    rotated = replace(HOOK, secret=Secret(path=file))
    signatures = set()
    for secret in ("one\n", "two\n"):
        file.write_text(secret)
        signatures.add(dict(next(event_hook.tell(sheet(), rotated)).headers)["X-Evaluator-Signature"])
    assert len(signatures) == 2


# -- several, and what fails ------------------------------------------------------------------------------------------


def test_each_alert_is_an_event_of_its_own() -> None:
    requests, outcome = told(sheet(alert("a"), alert("b"), alert("c", resolved=True)))
    assert (states(requests), outcome) == (["firing", "firing", "resolved"], Accepted())
    assert len({json.loads(one.body)["event_id"] for one in requests}) == 3


def test_what_is_known_is_no_event() -> None:
    requests, outcome = told(sheet(replace(alert("a"), known=True), alert("b")))
    assert (len(requests), outcome) == (1, Accepted())


def test_a_repeat_has_no_request() -> None:
    assert told(sheet(replace(alert("a"), known=True))) == ([], Accepted())


def test_after_a_failure_only_what_is_left_is_told_by_the_same_ids() -> None:
    memory: dict[str, str] = {}
    alerts = (alert("a"), alert("b"), alert("c"))
    first, refused = told(sheet(*alerts, memory=memory), 200, 503)
    again, accepted = told(sheet(*alerts, memory=memory))
    assert (len(first), isinstance(refused, Refused) and not refused.permanent) == (2, True)
    assert (len(again), accepted) == (2, Accepted())
    assert again[0].body == first[1].body


def test_one_that_is_refused_for_good_does_not_keep_the_others_waiting() -> None:
    requests, outcome = told(sheet(alert("a"), alert("b"), alert("c")), 422)
    assert (len(requests), isinstance(outcome, Refused) and outcome.permanent) == (3, True)


def test_what_arrived_before_a_failure_is_owed_its_end() -> None:
    """Also where the failure itself came before anything was sent."""
    for reply in (Reply(503), Reply(400), Reply(raw=b"", then=Then.RESET)):
        event, _ = deliver(CASE, (Reply(), reply), alert("a"), alert("b"))
        assert isinstance(event, DeliveryFailed)
        assert event.unknown
    alone, _ = deliver(CASE, (Reply(503),), alert("a"))
    assert isinstance(alone, DeliveryFailed)
    assert not alone.unknown


def test_what_begins_again_is_told_again_although_it_began_at_the_same_time() -> None:
    """Who posts alerts may say so; once its end was told, a beginning is news."""
    memory: dict[str, str] = {}
    for one in (alert("a"), alert("a", resolved=True), alert("a")):
        assert len(told(sheet(one, memory=memory))[0]) == 1


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_hook, "MOST_REMEMBERED", 3)
    memory: dict[str, str] = {}
    told(sheet(*[alert(f"{number}") for number in range(9)], memory=memory))
    assert len(memory) == 3


def test_a_hundred_events_are_delivered_in_one_attempt() -> None:
    event, requests = deliver(CASE, (Reply(),), *[alert(f"{number}") for number in range(100)])
    assert (event, len(requests)) == (Delivered("0f3c"), 100)


# -- in the life of a group -------------------------------------------------------------------------------------------


def config() -> Settings:
    return settings(group(rule("A"), rule("B")), root=route(by=["team"], wait="0s", interval="1m", repeat="10m"))


def events(rows: Sequence[OutboxRecord]) -> list[str]:
    """The events of these notifications, when the server takes them all and nothing is remembered between them."""
    found = []
    for row in rows:
        notification = render(row, [{} for _ in row.notification.alerts], "")
        requests, _ = told(Sheet(notification, lambda text: text))
        bodies = [json.loads(one.body) for one in requests]
        found += [f"{body['rule']} {body['state']}" for body in bodies]
    return found


def test_an_alert_is_told_once_until_it_is_over_and_then_anew() -> None:
    """The group repeats every ten minutes; nobody hears of that."""
    play = Playbook(config()).at("0s", "A", series("A")).at("5m", "B", series("B"))
    play.at("40m", "A", NOTHING).at("50m", "B", NOTHING).at("70m", "A", series("A")).run("80m")
    assert len(play.accepted) == 8
    expected = ["A firing", "B firing", "A resolved", "B resolved", "A firing"]
    assert events([row for _, row in play.accepted]) == expected


def test_a_kill_changes_nothing_of_that() -> None:
    play = Playbook(config()).at("0s", "A", series("A")).at("40m", "A", NOTHING).run("25m").crash().run("60m")
    assert events([row for _, row in play.accepted]) == ["A firing", "A resolved"]
