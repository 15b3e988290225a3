"""What links are signed with: a key, and while it is being replaced the one before it.

Where no secret is configured, the evaluator makes a key at its first start and keeps it in a file beside the database, which
only its own user may read. It is not in the database: that is copied, mailed around and opened by people who look for something
else, and whoever has the key acknowledges in anybody's name. Several replicas share a configured secret.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import field
from hashlib import sha256
from hmac import digest
from pathlib import Path

from evaluator.core.frozen import frozen
from evaluator.core.replies import SHORTEST_SECRET, LinkSettings

LENGTH = 32
NAME_LENGTH = 4

_USE = b"evaluator: links"
_FILE = "sqlite:///"


class KeyFileError(OSError):
    """What links are signed with cannot be read, made or used; the text says why and what to do."""


@frozen
class Key:
    """name: says which key signed, and nothing about it."""

    secret: bytes = field(repr=False)
    name: bytes

    @classmethod
    def of(cls, secret: bytes) -> Key:
        """The key made of a secret of any length. What is signed with it can be mistaken for nothing else the secret is for."""
        made = digest(secret, _USE, "sha256")
        return cls(made, sha256(b"name" + made).digest()[:NAME_LENGTH])

    def sign(self, text: bytes) -> bytes:
        """HMAC-SHA256."""
        return digest(self.secret, text, "sha256")


@frozen
class Keyring:
    """The first key signs, all of them are believed. spare: known to nobody, so that what names no key costs the same work."""

    keys: tuple[Key, ...]
    spare: Key

    @classmethod
    def of(cls, secrets_: Sequence[bytes]) -> Keyring:
        """Of secrets, the one that signs first; there is at least one."""
        return cls(tuple(map(Key.of, secrets_)), Key.of(secrets.token_bytes(LENGTH)))

    def named(self, name: bytes) -> Key:
        """The key with that name, or one that has signed nothing."""
        return next((key for key in self.keys if key.name == name), self.spare)


def keyring(settings: LinkSettings, own: bytes) -> Keyring:
    """The keys of a configuration. own: used where it names none.

    Raises OSError when a secret's file cannot be read, or holds what is too short for a secret: an empty one is everybody's.
    """
    if settings.secret is None:
        return Keyring.of([own])
    return Keyring.of([_long_enough(one.reveal()) for one in (settings.secret, settings.former) if one is not None])


def _long_enough(secret: str) -> bytes:
    if len(secret) < SHORTEST_SECRET:
        raise KeyFileError(
            f"the secret of links has fewer than {SHORTEST_SECRET} characters; make one: openssl rand -base64 32"
        )
    return secret.encode()


def own_key(storage: str) -> bytes:
    """The key that is kept beside a database, made where there is none; without a database, one for this life of the process.

    storage: URL of an SQLite file. Raises KeyFileError.
    """
    database = storage.removeprefix(_FILE) if storage.startswith(_FILE) else ""
    if database in ("", ":memory:"):
        return secrets.token_bytes(LENGTH)
    path = Path(f"{database}-links.key")
    try:
        found = _kept(path) or _made(path)
    except OSError as error:
        remedy = "make it readable, or configure links.secret"
        raise KeyFileError(f"cannot keep the key of links in {path}: {error.strerror}; {remedy}") from None
    if len(found) != LENGTH:
        raise KeyFileError(f"{path} is not the key of links; remove it, and links that were sent do not count any more")
    return found


def _kept(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _made(path: Path) -> bytes:
    """Whole or not at all, so that a crash leaves no half of a key."""
    key = secrets.token_bytes(LENGTH)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return key
