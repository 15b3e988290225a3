"""Which silences may match an alert, without asking each of them.

Nearly every silence demands some label to equal a value. Each matcher set is filed under one such demand, the one that fewest
others are filed under; an alert is then tested against the sets filed under its own labels, and those that demand no value.
Only labels that anything is filed under are looked at: a thousand silences of one `instance` each cost one look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evaluator.core.labels import Labels, MatchOp, match_all
from evaluator.core.muting.silence import MatcherSet

_Demand = tuple[str, str]
_Filed = dict[tuple[str, int], MatcherSet]


class SilenceIndex:
    """Matcher sets by id, found by label."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, _Filed]] = {}
        self._undemanding: _Filed = {}
        self._demands: dict[str, tuple[_Demand | None, ...]] = {}

    def __len__(self) -> int:
        return len(self._demands)

    def add(self, name: str, matcher_sets: Iterable[MatcherSet]) -> None:
        """File the sets of a silence; a silence that is filed already is filed anew."""
        self.remove(name)
        demands = []
        for number, matchers in enumerate(matcher_sets):
            demand = self._rarest_demand(matchers)
            self._open(demand)[name, number] = matchers
            demands.append(demand)
        self._demands[name] = tuple(demands)

    def remove(self, name: str) -> None:
        """Forget a silence; nothing happens when it is not filed."""
        for number, demand in enumerate(self._demands.pop(name, ())):
            filed = self._open(demand)
            del filed[name, number]
            if demand is not None and not filed:
                self._close(demand)

    def candidates(self, labels: Labels) -> Iterator[tuple[str, MatcherSet]]:
        """Id and set of everything that may match `labels`: all that does, and little that does not."""
        for (name, _), matchers in self._undemanding.items():
            yield name, matchers
        for label, values in self._files.items():
            filed = values.get(labels.get(label, ""))
            if filed:
                for (name, _), matchers in filed.items():
                    yield name, matchers

    def matches(self, labels: Labels) -> bool:
        """Whether any silence matches `labels`, whether or not it is active. For most alerts the answer is a look and a no."""
        for label, values in self._files.items():
            filed = values.get(labels.get(label, ""))
            if filed and any(match_all(matchers, labels) for matchers in filed.values()):
                return True
        return bool(self._undemanding) and any(match_all(matchers, labels) for matchers in self._undemanding.values())

    def _open(self, demand: _Demand | None) -> _Filed:
        if demand is None:
            return self._undemanding
        label, value = demand
        return self._files.setdefault(label, {}).setdefault(value, {})

    def _close(self, demand: _Demand) -> None:
        label, value = demand
        del self._files[label][value]
        if not self._files[label]:
            del self._files[label]

    def _rarest_demand(self, matchers: MatcherSet) -> _Demand | None:
        demands = [(m.name, m.value) for m in matchers if m.op is MatchOp.EQUAL and m.value]
        return min(demands, key=self._crowd, default=None)

    def _crowd(self, demand: _Demand) -> int:
        label, value = demand
        return len(self._files.get(label, {}).get(value, ()))
