"""`evaluator maintenance`: somebody works on something, and nobody is chased for it. `start` prints the id and nothing else."""

from __future__ import annotations

import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer

from evaluator.cli.client import DEFAULT_URL, Token, Url, ask, delete_all, done
from evaluator.cli.options import As, AsJson
from evaluator.cli.output import counted, fail, print_json, print_table
from evaluator.cli.silence_words import author, clock, matcher_texts, matchers_text, read_instant, read_span

app = typer.Typer(no_args_is_help=True, help="Maintenance: while it lasts, nobody is chased for what it is of.")

PATH = "/api/evaluator/v1/maintenance"
For = Annotated[str, typer.Option("--for", help="How long it lasts, as in 2h; of what is on, from now.")]
Until = Annotated[str, typer.Option(help="When it ends, as in 2030-01-31T22:00.")]
Reason = Annotated[str, typer.Option(help="What is being done.")]
Json = dict[str, Any]


@app.command("list")
def list_maintenance(url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """List what is being worked on, and what is planned."""
    found = ask(url, PATH, token)
    if as_json:
        print_json(found)
        return
    print_table(("ID", "State", "Of", "Starts", "Ends", "By", "Reason", "Holds"), map(_row, found))


@app.command()
def start(
    matchers: Annotated[list[str] | None, typer.Argument(help="Of what: as in cluster=eu; all must hold.")] = None,
    component: Annotated[str, typer.Option(help="Of this component.")] = "",
    everything: Annotated[bool, typer.Option("--everything", help="Of everything.")] = False,
    lasts: For = "",
    until: Until = "",
    begin: Annotated[str, typer.Option("--from", help="When it begins; now if not given.")] = "",
    reason: Reason = "",
    person: As = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Begin or plan maintenance. Prints the id."""
    if not reason:
        fail("say what is being done with --reason; whoever wonders at night will read it")
    begins = {"starts_at": read_instant(begin, "--from")} if begin else {}
    of = {"everything": everything, "matchers": matcher_texts(matchers or [])} | ({"component": component} if component else {})
    said = done(url, "POST", PATH, token, {"by": author(person), "reason": reason, **of, **begins, **_times(lasts, until)})
    if as_json:
        print_json(said)
        return
    print(said["id"])
    held = f"{counted(len(said['holds']), 'incident')} now" if said["state"] == "active" else f"from {clock(said['starts_at'])}"
    print(f"{_holds(said)}, {held}", file=sys.stderr)


@app.command()
def update(
    name: Annotated[str, typer.Argument(metavar="ID", help="Id, as `list` prints it.")],
    lasts: For = "",
    until: Until = "",
    reason: Reason = "",
    person: As = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Let maintenance last longer or end sooner, or say better what is done."""
    changes = _times(lasts, until) | ({"reason": reason} if reason else {})
    if not changes:
        fail("say what is to change: --for, --until or --reason")
    said = done(url, "PATCH", f"{PATH}/{quote(name, safe='')}", token, {"by": author(person), **changes})
    print_json(said) if as_json else print(_holds(said), file=sys.stderr)


@app.command()
def end(
    ids: Annotated[list[str], typer.Argument(help="Ids, as `list` prints them.")], url: Url = DEFAULT_URL, token: Token = None
) -> None:
    """End maintenance, or take back what is planned; what it held is looked at again."""
    delete_all(url, PATH, ids, token)


def _times(lasts: str, until: str) -> Json:
    """When it ends, as far as that is said."""
    span = {"duration": read_span(lasts, "--for")} if lasts else {}
    return span | ({"ends_at": read_instant(until, "--until")} if until else {})


def _holds(one: Json) -> str:
    return f"holds {_of(one)} until {clock(one['ends_at'])}"


def _of(one: Json) -> str:
    return matchers_text([one["matchers"]]) if one["matchers"] else "everything"


def _row(one: Json) -> tuple[str, ...]:
    holds = ", ".join(map(str, one["holds"]))
    return (
        one["id"],
        one["state"],
        _of(one),
        clock(one["starts_at"]),
        clock(one["ends_at"]),
        one["author"],
        one["reason"],
        holds,
    )
