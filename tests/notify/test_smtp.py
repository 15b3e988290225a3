"""Mails handed to real mail servers on the loopback: TLS, ways to log in, refusals, and servers that break off."""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from evaluator.core.events import Delivered, DeliveryFailed
from evaluator.core.http import Secret, TlsSettings
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.general import EmailSettings
from evaluator.notify import smtp
from evaluator.notify.delivery import Deliverer
from evaluator.notify.exchange import Accepted, Refused
from evaluator.notify.mail import Mail
from tests.notify.contract import EXTERNAL_URL, PACKAGED
from tests.notify.mail_server import PASSWORD, SECRET, USER, Post, mail_server, speaker
from tests.notify.scenes import AT, row

MAIL = Mail(
    "evaluator@example.org", ("a@example.org", "b@example.org"), b"Subject: hi\r\n\r\n.\r\n..two\r\n", (("message_id", "<1>"),)
)
PLAIN = EmailSettings("unused", "unused", ("", 0), require_tls=False)
LOGGED_IN = {"auth_username": USER, "auth_password": Secret(PASSWORD)}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="module")
def of_server(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def sent(
    post: Post,
    changed: Mapping[str, Any] | None = None,
    mail: Mail = MAIL,
    tls: ssl.SSLContext | None = None,
    patient: bool = False,
    seconds: float = 5.0,
    **options: Any,
) -> Accepted | Refused:
    """What comes of one attempt at a server that does as `post` says."""

    async def run() -> Accepted | Refused:
        async with mail_server(post, tls, **options) as address:
            settings = replace(PLAIN, smarthost=address, **(changed or {}))
            return await smtp.send(mail, settings, seconds, patient=patient)

    return asyncio.run(run())


def told(
    *words: bytes, changed: Mapping[str, Any] | None = None, hang: bool = False, seconds: float = 5.0
) -> Accepted | Refused:
    """What comes of one attempt at a server that says `words` whatever it hears."""

    async def run() -> Accepted | Refused:
        async with speaker(*words, hang=hang) as address:
            return await smtp.send(MAIL, replace(PLAIN, smarthost=address, **(changed or {})), seconds)

    return asyncio.run(run())


# -- the mail ---------------------------------------------------------------------------------------------------------


def test_a_mail_arrives_byte_for_byte() -> None:
    """Also lines that begin with a dot, which the protocol doubles."""
    post = Post()
    assert sent(post, {"hello": "evaluator.example.org"}) == Accepted(MAIL.receipt)
    (taken,) = post.taken
    assert (taken.sender, taken.recipients, taken.content) == (MAIL.sender, list(MAIL.recipients), MAIL.message)
    assert (taken.tls, taken.user, taken.hello) == (False, "", "evaluator.example.org")


def test_who_can_get_it_gets_it() -> None:
    """The receipt tells who does not."""
    post = Post({"a@example.org": "550 5.1.1 no such user"})
    assert sent(post) == Accepted((*MAIL.receipt, ("refused", "a@example.org: 550 5.1.1 no such user")))
    assert post.taken[0].recipients == ["b@example.org"]


# -- TLS --------------------------------------------------------------------------------------------------------------


def test_tls_is_demanded_and_begins_before_anything_is_said(of_server: ssl.SSLContext, ca_file: Path) -> None:
    post = Post()
    changed = {"require_tls": True, "tls": TlsSettings(ca_file=ca_file), **LOGGED_IN}
    assert sent(post, changed, tls_context=of_server, require_starttls=True) == Accepted(MAIL.receipt)
    assert (post.taken[0].tls, post.taken[0].user) == (True, USER)


def test_a_server_without_tls_gets_nothing() -> None:
    post = Post()
    error = "the server offers no STARTTLS, and `require_tls` demands it"
    assert sent(post, {"require_tls": True, **LOGGED_IN}) == Refused(error)
    assert (post.taken, post.ways) == ([], [])


def test_tls_from_the_start(of_server: ssl.SSLContext, ca_file: Path) -> None:
    """Then nothing is begun anew, whatever `require_tls` says."""
    post = Post()
    changed = {"require_tls": True, "force_implicit_tls": True, "tls": TlsSettings(ca_file=ca_file)}
    assert sent(post, changed, tls=of_server) == Accepted(MAIL.receipt)


@pytest.mark.parametrize(
    ("port", "forced", "implicit"), [(465, None, True), (587, None, False), (465, False, False), (25, True, True)]
)
def test_port_465_speaks_tls_from_the_start_unless_somebody_says(port: int, forced: bool | None, implicit: bool) -> None:
    settings = replace(PLAIN, smarthost=("mail", port), force_implicit_tls=forced)
    assert smtp.preview(MAIL, settings).startswith(f"SMTP mail:{port}, {'TLS' if implicit else 'no TLS'}\n")


@pytest.mark.parametrize("implicit", [False, True])
def test_a_server_that_nobody_vouches_for_gets_nothing(of_server: ssl.SSLContext, implicit: bool) -> None:
    post = Post()
    options = {"tls": of_server} if implicit else {"tls_context": of_server}
    outcome = sent(post, {"require_tls": True, "force_implicit_tls": implicit, **LOGGED_IN}, **options)
    assert isinstance(outcome, Refused)
    assert "the certificate is not accepted" in outcome.error
    assert not outcome.permanent
    assert (post.taken, post.ways) == ([], [])


# -- logging in -------------------------------------------------------------------------------------------------------

BOTH = {**LOGGED_IN, "auth_secret": Secret(SECRET)}


@pytest.mark.parametrize(
    ("excluded", "changed", "way"),
    [
        ((), BOTH, "CRAM-MD5"),
        ((), LOGGED_IN, "PLAIN"),
        (("LOGIN",), LOGGED_IN, "PLAIN"),
        (("PLAIN",), LOGGED_IN, "LOGIN"),
        (("CRAM-MD5",), BOTH, "PLAIN"),
        ((), {**LOGGED_IN, "auth_username": ""}, ""),
    ],
)
def test_the_first_way_for_which_there_is_a_secret(excluded: tuple[str, ...], changed: Mapping[str, Any], way: str) -> None:
    """CRAM-MD5 needs one of its own."""
    post = Post()
    outcome = sent(post, changed, auth_require_tls=False, auth_exclude_mechanism=excluded)
    assert outcome == Accepted(MAIL.receipt)
    assert post.ways == ([way] if way else [])
    assert post.taken[0].user == (USER if way else "")


@pytest.mark.parametrize(
    ("excluded", "changed", "error"),
    [
        (
            ("LOGIN", "PLAIN"),
            LOGGED_IN,
            "cannot log in: the server offers cram-md5; CRAM-MD5 needs auth_secret, LOGIN needs auth_password, and PLAIN that "
            "and TLS",
        ),
        (
            ("CRAM-MD5",),
            {"auth_username": USER},
            "cannot log in: the server offers plain, login; neither auth_password nor auth_secret is configured",
        ),
    ],
)
def test_no_way_to_log_in_is_said_and_tried_again(excluded: tuple[str, ...], changed: Mapping[str, Any], error: str) -> None:
    assert sent(Post(), changed, auth_require_tls=False, auth_exclude_mechanism=excluded) == Refused(error)


def test_a_wrong_password_is_tried_again_and_not_told() -> None:
    """Whoever changes the password's file need not wait for the next flush."""
    changed = {"auth_username": USER, "auth_password": Secret("wr0ng-password")}
    outcome = sent(Post(), changed, auth_require_tls=False)
    assert outcome == Refused("the server did not let us in: 535 5.7.8 Authentication credentials invalid")


def test_a_password_is_read_from_its_file_at_every_attempt(tmp_path: Path) -> None:
    path = tmp_path / "password"
    changed = {"auth_username": USER, "auth_password": Secret(path=path)}
    with pytest.raises(OSError):
        sent(Post(), changed)
    path.write_text(PASSWORD + "\n")
    assert sent(Post(), changed, auth_require_tls=False) == Accepted(MAIL.receipt)


HELLO = b"250-mail.example.org\r\n250 AUTH PLAIN\r\n"
PLAIN_WORDS = "YWRtaW4AYW5uAHBhc3N3MHJkLW9mLWFubg=="


def test_an_identity_to_act_as_goes_with_plain_and_quotes_are_masked() -> None:
    """`admin NUL ann NUL password` is what a server sees that quotes the whole line."""
    words = f"535 no: AUTH PLAIN {PLAIN_WORDS} {PASSWORD}\r\n".encode()
    outcome = told(b"220 hi\r\n", HELLO, words, changed={**LOGGED_IN, "auth_identity": "admin"})
    assert outcome == Refused("the server did not let us in: 535 no: AUTH PLAIN <secret> <secret>")


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"MAIL": "450 4.7.1 later"}, Refused("sender evaluator@example.org refused: 450 4.7.1 later")),
        ({"MAIL": "550 who?"}, Refused("sender evaluator@example.org refused: 550 who?", permanent=True)),
        (
            {"a@example.org": "550 gone", "b@example.org": "451 greylisted"},
            Refused("recipient b@example.org refused: 451 greylisted"),
        ),
        (
            {"a@example.org": "550 gone", "b@example.org": "553 gone too"},
            Refused("recipient a@example.org refused: 550 gone", permanent=True),
        ),
        ({"DATA": "452 no room"}, Refused("refused: 452 no room")),
        ({"DATA": "554 5.7.1 spam"}, Refused("refused: 554 5.7.1 spam", permanent=True)),
        ({"DATA": "421 going down"}, Refused("refused: 421 going down")),
    ],
)
def test_fours_are_tried_again_and_fives_are_not(answers: Mapping[str, str], expected: Refused) -> None:
    assert sent(Post(answers)) == expected
    assert sent(Post(answers), patient=True) == replace(expected, permanent=False)


# -- servers that break off -------------------------------------------------------------------------------------------

ENDED = "the connection ended or broke SMTP's rules"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((), "cannot connect: the server closed the connection"),
        ((b"554 go away\r\n",), "the server would not talk: 554 go away"),
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), ""),
        ((b"220 hi\r\n",), ENDED),
        ((b"220 hi\r\n", b"\xff\x00\x1b[2J\r\n"), ""),
        ((b"220 hi\r\n", b"250 x\r\n", b"250 y\r\n", b"250 z\r\n", b"250 z\r\n", b"354 go\r\n"), ENDED),
    ],
)
def test_connections_that_break_are_tried_again(words: tuple[bytes, ...], error: str) -> None:
    outcome = told(*words)
    assert isinstance(outcome, Refused)
    assert outcome.error.startswith(error)
    assert "\x1b" not in outcome.error
    assert (outcome.permanent, outcome.unknown) == (False, len(words) == 6)


def test_a_server_that_is_not_there() -> None:
    async def run() -> Accepted | Refused:
        async with speaker() as address:
            settings = replace(PLAIN, smarthost=address)
        return await smtp.send(MAIL, settings, 5.0)

    assert asyncio.run(run()) == Refused("cannot connect: Connection refused")


@pytest.mark.parametrize(("silent", "unknown"), [("MAIL", False), ("DATA", True)])
def test_a_server_that_falls_silent_is_left(silent: str, unknown: bool) -> None:
    """It may have taken the mail when the whole of it was there."""
    assert sent(Post(silent=silent), seconds=0.05) == Refused("no answer within 0.05s", unknown=unknown)


def test_a_server_that_never_greets_is_left() -> None:
    assert told(hang=True, seconds=0.05) == Refused("no answer within 0.05s")


# -- by the deliverer -------------------------------------------------------------------------------------------------


def delivered(post: Post, **changed: Any) -> Delivered | DeliveryFailed:
    async def run() -> Delivered | DeliveryFailed:
        async with mail_server(post) as address:
            settings = replace(PLAIN, to="ops@example.org", sender="me@example.org", smarthost=address, **changed)
            postman = Deliverer(
                [Receiver("ops", (Integration("email", 0, True, settings),))],
                PACKAGED,
                external_url=EXTERNAL_URL,
                stdout=io.StringIO(),
                clock=lambda: AT,
            )
            await postman.reload([Receiver("ops", (Integration("email", 0, True, settings),))], PACKAGED, external_url="")
            return await postman.deliver(row(integration="ops/email[0]"))

    return asyncio.run(run())


def test_a_notification_becomes_a_mail() -> None:
    post = Post()
    event = delivered(post)
    assert isinstance(event, Delivered)
    assert [name for name, _ in event.receipt] == ["message_id"]
    assert b"Latency is high on a:9090" in post.taken[0].content


def test_a_template_that_fails_is_told_in_the_mail_and_in_the_receipt() -> None:
    post = Post()
    event = delivered(post, html="{{ nobody }}")
    assert isinstance(event, Delivered)
    assert [name for name, _ in event.receipt] == ["message_id", "template_error"]
    assert b"A template of this receiver failed" in post.taken[0].content


def test_a_secret_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    event = delivered(Post(), auth_username=USER, auth_password=Secret(path=tmp_path / "none"))
    assert event == DeliveryFailed("0f3c", f"{tmp_path}/none: No such file or directory")
