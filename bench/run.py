"""Measures the evaluator beside its peers: the same rules, the same Prometheus, one run.

    python bench/run.py [--rules 1000,10000] [--interval 10s,saturated] [--seconds 30] [--firing 1]
                        [--kind simple|rate|tiers|sum] [--loop uvloop,asyncio] [--only evaluator,ruler,vmalert] [--no-pin]
                        [--json FILE]

What is measured and what the figures mean stands in README.md beside this file.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import alertmanager
import incidents
from contestants import Contestant, Scene, present, prometheus
from load import EXPRESSIONS, Exporter, Load, write_rules
from processes import START_SECONDS, Metrics, Program, ProgramError, machine_cpu_seconds, quantile, total
from report import Figures, line, show, show_peers, write_json
from rich.console import Console

from evaluator.core.durations import parse_duration

INSTANCES = 10
SETTLING = 2.0  # seconds between the first evaluation of the last rule and the first reading
SCRAPES = "10s"
SATURATED = "saturated"
FLOODING = "10ms"
"""The interval at saturation: nobody evaluates thousands of rules that often, so everybody is always late and never idle."""


@dataclass(frozen=True, slots=True)
class Course:
    """What every contestant goes through.

    pace: an interval, or SATURATED; seconds: measured; idle: cores of an unasked Prometheus.
    """

    load: Load
    rules: int
    pace: str
    seconds: float
    idle: float

    @property
    def interval(self) -> str:
        """Of the rules."""
        return FLOODING if self.pace == SATURATED else self.pace

    @property
    def interval_seconds(self) -> float:
        """The same."""
        return parse_duration(self.interval).total_seconds()


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at everything. Processor seconds: of the machine, of this process, of Prometheus, of who evaluates."""

    at: float
    machine: float
    own: float
    prometheus: float
    cpu: float
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Spell:
    """What was read at both ends of the measured time, and then. within: Prometheus itself was who evaluates."""

    before: Reading
    after: Reading
    within: bool
    rss: float
    peak_rss: float
    ready: float

    @property
    def seconds(self) -> float:
        """Of the clock."""
        return self.after.at - self.before.at

    def counted(self, name: str) -> int:
        """By how much a counter grew."""
        return round(total(self.after.metrics, name) - total(self.before.metrics, name))

    def lag(self, share: float, histogram: str) -> float | None:
        """A quantile of what a histogram counted."""
        return quantile(share, self.before.metrics, self.after.metrics, histogram) if histogram else None


def main() -> None:
    """Measure what the arguments say, and print it."""
    options = _arguments()
    console = Console(width=180)
    rows: list[Figures] = []
    contestants = [one for one in present(options.loop) if not options.only or one.key in options.only]
    with tempfile.TemporaryDirectory(prefix="evaluator-bench-") as name:
        folder = Path(name)
        apps = -(-max(options.rules) // len(EXPRESSIONS[options.kind]))
        load = Load(apps, INSTANCES, options.firing, options.kind)
        with Exporter(load) as exporter, prometheus(folder, exporter.address, SCRAPES) as server:
            console.print(f"{load.apps * load.instances:,} series, {options.seconds:.0f} s each …")
            _await_series(server, load)
            idle = _idle_cores(server, options.seconds / 2)
            for rules, pace in product(options.rules, options.interval):
                course = Course(load, rules, pace, options.seconds, idle)
                scene = Scene(server, exporter.address, folder / f"rules-{rules}.yml", folder, options.core)
                write_rules(scene.rules, load, rules, course.interval)
                for contestant in contestants:
                    rows.append(_figures(contestant, course, _run(contestant, scene, course)))
                    console.print(line(rows[-1]))
    show(rows, console)
    show_peers(options.rules, options.kind, console)
    if options.json:
        write_json(options.json, rows, {"machine": platform.platform(), "cores": os.cpu_count(), "scrapes": SCRAPES})


def _run(contestant: Contestant, scene: Scene, course: Course) -> Spell:
    """Let the contestant evaluate the scene's rules, first until all have been evaluated once, then for the measured time."""
    began = time.monotonic()
    earlier = scene.prometheus.metrics()
    with contestant.running(scene) as program:
        patience = START_SECONDS + 2 * course.interval_seconds
        program.wait_until("one round", patience, lambda: contestant.has_evaluated(program, course.rules, earlier))
        ready = time.monotonic() - began
        time.sleep(SETTLING)
        metrics = program.metrics()  # before the clock starts, and after it has stopped: they have a price of their own
        before = replace(_read(program, scene.prometheus), metrics=metrics)
        time.sleep(course.seconds)
        after = _read(program, scene.prometheus)
        memory = program.resident_mib(), program.resident_mib(peak=True)
        after = replace(after, metrics=program.metrics())
        return Spell(before, after, program is scene.prometheus, *memory, ready)


def _read(program: Program, server: Program) -> Reading:
    return Reading(
        time.monotonic(), machine_cpu_seconds(), time.process_time(), server.cpu_seconds(), program.cpu_seconds(), {}
    )


def _figures(contestant: Contestant, course: Course, spell: Spell) -> Figures:
    before, after, names = spell.before, spell.after, contestant.names
    evaluations = spell.counted(names.evaluations)
    server = after.prometheus - before.prometheus
    served = server - course.idle * spell.seconds
    cpu = served if spell.within else after.cpu - before.cpu
    spent = after.own - before.own + server + (0.0 if spell.within else cpu)
    return Figures(
        who=contestant.name,
        rules=course.rules,
        kind=course.load.kind,
        firing=course.load.firing,
        pace=course.pace,
        seconds=spell.seconds,
        evaluations=evaluations,
        due=round(course.rules * spell.seconds / course.interval_seconds),
        failures=spell.counted(names.failures),
        missed=spell.counted(names.missed),
        cpu=1000 * cpu / max(1, evaluations),
        prometheus_cpu=1000 * served / max(1, evaluations),
        within=spell.within,
        cores=cpu / spell.seconds,
        rss=spell.rss,
        peak_rss=spell.peak_rss,
        lag=(spell.lag(0.5, names.lag), spell.lag(0.99, names.lag), spell.lag(0.999, names.lag)),
        ready=spell.ready,
        others=max(0.0, (after.machine - before.machine - spent) / spell.seconds),
    )


def _await_series(server: Program, load: Load) -> None:
    """Until the server has scraped everything, and for a rate often enough that every rule that should fire does."""
    expr = f"count(rate({load.metric}[5m]))" if load.kind == "rate" else f"count({load.metric})"
    server.wait_until("the first scrapes", START_SECONDS, lambda: server.query(expr) == load.apps * load.instances)


def _idle_cores(server: Program, seconds: float) -> float:
    """What the server needs for scraping alone."""
    began, before = time.monotonic(), server.cpu_seconds()
    time.sleep(seconds)
    return (server.cpu_seconds() - before) / (time.monotonic() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the evaluator beside its peers.")
    parser.add_argument("--rules", type=_counts, default=[1000, 10000], help="numbers of rules, one measurement each")
    parser.add_argument("--interval", type=_words, default=["10s", SATURATED], help=f"of evaluations, several; or {SATURATED}")
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
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that whatever was started is ended
    try:
        others = {"alertmanager": alertmanager.main, "incidents": incidents.main}
        others[sys.argv[1]](sys.argv[2:]) if sys.argv[1:2] and sys.argv[1] in others else main()
    except (ProgramError, KeyboardInterrupt) as error:
        raise SystemExit(f"bench: {str(error) or 'interrupted'}") from None
