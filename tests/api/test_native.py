"""`/api/evaluator/v1`: what was told to whom, why, and what is yet to be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.store.base import StoreError
from evaluator.store.memory import MemoryStore
from tests.local_server import Reply
from tests.service.scene import Living, living, write_config, write_rules
from tests.service.servers import Datasource, Webhook, until, vector

pytestmark = pytest.mark.realtime


class Unreadable(MemoryStore):
    """Keeps everything and gives back nothing."""

    def history(self, *args: object, **kwargs: object) -> list[object]:  # type: ignore[override]
        """What a damaged file does."""
        raise StoreError("the database is damaged")


async def native(evaluator: Living, path: str) -> object:
    """The JSON of one of our own endpoints."""
    return (await evaluator.ask(f"/api/evaluator/v1/{path}")).json()


async def test_the_life_of_a_notification(tmp_path: Path) -> None:
    """Refused once, it waits with its error; accepted, the group's ledger says what was told, and every step has a record."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url, group_interval="1h")
        write_rules(tmp_path, "Down: down")
        datasource.answers = {"down": vector({"job": "a"})}
        webhook.first = [Reply(500, body=b"no space left")]
        async with living(tmp_path) as evaluator:
            await until(evaluator.accepted)
            ((name, group),) = (await evaluator.groups()).items()
            accepted, failed = await native(evaluator, "deliveries")  # type: ignore[misc]
            (decision,) = await native(evaluator, f"decisions?group={group['id']}")  # type: ignore[misc]
            (change,) = await native(evaluator, "transitions")  # type: ignore[misc]
            (alert,) = await native(evaluator, "alerts")  # type: ignore[misc]
            status = await native(evaluator, "status")
            assert await native(evaluator, "decisions?group=other") == []
            assert await native(evaluator, "deliveries?limit=1") == [accepted]
    (lane,) = group["integrations"]
    assert (name, lane["undelivered"], lane["toldFiring"]) == ("Down", False, [alert["fingerprint"]])
    assert (accepted["accepted"], accepted["attempt"], failed["accepted"], failed["attempt"]) == (True, 2, False, 1)
    assert "no space left" in failed["error"]
    assert (decision["reason"], decision["sent"], decision["firing"]) == ("first notification", True, 1)
    assert (change["before"], change["after"], change["value"]) == (None, "firing", "1e+00")
    assert (alert["state"], alert["groups"], alert["sources"]) == ("firing", [group["id"]], ["rule"])
    assert isinstance(status, dict)
    assert (status["alerts"], status["outbox"], status["datasources"]) == (
        1,
        0,
        [{"name": "main", "kind": "prometheus", "up": True}],
    )


async def test_a_store_that_cannot_be_read(tmp_path: Path) -> None:
    """Is said with 503 in one sentence, and the rest of the API goes on."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        write_rules(tmp_path, "Down: down")
        async with living(tmp_path, store=Unreadable()) as evaluator:
            answer = await evaluator.ask("/api/evaluator/v1/transitions")
            assert (answer.status_code, answer.json()["error"]) == (503, "the database is damaged")
            assert (await evaluator.ask("/api/v1/alerts")).status_code == 200
