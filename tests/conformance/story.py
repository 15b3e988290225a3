"""The series that both rulers see: a value, or none, for each half second of a story.

Values are written as in promtool's tests: `20x3` is four times 20, `31+1x7` is 31, 32, … 38, `_x3` is three steps without a
sample. A sample lives for one step (Prometheus runs with a lookback of one), so at any instant of a step exactly its samples
are seen, whatever the phase at which a rule group looks; and a series that pauses is absent at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evaluator.core.quoting import unquote

STEP = timedelta(milliseconds=500)
STEPS = 26

NOTATION = {
    # An attic that is hot for a while; a cellar with a spike, a hot spell and then no thermometer; a hall on the verge.
    'temperature{room="attic",floor="2"}': "20x3 31+1x7 20x13",
    'temperature{room="cellar",floor="0"}': "20x5 35 20x2 35x5 _x10",
    'temperature{room="hall",floor="1"}': "20x7 41 39 41 39 41 39 20x11",
    'door{room="attic"}': "1x5 _x6 1x13",
    'door{room="hall"}': "0x2 1x11 _x11",
    'floor_names{floor="0",storey="down"}': "1x25",
    'floor_names{floor="1",storey="ground"}': "1x25",
    'floor_names{floor="2",storey="up"}': "1x25",
    # A service whose errors grow, and whose latency does.
    'requests_total{code="200"}': "0+10x25",
    'requests_total{code="500"}': "0+1x9 20+10x15",
    'latency_seconds_bucket{room="attic",le="0.1"}': "0+9x9 81+1x15",
    'latency_seconds_bucket{room="attic",le="0.5"}': "0+10x9 95+5x15",
    'latency_seconds_bucket{room="attic",le="+Inf"}': "0+10x25",
    'latency_seconds_bucket{room="hall",le="0.1"}': "0+10x25",
    'latency_seconds_bucket{room="hall",le="0.5"}': "0+10x25",
    'latency_seconds_bucket{room="hall",le="+Inf"}': "0+10x25",
    # Numbers that are hard to print.
    **{
        f'number{{of="{name}"}}': f"{value}x25"
        for name, value in {
            "zero": "0",
            "minus zero": "-0",
            "one": "1",
            "third": "0.3333333333333333",
            "tiny": "0.0000001234",
            "small": "0.0001",
            "almost a million": "999999.5",
            "million": "1000000",
            "many": "123456789",
            "more": "1e21",
            "huge": "1.7976931348623157e+308",
            "least": "5e-324",
            "negative": "-1234.5",
            "a day": "90061.5",
            "nan": "NaN",
            "infinity": "+Inf",
            "minus infinity": "-Inf",
        }.items()
    },
    # Label values that are hard to quote.
    r'odd{text="with \"quotes\", \\ back, 100% {braces} & <tags>"}': "1x25",
    r'odd{text="two\nlines\tand 東京"}': "1x25",
    # A join that is ambiguous for a while, and series that differ in one label only, for a while.
    'left{id="1"}': "2x25",
    'right{id="1",side="a"}': "_x7 1x11 _x7",
    'right{id="1",side="b"}': "_x8 1x3 _x14",
    'twins{copy="1"}': "1x17 _x8",
    'twins{copy="2"}': "_x8 1x3 _x14",
    # A crowd that grows and shrinks.
    'crowd{n="1"}': "_x2 1x23",
    'crowd{n="2"}': "_x4 1x21",
    'crowd{n="3"}': "_x8 1x7 _x10",
    'crowd{n="4"}': "_x10 1x3 _x12",
    # A beacon whose light changes every second step only.
    'beacon{name="north"}': "0x5 1x9 0x9",
    'beacon{name="south"}': "_x6 1x3 _x4 1x11",
}

_TERM = re.compile(r"(?P<first>[^x]+?)(?:(?P<each>(?<!e)[+-][0-9.]+)?x(?P<times>\d+))?")
_LABEL = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True)
class Series:
    """A series with its samples in the order of time. histograms: native ones, by the counts of their buckets."""

    labels: tuple[tuple[str, str], ...]
    samples: tuple[tuple[datetime, float], ...]
    histograms: tuple[tuple[datetime, tuple[int, ...]], ...] = ()


def told_from(start: datetime) -> list[Series]:
    """The story with its first step at `start`."""
    return [Series(labels(name), tuple(_samples(notation, start))) for name, notation in NOTATION.items()]


def labels(series: str) -> tuple[tuple[str, str], ...]:
    """`name{label="value"}` as sorted pairs, the name among them."""
    name, _, inside = series.partition("{")
    return tuple(sorted([("__name__", name), *((key, unquote(value)) for key, value in _LABEL.findall(inside))]))


def _samples(notation: str, start: datetime) -> Iterator[tuple[datetime, float]]:
    values = [value for term in notation.split() for value in _term(term)]
    assert len(values) == STEPS, f"{notation} has {len(values)} steps"
    return ((start + at * STEP, value) for at, value in enumerate(values) if value is not None)


def _term(term: str) -> Sequence[float | None]:
    match = _TERM.fullmatch(term)
    assert match is not None, term
    first, each, times = match["first"], float(match["each"] or 0), int(match["times"] or 0)
    if first == "_":
        return [None] * max(times, 1)
    return [float(first) if not each else float(first) + at * each for at in range(times + 1)]
