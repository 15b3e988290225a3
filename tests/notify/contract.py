"""What a receiver is to the contract suite, and how it is brought to tell a server something.

A new receiver is `cases/NAME.py` with a tuple `CASES`; `test_contract.py` finds it, and holds it to what all receivers promise.
"""

from __future__ import annotations

import asyncio
import html
import importlib
import io
import json
import pkgutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import unquote_plus

import httpx

from evaluator.core.events import Delivered, DeliveryFailed
from evaluator.core.http import DEFAULT_HTTP, HttpSettings
from evaluator.core.journal import Journal
from evaluator.core.labels import Labels
from evaluator.core.notifying.destinations import Destinations
from evaluator.core.notifying.storms import Storms
from evaluator.core.receivers import Integration, IntegrationSettings, Receiver
from evaluator.core.receivers.general import ConsoleSettings
from evaluator.core.records import Notification, NotifiedAlert, OutboxRecord, Pairs
from evaluator.notify.delivery import Deliverer
from evaluator.notify.rendered import Render
from evaluator.notify.texts import Texts
from evaluator.templating import NotificationTexts, notification_data
from evaluator.wire.client import build_async_client
from tests.local_server import LocalServer, Received, Reply
from tests.notify import cases
from tests.notify.scenes import AT, alert, finished, row

EXTERNAL_URL = "https://alerts.example.org"
BROKEN = "{{ nobody }}"
"""A template that fails in every text."""


@dataclass(frozen=True)
class Outcome:
    """What comes of a notification whose requests are answered by `replies` in turn.

    receipt: when it is accepted, what comes back. error: when it is not, how it begins; empty when it is accepted.
    """

    replies: tuple[Reply, ...]
    receipt: Pairs = ()
    error: str = ""
    permanent: bool = False
    retry_after: float | None = None


@dataclass(frozen=True)
class Case:
    """A receiver and the service behind it.

    settings: from a server's URL (nothing after the port) and HTTP settings; what is secret in them stands in `secrets` too.
    taken: what the service answers to each request of a notification that it takes; `receipt` is what comes back then.
    says: everything that people get to read, from the requests.
    templates: settings that are templates; when one fails the message must be complete all the same.
    known: the receipt of what was told before, for a case that is about updates.
    outcomes: by name, answers that mean something of their own to this receiver.
    meant: statuses that this service means otherwise than most, and whether they are then permanent.
    alertmanager_retries: statuses below 500 after which Alertmanager tries this receiver again.
    stumbles: the requests, by number, at which a refusal fails the whole; None for all of them.
    whole: an answer that broke off is no success.
    never: what must not stand in any request when labels are hostile, for the service would act on it.
    most_bytes: of a request's body, as the service has it. origin: where it talks to whatever its settings say.
    told: what becomes of an alert before it is told of, for a case that is about curves.
    """

    kind: str
    settings: Callable[[str, HttpSettings], IntegrationSettings]
    taken: tuple[Reply, ...] = (Reply(),)
    receipt: Pairs = ()
    secrets: tuple[str, ...] = ()
    says: Callable[[Sequence[Received]], str] = lambda requests: "\n".join(texts_of(request) for request in requests)
    templates: tuple[str, ...] = ()
    known: Pairs = ()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    meant: Mapping[int, bool] = field(default_factory=dict)
    alertmanager_retries: Collection[int] = ()
    stumbles: tuple[int, ...] | None = None
    whole: bool = False
    never: tuple[str, ...] = ("\x1b",)
    most_bytes: int | None = None
    origin: str = ""
    told: Callable[[NotifiedAlert], NotifiedAlert] = lambda told: told
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.kind

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """The requests at which a refusal fails the whole."""
        return tuple(range(len(self.taken))) if self.stumbles is None else self.stumbles

    def until(self, step: int, reply: Reply) -> tuple[Reply, ...]:
        """All goes well before the request number `step`, which is answered by `reply`."""
        return (*self.taken[:step], reply)


def all_cases() -> list[Case]:
    """Those of every file in `cases`."""
    names = [module.name for module in pkgutil.iter_modules(cases.__path__)]
    return [case for name in names for case in importlib.import_module(f"{cases.__name__}.{name}").CASES]


class PackagedTexts:
    """The packaged templates, as they are used when nobody wrote others."""

    def __init__(self) -> None:
        self._texts = NotificationTexts()

    def annotations(self, notification: Notification) -> Sequence[Mapping[str, str]]:
        return [dict(told.annotations.expanded or finished(told)) for told in notification.alerts]

    def renderer(self, notification: Notification, annotations: Sequence[Mapping[str, str]]) -> Render:
        data = notification_data(notification, annotations, EXTERNAL_URL)
        return lambda text: self._texts.render(text, data)

    def html_renderer(self, notification: Notification, annotations: Sequence[Mapping[str, str]]) -> Render:
        data = notification_data(notification, annotations, EXTERNAL_URL)
        return lambda text: self._texts.render_html(text, data)


PACKAGED = PackagedTexts()


class _Diverted(httpx.AsyncClient):
    """A client whose requests go to another origin than they are meant for."""

    def __init__(self, client: httpx.AsyncClient, origin: str, url: str) -> None:
        super().__init__(trust_env=False, verify=False)  # it connects to nobody, so reading certificates would be for nothing
        self._client = client
        self._origin = origin
        self._url = url

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send where the server is that plays the service."""
        request.url = httpx.URL(str(request.url).replace(self._origin, self._url, 1))
        return await self._client.send(request, **options)

    async def aclose(self) -> None:
        """Close both."""
        await self._client.aclose()
        await super().aclose()


def deliverer(case: Case, settings: IntegrationSettings, url: str, texts: Texts = PACKAGED, **options: Any) -> Deliverer:
    """Delivers to receiver `ops`, whose only integration is the case's. url: of the server that plays the service."""

    def make_client(http: HttpSettings) -> httpx.AsyncClient:
        return _Diverted(build_async_client(http), case.origin, url) if case.origin else build_async_client(http)

    told = [Receiver("ops", (Integration(case.kind, 0, True, settings),))]
    usual: dict[str, Any] = {"external_url": EXTERNAL_URL, "stdout": io.StringIO(), "clock": lambda: AT, "timeout": 5.0}
    return Deliverer(told, texts, **usual | {"make_client": make_client} | options)


def deliver(
    case: Case,
    replies: Sequence[Reply],
    *alerts: NotifiedAlert,
    http: HttpSettings = DEFAULT_HTTP,
    replaced: Mapping[str, Any] | None = None,
    storm: bool = False,
    over: bool = False,
    **options: Any,
) -> tuple[Delivered | DeliveryFailed, list[Received]]:
    """One attempt at a service that answers with `replies`: the event and the requests.

    replaced: other settings. storm, over: tell of many groups at once, or that they are over, rather than of `alerts`.
    """

    async def run() -> tuple[Delivered | DeliveryFailed, list[Received]]:
        async with LocalServer(*replies) as server:
            settings = replace(case.settings(server.url, http), **(replaced or {}))
            postman = deliverer(case, settings, server.url, **options)
            name = f"ops/{case.kind}[0]"
            told = map(case.told, alerts or (alert("a:9090"),))
            record = storm_row(name, over) if storm or over else row(*told, integration=name)
            record = replace(record, notification=replace(record.notification, receipt=case.known))
            try:
                return await postman.deliver(record), server.requests
            finally:
                await postman.aclose()

    return asyncio.run(run())


EVER_LONGER = (0.05, 0.5, 5.0)
"""Seconds for a service that never answers: mostly the first are enough for it to be asked, on a busy machine later ones."""


def deliver_to_silence(case: Case, replies: Sequence[Reply], own: bool = False) -> tuple[Delivered | DeliveryFailed, float]:
    """One attempt at a service that says nothing after the last reply but one, and the seconds that it had.

    own: these are the integration's own.
    """
    for seconds in EVER_LONGER:
        given: dict[str, Any] = {"replaced": {"timeout": timedelta(seconds=seconds)}, "timeout": 60.0} if own else {}
        event, requests = deliver(case, replies, **({"timeout": seconds} | given))
        if len(requests) == len(replies):
            break
    return event, seconds


def storm_row(integration: str, over: bool) -> OutboxRecord:
    """What the machine sends of twelve groups at once, or of their end."""
    storms = Storms(Journal())
    storms.external_url = EXTERNAL_URL
    groups = [Labels({"alertname": "Down", "instance": f"<b>{number:02}</b>"}) for number in range(12)]
    rows = [row(alert(f"{number}"), integration=integration, ident=f"{number}") for number in range(12)]
    told = [
        replace(one, group=f"{number}", notification=replace(one.notification, group_labels=labels))
        for number, (one, labels) in enumerate(zip(rows, groups, strict=True))
    ]
    known = Destinations({integration: Integration("console", 0, True, ConsoleSettings())})
    return storms.tell(integration, known, [] if over else told, AT)


def unescaped(text: str) -> str:
    """As people see it, whatever the service wants escaped."""
    return html.unescape(text).replace("\\", "")


def texts_of(request: Received) -> str:
    """All texts of a JSON body, one below the other; another body with its target, decoded as forms are."""
    if "json" in request.headers.get("content-type", ""):
        return "\n".join(_texts(json.loads(request.body)))
    return unquote_plus(f"{request.target}\n{request.body.decode(errors='replace')}")


def _texts(value: Any) -> Iterable[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, member in value.items():
                yield str(name)
                yield from _texts(member)
        case list():
            for member in value:
                yield from _texts(member)
