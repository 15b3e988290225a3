"""`/api/v1/rules`: filters and pages as in Prometheus 3, its errors included; and what Grafana asks besides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from evaluator.core.evaluation.rules import AlertingRule, RecordingRule, Rule, RuleGroup
from evaluator.core.labels import Labels
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Alertmanager, Receiver, Settings
from tests.api.town import START, Town

MINUTE = timedelta(minutes=1)


def alerting(name: str, **labels: str) -> AlertingRule:
    """A rule with these labels."""
    return AlertingRule(name, name, "up", "up", labels=Labels(labels))


def groups() -> Iterator[RuleGroup]:
    """Not in the order of their names; the third has no rules, and two have the same name."""
    rules: dict[tuple[str, str], tuple[Rule, ...]] = {
        ("b.yml", "two"): (alerting("C", severity="page", templated="{{ $externalURL }}"),),
        ("a.yml", "two"): (alerting("B", severity="info"), RecordingRule("r", "rec", "up", "up", Labels({"team": "db"}))),
        ("a.yml", "void"): (),
        ("a.yml", "one"): (alerting("A", severity="page", team="db"),),
    }
    return (RuleGroup(name, file, MINUTE, rules, "main") for (file, name), rules in rules.items())


def town() -> Town:
    """An evaluator that has these groups."""
    forwarding = (Alertmanager("http://am:9093/api/v2/alerts"),)
    given = Settings(
        None, (), tuple(groups()), Route("team"), (Receiver("team"),), alertmanagers=forwarding, original="route: {}\n"
    )
    return Town(given)


def token(file: str, group: str) -> str:
    """What the page that begins with this group is called."""
    return sha256(f"{file};{group}".encode()).hexdigest()


async def names(query: str) -> tuple[list[str], str | None]:
    """The rules on a page as `group/rule`, and the token of the next one."""
    data = (await town().get(f"/api/v1/rules?{query}", {}))["data"]
    found = [f"{group['name']}/{rule['name']}" for group in data["groups"] for rule in group["rules"]]
    return found, data.get("groupNextToken")


def match(*selectors: str) -> str:
    """As a query."""
    return urlencode([("match[]", one) for one in selectors])


ALL = ["one/A", "two/B", "two/rec", "two/C"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ALL),
        ("type=alert", ["one/A", "two/B", "two/C"]),
        ("type=RECORD", ["two/rec"]),
        ("rule_name[]=A&rule_name[]=rec&rule_name[]=none", ["one/A", "two/rec"]),
        ("rule_group[]=two&file[]=a.yml", ["two/B", "two/rec"]),
        ("rule_group[]=void", []),
        ("file[]=c.yml", []),
        (match('{severity="page"}'), ["one/A", "two/C"]),
        (match('{severity="page",team=~"d."}'), ["one/A"]),
        (match('{severity="info"}', "{team='db'}"), ["one/A", "two/B", "two/rec"]),
        (match('{severity!=""}') + "&type=alert&rule_group[]=one", ["one/A"]),
        (match('{templated="{{ $externalURL }}"}'), ["two/C"]),
        (match("up"), []),
        ("unknown=1", ALL),
    ],
)
async def test_rules_are_chosen(query: str, found: list[str]) -> None:
    """By configured labels, templates as they are written; groups come by file and name, those without rules do not."""
    assert await names(query) == (found, None)


async def test_pages() -> None:
    """Each says where the next begins; a group of which nothing is asked for takes no room, and the last page says nothing."""
    first, second = token("a.yml", "two"), token("b.yml", "two")
    assert await names("group_limit=1") == (["one/A"], first)
    assert await names(f"group_limit=1&group_next_token={first}") == (["two/B", "two/rec"], second)
    assert await names(f"group_limit=1&group_next_token={second}") == (["two/C"], None)
    assert await names(f"group_limit=2&group_next_token={first}") == (["two/B", "two/rec", "two/C"], None)
    assert await names("group_limit=3") == (ALL, None)
    assert await names("group_limit=1&type=record") == (["two/rec"], None)
    assert await names("group_limit=1&rule_name[]=A&rule_name[]=C") == (["one/A"], second)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("type=other", 'invalid parameter "type": not supported value "other"'),
        (
            "exclude_alerts=perhaps",
            'invalid parameter "exclude_alerts": error converting exclude_alerts: '
            'strconv.ParseBool: parsing "perhaps": invalid syntax',
        ),
        (
            "group_next_token=x",
            'invalid parameter "group_next_token": group_limit needs to be present in order to paginate over the groups',
        ),
        ("group_limit=x", 'invalid parameter "group_limit": group_limit needs to be a valid number'),
        ("group_limit=99999999999", 'invalid parameter "group_limit": group_limit needs to be a valid number'),
        ("group_limit=0", 'invalid parameter "group_limit": group_limit needs to be greater than 0'),
        ("group_limit=-1", 'invalid parameter "group_limit": group_limit needs to be greater than 0'),
        (
            "group_limit=1&group_next_token=x",
            "invalid parameter \"group_next_token\": invalid group_next_token 'x'. were rule groups changed?",
        ),
        (match('{a=""}'), 'invalid parameter "match[]": match[] must contain at least one non-empty matcher'),
    ],
)
async def test_wrong_parameters(query: str, said: str) -> None:
    """In Prometheus' words."""
    answer = await town().client.get(f"/api/v1/rules?{query}")
    assert (answer.status_code, answer.json()) == (400, {"status": "error", "errorType": "bad_data", "error": said})


@pytest.mark.parametrize(
    "selector", ["", "{", "{}", "rate(up[5m])", "up[5m]", "(up)", "1", '{a=~"("}', "(" * 9999, "x" * 20_000]
)
async def test_what_is_no_selector(selector: str) -> None:
    answer = await town().client.get("/api/v1/rules", params={"match[]": selector})
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")
    assert answer.json()["error"].startswith('invalid parameter "match[]": ')


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("status/config", {"yaml": "route: {}\n"}),
        ("status/flags", {"web.listen-address": "127.0.0.1:9093", "web.external-url": ""}),
        ("alertmanagers", {"activeAlertmanagers": [{"url": "http://am:9093/api/v2/alerts"}], "droppedAlertmanagers": []}),
        ("labels", []),
        ("label/__name__/values", []),
        ("metadata", {}),
        ("series?match[]=up", []),
        ("query?query=1%2B1", {"resultType": "scalar", "result": [START.timestamp(), "2"]}),
        ("query?query=1%2B1&time=4.5", {"resultType": "scalar", "result": [4.5, "2"]}),
        ("query?query=1%2B1&time=1970-01-01T00:00:04Z", {"resultType": "scalar", "result": [4.0, "2"]}),
    ],
)
async def test_what_grafana_asks_besides(path: str, told: Any) -> None:
    """When a datasource of type Prometheus is added and tested, and when its rules are opened."""
    assert await town().get(f"/api/v1/{path}", {}) == {"status": "success", "data": told}


async def test_runtime_and_build() -> None:
    """No `features` in the build: by that Grafana takes it for a Prometheus, whose rules are read and never written."""
    runtime = (await town().get("/api/v1/status/runtimeinfo", {}))["data"]
    assert runtime == {"startTime": "2026-03-01T12:00:00Z", "reloadConfigSuccess": True, "serverTime": "2026-03-01T12:00:00Z"}
    build = (await town().get("/api/v1/status/buildinfo", {}))["data"]
    assert {"version": "3.5.0"}.items() <= build.items()
    assert "features" not in build


async def test_grafanas_test_of_a_datasource() -> None:
    """It posts a form; a question for series is answered with who can answer it."""
    client: httpx.AsyncClient = town().client
    answer = await client.post("/api/v1/query", data={"query": "1+1", "time": "4"})
    assert answer.json()["data"]["result"][1] == "2"
    refused = await client.post("/api/v1/query", data={"query": "up", "more": "x" * 100_000})
    assert (refused.status_code, refused.json()["errorType"]) == (422, "execution")
    assert "query the datasource itself" in refused.json()["error"]
    assert (await client.post("/api/v1/query")).json()["error"] == 'invalid parameter "query": no expression found in input'
    for time in ("x", "nan", "1e999", "T"):
        wrong = await client.get("/api/v1/query", params={"query": "1+1", "time": time})
        assert (wrong.status_code, wrong.json()["errorType"]) == (400, "bad_data")


async def test_questions_for_series() -> None:
    """By GET and by POST, as Grafana asks them: there are no names, and who can answer the rest is said."""
    client: httpx.AsyncClient = town().client
    for path in ("labels", "series"):
        assert (await client.post(f"/api/v1/{path}", data={"match[]": "up"})).json()["data"] == []
    for method in ("GET", "POST"):
        refused = await client.request(method, "/api/v1/query_range", params={"query": "1+1", "start": 0, "end": 1, "step": 1})
        assert (refused.status_code, "query the datasource itself" in refused.json()["error"]) == (422, True)
