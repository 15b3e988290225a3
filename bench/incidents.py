"""What a thousand running ladders cost: the evaluator with as many incidents open, beside itself with nobody to chase.

    make bench BENCH_ARGS='incidents [--incidents 1000] [--minute 4] [--json FILE]'

A real Prometheus has a thousand series that are too high, each watched by a rule of its own, so that a thousand incidents open
within one evaluation interval. Each climbs a ladder of four levels, at 0, 5, 15 and 30 minutes, which tell the owner and the
backup of its component in turn by webhook; nobody acknowledges. A minute of the ladder lasts a few seconds here, so there is
that much more to do. Before each level but the first the rule is asked again, as always. What is late is read from what is
kept: a level, from the opening of its incident on; and the first page, from there to its acceptance. In the end the process
is killed and started again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from contestants import prometheus
from load import Exporter, Load, rule_file
from processes import START_SECONDS, Program, ProgramError, machine_cpu_seconds
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
INTERVAL = "15s"
LEVELS = (0, 5, 15, 30)  # minutes
SLACK = 10  # seconds that the measured time goes on after the last level
INCIDENTS_EACH = 2  # of which somebody is the owner: pages to one contact are limited, and that is not measured
MICROS = 1_000_000
RESTORED = "prometheus_rule_group_last_restore_duration_seconds"
EVENTS = "incident_events AS events JOIN incidents ON number = events.incident"
PAGES = "pages JOIN incidents ON number = pages.incident"


@dataclass(frozen=True, slots=True)
class Course:
    """incidents: how many. minute: seconds that one of the ladder lasts. folder: where everything is."""

    incidents: int
    minute: float
    folder: Path
    prometheus: Program
    sink: Program

    @property
    def seconds(self) -> float:
        """Of the measured time, which begins when all incidents are open."""
        return LEVELS[-1] * self.minute + SLACK


@dataclass(frozen=True, slots=True)
class Figure:
    """cpu: seconds in a minute. rss, peak_rss: MiB. levels: fired in the measured time.

    level_late, page_late: p50, p99 and the greatest, seconds. healthy: seconds from a start to an answer; restored: seconds of
    it in which the machine took back what was kept. others: cores that other processes used meanwhile.
    """

    who: str
    open: int
    cpu: float
    rss: float
    peak_rss: float
    levels: int
    level_late: tuple[float, float, float] | None
    page_late: tuple[float, float, float] | None
    healthy: float
    restored: float
    others: float


def configuration(course: Course, chased: bool) -> str:
    """As an evaluator.yml; JSON is YAML."""
    count = max(2, course.incidents // INCIDENTS_EACH)
    people = {f"p{one:04d}": {"webhook": f"{course.sink.url}/p{one:04d}"} for one in range(count)}
    components = {
        f"c{one:05d}": {"owner": f"p{one % count:04d}", "backup": f"p{(one + 1) % count:04d}"}
        for one in range(course.incidents)
    }
    levels = [
        {
            "at": f"{round(1000 * at * course.minute)}ms",
            "name": f"level {at}",
            "notify": [f"component:{('owner', 'backup')[n % 2]}"],
        }
        for n, at in enumerate(LEVELS)
    ]
    route: dict[str, object] = {"receiver": "nobody", "group_by": ["alertname"], "group_wait": "0s", "repeat_interval": "4h"}
    whole: dict[str, object] = {
        "datasources": [{"name": "bench", "url": course.prometheus.url}],
        "rule_files": ["rules.yml"],
        "evaluation_interval": INTERVAL,
        "storage": f"sqlite:///{course.folder}/evaluator.db",
        "receivers": [{"name": "nobody"}],
        "route": route,
    }
    if chased:
        ladder = {"levels": levels, "catch_up": {"min_gap": "1ms"}}
        whole |= {"people": people, "components": components, "escalations": {"ladder": ladder}}
        route["escalation"] = "ladder"
    return json.dumps(whole)


def measure(course: Course, who: str, chased: bool) -> Figure:
    """Start afresh, let the ladders be climbed, kill it and start it again."""
    for kept in course.folder.glob("evaluator.db*"):
        kept.unlink()
    (course.folder / "evaluator.yml").write_text(configuration(course, chased))
    with running(course) as program:
        program.wait_until("an evaluation of every rule", START_SECONDS, lambda: bool(program.get("/-/ready")))
        before = time.monotonic(), machine_cpu_seconds(), program.cpu_seconds(), time.process_time() + _served(course)
        time.sleep(course.seconds)
        seconds, used = time.monotonic() - before[0], machine_cpu_seconds() - before[1]
        cpu, rest = program.cpu_seconds() - before[2], time.process_time() + _served(course) - before[3]
        memory = program.resident_mib(), program.resident_mib(peak=True)
        program.signal(signal.SIGKILL)
        program.wait()
    levels, first_pages = lateness(course) if chased else ([], [])
    began = time.monotonic()
    with running(course) as program:
        program.wait_until("an answer", START_SECONDS, lambda: bool(program.get("/-/healthy")))
        healthy = time.monotonic() - began
        restored = max(seconds for name, seconds in program.metrics().items() if name.startswith(RESTORED))
    return Figure(
        who,
        open_incidents(course),
        60 * cpu / seconds,
        *memory,
        len(levels),
        spread(levels),
        spread(first_pages),
        healthy,
        restored,
        max(0.0, (used - cpu - rest) / seconds),
    )


@contextmanager
def running(course: Course) -> Iterator[Program]:
    """The evaluator on the course's configuration."""
    options = ["--config", "evaluator.yml", "--listen", "127.0.0.1:{port}", "--log-format", "json"]
    with Program("evaluator", [sys.executable, "-m", "evaluator", "run", *options], course.folder) as program:
        yield program


def _served(course: Course) -> float:
    """Processor seconds of those that the evaluator asks and tells."""
    return course.prometheus.cpu_seconds() + course.sink.cpu_seconds()


def lateness(course: Course) -> tuple[list[float], list[float]]:
    """Of every level that has fired, and of every incident's first page: how much later than promised, in seconds."""
    with closing(sqlite3.connect(course.folder / "evaluator.db")) as kept:
        fired = kept.execute(f"SELECT at - opened_at, events.level FROM {EVENTS} WHERE what = 'level'").fetchall()
        first = kept.execute(f"SELECT min(sent_at) - opened_at FROM {PAGES} WHERE sent_at > 0 GROUP BY number").fetchall()
    return [took / MICROS - LEVELS[level] * course.minute for took, level in fired], [took / MICROS for (took,) in first]


def open_incidents(course: Course) -> int:
    """How many are."""
    with closing(sqlite3.connect(course.folder / "evaluator.db")) as kept:
        return int(kept.execute("SELECT count(*) FROM incidents WHERE state != 'resolved'").fetchone()[0])


def spread(seconds: Sequence[float]) -> tuple[float, float, float] | None:
    """The median, the 99th percentile and the greatest."""
    found = sorted(seconds)
    return (found[len(found) // 2], found[len(found) * 99 // 100], found[-1]) if found else None


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a table."""
    options = _options(arguments)
    console = Console(width=160)
    load = Load(options.incidents, 1, 100.0, "simple")
    with tempfile.TemporaryDirectory(prefix="bench-") as name, Exporter(load) as exporter:
        folder = Path(name)
        numbers = itertools.count()
        rules = re.sub("team: team-..", lambda _: f"component: c{next(numbers):05d}", rule_file(load, load.apps, INTERVAL))
        (folder / "rules.yml").write_text(rules)
        sink = Program("sink", [sys.executable, str(HERE / "sink.py"), "--port", "{port}"], folder)
        with prometheus(folder, exporter.address, INTERVAL) as server, sink:
            server.wait_until("the first scrape", START_SECONDS, lambda: server.query(f"count({load.metric})") == load.apps)
            course = Course(options.incidents, options.minute, folder, server, sink)
            who = (f"{options.incidents:,} alerts, nobody chased", False), (f"{options.incidents:,} ladders", True)
            figures = [measure(course, words, chased) for words, chased in who]
    show(figures, course, console)
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")


def show(figures: Sequence[Figure], course: Course, console: Console) -> None:
    """As a table."""
    console.print(f"A ladder's minute lasts {course.minute:g} s; {course.seconds:.0f} s measured; times in seconds.")
    table = Table(
        "who",
        "open in\nthe end",
        "levels\nfired",
        "CPU s\nper minute",
        "RSS, peak\nMiB",
        "level late\np50 / p99 / most",
        "first page\np50 / p99 / most",
        "start to answer\n(restoring)",
        "others'\ncores",
    )
    for one in figures:
        table.add_row(
            one.who,
            str(one.open),
            str(one.levels),
            f"{one.cpu:.2f}",
            f"{one.rss:.0f}, {one.peak_rss:.0f}",
            _words(one.level_late),
            _words(one.page_late),
            f"{one.healthy:.2f} ({one.restored:.2f})",
            f"{one.others:.2f}",
        )
    console.print(table)


def _words(late: tuple[float, float, float] | None) -> str:
    return " / ".join(f"{one:.3f}" for one in late) if late is not None else "-"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.py incidents", description=__doc__)
    parser.add_argument("--incidents", type=int, default=1000, help="that are open at once")
    parser.add_argument("--minute", type=float, default=4.0, help="seconds that a minute of the ladder lasts")
    parser.add_argument("--json", type=Path, help="write every figure to this file, too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (ProgramError, KeyboardInterrupt) as error:
        raise SystemExit(f"bench: {str(error) or 'interrupted'}") from None
