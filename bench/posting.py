"""What is posted, and by whom: alerts as a Prometheus posts them, over connections that are kept."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

END = b"2000-01-01T00:00:00.000Z"
"""Stands in a body for an end that is filled in when it is sent."""


def instant(at: float) -> str:
    """RFC 3339 with milliseconds, of seconds since 1970."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def alert(number: int, **labels: str) -> dict[str, Any]:
    """One of any number of alerts: eight labels, three annotations, about 0.6 kB."""
    own = {
        "alertname": f"Bench{number % 100:03d}",
        "cluster": f"cluster-{number % 10:02d}",
        "namespace": f"namespace-{number % 50:02d}",
        "service": f"service-{number % 200:03d}",
        "instance": f"10.1.{number // 250 % 250}.{number % 250}:9100",
        "pod": f"pod-{number:06d}",
        "severity": ("warning", "critical", "info")[number % 3],
        "team": f"team-{number % 20:02d}",
        **labels,
    }
    return {
        "annotations": {
            "description": f"{own['instance']} has been above its threshold of 0.9 for five minutes, at 0.97 now.",
            "runbook_url": f"https://runbooks.example.org/alerts/{own['alertname']}",
            "summary": f"Something is the matter with pod {number:06d}",
        },
        "endsAt": END.decode(),
        "startsAt": instant(time.time() - 60),
        "generatorURL": "http://prometheus.example.org:9090/graph?g0.expr=bench_gauge%7Bapp%3D%22x%22%7D+%3E+0.9&g0.tab=1",
        "labels": own,
    }


@dataclass(frozen=True, slots=True)
class Batch:
    """The body of one post, and how many alerts it has."""

    body: bytes = field(repr=False)
    size: int

    def request(self, host: str) -> bytes:
        """The whole request; the alerts end four minutes from now, as those of a Prometheus do."""
        body = self.body.replace(END, instant(time.time() + 240).encode())
        head = f"POST /api/v2/alerts HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def batches(alerts: Sequence[Mapping[str, Any]], size: int) -> list[Batch]:
    """The bodies in which these alerts are posted."""
    parts = [alerts[first : first + size] for first in range(0, len(alerts), size)]
    return [Batch(json.dumps(part, separators=(",", ":")).encode(), len(part)) for part in parts]


async def post(port: int, bodies: Iterator[Batch], connections: int = 4) -> int:
    """Post each body, so many at a time; gives how many alerts were accepted. Raises RuntimeError for a refusal."""
    return sum(await asyncio.gather(*(_post(port, bodies) for _ in range(connections))))


async def _post(port: int, bodies: Iterator[Batch]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    accepted = 0
    for batch in bodies:
        writer.write(batch.request(f"127.0.0.1:{port}"))
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"a post was refused: {head!r}")
        accepted += batch.size
    writer.close()
    await writer.wait_closed()
    return accepted


def again(bodies: Sequence[Batch], seconds: float) -> Iterator[Batch]:
    """The same bodies over and over, for so long."""
    ends = time.monotonic() + seconds
    while True:
        for batch in bodies:
            if time.monotonic() > ends:
                return
            yield batch


class Client:
    """One connection, for requests one after another."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, method: str, path: str, body: Any = None) -> bytes:
        """The body of an answer. Raises RuntimeError for one that is not 200."""
        headers = {"Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:200]!r}")
        return said

    def json(self, path: str) -> Any:
        """What a GET answers."""
        return json.loads(self.ask("GET", path))

    def silence(self, number: int) -> None:
        """Set a silence of two hours that mutes nothing."""
        matcher = {"name": "pod", "value": f"quiet-{number}", "isRegex": False, "isEqual": True}
        times = {"startsAt": instant(time.time()), "endsAt": instant(time.time() + 7200)}
        self.ask("POST", "/api/v2/silences", {"matchers": [matcher], "createdBy": "bench", "comment": "bench", **times})
