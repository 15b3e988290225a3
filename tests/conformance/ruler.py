"""A real Prometheus with rules of its own, and what can be learnt from it: its API as it runs, its series afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.conformance.trace import Look
from tests.real_servers import kept_free, serving

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
    (folder / "prometheus.yml").write_text(CONFIG % rules)
    with kept_free() as address:
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
        with serving(command, f"http://{address}/-/ready", folder):
            yield f"http://{address}"


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
