"""A real Prometheus with rules of its own, and what can be learnt from it: its API as it runs, its series afterwards."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.conformance.trace import Look

CONFIG = """
global:
  external_labels: {cluster: eu-1, replica: a}
rule_files: ["%s"]
"""
EXTERNAL_URL = "http://alerts.example.org/prom"
BETWEEN_LOOKS = 0.15  # seconds


@contextmanager
def running(folder: Path, rules: Path, *flags: str) -> Iterator[str]:
    """The URL of a Prometheus that evaluates the rule files of the pattern `rules` and takes what is written to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "prometheus.yml").write_text(CONFIG % rules)
    command = [
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/tsdb",
        f"--web.listen-address={address}",
        f"--web.external-url={EXTERNAL_URL}",
        "--web.route-prefix=/",
        "--web.enable-remote-write-receiver",
        "--query.lookback-delta=500ms",
        "--log.level=error",
        *flags,
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _wait_until_ready(f"http://{address}", folder / "log")
            yield f"http://{address}"
        finally:
            server.terminate()


def _wait_until_ready(url: str, log: Path) -> None:
    for _ in range(300):
        try:
            if httpx.get(f"{url}/-/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def groups(url: str) -> int:
    """How many groups it evaluates."""
    return len(httpx.get(f"{url}/api/v1/rules").json()["data"]["groups"])


async def watch(url: str, until: datetime) -> list[Look]:
    """Look at `/api/v1/rules` again and again."""
    looks = []
    async with httpx.AsyncClient(base_url=url) as client:
        while datetime.now(UTC) < until:
            answer = await client.get("/api/v1/rules")
            looks.append(Look(answer.json()["data"]["groups"], datetime.now(UTC)))
            await asyncio.sleep(BETWEEN_LOOKS)
    return looks


def written(url: str, name: str, until: datetime) -> list[tuple[dict[str, str], list[tuple[datetime, float]]]]:
    """The series of this name: labels, and samples of the minute before `until`, markers of staleness left out."""
    answer = httpx.post(f"{url}/api/v1/query", data={"query": f"{name}[1m]", "time": until.timestamp()}).json()
    return [(found["metric"], [_sample(*sample) for sample in found["values"]]) for found in answer["data"]["result"]]


def _sample(seconds: float, value: str) -> tuple[datetime, float]:
    return datetime.fromtimestamp(round(seconds * 1000) / 1000, UTC), float(value)
