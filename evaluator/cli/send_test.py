"""`evaluator send-test`: does a receiver hear us?"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.output import fail
from evaluator.cli.reading import Source, read_or_fail
from evaluator.core.events import DeliveryFailed
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Notification, NotifiedAlert, OutboxRecord
from evaluator.core.settings import Receiver, Settings
from evaluator.notify.delivery import Deliverer
from evaluator.service.clock import wall_clock
from evaluator.service.looking_back import speaks_of_curves
from evaluator.service.texts import NotificationTextsOf
from evaluator.templating.examples import curved


def send_test(
    receiver: Annotated[str, typer.Argument(help="The receiver's name, or person:NAME.")],
    config: Annotated[Path | None, typer.Option(help="The configuration file; evaluator.yml if it is there.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the exact request, secrets hidden.")] = False,
) -> None:
    """Send a test notification through every integration of a receiver, with a made-up curve where it shows curves."""
    settings = read_or_fail(Source(config))
    try:
        target = settings.receiver(receiver)
    except KeyError:
        known = ", ".join(one.name for one in settings.told)
        fail(f"there is no receiver {receiver!r}; there are: {known}")
    if not target.integrations:
        fail(f"receiver {receiver!r} has no integrations, so it tells nobody")
    failed = asyncio.run(_send(settings, target, dry_run))
    if failed:
        fail(f"{failed} of {len(target.integrations)} integrations did not accept the test")


async def _send(settings: Settings, receiver: Receiver, dry_run: bool) -> int:
    texts = NotificationTextsOf(settings)
    deliverer = Deliverer(settings.told, texts, external_url=settings.external_url, stdout=sys.stdout, clock=wall_clock)
    failed = 0
    for integration in receiver.integrations:
        name = f"{receiver.name}/{integration.name}"
        row = example(settings, receiver.name, name, wall_clock())
        if speaks_of_curves(integration.settings, lambda: texts.templates):
            row = replace(row, notification=curved(row.notification))
        if dry_run:
            print(f"# {name}\n{deliverer.preview(row)}\n")
            continue
        event = await deliverer.deliver(row)
        if isinstance(event, DeliveryFailed):
            failed += 1
            print(f"{name}: {event.error}", file=sys.stderr)
        else:
            print(f"{name}: accepted", file=sys.stderr)
    await deliverer.aclose()
    return failed


def example(settings: Settings, receiver: str, integration: str, now: datetime) -> OutboxRecord:
    """A notification of one alert that says that it is a test."""
    labels = Labels({"alertname": "EvaluatorTest", "severity": "none", **settings.external_labels})
    said = "This is a test: somebody asked the evaluator to make sure that this receiver works."
    annotations = Annotations(expanded=(("summary", "A test notification"), ("description", said)))
    alert = NotifiedAlert(labels, annotations, now, None, settings.external_url)
    group = labels.only(["alertname"])
    message = Notification(receiver, integration, f"{{}}:{group}", group, "test", (alert,), now)
    return OutboxRecord(f"test-{now:%Y%m%dT%H%M%S}", "test", receiver, integration, message, now)
