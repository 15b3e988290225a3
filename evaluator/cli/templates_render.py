"""`evaluator templates render`: what a receiver would be told."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from evaluator.cli.client import DEFAULT_URL, Token, Url, ask
from evaluator.cli.output import fail, print_json
from evaluator.cli.reading import Source, read_or_fail
from evaluator.cli.told import notification_of, read_notification
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.records import Notification, OutboxRecord
from evaluator.core.settings import Integration, Receiver, Settings
from evaluator.notify.delivery import Deliverer
from evaluator.service.clock import wall_clock
from evaluator.service.looking_back import speaks_of_curves
from evaluator.service.settings_texts import texts_of
from evaluator.service.texts import NotificationTextsOf
from evaluator.templating import TemplateError
from evaluator.templating.examples import curved, example, page_example


def render(
    receiver: Annotated[str, typer.Argument(help="The receiver's name, or person:NAME.")],
    alert: Annotated[Path | None, typer.Option(help="JSON of a notification or of alerts; an example if not given.")] = None,
    live: Annotated[
        str | None, typer.Option(help="Alerts of a running evaluator instead, by a matcher such as severity=page.")
    ] = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="The example tells that all is over.")] = False,
    config: Annotated[Path | None, typer.Option(help="The configuration file; evaluator.yml if it is there.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
) -> None:
    """Show what a receiver would be told: each of its texts, and the exact request, secrets hidden."""
    settings = read_or_fail(Source(config))
    target = _receiver(settings, receiver)
    if alert is not None:
        notification = read_notification(alert, receiver)
    elif live is not None:
        notification = _live(live, receiver, url, token)
    else:
        notification = (page_example if target in settings.ladders.contacts else example)(receiver, resolved=resolved)
    made_up = alert is None and live is None
    shown = [_shown(settings, receiver, one, notification, made_up=made_up) for one in target.integrations]
    if as_json:
        print_json(shown)
        return
    for one in shown:
        print(f"# {one['integration']}")
        for name, text in one["texts"].items():
            print(f"{name}: {text}" if "\n" not in text else f"{name}:\n{text}")
        print(f"\n{one['request']}\n")
    if any(one["failed"] for one in shown):
        fail("some texts fail, so that the plain notification is sent: " + "; ".join(_failures(shown)))


def _receiver(settings: Settings, name: str) -> Receiver:
    try:
        return settings.receiver(name)
    except KeyError:
        fail(f"there is no receiver {name!r}; there are: {', '.join(one.name for one in settings.told)}")


def _shown(
    settings: Settings, receiver: str, integration: Integration, notification: Notification, *, made_up: bool
) -> dict[str, Any]:
    name = f"{receiver}/{integration.name}"
    told = replace(notification, receiver=receiver, integration=name)
    texts = NotificationTextsOf(settings)
    if made_up and speaks_of_curves(integration.settings, lambda: texts.templates):
        told = curved(told)
    annotations = texts.annotations(told)
    finished, failed = {}, {}
    for path, text in texts_of(integration.settings):
        page = isinstance(integration.settings, EmailSettings) and path == "html"
        try:
            finished[path] = (texts.html_renderer if page else texts.renderer)(told, annotations)(text)
        except TemplateError as error:
            failed[path] = str(error)
    return {"integration": name, "texts": finished, "failed": failed, "request": _request(settings, texts, told)}


def _request(settings: Settings, texts: NotificationTextsOf, told: Notification) -> str:
    deliverer = Deliverer(settings.told, texts, external_url=settings.external_url, stdout=sys.stdout, clock=wall_clock)
    row = OutboxRecord("example", "example", told.receiver, told.integration, told, told.at)
    try:
        return deliverer.preview(row)
    except KeyError:
        return "nothing is sent this way by this version"
    except OSError as error:
        return f"no request can be made: {error}"


def _failures(shown: list[dict[str, Any]]) -> list[str]:
    return [f"{one['integration']} {name}: {error}" for one in shown for name, error in one["failed"].items()]


def _live(matcher: str, receiver: str, url: str, token: str | None) -> Notification:
    text = matcher if any(sign in matcher for sign in "=~!") else f'alertname="{matcher}"'
    found = ask(url, f"/api/v2/alerts?filter={quote(text, safe='')}", token)
    if not found:
        fail(f"no alert of {url} matches {text}")
    try:
        return notification_of([{**one, "status": None} for one in found], receiver, wall_clock())
    except (TypeError, ValueError) as error:
        fail(f"{url} is no evaluator: {error}")
