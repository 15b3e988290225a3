"""A whole evaluator that forwards: to servers that play an Alertmanager, and to a real one."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from evaluator.core.effects import Forward, ForwardedAlert
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations
from evaluator.core.settings import Alertmanager
from evaluator.notify.forwarding.forwarder import CAPACITY
from evaluator.service.clock import wall_clock
from evaluator.service.counts import Counts
from evaluator.service.forwarding import Forwarding
from tests.core.playbook import settings
from tests.real_servers import kept_free
from tests.service.scene import Evaluator, living, write_config, write_rules
from tests.service.servers import Datasource, Holding, Webhook, refusal, until, vector

pytestmark = pytest.mark.realtime

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


class Sink(Holding):
    """An Alertmanager that remembers what it was told."""

    @property
    def told(self) -> list[dict[str, Any]]:
        """Every alert of every post."""
        return [alert for request in self.requests for alert in json.loads(request.body)]

    def heard(self, alertname: str) -> list[dict[str, Any]]:
        """Everything about this alert."""
        return [alert for alert in self.told if alert["labels"]["alertname"] == alertname]


def stage(folder: Path, datasource: Datasource, *sinks: Sink, more: str = "") -> None:
    """One rule that fires, forwarded to the sinks; nobody else is told."""
    urls = "".join(f"  - {{url: {sink.url}, timeout: 2s}}\n" for sink in sinks)
    text = f"datasources:\n  - {{name: main, url: '{datasource.url}', timeout: 2s}}\nrule_files: [rules.yml]\n"
    (folder / "evaluator.yml").write_text(f"{text}external_labels: {{cluster: eu}}\nalertmanagers:\n{urls}{more}")
    write_rules(folder, 'Down: down, annotations: {summary: "{{ $value }} of {{ $externalLabels.cluster }}"}')
    datasource.answers = {"down": vector({"job": "a"})}


async def test_an_alert_and_its_end_are_forwarded(tmp_path: Path) -> None:
    """With its external labels and its texts; and with neither route nor receivers nothing is printed."""
    async with Datasource() as datasource, Sink() as sink:
        stage(tmp_path, datasource, sink)
        async with living(tmp_path) as evaluator:
            firing = (await until(lambda: sink.heard("Down")))[0]
            datasource.answers = {}
            over = (await until(lambda: sink.heard("Down")[1:]))[0]
            assert evaluator.stdout.getvalue() == ""
    assert firing["labels"] == over["labels"] == {"alertname": "Down", "cluster": "eu", "job": "a"}
    assert firing["annotations"] == {"summary": "1 of eu"}
    assert firing["startsAt"] == over["startsAt"] < over["endsAt"] < firing["endsAt"]
    assert sink.requests[0].target == "/api/v2/alerts"


async def test_receivers_are_told_beside_it(tmp_path: Path) -> None:
    async with Datasource() as datasource, Sink() as sink, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url, more=f"alertmanagers: [{{url: {sink.url}}}]\n")
        write_rules(tmp_path, "Down: down")
        datasource.answers = {"down": vector({"job": "a"})}
        async with living(tmp_path):
            await until(lambda: webhook.heard("Down") and sink.heard("Down"))


async def test_a_failed_query_ends_nothing(tmp_path: Path) -> None:
    """Over a restart everything is posted again, while nobody can say whether it still is so; its end never goes back."""
    async with Datasource() as datasource, Sink() as sink:
        stage(tmp_path, datasource, sink)
        async with living(tmp_path):
            await until(lambda: sink.heard("Down"))
        datasource.instead = refusal(503, "unavailable", "no")
        async with living(tmp_path):
            await until(lambda: len(sink.heard("Down")) == 2)
    first, second = sink.heard("Down")
    assert second["startsAt"] == first["startsAt"]
    assert second["endsAt"] >= first["endsAt"]


async def test_one_that_is_down_delays_nobody_and_is_counted(tmp_path: Path) -> None:
    async with Datasource() as datasource, Sink() as good, Sink() as gone:
        stage(tmp_path, datasource, gone, good)
        await gone.leave()
        async with living(tmp_path) as evaluator:
            await until(lambda: good.heard("Down"))
            await until(lambda: evaluator.service.metrics.counts.forward_errors)
            metrics = await evaluator.metrics()
    for name, of_gone, of_good in (
        ("sent_total", 1, 1),
        ("errors_total", 1, 0),
        ("dropped_total", 1, 0),
        ("queue_length", 0, 0),
    ):
        assert metrics[series(name, gone)] == of_gone, name
        assert metrics[series(name, good)] == of_good, name
    assert metrics[series("latency_seconds_count", good)] == 1
    assert metrics["evaluator_forwarding_alertmanagers"] == 2
    assert metrics["evaluator_forwarding_queue_capacity"] == 10_000


def series(name: str, sink: Sink) -> str:
    """A series as it stands in a scrape."""
    return f'evaluator_forwarding_{name}{{alertmanager="{sink.url}/api/v2/alerts"}}'


async def test_a_full_queue_is_counted() -> None:
    """What went is in the counter, and what could not be posted before the end is in the log."""
    async with Sink() as sink:
        sink.hold()
        url = f"{sink.url}/api/v2/alerts"
        counts, now = Counts(), wall_clock()
        alerts = tuple(ForwardedAlert(Labels({"n": str(n)}), Annotations(), now, now) for n in range(CAPACITY + 300))
        forwarding = Forwarding(settings(alertmanagers=(Alertmanager(url),)), counts, lambda _: None, wall_clock)
        forwarding.forward(Forward(alerts))
        assert forwarding.forwarder.waiting == {url: CAPACITY}
        assert counts.forward_drops[(url,)] == 300
        await forwarding.aclose(timedelta(0))
        assert forwarding.forwarder.waiting == {url: 0}


async def test_a_reload_adds_and_removes_alertmanagers(tmp_path: Path) -> None:
    """Who is new hears what fires at the next evaluation; the queue of who stays is kept."""
    async with Datasource() as datasource, Sink() as stays, Sink() as goes, Sink() as comes:
        stage(tmp_path, datasource, stays, goes)
        stays.hold()
        async with living(tmp_path) as evaluator:
            await asyncio.gather(stays.held.wait(), until(lambda: goes.heard("Down")))
            datasource.answers = {}
            await until(lambda: len(goes.told) == 2)
            stage(tmp_path, datasource, stays, comes)
            datasource.answers = {}
            assert (await evaluator.ask("/-/reload", "POST")).status_code == 200
            await until(lambda: comes.told)
            stays.release()
            await until(lambda: len(stays.told) == 3)
    over = goes.told[1]
    assert stays.told[1:] == [over, over]
    assert comes.told == [over]
    assert len(goes.told) == 2


async def test_what_is_queued_is_posted_before_the_end(tmp_path: Path) -> None:
    async with Datasource() as datasource, Sink() as sink:
        stage(tmp_path, datasource, sink)
        sink.hold()
        async with living(tmp_path) as evaluator:
            await sink.held.wait()
            datasource.answers = {}
            await until(lambda: evaluator.service.metrics.queued() == {f"{sink.url}/api/v2/alerts": 1})
            evaluator.service.stop()
            sink.release()
            await evaluator.ended()
        assert len(sink.heard("Down")) == 2


@pytest.mark.slow
async def test_the_log_says_once_that_an_alertmanager_is_down(tmp_path: Path) -> None:
    """And when it is back; and a second signal does not wait for one that hangs."""
    async with Datasource() as datasource, Sink() as sink:
        stage(tmp_path, datasource, sink)
        await sink.leave()
        async with Evaluator(tmp_path) as evaluator:
            await evaluator.logged("an Alertmanager does not accept alerts")
            await sink.return_()
            datasource.answers = {}
            await evaluator.logged("an Alertmanager accepts alerts again")
            sink.hold()
            datasource.answers = {"down": vector({"job": "a"})}
            await sink.held.wait()
            evaluator.process.terminate()
            await evaluator.logged("stopping")
            evaluator.process.terminate()
            assert await evaluator.ends() == 0


CONFIG = """\
route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 100ms}}
receivers: [{{name: hook, webhook_configs: [{{url: "{url}"}}]}}]
"""


WEB = """\
tls_server_config: {cert_file: cert.pem, key_file: key.pem}
basic_auth_users: {us: $2y$04$abcdefghijklmnopqrstuufznL8bkzdtHwLhca4To/v9Lo9bA7fR6}
"""


@asynccontextmanager
async def alertmanager(folder: Path, webhook: str) -> AsyncIterator[str]:
    """The URL of a real one that tells the webhook: under a path, with TLS, for somebody with a password."""
    (folder / "am.yml").write_text(CONFIG.format(url=webhook))
    (folder / "web.yml").write_text(WEB)
    certify(folder)
    words = [f"--config.file={folder}/am.yml", f"--storage.path={folder}/am"]
    words += ["--cluster.listen-address=", f"--web.config.file={folder}/web.yml", "--web.route-prefix=/am"]
    assert ALERTMANAGER is not None
    with kept_free() as address, (folder / "am.log").open("w") as log:
        words.append(f"--web.listen-address={address}")
        server = await asyncio.create_subprocess_exec(ALERTMANAGER, *words, stdout=log, stderr=log)
        try:
            await until(lambda: answers(f"https://{address}"))
            yield f"https://{address}/am"
        finally:
            server.terminate()
            await server.wait()


def certify(folder: Path) -> None:
    """Write a certificate for the loopback, its key, and its authority."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")


async def answers(url: str) -> bool:
    """Whether anybody is there, whoever it is."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        try:
            await client.get(url)
        except httpx.TransportError:
            return False
        return True


@pytest.mark.slow
@pytest.mark.skipif(ALERTMANAGER is None, reason="no Alertmanager on the PATH")
async def test_a_real_alertmanager_tells_of_an_alert_and_of_its_end(tmp_path: Path) -> None:
    """Beside one that is down."""
    async with Datasource() as datasource, Webhook() as webhook, Sink() as gone:
        await gone.leave()
        async with alertmanager(tmp_path, webhook.url) as url:
            known = "basic_auth: {username: us, password: pass}, tls_config: {ca_file: ca.pem}"
            stage(tmp_path, datasource, gone, more=f"  - {{url: '{url}', {known}}}\n")
            async with living(tmp_path):
                await until(lambda: webhook.heard("Down") == ["firing"])
                datasource.answers = {}
                await until(lambda: webhook.heard("Down") == ["firing", "resolved"])
    alert = webhook.told[0]["alerts"][0]
    assert alert["labels"] == {"alertname": "Down", "cluster": "eu", "job": "a"}
    assert alert["annotations"] == {"summary": "1 of eu"}
