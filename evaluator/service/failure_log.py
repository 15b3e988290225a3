"""Says in the log when rules begin to fail, and when they work again.

An outage concerns every rule of a datasource; the first few that fail are named, and the rest are left to
`EvaluatorDatasourceDown`, the metrics and the API. What keeps failing is not said again.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.core.engine import Machine
from evaluator.core.events import Event, QueryFailed, QueryReturned, RangeFailed, RangeReturned
from evaluator.service.logs import log

NAMED = 3
"""How many rules that fail at the same time are named for each datasource."""


class FailureLog:
    """Remembers which rules fail, and of which of them that was said."""

    def __init__(self) -> None:
        self._failing: dict[str, bool] = {}
        self._named: dict[str, int] = {}

    def happened(self, events: Sequence[Event], machine: Machine) -> None:
        """Take note of how queries ended."""
        for event in events:
            match event:
                case QueryFailed() | RangeFailed() if event.rule not in self._failing:
                    self._failed(event, machine)
                case QueryReturned() | RangeReturned() if event.rule in self._failing:
                    self._works(event, machine)
                case _:
                    pass

    def _failed(self, event: QueryFailed | RangeFailed, machine: Machine) -> None:
        group = machine.group_of(event.rule)
        if group is None:
            return
        datasource = group.group.datasource
        named = self._named.get(datasource, 0) < NAMED
        self._failing[event.rule] = named
        if named:
            self._named[datasource] = self._named.get(datasource, 0) + 1
            rule, failure = group.rules[event.rule].rule.name, event.failure
            log.warning(
                "evaluation fails, its alerts stay as they are",
                rule=rule,
                datasource=datasource,
                kind=str(failure.kind),
                error=failure.message,
            )

    def _works(self, event: QueryReturned | RangeReturned, machine: Machine) -> None:
        named = self._failing.pop(event.rule)
        group = machine.group_of(event.rule)
        if named and group is not None:
            self._named[group.group.datasource] -= 1
            log.info("evaluation works again", rule=group.rules[event.rule].rule.name, datasource=group.group.datasource)
