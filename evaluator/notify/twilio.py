"""Short messages by Twilio: one request for each number.

A number that Twilio refuses for good does not keep the message from the others. Where some numbers have to be tried again,
those that have it already are left out, so that nobody's telephone rings twice for a number that is not theirs.
"""

from __future__ import annotations

from collections.abc import Generator
from urllib.parse import quote, urlencode

from evaluator.core.gsm import MOST, fit
from evaluator.core.http import Secret
from evaluator.core.receivers.phones import TwilioSettings
from evaluator.notify.buttons import texting_hint
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.neutral import cut, one_line
from evaluator.notify.sheet import Sheet
from evaluator.notify.taken import Taken

MOST_OF_A_BODY = 1600
_HEADERS = (("Content-Type", "application/x-www-form-urlencoded"),)


def tell(sheet: Sheet, settings: TwilioSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """All numbers, one after another; it is a failure when one is to be tried again, or when none took it."""
    text = _text(sheet, settings)
    taken = Taken(sheet)
    refused: dict[str, Refused] = {}
    for number in settings.to:
        if number in taken.names:
            continue
        answer = yield _request(settings, number, text)
        refusing = refusal(answer)
        if refusing is None:
            sheet.partly = True
            taken.add(number, _name(answer))
        else:
            refused[number] = refusing
    again = next((one for one in refused.values() if not one.permanent), None)
    if again is not None or not taken.names:
        return again or next(iter(refused.values()))
    taken.forget()
    notes = tuple(("refused", one_line(f"{number}: {one.error}", 300)) for number, one in refused.items())
    return Accepted((*((number, name) for number, name in taken.names.items() if name), *notes))


def _request(settings: TwilioSettings, number: str, text: str) -> Request:
    service = settings.messaging_service_sid
    sender = ("MessagingServiceSid", service) if service else ("From", settings.sender)
    url = f"{settings.api_url.rstrip('/')}/2010-04-01/Accounts/{quote(settings.account_sid, safe='')}/Messages.json"
    body = urlencode([("To", number), sender, ("Body", text)]).encode()
    return Request(Secret(url), body, settings.http, headers=_HEADERS, timeout=settings.timeout)


def _text(sheet: Sheet, settings: TwilioSettings) -> str:
    text = sheet.text("body", settings.body)
    if sheet.plain or not text.strip():
        text = sheet.plainly()
    if sheet.incident is not None:
        return _short(text, texting_hint(sheet.incident, sheet.buttons))
    return cut("\n".join(one_line(line, MOST_OF_A_BODY) for line in text.strip().split("\n")), MOST_OF_A_BODY)


def _short(text: str, hint: str) -> str:
    """About an incident: one message, which is read at a glance and arrives at once; what to answer is never cut off."""
    said = fit(text.strip(), MOST - len(hint) - 1 if hint else MOST)
    return f"{said}\n{hint}" if hint else said


def _name(answer: Answer) -> str:
    """What Twilio calls the message; empty when it does not say."""
    try:
        value = answer.json()
    except ValueError:
        return ""
    found = value.get("sid") if isinstance(value, dict) else None
    return one_line(found, 100).replace(" ", "") if isinstance(found, str) else ""
