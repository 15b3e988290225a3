"""`evaluator oncall override`: somebody takes over from somebody else for a while.

`add` prints the id and nothing else on standard output, so that a script can keep it; what is odd about it is said on standard
error. Times without an offset are on the clocks of the schedule, since that is what people who swap shifts speak of.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from evaluator.cli.client import DEFAULT_URL, Token, Url, ask, delete_all, done
from evaluator.cli.options import As, AsJson
from evaluator.cli.output import print_json, print_table
from evaluator.cli.silence_words import author, clock, read_span

app = typer.Typer(no_args_is_help=True, help="Somebody takes over from somebody else for a while.")

PATH = "/api/evaluator/v1/oncall/overrides"
Json = dict[str, Any]


@app.command()
def add(
    schedule: Annotated[str, typer.Argument(help="The schedule.")],
    stand_in: Annotated[str, typer.Option("--with", help="Who is on call; nobody if not given.")] = "",
    replace: Annotated[str, typer.Option(help="Who is stood in for; whoever is on call if not given.")] = "",
    start: Annotated[str, typer.Option("--from", help="As in 2026-03-02T09:00, on the schedule's clocks; now.")] = "",
    to: Annotated[str, typer.Option(help="When it ends.")] = "",
    lasts: Annotated[str, typer.Option("--for", help="How long it lasts, as in 8h.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    person: As = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody take over. Prints the id."""
    if lasts:
        read_span(lasts, "--for")
    wish = {"schedule": schedule, "replace": replace, "with": stand_in, "reason": reason, "createdBy": author(person)}
    times = {"from": start, "to": to, "duration": lasts}
    said = done(url, "POST", PATH, token, {**wish, **{key: text for key, text in times.items() if text}})
    for remark in said["remarks"]:
        print(f"evaluator: {remark}", file=sys.stderr)
    print_json(said) if as_json else print(said["id"])


@app.command("list")
def list_overrides(
    schedule: Annotated[str | None, typer.Option("--schedule", help="Only of this schedule.")] = None,
    over: Annotated[bool, typer.Option("--over", help="Those that are over as well.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List overrides that last or are to come."""
    query = urlencode({**({"schedule": schedule} if schedule else {}), **({"over": "true"} if over else {})})
    found = ask(url, f"{PATH}?{query}" if query else PATH, token)
    if as_json:
        print_json(found)
        return
    print_table(("ID", "Schedule", "State", "From", "To", "Instead of", "On call", "By", "Reason"), map(_row, found))


@app.command()
def remove(
    ids: Annotated[list[str], typer.Argument(help="Ids, as `list` prints them.")], url: Url = DEFAULT_URL, token: Token = None
) -> None:
    """Take overrides back; one that has begun ends now."""
    delete_all(url, PATH, ids, token)


def _row(one: Json) -> tuple[str, ...]:
    by = "configuration" if one["configured"] else one["createdBy"]
    who = one["replace"] or "whoever is on call", one["with"] or "nobody"
    return (one["id"] or "", one["schedule"], one["state"], clock(one["from"]), clock(one["to"]), *who, by, one["reason"])
