"""What a mail says, and who wrote it as far as our own mail server vouches for it. Pure: bytes to values.

Everything in a mail may be made up by whoever sent it, but one header: what the mail server that we were told to trust wrote of
it when it came in (RFC 8601). Of several with that server's name the first counts: the server writes on top of what is there.
It has to say that DKIM or SPF passed for the domain of the sender, or one that this domain belongs to. The server also repeats
what the sender said, in comments and between quotation marks; nothing of that is read, and a header in which either does not
end proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses

from evaluator.core.frozen import frozen

_QUOTED = re.compile(r"\s*>")
_ATTRIBUTION = re.compile(r"(?:On|Am|Le|El|Il|Op|Den|Em)\b.*:\s*$|-{2,}\s*(?:Original|Forwarded)\b.*", re.IGNORECASE)
_SIGNATURE = re.compile(r"--\s*$")
_RESULT = re.compile(r"\s*(?P<method>[a-z0-9-]+)\s*=\s*(?P<result>[a-z]+)\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"\b(header\.d|header\.i|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_PROVED_BY = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}
_SENT_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
_AUTOMATIC = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "List-Id", "List-Unsubscribe")
_AWAY = re.compile(r"\s*(?:auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|abwesen)", re.IGNORECASE)


class NotMailError(ValueError):
    """It is no mail that can be read."""


@frozen
class Mail:
    """sender: address, empty unless there is exactly one. proved: domains that the trusted server vouches for.

    tags: what stands after the plus in the addresses it was sent to. automatic: why nobody wrote it; empty when somebody did.
    line: the first one that is not quoted.
    """

    ident: str
    sender: str
    proved: frozenset[str]
    tags: tuple[str, ...]
    automatic: str
    line: str

    @property
    def vouched(self) -> bool:
        """Whether the trusted server vouches for the sender's domain."""
        domain = self.sender.rpartition("@")[2]
        return any(domain == one or domain.endswith(f".{one}") for one in self.proved if "." in one)


def read_mail(raw: bytes, authserv_id: str, address: str) -> Mail:
    """Read a mail that came to `address`, or to that with a tag. Raises NotMailError."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    try:
        return Mail(
            _header(message, "Message-ID"),
            _sender(message),
            frozenset(_proved(message, authserv_id)),
            tuple(_tags(message, address)),
            _automatic(message),
            first_line(_text(message)),
        )
    except (ValueError, LookupError, AttributeError, IndexError) as error:  # the library's, for what is no mail at all
        raise NotMailError(f"this mail cannot be read: {error}") from None


def first_line(text: str) -> str:
    """The first line that the sender wrote; empty when there is none before the quotation."""
    for line in text.splitlines():
        if _QUOTED.match(line) or _ATTRIBUTION.match(line) or _SIGNATURE.match(line):
            return ""
        if line.strip():
            return line.strip()
    return ""


def _header(message: EmailMessage, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _sender(message: EmailMessage) -> str:
    headers = [str(value) for value in message.get_all("From", [])]
    addresses = [address.lower() for _, address in getaddresses(headers) if address]
    return addresses[0] if len(headers) == 1 and len(addresses) == 1 else ""


def _proved(message: EmailMessage, authserv_id: str) -> Iterator[str]:
    for value in message.get_all("Authentication-Results", []):
        server, _, results = _bare(str(value)).partition(";")
        if server.lower().split()[:1] == [authserv_id.lower()]:
            for result in results.split(";"):
                yield from _domains(result)
            return


def _bare(text: str) -> str:
    """Without quotations and comments, which may hold anything; only the server's name when one of them does not end."""
    bare: list[str] = []
    depth, quoted, escaped = 0, False, False
    for sign in text:
        if escaped or (sign == "\\" and (depth or quoted)):
            escaped = not escaped
        elif quoted:
            quoted = sign != '"'
        elif depth:
            depth += (sign == "(") - (sign == ")")
        elif sign in '("':
            depth, quoted = int(sign == "("), sign == '"'
        else:
            bare.append(sign)
    return "".join(bare) if not (depth or quoted) else text.partition(";")[0]


def _domains(result: str) -> Iterator[str]:
    """The domains for which one result is a pass."""
    match = _RESULT.match(result)
    if match is None or match["result"].lower() != "pass":
        return
    wanted = _PROVED_BY.get(match["method"].lower(), ())
    for name, value in _PROPERTY.findall(match["rest"]):
        if name.lower() in wanted:
            yield value.lower().rpartition("@")[2].rstrip(".")


def _tags(message: EmailMessage, address: str) -> Iterator[str]:
    local, _, domain = address.lower().partition("@")
    values = [str(value) for name in _SENT_TO for value in message.get_all(name, [])]
    for _, found in getaddresses(values):
        name, _, host = found.lower().partition("@")
        if host == domain and name.startswith(f"{local}+"):
            yield name.removeprefix(f"{local}+")


def _automatic(message: EmailMessage) -> str:
    submitted = _header(message, "Auto-Submitted").lower()
    if submitted not in ("", "no"):
        return "Auto-Submitted"
    if _header(message, "Precedence").lower() in _BULK:
        return "Precedence"
    if _header(message, "Return-Path") == "<>":
        return "an empty Return-Path"
    if _AWAY.match(_header(message, "Subject")):
        return "its subject"
    return next((name for name in _AUTOMATIC if message.get(name) is not None), "")


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    if part is None:
        return ""
    found = part.get_content()
    return found if isinstance(found, str) else ""
