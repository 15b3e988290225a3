"""The load: a metric of many apps and instances to scrape, and the rules that watch it.

Each app is watched by one rule, or by three with thresholds of their own. Of the apps, an evenly spread share fires, each
with one of its instances; what a rule asks for and what it finds are thus known beforehand, and the same for everybody.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

COLD, HOT = 0.25, 0.97  # of the gauge; rules fire above 0.9
SLOW, FAST = 1, 10  # of the counter, per second; rules fire above 5
GROUP_SIZE = 100

EXPRESSIONS = {
    "simple": ('bench_gauge{{app="{app:05d}"}} > 0.9',),
    "rate": ('rate(bench_requests_total{{app="{app:05d}"}}[5m]) > 5',),
    "tiers": tuple(f'bench_gauge{{{{app="{{app:05d}}"}}}} > {least}' for least in (0.9, 0.93, 0.96)),
    "sum": ('sum(bench_gauge{{app="{app:05d}"}}) > 3',),  # ten instances; what no two rules have in common
}
"""By kind of load, the rules of an app."""


@dataclass(frozen=True, slots=True)
class Load:
    """apps: as many as there are rules at most. firing: percent of the apps that fire. kind: a key of EXPRESSIONS."""

    apps: int
    instances: int
    firing: float
    kind: str

    @property
    def metric(self) -> str:
        """The name of what is scraped."""
        return "bench_requests_total" if self.kind == "rate" else "bench_gauge"

    def fires(self, app: int) -> bool:
        """Whether the rule of this app finds something."""
        return int((app + 1) * self.firing / 100) > int(app * self.firing / 100)

    def exposition(self, seconds: float) -> bytes:
        """The text of a scrape, so many seconds after the start."""
        cold: float = COLD if self.kind != "rate" else int(seconds * SLOW)
        hot: float = HOT if self.kind != "rate" else int(seconds * FAST)
        lines = [f"# TYPE {self.metric} {'counter' if self.kind == 'rate' else 'gauge'}\n"]
        for app in range(self.apps):
            fires = self.fires(app)
            lines += [
                f'{self.metric}{{app="{app:05d}",instance_no="{one}"}} {hot if fires and one == 0 else cold}\n'
                for one in range(self.instances)
            ]
        return "".join(lines).encode()


def rule_file(load: Load, rules: int, interval: str) -> str:
    """Alerting rules in groups of 100, with the labels and annotations that rules usually have."""
    lines, expressions = ["groups:\n"], EXPRESSIONS[load.kind]
    for number in range(rules):
        if number % GROUP_SIZE == 0:
            lines.append(f"- name: bench-{number // GROUP_SIZE:04d}\n  interval: {interval}\n  rules:\n")
        lines.append(
            f"  - alert: Bench{number:05d}\n"
            f"    expr: {expressions[number % len(expressions)].format(app=number // len(expressions))}\n"
            f"    labels: {{severity: {('warning', 'critical', 'info')[number % 3]}, team: team-{number % 20:02d}}}\n"
            "    annotations:\n"
            "      summary: 'High value on {{ $labels.instance_no }} of {{ $labels.app }}: {{ $value }}'\n"
            f"      runbook_url: https://runbooks.example.org/Bench{number:05d}\n"
        )
    return "".join(lines)


def write_rules(path: Path, load: Load, rules: int, interval: str) -> None:
    """`rule_file`, into a file."""
    path.write_text(rule_file(load, rules, interval))


class Exporter:
    """Serves the load on loopback for as long as the context lasts, and accepts whatever is posted.

    address: host and port.
    """

    def __init__(self, load: Load) -> None:
        began = time.monotonic()
        still = None if load.kind == "rate" else load.exposition(0)

        class Scrape(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = still or load.exposition(time.monotonic() - began)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Scrapes are not worth a line."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Scrape)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Exporter:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
