"""`evaluator silence` against a living evaluator: what it sets, what it prints, and one line for what is wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.api.alertmanager import START
from tests.cli.commands import Ended, in_thread
from tests.service.scene import Living, living

WINDOW = """\
silences:
  - {name: nightly, matchers: [team=db], schedule: "0 22 * * *", duration: 8h, comment: backups}
"""
UNKNOWN = "00000000-0000-4000-8000-000000000000"

pytestmark = pytest.mark.realtime


class Desk:
    """Somebody at a terminal, and the evaluator that they talk to."""

    def __init__(self, evaluator: Living) -> None:
        self.evaluator = evaluator

    async def __call__(self, *arguments: str, env: Mapping[str, str | None] | None = None) -> Ended:
        """Run `evaluator silence …`."""
        return await in_thread("silence", *arguments, env={"EVALUATOR_URL": self.evaluator.url, **(env or {})})

    async def well(self, *arguments: str) -> str:
        """What a command prints that must end well."""
        ended = await self(*arguments)
        assert ended.code == 0, ended.err
        return ended.out.strip()

    async def json(self, *arguments: str) -> Any:
        """The same, for programs."""
        return json.loads(await self.well(*arguments, "--json"))

    async def fails(self, *arguments: str) -> str:
        """The one line of a command that ends badly."""
        ended = await self(*arguments)
        assert (ended.code, ended.err.count("\n")) == (1, 1)
        return ended.err.removeprefix("evaluator: ").strip()

    async def fire(self, **labels: str) -> None:
        """Post an alert."""
        async with httpx.AsyncClient(trust_env=False) as client:
            (await client.post(f"{self.evaluator.url}/api/v2/alerts", json=[{"labels": labels}])).raise_for_status()


@asynccontextmanager
async def desk(folder: Path, more: str = WINDOW) -> AsyncIterator[Desk]:
    """With a clock that stands still, nobody to tell anything, and a log that does not mix with what commands say."""
    (folder / "evaluator.yml").write_text(f"route: {{receiver: nobody}}\nreceivers: [{{name: nobody}}]\n{more}")
    with capture_logs():
        async with living(folder, clock=lambda: START) as evaluator:
            yield Desk(evaluator)


async def test_a_silence_from_its_first_to_its_last_hour(tmp_path: Path) -> None:
    """Set by name and matchers, found by its own matchers, made longer, ended."""
    async with desk(tmp_path, "") as at:
        await at.fire(alertname="Slow", team="db")
        ended = await at("add", "Slow", "team=~db|web", "--for", "2h", "--comment", "new disks", "--as", "ana")
        ident = ended.out.strip()
        assert ended.err == 'mutes alertname="Slow",team=~"db|web" until 2026-03-01T14:00:00Z, 1 alert now\n'
        (row,) = await at.json("list", "Slow")
        assert (row["id"], row["createdBy"], row["comment"], row["mutes"]) == (ident, "ana", "new disks", 1)
        assert await at.json("list", "team=db") == []
        lines = (await at.well("list")).splitlines()
        assert lines[0].split() == ["ID", "State", "Matchers", "Starts", "Ends", "By", "Comment", "Mutes", "Window"]
        expected = [ident, "active", 'alertname="Slow",team=~"db|web"', "2026-03-01T12:00:00Z", "2026-03-01T14:00:00Z", "ana"]
        assert lines[1].split() == [*expected, "new", "disks", "1"]
        assert await at.well("update", ident, "--for", "3h", "--comment", "slow disks") == ident
        (row,) = await at.json("list")
        assert (row["endsAt"], row["comment"], row["createdBy"]) == ("2026-03-01T15:00:00Z", "slow disks", "ana")
        assert await at.well("expire", ident, "--as", "bo") == ""
        assert await at.json("list") == []
        assert [(one["id"], one["endedBy"]) for one in await at.json("list", "--expired")] == [(ident, "bo")]
        assert "ana, ended by bo" in await at.well("list", "--expired")


async def test_a_silence_until_its_alerts_are_over(tmp_path: Path) -> None:
    async with desk(tmp_path, "") as at:
        await at.fire(alertname="Slow", team="db")
        ended = await at("add", "Slow", "--until-resolved", "--comment", "new disks")
        assert ended.err == 'mutes alertname="Slow" until they are over, at the latest 2026-03-31T12:00:00Z, 1 alert now\n'
        assert "nothing fires that it would mute" in await at.fails("add", "Fast", "--until-resolved", "--comment", "x")
        words = ("add", "Slow", "--until-resolved", "--every", "@daily", "--for", "1h", "--comment", "x")
        assert "exclude each other" in await at.fails(*words)


async def test_who_acts(tmp_path: Path) -> None:
    """Whoever is named, else the user of the machine."""
    async with desk(tmp_path, "") as at:
        await at("add", "a=b", "--until", "2026-03-02T00:00:00Z", "--comment", "c", env={"LOGNAME": "root"})
        assert [(one["createdBy"], one["endsAt"]) for one in await at.json("list")] == [("root", "2026-03-02T00:00:00Z")]
        (ident,) = [one["id"] for one in await at.json("list")]
        await at.well("update", ident, "--as", "bob")
        assert [one["createdBy"] for one in await at.json("list")] == ["bob"]


async def test_a_window_from_its_first_to_its_last_night(tmp_path: Path) -> None:
    """Its id is not that of its occurrences; either can be ended."""
    async with desk(tmp_path) as at:
        words = ("--every", "0 12 * * *", "--zone", "Europe/Berlin", "--for", "2h", "--name", "lunch", "--comment", "quiet")
        ended = await at("add", "team=web", *words, "--until", "2026-03-09T00:00:00Z", "--as", "ana")
        ident = ended.out.strip()
        assert ended.err == 'mutes team="web" from 2026-03-01T11:00:00Z to 2026-03-01T13:00:00Z\n'
        listed = await at.json("list", "team=web")
        assert [(one["state"], one["window"]["id"], one["window"]["name"]) for one in listed] == [
            ("active", ident, "lunch"),
            ("pending", ident, "lunch"),
        ]
        assert [line.split()[-1] for line in (await at.well("list", "team=web")).splitlines()] == ["Window", "lunch", "lunch"]
        assert (await at.well("list", "team=db")).endswith("nightly (configuration)")
        lines = (await at.well("windows")).splitlines()
        assert [line.split()[1:3] for line in lines[1:]] == [["nightly", "pending"], ["lunch", "active"]]
        assert await at.well("update", ident, "--for", "90m", "--every", "30 12 * * *", "--zone", "UTC") == ident
        (_, window) = await at.json("windows")
        assert (window["schedule"], window["duration"], window["location"]) == ("30 12 * * *", "1h30m", "UTC")
        assert (window["endsAt"], window["name"], window["createdBy"]) == ("2026-03-09T00:00:00Z", "lunch", "ana")
        occurrence = window["occurrences"][0]["id"]
        assert await at.well("expire", occurrence) == ""
        assert [one["state"] for one in await at.json("windows")] == ["pending", "pending"]
        assert await at.well("expire", ident) == ""
        assert await at.json("list", "team=web") == []


async def test_what_would_happen(tmp_path: Path) -> None:
    """Nothing is set, and nothing but the matchers and the time has to be said."""
    async with desk(tmp_path) as at:
        await at.fire(alertname="Slow", team="db")
        await at.fire(alertname="Down", team="db")
        await at.well("add", "Down", "--for", "1h", "--comment", "c")
        lines = (await at.well("add", "team=db", "--for", "1h", "--dry-run")).splitlines()
        assert lines[0] == "would mute 2 alerts now, 1 of them muted already"
        assert [line.split()[1:] for line in lines[1:]] == [
            ["Alert", "Already"],
            ["Slow", 'team="db"'],
            ["Down", 'team="db"', "muted"],
        ]
        seen = await at.well("add", "team=web", "--for", "1h", "--every", "@daily", "--dry-run")
        assert seen.splitlines()[1] == "from 2026-03-02T00:00:00Z to 2026-03-02T01:00:00Z"
        assert len(seen.splitlines()) == 6
        assert (await at.json("add", "team=db", "--for", "1h", "--dry-run"))["verdict"] == "accepted"
        refused = await at("add", "team!=db", "--for", "1h", "--dry-run")
        assert (refused.code, refused.out) == (1, "would mute 0 alerts now, 0 of them muted already\n")
        assert refused.err.endswith("add a matcher with a definite value; or insist with --confirm\n")
        assert (await at("add", "team!=db", "--for", "1h", "--dry-run", "--confirm")).code == 0
        assert len(await at.json("list", "team=db")) == 1


async def test_what_is_too_broad(tmp_path: Path) -> None:
    """One line says why and what to do; --confirm insists where the policy lets people."""
    policy = "silence_policy: {min_matchers: 2, max_duration: 2h, confirm: true}\n"
    async with desk(tmp_path, policy) as at:
        broad = ("add", "team=db", "--for", "1h", "--comment", "c")
        assert await at.fails(*broad) == (
            "against silence_policy (min_matchers): it narrows 1 label, 2 are required; add matchers with definite values; "
            "or insist with --confirm"
        )
        ident = await at.well(*broad, "--confirm")
        assert "it lasts longer than 2h" in await at.fails("update", ident, "--for", "3h")
        assert await at.well("update", ident, "--for", "3h", "--confirm") == ident


async def test_lists_by_their_end(tmp_path: Path) -> None:
    """Of those that are on, those that end soon. The clock of the command is that of its machine."""
    async with desk(tmp_path, "") as at:
        await at.well("add", "a=b", "--for", "2h", "--comment", "c")
        assert len(await at.json("list", "--within", "100y")) == 1
        assert await at.json("list", "--within", "1m") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "a=b", "--for", "1h"), "say why with --comment; whoever finds the silence will wonder"),
        (
            ("add", "a=b", "--comment", "c"),
            "say how long with --for, as in --for 2h, when it ends with --until, or that it ends with",
        ),
        (
            ("add", "a=b", "--every", "@daily", "--comment", "c"),
            "say how long a window lasts each time with --for",
        ),
        (("add", "a=b", "--for", "1h", "--until", "2099-01-01", "--comment", "c"), "both say when it ends; give one of them"),
        (
            ("add", "a=b", "--for", "1h", "--name", "x", "--comment", "c"),
            "--zone and --name are of windows; say when",
        ),
        (("add", "a=b", "--for", "soon", "--comment", "c"), '--for not a valid duration string: "soon"; write whole numbers'),
        (("add", "a=b", "--until", "soon", "--comment", "c"), "--until 'soon' is not a time; write it as 2030-01-31T22:00"),
        (("add", "a=b", "--until", "2001-01-01", "--comment", "c"), "end time can't be in the past"),
        (("add", "a=b", "team", "--for", "1h", "--comment", "c"), "'team' is not a matcher: "),
        (("add", "a=b", "--every", "often", "--for", "1h", "--comment", "c"), '"often" is no schedule; write minute, hour'),
        (("add", "a=b", "--every", "often", "--for", "1h", "--dry-run"), '"often" is no schedule; write minute, hour'),
        (("add", "a=b", "--every", "@daily", "--zone", "X", "--for", "1h", "--comment", "c"), 'unknown time zone "X"'),
        (("list", "--within", "soon"), "--within not a valid duration string"),
        (("update", UNKNOWN), "say what to change: --for"),
        (("update", UNKNOWN, "--for", "1h"), f"there is neither a silence nor a window {UNKNOWN}; `evaluator silence list`"),
        (("expire", "nonsense"), "there is neither a silence nor a window nonsense; `evaluator silence list` prints their ids"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
async def test_what_is_typed_wrong(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """One line with what to do, exit 1, and nothing is set."""
    async with desk(tmp_path, "") as at:
        assert said in await at.fails(*words)
        assert await at.json("list") == []


async def test_what_stands_in_the_file_is_ended_in_the_file(tmp_path: Path) -> None:
    """Of several ids, those that can be ended are."""
    async with desk(tmp_path) as at:
        ident = await at.well("add", "a=b", "--for", "1h", "--comment", "c")
        (window,) = await at.json("windows")
        ended = await at("expire", UNKNOWN, window["id"], ident)
        assert (ended.code, ended.err.count("\n")) == (1, 2)
        assert ended.err.endswith("stands in the configuration, under silences; edit it there, and reload\n")
        assert await at.json("list", "a=b") == []


async def test_nobody_answers() -> None:
    for words in (("list",), ("add", "a=b", "--for", "1h", "--comment", "c"), ("expire", UNKNOWN)):
        ended = await in_thread("silence", *words, "--url", "http://127.0.0.1:1")
        assert ended.code == 1
        assert ended.err.startswith("evaluator: no evaluator answers at http://127.0.0.1:1 (")
