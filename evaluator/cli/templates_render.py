"""`evaluator templates render`: what a receiver would be told."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from evaluator.cli.client import DEFAULT_URL, Token, Url, ask
from evaluator.cli.options import AsJson
from evaluator.cli.output import fail, print_json
from evaluator.cli.reading import Source, read_or_fail
from evaluator.cli.told import notification_of, read_notification
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.records import Notification, OutboxRecord
from evaluator.core.settings import Integration, Receiver, Settings
from evaluator.notify.delivery import Deliverer
from evaluator.notify.fitting import ALERT
from evaluator.service.clock import wall_clock
from evaluator.service.looking_back import SECONDS, LookingBack, asks_for_curves, speaks_of_curves
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
    as_json: AsJson = False,
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
    shown = asyncio.run(_all_shown(settings, target, notification, made_up=made_up))
    if as_json:
        print_json(shown)
        return
    for one in shown:
        print(f"# {one['integration']}")
        if one["curves"]:
            print(f"curves: {one['curves']}")
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


async def _all_shown(
    settings: Settings, target: Receiver, notification: Notification, *, made_up: bool
) -> list[dict[str, Any]]:
    """What each integration would be told. made_up: the alerts are, and so are their curves."""
    texts = NotificationTextsOf(settings)
    looking_back = LookingBack(settings, lambda: texts.templates)
    shown = []
    try:
        for one in target.integrations:
            told = replace(notification, receiver=target.name, integration=f"{target.name}/{one.name}")
            asking = asks_for_curves(one.settings, lambda: texts.templates)
            if not made_up:
                told = (await looking_back.seen(_row(told))).notification
            elif speaks_of_curves(one.settings, lambda: texts.templates):
                told = curved(told)
            shown.append(_shown(settings, texts, one, told, _curves(told, made_up=made_up) if asking else ""))
    finally:
        await looking_back.aclose()
    return shown


def _curves(told: Notification, *, made_up: bool) -> str:
    """What there is to say of them."""
    if made_up:
        return "made up"
    of_rules = [alert.curve for alert in told.alerts if alert.curve is not None]
    if not of_rules:
        return "none, for no alert is of a rule of this configuration"
    missing = sum(not curve.points for curve in of_rules)
    why = f"ten are asked for at most, within {SECONDS:g} seconds"
    return f"{missing} of {len(told.alerts)} left out; {why}" if missing else "as the datasource has them"


def _shown(
    settings: Settings, texts: NotificationTextsOf, integration: Integration, told: Notification, curves: str
) -> dict[str, Any]:
    annotations = texts.annotations(told)
    finished, failed = {}, {}
    for path, text in texts_of(integration.settings):
        page = isinstance(integration.settings, EmailSettings) and path == "html"
        try:
            finished[path] = (texts.html_renderer if page else texts.renderer)(told, annotations)(text).replace(ALERT, "")
        except TemplateError as error:
            failed[path] = str(error)
    request = _request(settings, texts, told)
    return {"integration": told.integration, "curves": curves, "texts": finished, "failed": failed, "request": request}


def _request(settings: Settings, texts: NotificationTextsOf, told: Notification) -> str:
    deliverer = Deliverer(settings.told, texts, external_url=settings.external_url, stdout=sys.stdout, clock=wall_clock)
    try:
        return deliverer.preview(_row(told))
    except KeyError:
        return "nothing is sent this way by this version"
    except OSError as error:
        return f"no request can be made: {error}"


def _row(told: Notification) -> OutboxRecord:
    return OutboxRecord("example", "example", told.receiver, told.integration, told, told.at)


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
