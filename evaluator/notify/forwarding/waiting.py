"""What waits to be posted: alerts whose texts are finished late, and the queue that holds them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from evaluator.core.effects import ForwardedAlert
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.records import Pairs

Finish = Callable[[ForwardedAlert], Pairs]
"""Makes an alert's annotations."""


@dataclass(slots=True)
class Told:
    """An alert as all Alertmanagers are told of it, whatever they call it.

    Its texts are finished when the first of them is about to be told, so an alert that is dropped costs nothing, and a
    thousand that are due at once hold nobody up.
    """

    alert: ForwardedAlert
    finish: Finish = field(repr=False)
    _annotations: dict[str, str] | None = None

    @property
    def annotations(self) -> dict[str, str]:
        """The finished texts."""
        if self._annotations is None:
            self._annotations = dict(self.finish(self.alert))
        return self._annotations


@frozen
class Waiting:
    """An alert in a queue. labels: what it is called there."""

    labels: Labels
    told: Told


class Queue:
    """At most `capacity` alerts; where there is no room the oldest go."""

    def __init__(self, capacity: int) -> None:
        self._alerts: deque[Waiting] = deque(maxlen=capacity)
        self._capacity = capacity

    def __len__(self) -> int:
        return len(self._alerts)

    def put(self, alerts: Sequence[Waiting]) -> int:
        """Take alerts in; gives how many have gone for that."""
        gone = max(0, len(self._alerts) + len(alerts) - self._capacity)
        self._alerts.extend(alerts)
        return gone

    def take(self, most: int) -> list[Waiting]:
        """The oldest alerts, in the order in which they came."""
        return [self._alerts.popleft() for _ in range(min(most, len(self._alerts)))]
