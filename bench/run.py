"""Measures the evaluator beside its peers: the same rules, the same Prometheus, one run.

    python bench/run.py [--rules 1000,10000] [--interval 15s] [--seconds 30] [--firing 1] [--kind simple|rate]
                        [--loop uvloop,asyncio] [--only evaluator,ruler,vmalert] [--no-pin] [--json FILE]

What is measured and what the figures mean stands in README.md beside this file.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contestants import Contestant, Names, Scene, present, prometheus
from load import EXPRESSIONS, Exporter, Load, write_rules
from processes import START_SECONDS, Metrics, Program, ProgramError, machine_cpu_seconds, quantile, total
from report import Figures, line, show, show_peers, write_json
from rich.console import Console

from evaluator.core.durations import parse_duration

INSTANCES = 10
SETTLING = 2.0  # seconds between the first evaluation of the last rule and the first reading


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at everything, at the same moment."""

    at: float
    machine: float
    own: float
    prometheus: float
    cpu: float
    metrics: Metrics


def main() -> None:
    """Measure what the arguments say, and print it."""
    options = _arguments()
    console = Console(width=180)
    rows: list[Figures] = []
    contestants = [one for one in present(options.loop) if not options.only or one.key in options.only]
    with tempfile.TemporaryDirectory(prefix="evaluator-bench-") as name:
        folder = Path(name)
        load = Load(max(options.rules), INSTANCES, options.firing, options.kind)
        with Exporter(load) as exporter, prometheus(folder, exporter.address, options.interval) as server:
            console.print(f"{load.apps * load.instances:,} series, {options.interval} interval, {options.seconds:.0f} s each …")
            _await_series(server, load)
            idle = _idle_cores(server, options.seconds / 2)
            for rules in options.rules:
                path = folder / f"rules-{rules}.yml"
                write_rules(path, load, rules, options.interval)
                scene = Scene(server, exporter.address, path, folder, options.core)
                for contestant in contestants:
                    rows.append(measure(contestant, scene, load, rules, options, idle))
                    console.print(line(rows[-1]))
    show(rows, console)
    show_peers(options.rules, options.kind, console)
    if options.json:
        write_json(options.json, rows, {"machine": platform.platform(), "cores": os.cpu_count(), "interval": options.interval})


def measure(contestant: Contestant, scene: Scene, load: Load, rules: int, options: argparse.Namespace, idle: float) -> Figures:
    """Let the contestant evaluate the scene's rules, first until all have been evaluated once, then for the measured time."""
    began = time.monotonic()
    earlier = scene.prometheus.metrics()
    with contestant.running(scene) as program:
        patience = START_SECONDS + 2 * parse_duration(options.interval).total_seconds()
        program.wait_until("one round", patience, lambda: contestant.has_evaluated(program, rules, earlier))
        ready = time.monotonic() - began
        time.sleep(SETTLING)
        before = _read(program, scene.prometheus, metrics_first=True)
        time.sleep(options.seconds)
        after = _read(program, scene.prometheus, metrics_first=False)
        memory = program.resident_mib(), program.resident_mib(peak=True)
    return _figures(contestant, load, rules, (before, after), idle, program is scene.prometheus, memory, ready)


def _figures(
    contestant: Contestant,
    load: Load,
    rules: int,
    readings: tuple[Reading, Reading],
    idle: float,
    in_prometheus: bool,
    memory: tuple[float, float],
    ready: float,
) -> Figures:
    before, after = readings
    names = contestant.names
    seconds = after.at - before.at
    evaluations = _counted(names.evaluations, before, after)
    served = after.prometheus - before.prometheus - idle * seconds
    cpu = served if in_prometheus else after.cpu - before.cpu
    spent = after.own - before.own + after.prometheus - before.prometheus + (0.0 if in_prometheus else cpu)
    return Figures(
        who=contestant.name,
        rules=rules,
        kind=load.kind,
        firing=load.firing,
        seconds=seconds,
        evaluations=evaluations,
        failures=_counted(names.failures, before, after),
        missed=_counted(names.missed, before, after),
        cpu=1000 * cpu / max(1, evaluations),
        prometheus_cpu=1000 * served / max(1, evaluations),
        cores=cpu / seconds,
        rss=memory[0],
        peak_rss=memory[1],
        lag=_lags(names, before, after),
        ready=ready,
        others=max(0.0, (after.machine - before.machine - spent) / seconds),
    )


def _counted(name: str, before: Reading, after: Reading) -> int:
    return round(total(after.metrics, name) - total(before.metrics, name))


def _lags(names: Names, before: Reading, after: Reading) -> tuple[float | None, float | None, float | None]:
    if not names.lag:
        return (None, None, None)
    p50, p99, p999 = (quantile(share, before.metrics, after.metrics, names.lag) for share in (0.5, 0.99, 0.999))
    return (p50, p99, p999)


def _read(program: Program, server: Program, *, metrics_first: bool) -> Reading:
    """Look at everything; the cost of giving metrics falls outside of what lies between two readings."""
    metrics = program.metrics() if metrics_first else {}
    reading = Reading(
        time.monotonic(), machine_cpu_seconds(), time.process_time(), server.cpu_seconds(), program.cpu_seconds(), metrics
    )
    if metrics_first:
        return reading
    return Reading(reading.at, reading.machine, reading.own, reading.prometheus, reading.cpu, program.metrics())


def _await_series(server: Program, load: Load) -> None:
    """Until the server has scraped everything, and for a rate often enough that every rule that should fire does."""
    expr = f"count({load.metric})" if load.kind == "simple" else f"count(rate({load.metric}[5m]))"
    server.wait_until("the first scrapes", START_SECONDS, lambda: server.query(expr) == load.apps * load.instances)


def _idle_cores(server: Program, seconds: float) -> float:
    """What the server needs for scraping alone."""
    began, before = time.monotonic(), server.cpu_seconds()
    time.sleep(seconds)
    return (server.cpu_seconds() - before) / (time.monotonic() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the evaluator beside its peers.")
    parser.add_argument("--rules", type=_counts, default=[1000, 10000], help="numbers of rules, one measurement each")
    parser.add_argument("--interval", default="15s", help="of scrapes and evaluations")
    parser.add_argument("--seconds", type=float, default=30.0, help="measured time of each; best a multiple of the interval")
    parser.add_argument("--firing", type=float, default=1.0, help="percent of the rules that find something")
    parser.add_argument("--kind", choices=sorted(EXPRESSIONS), default="simple", help="of the expressions")
    parser.add_argument("--loop", type=_words, default=[_loop()], help="event loops of ours: uvloop, asyncio")
    parser.add_argument("--only", type=_words, default=[], help="contestants: evaluator, ruler, vmalert")
    parser.add_argument("--no-pin", dest="core", action="store_const", const=None, help="let pollers use every core")
    parser.add_argument("--json", type=Path, help="write everything to this file, too")
    parser.set_defaults(core=max(os.sched_getaffinity(0)))
    return parser.parse_args()


def _counts(text: str) -> Sequence[int]:
    return [int(part) for part in text.split(",")]


def _words(text: str) -> Sequence[str]:
    return text.split(",")


def _loop() -> str:
    return "uvloop" if importlib.util.find_spec("uvloop") else "asyncio"


if __name__ == "__main__":
    try:
        main()
    except (ProgramError, KeyboardInterrupt) as error:
        raise SystemExit(f"bench: {error or 'interrupted'}") from None
