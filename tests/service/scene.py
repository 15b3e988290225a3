"""A folder with a configuration, and evaluators that run on it: as a process of their own, or within the test."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from evaluator.api.app import make_app
from evaluator.cli.reading import Source
from evaluator.cli.run import reading
from evaluator.replies.routes import reply_routes
from evaluator.service import listening
from evaluator.service.clock import Clock, wall_clock
from evaluator.service.run import Service
from evaluator.store.base import Store
from evaluator.store.opening import open_store
from evaluator.web.pages import pages
from tests.service.child import Death, start
from tests.service.servers import until

NOTIFICATIONS = "evaluator_notifications_total"

CONFIG = """\
datasources:
  - {{name: main, url: "{datasource}", timeout: 2s, batching: {{off: true}}{datasource_more}}}
rule_files: [rules.yml]
route:
  receiver: hook
  group_by: [alertname]
  group_wait: {group_wait}
  group_interval: {group_interval}
  repeat_interval: 1h
receivers:
  - name: hook
    webhook_configs:
      - {{url: "{webhook}", send_resolved: true}}
{more}"""


def write_config(folder: Path, datasource: str, webhook: str, **more: str) -> None:
    """Write evaluator.yml. more: what is not as usual (`group_wait`, `group_interval`, `datasource_more`, `more`)."""
    usual = {"group_wait": "0s", "group_interval": "200ms", "datasource_more": "", "more": ""}
    (folder / "evaluator.yml").write_text(CONFIG.format(datasource=datasource, webhook=webhook, **{**usual, **more}))


def write_rules(folder: Path, *rules: str, interval: str = "200ms") -> None:
    """Write rules.yml: one group of rules such as `Down: up == 0` or `Slow: latency > 1, for: 5m`."""
    lines = [f"groups:\n- name: g\n  interval: {interval}\n  rules:"]
    for rule in rules:
        name, _, rest = rule.partition(": ")
        lines.append("  - {alert: " + name + ", expr: " + rest + "}")
    (folder / "rules.yml").write_text("\n".join(lines) + "\n")


class Surface:
    """The HTTP surface of an evaluator."""

    url: str

    async def ask(self, path: str, method: str = "GET") -> httpx.Response:
        """Any request."""
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            return await client.request(method, self.url + path)

    async def alerts(self) -> dict[str, dict[str, Any]]:
        """`/api/v1/alerts`, by alert name."""
        found = (await self.ask("/api/v1/alerts")).json()["data"]["alerts"]
        return {alert["labels"]["alertname"]: alert for alert in found}

    async def rules(self) -> dict[str, dict[str, Any]]:
        """`/api/v1/rules`, by rule name."""
        groups = (await self.ask("/api/v1/rules")).json()["data"]["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    async def groups(self) -> dict[str, dict[str, Any]]:
        """The alert groups and their timers, by their alert name."""
        found = (await self.ask("/api/evaluator/v1/groups")).json()
        return {group["labels"]["alertname"]: group for group in found}

    async def clocks(self) -> dict[str, tuple[str, str]]:
        """State and `activeAt` of every alert, by its name."""
        return {name: (alert["state"], alert["activeAt"]) for name, alert in (await self.alerts()).items()}

    async def timers(self, *names: str) -> list[tuple[Any, ...]]:
        """When groups are flushed next, and what their integrations were told when, and when that is repeated."""
        groups = await self.groups()
        lanes = [lane for name in names for lane in groups[name]["integrations"]]
        told = [(lane["toldAt"], lane["toldFiring"], lane["nextRepeat"]) for lane in lanes]
        return [*told, *((groups[name]["nextFlush"],) for name in names)]

    async def has_told(self, name: str) -> bool:
        """Whether the ledger says that an alert of this name was told as firing."""
        groups = await self.groups()
        return name in groups and bool(groups[name]["integrations"][0]["toldFiring"])

    async def metrics(self) -> dict[str, float]:
        """Every sample of `/metrics`, by name and labels as they stand there."""
        lines = (await self.ask("/metrics")).text.splitlines()
        samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    async def is_ready(self) -> httpx.Response | None:
        """The answer of `/-/ready`, once that is yes."""
        answer = await self.ask("/-/ready")
        return answer if answer.status_code == 200 else None

    async def accepted(self) -> bool:
        """Whether a notification was accepted since the start."""
        metrics = await self.metrics()
        return any(count for name, count in metrics.items() if name.startswith(NOTIFICATIONS) and "accepted" in name)

    async def fires(self, *names: str) -> bool:
        """Whether all of these fire."""
        alerts = await self.alerts()
        return all(name in alerts and alerts[name]["state"] == "firing" for name in names)


class Evaluator(Surface):
    """`evaluator run` in a process of its own, in a folder.

    dies: when it kills itself. log_to: where it logs instead of the folder; its address is then not known.
    """

    def __init__(self, folder: Path, *, dies: Death | None = None, log_to: Path | None = None) -> None:
        self._folder = folder
        self._dies = dies
        self._log_to = log_to
        self._begins = len(self._logged)

    @property
    def log(self) -> list[dict[str, Any]]:
        """What it has logged."""
        return [json.loads(line) for line in self._text.splitlines() if line.startswith("{")]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    async def logged(self, event: str) -> None:
        """Wait until it has said so."""
        await until(lambda: any(line["event"] == event for line in self.log))

    async def ends(self) -> int:
        """Wait for the end; gives the exit code, or a signal's number as a negative."""
        await until(lambda: self.process.exitcode is not None)
        assert self.process.exitcode is not None
        return self.process.exitcode

    async def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self.process.kill()
        await self.ends()

    @property
    def _logged(self) -> str:
        """By all evaluators of the folder."""
        log = self._folder / "log"
        return log.read_text() if log.exists() else ""

    @property
    def _text(self) -> str:
        return self._logged[self._begins :]

    def _address(self) -> str:
        address = next((line["pages"].rstrip("/") for line in self.log if line["event"] == "started"), "")
        assert address or self.process.exitcode is None, self._text
        return address

    async def __aenter__(self) -> Self:
        self.process = start(self._folder, self._log_to or self._folder / "log", self._dies)
        self.url = "" if self._log_to else await until(self._address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.exitcode is None:
            await self.kill()
        self.process.close()
        if error is not None:
            error.add_note(self._text[-3000:])


@dataclass
class Living(Surface):
    """An evaluator within the test. stdout: what the console receiver has printed."""

    service: Service
    url: str
    stdout: io.StringIO
    running: asyncio.Task[None]

    async def ended(self) -> None:
        """Wait until it ends by itself."""
        await asyncio.wait([self.running])


@asynccontextmanager
async def living(folder: Path, store: Store | None = None, clock: Clock = wall_clock) -> AsyncIterator[Living]:
    """Run a service on the folder's configuration for as long as the block lasts, then stop it in good order."""
    source = Source(folder / "evaluator.yml", storage=f"sqlite:///{folder}/evaluator.db")
    settings = source.read()
    with listening.bind("127.0.0.1", 0) as listener, closing(store or open_store(settings.storage)) as kept:
        stdout = io.StringIO()
        service = Service(settings, reading(source), kept, stdout, clock)
        running = asyncio.create_task(service.run(lambda view: make_app(view, [*reply_routes(view), *pages(view)]), listener))
        await asyncio.sleep(0)
        try:
            yield Living(service, f"http://127.0.0.1:{listener.getsockname()[1]}", stdout, running)
        finally:
            service.stop()
            await running
