"""What a notification template sees of how an alert's value went on: numbers, and a curve made of letters.

There always is something to ask: without a curve the threshold and the value at firing may be known, and the rest is empty.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from evaluator.core.evaluation.curves import Curve
from evaluator.core.records import NotifiedAlert
from evaluator.templating.go.times import YEAR_ONE, Time
from evaluator.templating.go.values import SafeUrl, Struct

WIDTH: Final = 32  # columns of a curve of letters: fits on a telephone
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_NO_CURVE: Final = Curve()
_LOOSE: Final = frozenset({"Threshold", "AtFiring", "AtEnd", "Low", "High"})


def curve_of(alert: NotifiedAlert) -> Struct:
    """For templates: `alert.curve.blocks`. Values that are not known are nil, texts empty."""
    curve = alert.curve or _NO_CURVE
    drawn = len(curve.points) > 1
    values = [value for _, value in curve.points]
    at_firing = alert.annotations.at_firing
    threshold = curve.threshold
    members: dict[str, Any] = {
        "Op": threshold.op if threshold else "",
        "Threshold": threshold.value if threshold else None,
        "AtFiring": at_firing if at_firing is not None else curve.at(alert.starts_at),
        "AtEnd": curve.at(alert.ends_at) if alert.ends_at else None,
        "Low": min(values) if drawn else None,
        "High": max(values) if drawn else None,
        "Begin": _instant(curve.begin) if drawn else Time(YEAR_ONE),
        "End": _instant(curve.end) if drawn else Time(YEAR_ONE),
        "Blocks": blocks(curve) if drawn else "",
        "Picture": SafeUrl(f"cid:{alert.labels.fingerprint}@curve" if drawn else ""),
    }
    return Struct("template.Curve", members, _LOOSE)


def blocks(curve: Curve) -> str:
    """The curve in letters of eight heights; a dot where there is no value. The lowest and the highest are its own."""
    columns = _columns(curve)
    known = [value for value in columns if value is not None]
    low, high = min(known), max(known)
    top = len(_BLOCKS) - 1
    return "".join("·" if value is None else _BLOCKS[_height(value, low, high, top)] for value in columns)


def _columns(curve: Curve) -> list[float | None]:
    """The value that is the farthest from the last column's, so that no peak falls between two columns."""
    width = curve.end - curve.begin
    columns: list[float | None] = [None] * WIDTH
    for at, value in curve.points:
        place = min(1.0, max(0.0, (at - curve.begin) / width)) if width > 0 else 0.0
        position = min(WIDTH - 1, int(place * WIDTH))
        present, former = columns[position], columns[position - 1] if position else None
        if present is None or (former is not None and abs(value - former) > abs(present - former)):
            columns[position] = value
    return columns


def _height(value: float, low: float, high: float, top: int) -> int:
    span = high - low
    return round((value - low) / span * top) if 0 < span < float("inf") else top // 2


def _instant(seconds: float) -> Time:
    return Time(datetime.fromtimestamp(seconds, UTC))
