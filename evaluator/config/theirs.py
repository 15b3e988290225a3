"""What of a configuration is Alertmanager's: for tools that read it, and refuse what they do not know.

Keys of ours are left out, and kinds of integrations with them; receivers that are left with nobody stay, for routes name them.
A range of a time interval that goes round, which Alertmanager refuses, stands as the two that it is. Of a night on some
weekdays these say a little less than is meant, for its morning counts as the next day's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from evaluator.config.globals import GlobalModel
from evaluator.config.nodes import Listing, Node, Scalar, Table
from evaluator.config.receivers import KINDS, made_up
from evaluator.core.muting.interval_texts import parse_months, parse_times, parse_weekdays

_SHOWN: Final = (
    *("global", "route", "receivers", "inhibit_rules", "templates", "time_intervals", "mute_time_intervals"),
    *("tracing", "event_recorder"),
)
_OURS_IN_ROUTES: Final = ("name", "escalation", "dry_run", "inhibit_rules")
_OURS_IN_GLOBAL: Final = tuple(name for name in GlobalModel.model_fields if name.startswith(("ntfy_", "twilio_")))
_OURS_IN_RECEIVERS: Final = ("fallback", "fallback_after", *(f"{name}_configs" for name, kind in KINDS.items() if kind.ours))
_OURS_IN_INTEGRATIONS: Final = {
    "webhook_configs": ("form", "secret", "secret_file"),
    "slack_configs": ("thread",),
    "telegram_configs": ("thread", "update_message"),
    "discord_configs": ("update_message",),
    "webex_configs": ("thread", "update_message"),
    "rocketchat_configs": ("thread",),
}
_OURS_EVERYWHERE: Final = ("rate_limit",)
_GOES_ROUND: Final[Mapping[str, tuple[Callable[[str], tuple[int, int]], str, str]]] = {
    "weekdays": (parse_weekdays, "sunday", "saturday"),
    "months": (parse_months, "january", "december"),
}


def theirs(top: Table) -> Table:
    """The configuration without what is ours. One without receivers or a route has those that are made up for it."""
    shown = {name: _block(name, top) for name in _SHOWN if name in top.values or name in ("route", "receivers")}
    return Table(shown, {}, top.position)


def _block(name: str, top: Table) -> Node:
    match name, top.child(name):
        case "route", node:
            return _route(node or Table({}, {}, top.position), _made_up(top) if top.child("receivers") is None else None)
        case "global", node:
            return _without(node or top.values[name], _OURS_IN_GLOBAL)
        case "receivers", Listing() as node:
            return _each(node, _receiver)
        case "receivers", _:
            return Listing((Table({"name": _made_up(top)}, {}, top.position),), top.position)
        case (("time_intervals" | "mute_time_intervals"), Listing() as node):
            return _each(node, partial(_changed, name="time_intervals", change=partial(_each, change=_element)))
        case _:
            return top.values[name]


def _made_up(top: Table) -> Scalar:
    return Scalar(made_up(top).name, top.position, plain=True)


def _route(node: Node, receiver: Scalar | None) -> Node:
    """A route and those below it. receiver: what it falls back on where that had to be made up."""
    here = _without(node, _OURS_IN_ROUTES)
    if isinstance(here, Table) and receiver is not None:
        here = Table({"receiver": receiver, **here.values}, here.keys, here.position)
    return _changed(here, "routes", partial(_each, change=partial(_route, receiver=None)))


def _receiver(node: Node) -> Node:
    here = _without(node, _OURS_IN_RECEIVERS)
    for name in here.values if isinstance(here, Table) else ():
        if name.endswith("_configs"):
            ours = (*_OURS_EVERYWHERE, *_OURS_IN_INTEGRATIONS.get(name, ()))
            here = _changed(here, name, partial(_each, change=partial(_without, names=ours)))
    return here


# -- time intervals -------------------------------------------------------------------------------------------------------


def _element(node: Node) -> Node:
    """An alternative of a time interval, with every range that goes round cut in two."""
    for name in _GOES_ROUND:
        node = _changed(node, name, partial(_cut, pieces=partial(_halves, name=name)))
    return _changed(node, "times", partial(_cut, pieces=_evening_and_morning))


def _halves(node: Node, name: str) -> Iterator[Node]:
    parse, first, last = _GOES_ROUND[name]
    if not isinstance(node, Scalar) or (bounds := parse(node.text))[0] <= bounds[1]:
        yield node
        return
    begin, _, end = node.text.partition(":")
    for text in (f"{begin}:{last}", f"{first}:{end}"):
        yield Scalar(text, node.position)


def _evening_and_morning(node: Node) -> Iterator[Node]:
    start, end = (node.child(key) if isinstance(node, Table) else None for key in ("start_time", "end_time"))
    if not isinstance(start, Scalar) or not isinstance(end, Scalar) or start.text < end.text:
        yield node
        return
    begins, ends = parse_times(start.text, end.text)
    pairs = ((start.text, "24:00"),) if begins < ends else ((start.text, "24:00"), ("00:00", end.text))
    for pair in pairs:
        times = zip(("start_time", "end_time"), pair, strict=True)
        yield Table({key: Scalar(text, node.position) for key, text in times}, {}, node.position)


# -- pieces ---------------------------------------------------------------------------------------------------------------


def _without(node: Node, names: tuple[str, ...]) -> Node:
    if not isinstance(node, Table):
        return node
    return Table({name: value for name, value in node.values.items() if name not in names}, node.keys, node.position)


def _changed(node: Node, name: str, change: Callable[[Node], Node]) -> Node:
    """A mapping with one value changed, if it has it."""
    if not isinstance(node, Table) or name not in node.values:
        return node
    return Table({**node.values, name: change(node.values[name])}, node.keys, node.position)


def _each(node: Node, change: Callable[[Node], Node]) -> Node:
    return _cut(node, lambda one: iter((change(one),)))


def _cut(node: Node, pieces: Callable[[Node], Iterator[Node]]) -> Node:
    """A list with pieces in the place of each item."""
    if not isinstance(node, Listing):
        return node
    return Listing(tuple(piece for item in node.items for piece in pieces(item)), node.position)
