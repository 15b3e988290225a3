"""Where links of alerts lead."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluator.core.evaluation.rules import AlertingRule, RuleGroup
from evaluator.core.settings import Datasource
from tests.api.alertmanager import serving, settings

pytestmark = pytest.mark.realtime


def group(name: str, datasource: str, *exprs: str) -> RuleGroup:
    """Rules that are not due for an hour."""
    rules = tuple(AlertingRule(f"{name}{expr}", "A", expr, expr) for expr in exprs)
    return RuleGroup(name, "rules.yml", timedelta(hours=1), rules, datasource)


@pytest.mark.parametrize(
    ("expr", "server"),
    [("up == 0", "http://127.0.0.1:2/prom"), ("x{a='b'} > 1", "http://127.0.0.1:1"), ("nobody's", "http://127.0.0.1:1")],
)
async def test_a_link_leads_to_the_datasource_whose_rules_ask_that(expr: str, server: str) -> None:
    """Another expression goes to the first one; the path of an address is kept."""
    datasources = (Datasource("one", "http://127.0.0.1:1"), Datasource("two", "http://127.0.0.1:2/prom/"))
    groups = (group("g", "one", "x{a='b'} > 1"), group("h", "two", "up == 0"))
    async with serving(settings(datasources=datasources, groups=groups)) as api:
        answer = await api.client.get(f"{api.url}/graph", params={"g0.expr": expr})
    location = answer.headers["location"]
    assert answer.status_code == 307
    assert location.startswith(f"{server}/graph?g0.expr=")
    assert location.endswith("&g0.tab=0")
    assert " " not in location


async def test_without_a_datasource_it_leads_nowhere() -> None:
    async with serving() as api:
        assert (await api.client.get(f"{api.url}/graph")).status_code == 404
