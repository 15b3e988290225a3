"""A notification as electronic mail: who gets it, and the very bytes.

There is always a text to read. Alertmanager sends HTML alone unless a `text` is configured, and a blank mail when that HTML's
template fails; here every mail has a text part, the plain notification by default, and when a template fails that part is all
there is. Values of labels reach headers only as one harmless line, so no header and no recipient can be forged by an alert.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from evaluator.core.frozen import frozen
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.records import Pairs
from evaluator.notify.exchange import Refused
from evaluator.notify.mail_headers import ADDRESS, addresses, written
from evaluator.notify.mail_threads import Names, names
from evaluator.notify.neutral import cut, one_line, without_commands
from evaluator.notify.picture import picture
from evaluator.notify.plain import headline
from evaluator.notify.rendered import RenderedNotification
from evaluator.notify.sheet import Sheet

MOST_OF_A_TEXT: Final = 100_000
MOST_OF_A_PAGE: Final = 500_000

_UNSEEN = re.compile(r"<(style|script|head|title)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>|&nbsp;|\s+", re.DOTALL | re.IGNORECASE)
_OF_THE_BODY = frozenset({"Content-Type", "Content-Transfer-Encoding", "Mime-Version"})


@frozen
class Mail:
    """A mail and its envelope. recipients: addresses, each once. receipt: for the next mail of the group."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes
    receipt: Pairs


def build(sheet: Sheet, settings: EmailSettings) -> Mail | Refused:
    """The mail for the sheet's notification; a refusal when it is not clear who sends it, or who gets it."""
    senders, recipients = _addresses(sheet, "from", settings.sender), _addresses(sheet, "to", settings.to)
    for name, found in (("from", senders), ("to", recipients)):
        if isinstance(found, str):
            return Refused(f"`{name}` {found}", permanent=True)
    assert not isinstance(senders, str)
    assert not isinstance(recipients, str)
    sender = senders[0]
    known = names(sheet.notification, sheet.known, sender.rpartition("@")[2], settings.thread_by_date)
    message = _message(sheet, settings, known)
    return Mail(sender, recipients, message, known.receipt)


def _addresses(sheet: Sheet, name: str, template: str) -> tuple[str, ...] | str:
    """The addresses that the template gives, each once; or what is wrong with them."""
    try:
        text = sheet.render(template)
    except ValueError as error:
        return f"has a template that fails: {one_line(str(error), 300)}"
    found = tuple(dict.fromkeys(address for _, address in addresses(text)))
    if not found:
        return f"gives no address: {one_line(text, 100) or 'it is empty'}"
    wrong = next((address for address in found if not ADDRESS.fullmatch(address)), None)
    return found if wrong is None else f"gives what is no address: {one_line(wrong, 100)}"


def _message(sheet: Sheet, settings: EmailSettings, known: Names) -> bytes:
    """Headers are rendered first, then the parts: whatever fails is named in the text."""
    headers = _headers(sheet, settings, known)
    text, page = _parts(sheet, settings)
    body = EmailMessage(policy=SMTP)
    body.set_content(text, charset="utf-8", cte="quoted-printable")
    if page:
        body.add_alternative(page, subtype="html", charset="utf-8", cte="quoted-printable")
        body.set_boundary(f"=_{sheet.notification.key[:32]}")  # quoted-printable never holds `=_`
        _add_pictures(body, page, sheet.notification)
    return written(headers) + body.as_bytes()


def _add_pictures(body: EmailMessage, page: str, notification: RenderedNotification) -> None:
    """The curves that the page shows, beside it: pictures inside of pages, and those of other servers, are seldom shown."""
    shown = [alert for alert in notification.alerts if f"cid:{alert.labels.fingerprint}@curve" in page]
    beside = [(alert.labels.fingerprint, picture(alert)) for alert in shown]
    *_, part = body.iter_parts()
    assert isinstance(part, EmailMessage)
    for fingerprint, image in beside:
        if image:
            part.add_related(
                image, "image", "png", cid=f"<{fingerprint}@curve>", filename=f"{fingerprint}.png", disposition="inline"
            )
            part.set_boundary(f"=_related_{notification.key[:32]}")


def _headers(sheet: Sheet, settings: EmailSettings, known: Names) -> dict[str, str]:
    """The configured headers over the usual ones; those of the body's form are not for the configuration to say."""
    found = {
        "Subject": '{{ template "email.default.subject" . }}',
        "To": settings.to,
        "From": settings.sender,
    } | {name: value for name, value in settings.headers if name not in _OF_THE_BODY}
    texts = {name: sheet.text(f"header {name}", template) for name, template in found.items()}
    if not texts["Subject"].strip():
        texts["Subject"] = headline(sheet.notification)
    return {**dict(_own(sheet, known)), **{name: text for name, text in texts.items() if text.strip()}}


def _own(sheet: Sheet, known: Names) -> Iterator[tuple[str, str]]:
    """The headers that a mail of the evaluator has unless the configuration says otherwise."""
    domain = known.message_id.rstrip(">").rpartition("@")[2]
    receiver = re.sub(r"[^A-Za-z0-9]+", "-", sheet.notification.receiver).strip("-") or "alerts"
    yield "Message-Id", known.message_id
    yield "Date", format_datetime(sheet.notification.at.astimezone(UTC))
    if known.references:
        yield "References", " ".join(known.references)
        yield "In-Reply-To", known.reply_to
    if sheet.buttons.mail:
        yield "Reply-To", sheet.buttons.mail
    yield "Auto-Submitted", "auto-generated"
    yield "X-Auto-Response-Suppress", "All"
    yield "List-Id", f"<{receiver}.{domain}>"


def _parts(sheet: Sheet, settings: EmailSettings) -> tuple[str, str]:
    """The text and the page; no page when there is nothing to see on it, when it is too big, or when a template failed."""
    text = _clean(sheet.text("text", settings.text))
    page = _clean(sheet.html("html", settings.html))
    if sheet.plain:
        return cut(sheet.plainly(), MOST_OF_A_TEXT), ""
    shown = page if len(page) <= MOST_OF_A_PAGE and _UNSEEN.sub("", page) else ""
    return cut(text if text.strip() else sheet.plainly(), MOST_OF_A_TEXT), shown


def _clean(text: str) -> str:
    """Without what speaks to a terminal or turns the direction of writing, and with line feeds alone."""
    return without_commands(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
