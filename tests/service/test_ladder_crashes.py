"""Killed while a ladder is climbed, the evaluator climbs on: everybody who is to be called is, and hears of the end, once.

The same is proven for every commit of many stories in virtual time (`tests/store/test_ladder_crashes.py`); here a real process
is killed by the kernel, in the middle of whatever it does, with a real file and real sockets.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.service.child import AtCommit, BeforeDelivering, Death
from tests.service.scene import Evaluator, write_config, write_rules
from tests.service.servers import Datasource, Webhook, until, vector

pytestmark = [pytest.mark.realtime, pytest.mark.slow]

LADDER = """\
people:
  ana: {{webhook: "{webhook}/ana"}}
  bo: {{webhook: "{webhook}/bo"}}
  mia: {{webhook: "{webhook}/mia"}}
escalations:
  ladder:
    levels:
      - {{at: 0s, name: on-call, notify: [person:ana]}}
      - {{at: 300ms, name: backup, notify: [person:bo]}}
      - {{at: 600ms, name: manager, notify: [person:mia]}}
    catch_up: {{min_gap: 100ms}}
"""
EVERYBODY = ("ana", "bo", "mia")
DEATHS: dict[str, Death] = {
    **{f"after commit {number}": AtCommit(number, after=True) for number in (1, 2, 3, 5, 6)},
    "before commit 4": AtCommit(4, after=False),
    "before the first delivery": BeforeDelivering(),
}


def heard(webhook: Webhook, whom: str) -> list[dict[str, Any]]:
    """What somebody was told, in order."""
    paths = [request.target for request in webhook.requests]
    return [body for path, body in zip(paths, webhook.told, strict=True) if path == f"/{whom}"]


def kinds(webhook: Webhook, whom: str) -> list[str]:
    """What it was, each message once, however often it came."""
    return list({body["evaluator"]["id"]: body["status"] for body in heard(webhook, whom)}.values())


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
async def test_a_ladder_is_climbed_to_its_top_whenever_its_evaluator_dies(tmp_path: Path, death: Death) -> None:
    """Only what was accepted without being noted may come twice, with the same id."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url, more=LADDER.format(webhook=webhook.url))
        config = tmp_path / "evaluator.yml"
        config.write_text(config.read_text().replace("route:\n", "route:\n  escalation: ladder\n"))
        write_rules(tmp_path, "Down: down")
        datasource.answers = {"down": vector({"job": "a"})}
        async with Evaluator(tmp_path, dies=death) as evaluator:
            assert await evaluator.ends() == -9
        async with Evaluator(tmp_path):
            await until(lambda: all(heard(webhook, whom) for whom in EVERYBODY))
            datasource.answers = {}
            await until(lambda: all(kinds(webhook, whom)[-1] == "resolved" for whom in EVERYBODY))
            await datasource.keeps_asked("down")
        assert {whom: kinds(webhook, whom) for whom in EVERYBODY} == {whom: ["firing", "resolved"] for whom in EVERYBODY}
        times = Counter(body["evaluator"]["id"] for whom in EVERYBODY for body in heard(webhook, whom))
        assert sum(times.values()) <= len(times) + 1
