"""API v2: status, receivers, and what is not there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from evaluator.store.base import Change, StoreError
from evaluator.store.memory import MemoryStore
from tests.api.alertmanager import serving, settings
from tests.service.servers import until

pytestmark = pytest.mark.realtime


async def test_status() -> None:
    """Every member that Alertmanager's clients look for; the version is that of the API, the revision the evaluator's."""
    async with serving(settings(original="route:\n  receiver: team\n")) as api:
        status = await api.get("/status")
        assert status["cluster"] == {"name": "", "status": "disabled", "peers": []}
        assert status["config"] == {"original": "route:\n  receiver: team\n"}
        assert status["uptime"] == "2026-03-01T12:00:00.000Z"
        assert status["versionInfo"]["version"] == "0.34.0"
        assert status["versionInfo"].keys() == {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"}


async def test_receivers() -> None:
    async with serving() as api:
        team = {"name": "team", "labels": {"name": "team", "owner": "ops"}}
        db = {"name": "db", "labels": {"name": "db", "owner": "dba"}}
        assert await api.get("/receivers") == [team, db]
        assert await api.get("/receivers", receiver_matchers="owner=~d.*") == [db]
        assert (await api.ask("GET", "/receivers", receiver_matchers="="))[0] == 400


class Full(MemoryStore):
    """A store that refuses while it is full."""

    full = False

    def commit(self, effects: Sequence[Change]) -> None:
        """Unless full."""
        if self.full:
            raise StoreError("disk full")
        super().commit(effects)


async def test_nothing_is_taken_in_while_it_cannot_be_kept() -> None:
    """The one whose turn it is hears of that, and gets what was asked for later; others get nothing, and reading goes on."""
    store = Full()
    async with serving(store=store) as api:
        store.full = True
        later = "as soon as that is over, what was asked for is done all the same"
        assert await api.post({"labels": {"alertname": "First"}}) == (503, f"the store refuses: disk full; {later}")
        assert api.service.unhealthy
        assert await api.post({"labels": {"alertname": "Second"}}) == (503, "the store refuses: disk full")
        assert await api.names() == {"First"}
        store.full = False
        await until(lambda: not api.service.unhealthy)
        assert await api.post({"labels": {"alertname": "Third"}}) == (200, None)
        assert await api.names() == {"First", "Third"}
