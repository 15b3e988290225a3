"""The text in a link that is its whole authority: who may do what with which incident, until when, and that we said so.

A token is one text for one meaning: what is written differently, if only in bits that do not count, is not believed. Reading
one costs the same work whatever is wrong with it, so how long a refusal takes tells nothing.
"""

from __future__ import annotations

import binascii
import struct
from base64 import b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hmac import compare_digest

from evaluator.core.frozen import frozen
from evaluator.replies.keys import NAME_LENGTH, Keyring

LIFE = timedelta(hours=24)
"""How long a link is good for at most."""
LONGEST = 512
"""Characters of a token at most."""

_VERSION = 1
_HEAD = struct.Struct(f">B{NAME_LENGTH}sBIIII8s")
_SIGNATURE = 32
_LONGEST_PERSON = LONGEST * 3 // 4 - _HEAD.size - _SIGNATURE
_SKEW = timedelta(minutes=1)  # between the clocks of replicas


class Purpose(StrEnum):
    """What a link is for. Nothing else can be had by link: no silence, no end of an incident, no change of anything.

    Its place in this list stands in tokens, so a new one comes last.
    """

    ACK = "ack"
    SNOOZE = "snooze"
    ESCALATE = "escalate"
    VIEW = "view"
    LABEL = "label"


_PURPOSES = tuple(Purpose)


@frozen
class Token:
    """person: key of whom the link was sent to. issued, expires: whole seconds. page: id of the message that it was sent in."""

    purpose: Purpose
    incident: int
    epoch: int
    person: str
    issued: datetime
    expires: datetime
    page: str


def seal(token: Token, keys: Keyring) -> str:
    """The token as it stands in a link. Raises ValueError for a person whose key is too long for one."""
    key, person = keys.keys[0], token.person.encode()
    if len(person) > _LONGEST_PERSON:
        raise ValueError(f"the key of {token.person[:40]}… is too long for a link")
    issued, expires = int(token.issued.timestamp()), int(token.expires.timestamp())
    numbers = (_PURPOSES.index(token.purpose), token.incident, token.epoch, issued, expires)
    body = _HEAD.pack(_VERSION, key.name, *numbers, bytes.fromhex(token.page)) + person
    return _text(body + key.sign(body))


def unseal(text: str, keys: Keyring, now: datetime) -> Token | None:
    """What a token says; None for one that is forged, changed, expired or none at all."""
    sealed = _bytes(text)
    body, signature = sealed[:-_SIGNATURE], sealed[-_SIGNATURE:]
    key = keys.named(body[1 : 1 + NAME_LENGTH])
    true = compare_digest(key.sign(body), signature)
    token = _read(body) if true and key is not keys.spare else None
    return token if token is not None and token.issued - _SKEW <= now < token.expires else None


def _read(body: bytes) -> Token | None:
    """Only what we signed gets here."""
    version, _, purpose, incident, epoch, issued, expires, page = _HEAD.unpack(body[: _HEAD.size])
    if version != _VERSION:
        return None
    begin, end = (datetime.fromtimestamp(seconds, UTC) for seconds in (issued, expires))
    return Token(_PURPOSES[purpose], incident, epoch, body[_HEAD.size :].decode(), begin, end, page.hex())


def _text(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Nothing for what is not written as we write it."""
    if len(text) > LONGEST:
        return b""
    try:
        sealed = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    return sealed if _text(sealed) == text else b""
