"""Who evaluates the rules: the evaluator, vmalert, and Prometheus itself; how each is started, and what it calls things."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from processes import START_SECONDS, Metrics, Program, total

WITHOUT_UVLOOP = "import sys; sys.modules['uvloop'] = None; from evaluator.__main__ import main; main()"


@dataclass(frozen=True, slots=True)
class Names:
    """What a contestant's metrics are called. lag: a histogram of seconds from a slot to the state that it led to."""

    evaluations: str
    failures: str
    missed: str
    lag: str = ""


RULER = Names(
    "prometheus_rule_evaluations_total",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_group_iterations_missed_total",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a contestant meets. core: the only core that a polling contestant may use; None: any."""

    prometheus: Program
    exporter: str
    rules: Path
    folder: Path
    core: int | None


class Contestant(Protocol):
    """Evaluates the rules of a scene for as long as the context lasts."""

    @property
    def key(self) -> str:
        """What the command line calls it."""

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def names(self) -> Names:
        """Of its metrics."""

    @contextmanager
    def running(self, scene: Scene) -> Iterator[Program]:
        """The process that evaluates; its metrics answer."""

    def has_evaluated(self, program: Program, rules: int, before: Metrics) -> bool:
        """Whether every rule has been evaluated since `before`; asked often, so it must not cost much."""


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Ours. loop: `uvloop`, as where it is installed, or `asyncio`, as where it is not."""

    loop: str = "uvloop"
    key: str = "evaluator"
    names: Names = Names(RULER.evaluations, RULER.failures, RULER.missed, "evaluator_slot_to_state_seconds")

    @property
    def name(self) -> str:
        """With its event loop."""
        return f"evaluator ({self.loop})"

    @contextmanager
    def running(self, scene: Scene) -> Iterator[Program]:
        """A fresh one each time: nothing is restored."""
        start = ["-c", WITHOUT_UVLOOP] if self.loop == "asyncio" else ["-m", "evaluator"]
        options = {
            "--prometheus": scene.prometheus.url,
            "--rules": str(scene.rules),
            "--listen": "127.0.0.1:{port}",
            "--storage": f"sqlite:///{scene.folder}/evaluator.db",
            "--log-format": "json",
        }
        for kept in scene.folder.glob("evaluator.db*"):
            kept.unlink()
        command = [sys.executable, *start, "run", *(part for option in options.items() for part in option)]
        with Program("evaluator", command, scene.folder, core=scene.core) as program:
            program.wait_until("its start", START_SECONDS, lambda: bool(program.get("/-/healthy")))
            yield program

    def has_evaluated(self, program: Program, rules: int, before: Metrics) -> bool:
        """It says so itself; with thousands of rules its metrics are a long text."""
        return bool(program.get("/-/ready"))


@dataclass(frozen=True, slots=True)
class Vmalert:
    """VictoriaMetrics' rule evaluator, polling the same Prometheus."""

    binary: str
    key: str = "vmalert"
    name: str = "vmalert"
    names: Names = Names("vmalert_execution_total", "vmalert_execution_errors_total", "vmalert_iteration_missed_total")

    @contextmanager
    def running(self, scene: Scene) -> Iterator[Program]:
        """Without a notifier where it can do without one, else with one that accepts everything."""
        usage = subprocess.run([self.binary, "-help"], capture_output=True, text=True, check=False, timeout=30)
        blackhole = "-notifier.blackhole" in usage.stdout + usage.stderr
        command = [
            self.binary,
            f"-rule={scene.rules}",
            f"-datasource.url={scene.prometheus.url}",
            "-notifier.blackhole" if blackhole else f"-notifier.url=http://{scene.exporter}",
            "-httpListenAddr=127.0.0.1:{port}",
        ]
        with Program("vmalert", command, scene.folder, core=scene.core) as program:
            program.wait_until("its start", START_SECONDS, lambda: bool(program.get("/metrics")))
            yield program

    def has_evaluated(self, program: Program, rules: int, before: Metrics) -> bool:
        """By its count; it has just begun."""
        return total(program.metrics(), self.names.evaluations) >= rules


@dataclass(frozen=True, slots=True)
class Ruler:
    """Prometheus' own ruler, in the very server that the others poll."""

    key: str = "ruler"
    name: str = "Prometheus' own ruler"
    names: Names = RULER

    @contextmanager
    def running(self, scene: Scene) -> Iterator[Program]:
        """The rules are loaded into the server, and taken away afterwards."""
        here = scene.folder / "ruler" / "bench.yml"
        here.write_text(scene.rules.read_text())
        scene.prometheus.signal(signal.SIGHUP)
        try:
            yield scene.prometheus
        finally:
            here.unlink()
            scene.prometheus.signal(signal.SIGHUP)

    def has_evaluated(self, program: Program, rules: int, before: Metrics) -> bool:
        """By its count, which may have begun with other rules."""
        name = self.names.evaluations
        return total(program.metrics(), name) - total(before, name) >= rules


def prometheus(folder: Path, target: str, interval: str) -> Program:
    """A Prometheus that scrapes the target, and evaluates what is put into the folder `ruler`."""
    (folder / "ruler").mkdir()
    (folder / "prometheus.yml").write_text(
        f"global: {{scrape_interval: {interval}, evaluation_interval: {interval}}}\n"
        "rule_files: [ruler/*.yml]\n"
        "scrape_configs:\n"
        "  - job_name: bench\n"
        f"    static_configs: [{{targets: ['{target}']}}]\n"
    )
    command = [
        shutil.which("prometheus") or sys.exit("no prometheus on the PATH; Debian: apt install prometheus"),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/prometheus",
        "--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    return Program("prometheus", command, folder)


def present(loops: Sequence[str]) -> list[Contestant]:
    """Ours, once for each event loop, and the peers that this machine has."""
    vmalert = os.environ.get("VMALERT") or shutil.which("vmalert")
    peers: list[Contestant] = [Ruler(), *([Vmalert(vmalert)] if vmalert else [])]
    return [*map(Evaluator, loops), *peers]
