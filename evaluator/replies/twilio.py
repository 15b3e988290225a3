"""Answers by short message, as Twilio brings them: `12a`, `ack 12`; see `words`.

Twilio signs the address that it was told and the fields of the form, so that address has to be known to the letter, also behind
a proxy. The answer fits into one message of 160 letters. Whoever is no person of ours gets none; whoever writes what nobody
understands gets a few, until something is understood again: two machines could otherwise talk to each other for ever.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from datetime import timedelta
from hmac import compare_digest, digest
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.gsm import fit
from evaluator.core.oncall.people import Person
from evaluator.core.view import UnavailableError
from evaluator.replies.bodies import came_from, form_fields, read_body
from evaluator.replies.commands import carry_out
from evaluator.replies.desk import Desk, Fate, Outcome, Speaker, Way, not_kept, person_by
from evaluator.replies.doors import closed, refused, revealed
from evaluator.replies.links import base_url
from evaluator.replies.seen import Seen
from evaluator.replies.words import read_words

PATH = "/replies/twilio"
MOST_UNASKED = 5
"""Answers to what was not understood, one after the other."""
REMEMBERED = timedelta(days=1)

_HELP = "Not understood. 12a acknowledges incident 12, 12s 1h puts it off, 12e escalates, aa acknowledges all, list lists."
_CARRIERS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "start", "unstop", "info"})
"""Twilio answers these itself; `help` too, but that is ours as well."""


def distrust(url: str, fields: Iterable[tuple[str, str]], signature: str, token: str) -> str:
    """Why a request is not believed to be Twilio's; empty when it is. url: as Twilio was told it."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    signed = b64encode(digest(token.encode(), text.encode(), "sha1"))
    if compare_digest(signed, signature.encode(errors="replace")):
        return ""
    return f"X-Twilio-Signature does not match: is the auth token that of the account, and {url} the address given to Twilio?"


class TwilioDoor:
    """Takes in what Twilio brings."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen = Seen(REMEMBERED)
        self._unasked: dict[str, int] = {}

    async def post(self, request: Request) -> Response:
        """Short messages, as Twilio brings them."""
        door = self._desk.settings.replies.twilio
        if door is None:
            return closed()
        fields = form_fields(await read_body(request))
        url = door.url or base_url(self._desk.settings) + PATH
        query = f"?{request.url.query}" if request.url.query and "?" not in url else ""
        why = distrust(url + query, fields, request.headers.get("x-twilio-signature", ""), revealed(door.auth_token))
        if why:
            return refused(self._desk, Way.SMS, why)
        form = dict(fields)
        message, now = form.get("MessageSid", ""), self._desk.now
        if message and self._seen.has(message, now):
            self._desk.answered(Way.SMS, Fate.IDLE)
            return _answer("")
        self._seen.add(message, now)
        return _answer(await self._text(form, request))

    async def _text(self, form: dict[str, str], request: Request) -> str:
        """What is answered; empty for nothing."""
        person = person_by(self._desk.settings, "sms", form.get("From", ""))
        outcome = await self._outcome(person, form.get("Body", ""), form.get("From", ""), request)
        self._desk.answered(Way.SMS, outcome.fate)
        if person is None:
            return ""
        if outcome.fate is not Fate.UNREADABLE:
            self._unasked.pop(person.key, None)
            return outcome.text
        count = self._unasked.get(person.key, 0) + 1
        self._unasked[person.key] = count
        return outcome.text if count <= MOST_UNASKED else ""

    async def _outcome(self, person: Person | None, body: str, number: str, request: Request) -> Outcome:
        if person is None:
            return Outcome(Fate.STRANGER, "")
        if body.strip().lower() in _CARRIERS:
            return Outcome(Fate.IDLE, "")
        said = read_words(body)
        if said is None:
            return Outcome(Fate.UNREADABLE, _HELP)
        speaker = Speaker(person.key, person.name, Way.SMS, came_from(request, number))
        try:
            return await carry_out(self._desk, said, speaker)
        except UnavailableError as error:
            return not_kept(error)


def _answer(text: str) -> Response:
    """TwiML: one message, or none."""
    message = f"<Message>{escape(fit(text))}</Message>" if text else ""
    return Response(f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>', media_type="application/xml")
