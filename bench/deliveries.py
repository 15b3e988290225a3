"""Notifications per second, and the processor time of a thousand: the evaluator, and a real Alertmanager beside it.

    python bench/deliveries.py [--groups 1000] [--rounds 3] [--kinds webhook,slack]

Alerts are posted at once, each is a group of its own, nothing waits, and a receiver with four integrations is told of each. The
sink answers at once. Processor time is that of the notifier alone, taking the alerts in included; the time is from the first
post to the last notification. Slack's messages are rendered from the packaged templates, with a text that lists the alert.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from posting import Client, alert, batches, post
from processes import START_SECONDS, Program, ProgramError
from receivers import Notifier, present
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
INTEGRATIONS = 4
PATIENCE = 120.0
LABELS = "{{ range .Labels.SortedPairs }}{{ .Name }}: `{{ .Value }}`\n{{ end }}"
TEXT = f"{{{{ range .Alerts }}}}*{{{{ .Annotations.summary }}}}*\n{LABELS}{{{{ end }}}}"


@dataclass(frozen=True, slots=True)
class Figure:
    """rate: notifications per second. cpu: seconds of the notifier for a thousand of them."""

    who: str
    kind: str
    notifications: int
    rate: float
    cpu: float


def configuration(kind: str, url: str, notifier: Notifier) -> str:
    """As an alertmanager.yml; JSON is YAML. Only ours limits how often Slack is told, and is told not to."""
    item: dict[str, Any] = {"send_resolved": False}
    item |= {"url": url} if kind == "webhook" else {"api_url": url, "channel": "#bench", "text": TEXT}
    if kind == "slack" and notifier.name == "evaluator":
        item["rate_limit"] = {"off": True}
    route = {"receiver": "all", "group_by": ["..."], "group_wait": "0s", "group_interval": "5m", "repeat_interval": "4h"}
    return json.dumps({"route": route, "receivers": [{"name": "all", f"{kind}_configs": [item] * INTEGRATIONS}]})


def measure(notifier: Notifier, kind: str, groups: int, rounds: int, folder: Path, sink: Program) -> Figure:
    """Several rounds on one process, each of alerts that it has not seen."""
    folder.mkdir(parents=True)
    (folder / "alertmanager.yml").write_text(configuration(kind, f"{sink.url}/hook", notifier))
    heard = Client(sink.port)
    seconds = 0.0
    with notifier.program(folder) as program:
        program.wait_until("its start", START_SECONDS, lambda: bool(program.get("/-/ready")))
        began = program.cpu_seconds()
        for turn in range(rounds):
            heard.ask("DELETE", "/")
            bodies = batches([alert(number, bench_id=f"{turn}-{number}") for number in range(groups)], 1000)
            clock = time.monotonic()
            asyncio.run(post(program.port, iter(bodies), 4))
            _await(heard, groups * INTEGRATIONS)
            seconds += time.monotonic() - clock
        cpu = program.cpu_seconds() - began
    count = groups * rounds * INTEGRATIONS
    return Figure(notifier.name, kind, count, count / seconds, 1000 * cpu / count)


def _await(heard: Client, count: int) -> None:
    """Until the sink has heard so many. Raises ProgramError when it does not."""
    began = time.monotonic()
    while (known := int(heard.json("/")["notifications"])) < count:
        if time.monotonic() - began > PATIENCE:
            raise ProgramError(f"{known} notifications of {count} came within {PATIENCE:.0f} s")
        time.sleep(0.02)


def main() -> None:
    """Measure and print."""
    options = _options()
    table = Table("to", "who", "notifications", "per second", "CPU s per 1,000")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with Program("sink", [sys.executable, str(HERE / "sink.py"), "--port", "{port}"], folder) as sink:
            sink.wait_until("its start", START_SECONDS, lambda: bool(sink.get("/")))
            for kind in options.kinds:
                for notifier in present():
                    place = folder / f"{kind}-{notifier.name}"
                    found = measure(notifier, kind, options.groups, options.rounds, place, sink)
                    table.add_row(kind, found.who, f"{found.notifications:,}", f"{found.rate:,.0f}", f"{found.cpu:.2f}")
    Console().print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--groups", type=int, default=1000, help="that notify at once")
    parser.add_argument("--rounds", type=int, default=3, help="how often they do")
    parser.add_argument("--kinds", type=_words, default=["webhook", "slack"], help="of integrations: webhook, slack")
    return parser.parse_args()


def _words(text: str) -> Sequence[str]:
    return text.split(",")


if __name__ == "__main__":
    try:
        main()
    except (ProgramError, KeyboardInterrupt) as error:
        raise SystemExit(f"bench: {str(error) or 'interrupted'}") from None
