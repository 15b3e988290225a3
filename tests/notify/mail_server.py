"""A real mail server on the loopback that takes what it is told to take, and remembers it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD, SECRET = "ann", "passw0rd-of-ann", "s3cret-of-ann"
_CHALLENGE = b"<1896.697170952@mail.example.org>"


@dataclass
class Taken:
    """A mail and how it came."""

    sender: str
    recipients: list[str]
    content: bytes
    tls: bool
    user: str
    hello: str


@dataclass
class Post:
    """What the server does. answers: by command (`MAIL`, `DATA`) or recipient, what it says in place of 250.

    silent: the command after which it says nothing more.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    silent: str = ""
    taken: list[Taken] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)
    identities: list[str] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        await self._be_silent("MAIL")
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await self._be_silent("DATA")
        assert isinstance(envelope.content, bytes)
        user = session.auth_data.decode() if session.auth_data else ""
        hello = str(session.host_name)
        if "DATA" not in self.answers:
            taken = Taken(
                str(envelope.mail_from), list(envelope.rcpt_tos), envelope.content, session.ssl is not None, user, hello
            )
            self.taken.append(taken)
            self.arrived.set()
        return self.answers.get("DATA", "250 queued")

    async def auth_CRAM__MD5(self, server: SMTP, args: list[str]) -> AuthResult:
        """A way to log in that the library does not have."""
        self.ways.append("CRAM-MD5")
        await server.push(f"334 {b64encode(_CHALLENGE).decode()}")
        user, _, digest = b64decode(await server._reader.readline()).decode().partition(" ")
        right = hmac.new(SECRET.encode(), _CHALLENGE, hashlib.md5).hexdigest()
        return AuthResult(success=(user, digest) == (USER, right), auth_data=user.encode(), handled=False)

    async def _be_silent(self, command: str) -> None:
        if self.silent == command:
            await self.done.wait()

    def allow(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth: LoginPassword) -> AuthResult:
        """The authenticator of PLAIN and LOGIN."""
        self.ways.append(mechanism)
        good = (auth.login, auth.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, auth_data=auth.login, handled=False)


@asynccontextmanager
async def mail_server(post: Post, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[tuple[str, int]]:
    """The address of a server that does as `post` says. tls: from the start."""
    loop = asyncio.get_running_loop()
    sessions: list[SMTP] = []

    def session() -> SMTP:
        sessions.append(SMTP(post, loop=loop, authenticator=post.allow, hostname="mail.example.org", **options))
        return sessions[-1]

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()
    finally:
        post.done.set()
        server.close()
        await server.wait_closed()
        for one in sessions:
            if one.transport is not None:
                one.transport.close()
        await _stopped([one._handler_coroutine for one in sessions if one._handler_coroutine is not None])


async def _stopped(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def speaker(*words: bytes, hang: bool = False) -> AsyncIterator[tuple[str, int]]:
    """The address of a server that says `words`, one for each line that it hears, the first at once; then it hangs up."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for number, word in enumerate(words):
                if number:
                    await reader.readline()
                writer.write(word)
                await writer.drain()
            if hang:
                await over.wait()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()
    finally:
        over.set()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)
