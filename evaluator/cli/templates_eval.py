"""`evaluator templates eval`: one text, rendered."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.options import AsJson
from evaluator.cli.output import fail, print_json
from evaluator.cli.reading import Source, read_or_fail
from evaluator.cli.told import read_notification
from evaluator.core.labels import Labels
from evaluator.core.records import Notification
from evaluator.service.clock import wall_clock
from evaluator.service.texts import NotificationTextsOf
from evaluator.templating import NotificationTexts, QueryNeeded, Scope, TemplateError, compile_text, notification_data
from evaluator.templating.examples import EXTERNAL_URL, example


class Kind(StrEnum):
    """What a text is."""

    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"
    JINJA = "jinja"


def evaluate(
    text: Annotated[str, typer.Argument(help="The text; - reads it from standard input.")],
    kind: Annotated[
        Kind | None,
        typer.Option(help="Of a rule, of a receiver, or Jinja2 of either; by what the text speaks of if not given."),
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="A label of the series that a rule's text speaks of, as NAME=VALUE.")
    ] = None,
    value: Annotated[float, typer.Option(help="Its value.")] = 1.0,
    source: Annotated[
        Path | None, typer.Option("--data", help="JSON of a notification or of alerts; an example if not given.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A configuration file, for its templates.")] = None,
    html: Annotated[bool, typer.Option("--html", help="Escape what alerts say, as in the HTML of a mail.")] = False,
    as_json: AsJson = False,
) -> None:
    """Render one text, and say in which language it is written."""
    text = sys.stdin.read() if text == "-" else text
    of_receiver = source is not None or config is not None or html or kind is Kind.ALERTMANAGER
    try:
        if of_receiver or (kind is not Kind.PROMETHEUS and not label and _speaks_of_notifications(text)):
            language, shown = _of_receiver(text, source, config, html)
        else:
            language, shown = _of_rule(text, label or [], value)
    except TemplateError as error:
        fail(f"the template fails at {error}")
    if kind is Kind.JINJA and language == "go":
        fail("this is a Go template, not Jinja2; `evaluator templates convert` makes one of the other")
    if as_json:
        print_json({"kind": language, "text": shown})
    else:
        print(shown)


def _speaks_of_notifications(text: str) -> bool:
    """Whether it can be read as a text of a receiver, and not as one of a rule."""
    try:
        compile_text(text).render(Scope())
        return False
    except QueryNeeded:
        return False
    except TemplateError:
        pass
    try:
        NotificationTexts(strict=True).render(text, notification_data(*_told(example())))
    except TemplateError:
        return False
    return True


def _of_rule(text: str, labels: list[str], value: float) -> tuple[str, str]:
    compiled = compile_text(text)
    scope = Scope(Labels(dict(_pair(one) for one in labels)), value, external_url=EXTERNAL_URL, now=wall_clock())
    try:
        return compiled.kind, compiled.render(scope)
    except QueryNeeded as needed:
        fail(f"the template asks a server {needed.expr!r}, and there is none here; try it in a rule with `evaluator run`")


def _of_receiver(text: str, source: Path | None, config: Path | None, html: bool) -> tuple[str, str]:
    texts = NotificationTexts()
    url = EXTERNAL_URL
    if config is not None:
        settings = read_or_fail(Source(config))
        url = settings.external_url
        texts = NotificationTextsOf(settings).templates
    notification = example() if source is None else read_notification(source, "team")
    data = notification_data(*_told(notification, url))
    return texts.kind(text), (texts.render_html if html else texts.render)(text, data)


def _told(notification: Notification, url: str = EXTERNAL_URL) -> tuple[Notification, list[dict[str, str]], str]:
    return notification, [dict(alert.annotations.expanded or ()) for alert in notification.alerts], url


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        fail(f"--label {text!r} is not NAME=VALUE")
    return name, value
