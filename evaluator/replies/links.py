"""The links in messages, and the addresses that mails are answered to: who makes them, and whom they let do what.

A link belongs to one person, one purpose, one incident and one climb of its ladder. An address belongs to the same, but the
person does not stand in it: whoever answers is known by the sender, whom the mail server vouches for. So an address is short
enough for the 64 characters before the @ that mails allow, and does not mind being written in small letters.
"""

from __future__ import annotations

import re
from base64 import b32encode
from datetime import UTC, datetime
from hmac import compare_digest

from evaluator.core.frozen import frozen
from evaluator.core.incidents.records import Notice
from evaluator.core.replies import MailReplies
from evaluator.core.settings import Settings
from evaluator.replies.keys import Key, Keyring, keyring
from evaluator.replies.tokens import LIFE, Purpose, Token, seal

PATH = "/links"
"""Where the pages are, below where links begin."""

_MAIL = b"mail"
_ADDRESSED = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})\.([a-z2-7]{24})")
_CODE = 15  # bytes of an address's signature, 24 letters


@frozen
class Addressed:
    """What the address of an answer says, once it is known whose answer it is."""

    incident: int
    epoch: int


@frozen
class Links:
    """Makes links and addresses. base_url: without a trailing slash; empty when nobody has said where people reach us.

    people: keys of those who can be sent one. mail: None when nobody reads answers by mail.
    """

    keys: Keyring
    base_url: str
    people: frozenset[str]
    mail: MailReplies | None = None

    @classmethod
    def of(cls, settings: Settings, own: bytes) -> Links:
        """Of a configuration. own: the key where it names none. Raises OSError when a secret's file cannot be read."""
        people = frozenset(person.key for person in settings.duty.people)
        return cls(keyring(settings.links, own), base_url(settings), people, settings.replies.mail)

    def link_for(self, notice: Notice, purpose: Purpose, now: datetime) -> str:
        """The link by which whoever gets a message does something; empty for a message that is not for one person."""
        if notice.whom not in self.people or not self.base_url:
            return ""
        issued = now.replace(microsecond=0)
        token = Token(purpose, notice.number, notice.epoch, notice.whom, issued, issued + LIFE, notice.page)
        return f"{self.base_url}{PATH}/{seal(token, self.keys)}"

    def address_for(self, notice: Notice, now: datetime) -> str:
        """Where a mail is answered to; empty when nobody reads it there, or the message is not for one person."""
        if notice.whom not in self.people or self.mail is None:
            return ""
        said = f"{notice.number}.{notice.epoch}.{int(now.timestamp()) // 60}"
        local, _, domain = self.mail.address.partition("@")
        return f"{local}+{said}.{_code(self.keys.keys[0], said, notice.whom)}@{domain}"

    def addressed(self, tag: str, person: str, now: datetime) -> Addressed | None:
        """What stands after the plus of an address, for an answer of that person; None when it was not made for them."""
        match = _ADDRESSED.fullmatch(tag.lower())
        if match is None:
            return None
        number, epoch, minute, code = match.groups()
        said = f"{number}.{epoch}.{minute}"
        true = any(compare_digest(_code(key, said, person), code) for key in self.keys.keys)
        fresh = now < datetime.fromtimestamp(int(minute) * 60, UTC) + LIFE
        return Addressed(int(number), int(epoch)) if true and fresh else None


def base_url(settings: Settings) -> str:
    """What links begin with."""
    return (settings.links.base_url or settings.external_url).rstrip("/")


def _code(key: Key, said: str, person: str) -> str:
    signed = key.sign(b"\0".join((_MAIL, said.encode(), person.encode())))
    return b32encode(signed[:_CODE]).decode().lower()
