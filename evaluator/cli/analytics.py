"""`evaluator analytics`: how well people are served, in figures or as the report that is sent every week."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from evaluator.cli.client import DEFAULT_URL, Token, Url, ask, fetch
from evaluator.cli.options import AsJson
from evaluator.cli.output import counted, fail, print_json, print_line, print_table
from evaluator.cli.silence_words import clock
from evaluator.core.analytics.report import cells
from evaluator.core.analytics.samples import Sample
from evaluator.core.labels import Labels

PATH = "/api/evaluator/v1/analytics"
TIMES = {
    "detect": "threshold to incident (TTD)",
    "notify": "incident to first page (TTN)",
    "acknowledge": "first page to answer (TTA)",
    "acknowledge_from_start": "incident to answer",
    "resolve": "incident to end (TTR)",
}
Json = dict[str, Any]


class What(StrEnum):
    """Figures, or the report in Markdown."""

    FIGURES = "figures"
    REPORT = "report"


def analytics(
    what: Annotated[What, typer.Argument(help="Figures, or the report that is sent every week.")] = What.FIGURES,
    since: Annotated[str, typer.Option(help="How far back, as in 30d, or a time.")] = "7d",
    until: Annotated[str, typer.Option(help="Until when, likewise; until now if not given.")] = "",
    zone: Annotated[str, typer.Option("--time-zone", help="Whose clock the report shows.")] = "UTC",
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print for spreadsheets: a line for each figure.")] = False,
) -> None:
    """How soon people are told and answer, who is woken, and by what: figures with how many they are of."""
    if as_json and as_csv:
        fail("--json or --csv, not both")
    wanted = {"since": since, **({"until": until} if until else {})}
    if what is What.REPORT:
        print(fetch(url, f"{PATH}/report?{urlencode({**wanted, 'time_zone': zone})}", token), end="")
        return
    found = ask(url, f"{PATH}?{urlencode(wanted)}", token)
    if as_json:
        print_json(found)
    elif as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([("figure", "value"), *flat(found)])
    else:
        _print(found)


def flat(found: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every figure with its place, as in `acknowledge.median_seconds`; what is not known is empty."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from flat(value, f"{name}.{key}" if name else key)
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from flat(value, f"{name}.{number}")
    else:
        yield name, "" if found is None else str(found)


def _print(found: Json) -> None:
    left_out = f", {found['excluded']} more left out (drills, closed as stale)" if found["excluded"] else ""
    stretch = f"from {clock(found['since'])} until {clock(found['until'])}"
    print_line(f"{counted(found['incidents'], 'incident')} {stretch}{left_out}")
    if not found["incidents"]:
        _print_alerts(found)
        return
    again = f"{found['escalated']} climbed above the first level, {found['climbed_again']} were climbed more than once"
    print_line(f"{again}, {len(found['flapping'])} began again")
    print_line("")
    rows = ((said, *cells(_sample(found[name]))) for name, said in TIMES.items())
    print_table(("Time", "n", "Median", "p90", "Mean", "Never", "Left out"), rows)
    _print_people(found)
    _print_rules(found)
    parts = ", ".join(f"{name} {points:g}" for name, points in found["fatigue"]["parts"].items())
    print_line("")
    print_line(f"Fatigue: {found['fatigue']['score']:g} of 100 ({parts})")
    _print_alerts(found)
    if found["unacknowledged"]:
        numbers = ", ".join(str(one["id"]) for one in found["unacknowledged"])
        print_line(f"Nobody answered: {numbers}")


def _print_people(found: Json) -> None:
    if found["people"]:
        print_line("")
        names = ("business", "evening", "sleep", "weekend")
        rows = (
            (one["person"], *map(str, (one["pages"], one["interruptions"], *(one["parts"].get(part, 0) for part in names))))
            for one in found["people"]
        )
        print_table(("Person", "Pages", "Interruptions", *map(str.title, names)), rows)


def _print_rules(found: Json) -> None:
    print_line("")
    rows = (
        (one["rule"], str(one["incidents"]), str(one["pages"]), f"{one['share']:.0%}", _worth(one["noise"]))
        for one in found["rules"]
    )
    print_table(("Rule", "Incidents", "Pages", "Share", "Worth it"), rows)


def _print_alerts(found: Json) -> None:
    """What alerts, rules and schedules came to, where there is anything to say."""
    alerts, dead = found["alerts"], found["dead_rules"]
    restless = [("flaps", f"{one['flap_score']:g}%, began {one['began']} times", one["labels"]) for one in alerts["flapping"]]
    restless += [("chatters", f"began {one['began']} times", one["labels"]) for one in alerts["chattering"]]
    restless += [("fires on", f"since {clock(one['firing_since'])}", one["labels"]) for one in alerts["stale"]]
    if restless:
        print_line("")
        print_table(("Alert", "", ""), ((str(Labels(labels)), what, how) for what, how, labels in restless))
    uncovered = [one for one in found["coverage"] if one["share"] is not None and one["share"] < 1]
    if uncovered:
        print_line("")
        print_table(("Schedule", "Covered"), ((one["schedule"], f"{one['share']:.2%}") for one in uncovered))
    if dead["rules"]:
        print_line("")
        print_table(("Has not fired for half a year", "Since"), ((one["rule"], clock(one["since"])) for one in dead["rules"]))
    floods = [(one["person"], clock(at)) for one in found["people"] for at in one["floods"]]
    if floods:
        print_line("")
        print_table(("More than ten pages in ten minutes", "From"), floods)


def _worth(noise: Json) -> str:
    """Between which shares of what a rule says was worth it."""
    if noise["precision_low"] is None:
        return f"not enough data ({noise['labelled']} labelled)"
    return f"{noise['precision_low']:.0%} to {noise['precision_high']:.0%}"


def _sample(found: Json) -> Sample:
    spans = (_span(found[f"{name}_seconds"]) for name in ("median", "p90", "mean"))
    return Sample(found["n"], found["never"], found["excluded"], *spans)


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
