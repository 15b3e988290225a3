"""`fallback` of receivers: who stands in for whom, and that it does not go round in a circle."""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.config.nodes import Table
from evaluator.config.problems import Problems, did_you_mean
from evaluator.core.receivers import Receiver


def check_fallbacks(receivers: Mapping[str, Receiver], nodes: Mapping[str, Table], problems: Problems) -> None:
    """Add a problem for each fallback that cannot be. nodes: the receivers as they stand in the file, by name."""
    told: set[str] = set()
    for name, receiver in receivers.items():
        if not receiver.fallback:
            continue
        place = nodes[name].at("fallback")
        following = _following(name, receivers)
        if receiver.fallback not in receivers:
            message = f'undefined receiver "{receiver.fallback}" used as fallback'
            problems.error(place, message, did_you_mean(receiver.fallback, receivers))
        elif following[-1] == name and name not in told:
            told.update(following)
            path = " -> ".join((name, *following))
            problems.error(place, f"fallbacks go round in a circle: {path}", "remove one of them")
        elif not receivers[receiver.fallback].integrations:
            problems.warn(place, f'the fallback "{receiver.fallback}" tells nobody', "name a receiver with an integration")
        elif _services(receivers[receiver.fallback]) <= _services(receiver):
            message = f'the fallback "{receiver.fallback}" tells nothing but what "{name}" tells, and fails when that does'
            problems.warn(place, message, "name a receiver with another destination")


def _services(receiver: Receiver) -> set[str]:
    return {one.destination.service for one in receiver.integrations if one.destination is not None}


def _following(name: str, receivers: Mapping[str, Receiver]) -> list[str]:
    """The fallbacks of a receiver one after the other, up to the last or to the first that came before."""
    path: list[str] = []
    current = receivers[name].fallback
    while current in receivers and current not in path:
        path.append(current)
        current = name if current == name else receivers[current].fallback
    return path
