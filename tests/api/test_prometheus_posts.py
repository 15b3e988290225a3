"""A real Prometheus whose `alerting:` block names the evaluator."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from evaluator.service.clock import wall_clock
from tests.api.alertmanager import serving
from tests.local_server import Received, Reply
from tests.service.servers import Holding, until

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed"),
]

CONFIG = """\
global: {{scrape_interval: 100ms, evaluation_interval: 100ms, external_labels: {{cluster: eu}}}}
rule_files: [rules.yml]
scrape_configs: [{{job_name: demo, static_configs: [{{targets: ["{target}"]}}]}}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{alertmanager}"]}}]}}]}}
"""

RULES = """\
groups: [{name: g, rules: [{alert: Broken, expr: broken == 1, labels: {team: db}, annotations: {summary: "{{ $value }}"}}]}]
"""


class Exporter(Holding):
    """Somebody to scrape. broken: the value of its only metric."""

    broken = 1

    async def answer(self, request: Received) -> Reply:
        """The metric."""
        return Reply(headers={"Content-Type": "text/plain"}, body=f"broken {self.broken}\n".encode())


@asynccontextmanager
async def prometheus(folder: Path, target: str, alertmanager: str) -> AsyncIterator[None]:
    """Run one that scrapes `target` and posts to `alertmanager`, both host and port."""
    (folder / "prometheus.yml").write_text(CONFIG.format(target=target, alertmanager=alertmanager))
    (folder / "rules.yml").write_text(RULES)
    words = (f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb", "--web.listen-address=127.0.0.1:0")
    with (folder / "log").open("w") as log:
        server = await asyncio.create_subprocess_exec("prometheus", *words, stdout=log, stderr=log)
        try:
            yield
        finally:
            server.terminate()
            await server.wait()


async def test_its_alerts_begin_and_end(tmp_path: Path) -> None:
    """With its external labels, an end of its own that lies ahead, and a resolve as soon as it says so."""
    began = wall_clock()
    async with Exporter() as exporter, serving(clock=wall_clock) as api:
        target, alertmanager = (url.removeprefix("http://") for url in (exporter.url, api.url))

        async def fires() -> bool:
            return bool(await api.names())

        async def is_over() -> bool:
            return not await fires()

        async with prometheus(tmp_path, target, alertmanager):
            await until(fires)
            (alert,) = await api.get("/alerts")
            exporter.broken = 0
            await until(is_over)
    assert alert["labels"] == {"alertname": "Broken", "cluster": "eu", "instance": target, "job": "demo", "team": "db"}
    assert alert["annotations"] == {"summary": "1"}
    assert alert["receivers"] == [{"name": "db"}]
    assert datetime.fromisoformat(alert["endsAt"]) > began + timedelta(minutes=2)
    assert "g0.expr=broken" in alert["generatorURL"]
