"""Services by way of the library Apprise, which knows more than a hundred of them by a URL each.

Apprise blocks, and says yes or no. So each URL has a thread of its own, which is left behind when its time is over, for it
cannot be stopped; and every no is tried again, for it may mean anything. There are no receipts, no edits, and no
`Retry-After`. Of several URLs those that took the notification do not get it again while others are tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, Secret
from evaluator.core.receivers.apprise import AppriseSettings
from evaluator.notify.exchange import Accepted, Refused
from evaluator.notify.fitting import ALERT, characters, fitted
from evaluator.notify.mentions import without_mentions
from evaluator.notify.neutral import cut, one_line
from evaluator.notify.plain import headline
from evaluator.notify.scrub import scrub
from evaluator.notify.sheet import Sheet
from evaluator.notify.taken import Taken

_MENTION = re.compile(r"@(?:everyone|here|channel|all)\b|<[@!][^>\n]{1,100}>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1d\x1f\x7f]")  # not `ALERT`
_TYPES = {"firing": "failure", "resolved": "success"}
_SAFETY_MARGIN = 2  # Apprise puts a line break or two between a title and the text below


@frozen
class Message:
    """What is said. body: with signs between its alerts, see `fitting`. type: of Apprise's four kinds of news."""

    title: str
    body: str
    type: str
    alerts: int = 1


async def send(sheet: Sheet, settings: AppriseSettings, seconds: float) -> Accepted | Refused:
    """One attempt at all URLs that have not taken the notification yet. Raises OSError when a file of URLs cannot be read.

    seconds: for all of them together, as they are asked at the same time.
    """
    urls = urls_of(settings)
    if not urls:
        return Refused("there is no URL in the receiver's urls_file")
    message, taken = message_of(sheet, settings), Taken(sheet)
    seconds = settings.timeout.total_seconds() or seconds
    left = [url for url in urls if _name(url) not in taken.names]
    outcomes = await asyncio.gather(*(_told(url, message, seconds) for url in left))
    for url, refused in zip(left, outcomes, strict=True):
        if refused is None:
            taken.add(_name(url))
    refusal = next((refused for refused in outcomes if refused is not None), None)
    if refusal is None:
        taken.forget()
    return refusal or Accepted()


def urls_of(settings: AppriseSettings) -> list[str]:
    """The URLs; of files every line that is neither blank nor a comment. Raises OSError when a file cannot be read."""
    lines = (line.strip() for secret in settings.urls for line in secret.reveal().splitlines())
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def message_of(sheet: Sheet, settings: AppriseSettings) -> Message:
    """The message; mentions that come from labels are none."""
    title, kind = (sheet.text(name, getattr(settings, name)) for name in ("title", "type"))
    body = sheet.body("body", settings.body)
    if sheet.plain or not body.strip():
        title, body = title.strip() or headline(sheet.notification), sheet.plainly()
    title, body = (without_mentions(text, sheet.notification, _MENTION) for text in (title, body))
    known = kind.strip() in ("info", "success", "warning", "failure")
    kind = kind.strip() if known else _TYPES[sheet.notification.status]
    return Message(one_line(title, 1000), _CONTROL.sub("\ufffd", body), kind, len(sheet.notification.alerts))


def preview(sheet: Sheet, settings: AppriseSettings) -> str:
    """What is said, and by which schemes; the rest of the URLs is secret. Raises OSError when a file of URLs cannot be read."""
    message = message_of(sheet, settings)
    schemes = ", ".join(f"{url.partition('://')[0]}://<secret>" for url in urls_of(settings))
    return f"APPRISE {schemes}\nType: {message.type}\nTitle: {message.title}\n\n{message.body.replace(ALERT, '')}"


def _name(url: str) -> str:
    """What stands for the URL in memory, where no secret should be."""
    return sha256(url.encode()).hexdigest()[:16]


async def _told(url: str, message: Message, seconds: float) -> Refused | None:
    """Tell one service; None when it took the message."""
    outcome: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
    _in_a_thread(lambda: _notify(url, message), outcome)
    try:
        error = await asyncio.wait_for(outcome, seconds)
    except TimeoutError:
        return Refused(f"no answer within {seconds:g}s", unknown=True)
    return None if error is None else Refused(scrub(error, Secret(url), DEFAULT_HTTP))


def _in_a_thread(work: Callable[[], str | None], outcome: asyncio.Future[str | None]) -> None:
    """Have the work done in a thread that keeps nobody waiting, neither other attempts nor the end of the program."""
    loop = asyncio.get_running_loop()

    def settle(error: str | None) -> None:
        if not outcome.done():
            outcome.set_result(error)

    def run() -> None:
        error = work()
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name="apprise", daemon=True).start()


def _notify(url: str, message: Message) -> str | None:
    """Ask Apprise; gives why it did not work. Raises nothing: what a plug-in raises is its answer."""
    try:
        import apprise

        asset = apprise.AppriseAsset(app_id="Evaluator", app_desc="Evaluator", async_mode=False)
        service = apprise.Apprise.instantiate(url, asset=asset)
        if service is None:
            return "Apprise does not know what to do with a URL of this receiver"
        one = apprise.Apprise(asset=asset)
        one.add(service)
        title, body = _fitting(message, service)
        result = one.notify(body=body, title=title, notify_type=apprise.NotifyType(message.type), body_format="text")
        return None if result else _reason(service, list(result.logs()))
    except Exception as error:
        return f"Apprise failed: {one_line(f'{type(error).__name__}: {error}', 200)}"


def _fitting(message: Message, service: Any) -> tuple[str, str]:
    """Title and body as long as the service takes them; where it has no titles, Apprise puts them above the body."""
    title = cut(message.title, service.title_maxlen) if service.title_maxlen else cut(message.title, 250)
    above = 0 if service.title_maxlen else len(title) + _SAFETY_MARGIN
    return title, fitted(message.body, characters(max(100, service.body_maxlen - above)), message.alerts)


def _reason(service: Any, log: Sequence[Any]) -> str:
    """The last of what Apprise logged that is more than a remark."""
    said = [entry.message for entry in log if entry.level in ("ERROR", "WARNING", "CRITICAL")]
    why = one_line(said[-1], 300) if said else "it gives no reason"
    return f"Apprise could not tell {one_line(str(service.service_name), 50)}: {why}"
