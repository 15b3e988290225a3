"""Delivers notifications: one call is one attempt, and always gives one event.

Bounded in time, and it raises nothing: a delivery that neither succeeds nor fails would keep its group waiting for ever.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import PurePath
from typing import TextIO

from evaluator.core.events import Delivered, DeliveryFailed
from evaluator.core.records import OutboxRecord
from evaluator.core.settings import Integration, IntegrationSettings, Receiver
from evaluator.notify.clients import Clients, MakeClient
from evaluator.notify.compatibility import as_alertmanager
from evaluator.notify.direct import DIRECT_RECEIVERS, Surroundings, WithoutHttp
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.neutral import one_line
from evaluator.notify.receivers import ASSUMED, HTTP_RECEIVERS, Conversation
from evaluator.notify.scrub import scrub
from evaluator.notify.sending import Clock, send
from evaluator.notify.sheet import Sheet
from evaluator.notify.texts import Prepared, Texts, prepare
from evaluator.wire.client import build_async_client
from evaluator.wire.errors import explain

DEFAULT_TIMEOUT = 10.0
AT_ONCE = 20
"""Attempts that one integration makes at the same time: as many as connections are kept open. A thousand groups that notify
at once take turns, so that each attempt has its whole time, and the server at the other end is not run over."""

AFTERWARDS = 10.0
"""Seconds for what comes after a message, such as pictures; nobody waits for it."""


class Deliverer:
    """Delivers to the receivers of a configuration.

    stdout: where the console receiver prints. clock: for a Retry-After that is a date. timeout: seconds for an attempt
    whose integration sets none; Alertmanager gives all attempts of a flush together at least as many. compatibility: take
    refusals as Alertmanager does.
    """

    def __init__(
        self,
        receivers: Sequence[Receiver],
        texts: Texts,
        *,
        external_url: str,
        stdout: TextIO,
        clock: Clock,
        make_client: MakeClient = build_async_client,
        timeout: float = DEFAULT_TIMEOUT,
        compatibility: bool = False,
    ) -> None:
        self._stdout = stdout
        self._clock = clock
        self._timeout = timeout
        self._clients = Clients(make_client)
        self._memory: dict[str, dict[str, str]] = {}
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
        self._following: set[asyncio.Task[None]] = set()
        self._adopt(receivers, texts, external_url, compatibility)

    async def deliver(self, row: OutboxRecord) -> Delivered | DeliveryFailed:
        """Try once. A receipt with `template_error` tells that a template failed and something plainer went out."""
        try:
            async with self._turns[row.integration]:
                outcome = await self._attempt(row)
        except Exception as error:
            outcome = Refused(_place(error))
        if isinstance(outcome, Accepted):
            return Delivered(row.id, outcome.receipt)
        return DeliveryFailed(row.id, outcome.error, outcome.permanent, outcome.retry_after, outcome.unknown)

    def preview(self, row: OutboxRecord) -> str:
        """What `deliver` would send, for people, secrets hidden: the first request, and where that is a search the second.

        Raises KeyError for an unknown integration, OSError when a secret's file cannot be read.
        """
        integration = self._integrations[row.integration]
        prepared = prepare(row, self._texts, self._external_url)
        settings, sheet = integration.settings, self._sheet(row.integration, prepared)
        if (direct := DIRECT_RECEIVERS.get(type(settings))) is not None:
            return direct.preview(sheet, settings)
        with closing(HTTP_RECEIVERS[type(settings)](sheet, settings)) as told:
            steps = [_advance(told)]
            if isinstance(steps[0], Request) and (body := ASSUMED.get(type(settings))) is not None:
                steps.append(_advance(told, Answer(200, {}, body, self._clock())))
        return "\n\n".join(step.error if isinstance(step, Refused) else str(step) for step in steps if step != Accepted())

    async def reload(
        self, receivers: Sequence[Receiver], texts: Texts, *, external_url: str, compatibility: bool = False
    ) -> None:
        """Deliver by a new configuration from now on; attempts under way end as they began."""
        self._adopt(receivers, texts, external_url, compatibility)
        kept = [integration.settings for integration in self._integrations.values()]
        await self._clients.keep([settings.http for settings in kept if not isinstance(settings, WithoutHttp)])

    async def aclose(self) -> None:
        """Close the clients, each when its last attempt has ended, and what follows messages has come to its end."""
        await asyncio.gather(*self._following)
        await self._clients.keep(())

    def _adopt(self, receivers: Sequence[Receiver], texts: Texts, external_url: str, compatibility: bool) -> None:
        self._texts = texts
        self._compatibility = compatibility
        self._external_url = external_url
        self._memory.clear()
        self._integrations: Mapping[str, Integration] = {
            f"{receiver.name}/{integration.name}": integration
            for receiver in receivers
            for integration in receiver.integrations
        }

    async def _attempt(self, row: OutboxRecord) -> Accepted | Refused:
        integration = self._integrations.get(row.integration)
        if integration is None:
            return Refused(f"the configuration no longer has {one_line(row.integration, 100)}", permanent=True)
        prepared = prepare(row, self._texts, self._external_url)
        sheet = self._sheet(row.integration, prepared)
        outcome = await self._tell(integration.settings, sheet)
        if isinstance(outcome, Refused):
            return replace(outcome, unknown=outcome.unknown or sheet.partly)
        return Accepted(outcome.receipt + prepared.notes + sheet.failed)

    def _sheet(self, integration: str, prepared: Prepared) -> Sheet:
        memory = self._memory.setdefault(integration, {})
        return Sheet(
            prepared.notification,
            prepared.render,
            memory,
            render_html=prepared.render_html,
            tried_at=self._clock(),
            incident=prepared.incident,
            buttons=prepared.buttons,
        )

    async def _tell(self, settings: IntegrationSettings, sheet: Sheet) -> Accepted | Refused:
        direct = DIRECT_RECEIVERS.get(type(settings))
        try:
            if direct is not None:
                return await direct.tell(sheet, settings, Surroundings(self._stdout, self._timeout, self._compatibility))
            with ExitStack() as stack:
                conversation = stack.enter_context(closing(HTTP_RECEIVERS[type(settings)](sheet, settings)))
                told = await self._converse(conversation, settings)
                if isinstance(told, Request):
                    assert told.afterwards is not None
                    self._follow(told, conversation, stack.pop_all())
                    return told.afterwards
                return told
        except OSError as error:
            return Refused(explain(error))

    async def _converse(self, conversation: Conversation, settings: IntegrationSettings) -> Accepted | Refused | Request:
        """Perform the requests one after another, all of them in the time of one attempt.

        Gives what came of them; or the first one that has no part in that, for the message has arrived.
        """
        request, ends = None, 0.0
        step = _advance(conversation)
        while isinstance(step, Request) and step.afterwards is None:
            seconds = (step.timeout.total_seconds() or self._timeout) if request is None else max(0.1, ends - _ticks())
            ends, request = _ticks() + seconds, step
            answer = await self._send(request, seconds)
            if isinstance(answer, Refused):
                return _scrubbed(answer, request)
            step = _advance(conversation, answer)
            if self._compatibility and isinstance(step, Refused):
                step = as_alertmanager(step, settings, answer.status)
        return _scrubbed(step, request) if request is not None and isinstance(step, Refused) else step

    async def _send(self, request: Request, seconds: float) -> Answer | Refused:
        async with self._clients.lend(request.http) as client:
            return await send(client, request, seconds, self._clock)

    # -- what follows a message ---------------------------------------------------------------------------------------

    def _follow(self, request: Request, conversation: Conversation, stack: ExitStack) -> None:
        """Go on while others keep that the message has arrived; in a storm do not, for nobody looks at so many pictures."""
        if len(self._following) >= AT_ONCE:
            stack.close()
            return
        task = asyncio.create_task(self._afterwards(request, conversation, stack))
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    async def _afterwards(self, step: Request | Accepted | Refused, conversation: Conversation, stack: ExitStack) -> None:
        """No answer is an answer without a status, and a mistake of our own costs what it was made with, not the message."""
        ends = _ticks() + AFTERWARDS
        with stack, suppress(Exception):
            while isinstance(step, Request) and _ticks() < ends:
                answer = await self._send(step, max(0.1, ends - _ticks()))
                step = _advance(conversation, answer if isinstance(answer, Answer) else Answer(0, {}, b"", self._clock()))


def _advance(conversation: Conversation, answer: Answer | None = None) -> Request | Accepted | Refused:
    """The next request, or what came of it all."""
    try:
        return next(conversation) if answer is None else conversation.send(answer)
    except StopIteration as end:
        outcome: Accepted | Refused = end.value
        return outcome


def _scrubbed(refused: Refused, request: Request) -> Refused:
    return replace(refused, error=scrub(refused.error, request.url, request.http, request.secrets))


def _ticks() -> float:
    return asyncio.get_running_loop().time()


def _place(error: Exception) -> str:
    """A mistake of our own, by its class and place; its text could hold anything, secrets included."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"internal error, {type(error).__name__} in {PurePath(frame.filename).name}:{frame.lineno}; please report it"
