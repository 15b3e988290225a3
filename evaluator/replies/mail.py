"""Answers by mail, as a provider posts them that receives mails for us. Closed unless the configuration opens it.

Of all ways this is the one that is easiest to imitate, so three things have to agree: the provider knows our secret; the mail
server that we trust vouches for the sender, who is a person of ours; and the mail was sent to an address that we made for this
very person, incident and climb. What machines answer by themselves is dropped. Only `ack`, `snooze` and `escalate` can be had,
by the first line that is not quoted.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from hmac import compare_digest

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.incidents.actions import Acted, Action
from evaluator.core.replies import MailReplies
from evaluator.replies.bodies import came_from, form_fields, json_object, read_body
from evaluator.replies.desk import Desk, Fate, Outcome, Way, act, person_by
from evaluator.replies.doors import closed, refused, revealed
from evaluator.replies.mail_reading import Mail, NotMailError, read_mail
from evaluator.replies.seen import Seen
from evaluator.replies.words import Word, read_words

MOST = 5 * 1024 * 1024
REMEMBERED = timedelta(days=2)

_ACTIONS = {Word.ACK: Action.ACK, Word.SNOOZE: Action.SNOOZE, Word.ESCALATE: Action.ESCALATE}
_RAW = ("body-mime", "email", "RawEmail", "raw", "message", "mime")
"""Where providers put the mail as it came, in a form or an object."""


def distrust(authorization: str, secret: str) -> str:
    """Why a request is not believed to be the provider's; empty when it is: a bearer token, or the password of anybody."""
    kind, _, given = authorization.partition(" ")
    if kind.lower() == "basic":
        try:
            given = b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if secret and compare_digest(given.strip().encode(errors="replace"), secret.encode()):
        return ""
    return "Authorization does not match: has the provider been given the secret, as a password or a bearer token?"


def raw_mail(body: bytes, content_type: str) -> bytes:
    """The mail in what a provider posts: as it came, or in a field of a form or an object. Raises NotMailError."""
    kind = content_type.partition(";")[0].strip().lower()
    match kind:
        case "multipart/form-data":
            found = dict(_parts(body, content_type))
        case "application/x-www-form-urlencoded":
            found = {name: value.encode() for name, value in form_fields(body)}
        case "application/json":
            members = json_object(body)
            found = {name: value.encode() for name, value in members.items() if isinstance(value, str)}
        case _:
            return body
    raw = next((found[name] for name in _RAW if name in found), None)
    if raw is None:
        raise NotMailError(f"no field holds the mail as it came; looked for {', '.join(_RAW)}")
    return raw


class MailDoor:
    """Takes in the mails that a provider posts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen = Seen(REMEMBERED)

    async def post(self, request: Request) -> Response:
        """Answers by mail, as a provider posts them."""
        door = self._desk.settings.replies.mail
        if door is None:
            return closed()
        why = distrust(request.headers.get("authorization", ""), revealed(door.secret))
        if why:
            return refused(self._desk, Way.MAIL, why)
        raw = raw_mail(await read_body(request, MOST), request.headers.get("content-type", ""))
        outcome = await self._take(read_mail(raw, door.authserv_id, door.address), door, request)
        self._desk.answered(Way.MAIL, outcome.fate)
        said = {"outcome": str(outcome.fate), "text": outcome.text}
        return Response(msgspec.json.encode(said), media_type="application/json")

    async def _take(self, mail: Mail, door: MailReplies, request: Request) -> Outcome:
        """What comes of a mail. A provider that is told of an error sends it again, so only what may work later is one."""
        if mail.automatic:
            return Outcome(Fate.IDLE, f"Nobody wrote this: {mail.automatic}.")
        if not mail.vouched:
            return Outcome(Fate.UNVERIFIED, f"{door.authserv_id} does not vouch for the sender.")
        person = person_by(self._desk.settings, "email", mail.sender)
        if person is None:
            return Outcome(Fate.STRANGER, "The sender is nobody of ours.")
        links, now = self._desk.links, self._desk.now
        addressed = next((one for tag in mail.tags if (one := links.addressed(tag, person.key, now)) is not None), None)
        if addressed is None:
            return Outcome(Fate.UNVERIFIED, "It was not sent to an address that was made for the sender, or too late.")
        said = read_words(mail.line)
        if said is None or said.every or said.word not in _ACTIONS or said.incident not in (None, addressed.incident):
            return Outcome(Fate.UNREADABLE, "Its first line is none of: ack, snooze 2h, escalate.")
        if mail.ident and self._seen.has(mail.ident, now):
            return Outcome(Fate.IDLE, "It has come before.")
        source = came_from(request, mail.sender)
        acted = Acted(
            _ACTIONS[said.word],
            addressed.incident,
            person.key,
            str(Way.MAIL),
            source,
            epoch=addressed.epoch,
            duration=said.duration,
            text=said.text,
        )
        outcome = await act(self._desk, acted)
        self._seen.add(mail.ident, now)
        return outcome


def _parts(body: bytes, content_type: str) -> Iterator[tuple[str, bytes]]:
    """The fields of a form that is written like a mail with attachments."""
    whole = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=policy.HTTP)
    for part in whole.iter_parts() if isinstance(whole, EmailMessage) else ():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            yield name, payload
