"""Mails through Debian's mail server: TLS, every way to log in, refusals, and a thread of mails as they arrive."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
import trustme

from evaluator.core.events import Delivered, DeliveryFailed
from evaluator.core.http import Secret, TlsSettings
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.records import NotifiedAlert, OutboxRecord, Pairs
from evaluator.notify.delivery import Deliverer
from tests.notify.contract import EXTERNAL_URL, PACKAGED
from tests.notify.exim import BINARY, Exim, exim
from tests.notify.mail_server import PASSWORD, SECRET, USER
from tests.notify.scenes import AT, alert, curved, row

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="exim4 is not installed (Debian: exim4-daemon-light)"),
    pytest.mark.skipif(os.geteuid() != 0, reason="exim takes a configuration of ours only from root"),
]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority: trustme.CA) -> Iterator[Exim]:
    with exim(authority) as running:
        yield running


def settings(server: Exim, **changed: Any) -> EmailSettings:
    usual = EmailSettings(
        "Ops <ops@example.org>",
        "evaluator@alerts.example.org",
        ("127.0.0.1", server.port),
        auth_username=USER,
        auth_password=Secret(PASSWORD),
        html='{{ template "readable.html" . }}',
        text='{{ template "readable.text" . }}',
        tls=TlsSettings(ca_file=server.folder / "ca.pem", server_name="mail.example.org"),
        thread_by_date="none",
    )
    return replace(usual, **changed)


def deliver(told: EmailSettings, record: OutboxRecord) -> Delivered | DeliveryFailed:
    async def run() -> Delivered | DeliveryFailed:
        receivers = [Receiver("ops", (Integration("email", 0, True, told),))]
        postman = Deliverer(receivers, PACKAGED, external_url=EXTERNAL_URL, stdout=io.StringIO(), clock=lambda: AT)
        try:
            return await postman.deliver(record)
        finally:
            await postman.aclose()

    return asyncio.run(run())


def record(ident: str, *alerts: NotifiedAlert, receipt: Pairs = (), later: int = 0) -> OutboxRecord:
    made = row(*alerts, integration="ops/email[0]", ident=ident)
    told = replace(made.notification, receipt=receipt, at=AT + timedelta(minutes=later))
    return replace(made, notification=told)


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def test_a_thread_from_the_first_mail_over_a_repeat_to_the_end(server: Exim) -> None:
    """By name, each mail refers to the first and to the one before it; all parts come as they were sent."""
    receipt: Pairs = ()
    for number, told in enumerate((curved(alert("a")), replace(alert("a"), known=True), alert("a", resolved=True))):
        outcome = deliver(settings(server), record(f"thread{number}", told, receipt=receipt, later=number))
        assert isinstance(outcome, Delivered), outcome
        receipt = outcome.receipt
    first, again, over = (parsed(server.mail(f"thread{number}")) for number in range(3))
    assert first["Message-ID"] in again["References"]
    assert over["References"].split() == [again["References"].split()[0], first["Message-ID"], again["Message-ID"]]
    assert (again["In-Reply-To"], over["In-Reply-To"]) == (first["Message-ID"], again["Message-ID"])
    assert len({first["References"], again["References"].split()[0], over["References"].split()[0]}) == 1
    kinds = [part.get_content_type() for part in first.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    assert first["Subject"] == "[FIRING:1] HighLatency web (a api)"
    assert over["Subject"].startswith("[RESOLVED]")
    plain = over.get_body(("plain",))
    assert plain is not None
    assert "RESOLVED Latency is high on a" in plain.get_content()


@pytest.mark.parametrize(
    ("changed", "way"),
    [
        ({"auth_secret": Secret(SECRET)}, "cram"),
        ({}, "plain"),
        ({"auth_identity": "somebody"}, "plain"),
    ],
    ids=["CRAM-MD5 where there is a secret", "PLAIN where there is a password", "PLAIN for somebody else"],
)
@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS from the start"])
def test_every_way_to_log_in(server: Exim, changed: Mapping[str, Any], way: str, implicit: bool) -> None:
    ident = f"way-{way}-{implicit}-{len(changed.get('auth_identity', ''))}"
    port = server.tls_port if implicit else server.port
    told = settings(server, smarthost=("127.0.0.1", port), force_implicit_tls=implicit, **changed)
    outcome = deliver(told, record(ident, alert("a")))
    assert isinstance(outcome, Delivered), outcome
    (line,) = [line for line in server.log().splitlines() if f"id={ident}." in line and " <= " in line]
    assert f"A={way}:{USER}" in line
    assert "X=TLS1." in line


def test_login_where_nothing_else_is_offered(authority: trustme.CA) -> None:
    with exim(authority, ("LOGIN",)) as server:
        assert isinstance(deliver(settings(server), record("login", alert("a"))), Delivered)
        assert f"A=login:{USER}" in server.log()


@pytest.mark.parametrize(
    ("changed", "error", "permanent"),
    [
        ({"to": "gone@example.org"}, "recipient gone@example.org refused: 550 nobody of that name", True),
        ({"to": "later@example.org"}, "recipient later@example.org refused: 451 try again later", False),
        ({"auth_password": Secret("wrong")}, "the server did not let us in: 535 Incorrect authentication data", False),
        ({"auth_username": ""}, "recipient ops@example.org refused: 550 log in first", True),
        ({"tls": TlsSettings()}, "certificate", False),
    ],
    ids=["nobody", "not now", "a wrong password", "no login", "a stranger's certificate"],
)
def test_refusals(server: Exim, changed: Mapping[str, Any], error: str, permanent: bool) -> None:
    outcome = deliver(settings(server, **changed), record("refused", alert("a")))
    assert isinstance(outcome, DeliveryFailed)
    assert error in outcome.error
    assert (outcome.permanent, outcome.unknown) == (permanent, False)


def test_one_who_left_does_not_keep_the_mail_from_the_others(server: Exim) -> None:
    outcome = deliver(settings(server, to="gone@example.org, ops@example.org"), record("others", alert("a")))
    assert isinstance(outcome, Delivered)
    assert ("refused", "gone@example.org: 550 nobody of that name") in outcome.receipt
    assert server.mail("others")


def test_hostile_labels_arrive_as_text(server: Exim) -> None:
    hostile = "<script>x</script>\r\n.\r\nBcc: a@b.c\x1b[2J\u202e\r\n.\r\nQUIT\r\n" + "é" * 5000
    outcome = deliver(settings(server), record("hostile", alert("a", evil=hostile)))
    assert isinstance(outcome, Delivered), outcome
    message = parsed(server.mail("hostile"))
    assert message["Bcc"] is None
    page = message.get_body(("html",))
    assert page is not None
    assert "<script>" not in page.get_content()
