"""`evaluator incidents`: who is chased about what, and what people do about it.

Whoever types is somebody: `--as` says who, else the user of this machine. Every action says in one line how the incident stands
then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from evaluator.cli.client import DEFAULT_URL, Token, Url, ask, done, fetch
from evaluator.cli.incident_words import outcome, present, row, story
from evaluator.cli.options import As, AsJson
from evaluator.cli.output import fail, print_json, print_line, print_table
from evaluator.cli.silence_words import author, matcher_texts, read_span

app = typer.Typer(no_args_is_help=True, help="Incidents: who is chased about what, and what people do about it.")

PATH = "/api/evaluator/v1/incidents"

Number = Annotated[int, typer.Argument(help="The incident, as `list` prints it.")]
Note = Annotated[str, typer.Option("--note", help="Why; it stands in the timeline.")]


@app.command("list")
def list_incidents(
    matchers: Annotated[list[str] | None, typer.Argument(help="As in component=api; all must hold.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="triggered, acked, snoozed, resolved or all; repeatable.")] = None,
    severity: Annotated[list[str] | None, typer.Option(help="Only this severity; repeatable.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest ones.")] = 100,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List open incidents, the newest first; with --state, others too."""
    wanted = {"state": state or [], "severity": severity or [], "filter": matcher_texts(matchers or []), "limit": [str(limit)]}
    query = urlencode([(name, text) for name, texts in wanted.items() for text in texts])
    found = ask(url, f"{PATH}?{query}", token)
    if as_json:
        print_json(found)
        return
    now = present()
    print_table(("ID", "State", "Severity", "Level", "What", "Owner", "Opened", "Next"), (row(one, now) for one in found))


@app.command()
def show(number: Number, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Tell the story of an incident: how it stands, who was told, and what became of it."""
    found = ask(url, f"{PATH}/{number}", token)
    if as_json:
        print_json(found)
        return
    for line in story(found, present()):
        print_line(line)


@app.command()
def ack(
    number: Number,
    lasts: Annotated[str, typer.Option("--for", help="How long it counts, as in 4h; as the policy says if not given.")] = "",
    note: Note = "",
    person: As = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Acknowledge: you are on it, and nobody else is called. Again: still on it."""
    _act(url, token, number, "ack", person, as_json, duration=_span(lasts, "--for"), note=note)


@app.command()
def unack(
    number: Number, note: Note = "", person: As = None, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False
) -> None:
    """Let go of it; the ladder begins anew."""
    _act(url, token, number, "unack", person, as_json, note=note)


@app.command()
def snooze(
    number: Number,
    duration: Annotated[str, typer.Argument(help="As in 1h.")],
    note: Note = "",
    person: As = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Put it off for a while; if it still fires then, the ladder begins anew."""
    _act(url, token, number, "snooze", person, as_json, duration=_span(duration, "DURATION"), note=note)


@app.command()
def escalate(
    number: Number, note: Note = "", person: As = None, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False
) -> None:
    """Call the next level now."""
    _act(url, token, number, "escalate", person, as_json, note=note)


@app.command()
def assign(
    number: Number,
    to: Annotated[str, typer.Argument(help="The key of a person.")],
    person: As = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Make it somebody's."""
    _act(url, token, number, "assign", person, as_json, to=to)


@app.command()
def resolve(
    number: Number, note: Note = "", person: As = None, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False
) -> None:
    """End it although its alerts may fire."""
    _act(url, token, number, "resolve", person, as_json, note=note)


@app.command("note")
def write_note(
    number: Number,
    text: Annotated[str, typer.Argument(help="What is to stand in the timeline.")],
    person: As = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Write something into the timeline."""
    _act(url, token, number, "note", person, as_json, note=text)


@app.command("label")
def say_worth(
    number: Number,
    worth: Annotated[str, typer.Argument(help="useful, false_positive, not_actionable, duplicate or poor_details.")],
    person: As = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Say whether it was worth waking somebody for."""
    _act(url, token, number, "label", person, as_json, label=worth)


@app.command()
def silence(
    number: Number,
    duration: Annotated[str, typer.Argument(help="As in 2h, which it is if not given.")] = "",
    until_resolved: Annotated[bool, typer.Option("--until-resolved", help="Until its alerts are over.")] = False,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    confirm: Annotated[bool, typer.Option("--confirm", help="Set it though it is broad.")] = False,
    person: As = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Silence its alerts for a while, receivers and all. Prints the id of the silence."""
    wish = {"by": author(person), "comment": comment, "confirm": confirm, "until_resolved": until_resolved}
    wish |= {"duration": _span(duration, "DURATION")}
    made = done(url, "POST", f"{PATH}/{number}/silence", token, wish)
    print_json(made) if as_json else print(made["id"])


@app.command()
def review(
    number: Number,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write it; on the terminal if not given.")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Write the review of an incident, in Markdown: what is known of it, and the questions that are open."""
    text = fetch(url, f"{PATH}/{number}/review", token)
    if output is None:
        print(text, end="")
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{output}: {error.strerror}; name another file with --output")


def _act(url: str, token: str | None, number: int, action: str, person: str | None, as_json: bool, **more: str) -> None:
    given = {name: text for name, text in more.items() if text}
    found = done(url, "POST", f"{PATH}/{number}/{action}", token, {"by": author(person), **given})
    print_json(found) if as_json else print_line(outcome(found, present()))


def _span(text: str, option: str) -> str:
    return read_span(text, option) if text else ""
