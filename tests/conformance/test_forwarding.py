"""What a Prometheus posts to its Alertmanagers and what the evaluator forwards, of the same rules, relabelled in the same way.

Both post to one server, each under a prefix of its own. Their slots lie up to an interval apart.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from evaluator.service.clock import wall_clock
from tests.conformance.remote_write import push
from tests.conformance.story import Series
from tests.conformance.trace import Pairs, instant, pairs
from tests.real_servers import kept_free
from tests.service.scene import living
from tests.service.servers import Holding, until

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed"),
]

INTERVAL = timedelta(seconds=1)
EXTERNAL_URL = "http://alerts.example.org/prom"

RELABELLING = """\
- {source_labels: [team], regex: nobody, action: drop}
- {source_labels: [team, alertname], separator: "/", regex: "(db|web|)/.+", action: keep}
- {source_labels: [a, team], target_label: b, action: dropequal}
- {source_labels: [a, c], target_label: d, action: keepequal}
- {target_label: constant, replacement: always}
- {source_labels: [host], regex: "([^.]+)\\\\.(?P<domain>.+)", target_label: "${1}_host", replacement: "$domain-$2-$$-${3}$no"}
- {source_labels: [host], target_label: "$1"}
- {source_labels: [host, absent], target_label: joined}
- {source_labels: [absent], target_label: cluster}
- {source_labels: [gone_if_empty], regex: "(x)(.*)", target_label: gone_if_empty, replacement: "$2"}
- {source_labels: [alertname, host], modulus: 97, target_label: shard, action: hashmod}
- {source_labels: [alertname], target_label: small, action: lowercase}
- {source_labels: [case, host], separator: "-", target_label: case, action: uppercase}
- {regex: "tag_(.+)", action: labelmap}
- {regex: "(case|small)", replacement: "same_${1}", action: labelmap}
- {regex: "tag_.*|replica", action: labeldrop}
- {regex: "[a-z_1]+", action: labelkeep}
- {regex: ~, source_labels: [absent], target_label: was_empty, replacement: "yes"}
"""

ALERTS: tuple[dict[str, str], ...] = (
    {},
    {"team": "db", "host": "db1.example.org"},
    {"team": "web", "host": "x.y.z", "case": "ab\u00e9C", "replica": "7"},
    {"team": "nobody"},
    {"team": "other"},
    {"team": "db", "a": "1", "b": "1;db"},
    {"team": "db", "a": "1", "b": "2", "c": "3", "d": "1;3"},
    {"team": "db", "a": "1", "b": "2", "c": "3", "d": "2"},
    {"team": "web", "tag_one": "1", "tag_two_": "2", "UPPER": "x", "d": ";"},
    {"team": "web", "gone_if_empty": "x", "d": ";", "cluster": "own"},
    {"team": "web", "host": "\u65e5\u672c.jp", "d": ";", "b": "y"},
)


class Sink(Holding):
    """Who both post to."""

    def told(self, prefix: str) -> list[dict[str, Any]]:
        """Every alert that was posted under this prefix, in the order of the posts."""
        posts = (request for request in self.requests if request.target.startswith(f"/{prefix}/"))
        return [alert for request in posts for alert in json.loads(request.body)]

    async def heard(self, times: int) -> None:
        """Wait until both have posted `Ends` so often."""
        await until(lambda: all(len(named(self.told(prefix), "Ends")) >= times for prefix in ("theirs", "ours")))


def named(alerts: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Those of this name."""
    return [one for one in alerts if one["labels"]["alertname"] == name]


def rules() -> str:
    """A group of all alerts, which begin with the beacon, and of one that is over when that is 2."""
    lines = [f"groups:\n- name: g\n  interval: {INTERVAL.seconds}s\n  rules:"]
    for number, labels in enumerate(ALERTS):
        texts = {"summary": "{{ $labels.host }}: {{ $value }} at {{ $externalLabels.cluster }} é", "n": str(number)}
        rule = {
            "alert": f"Alert{number}",
            "expr": f"vector({number}) and on () beacon",
            "labels": {"d": ";", **labels},
            "annotations": texts,
        }
        lines.append("  - " + json.dumps(rule))
    ends = {"alert": "Ends", "expr": "beacon == 1", "labels": {"team": "db", "d": ";"}}
    return "\n".join([*lines, "  - " + json.dumps(ends)]) + "\n"


def block(name: str, text: str, indent: str = "") -> str:
    """A list under a key."""
    return f"{indent}{name}:\n" + "".join(f"{indent}  {line}\n" for line in text.splitlines())


def write(folder: Path, sink: Sink, prometheus: str) -> None:
    """The files of both."""
    labels = "external_labels: {cluster: eu-1, replica: a, team: web}"
    (folder / "rules.yml").write_text(rules())
    target = sink.url.removeprefix("http://")
    entry = f"- {{static_configs: [{{targets: ['{target}']}}], path_prefix: "
    alerting = block("alertmanagers", entry + "theirs}", "  ") + block("alert_relabel_configs", RELABELLING, "  ")
    head = f"global: {{{labels}}}\nrule_files: [rules.yml]\n"
    (folder / "prometheus.yml").write_text(f"{head}alerting:\n{alerting}")
    head = (
        f"datasources: [{{name: main, url: '{prometheus}'}}]\nrule_files: [rules.yml]\n{labels}\nexternal_url: {EXTERNAL_URL}\n"
    )
    ours = block("alertmanagers", entry + "ours}") + block("alert_relabel_configs", RELABELLING)
    (folder / "evaluator.yml").write_text(head + ours)


@asynccontextmanager
async def prometheus(folder: Path, address: str) -> AsyncIterator[None]:
    """Run one that knows its Alertmanager, which takes it some seconds; what fires before is lost for a minute."""
    words = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address={address}"]
    words += [f"--web.external-url={EXTERNAL_URL}", "--web.route-prefix=/", "--web.enable-remote-write-receiver"]
    with (folder / "prometheus.log").open("w") as log:
        server = await asyncio.create_subprocess_exec("prometheus", *words, stdout=log, stderr=log)
        try:
            await until(lambda: knows_its_alertmanager(f"http://{address}"))
            yield
        finally:
            server.terminate()
            await server.wait()


async def knows_its_alertmanager(url: str) -> bool:
    """Whether it would post."""
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            answer = await client.get(f"{url}/api/v1/alertmanagers")
        except httpx.TransportError:
            return False
    return bool(answer.is_success and answer.json()["data"]["activeAlertmanagers"])


def beacon(value: float) -> Series:
    """What lets the alerts begin and end."""
    return Series((("__name__", "beacon"),), ((wall_clock(), value),))


async def both(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What a Prometheus and an evaluator that asks it have posted by the time at which one alert is over for both."""
    with kept_free() as address:
        async with Sink() as sink:
            write(folder, sink, f"http://{address}")
            async with prometheus(folder, address), living(folder):
                for step in (1, 2):
                    await asyncio.to_thread(push, f"http://{address}", [beacon(step)])
                    await sink.heard(step)
            return sink.told("theirs"), sink.told("ours")


def described(alerts: list[dict[str, Any]]) -> set[tuple[Pairs, Pairs, str]]:
    """Labels, annotations and link of every alert."""
    return {(pairs(one["labels"]), pairs(one.get("annotations", {})), one["generatorURL"]) for one in alerts}


def claims(alerts: list[dict[str, Any]]) -> Iterator[timedelta]:
    """How far behind its start the end lies, of the first post of each alert."""
    seen: set[Pairs] = set()
    for one in alerts:
        if pairs(one["labels"]) not in seen:
            seen.add(pairs(one["labels"]))
            yield instant(one["endsAt"]) - instant(one["startsAt"])


def test_the_same_alerts_are_posted(tmp_path: Path) -> None:
    """Labels after relabelling, annotations, links, claimed ends, and the end of what is over."""
    theirs, ours = asyncio.run(both(tmp_path))
    assert described(ours) == described(theirs)
    assert {dict(labels)["alertname"] for labels, _, _ in described(ours)} == {
        *("Alert0", "Alert1", "Alert2", "Alert6", "Alert8", "Alert9", "Alert10", "Ends")
    }
    assert set(claims(ours)) == set(claims(theirs)) == {timedelta(minutes=4)}
    over = [instant(named(told, "Ends")[1]["endsAt"]) for told in (theirs, ours)]
    assert abs(over[0] - over[1]) < INTERVAL
