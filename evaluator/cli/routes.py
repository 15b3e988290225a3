"""`evaluator routes`: the tree, and where an alert would go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from evaluator.cli.output import fail, print_json, print_table, stdout
from evaluator.cli.reading import Source, read_or_fail
from evaluator.core.durations import format_duration
from evaluator.core.labels import Labels
from evaluator.core.routing import Route

app = typer.Typer(no_args_is_help=True, help="The route tree.")
Config = Annotated[Path | None, typer.Option(help="The configuration file; evaluator.yml if it is there.")]


@app.command()
def show(config: Config = None, as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False) -> None:
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
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
) -> None:
    """Say which receivers an alert with these labels reaches, and by which routes."""
    alert = Labels(dict(_pair(text) for text in labels))
    taken = list(read_or_fail(Source(config)).route.match(alert))
    if as_json:
        print_json([{**_json(route, deep=False), "groupKey": route.group_key(alert)} for route in taken])
        return
    rows = ((one.receiver, one.key, str(one.group_labels(alert)), _clocks(one)) for one in taken)
    print_table(("Receiver", "Route", "Group", "Wait, interval, repeat"), rows)


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
    }
    return {**shown, "routes": [_json(child) for child in route.routes]} if deep else shown
