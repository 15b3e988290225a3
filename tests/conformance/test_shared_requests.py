"""Rules that are asked together get what they would get alone: random rules over random series, asked of real servers.

Every set of rules is asked twice at the same instant, once in shared requests and once one by one. Each rule must see the same
series with the same values, or fail for the same reason.

VictoriaMetrics works through series in no fixed order. So what it says of the same query twice differs where topk has to
choose among equals, and in which of several duplicates it names: there are no such choices in what it is asked, and of what it
names nothing is compared.
"""

from __future__ import annotations

import asyncio
import math
import random
import re
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluator.core.evaluation.answers import Answer, Failure
from evaluator.core.settings import Batching, Datasource, DatasourceKind
from evaluator.prometheus.client import PrometheusClient
from evaluator.service.sharing import Sharing
from tests.conformance import ruler, victoria
from tests.conformance.remote_write import push
from tests.conformance.story import Series

STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
VALUES = (0.0, -0.0, 1.0, 2.5, 3.0, -7.25, 1e21, 5e-324, math.nan, math.inf, -math.inf, STALE)
APPS, JOBS, ODD = ("1", "2", "3", "4"), ("a", "b"), ("x.y", "x|y", "(z", 'q"', "back\\slash", "two\nlines", "日本")
STEP = timedelta(milliseconds=100)
SEEDS, RULES = range(24), 30
INSTANT = STEP * 17 + timedelta(milliseconds=50)
LONERS = (
    *("1", "time()", "vector(3)", "absent(m)", 'absent(gone{app="1"})', "scalar(sum(n))", "sort(m)", "m * on (job) n"),
    *('label_replace(m, "job", "", "", "")', '"text"', "m[5m]", "pi() * 2", 'count_values("v", n)', "m or n", "sum(m)"),
    *('m{app=~"x.*"}', "topk(2, n)", "quantile by (app) (0.5, n)", "n @ start()", "rate(n[1s]) > bool 0", 'm{nosuch=""}'),
    *("histogram_quantile(0.9, h_bucket)", 'histogram_quantile(0.5, h_bucket{app="3"})', 'h_bucket{le="1"}'),
)
NATIVE = (
    *("nh", "nh > 1", "nh or n", "sum(nh)", "sum by (app) (nh)", "rate(nh[1s])", "histogram_count(nh) > 20", "absent(nh)"),
    *(f'histogram_quantile(0.9, rate(nh{{app="{app}"}}[1s])) > {bound}' for app in APPS for bound in (1, 2)),
    *(f'nh{{app="{app}"}}' for app in APPS),
    *(f'histogram_sum(nh{{app="{app}"}}) >= 90' for app in APPS),
    *(
        "increase(nh[1s])",
        "nh > 30",
        "nh >= 0",
        "nh == nh",
        "count(nh)",
        "max(nh)",
        "nh * 2",
        "nh + on (app) nh",
        "nh > bool 1",
    ),
)
"""Of native histograms."""
METRICSQL = (
    *("m default 0", 'n{app="1"} default 7 > 3', "rate(n)", 'rate(n{app="2"})', "n keep_metric_names", "n if m", "n ifnot m"),
    *("rate(n[1s]) keep_metric_names", 'abs(m{app="1"}) keep_metric_names', 'label_set(n, "new", "x")', "median(n) by (app)"),
    *('with (x = n{app="1"}) x > 1', "limitk(0, n)", 'm{app="1" or app="2"}', "rate(n[3i])", "sum(n) by (app) limit 99"),
    *(
        "any(n{app='1',job='a'})",
        "n[1s] offset -100ms",
        "n > m > 1",
        "union(m, n)",
        'alias(n, "k")',
        "running_sum(n)",
        "m != 1 / 0",
    ),
    *('label_match(n, "app", "1|2")', "increase_pure(n[1s])", "1 or m", "n > 1 and on () time() > 0", "m != 1 / 0"),
)
"""What Prometheus does not know, or reads otherwise."""


def series(start: datetime) -> Iterator[Series]:
    """Gauges, counters and a classic histogram whose samples come and go, the same in every run."""
    chance = random.Random(7)
    for metric in ("m", "n"):
        for app in (*APPS, *ODD):
            for job in JOBS:
                labels = {"__name__": metric, "app": app, "job": job}
                values = [chance.choice(VALUES) if metric == "m" else 3.0 * step for step in range(20)]
                yield _series(labels, start, [value for value in values if chance.random() < 0.9])
    for app in APPS:
        for number, edge in enumerate(("0.1", "1", "+Inf")):
            labels = {"__name__": "h_bucket", "app": app, "job": "a", "le": edge}
            yield _series(labels, start, [float(step * (number + int(app))) for step in range(20)])


def histograms(start: datetime) -> Iterator[Series]:
    """Native histograms that grow, and one that begins again."""
    for app in APPS:
        labels = (("__name__", "nh"), ("app", app), ("job", "a"))
        grown = [(step * int(app), 2 * step, step) if step < 12 or app != "4" else (1, step, 0) for step in range(20)]
        yield Series(labels, (), tuple((start + STEP * step, counts) for step, counts in enumerate(grown)))


def _series(labels: dict[str, str], start: datetime, values: list[float]) -> Series:
    return Series(tuple(sorted(labels.items())), tuple((start + STEP * step, value) for step, value in enumerate(values)))


class Author:
    """Writes rules at random, some of which cannot be evaluated. chooses: some of them choose, maybe among equals."""

    def __init__(self, seed: int, kind: DatasourceKind = DatasourceKind.PROMETHEUS, chooses: bool = True) -> None:
        self._chance = random.Random(seed)
        self._chooses = chooses and kind is DatasourceKind.PROMETHEUS
        known = LONERS if self._chooses else [one for one in LONERS if one != "topk(2, n)"]
        self._loners = (*known, *(METRICSQL if kind is DatasourceKind.VICTORIAMETRICS else ()))

    def rules(self) -> list[str]:
        """Some expressions, several of them alike."""
        some = [self._rule() for _ in range(RULES)]
        return [*some, *self._chance.sample(some, 3)]

    def _rule(self) -> str:
        if self._chance.random() < 0.1:
            return self._one(*self._loners)
        left = self._vector(2)
        op = self._one(">", ">=", "<", "<=", "==", "!=")
        constant = self._one("0", "1", "2.5", "-7.25", "3 * 1", "+Inf", "NaN", "1e21", "-(-1)", "1 / 2")
        if self._chance.random() < 0.15:
            return f"{constant} {op} {left}"
        return f"{left} {op}{self._one(' ', ' ', ' ', ' bool ')}{constant}"

    def _vector(self, depth: int) -> str:
        one = self._one
        app = one(*APPS, *APPS, *ODD).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        job = one("", "", f',job="{one(*JOBS)}"')
        selector = f'{one("m", "n")}{{app="{app}"{job}}}'
        shift = one("", "", "", " offset 300ms")
        if depth == 0:
            return selector + shift
        inner = self._vector(depth - 1)
        function = one("rate", "increase", "max_over_time", "changes", "last_over_time")
        scalar = one("0", 'scalar(n{app="1"})')
        operator = one("+", "and", "unless", "or", "/") + one("", " on (app, job)", " ignoring (job)")
        return one(
            selector + shift,
            f"{function}({selector}[1s]{shift})",
            f"max_over_time(({inner})[1s:200ms])",
            f"{one('sum', 'max', 'count', 'avg')} by (app) ({inner})",
            f"topk by (app) ({1 if self._chooses else 9}, {inner})",
            f"sum without (job) ({inner})",
            f"sum by (job) ({inner})",
            f"({inner} {one('+', '-', '*', '/')} 2)",
            f"(({inner}) {operator} ({inner}))",
            f"abs(-{selector})",
            f'label_replace({inner}, "{one("job", "app", "new")}", "$1", "app", "(.).*")',
            f"clamp_min({inner}, {scalar})",
        )

    def _one(self, *choices: str) -> str:
        return self._chance.choice(choices)


@dataclass(frozen=True)
class Server:
    """A server with the series, and an instant at which many of them have a sample."""

    kind: DatasourceKind
    url: str
    at: datetime

    async def asked(self, rules: list[str], batching: Batching) -> tuple[dict[str, object], int]:
        """What each rule sees, and how many requests that took."""
        datasource = Datasource("real", self.url, kind=self.kind, batching=batching)
        client, sharing = PrometheusClient(datasource), Sharing(datasource)
        found: dict[str, object] = {}

        def answered(expr: str, outcome: Answer | Failure) -> None:
            assert expr not in found, "answered twice"
            found[expr] = seen(outcome)

        for _ in range(2):  # the second time with what the first has taught
            found.clear()
            requests = sharing.requests(rules)
            await asyncio.gather(*(sharing.ask(client, request, self.at, 20.0, answered) for request in requests))
        await client.aclose()
        return found, len(requests)


def seen(outcome: Answer | Failure) -> object:
    """What a rule sees of an outcome: the series with their values, in no order; or why there are none."""
    if isinstance(outcome, Failure):
        return outcome.kind, re.sub(
            r"duplicate (output timeseries|time series) .*|duplicate output timeseries: .*", "", outcome.message
        )
    return sorted((sample.labels, repr((sample.value, sample.histogram))) for sample in outcome.samples)


def prometheus(folder: Path) -> Iterator[Server]:
    """Samples may have times in the future, and this one looks back for half a second only."""
    with ruler.running(folder, folder / "none.yml", "--enable-feature=native-histograms") as url:
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10)
        push(url, [*series(start), *histograms(start)])
        yield Server(DatasourceKind.PROMETHEUS, url, start + INSTANT)


def victoriametrics(folder: Path) -> Iterator[Server]:
    """It looks back for as long as the samples of a series are apart."""
    with victoria.running(folder) as url:
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
        victoria.load(url, series(start))
        yield Server(DatasourceKind.VICTORIAMETRICS, url, start + INSTANT)


COMMANDS: dict[DatasourceKind, tuple[str, Callable[[Path], Iterator[Server]]]] = {
    DatasourceKind.PROMETHEUS: ("prometheus", prometheus),
    DatasourceKind.VICTORIAMETRICS: ("victoria-metrics", victoriametrics),
}


@pytest.fixture(scope="module", params=DatasourceKind, ids=str)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Each kind of server that there is."""
    command, running = COMMANDS[request.param]
    if shutil.which(command) is None:
        pytest.skip(f"{command} is not installed, so there is nobody to ask")
    yield from running(tmp_path_factory.mktemp("shared"))


@pytest.mark.parametrize("seed", SEEDS)
async def test_together_as_alone(server: Server, seed: int) -> None:
    rules = Author(seed, server.kind).rules()
    alone, most = await server.asked(rules, Batching(off=True))
    together, fewer = await server.asked(rules, Batching())
    assert together == alone
    assert together.keys() == set(rules)
    assert fewer < most == len(set(rules))


async def test_the_rules_are_worth_asking(server: Server) -> None:
    """Among them are answers, empty answers and failures."""
    rules = [rule for seed in SEEDS for rule in Author(seed, server.kind).rules()]
    found, _ = await server.asked(rules, Batching())
    kinds = [("failed" if isinstance(one, tuple) else "some" if one else "empty") for one in found.values()]
    assert min(kinds.count(kind) for kind in ("some", "empty", "failed")) > 10


async def test_every_word_that_only_one_of_them_knows(server: Server) -> None:
    """Whether it is answered or refused, alone as together."""
    rules = [*METRICSQL, *LONERS[:8]]
    alone, _ = await server.asked(rules, Batching(off=True))
    together, _ = await server.asked(rules, Batching())
    assert together == alone


async def test_native_histograms(server: Server) -> None:
    """Numbers that are computed from them are what they are alone. Histograms are the same series, if not more.

    To Prometheus 2.42 they are an experiment, and its `label_replace` takes them for zeros.
    """
    if server.kind is not DatasourceKind.PROMETHEUS:
        pytest.skip("VictoriaMetrics has histograms of its own kind only")
    rules = [*NATIVE, *(f"{rule} > {bound}" for rule in NATIVE[-4:] for bound in (-1, -2, 0))]
    alone, _ = await server.asked(rules, Batching(off=True))
    together, fewer = await server.asked(rules, Batching())
    assert {rule: _zeroed(found) for rule, found in together.items()} == {rule: _zeroed(found) for rule, found in alone.items()}
    assert fewer < len(rules)
    assert "Histogram(" in str(alone["nh"])


def _zeroed(found: object) -> str:
    return re.sub(r"Histogram\(.*?\)\)+(?=[\"'])", "None)", str(found)).replace('"', "'")
