"""Services by way of Apprise: the library itself, and servers that play the services."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evaluator.core.events import Delivered, DeliveryFailed
from evaluator.core.http import Secret
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.apprise import AppriseSettings
from evaluator.core.records import NotifiedAlert
from evaluator.notify.delivery import Deliverer
from tests.local_server import LocalServer, Received, Reply, Then
from tests.notify.contract import BROKEN, EXTERNAL_URL, PACKAGED
from tests.notify.scenes import AT, alert, row

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's own affair
SERVICE = "ops/apprise[0]"
TOKEN = "s3cr3t-t0ken"


def postman(settings: AppriseSettings) -> Deliverer:
    receiver = Receiver("ops", (Integration("apprise", 0, True, settings),))
    return Deliverer([receiver], PACKAGED, external_url=EXTERNAL_URL, stdout=None, clock=lambda: AT)  # type: ignore[arg-type]


def deliver(
    *replies: Reply, alerts: Sequence[NotifiedAlert] = (), attempts: int = 1, urls: int = 1, **more: Any
) -> tuple[Delivered | DeliveryFailed, list[Received]]:
    """Attempts at as many URLs of a server that answers with `replies`: what came of the last one, and all requests."""

    async def run() -> tuple[Delivered | DeliveryFailed, list[Received]]:
        async with LocalServer(*replies) as server:
            base = server.url.replace("http:", "json:")
            settings = AppriseSettings(tuple(Secret(f"{base}/{TOKEN}/{number}") for number in range(urls)), **more)
            told = postman(settings)
            for _ in range(attempts):
                event = await told.deliver(row(*alerts, integration=SERVICE))
            return event, server.requests

    return asyncio.run(run())


def failed(event: Delivered | DeliveryFailed) -> DeliveryFailed:
    assert isinstance(event, DeliveryFailed)
    return event


def test_a_service_is_told_title_text_and_kind() -> None:
    event, (request,) = deliver()
    said = json.loads(request.body)
    assert event == Delivered("0f3c")
    assert (said["title"], said["type"]) == ("[FIRING] HighLatency on api a:9090", "failure")
    assert said["message"].startswith("FIRING Latency is high on a:9090\n  instance=a:9090, job=api\n")


@pytest.mark.parametrize(
    ("kind", "resolved", "expected"),
    [
        ('{{ template "apprise.default.type" . }}', True, "success"),
        ("warning", False, "warning"),
        ("urgent", False, "failure"),
        ("urgent", True, "success"),
    ],
)
def test_the_kind_of_news(kind: str, resolved: bool, expected: str) -> None:
    """One that Apprise does not know goes by the status."""
    _, (request,) = deliver(alerts=[alert("a", resolved=resolved)], type=kind)
    assert json.loads(request.body)["type"] == expected


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_whatever_fails_is_tried_again_without_secrets(status: int) -> None:
    event, _ = deliver(Reply(status, {"Retry-After": "9"}, body=TOKEN.encode()))
    assert failed(event).error.startswith("Apprise could not tell JSON: Failed to send JSON ")
    assert str(status) in failed(event).error
    assert TOKEN not in failed(event).error
    assert (failed(event).permanent, failed(event).retry_after, failed(event).unknown) == (False, None, False)


def test_a_service_that_is_silent_is_left() -> None:
    """And may have heard it all the same."""
    event, _ = deliver(Reply(raw=b"", then=Then.HANG), timeout=timedelta(seconds=0.05))
    assert event == DeliveryFailed("0f3c", "no answer within 0.05s", unknown=True)


def test_of_two_services_the_one_that_took_it_is_not_told_again() -> None:
    event, requests = deliver(Reply(), Reply(503), Reply(), urls=2, attempts=2)
    assert (event, len(requests)) == (Delivered("0f3c"), 3)
    first, _ = deliver(Reply(), Reply(503), urls=2)
    assert failed(first).unknown


def test_a_notification_that_is_new_is_told_to_all_again() -> None:
    assert len(deliver(urls=2, attempts=2)[1]) == 4


@pytest.mark.parametrize("name", ["title", "body", "type"])
def test_whichever_template_fails_the_page_is_complete(name: str) -> None:
    event, (request,) = deliver(**{name: BROKEN})
    assert isinstance(event, Delivered)
    assert [note for kind, note in event.receipt if kind == "template_error" and note.startswith(name)]
    said = json.loads(request.body)
    assert "Latency is high on a:9090" in said["message"]
    assert said["title"]


def test_labels_are_harmless() -> None:
    """No mention, no control character, and as much as the service takes."""
    hostile = alert("a", who="@everyone <@U1>", escape="\x1b[31m", huge="é" * 500_000)
    _, (request,) = deliver(alerts=[hostile], body="{{ .CommonLabels }}")
    said = json.loads(request.body)
    assert not [what for what in ("@everyone", "<@U1>", "\x1b") if what in said["message"] + said["title"]]
    assert len(said["message"]) == 32_768


def test_urls_of_a_file(tmp_path: Path) -> None:
    """Blank lines and comments are none; a file without any is said to be that."""
    file = tmp_path / "urls"
    file.write_text("# house\njson://localhost/a\n\n json://localhost/a\nxml://localhost/b\n")
    settings = AppriseSettings((Secret(path=file),))
    shown = postman(settings).preview(row(integration=SERVICE))
    assert shown.startswith("APPRISE json://<secret>, xml://<secret>\nType: failure\nTitle: [FIRING] HighLatency")
    file.write_text("\n")
    event = asyncio.run(postman(settings).deliver(row(integration=SERVICE)))
    assert event == DeliveryFailed("0f3c", "there is no URL in the receiver's urls_file")


def test_a_url_that_apprise_does_not_know_is_not_repeated() -> None:
    """What stands in a file is not looked at before it is needed."""
    settings = AppriseSettings((Secret("carrier-pigeon://coop/17"),))
    event = asyncio.run(postman(settings).deliver(row(integration=SERVICE)))
    assert event == DeliveryFailed("0f3c", "Apprise does not know what to do with a URL of this receiver")


def test_what_a_plug_in_raises_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    import apprise

    def fail(*args: object, **more: object) -> None:
        raise RuntimeError(f"broken {TOKEN}")

    monkeypatch.setattr(apprise.Apprise, "notify", fail)
    event, requests = deliver()
    assert (failed(event).error, requests) == ("Apprise failed: RuntimeError: broken <secret>", [])


def test_the_time_of_the_integration_holds_for_all_of_its_urls() -> None:
    event, _ = deliver(Reply(raw=b"", then=Then.HANG), urls=3, timeout=timedelta(seconds=0.05))
    assert replace(failed(event), error="") == DeliveryFailed("0f3c", "", unknown=True)
