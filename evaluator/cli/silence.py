"""`evaluator silence`: silences and maintenance windows of a running evaluator.

The words are amtool's where it has them. `add` prints the id and nothing else on standard output, so that a script can keep it;
what the silence does is said on standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from evaluator.cli.client import DEFAULT_URL, INSIST, Token, Url, ask, done, refusal, send
from evaluator.cli.options import As, AsJson
from evaluator.cli.output import counted, fail, print_json, print_table
from evaluator.cli.silence_words import (
    alert_text,
    author,
    clock,
    instant,
    matcher_body,
    matcher_query,
    matchers_text,
    read_instant,
    read_matchers,
    read_span,
    window_text,
)
from evaluator.core.durations import parse_duration

app = typer.Typer(no_args_is_help=True, help="Silences and maintenance windows of a running evaluator.")

Json = dict[str, Any]
BASE = "/api/evaluator/v1"

Matchers = Annotated[list[str], typer.Argument(help="As in severity=page; all must hold. The first may be an alert's name.")]
Ids = Annotated[list[str], typer.Argument(help="Ids of silences or windows.")]
For = Annotated[str | None, typer.Option("--for", help="How long it lasts, as in 2h; of a window, each time.")]
Until = Annotated[str | None, typer.Option(help="When it ends, as in 2030-01-31T22:00; of a window, for good.")]
Start = Annotated[str | None, typer.Option(help="When it begins; now if not given.")]
Comment = Annotated[str | None, typer.Option(help="Why.")]
Every = Annotated[str | None, typer.Option(help="Make it a window that comes again: five fields of cron, @daily, or an RRULE.")]
Zone = Annotated[str | None, typer.Option(help="On whose clocks: an IANA name, as in Europe/Berlin; UTC if not given.")]
Resolved = Annotated[bool, typer.Option("--until-resolved", help="Until the alerts that it mutes now are over.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Set it though it is broad.")]


@app.command()
def add(
    matchers: Matchers,
    lasts: For = None,
    until: Until = None,
    start: Start = None,
    comment: Comment = None,
    person: As = None,
    every: Every = None,
    zone: Zone = None,
    name: Annotated[str | None, typer.Option(help="What a window is called.")] = None,
    until_resolved: Resolved = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Set nothing; say what it would mute now.")] = False,
    confirm: Confirm = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Silence alerts; with --every, again and again. Prints the id."""
    if not comment and not dry_run:
        fail("say why with --comment; whoever finds the silence will wonder")
    _check_times(lasts, until, every, until_resolved)
    if (zone or name) and not every:
        fail("--zone and --name are of windows; say when one begins with --every, as in --every '0 22 * * tue#2'")
    wish = {
        "matchers": [matcher_body(one) for one in read_matchers(matchers)],
        "createdBy": author(person),
        "confirm": confirm,
        **({"untilResolved": True} if until_resolved else {}),
        **_given(duration=lasts, endsAt=until, startsAt=start, comment=comment, schedule=every, location=zone, name=name),
    }
    if dry_run:
        _foretell(url, token, wish, as_json)
    else:
        _report(_set(url, token, "windows" if every else "silences", wish), as_json)


@app.command("list")
def list_silences(
    matchers: Annotated[list[str] | None, typer.Argument(help="Matchers that the silences themselves have.")] = None,
    expired: Annotated[bool, typer.Option("--expired", help="Those that are over, instead of the others.")] = False,
    within: Annotated[str | None, typer.Option(help="Only those that end, or ended, within so long.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List silences, and with them the occurrences of windows that are on or come next."""
    states = "active=false&pending=false" if expired else "expired=false"
    found = ask(url, f"{BASE}/silences?{states}&{matcher_query(matchers or [])}", token)
    if within:
        span, now = parse_duration(read_span(within, "--within")), datetime.now(UTC)
        found = [one for one in found if abs(instant(one["endsAt"]) - now) <= span]
    if as_json:
        print_json(found)
        return
    columns = ("ID", "State", "Matchers", "Starts", "Ends", "By", "Comment", "Mutes", "Window")
    print_table(columns, (_row(one) for one in found))


@app.command()
def windows(url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """List maintenance windows with the occurrence that is on or comes next."""
    found = ask(url, f"{BASE}/windows", token)
    if as_json:
        print_json(found)
        return
    columns = ("ID", "Name", "State", "Matchers", "Begins", "Zone", "Lasts", "Next", "Ends", "By", "Comment")
    print_table(columns, (_window_row(one) for one in found))


@app.command()
def expire(
    ids: Ids,
    person: As = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """End silences; ending a window ends its occurrence too, ending an occurrence leaves its window."""
    by = author(person)
    wrong = [error for name in ids if (error := _expire(url, token, name, by))]
    for error in wrong[:-1]:
        print(f"evaluator: {error}", file=sys.stderr)
    if wrong:
        fail(wrong[-1])


@app.command()
def update(
    ids: Ids,
    lasts: For = None,
    until: Until = None,
    start: Start = None,
    comment: Comment = None,
    person: Annotated[str | None, typer.Option("--as", help="Whose it is from now on; not changed if not given.")] = None,
    every: Every = None,
    zone: Zone = None,
    confirm: Confirm = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Change silences or windows; the rest stays as it is. Prints the ids, which are new where that cannot be."""
    changes = _given(
        duration=lasts, endsAt=until, startsAt=start, comment=comment, schedule=every, location=zone, createdBy=person
    )
    if not changes:
        fail("say what to change: --for, --until, --start, --comment; of a window also --every, --zone")
    for kind, former in _named(url, token, ids):
        _report(_set(url, token, kind, _edited(kind, former, changes, confirm)), as_json)


def _check_times(lasts: str | None, until: str | None, every: str | None, until_resolved: bool) -> None:
    if every and until_resolved:
        fail("--every and --until-resolved exclude each other: a window ends by its schedule")
    if every and not lasts:
        fail("say how long a window lasts each time with --for, as in --for 2h")
    if not lasts and not until and not until_resolved:
        fail("say how long with --for, as in --for 2h, when it ends with --until, or that it ends with --until-resolved")
    if lasts and until and not every:
        fail("--for and --until both say when it ends; give one of them")


_READERS = {"duration": ("--for", read_span), "endsAt": ("--until", read_instant), "startsAt": ("--start", read_instant)}


def _given(**options: str | None) -> Json:
    """The members of a wish that were given."""
    found = {key: text for key, text in options.items() if text}
    for key, (option, read) in _READERS.items():
        if key in found:
            found[key] = read(found[key], option)
    return found


def _named(url: str, token: str | None, ids: Iterable[str]) -> Iterator[tuple[str, Json]]:
    known = {kind: {one["id"]: one for one in ask(url, f"{BASE}/{kind}", token)} for kind in ("silences", "windows")}
    for name in ids:
        kind = next((kind for kind, found in known.items() if name in found), "")
        if not kind:
            fail(_unknown(name))
        yield kind, known[kind][name]


def _edited(kind: str, former: Json, changes: Json, confirm: bool) -> Json:
    """A wish for what there is, but for what is to change."""
    keys = ("id", "createdBy", "comment", "endsAt", "startsAt", "annotations", "schedule", "duration", "location", "name")
    wish = {key: former[key] for key in keys if former.get(key)}
    if kind == "silences" and "duration" in changes:
        del wish["endsAt"]
    first, *others = former["matcherSets"]
    return {**wish, "matchers": first, "alternatives": others, **changes, "confirm": confirm}


def _set(url: str, token: str | None, kind: str, wish: Json) -> Json:
    return done(url, "POST", f"{BASE}/{kind}", token, wish)


def _report(made: Json, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    print(made["id"])
    if "occurrences" in made:
        first = next(iter(made["occurrences"]), None)
        said = f"from {clock(first['startsAt'])} to {clock(first['endsAt'])}" if first else "never again"
    else:
        end = (
            f"until they are over, at the latest {clock(made['endsAt'])}"
            if made["untilResolved"]
            else f"until {clock(made['endsAt'])}"
        )
        said = f"{end}, {counted(made['mutes'], 'alert')} now"
    print(f"mutes {matchers_text(made['matcherSets'])} {said}", file=sys.stderr)


def _foretell(url: str, token: str | None, wish: Json, as_json: bool) -> None:
    """Say what would come of it; exit 1 when it would be refused."""
    seen = done(url, "POST", f"{BASE}/silences/preview", token, wish)
    if as_json:
        print_json(seen)
    else:
        _print_preview(seen)
    against = [*seen["problems"], *(f"{one['text']}; {one['remedy']}" for one in seen["objections"])]
    insisted = wish["confirm"] and seen["verdict"] == "confirm"
    if against and not insisted:
        fail("; ".join((*against, INSIST) if seen["verdict"] == "confirm" else against))


def _print_preview(seen: Json) -> None:
    left = seen["count"] - len(seen["alerts"])
    print(f"would mute {counted(seen['count'], 'alert')} now, {seen['already']} of them muted already")
    if seen["alerts"]:
        rows = ((one["fingerprint"], alert_text(one["labels"]), "muted" if _is_muted(one) else "") for one in seen["alerts"])
        print_table(("Fingerprint", "Alert", "Already"), rows)
    if left:
        print(f"and {left} more")
    for span in seen["occurrences"]:
        print(f"from {clock(span['startsAt'])} to {clock(span['endsAt'])}")


def _is_muted(one: Json) -> bool:
    return bool(one["silencedBy"]) or one["inhibited"]


def _expire(url: str, token: str | None, name: str, by: str) -> str:
    """End what has that id; what is wrong, or nothing."""
    for kind in ("silences", "windows"):
        code, said = send(url, "DELETE", f"{BASE}/{kind}/{quote(name, safe='')}?by={quote(by, safe='')}", token)
        if code != 404:
            return "" if code == 200 else refusal(said)
    return _unknown(name)


def _unknown(name: str) -> str:
    return f"there is neither a silence nor a window {name}; `evaluator silence list` prints their ids"


def _row(one: Json) -> tuple[str, ...]:
    by = "configuration" if one["configured"] else one["createdBy"]
    by += f", ended by {one['endedBy']}" if one["endedBy"] else ""
    times = clock(one["startsAt"]), clock(one["endsAt"])
    window = window_text(one["window"])
    return (one["id"], one["state"], matchers_text(one["matcherSets"]), *times, by, one["comment"], str(one["mutes"]), window)


def _window_row(one: Json) -> tuple[str, ...]:
    first = one["occurrences"][0]["startsAt"] if one["occurrences"] else None
    said = (one["schedule"], one["location"], one["duration"], clock(first), clock(one["endsAt"]))
    by = "configuration" if one["configured"] else one["createdBy"]
    by += f", ended by {one['endedBy']}" if one["endedBy"] else ""
    return (one["id"], one["name"], one["state"], matchers_text(one["matcherSets"]), *said, by, one["comment"])
