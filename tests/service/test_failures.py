"""No answer is not an empty answer: whatever a datasource does instead of answering, what fires goes on firing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.core.watching import delivery_watch, query_watch
from tests.local_server import Reply
from tests.service.scene import Living, living, write_config, write_rules
from tests.service.servers import JSON, LOGIN_PAGE, SILENCE, Datasource, Webhook, refusal, until, vector

pytestmark = pytest.mark.realtime

SENTINEL = ", sentinel: 'count(up)'"
DOWN, FAILING = "EvaluatorDatasourceDown", "EvaluatorRuleFailing"


@dataclass(frozen=True)
class Outage:
    """A way to fail. kind: its class. said: part of what people read. most: requests for each slot, where it matters."""

    kind: str
    said: str
    begin: Callable[[Datasource], Awaitable[None]]
    built_in: str = DOWN
    most: float | None = None


def instead(reply: Reply) -> Callable[[Datasource], Awaitable[None]]:
    """Every request is answered so."""

    async def begin(datasource: Datasource) -> None:
        datasource.instead = reply

    return begin


async def lose_everything(datasource: Datasource) -> None:
    """Nothing is found any more, not even by the sentinel."""
    datasource.answers = {}


OUTAGES = {
    "login page": Outage("not_prometheus", "Please sign in", instead(LOGIN_PAGE), most=1),
    "broken JSON": Outage("not_prometheus", "JSON of another shape", instead(Reply(headers=JSON, body=b"{'a': 1}")), most=1),
    "401": Outage("credentials", "401 Unauthorized", instead(refusal(401, "", "token expired")), most=1),
    "422": Outage("bad_query", "too many samples", instead(refusal(422, "execution", "too many samples")), FAILING, most=1),
    "429": Outage("overload", "asks to wait 1s", instead(refusal(429, "", "slow down", **{"Retry-After": "1"})), most=0.5),
    "503": Outage("transient", "503 Service Unavailable", instead(refusal(503, "", "no backend"))),
    "silence": Outage("transient", "", instead(SILENCE)),
    "refused connection": Outage("transient", "onnect", Datasource.leave),
    "lost data": Outage("blind", "the sentinel", lose_everything),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Built-in alerts come after an eighth of a second instead of a minute."""
    for watch in (query_watch, delivery_watch):
        monkeypatch.setattr(watch, "PATIENCE", timedelta(milliseconds=125))


def stage(folder: Path, datasource: Datasource, webhook: Webhook, more: str = "") -> None:
    """One rule that fires."""
    write_config(folder, datasource.url, webhook.url, datasource_more=more)
    write_rules(folder, "Down: up == 0", interval="125ms")
    datasource.answers = {"up == 0": vector({"job": "a"}), "count(up)": vector({})}


async def said(evaluator: Living, outage: Outage) -> bool:
    """Whether the rule says what is wrong, and failures of this kind have been counted."""
    name = f'evaluator_datasource_failures_total{{datasource="main",kind="{outage.kind}"}}'
    rule = (await evaluator.rules())["Down"]
    return rule["health"] == "err" and outage.said in rule["lastError"] and (await evaluator.metrics())[name] >= 2


async def slots(evaluator: Living, more: int) -> None:
    """Wait for so many slots."""
    (group,) = evaluator.service.machine.groups.values()
    begun = group.iterations
    await until(lambda: group.iterations >= begun + more)


@pytest.mark.slow
@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
async def test_whatever_fails_nothing_resolves(tmp_path: Path, outage: Outage) -> None:
    """The alert fires on, people hear of the failure once, and once of its end; the server is not asked in vain."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook, SENTINEL if outage.kind == "blind" else "")
        answers = datasource.answers
        async with living(tmp_path) as evaluator:
            await until(lambda: webhook.heard("Down"))
            await outage.begin(datasource)
            await until(lambda: said(evaluator, outage))
            await until(lambda: webhook.heard(outage.built_in))
            asked = len(datasource.requests)
            await slots(evaluator, 3)
            assert outage.most is None or len(datasource.requests) - asked <= 3 * outage.most + 1
            assert await evaluator.fires("Down")
            assert (webhook.heard("Down"), webhook.heard(outage.built_in)) == (["firing"], ["firing"])
            await datasource.recover(answers)
            await until(lambda: webhook.heard(outage.built_in) == ["firing", "resolved"])
            assert await evaluator.fires("Down")
        assert webhook.heard("Down") == ["firing"]


async def test_a_failure_that_passes_is_tried_again_within_the_slot(tmp_path: Path) -> None:
    """One 503 among answers costs nothing: no evaluation fails."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        write_rules(tmp_path, "Down: up == 0", interval="1s")
        datasource.first = [refusal(503, "", "no backend")]
        async with living(tmp_path) as evaluator:
            await until(lambda: webhook.heard("Down"))
            assert (await evaluator.rules())["Down"]["health"] == "ok"
            assert datasource.count("up == 0") == 2


async def test_what_is_missing_in_a_partial_answer_proves_nothing(tmp_path: Path) -> None:
    """Nothing resolves by it, and what it does hold may begin to fire."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook, ", kind: victoriametrics, query_offset: 30s")
        async with living(tmp_path) as evaluator:
            await until(lambda: webhook.heard("Down"))
            datasource.answers["up == 0"] = vector({"job": "b"}, isPartial=True)
            await until(lambda: len(webhook.told) == 2)
            await slots(evaluator, 2)
            assert [alert["labels"]["job"] for alert in webhook.told[1]["alerts"]] == ["a", "b"]
            assert (await evaluator.rules())["Down"]["health"] == "ok"
            datasource.answers["up == 0"] = vector({"job": "b"})
            await until(lambda: webhook.heard("Down")[-1] == "resolved")


async def test_a_broken_query_in_an_annotation_costs_a_line_and_not_the_page(tmp_path: Path) -> None:
    """In an annotation a failed query is Prometheus' error text; in a label it fails the rule, and nothing changes."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        template = "{{ with query `bad` }}{{ . | first | value }}{{ end }}"
        datasource.answers["bad"] = refusal(400, "bad_data", "parse error")
        datasource.answers["x"] = vector({"job": "a"})
        write_rules(
            tmp_path,
            f"Annotated: x, annotations: {{summary: '{template}', runbook: 'go'}}",
            f"Labelled: x, labels: {{size: '{template}'}}",
        )
        async with living(tmp_path) as evaluator:
            await until(lambda: webhook.heard("Annotated"))
            told = webhook.told[0]["alerts"][0]["annotations"]
            assert told["runbook"] == "go"
            assert "parse error" in told["summary"]
            labelled = (await evaluator.rules())["Labelled"]
            assert (labelled["health"], labelled["alerts"]) == ("err", [])
            assert "parse error" in labelled["lastError"]
