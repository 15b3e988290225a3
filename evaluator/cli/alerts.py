"""`evaluator alerts`: what fires and what is pending."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from evaluator.cli.client import DEFAULT_URL, Token, Url, get
from evaluator.cli.output import fail, print_json, print_table
from evaluator.core.labels import ALERT_NAME, Labels, Matcher, match_all
from evaluator.core.matchers import parse_matcher

app = typer.Typer(no_args_is_help=True, help="Alerts of a running evaluator.")


@app.command("list")
def list_alerts(
    matchers: Annotated[list[str] | None, typer.Argument(help="As in severity=page; all must hold.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
) -> None:
    """List pending and firing alerts, those that need a look first."""
    wanted = [_matcher(text) for text in matchers or ()]
    found = get(url, "/api/v1/alerts", token)["alerts"]
    shown = sorted((one for one in found if match_all(wanted, Labels(one["labels"]))), key=_order)
    if as_json:
        print_json(shown)
        return
    print_table(("State", "Alert", "Labels", "Since", "Value"), (_row(one) for one in shown))


def _matcher(text: str) -> Matcher:
    """A word without an operator is the alert's name, as in amtool."""
    if not any(sign in text for sign in "=~!"):
        return Matcher(ALERT_NAME, text)
    try:
        return parse_matcher(text).matchers[0]
    except ValueError as error:
        fail(f"{text!r} is not a matcher: {error}")


def _order(alert: dict[str, Any]) -> tuple[bool, str]:
    return (alert["state"] != "firing", alert["activeAt"])


def _row(alert: dict[str, Any]) -> tuple[str, ...]:
    labels = {name: value for name, value in alert["labels"].items() if name != ALERT_NAME}
    pairs = " ".join(f"{name}={value}" for name, value in labels.items())
    return (alert["state"], alert["labels"].get(ALERT_NAME, ""), pairs, alert["activeAt"], f"{float(alert['value']):g}")
