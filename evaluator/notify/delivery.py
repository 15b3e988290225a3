"""Delivers notifications: one call is one attempt, and always gives one event.

Bounded in time, and it raises nothing: a delivery that neither succeeds nor fails would keep its group waiting for ever.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TextIO

from evaluator.core.events import Delivered, DeliveryFailed
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.records import OutboxRecord
from evaluator.core.settings import ConsoleSettings, Integration, Receiver
from evaluator.notify import console
from evaluator.notify.clients import Clients, MakeClient
from evaluator.notify.exchange import Accepted, Refused, Request
from evaluator.notify.neutral import one_line
from evaluator.notify.receivers import HTTP_RECEIVERS, HttpReceiver
from evaluator.notify.scrub import scrub
from evaluator.notify.sending import Clock, send
from evaluator.notify.texts import Prepared, Texts, prepare
from evaluator.wire.client import build_async_client
from evaluator.wire.errors import explain

DEFAULT_TIMEOUT = 10.0


class Deliverer:
    """Delivers to the receivers of a configuration.

    stdout: where the console receiver prints. clock: for a Retry-After that is a date. timeout: seconds for an attempt
    whose integration sets none; Alertmanager gives all attempts of a flush together at least as many.
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
    ) -> None:
        self._stdout = stdout
        self._clock = clock
        self._timeout = timeout
        self._clients = Clients(make_client)
        self._adopt(receivers, texts, external_url)

    async def deliver(self, row: OutboxRecord) -> Delivered | DeliveryFailed:
        """Try once. A receipt with `template_error` tells that a template failed and something plainer went out."""
        try:
            outcome = await self._attempt(row)
        except Exception as error:
            outcome = Refused(_place(error))
        if isinstance(outcome, Accepted):
            return Delivered(row.id, outcome.receipt)
        return DeliveryFailed(row.id, outcome.error, outcome.permanent, outcome.retry_after)

    def preview(self, row: OutboxRecord) -> str:
        """What `deliver` would send, for people, secrets hidden.

        Raises KeyError for an unknown integration, OSError when a secret's file cannot be read.
        """
        integration = self._integrations[row.integration]
        prepared = prepare(row, self._texts, self._external_url)
        if isinstance(integration.settings, ConsoleSettings):
            return console.block(prepared.notification).plain
        request = _receiver(integration).build(prepared.notification, integration.settings, prepared.render)
        return request.error if isinstance(request, Refused) else str(request)

    async def reload(self, receivers: Sequence[Receiver], texts: Texts, *, external_url: str) -> None:
        """Deliver by a new configuration from now on; attempts under way end as they began."""
        self._adopt(receivers, texts, external_url)
        kept = [integration.settings for integration in self._integrations.values()]
        await self._clients.keep(
            [settings.http for settings in kept if not isinstance(settings, ConsoleSettings | EmailSettings)]
        )

    async def aclose(self) -> None:
        """Close the clients, each when its last attempt has ended."""
        await self._clients.keep(())

    def _adopt(self, receivers: Sequence[Receiver], texts: Texts, external_url: str) -> None:
        self._texts = texts
        self._external_url = external_url
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
        if isinstance(integration.settings, ConsoleSettings):
            outcome = console.write(prepared.notification, self._stdout)
        else:
            outcome = await self._ask(integration, prepared)
        return replace(outcome, receipt=outcome.receipt + prepared.notes) if isinstance(outcome, Accepted) else outcome

    async def _ask(self, integration: Integration, prepared: Prepared) -> Accepted | Refused:
        receiver = _receiver(integration)
        try:
            request = receiver.build(prepared.notification, integration.settings, prepared.render)
            if isinstance(request, Refused):
                return request
            async with self._clients.lend(request.http) as client:
                answer = await send(client, request, request.timeout.total_seconds() or self._timeout, self._clock)
        except OSError as error:
            return Refused(explain(error))
        outcome = answer if isinstance(answer, Refused) else receiver.read(answer)
        return _finished(outcome, request)


def _receiver(integration: Integration) -> HttpReceiver:
    return HTTP_RECEIVERS[type(integration.settings)]


def _finished(outcome: Accepted | Refused, request: Request) -> Accepted | Refused:
    if isinstance(outcome, Accepted):
        return replace(outcome, receipt=outcome.receipt + request.notes)
    return replace(outcome, error=scrub(outcome.error, request.url, request.http))


def _place(error: Exception) -> str:
    """A mistake of our own, by its class and place; its text could hold anything, secrets included."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"internal error, {type(error).__name__} in {PurePath(frame.filename).name}:{frame.lineno}; please report it"
