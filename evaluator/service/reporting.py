"""Sends the report about incidents when it is due.

It goes out by the receivers of the configuration, with texts of its own: one message for each way to send it, attempted
and tried again like any notification, each attempt kept in the history. The report follows from what is kept of incidents,
so nothing is kept of it but which messages were accepted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from typing import Any, TextIO

from evaluator.core.analytics.report import Report, markdown
from evaluator.core.effects import Note
from evaluator.core.events import Delivered
from evaluator.core.labels import Labels
from evaluator.core.notifying.backoff import delay
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.receivers.slack import SlackSettings
from evaluator.core.records import Annotations, Attempt, Notification, NotifiedAlert, OutboxRecord
from evaluator.core.reports import ReportSettings
from evaluator.core.settings import Settings
from evaluator.notify.delivery import Deliverer
from evaluator.service.clock import Clock
from evaluator.service.logs import log
from evaluator.service.texts import NotificationTextsOf
from evaluator.service.wakeups import Wakeups
from evaluator.store.base import Store, StoreError

REPORT = "report"
MOST_ATTEMPTS = 60
"""After which a report is given up; with a minute between the later ones that is most of an hour."""

Make = Callable[[datetime, datetime, ReportSettings], Awaitable[Report]]
"""Takes the beginning, the end and what is wanted."""
Sleep = Callable[[float], Awaitable[None]]


class Reporting:
    """make: the report about a stretch of time; raises an exception when it cannot be made. sleep: between attempts."""

    def __init__(self, store: Store, make: Make, stdout: TextIO, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._store = store
        self._make = make
        self._stdout = stdout
        self._clock = clock
        self._sleep = sleep
        self._settings: Settings | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def follow(self, settings: Settings, wakeups: Wakeups) -> None:
        """Send the report as `settings` say from now on."""
        self._settings = settings
        if settings.report is None:
            wakeups.forget(REPORT)
        else:
            due = settings.report.next_after(self._clock())
            wakeups.once(REPORT, due, partial(self._come, settings, due, wakeups))

    def catch_up(self, settings: Settings, seen_at: datetime | None) -> None:
        """Send what was due while nobody was at work. seen_at: until when somebody was."""
        due = settings.report.owed(seen_at, self._clock()) if settings.report is not None else None
        if due is not None:
            self._settings = settings
            self._begin(self.send(settings, due))

    async def _come(self, settings: Settings, due: datetime, wakeups: Wakeups) -> None:
        if self._settings is settings:
            self._begin(self.send(settings, due))
            self.follow(settings, wakeups)

    async def send(self, settings: Settings, due: datetime) -> None:
        """Make the report that is due at an instant, and send it to everybody who has not got it."""
        assert settings.report is not None
        try:
            report = await self._make(due - settings.report.period, due, settings.report)
            accepted = {one.outbox for one in await self._attempts(due) if not one.error}
        except Exception as error:
            log.error("the report could not be made", due=due.isoformat(), error=str(error))
            return
        receivers = tuple(reporting(settings))
        deliverer = Deliverer(
            receivers, NotificationTextsOf(settings), external_url=settings.external_url, stdout=self._stdout, clock=self._clock
        )
        try:
            rows = [row for row in messages(receivers, report, due) if row.id not in accepted]
            await asyncio.gather(*(self._deliver(deliverer, row) for row in rows))
        finally:
            await deliverer.aclose()

    async def _attempts(self, due: datetime) -> list[Attempt]:
        return await asyncio.to_thread(self._store.history, Attempt, group=REPORT, since=due)

    async def _deliver(self, deliverer: Deliverer, row: OutboxRecord) -> None:
        for number in range(1, MOST_ATTEMPTS + 1):
            outcome = await deliverer.deliver(row)
            done = isinstance(outcome, Delivered)
            error, final = ("", False) if isinstance(outcome, Delivered) else (outcome.error, outcome.permanent)
            await self._note(Attempt(self._clock(), row.id, REPORT, row.integration, number, error, final))
            if done or final:
                break
            wait = delay(row.id, number)
            asked = 0 if isinstance(outcome, Delivered) else outcome.retry_after or 0
            await self._sleep(max(wait, timedelta(seconds=asked)).total_seconds())
        say = log.info if done else log.error
        say("report sent" if done else "report given up", integration=row.integration, attempts=number, error=error)

    async def _note(self, attempt: Attempt) -> None:
        try:
            await asyncio.to_thread(self._store.commit, [Note(attempt)])
        except StoreError as error:
            log.warning("an attempt at the report was not kept", error=str(error))

    def _begin(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(errand)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def idle(self) -> None:
        """Wait until everything that is being sent has been."""
        await asyncio.gather(*self._under_way)

    async def aclose(self) -> None:
        """Send nothing any more."""
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)


def reporting(settings: Settings) -> Iterator[Receiver]:
    """The receivers of the report, by the ways that it can be sent, with its texts in place of theirs."""
    wanted = settings.report.receivers if settings.report is not None else ()
    for receiver in settings.receivers:
        if receiver.name in wanted:
            ways = tuple(with_texts for one in receiver.integrations if (with_texts := _with_texts(one)) is not None)
            yield replace(receiver, integrations=ways)


def _with_texts(one: Integration) -> Integration | None:
    said = {name: "{{ .CommonAnnotations." + name + " }}" for name in ("title", "text", "slack")}
    match one.settings:
        case EmailSettings(headers=headers) as mail:
            kept = tuple(pair for pair in headers if pair[0] != "Subject")
            page = "{{ .CommonAnnotations.page | safeHtml }}"
            changed: EmailSettings | SlackSettings = replace(
                mail, headers=(*kept, ("Subject", said["title"])), text=said["text"], html=page
            )
        case SlackSettings() as slack:
            changed = replace(
                slack,
                title=said["title"],
                fallback=said["title"],
                text=said["slack"],
                color="",
                pretext="",
                message_text="",
                title_link="",
                fields=(),
                actions=(),
                update_message=False,
                thread=False,
            )
        case _:
            return None
    return replace(one, settings=changed)


def messages(receivers: tuple[Receiver, ...], report: Report, due: datetime) -> Iterator[OutboxRecord]:
    """One for each way."""
    for receiver in receivers:
        for one in receiver.integrations:
            integration = f"{receiver.name}/{one.name}"
            yield _row(receiver.name, integration, _texts(report), due)


def _row(receiver: str, integration: str, texts: Mapping[str, str], due: datetime) -> OutboxRecord:
    labels = Labels({"alertname": "IncidentReport"})
    told = NotifiedAlert(labels, Annotations(expanded=tuple(texts.items())), due, None)
    key = f"{REPORT}:{due.isoformat()}"
    notification = Notification(receiver, integration, key, labels, REPORT, (told,), due)
    return OutboxRecord(f"{key} {integration}", REPORT, receiver, integration, notification, due)


def _texts(report: Report) -> dict[str, str]:
    languages = import_module("evaluator.service.report_texts")  # with a reader of Markdown, which nobody needs before
    text = markdown(report)
    body = text.partition("\n\n")[2]
    return {"title": report.title, "text": text, "page": languages.page(text), "slack": languages.slack_text(body)}
