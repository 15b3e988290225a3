"""Answers by mail: who is believed to have written one, and what it says."""

from __future__ import annotations

import base64
import json
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.incidents.actions import Acted, Action
from evaluator.core.incidents.records import IncidentState
from evaluator.core.replies import NO_REPLIES
from evaluator.replies.mail import distrust
from evaluator.replies.mail_reading import NotMailError, first_line, read_mail
from evaluator.replies.tokens import LIFE
from tests.replies.office import MAIL_SECRET, MAIL_SERVER, Office, furnished

TRIGGERED, ACKED, SNOOZED, RESOLVED = IncidentState
ADDRESS = "oncall@in.example.org"
PASSED = f"{MAIL_SERVER}; dkim=pass header.d=example.org header.s=k1; spf=pass smtp.mailfrom=ana@example.org"
BEARER = {"Authorization": f"Bearer {MAIL_SECRET}"}


def mail(
    to: str, text: str = "ack\n\n> the message\n", proof: str = PASSED, sender: str = "Ana <ana@example.org>", **more: str
) -> bytes:
    """A mail as our server hands it on. more: headers, with _ for -."""
    message = EmailMessage()
    if proof:
        message["Authentication-Results"] = proof
    message["From"], message["To"], message["Subject"] = sender, to, "Re: [critical] Down"
    message["Message-ID"] = f"<{abs(hash((to, text, proof, sender)))}@mail.example.org>"
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return bytes(message)


async def post(office: Office, raw: bytes, kind: str = "message/rfc822", headers: Any = BEARER) -> httpx.Response:
    """What a provider does with it."""
    return await office.client.post("/replies/mail", content=raw, headers={"Content-Type": kind, **headers})


async def arrives(office: Office, raw: bytes) -> str:
    """What becomes of a mail."""
    answer = await post(office, raw)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["outcome"])


def address(office: Office, whom: str = "ana") -> str:
    """Where the newest message to somebody is answered to."""
    return office.desk.links.address_for(office.notice(whom), office.now)


# -- what comes of it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("ack", ACKED),
        ("\n  Ack!\nmore\n", ACKED),
        ("ack 1", ACKED),
        ("snooze 2h", SNOOZED),
        ("escalate", TRIGGERED),
    ],
)
async def test_the_first_line_counts(text: str, state: IncidentState) -> None:
    office = Office().fires("Down")
    assert await arrives(office, mail(address(office), f"{text}\n\nOn Thu, Ana wrote:\n> escalate\n")) == "done"
    assert office.incident().state is state
    (moment,) = office.moments()
    assert (moment.by, moment.via, moment.source) == ("ana", "mail", "192.0.2.1, test, ana@example.org")


@pytest.mark.parametrize(
    "text", ["", "> ack", "thanks", "resolve", "ack 2", "silence 2h", "note 1 hello", "who", "-- \nack", "aa"]
)
async def test_nothing_else_can_be_had(text: str) -> None:
    office = Office().fires("Down")
    assert await arrives(office, mail(address(office), text)) == "unreadable"
    assert office.story() == []


async def test_an_address_is_short_and_minds_no_capitals() -> None:
    """Mails allow 64 characters before the @, and some that carry them write all of it small."""
    office = Office().fires("Down")
    to = address(office)
    assert to.startswith("oncall+1.1.")
    assert to.endswith("@in.example.org")
    assert len(to.partition("@")[0]) <= 64
    assert await arrives(office, mail(to.upper())) == "done"


async def test_the_address_may_stand_in_other_headers() -> None:
    """A mailing program that answers all writes it where it likes; a provider adds where it delivered to."""
    office = Office().fires("Down")
    assert await arrives(office, mail("list@example.org", Cc=f"Us <{address(office)}>")) == "done"
    other = Office().fires("Down")
    assert await arrives(other, mail("hidden@example.org", Delivered_To=address(other))) == "done"


async def test_a_mail_counts_once() -> None:
    office = Office().fires("Down")
    raw = mail(address(office), "escalate")
    assert [await arrives(office, raw), await arrives(office, raw)] == ["done", "idle"]
    assert office.incident().level == 1


# -- who is believed --------------------------------------------------------------------------------------------------

FORGED = {
    "nobody vouches": "",
    "another server": PASSED.replace(MAIL_SERVER, "mx.evil.example"),
    "a server that begins alike": PASSED.replace(MAIL_SERVER, f"{MAIL_SERVER}.evil.example"),
    "failed": PASSED.replace("=pass", "=fail"),
    "passed for somebody else": PASSED.replace("example.org", "evil.example"),
    "passed for whom it belongs to not": f"{MAIL_SERVER}; dkim=pass header.d=notexample.org",
    "passed for a part of it": f"{MAIL_SERVER}; dkim=pass header.d=mail.example.org",
    "passed for everybody": f"{MAIL_SERVER}; dkim=pass header.d=org",
    "another method": f"{MAIL_SERVER}; iprev=pass header.d=example.org; auth=pass smtp.mailfrom=ana@example.org",
    "dkim by what spf says": f"{MAIL_SERVER}; dkim=pass smtp.mailfrom=ana@example.org; spf=pass header.d=example.org",
    "none": f"{MAIL_SERVER}; none",
    "in a comment": f"{MAIL_SERVER}; spf=fail (dkim=pass header.d=example.org) smtp.mailfrom=a@evil.example",
    "in a comment with an end": rf"{MAIL_SERVER}; spf=fail (a \) dkim=pass header.d=example.org ; ) smtp.mailfrom=evil.example",
    "a comment without an end": f"{MAIL_SERVER}; dkim=pass header.d=example.org (",
    "in a name": f'{MAIL_SERVER}; spf=pass smtp.mailfrom="; dkim=pass header.d=example.org ;"@evil.example',
    "in a name with an end": rf'{MAIL_SERVER}; spf=pass smtp.mailfrom="\"; dkim=pass header.d=example.org ;"@evil.example',
    "a name without an end": f'{MAIL_SERVER}; dkim=pass header.d=example.org; spf=fail smtp.mailfrom="a@evil.example',
    "between a comment and a name": (
        f'{MAIL_SERVER}; spf=fail (") smtp.mailfrom="; dkim=pass header.d=example.org ;"@evil.example (")'
    ),
}


@pytest.mark.parametrize("proof", FORGED)
async def test_who_is_not_vouched_for_is_not_believed(proof: str) -> None:
    office = Office().fires("Down")
    assert await arrives(office, mail(address(office), proof=FORGED[proof])) == "unverified"
    assert office.story() == []


@pytest.mark.parametrize(
    "proof",
    [
        f"{MAIL_SERVER}; dkim=pass header.d=example.org",
        f"{MAIL_SERVER} 1; spf=pass (sender allowed) smtp.mailfrom=ana@example.org",
        f"{MAIL_SERVER.upper()}; dkim=fail header.d=evil.example; dkim=pass (2048-bit key; a) header.i=@example.org",
        f"{MAIL_SERVER}; spf=pass smtp.mailfrom=example.org; dmarc=pass header.from=example.org",
    ],
)
async def test_dkim_or_spf_for_the_senders_domain_is_enough(proof: str) -> None:
    office = Office().fires("Down")
    assert await arrives(office, mail(address(office), proof=proof)) == "done"


async def test_only_the_first_word_of_our_server_counts() -> None:
    """Below it stands what the sender wrote in its name."""
    office = Office().fires("Down")
    raw = (
        b"Authentication-Results: "
        + f"{MAIL_SERVER}; spf=fail smtp.mailfrom=a@evil.example\r\n".encode()
        + mail(address(office))
    )
    assert await arrives(office, raw) == "unverified"


@pytest.mark.parametrize(
    "sender", ["Eve <eve@example.org>", "ana@example.org, bo@example.org", "", "Ana", '"ana@example.org" <eve@evil.example>']
)
async def test_whoever_is_no_person_of_ours_is_not_believed(sender: str) -> None:
    office = Office().fires("Down")
    raw = mail(address(office), sender=sender or "nobody")
    assert await arrives(office, raw) in ("stranger", "unverified")
    assert office.story() == []


async def test_two_senders_are_none() -> None:
    office = Office().fires("Down")
    raw = b"From: bo@example.org\r\n" + mail(address(office))
    assert await arrives(office, raw) == "unverified"


async def test_an_address_is_for_one_person_one_climb_and_one_day() -> None:
    """Bo cannot answer what Ana was sent, and nobody what was told of another climb, or yesterday."""
    office = Office().fires("Down")
    to = address(office)
    proof = PASSED.replace("ana@", "bo@")
    assert await arrives(office, mail(to, proof=proof, sender="bo@example.org")) == "unverified"
    tag = to.partition("+")[2]
    for other in (to.replace(tag, "1.1.1." + "a" * 24), to.replace("1.1.", "2.1.", 1), to.replace("+" + tag, ""), "x@y.org"):
        assert await arrives(office, mail(other)) == "unverified"
    office.happen(Acted(Action.ACK, 1, "bo", "cli"))
    office.happen(Acted(Action.UNACK, 1, "bo", "cli"))
    assert await arrives(office, mail(to)) == "impossible"
    fresh = address(office)
    office.now += LIFE
    assert await arrives(office, mail(fresh)) == "unverified"
    assert office.incident().state is TRIGGERED


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"List_Id": "<a.b>"},
        {"Return_Path": "<>"},
    ],
)
async def test_what_nobody_wrote_is_dropped(header: dict[str, str]) -> None:
    office = Office().fires("Down")
    assert await arrives(office, mail(address(office), **header)) == "idle"
    assert office.story() == []


@pytest.mark.parametrize("subject", ["Automatic reply: Down", "Out of office", "Auto-Response", "Abwesenheit"])
async def test_holidays_are_known_by_their_subject(subject: str) -> None:
    office = Office().fires("Down")
    raw = mail(address(office)).replace(b"Re: [critical] Down", subject.encode())
    assert await arrives(office, raw) == "idle"


# -- the provider -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "believed"),
    [
        (f"Bearer {MAIL_SECRET}", True),
        ("Basic " + base64.b64encode(f"anybody:{MAIL_SECRET}".encode()).decode(), True),
        ("Bearer guess", False),
        ("Basic " + base64.b64encode(f"{MAIL_SECRET}:guess".encode()).decode(), False),
        ("Basic !!!", False),
        ("Basic " + base64.b64encode(b"\xff").decode(), False),
        (MAIL_SECRET, False),
        ("", False),
    ],
)
async def test_the_provider_knows_the_secret(header: str, believed: bool) -> None:
    office = Office().fires("Down")
    answer = await post(office, mail(address(office)), headers={"Authorization": header})
    assert answer.status_code == (200 if believed else 401)
    assert office.incident().state is (ACKED if believed else TRIGGERED)
    assert distrust("Bearer ", "") != ""


async def test_providers_wrap_mails_in_their_own_ways() -> None:
    """In a form, a form with attachments, or an object."""
    for wrap in (in_form, in_parts, in_object):
        office = Office().fires("Down")
        kind, body = wrap(mail(address(office)))
        answer = await post(office, body, kind)
        assert (answer.status_code, office.incident().state) == (200, ACKED), kind


def in_form(raw: bytes) -> tuple[str, bytes]:
    return "application/x-www-form-urlencoded", urlencode({"recipient": "x", "body-mime": raw.decode()}).encode()


def in_object(raw: bytes) -> tuple[str, bytes]:
    return "application/json", json.dumps({"From": "x", "RawEmail": raw.decode()}).encode()


def in_parts(raw: bytes) -> tuple[str, bytes]:
    head = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
    return "multipart/form-data; boundary=b", b"".join((head % b"to", b"x\r\n", head % b"email", raw, b"\r\n--b--\r\n"))


@pytest.mark.parametrize(
    ("kind", "body"), [("application/json", b"{"), ("application/json", b"{}"), ("multipart/form-data; boundary=b", b"--b--")]
)
async def test_what_cannot_be_read_is_said(kind: str, body: bytes) -> None:
    assert (await post(Office(), body, kind)).status_code == 400


async def test_a_closed_door_is_not_there() -> None:
    """And that is how it is unless it is opened."""
    assert (await post(Office(furnished(replies=NO_REPLIES)), b"")).status_code == 404


async def test_what_could_not_be_kept_may_come_again() -> None:
    office = Office().fires("Down")
    office.broken = "the store refuses"
    raw = mail(address(office))
    assert (await post(office, raw)).status_code == 503
    office.broken = ""
    assert await arrives(office, raw) == "done"


# -- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ack\n> x", "ack"),
        ("\n\n  ack  \n", "ack"),
        ("> ack\nack", ""),
        ("Am 01.03.2026 schrieb Ana:\n> ack", ""),
        ("-----Original Message-----\nack", ""),
        ("-- \nAna", ""),
        ("", ""),
    ],
)
def test_the_first_line_that_is_not_quoted(text: str, line: str) -> None:
    assert first_line(text) == line


def test_a_mail_in_html_alone_says_nothing() -> None:
    raw = b"From: a@b.org\r\nContent-Type: text/html\r\n\r\n<p>ack</p>"
    assert read_mail(raw, MAIL_SERVER, ADDRESS).line == ""


@given(st.binary(max_size=600))
def test_any_bytes_are_a_mail_or_none(raw: bytes) -> None:
    try:
        found = read_mail(raw, MAIL_SERVER, ADDRESS)
    except NotMailError:
        return
    assert not found.vouched


@given(st.text(alphabet='();"\\ =adkimpshertxogfl.@example', max_size=120))
def test_what_stands_in_quotes_or_comments_proves_nothing(text: str) -> None:
    """Whatever a sender can get the server to repeat."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    comment = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    for said in (
        f'smtp.mailfrom="; dkim=pass header.d=example.org {quoted}"@evil.example',
        f"({comment} ; dkim=pass header.d=example.org)",
    ):
        raw = mail(ADDRESS, proof="", X="y")
        raw = f"Authentication-Results: {MAIL_SERVER}; spf=fail {said}\r\n".encode() + raw
        assert read_mail(raw, MAIL_SERVER, ADDRESS).proved == frozenset()
