"""Which silences may match an alert, without asking each of them.

Nearly every silence demands some label to equal a value. Each matcher set is filed under one such demand, the one that fewest
others are filed under; an alert is then tested against the sets filed under its own labels, and those that demand no value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evaluator.core.labels import Labels, MatchOp
from evaluator.core.silence import MatcherSet

_Demand = tuple[str, str] | None
_Entry = tuple[str, int]


class SilenceIndex:
    """Matcher sets by id, found by label."""

    def __init__(self) -> None:
        self._files: dict[_Demand, dict[_Entry, MatcherSet]] = {None: {}}
        self._demands: dict[str, tuple[_Demand, ...]] = {}

    def add(self, name: str, matcher_sets: Iterable[MatcherSet]) -> None:
        """File the sets of a silence; a silence that is filed already is filed anew."""
        self.remove(name)
        demands = []
        for number, matchers in enumerate(matcher_sets):
            demand = self._rarest_demand(matchers)
            self._files.setdefault(demand, {})[name, number] = matchers
            demands.append(demand)
        self._demands[name] = tuple(demands)

    def remove(self, name: str) -> None:
        """Forget a silence; nothing happens when it is not filed."""
        for number, demand in enumerate(self._demands.pop(name, ())):
            del self._files[demand][name, number]
            if demand is not None and not self._files[demand]:
                del self._files[demand]

    def candidates(self, labels: Labels) -> Iterator[tuple[str, MatcherSet]]:
        """Id and set of everything that may match `labels`: all that does, and little that does not."""
        for demand in (None, *labels.items()):
            for (name, _), matchers in self._files.get(demand, {}).items():
                yield name, matchers

    def _rarest_demand(self, matchers: MatcherSet) -> _Demand:
        demands = [(m.name, m.value) for m in matchers if m.op is MatchOp.EQUAL and m.value]
        return min(demands, key=lambda demand: len(self._files.get(demand, ())), default=None)
