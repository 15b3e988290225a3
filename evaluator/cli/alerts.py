"""`evaluator alerts`: what fires and what is pending, and who was, or was not, told of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote

import typer

from evaluator.cli.client import DEFAULT_URL, Token, Url, ask, get, stranger
from evaluator.cli.options import AsJson
from evaluator.cli.output import fail, print_json, print_line, print_table
from evaluator.core.labels import ALERT_NAME, Labels, Matcher, match_all
from evaluator.core.matchers import parse_matcher

Alert = dict[str, Any]
_SHARED = ("labels", "annotations", "state", "sources", "fingerprint")

app = typer.Typer(no_args_is_help=True, help="Alerts of a running evaluator.")


@app.command("list")
def list_alerts(
    matchers: Annotated[list[str] | None, typer.Argument(help="As in severity=page; all must hold.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List pending and firing alerts, those that need a look first: of rules, posted by others, and built in.

    Of those that are muted nobody is told now.
    """
    wanted = [_matcher(text) for text in matchers or ()]
    shown = sorted((one for one in _alerts(url, token) if match_all(wanted, Labels(one["labels"]))), key=_order)
    if as_json:
        print_json(shown)
        return
    print_table(("State", "Alert", "Labels", "Since", "Value", "Source", "Fingerprint"), (_row(one) for one in shown))


@app.command("explain")
def explain_alert(
    fingerprint: Annotated[str, typer.Argument(help="The alert's, or how it begins; `evaluator alerts list` prints them.")],
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
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


def _alerts(url: str, token: str | None) -> Iterator[Alert]:
    """Everything that is pending or fires, once: as its rule follows it, else as people are told of it.

    muted: whether nobody is told of it now.
    """
    of_rules = get(url, "/api/v1/alerts", token)["alerts"]
    told, status = (ask(url, f"/api/evaluator/v1/{name}", token) for name in ("alerts", "status"))
    if not isinstance(told, list) or not isinstance(status, dict) or "externalLabels" not in status:
        stranger(url)
    muted = {one["fingerprint"] for one in ask(url, "/api/v2/alerts", token) if one["status"]["state"] == "suppressed"}
    firing = {one["fingerprint"]: one for one in told if one["state"] == "firing"}
    for alert in of_rules:
        fingerprint = Labels(alert["labels"]).filled_from(Labels(status["externalLabels"])).fingerprint
        known = firing.pop(fingerprint, None)
        sources = known["sources"] if known else ["rule"]
        yield {**alert, "sources": sources, "fingerprint": fingerprint, "muted": fingerprint in muted}
    for fingerprint, alert in firing.items():
        shared = {name: alert[name] for name in _SHARED}
        yield {**shared, "activeAt": alert["startsAt"], "value": None, "muted": fingerprint in muted}


def _matcher(text: str) -> Matcher:
    """A word without an operator is the alert's name, as in amtool."""
    if not any(sign in text for sign in "=~!"):
        return Matcher(ALERT_NAME, text)
    try:
        return parse_matcher(text).matchers[0]
    except ValueError as error:
        fail(f"{text!r} is not a matcher: {error}")


def _order(alert: Alert) -> tuple[bool, bool, str]:
    return (alert["state"] != "firing", alert["muted"], alert["activeAt"])


def _row(alert: Alert) -> tuple[str, ...]:
    labels = {name: value for name, value in alert["labels"].items() if name != ALERT_NAME}
    pairs = " ".join(f"{name}={value}" for name, value in labels.items())
    value = "" if alert["value"] is None else f"{float(alert['value']):g}"
    name, sources = alert["labels"].get(ALERT_NAME, ""), ", ".join(alert["sources"])
    state = "muted" if alert["muted"] else alert["state"]
    return (state, name, pairs, alert["activeAt"], value, sources, alert["fingerprint"])
