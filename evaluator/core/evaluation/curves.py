"""How the value that an alert is about went on around its firing, as far as that is known.

Looked up when a message is delivered, and never kept: the datasource has it.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime

from evaluator.core.frozen import frozen

Point = tuple[float, float]


@frozen
class Threshold:
    """What the value is compared with in the rule. op: as in PromQL, the value on its left."""

    op: str
    value: float


@frozen
class Curve:
    """The values of one series at equal steps from `begin` to `end`, Unix seconds; steps without a value are left out.

    points: instants and finite values, in order of time; empty when the datasource was not asked or did not answer in time.
    step: seconds. threshold: known without asking; None where the rule does not compare with a number.
    """

    threshold: Threshold | None = None
    points: tuple[Point, ...] = ()
    begin: float = 0.0
    end: float = 0.0
    step: float = 0.0

    def at(self, instant: datetime) -> float | None:
        """The value at the last step up to `instant`; None where there was none."""
        wanted = instant.timestamp()
        position = bisect_right(self.points, wanted, key=lambda point: point[0]) - 1
        if position < 0 or self.points[position][0] <= wanted - self.step:
            return None
        return self.points[position][1]
