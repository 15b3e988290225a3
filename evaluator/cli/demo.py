"""`evaluator demo`: the main job, seen within a minute, against a real Prometheus.

Starts a Prometheus that scrapes itself and the evaluator, unless PROMETHEUS_URL names one, and runs the evaluator with the
demo rules and a console receiver. DEMO_SECONDS makes it stop by itself; the exit code is 0 only if a notification was
delivered.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, TextIO

import httpx
import typer

from evaluator.cli.output import counted, fail
from evaluator.cli.reading import Source, read_or_fail
from evaluator.cli.run import LogFormat, reading, serve
from evaluator.service import listening
from evaluator.service.logs import log, set_up

START_SECONDS = 30.0
STARTS = 3

CONFIG = """\
datasources:
  - name: demo
    url: {url}
    timeout: 5s
rule_files:
  - {rules}/*.rules.yml
route:
  receiver: console
  group_by: [alertname]
  group_wait: 2s
  group_interval: 10s
  repeat_interval: 1h
receivers:
  - name: console
    console_configs:
      - send_resolved: true
storage: sqlite:///{folder}/evaluator.db
web:
  listen: 127.0.0.1:{port}
"""

PROMETHEUS = """\
global:
  scrape_interval: 5s
scrape_configs:
  - job_name: prometheus
    static_configs: [{{targets: ['127.0.0.1:{own}']}}]
  - job_name: evaluator
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


def demo(
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds.", envvar="DEMO_SECONDS")] = None,
    prometheus: Annotated[str | None, typer.Option(help="A Prometheus to ask.", envvar="PROMETHEUS_URL")] = None,
) -> None:
    """Show a rule go pending, firing, notified and resolved against a real Prometheus."""
    set_up(LogFormat.CONSOLE)
    with tempfile.TemporaryDirectory(prefix="evaluator-demo-") as name:
        folder, listener = Path(name), _listener(9093)
        port = listener.getsockname()[1]
        with listener, _a_prometheus(prometheus, folder, port) as url:
            config = folder / "evaluator.yml"
            config.write_text(CONFIG.format(url=url, rules=rules_folder(), folder=folder, port=port))
            source = Source(config)
            service = serve(read_or_fail(source), reading(source), seconds, listener)
    accepted = sum(count for (_, _, outcome), count in service.metrics.counts.attempts.items() if outcome == "accepted")
    if not accepted:
        fail("the demo ended before a notification was delivered; give it a minute")
    print(f"The demo delivered {counted(accepted, 'notification')}.", file=sys.stderr)


def rules_folder() -> Path:
    """Where the demo rules are: in the installed package, or in the source tree beside it."""
    package = Path(__file__).parents[1]
    installed = package / "demo_rules"
    return installed if installed.is_dir() else package.parent / "rules" / "demo"


@contextmanager
def _a_prometheus(url: str | None, folder: Path, port: int) -> Iterator[str]:
    """The URL of a Prometheus: the one that was named, or one of our own for as long as the demo lasts."""
    if url:
        yield url
        return
    program = shutil.which("prometheus")
    if program is None:
        fail("no Prometheus found: install one (Debian: apt install prometheus), or set PROMETHEUS_URL to one that runs")
    with (folder / "prometheus.log").open("w+") as output:
        process, address = _started(program, folder, port, output)
        try:
            log.info("a Prometheus of the demo's own answers", url=address)
            yield address
        finally:
            _end(process)


def _started(program: str, folder: Path, port: int, output: TextIO) -> tuple[subprocess.Popen[bytes], str]:
    """A Prometheus that is ready, and its URL. Nobody can keep a port for it, so one that was taken meanwhile costs a try."""
    for _ in range(STARTS):
        with _listener(9090) as probe:
            own = probe.getsockname()[1]
        (folder / "prometheus.yml").write_text(PROMETHEUS.format(own=own, port=port))
        command = [
            program,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/prometheus",
            f"--web.listen-address=127.0.0.1:{own}",
            "--log.level=error",
        ]
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            ready = _ready(process, address := f"http://127.0.0.1:{own}")
        except BaseException:
            _end(process)
            raise
        if ready:
            return process, address
    output.seek(0)
    fail(f"the Prometheus of the demo ended by itself: {output.read().strip()[-500:]}")


def _ready(process: subprocess.Popen[bytes], address: str) -> bool:
    """Waits until it answers; False when it ended by itself."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            return False
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/-/ready", trust_env=False).is_success:
                return True
        time.sleep(0.1)
    fail(f"the Prometheus of the demo is not ready after {START_SECONDS:.0f} seconds")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)


def _listener(wanted: int) -> socket.socket:
    """Listens on `wanted` if nobody else does, else on a port that the system chooses."""
    try:
        return listening.bind("127.0.0.1", wanted)
    except listening.ListenError:
        return listening.bind("127.0.0.1", 0)
