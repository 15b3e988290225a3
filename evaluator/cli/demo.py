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
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer

from evaluator.cli.output import counted, fail
from evaluator.cli.reading import Source, read_or_fail
from evaluator.cli.run import LogFormat, reading, serve
from evaluator.service.logs import log, set_up

START_SECONDS = 30.0

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
        folder, port = Path(name), _free_port(9093)
        with _a_prometheus(prometheus, folder, port) as url:
            config = folder / "evaluator.yml"
            config.write_text(CONFIG.format(url=url, rules=rules_folder(), folder=folder, port=port))
            source = Source(config)
            service = serve(read_or_fail(source), reading(source), seconds)
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
    own = _free_port(9090)
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(own=own, port=port))
    command = [
        program,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/prometheus",
        f"--web.listen-address=127.0.0.1:{own}",
        "--log.level=error",
    ]
    with (folder / "prometheus.log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{own}"
            _await_ready(process, address, folder / "prometheus.log")
            log.info("a Prometheus of the demo's own answers", url=address)
            yield address
        finally:
            process.terminate()
            process.wait(10)


def _await_ready(process: subprocess.Popen[bytes], address: str, output: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            fail(f"the Prometheus of the demo ended by itself: {output.read_text().strip()[-500:]}")
        try:
            if httpx.get(f"{address}/-/ready", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    fail(f"the Prometheus of the demo is not ready after {START_SECONDS:.0f} seconds")


def _free_port(wanted: int) -> int:
    """`wanted` if nobody has it, else one that the system chooses."""
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as probe:
                return int(probe.getsockname()[1])
        except OSError:
            continue
    fail("no port is free on 127.0.0.1")
