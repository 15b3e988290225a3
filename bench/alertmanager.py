"""Measures the evaluator beside a real Alertmanager: the same alerts, the same configuration, one after the other.

    python bench/run.py alertmanager [--only ingest,notify,read,inhibit,restart] [--small] [--json FILE]

What is measured and what the figures mean stands in README.md beside this file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from posting import Batch, Client, again, alert, batches, post
from processes import START_SECONDS, Program
from receivers import Notifier, Tree, present
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
PATIENCE = 300.0  # seconds; the longest that anything is waited for
LULL = 3.0  # seconds without a notification, after which no more is expected


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. groups: how many notify at once, and how often that is done."""

    active: Sequence[int]
    groups: Mapping[int, int]
    targets: int
    sources: int
    kept: int
    silences: int
    seconds: float


FULL = Scale((1_000, 10_000, 50_000), {1: 40, 100: 8, 1_000: 3, 10_000: 1}, 10_000, 1_000, 10_000, 1_000, 5.0)
SMALL = Scale((1_000,), {1: 10, 100: 2}, 1_000, 100, 500, 50, 1.0)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number about one of those that are compared; less is better unless `more`."""

    who: str
    what: str
    unit: str
    value: float
    more: bool = False


class Stage:
    """Where a notifier is measured: a folder for its state, and a sink that hears its notifications."""

    def __init__(self, notifier: Notifier, scale: Scale, folder: Path, sink: Program) -> None:
        self.notifier = notifier
        self.scale = scale
        self._folder = folder
        self._sink = Client(sink.port)
        self._hook = f"{sink.url}/hook"
        self._runs = 0

    def configured(self, **tree: Any) -> Path:
        """A fresh folder with a configuration."""
        self._runs += 1
        folder = self._folder / f"{self.notifier.name}-{self._runs}"
        folder.mkdir(parents=True)
        (folder / "alertmanager.yml").write_text(Tree(self._hook, **tree).text())
        self._sink.ask("DELETE", "/")
        return folder

    @contextmanager
    def running(self, folder: Path) -> Iterator[Program]:
        """The notifier, ready."""
        with self.notifier.program(folder) as program:
            program.wait_until("its start", START_SECONDS, lambda: bool(program.get("/-/ready")))
            yield program

    def figure(self, what: str, unit: str, value: float, more: bool = False) -> Figure:
        """Something that was measured."""
        return Figure(self.notifier.name, what, unit, value, more)

    def told(self) -> dict[str, float]:
        """When each alert was told of first."""
        told: dict[str, float] = self._sink.json("/")["told"]
        return told

    def notifications(self) -> int:
        """How many there were."""
        return int(self._sink.json("/")["notifications"])

    def forget(self) -> None:
        """Let the sink forget what it was told."""
        self._sink.ask("DELETE", "/")

    def await_told(self, count: int) -> None:
        """Until so many alerts were told of, or no more are."""
        known, since = -1, time.monotonic()
        while known < count and time.monotonic() - since < LULL:
            time.sleep(0.02 if count < 2000 else 0.2)
            now = len(self.told())
            if now != known:
                known, since = now, time.monotonic()


def send(program: Program, bodies: Sequence[Batch], connections: int = 4) -> int:
    """Post each of these once."""
    return asyncio.run(post(program.port, iter(bodies), connections))


def ingest(stage: Stage) -> Iterator[Figure]:
    """Alerts that are posted for the first time, and then again and again."""
    for active in stage.scale.active:
        with stage.running(stage.configured()) as program:
            alerts = [alert(number) for number in range(active)]
            began = program.cpu_seconds()
            send(program, batches(alerts, 64))
            cpu = program.cpu_seconds() - began
            yield stage.figure(f"posted first, {active:,} alerts: CPU per alert", "µs", cpu / active * 1e6)
            for size in (64, 256):
                bodies = batches(alerts, size)
                began, clock = program.cpu_seconds(), time.monotonic()
                accepted = asyncio.run(post(program.port, again(bodies, stage.scale.seconds)))
                cpu, wall = program.cpu_seconds() - began, time.monotonic() - clock
                what = f"posted again, {active:,} active in batches of {size}"
                yield stage.figure(f"{what}: CPU per alert", "µs", cpu / accepted * 1e6)
                yield stage.figure(f"{what}: alerts per second", "1/s", accepted / wall, more=True)
            yield stage.figure(f"memory with {active:,} active", "MiB", program.resident_mib())


def notify(stage: Stage) -> Iterator[Figure]:
    """From a post to the webhook; each alert is a group, and nothing waits."""
    with stage.running(stage.configured(by=("...",), wait="0s")) as program:
        for groups, times in stage.scale.groups.items():
            delays: list[float] = []
            began = program.cpu_seconds()
            for turn in range(times):
                delays += _delays(stage, program, [f"{groups}-{turn}-{number}" for number in range(groups)])
                time.sleep(0.05)
            cpu = program.cpu_seconds() - began
            delays.sort()
            what = f"{groups:,} groups at once" if groups > 1 else "one group"
            yield stage.figure(f"time to notify, {what}: p50", "ms", median(delays) * 1e3)
            yield stage.figure(f"time to notify, {what}: p99", "ms", delays[int(0.99 * (len(delays) - 1))] * 1e3)
            if groups > 1:
                yield stage.figure(f"notifying {what}: CPU per notification", "ms", cpu / groups / times * 1e3)


def _delays(stage: Stage, program: Program, idents: Sequence[str]) -> list[float]:
    """Seconds from the post to the webhook, for each of these alerts."""
    stage.forget()
    alerts = [alert(number, bench_id=ident) for number, ident in enumerate(idents)]
    posted: dict[str, float] = {}
    for first, batch in zip(range(0, len(idents), 1000), batches(alerts, 1000), strict=True):
        posted.update(dict.fromkeys(idents[first : first + 1000], time.monotonic()))
        send(program, [batch], connections=1)
    stage.await_told(len(idents))
    told = stage.told()
    return [told[ident] - posted[ident] for ident in idents]


def read(stage: Stage) -> Iterator[Figure]:
    """What is asked for with ten thousand alerts; nothing changes in between."""
    count = stage.scale.targets
    with stage.running(stage.configured(wait="1s")) as program:
        send(program, batches([alert(number) for number in range(count)], 256))
        time.sleep(3)
        client = Client(program.port)
        for what, path in (
            (f"GET alerts, {count:,} active", "/api/v2/alerts"),
            (f"GET groups, {count:,} active", "/api/v2/alerts/groups"),
            ("GET alerts, a filter that one in a hundred passes", "/api/v2/alerts?filter=alertname%3D%22Bench007%22"),
            ("GET alerts, such a filter by expression", "/api/v2/alerts?filter=alertname%3D~%22Bench00%5B7%5D%22"),
        ):
            client.ask("GET", path)
            walls, began = [], program.cpu_seconds()
            while len(walls) < 5 or (program.cpu_seconds() - began < 0.3 and len(walls) < 200):
                clock = time.monotonic()
                client.ask("GET", path)
                walls.append(time.monotonic() - clock)
            cpu = program.cpu_seconds() - began
            yield stage.figure(f"{what}: CPU", "ms", cpu / len(walls) * 1e3)
            yield stage.figure(f"{what}: p50", "ms", median(walls) * 1e3)


def inhibit(stage: Stage) -> Iterator[Figure]:
    """Sources that inhibit the targets of their cluster: half of the clusters have one."""
    sources, targets = stage.scale.sources, stage.scale.targets
    for inhibits in (False, True):
        what = f"{targets:,} targets, {f'{sources:,} sources' if inhibits else 'no inhibition'}"
        with stage.running(stage.configured(wait="1s", interval="2s", inhibits=inhibits)) as program:
            send(program, batches([alert(n, role="source", cluster=f"c-{n}", pod=f"s-{n}") for n in range(sources)], 256))
            time.sleep(2)
            began = program.cpu_seconds()
            send(program, batches([alert(n, role="target", cluster=f"c-{n % (2 * sources)}") for n in range(targets)], 256))
            time.sleep(6)
            yield stage.figure(f"{what}: CPU of posting and first flush", "s", program.cpu_seconds() - began)
            began, clock = program.cpu_seconds(), time.monotonic()
            time.sleep(10)
            used, beats = program.cpu_seconds() - began, (time.monotonic() - clock) / 2
            yield stage.figure(f"{what}: CPU of a flush in which nothing is new", "ms", used / beats * 1e3)


def restart(stage: Stage) -> Iterator[Figure]:
    """Alerts that were told, and silences: stopped, killed, and started again."""
    kept = stage.scale.kept
    for number, how in ((signal.SIGTERM, "SIGTERM"), (signal.SIGKILL, "kill -9")):
        folder = stage.configured(by=("...",), wait="0s")
        bodies = batches([alert(one, bench_id=f"{how}-{one}") for one in range(kept)], 256)
        with stage.running(folder) as program:
            send(program, bodies)
            stage.await_told(kept)
            client = Client(program.port)
            for one in range(stage.scale.silences):
                client.silence(one)
            time.sleep(1)
            program.signal(number)
            program.wait()
        stage.forget()
        clock = time.monotonic()
        with stage.notifier.program(folder) as program:
            while not _ready(program) and time.monotonic() - clock < PATIENCE:
                time.sleep(0.01)
            yield stage.figure(f"restart after {how}: ready after", "s", time.monotonic() - clock)
            client = Client(program.port)
            silences = len(client.json("/api/v2/silences"))
            yield stage.figure(f"restart after {how}: silences lost", "", stage.scale.silences - silences)
            yield stage.figure(f"restart after {how}: alerts lost", "", kept - len(client.json("/api/v2/alerts")))
            send(program, bodies)
            time.sleep(LULL)
            stage.await_told(kept)
            yield stage.figure(f"restart after {how}: notifications sent again", "", stage.notifications())


def _ready(program: Program) -> bool:
    try:
        return bool(program.get("/-/ready"))
    except OSError:
        return False


MEASURES: dict[str, Callable[[Stage], Iterator[Figure]]] = {
    "ingest": ingest,
    "notify": notify,
    "read": read,
    "inhibit": inhibit,
    "restart": restart,
}


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a table."""
    options = _options(arguments)
    scale, console, errors = SMALL if options.small else FULL, Console(), Console(stderr=True)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with Program("sink", [sys.executable, str(HERE / "sink.py"), "--port", "{port}"], folder) as sink:
            sink.wait_until("its start", START_SECONDS, lambda: bool(sink.get("/")))
            for measure in options.only:
                for notifier in present():
                    for figure in MEASURES[measure](Stage(notifier, scale, folder / measure, sink)):
                        figures.append(figure)
                        errors.print(f"{figure.who}: {figure.what}: {_shown(figure.value)} {figure.unit}", highlight=False)
    console.print(_table(figures))
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1))


def _table(figures: Sequence[Figure]) -> Table:
    """One row for each thing, one column for each of those that are compared, and how many times better ours is."""
    names = list(dict.fromkeys(figure.who for figure in figures))
    table = Table("", "", *names, "ours is better")
    values = {(figure.what, figure.who): figure for figure in figures}
    for what in dict.fromkeys(figure.what for figure in figures):
        row = [values.get((what, name)) for name in names]
        first = next(figure for figure in row if figure)
        table.add_row(what, first.unit, *(_shown(one.value) if one else "" for one in row), _ratio(row))
    return table


def _ratio(row: Sequence[Figure | None]) -> str:
    if len(row) < 2 or row[0] is None or row[1] is None:
        return ""
    ours, theirs = (row[1].value, row[0].value) if row[0].more else (row[0].value, row[1].value)
    return f"{theirs / ours:.2g} times" if ours > 0 and theirs > 0 else ""


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.py alertmanager", description=__doc__)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(MEASURES), help="of what is measured")
    parser.add_argument("--small", action="store_true", help="a hundredth of the load, to see that it works")
    parser.add_argument("--json", type=Path, help="write every figure to this file, too")
    return parser.parse_args(arguments)
