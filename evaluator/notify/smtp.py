"""One attempt to hand a mail to a server.

As Alertmanager does it: TLS from the start on port 465 or when it is forced, else STARTTLS where TLS is demanded; and the first
of CRAM-MD5, PLAIN and LOGIN that the server offers and for which there is a secret. Unlike there, a mail that some of its
recipients cannot get goes to the others, for one address that is gone must not silence a team; and what a server refuses for
good is not tried again.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace

import aiosmtplib
from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPRecipientRefused, SMTPResponseException

from evaluator.core.frozen import frozen
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.settings import Secret
from evaluator.notify.exchange import MOST_OF_AN_ANSWER, Accepted, Refused
from evaluator.notify.mail import Mail
from evaluator.notify.neutral import one_line
from evaluator.notify.scrub import masked
from evaluator.wire.errors import explain
from evaluator.wire.tls import tls_context

_OF_TLS = 465
_NEAR = frozenset({"localhost", "127.0.0.1", "::1"})
_FAREWELL = 2.0  # seconds; the mail has been taken


class _CannotLogInError(SMTPException):
    """None of the server's ways to log in can be gone."""


class _NoTlsError(SMTPException):
    """TLS is demanded, and the server has none."""


@dataclass(slots=True)
class _Progress:
    """How far an attempt has come. under_way: the text is being sent; whether it was taken is unknown until the answer."""

    under_way: bool = False
    refusals: list[SMTPRecipientRefused] = field(default_factory=list)


async def send(mail: Mail, settings: EmailSettings, seconds: float, *, patient: bool = False) -> Accepted | Refused:
    """Hand the mail over. seconds: for everything. patient: every refusal is worth another try.

    Raises OSError when a file of TLS or of a secret cannot be read.
    """
    secrets = _revealed(settings)
    context = tls_context(settings.tls)
    host, port = settings.smarthost
    client = SMTP(
        hostname=host,
        port=port,
        local_hostname=settings.hello or "localhost",
        timeout=None,
        use_tls=_implicit(settings),
        start_tls=False,
        tls_context=context,
    )
    progress = _Progress()
    try:
        async with asyncio.timeout(seconds):
            await _converse(client, mail, settings, secrets, progress)
        outcome: Accepted | Refused = Accepted(mail.receipt + _notes(progress))
    except TimeoutError:
        outcome = Refused(f"no answer within {seconds:g}s", unknown=progress.under_way)
    except (SMTPException, OSError, ValueError) as error:
        outcome = _refused(error, progress)
    finally:
        await _leave(client)
    return _scrubbed(outcome, tuple(secrets.forms(settings)), patient)


def preview(mail: Mail, settings: EmailSettings) -> str:
    """The envelope and the very mail, for people."""
    host, port = settings.smarthost
    tls = "TLS" if _implicit(settings) else "STARTTLS" if settings.require_tls else "no TLS"
    user = f", user {one_line(settings.auth_username, 100)}, password <secret>" if settings.auth_username else ""
    envelope = [f"MAIL FROM:<{mail.sender}>", *(f"RCPT TO:<{address}>" for address in mail.recipients)]
    body = mail.message.decode("ascii", "replace").replace("\r\n", "\n")
    return "\n".join([f"SMTP {host}:{port}, {tls}{user}", *envelope, "", body])


async def _converse(client: SMTP, mail: Mail, settings: EmailSettings, secrets: _Secrets, progress: _Progress) -> None:
    await client.connect()
    await client.ehlo()
    if settings.require_tls and not _implicit(settings):
        if not client.supports_extension("starttls"):
            raise _NoTlsError("the server offers no STARTTLS, and `require_tls` demands it")
        await client.starttls()
        await client.ehlo()
    await _log_in(client, settings, secrets)
    await client.mail(mail.sender)
    progress.refusals = await _name_recipients(client, mail.recipients)
    progress.under_way = True
    await client.data(mail.message)


async def _name_recipients(client: SMTP, recipients: tuple[str, ...]) -> list[SMTPRecipientRefused]:
    """The refusals; raises the most hopeful of them when nobody is left."""
    refusals = []
    for recipient in recipients:
        try:
            await client.rcpt(recipient)
        except SMTPRecipientRefused as refusal:
            refusals.append(refusal)
    if len(refusals) == len(recipients):
        raise min(refusals, key=lambda refusal: refusal.code)
    return refusals


# -- logging in -------------------------------------------------------------------------------------------------------


@frozen
class _Secrets:
    password: str = ""
    secret: str = ""

    def forms(self, settings: EmailSettings) -> Iterator[str]:
        """As they could be quoted."""
        for plain in filter(None, (self.password, self.secret)):
            yield plain
            yield base64.b64encode(plain.encode()).decode()
        if self.password:
            yield _plain_words(settings, self.password)


async def _log_in(client: SMTP, settings: EmailSettings, secrets: _Secrets) -> None:
    """By the first way for which there is a secret. Raises SMTPException when there is none."""
    if not settings.auth_username or not client.supports_extension("auth"):
        return
    offered = [name.lower() for name in client.supported_auth_methods]
    for name in offered:
        way = _way(client, name, settings, secrets)
        if way is not None:
            await way()
            return
    raise _CannotLogInError(f"cannot log in: the server offers {one_line(', '.join(offered), 100)}; {_lacking(settings)}")


def _way(client: SMTP, name: str, settings: EmailSettings, secrets: _Secrets) -> Callable[[], Awaitable[object]] | None:
    user, password = settings.auth_username, secrets.password
    if name == "cram-md5" and secrets.secret:
        return lambda: client.auth_crammd5(user, secrets.secret)
    if name == "plain" and password and (_protected(client) or settings.smarthost[0] in _NEAR):
        return lambda: _plain(client, _plain_words(settings, password))
    if name == "login" and password:
        return lambda: client.auth_login(user, password)
    return None


async def _plain(client: SMTP, words: str) -> None:
    """With the identity to act as, which the library leaves out."""
    response = await client.execute_command(b"AUTH", b"PLAIN", words.encode())
    if response.code != aiosmtplib.SMTPStatus.auth_successful:
        raise SMTPAuthenticationError(response.code, response.message)


def _plain_words(settings: EmailSettings, password: str) -> str:
    return base64.b64encode(f"{settings.auth_identity}\0{settings.auth_username}\0{password}".encode()).decode()


def _protected(client: SMTP) -> bool:
    return client.get_transport_info("sslcontext") is not None


def _lacking(settings: EmailSettings) -> str:
    if settings.auth_password is None and settings.auth_secret is None:
        return "neither auth_password nor auth_secret is configured"
    return "CRAM-MD5 needs auth_secret, LOGIN needs auth_password, and PLAIN that and TLS"


def _revealed(settings: EmailSettings) -> _Secrets:
    def text(secret: Secret | None) -> str:
        return "" if secret is None or not settings.auth_username else secret.reveal()

    return _Secrets(text(settings.auth_password), text(settings.auth_secret))


# -- what came of it --------------------------------------------------------------------------------------------------


def _refused(error: Exception, progress: _Progress) -> Refused:
    match error:
        case SMTPAuthenticationError():
            return Refused(f"the server did not let us in: {_said(error)}")
        case aiosmtplib.SMTPConnectResponseError() | aiosmtplib.SMTPHeloError():
            return Refused(f"the server would not talk: {_said(error)}")
        case SMTPRecipientRefused():
            return Refused(f"recipient {error.recipient} refused: {_said(error)}", permanent=error.code >= 500)
        case aiosmtplib.SMTPSenderRefused():
            return Refused(f"sender {error.sender} refused: {_said(error)}", permanent=error.code >= 500)
        case SMTPResponseException():
            return Refused(f"refused: {_said(error)}", permanent=error.code >= 500)
        case aiosmtplib.SMTPConnectError():
            return Refused(f"cannot connect: {_reason(error)}")
        case _NoTlsError() | _CannotLogInError():
            return Refused(str(error))
        case SMTPException():
            return Refused(f"the connection ended or broke SMTP's rules{_stage(progress)}", unknown=progress.under_way)
        case _:
            return Refused(explain(error), unknown=progress.under_way)


def _said(error: SMTPResponseException) -> str:
    return f"{error.code} {one_line(str(error.message), MOST_OF_AN_ANSWER)}".rstrip()


def _reason(error: Exception) -> str:
    """What the operating system or TLS said; the library's own text quotes the host and little else."""
    cause = error.__cause__ or error.__context__
    if not isinstance(cause, OSError) or isinstance(cause, aiosmtplib.SMTPServerDisconnected):
        return "the server closed the connection"
    refused_by_the_system = not isinstance(cause, ssl.SSLError) and (cause.errno or 0) > 0
    return os.strerror(cause.errno or 0) if refused_by_the_system else explain(cause)


def _stage(progress: _Progress) -> str:
    return " after the mail was under way" if progress.under_way else ""


def _notes(progress: _Progress) -> tuple[tuple[str, str], ...]:
    return tuple(("refused", one_line(f"{refusal.recipient}: {_said(refusal)}", 300)) for refusal in progress.refusals)


def _scrubbed(outcome: Accepted | Refused, forms: tuple[str, ...], patient: bool) -> Accepted | Refused:
    if isinstance(outcome, Accepted):
        return Accepted(tuple((name, masked(text, forms)) for name, text in outcome.receipt))
    return replace(outcome, error=masked(outcome.error, forms), permanent=outcome.permanent and not patient)


async def _leave(client: SMTP) -> None:
    """Say goodbye where that is possible, and close the connection in any case, without waiting for the end of TLS."""
    transport = client.transport
    with contextlib.suppress(SMTPException, OSError, TimeoutError):
        if client.is_connected:
            async with asyncio.timeout(_FAREWELL):
                await client.quit()
    client.close()
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def _implicit(settings: EmailSettings) -> bool:
    forced = settings.force_implicit_tls
    return settings.smarthost[1] == _OF_TLS if forced is None else forced
