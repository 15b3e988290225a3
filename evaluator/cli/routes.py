"""`evaluator routes`: the tree, and where an alert would go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from evaluator.cli.ladders import climb_of, json_of, rows_of
from evaluator.cli.options import AsJson
from evaluator.cli.output import counted, fail, print_json, print_line, print_table, stdout
from evaluator.cli.reading import Source, read_or_fail
from evaluator.core.durations import format_duration
from evaluator.core.labels import Labels
from evaluator.core.muting.muting import Mute, MuteKind, Muting
from evaluator.core.muting.silences import Silences
from evaluator.core.routing.route_paths import RoutePath, paths
from evaluator.core.routing.routing import Route
from evaluator.core.timestamps import rfc3339

_QUIET = {
    MuteKind.ACTIVE_INTERVAL: "outside of {}",
    MuteKind.MUTE_INTERVAL: "by {}",
}

app = typer.Typer(no_args_is_help=True, help="The route tree.")
Config = Annotated[Path | None, typer.Option(help="The configuration file; evaluator.yml if it is there.")]


@app.command()
def show(config: Config = None, as_json: AsJson = False) -> None:
    """Draw the tree with everything that holds at each node."""
    route = read_or_fail(Source(config)).route
    if as_json:
        print_json(_json(route))
    else:
        stdout().print(_tree(route))


@app.command("test")
def where(
    labels: Annotated[list[str], typer.Argument(help="The labels of an alert, as LABEL=VALUE.")],
    config: Config = None,
    at: Annotated[str | None, typer.Option(help="When: 2026-12-24T22:00:00+01:00, UTC without a zone; now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which receivers an alert with these labels reaches, by which routes, which are muted by the time of day, and whom the
    route's escalation reaches if it begins then.
    """
    alert, instant = Labels(dict(_pair(text) for text in labels)), _instant(at)
    settings = read_or_fail(Source(config))
    muting = Muting(Silences(), (), settings.route, settings.time_intervals)
    taken = [(path, muting.of_route(path.route, instant)) for path in paths(settings.route, alert)]
    climbs = [climb_of(settings, path.route, alert, instant) for path, _ in taken]
    if as_json:
        ladders = [{"escalation": json_of(climb)} for climb in climbs]
        print_json([_taken(path, alert, mute, instant) | ladder for (path, mute), ladder in zip(taken, ladders, strict=True)])
        return
    rows = ((*_row(path, alert), _quiet(mute)) for path, mute in taken)
    print_table(("Receiver", "Route", "Group", "Wait, interval, repeat", f"Muted at {rfc3339(instant)}"), rows)
    for climb in {climb.policy.name: climb for climb in climbs if climb is not None}.values():
        print_line(f"\nEscalation {climb.policy.name}, if it begins at {rfc3339(instant)}:")
        print_table(("Level", "After", "Tells"), rows_of(climb))


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is not a time; write 2026-12-24T22:00:00+01:00, or without a zone for UTC")
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _row(path: RoutePath, alert: Labels) -> tuple[str, str, str, str]:
    route = path.route
    return (route.receiver, str(path), str(route.group_labels(alert)), _clocks(route))


def _quiet(mute: Mute | None) -> str:
    return "no" if mute is None else _QUIET[mute.kind].format(", ".join(mute.names))


def _taken(path: RoutePath, alert: Labels, mute: Mute | None, at: datetime) -> dict[str, Any]:
    return {
        **_json(path.route, deep=False),
        "groupKey": path.route.group_key(alert),
        "path": [{"id": one.route.id, "matchers": one.matchers, "continue": one.route.continues} for one in path.steps],
        "at": rfc3339(at),
        "mutedBy": list(mute.names) if mute is not None else [],
        "mutedWhy": str(mute.kind) if mute is not None else "",
    }


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        fail(f"{text!r} is not a label; write LABEL=VALUE, as in severity=critical")
    return name, value.strip('"')


def _tree(route: Route) -> Tree:
    tree = Tree(_line(route))
    _grow(tree, route)
    return tree


def _grow(tree: Tree, route: Route) -> None:
    for child in route.routes:
        _grow(tree.add(_line(child)), child)


def _line(route: Route) -> Text:
    return Text("  ".join(_parts(route)))


def _parts(route: Route) -> Iterator[str]:
    yield ", ".join(str(matcher) for matcher in route.matchers) or "everything"
    yield f"-> {route.receiver}"
    yield "by all labels" if route.group_by is None else f"by {', '.join(sorted(route.group_by)) or 'nothing'}"
    yield _clocks(route)
    if route.active_time_intervals:
        yield f"active only during {', '.join(route.active_time_intervals)}"
    if route.mute_time_intervals:
        yield f"muted during {', '.join(route.mute_time_intervals)}"
    if route.inhibit_rules:
        yield counted(len(route.inhibit_rules), "inhibit rule")
    if route.escalation:
        yield f"escalation {route.escalation}"
    if route.continues:
        yield "(and goes on)"


def _clocks(route: Route) -> str:
    return ", ".join(format_duration(one) for one in (route.group_wait, route.group_interval, route.repeat_interval))


def _json(route: Route, deep: bool = True) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": route.id,
        "key": route.key,
        "receiver": route.receiver,
        "matchers": [str(matcher) for matcher in route.matchers],
        "continue": route.continues,
        "groupBy": None if route.group_by is None else sorted(route.group_by),
        "groupWait": format_duration(route.group_wait),
        "groupInterval": format_duration(route.group_interval),
        "repeatInterval": format_duration(route.repeat_interval),
        "activeTimeIntervals": list(route.active_time_intervals),
        "muteTimeIntervals": list(route.mute_time_intervals),
        "inhibitRules": len(route.inhibit_rules),
        "escalation": route.escalation or "",
    }
    return {**shown, "routes": [_json(child) for child in route.routes]} if deep else shown
