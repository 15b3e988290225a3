"""Processes under measurement: started, watched through /proc and the metrics that they export, and surely ended."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

TICK = os.sysconf("SC_CLK_TCK")
START_SECONDS = 90.0

Metrics = dict[str, float]
"""By name and labels as exported: `evaluations_total{rule_group="a"}`."""


class ProgramError(Exception):
    """A program under measurement does not do what it should; the text says which and what it said."""


class Program:
    """A process and the port that it listens on; ended with the context, whatever happens in it.

    command: `{port}` stands for the port. core: the only core that it may use.

    Python is let keep its bytecode, as it does where a program is installed, whatever the surroundings say: a start would
    else be measured together with a compiler.
    """

    def __init__(self, name: str, command: Sequence[str], folder: Path, *, core: int | None = None) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [part.replace("{port}", str(self.port)) for part in command]
        self._folder = folder
        self._core = core

    def __enter__(self) -> Program:
        self._errors = (self._folder / f"{self.name}.log").open("wb+")
        with (self._folder / f"{self.name}.out").open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=self._errors,
                cwd=self._folder,
                env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            )
        if self._core is not None:
            os.sched_setaffinity(self._process.pid, {self._core})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def wait(self) -> None:
        """Until it has ended."""
        self._process.wait()

    def get(self, path: str, **parameters: str) -> bytes:
        """The body of an answer. Raises OSError when there is none or its status is not 200."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        with urllib.request.urlopen(f"{self.url}{path}{query}", timeout=30) as answer:
            return bytes(answer.read())

    def query(self, expr: str) -> float:
        """The value of an expression that gives one series or none (then 0); for a Prometheus."""
        answer: Any = json.loads(self.get("/api/v1/query", query=expr))
        result = answer["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0

    def metrics(self) -> Metrics:
        """What it exports."""
        return parse_metrics(self.get("/metrics").decode())

    def wait_until(self, what: str, seconds: float, done: Callable[[], bool]) -> float:
        """Seconds until `done`, asked ten times a second. Raises ProgramError when it ends or takes longer than that."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self._process.poll() is not None:
                raise ProgramError(f"{self.name} ended by itself: {self._last_words()}")
            try:
                if done():
                    return time.monotonic() - began
            except OSError:
                pass
            time.sleep(0.1)
        raise ProgramError(f"{self.name}: {what} did not come about within {seconds:.0f} s: {self._last_words()}")

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def resident_mib(self, peak: bool = False) -> float:
        """Memory held now, or the most that was ever held."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{'VmHWM' if peak else 'VmRSS'}:\s+(\d+)", status, re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0

    def _last_words(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()[-600:] or "it said nothing"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def machine_cpu_seconds() -> float:
    """User, nice and system time of the whole machine since it was started."""
    user, nice, system = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:4]
    return (int(user) + int(nice) + int(system)) / TICK


def parse_metrics(text: str) -> Metrics:
    """Prometheus' text format."""
    samples = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def total(metrics: Metrics, name: str) -> float:
    """The sum over all series of this name."""
    return sum(value for series, value in metrics.items() if series == name or series.startswith(name + "{"))


def quantile(share: float, before: Metrics, after: Metrics, histogram: str) -> float | None:
    """A quantile in seconds of what a histogram without labels counted between two readings; None if that was nothing.

    Within a bucket it is interpolated; beyond the last bound it is that bound.
    """
    pattern = re.compile(re.escape(histogram) + r'_bucket\{le="([^"]+)"\}')
    bounds = sorted((float(found[1]), series) for series in after if (found := pattern.fullmatch(series)))
    counts = [(bound, after[series] - before.get(series, 0.0)) for bound, series in bounds]
    if not counts or not counts[-1][1]:
        return None
    wanted, low, below = share * counts[-1][1], 0.0, 0.0
    for bound, count in counts:
        if count >= wanted:
            return low if bound == float("inf") else low + (bound - low) * (wanted - below) / (count - below)
        low, below = bound, count
    raise AssertionError("the last bucket holds everything")
