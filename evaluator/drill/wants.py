"""What is wanted in a scenario, read from its blocks `wants`, `wants_alertmanager` and `shows`."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.config.models import items, read
from evaluator.config.nodes import Node, Table, find, kind_of, plain
from evaluator.config.problems import Problems
from evaluator.core.evaluation.rules import Position
from evaluator.core.labels import Labels
from evaluator.drill.cast import Cast
from evaluator.drill.scenario import Quiet, Show, ShownAlert, Want, WantedAlert, Wants
from evaluator.drill.scenario_models import ShowModel, WantedModel, WantModel

_STATUSES = {"": None, "firing": True, "resolved": False}


def read_wants(top: Table, key: str, cast: Cast, problems: Problems) -> Wants:
    """What each receiver is to be told; nothing where the block is absent."""
    node = top.child(key)
    if node is None:
        return Wants()
    if not isinstance(node, Table):
        said = f'"{key}": expected a mapping, found {kind_of(plain(node))}'
        problems.error(node.position, said, "write each receiver's name, and below it what it is to be told")
        return Wants()
    found = [one for name in node.values for one in _of_receiver(name, node, cast, problems)]
    return Wants(tuple(one for one in found if isinstance(one, Want)), tuple(one for one in found if isinstance(one, Quiet)))


def _of_receiver(name: str, table: Table, cast: Cast, problems: Problems) -> Iterator[Want | Quiet]:
    integration = cast.integration(name, table.key(name), problems)
    for node in items(table, name, problems):
        wanted = _wanted(integration, node, problems)
        if wanted is not None:
            yield wanted


def _wanted(integration: str, node: Node, problems: Problems) -> Want | Quiet | None:
    model = read(WantModel, node, problems)
    if model is None:
        return None
    said = [name for name in ("at", "between", "nothing") if getattr(model, name) is not None]
    if len(said) != 1:
        problems.error(node.position, "it is not said when", "write one of at, between and nothing")
        return None
    if model.nothing is not None:
        if model.alerts:
            problems.error(node.position, "alerts in a notification that is not to come", "remove them")
        return Quiet(integration, *model.nothing, node.position)
    if not model.alerts:
        problems.error(node.position, "a notification tells of at least one alert", "list its alerts")
    first, last = model.between or (model.at, model.at)
    assert first is not None
    assert last is not None
    alerts = tuple(_alert(one, find(node, "alerts", number).position, problems) for number, one in enumerate(model.alerts))
    return Want(integration, first, last, alerts, model.reason, node.position)


def _alert(model: WantedModel, position: Position, problems: Problems) -> WantedAlert:
    if model.status not in _STATUSES:
        problems.error(position, f'an alert is firing or resolved, not "{model.status}"')
    firing = _STATUSES.get(model.status)
    if firing and model.ends is not None:
        problems.error(position, "an alert that fires has no end", "remove ends, or write status: resolved")
    annotations = None if model.annotations is None else tuple(sorted(model.annotations.items()))
    fires = model.ends is None if firing is None else firing
    return WantedAlert(Labels(model.labels), fires, annotations, model.starts, model.ends)


def read_shows(top: Table, problems: Problems) -> tuple[Show, ...]:
    """What the API is to show, and when."""
    models = ((node, read(ShowModel, node, problems)) for node in items(top, "shows", problems))
    return tuple(
        Show(
            model.at,
            tuple(ShownAlert(Labels(one.labels), one.silenced, one.inhibited) for one in model.alerts),
            node.position,
        )
        for node, model in models
        if model is not None
    )
