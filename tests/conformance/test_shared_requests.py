"""Rules that are asked together get what they would get alone: random rules over random series, asked of a real Prometheus.

Every set of rules is asked twice at the same instant, once in shared requests and once one by one. Each rule must see the same
series with the same values, or fail for the same reason.
"""

from __future__ import annotations

import asyncio
import math
import random
import shutil
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from evaluator.core.answers import Answer, Failure, Sample
from evaluator.core.settings import Batching, Datasource
from evaluator.prometheus.client import PrometheusClient
from evaluator.service.sharing import Sharing
from tests.conformance import ruler
from tests.conformance.remote_write import push
from tests.conformance.story import Series

STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
VALUES = (0.0, -0.0, 1.0, 2.5, 3.0, -7.25, 1e21, 5e-324, math.nan, math.inf, -math.inf, STALE)
APPS, JOBS, ODD = ("1", "2", "3", "4"), ("a", "b"), ("x.y", "x|y", "(z", 'q"', "back\\slash", "two\nlines", "日本")
STEP = timedelta(milliseconds=100)
SEEDS, RULES = range(24), 30
LONERS = (
    *("1", "time()", "vector(3)", "absent(m)", 'absent(gone{app="1"})', "scalar(sum(n))", "sort(m)", "m * on (job) n"),
    *('label_replace(m, "job", "", "", "")', '"text"', "m[5m]", "pi() * 2", 'count_values("v", n)', "m or n", "sum(m)"),
    *('m{app=~"x.*"}', "topk(2, n)", "quantile by (app) (0.5, n)", "n @ start()", "rate(n[1s]) > bool 0", 'm{nosuch=""}'),
    *("histogram_quantile(0.9, h_bucket)", 'histogram_quantile(0.5, h_bucket{app="3"})', 'h_bucket{le="1"}'),
)


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


def _series(labels: dict[str, str], start: datetime, values: list[float]) -> Series:
    return Series(tuple(sorted(labels.items())), tuple((start + STEP * step, value) for step, value in enumerate(values)))


class Author:
    """Writes rules at random, some of which cannot be evaluated."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def rules(self) -> list[str]:
        """Some expressions, several of them alike."""
        some = [self._rule() for _ in range(RULES)]
        return [*some, *self._chance.sample(some, 3)]

    def _rule(self) -> str:
        if self._chance.random() < 0.1:
            return self._one(*LONERS)
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
            f"topk by (app) (1, {inner})",
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


def seen(outcome: Answer | Failure) -> object:
    """What a rule sees of an outcome: the series with their values, in no order; or why there are none."""
    if isinstance(outcome, Failure):
        return outcome.kind, outcome.message
    return sorted((sample.labels, _value(sample)) for sample in outcome.samples)


def _value(sample: Sample) -> str:
    return repr(sample.value)


async def asked(url: str, rules: list[str], at: datetime, batching: Batching) -> tuple[dict[str, object], int]:
    """What each rule sees, and how many requests that took."""
    datasource = Datasource("real", url, batching=batching)
    client, sharing = PrometheusClient(datasource), Sharing(datasource)
    found: dict[str, object] = {}

    def answered(expr: str, outcome: Answer | Failure) -> None:
        assert expr not in found, "answered twice"
        found[expr] = seen(outcome)

    for _ in range(2):  # the second time with what the first has taught
        found.clear()
        requests = sharing.requests(rules)
        await asyncio.gather(*(sharing.ask(client, request, at, 20.0, answered) for request in requests))
    await client.aclose()
    return found, len(requests)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, datetime]]:
    """A Prometheus with the series, and an instant at which many of them have a sample."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed, so there is nobody to ask")
    folder = tmp_path_factory.mktemp("shared")
    with ruler.running(folder, folder / "none.yml") as url:
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10)
        push(url, series(start))
        yield url, start + STEP * 17 + timedelta(milliseconds=50)


@pytest.mark.parametrize("seed", SEEDS)
async def test_together_as_alone(server: tuple[str, datetime], seed: int) -> None:
    url, at = server
    rules = Author(seed).rules()
    alone, most = await asked(url, rules, at, Batching(off=True))
    together, fewer = await asked(url, rules, at, Batching())
    assert together == alone
    assert together.keys() == set(rules)
    assert fewer < most == len(set(rules))


async def test_the_rules_are_worth_asking(server: tuple[str, datetime]) -> None:
    """Among them are answers, empty answers and failures."""
    url, at = server
    rules = [rule for seed in SEEDS for rule in Author(seed).rules()]
    found, _ = await asked(url, rules, at, Batching())
    kinds = [("failed" if isinstance(one, tuple) else "some" if one else "empty") for one in found.values()]
    assert min(kinds.count(kind) for kind in ("some", "empty", "failed")) > 15
