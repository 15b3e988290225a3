"""A curve as a picture: the value, dashed where it fires, and shaded while the alert did.

The ground is transparent and the colours read on light and on dark, for nobody knows what it will be shown on. There are no
letters in it; whoever shows it writes the numbers beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice, pairwise

from evaluator.core.evaluation.curves import Curve
from evaluator.core.frozen import frozen
from evaluator.notify.neutral import one_line
from evaluator.notify.png import encode
from evaluator.notify.rendered import RenderedAlert, RenderedNotification

MOST = 3
"""Pictures in one message."""
WIDTH, HEIGHT = 1120, 192  # twice what is shown, for screens with fine pixels
_NOTHING, _LINE, _THRESHOLD, _FIRING = range(4)
_COLOURS = ((0, 0, 0, 0), (47, 129, 247, 255), (217, 48, 37, 255), (217, 48, 37, 44))
_DASH, _GAP = 16, 12
_LONGEST_GAP = 1.5  # steps; values farther apart are not connected


@frozen
class _Frame:
    """Where values and instants are in the picture, which is `scale` times the usual size. low, high: what it reaches over."""

    curve: Curve
    low: float
    high: float
    width: int
    height: int

    @property
    def thickness(self) -> int:
        """Of the line, to either side."""
        return max(1, self.height // 96)

    def x(self, instant: float) -> int:
        """The column of an instant; the first or the last one for what is outside."""
        span = self.curve.end - self.curve.begin
        place = (instant - self.curve.begin) / span if span > 0 else 0.0
        return round(min(1.0, max(0.0, place)) * (self.width - 1))

    def y(self, value: float) -> int:
        """The row of a value, from the top."""
        margin = 3 * self.thickness
        span = self.high / 2 - self.low / 2  # which never overflows
        place = (value / 2 - self.low / 2) / span if span > 0 else 0.5
        return margin + round((1.0 - place) * (self.height - 1 - 2 * margin))


def picture(alert: RenderedAlert, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """The alert's curve as a PNG; empty when there is nothing to draw."""
    curve = alert.curve
    if curve is None or len(curve.points) < 2:
        return b""
    threshold = curve.threshold.value if curve.threshold and math.isfinite(curve.threshold.value) else None
    known = [value for _, value in curve.points] + ([] if threshold is None else [threshold])
    frame = _Frame(curve, min(known), max(known), width, height)
    rows = [bytearray(width) for _ in range(height)]
    _shade(rows, frame.x(alert.starts_at.timestamp()), frame.x(alert.ends_at.timestamp() if alert.ends_at else curve.end))
    if threshold is not None:
        _dash(rows, frame.y(threshold), frame.thickness)
    for x, top, bottom in _line(frame):
        left, right = max(0, x - frame.thickness), min(width, x + frame.thickness + 1)
        for row in rows[max(0, top - frame.thickness) : bottom + frame.thickness + 1]:
            row[left:right] = bytes([_LINE]) * (right - left)
    return encode(rows, _COLOURS)


def pictures(notification: RenderedNotification, width: int = WIDTH, height: int = HEIGHT) -> Iterator[tuple[str, bytes]]:
    """The first curves of a notification, of what is news where anything is, each with what it is of in one line."""
    drawn = ((alert, picture(alert, width, height)) for alert in notification.news or notification.alerts)
    for alert, png in islice(((alert, png) for alert, png in drawn if png), MOST):
        yield one_line(alert.annotations.get("summary") or alert.labels.get("alertname", ""), 200), png


def _shade(rows: list[bytearray], left: int, right: int) -> None:
    for row in rows:
        row[left : right + 1] = bytes([_FIRING]) * (right + 1 - left)


def _dash(rows: list[bytearray], y: int, thickness: int) -> None:
    for row in rows[max(0, y - thickness // 2) : y + (thickness + 1) // 2 + 1]:
        for x in range(0, len(row), _DASH + _GAP):
            row[x : x + _DASH] = bytes([_THRESHOLD]) * len(row[x : x + _DASH])


def _line(frame: _Frame) -> Iterator[tuple[int, int, int]]:
    """Column by column, the rows that the line goes through: the upper and the lower one."""
    points = frame.curve.points
    for at, value in points:
        yield frame.x(at), frame.y(value), frame.y(value)
    for (begin, before), (end, after) in pairwise(points):
        if end - begin <= _LONGEST_GAP * frame.curve.step:
            yield from _stroke(frame.x(begin), frame.y(before), frame.x(end), frame.y(after))


def _stroke(left: int, before: int, right: int, after: int) -> Iterator[tuple[int, int, int]]:
    width = max(1, right - left)
    rows = [before + round((after - before) * step / width) for step in range(width + 1)]
    for step, (one, other) in enumerate(pairwise(rows)):
        yield left + step, min(one, other), max(one, other)
