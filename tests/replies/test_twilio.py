"""Answers by short message."""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import replace

import httpx
import pytest

from evaluator.core.gsm import length
from evaluator.core.http import Secret
from evaluator.core.incidents.records import IncidentState
from evaluator.core.replies import NO_REPLIES, LinkSettings, TwilioReplies
from evaluator.replies.twilio import MOST_UNASKED, distrust
from tests.replies.office import BASE, REPLIES, TWILIO_TOKEN, Office, furnished

TRIGGERED, ACKED, SNOOZED, RESOLVED = IncidentState
URL = f"{BASE}/replies/twilio"
ANA, BO, SHARED, EVE = "+34600000001", "+46700000002", "+34600000003", "+15550001"


def signature(url: str, form: dict[str, str], token: str = TWILIO_TOKEN) -> str:
    """As Twilio makes it."""
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), "sha1").digest()).decode()


async def post(office: Office, form: dict[str, str], url: str = URL, path: str = "/replies/twilio") -> httpx.Response:
    """A form, signed for `url`."""
    return await office.client.post(path, data=form, headers={"X-Twilio-Signature": signature(url, form)})


async def text(office: Office, body: str, number: str = ANA, sid: str = "") -> str:
    """A short message; gives the one that answers it, empty for none."""
    answer = await post(office, {"From": number, "Body": body, "MessageSid": sid, "To": "+1555"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/xml")
    match = re.fullmatch(
        r'<\?xml version="1.0" encoding="UTF-8"\?><Response>(?:<Message>(.*)</Message>)?</Response>', answer.text, re.DOTALL
    )
    assert match is not None
    return match[1] or ""


def test_the_example_of_twilios_documentation_is_believed() -> None:
    fields = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ]
    url, token, signed = "https://mycompany.com/myapp.php?foo=1&bar=2", "12345", "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert distrust(url, fields, signed, token) == ""
    for wrong in ("", signed[:-2] + "A=", "ü", signature(url, dict(fields), "other")):
        assert "does not match" in distrust(url, fields, wrong, token)
    assert "does not match" in distrust(url + "3", fields, signed, token)
    assert "does not match" in distrust(url, [*fields, ("Body", "1a")], signed, token)


async def test_the_address_is_that_which_twilio_was_told() -> None:
    """That where links begin, or the one that is configured; what a proxy makes of it does not matter."""
    office = Office().fires("Down")
    form = {"From": ANA, "Body": "1a"}
    assert (await post(office, form, "http://127.0.0.1:9093/replies/twilio")).status_code == 401
    assert (await post(office, form, f"{URL}?x=1", "/replies/twilio?x=1")).status_code == 200
    told = replace(REPLIES, twilio=TwilioReplies(Secret(TWILIO_TOKEN), "https://other.example/sms"))
    other = Office(furnished(replies=told, links=LinkSettings())).fires("Down")
    assert (await post(other, form, "https://other.example/sms")).status_code == 200
    assert (other.incident().state, office.incident().state) == (ACKED, ACKED)


async def test_a_closed_door_is_not_there() -> None:
    assert (await post(Office(furnished(replies=NO_REPLIES)), {})).status_code == 404


@pytest.mark.parametrize(
    ("body", "state"), [("1a", ACKED), ("ack 1", ACKED), ("Ack", ACKED), ("1s", SNOOZED), ("1e", TRIGGERED)]
)
async def test_codes(body: str, state: IncidentState) -> None:
    office = Office().fires("Down")
    assert (await text(office, body)).startswith("Incident 1")
    assert office.incident().state is state
    (moment,) = office.moments()
    assert (moment.by, moment.via, moment.source) == ("ana", "sms", f"192.0.2.1, test, {ANA}")


async def test_an_answer_fits_into_one_message() -> None:
    """In its alphabet, and harmless in XML."""
    office = Office().fires("Down")
    office.machine.incidents.table[1] = replace(office.incident(), title="Größe <b> & Ключ " + "x" * 300)
    answer = await text(office, "1a")
    assert answer.startswith("Incident 1 is yours until 02:01 CET. Größe &lt;b&gt; &amp; ")
    assert length(answer.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")) <= 160
    assert length(await text(office, "what")) <= 160


async def test_numbers_are_alike_however_they_are_written() -> None:
    """In the configuration there are spaces in it."""
    office = Office().fires("Down")
    assert (await text(office, "1a", "+34 600-000-001")).startswith("Incident 1 is yours")


@pytest.mark.parametrize("number", [EVE, SHARED, "", "34600000001"])
async def test_strangers_get_no_answer(number: str) -> None:
    """Nor does a number that two people have, for nobody knows which of them it is."""
    office = Office().fires("Down")
    assert await text(office, "1a", number) == ""
    assert (office.story(), office.fates) == ([], [("sms", "stranger")])


async def test_two_machines_do_not_talk_for_ever() -> None:
    """Only so many answers to what nobody understands, until something is understood."""
    office = Office().fires("Down")
    answers = [await text(office, "I am on holiday") for _ in range(MOST_UNASKED + 3)]
    assert [bool(answer) for answer in answers] == [True] * MOST_UNASKED + [False] * 3
    assert (await text(office, "I am on holiday", BO)).startswith("Not understood.")
    assert (await text(office, "list")).startswith("1 Down")
    assert (await text(office, "I am on holiday")).startswith("Not understood.")


async def test_what_the_carrier_answers_is_not_answered() -> None:
    office = Office()
    assert [await text(office, word) for word in ("STOP", "unsubscribe", " Start ")] == ["", "", ""]


async def test_a_message_counts_once() -> None:
    office = Office().fires("Down")
    assert await text(office, "1e", sid="SM1")
    assert await text(office, "1e", sid="SM1") == ""
    assert office.incident().level == 1


async def test_what_cannot_be_kept_is_said() -> None:
    office = Office().fires("Down")
    office.broken = "the store refuses"
    assert (await text(office, "1a")).startswith("Nothing was changed: the store refuses.")
