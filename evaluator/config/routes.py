"""The route tree as it is written, made into one where every node has everything that it inherits.

What is inherited, what is refused and in which words follows Alertmanager. One thing is added: a configuration without
receivers has one that prints, or none but the Alertmanagers, and one without a route sends everything to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pydantic import Field

from evaluator.config.inhibition import read_inhibit_rules
from evaluator.config.matching import MatchModel, all_matchers, is_label_name
from evaluator.config.models import items, read
from evaluator.config.nodes import Listing, Node, Scalar, Table
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.config.receivers import CONSOLE
from evaluator.config.scalars import Flag, Span, Text
from evaluator.config.texts import check_notification_texts
from evaluator.core.durations import format_duration
from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.matchers import format_matchers
from evaluator.core.routing.routing import Route

_EVERY_LABEL = "..."


class RouteModel(MatchModel):
    """A node of the tree. Its children are read one by one, so that a mistake in one does not hide those in others."""

    TITLE = "route"

    name: Text = ""
    receiver: Text = ""
    group_by: list[Text] | None = None
    continue_: Flag = Field(default=False, alias="continue")
    routes: Any = None
    group_wait: Span | None = None
    group_interval: Span | None = None
    repeat_interval: Span | None = None
    mute_time_intervals: list[Text] = Field(default_factory=list)
    active_time_intervals: list[Text] = Field(default_factory=list)
    labels: dict[str, Text] = Field(default_factory=dict)
    escalation: Text | None = None
    inhibit_rules: Any = None
    dry_run: Flag | None = None


@frozen
class Names:
    """What routes may refer to. own_receivers: the file has receivers, so none is made up; else `made_up` is one's name."""

    receivers: Collection[str]
    intervals: Collection[str]
    own_receivers: bool
    retention: timedelta
    made_up: str = CONSOLE.name
    escalations: Collection[str] = ()


def read_route(node: Node | None, missing: Position, names: Names, reading: Reading) -> Route:
    """The tree below `route`. missing: where to complain that there is none."""
    if node is None:
        if names.own_receivers:
            reading.problems.error(missing, "no routes provided", 'add "route: {receiver: NAME}"')
        return Route(names.made_up)
    model = _model(node, reading)
    if not isinstance(node, Table):
        return Route(CONSOLE.name)
    _check_root(model, node, names, reading)
    _check_route_names(node, reading)
    made_up = "" if names.own_receivers else CONSOLE.name
    return _route(model, node, Route(made_up), Route(model.receiver or made_up), names, reading)


def _model(node: Node, reading: Reading) -> RouteModel:
    return read(RouteModel, node, reading.problems) or RouteModel()


def _check_root(model: RouteModel, node: Table, names: Names, reading: Reading) -> None:
    problems = reading.problems
    receiver = node.child("receiver")
    if names.own_receivers and (receiver is None or (isinstance(receiver, Scalar) and not receiver.text)):
        problems.error(node.at("receiver"), "root route must specify a default receiver", "add receiver")
    for key in ("match", "match_re", "matchers"):
        if any(getattr(model, key)):  # an empty text among `matchers` is none
            problems.error(node.key(key), "root route must not have any matchers", "write them on a route below it")
    for key, words in (("mute_time_intervals", "mute time intervals"), ("active_time_intervals", "active time intervals")):
        if getattr(model, key):
            problems.error(node.key(key), f"root route must not have any {words}", "write them on a route below it")
    if model.continue_:
        problems.error(node.key("continue"), "cannot have continue in root route", "remove it")


def _check_route_names(node: Table, reading: Reading) -> None:
    known = set[str]()
    for name in _route_names(node):
        if name.text in known:
            reading.problems.error(name.position, f'route name "{name.text}" is not unique', "rename one of the routes")
        known.add(name.text)


def _route_names(node: Node) -> Iterator[Scalar]:
    """As they are written, of a node and all below it."""
    if not isinstance(node, Table):
        return
    name, routes = node.child("name"), node.child("routes")
    if isinstance(name, Scalar) and name.text:
        yield name
    for child in routes.items if isinstance(routes, Listing) else ():
        yield from _route_names(child)


def _route(model: RouteModel, node: Table, above: Route, named: Route, names: Names, reading: Reading) -> Route:
    """A node with what it inherits from `above`, and its children. named: a route with its key, id and matchers."""
    _check_names(model, node, names, reading)
    _check_intervals(model, node, reading)
    if (labels := node.child("labels")) is not None:
        check_notification_texts(labels, "", reading.problems)
    here = replace(
        named,
        receiver=model.receiver or above.receiver,
        continues=model.continue_,
        group_by=_group_by(model, node, above, reading),
        group_wait=_own(model.group_wait, above.group_wait),
        group_interval=_own(model.group_interval, above.group_interval),
        repeat_interval=_own(model.repeat_interval, above.repeat_interval),
        mute_time_intervals=tuple(model.mute_time_intervals),
        active_time_intervals=tuple(model.active_time_intervals),
        inhibit_rules=read_inhibit_rules(node, reading),
        labels=Labels({**above.labels, **model.labels}),
        escalation=above.escalation if model.escalation is None else model.escalation,
        dry_run=above.dry_run if model.dry_run is None else model.dry_run,
    )
    if model.dry_run and not here.escalation:
        problem = "a dry run without escalation: there is nothing to rehearse"
        reading.problems.error(node.at("dry_run"), problem, "add escalation, or remove dry_run")
    _warn_of_timers(here, model, node, names, reading)
    return replace(here, routes=_children(node, here, names, reading))


def _own(own: timedelta | None, inherited: timedelta) -> timedelta:
    return inherited if own is None else own


def _children(node: Table, here: Route, names: Names, reading: Reading) -> tuple[Route, ...]:
    routes = []
    twins: Counter[str] = Counter()
    for child in items(node, "routes", reading.problems):
        model = _model(child, reading)
        if isinstance(child, Table):
            matchers = all_matchers(model, child, reading)
            text = format_matchers(matchers)
            twins[text] += 1
            number = f"#{twins[text]}" if twins[text] > 1 else ""
            identity = f"[{model.name}]" if model.name else f"{here.id}/{text}{number}"
            named = Route("", key=f"{here.key}/{text}", id=identity, matchers=matchers)
            routes.append(_route(model, child, here, named, names, reading))
    return tuple(routes)


def _check_names(model: RouteModel, node: Table, names: Names, reading: Reading) -> None:
    if model.receiver and model.receiver not in names.receivers:
        remedy = did_you_mean(model.receiver, names.receivers) or "add it to receivers"
        reading.problems.error(node.at("receiver"), f'undefined receiver "{model.receiver}" used in route', remedy)
    if model.escalation and model.escalation not in names.escalations:
        remedy = did_you_mean(model.escalation, names.escalations) or "add it to escalations"
        reading.problems.error(node.at("escalation"), f'undefined escalation "{model.escalation}" used in route', remedy)
    for key in ("mute_time_intervals", "active_time_intervals"):
        for number, name in enumerate(getattr(model, key)):
            if name not in names.intervals:
                remedy = did_you_mean(name, names.intervals) or "add it to time_intervals"
                reading.problems.error(node.at(key, number), f'undefined time interval "{name}" used in route', remedy)
    for name in model.labels:
        if not is_label_name(name, reading.mode):
            reading.problems.error(_label(node, name), f'invalid label name "{name}" in route labels', "rename it")


def _label(node: Table, name: str) -> Position:
    table = node.child("labels")
    return table.key(name) if isinstance(table, Table) else node.at("labels")


def _check_intervals(model: RouteModel, node: Table, reading: Reading) -> None:
    for key in ("group_interval", "repeat_interval"):
        if getattr(model, key) == timedelta(0):
            reading.problems.error(node.at(key), f"{key} cannot be zero", "remove it, or write a duration such as 5m")


def _group_by(model: RouteModel, node: Table, above: Route, reading: Reading) -> frozenset[str] | None:
    """The labels to group by; None is all of them. An empty list is none, which is not the same as saying nothing."""
    if model.group_by is None:
        return above.group_by
    for number, name in enumerate(model.group_by):
        if name != _EVERY_LABEL and not is_label_name(name, reading.mode):
            message = f'invalid label name "{name}" in group_by list'
            reading.problems.error(node.at("group_by", number), message, "rename it")
        elif name != _EVERY_LABEL and name in model.group_by[:number]:
            reading.problems.error(node.at("group_by", number), f'duplicated label "{name}" in group_by', "remove one")
    if _EVERY_LABEL not in model.group_by:
        return frozenset(model.group_by)
    if len(set(model.group_by)) > 1:
        message = f'cannot have wildcard group_by ("{_EVERY_LABEL}") and other labels at the same time'
        reading.problems.error(node.at("group_by"), message, "write the wildcard alone, or only labels")
    return None


def _warn_of_timers(route: Route, model: RouteModel, node: Table, names: Names, reading: Reading) -> None:
    """Warn where a node sets timers that cannot do what they say; Alertmanager logs the same two."""
    repeat = format_duration(route.repeat_interval)
    if model.repeat_interval and route.repeat_interval > names.retention:
        message = f"repeat_interval {repeat} is longer than the retention of {format_duration(names.retention)}"
        reading.problems.warn(node.at("repeat_interval"), message, "notifications repeat when what was told is forgotten")
    if (model.repeat_interval or model.group_interval) and route.repeat_interval < route.group_interval:
        key = "repeat_interval" if model.repeat_interval else "group_interval"
        message = f"repeat_interval {repeat} is shorter than group_interval {format_duration(route.group_interval)}"
        reading.problems.warn(node.at(key), message, "notifications repeat no more often than every group_interval")
