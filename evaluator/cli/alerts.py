"""`evaluator alerts`: what fires and what is pending, and who was, or was not, told of it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from evaluator.cli.client import DEFAULT_URL, Token, Url, ask, get, stranger
from evaluator.cli.output import fail, print_json, print_line, print_table
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
    print_table(("State", "Alert", "Labels", "Since", "Value", "Fingerprint"), (_row(one) for one in shown))


@app.command("explain")
def explain_alert(
    fingerprint: Annotated[str, typer.Argument(help="The alert's, or how it begins; `evaluator alerts list` prints them.")],
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
) -> None:
    """Say why an alert was, or was not, sent, and when it is sent next."""
    found = ask(url, f"/api/evaluator/v1/alerts/{quote(fingerprint, safe='')}/explain", token)
    if not isinstance(found, dict) or "story" not in found:
        stranger(url)
    if as_json:
        print_json(found)
        return
    for line in found["story"]:
        print_line(line)


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
    value, fingerprint = f"{float(alert['value']):g}", Labels(alert["labels"]).fingerprint
    return (alert["state"], alert["labels"].get(ALERT_NAME, ""), pairs, alert["activeAt"], value, fingerprint)
