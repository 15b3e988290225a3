"""`evaluator oncall`: who is on call, as a running evaluator knows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from evaluator.cli import oncall_overrides
from evaluator.cli.client import DEFAULT_URL, Token, Url, ask
from evaluator.cli.options import AsJson
from evaluator.cli.output import fail, print_json, print_table

app = typer.Typer(no_args_is_help=True, help="Who is on call.")
app.add_typer(oncall_overrides.app, name="override")

PATH = "/api/evaluator/v1/oncall"
Only = Annotated[str | None, typer.Option("--schedule", help="Only this schedule.")]
Json = dict[str, Any]


@app.command()
def now(schedule: Only = None, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Who is on call now, until when, and who follows."""
    _print_at(_asked(url, PATH, token, schedule=schedule), as_json)


@app.command("at")
def at_time(
    time: Annotated[str, typer.Argument(help="As in 2026-03-02T09:00; UTC unless it has an offset.")],
    schedule: Only = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Who is, was or will be on call at another time."""
    _print_at(_asked(url, PATH, token, at=time, schedule=schedule), as_json)


@app.command()
def calendar(
    weeks: Annotated[int, typer.Option(help="How many weeks from now, at most 53.")] = 4,
    schedule: Only = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """The shifts to come, and when nobody is on call although somebody should be."""
    found = _asked(url, f"{PATH}/calendar", token, weeks=str(weeks), schedule=schedule)
    if as_json:
        print_json(found)
        return
    rows = [
        (one["schedule"], _local(each["from"]), _local(each["to"]), *_names(each)) for one in found for each in one["shifts"]
    ]
    print_table(("schedule", "from", "to", "on call", "because"), rows)
    for one in found:
        for gap in one["uncovered"]:
            print(f"{one['schedule']}: nobody from {_local(gap['from'])} to {_local(gap['to'])}")


@app.command()
def feeds(url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """The secret addresses of calendars that can be subscribed to, one for each schedule and each person."""
    found = ask(url, f"{PATH}/feeds", token)
    if as_json:
        print_json(found)
        return
    if not found:
        fail("no calendars are given out; add oncall: {feed_secret: …} to the configuration")
    print_table(("of", "name", "address"), ((one["kind"], one["name"], one["url"]) for one in found))


def _asked(url: str, path: str, token: str | None, **wanted: str | None) -> list[Json]:
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    found: list[Json] = ask(url, f"{path}?{query}" if query else path, token)
    if not found:
        fail("the configuration has no schedules; add schedules: {NAME: {layers: […]}}")
    return found


def _print_at(found: list[Json], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = []
    for one in found:
        until = _local(one["until"]) if one["until"] else "further notice"
        rows.append((one["schedule"], *_names(one), until, _names({"people": one["next"]})[0] if one["next"] else ""))
    print_table(("schedule", "on call", "because", "until", "then"), rows)


def _names(one: Json) -> tuple[str, str]:
    return ", ".join(person["name"] for person in one["people"]) or "nobody", str(one.get("why", ""))


def _local(text: str) -> str:
    """An instant on the clocks of this machine."""
    return f"{datetime.fromisoformat(text).astimezone():%a %Y-%m-%d %H:%M %Z}"
