"""Debian's amtool against the evaluator: whatever people's scripts do with it."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from evaluator.service.clock import wall_clock
from tests.api.alertmanager import Api, serving, settings

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not on the PATH (Debian: prometheus-alertmanager)"),
]

ORIGINAL = """\
global:
  resolve_timeout: 5m
route:
  receiver: team
  group_by: [alertname]
  routes:
  - receiver: db
    matchers:
    - team="db"
receivers:
- name: team
- name: db
templates: []
"""


async def amtool(api: Api, *words: str, code: int = 0) -> str:
    """Run it; gives what it prints."""
    command = ("amtool", "--no-version-check", f"--alertmanager.url={api.url}", *words)
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, err = await child.communicate()
    assert child.returncode == code, (out, err)
    return (out + err).decode()


async def listed(api: Api, *words: str) -> Any:
    """What a query prints as JSON."""
    return json.loads(await amtool(api, *words, "-o", "json"))


async def test_alerts() -> None:
    """Added with everything that it can say, found by name and by matchers, over when their end says so."""
    async with serving(clock=wall_clock) as api:
        await amtool(api, "alert", "add", "Down", "team=db", "--annotation=summary=it is", "--generator-url=http://p/graph")
        await amtool(api, "alert", "add", "alertname=Slow", "team=web")
        (alert,) = await listed(api, "alert", "query", "Down")
        assert alert["annotations"] == {"summary": "it is"}
        assert alert["generatorURL"] == "http://p/graph"
        assert alert["receivers"] == [{"name": "db"}]
        assert alert["status"]["state"] == "active"
        assert [one["labels"]["alertname"] for one in await listed(api, "alert", "query", "team=~w.*")] == ["Slow"]
        assert len(await listed(api, "alert")) == 2
        assert len(await listed(api, "alert", "query", "--receiver=db")) == 1
        assert "it is" in await amtool(api, "alert", "query", "alertname=Down")
        assert "http://p/graph" in await amtool(api, "alert", "query", "-o", "extended")
        await amtool(api, "alert", "add", "Down", "team=db", f"--end={wall_clock().isoformat()}")
        assert [one["labels"]["alertname"] for one in await listed(api, "alert")] == ["Slow"]


async def test_silences() -> None:
    """Added, queried, made longer, expired; the alert that one mutes is listed when suppressed ones are asked for."""
    async with serving(clock=wall_clock) as api:
        await amtool(api, "alert", "add", "Down", "team=db")
        name = (await amtool(api, "silence", "add", "Down", "team=~d.", "-a", "me", "-d", "1h", "-c", "work")).strip()
        (silence,) = await listed(api, "silence", "query")
        assert (silence["id"], silence["createdBy"], silence["comment"]) == (name, "me", "work")
        assert await amtool(api, "silence", "query", "-q", "Down") == f"{name}\n"
        assert name in await amtool(api, "silence", "query", "-o", "extended", "--within=2h", "--created-by=me")
        assert await listed(api, "alert") == []
        (alert,) = await listed(api, "alert", "query", "--silenced")
        assert alert["status"]["silencedBy"] == [name]
        (longer,) = await listed(api, "silence", "update", name, "-d", "2h", "-c", "more work")
        assert (longer["id"], longer["comment"]) == (name, "more work")
        await amtool(api, "silence", "expire", name)
        assert await listed(api, "silence", "query") == []
        assert [one["id"] for one in await listed(api, "silence", "query", "--expired")] == [name]
        assert len(await listed(api, "alert")) == 1


async def test_silences_are_exported_and_imported(tmp_path: Path) -> None:
    """One that expired comes back under a new id; one that nobody knows is made; a file that is not JSON is refused."""
    async with serving(clock=wall_clock) as api:
        name = (await amtool(api, "silence", "add", "Down", "-a", "me", "-c", "work")).strip()
        file = tmp_path / "silences.json"
        file.write_text(await amtool(api, "silence", "query", "-o", "json"))
        await amtool(api, "silence", "expire", name)
        await amtool(api, "silence", "import", str(file))
        (again,) = await listed(api, "silence", "query")
        assert again["id"] != name
    async with serving(clock=wall_clock) as api:
        await amtool(api, "silence", "import", str(file))
        await amtool(api, "silence", "import", "--force", str(file))
        assert len(await listed(api, "silence", "query", "Down")) == 2
        file.write_text("[{")
        assert "couldn't unmarshal" in await amtool(api, "silence", "import", str(file), code=1)


async def test_what_is_refused_is_said() -> None:
    """In the words of the API, and with an exit code."""
    async with serving(clock=wall_clock) as api:
        assert "404" in await amtool(api, "silence", "expire", "00000000-0000-4000-8000-000000000000", code=1)
        wrong = await amtool(api, "silence", "add", "a=~.*", "-a", "me", "-c", "work", code=1)
        assert "must not match the empty string" in wrong


async def test_configuration_and_cluster() -> None:
    """The configuration that the evaluator tells is one that amtool routes by; there is no cluster, and that is said."""
    async with serving(settings(original=ORIGINAL), clock=wall_clock) as api:
        assert "receiver: team" in await amtool(api, "config", "show")
        assert 'team="db"' in await amtool(api, "config", "routes", "show")
        assert await amtool(api, "config", "routes", "test", "team=db") == "db\n"
        assert await amtool(api, "config", "routes", "test", "team=web") == "team\n"
        await amtool(api, "config", "routes", "test", "--verify.receivers=team", "team=db", code=1)
        assert "disabled" in await amtool(api, "cluster", "show")
