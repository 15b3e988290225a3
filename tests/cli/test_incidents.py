"""Incidents and maintenance from the command line, against an evaluator with a ladder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from evaluator.cli.incident_words import ahead, clock
from tests.api.alertmanager import START
from tests.api.fire_brigade import Brigade, brigade
from tests.cli.commands import Ended, in_thread

UTC = {"TZ": "UTC"}


async def told(one: Brigade, *words: str, **env: str) -> Ended:
    """Run a command as ana."""
    return await in_thread(*words, "--url", one.api.url, env={"USER": "ana", "LOGNAME": "ana", **UTC, **env})


def lines(ended: Ended) -> list[list[str]]:
    """What was printed, in words."""
    assert ended.code == 0, ended.err
    return [line.split() for line in printed(ended)]


def printed(ended: Ended) -> list[str]:
    """What was printed, without the log of the evaluator, which shares the terminal."""
    return [line for line in ended.out.splitlines() if not re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[", line)]


def parsed(ended: Ended) -> Any:
    """What was printed for programs."""
    return json.loads("\n".join(printed(ended)))


async def test_a_list_for_people_and_one_for_programs() -> None:
    async with brigade() as one:
        await one.fire()
        head, row = lines(await told(one, "incidents", "list"))
        assert head == ["ID", "State", "Severity", "Level", "What", "Owner", "Opened", "Next"]
        assert row[:6] == ["1", "triggered", "critical", "1/4", "on-call", "Down"]
        found = parsed(await told(one, "incidents", "list", "--json"))
        assert {"id", "state", "severity", "level", "labels", "opened_at", "owner"} <= found[0].keys()
        assert lines(await told(one, "incidents", "list", "component=db")) == [head]
        assert len(lines(await told(one, "incidents", "list", "Down", "--severity", "critical"))) == 2
        assert lines(await told(one, "incidents", "list", "--state", "acked")) == [head]


async def test_a_night_from_the_command_line() -> None:
    async with brigade() as one:
        await one.fire()
        said = await told(one, "incidents", "ack", "1", "--for", "4h", "--note", "on it")
        assert printed(said)[-1].startswith("incident 1 is acked: Ana is on it; the owner is reminded ")
        assert one.api.service.machine.incidents.table[1].acked_until == one.api.now.replace(hour=16)
        for words in (
            ("note", "1", "the disk is full"),
            ("assign", "1", "bo"),
            ("unack", "1"),
            ("escalate", "1", "--note", "help", "--as", "Bo"),
            ("snooze", "1", "1h"),
            ("label", "1", "useful"),
            ("resolve", "1"),
        ):
            assert (await told(one, "incidents", *words)).code == 0, words
        timeline = parsed(await told(one, "incidents", "show", "1", "--json"))["timeline"]
        acts = [(line["what"], line["by"], line["via"]) for line in timeline if line["by"]]
        assert acts == [
            ("acked", "ana", "cli"),
            ("note", "ana", "cli"),
            ("assigned", "ana", "cli"),
            ("unacked", "ana", "cli"),
            ("escalated", "bo", "cli"),
            ("snoozed", "ana", "cli"),
            ("labelled", "ana", "cli"),
            ("resolved", "ana", "cli"),
        ]


async def test_the_story_is_told_in_sentences() -> None:
    async with brigade() as one:
        await one.fire()
        await one.act("ack", note="on it")
        shown = await told(one, "incidents", "show", "1")
        told_lines = [" ".join(words) for words in lines(shown)]
    assert "1 Down api: critical, acked" in told_lines
    assert {"owner ana", "component api", "runbook https://runbook"} <= set(told_lines)
    assert (
        "ladder ladder: on-call after 0s (told), backup after 5m, manager after 15m, director after 30m; climb 1" in told_lines
    )
    assert "2026-03-01 12:00:00 Ana by sms, level 1: accepted" in told_lines
    assert told_lines[-1] == "2026-03-01 12:00:00 Ana acknowledged: on it (api)"


async def test_silencing_prints_the_id() -> None:
    async with brigade() as one:
        await one.fire()
        name = lines(await told(one, "incidents", "silence", "1", "30m", "--comment", "new disks"))[0][0]
        (silence,) = one.api.service.machine.silencing.silences
        assert (silence.id, silence.comment, silence.created_by) == (name, "new disks", "ana")


async def test_the_review_goes_where_it_is_wanted(tmp_path: Path) -> None:
    async with brigade() as one:
        await one.fire()
        assert "# Incident 1: Down api" in (await told(one, "incidents", "review", "1")).out
        file = tmp_path / "review.md"
        assert (await told(one, "incidents", "review", "1", "-o", str(file))).code == 0
        assert file.read_text().startswith("# Incident 1: Down api\n")
        wrong = await told(one, "incidents", "review", "1", "-o", str(tmp_path / "no" / "review.md"))
        assert (wrong.code, "No such file or directory; name another file" in wrong.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "9"), "there is no incident 9"),
        (("review", "9"), "there is no incident 9"),
        (("ack", "9"), "there is no incident 9"),
        (("unack", "1"), "the incident is triggered"),
        (("snooze", "1", "soon"), "DURATION "),
        (("snooze", "1", "30d"), "nobody may put it off for more than 1d"),
        (("assign", "1", "eve"), 'nobody is called "eve"'),
        (("label", "1", "boring"), "one of useful, false_positive"),
        (("list", "--state", "open"), '"open" is none'),
        (("list", "a~b"), "is not a matcher"),
    ],
)
async def test_what_cannot_be_done_is_one_line(words: tuple[str, ...], said: str) -> None:
    async with brigade() as one:
        await one.fire()
        ended = await told(one, "incidents", *words)
    assert ended.code == 1
    assert said in ended.err
    assert ended.err.count("\n") == 1


async def test_maintenance_is_begun_listed_and_ended() -> None:
    async with brigade() as one:
        await one.fire()
        begun = await told(one, "maintenance", "start", "--component", "api", "--for", "2h", "--reason", "new disks")
        name = lines(begun)[0][0]
        assert begun.err == 'holds component="api" until 2026-03-01T14:00:00Z, 1 incident now\n'
        row = lines(await told(one, "maintenance", "list"))[1]
        assert row == [
            name,
            "active",
            'component="api"',
            "2026-03-01T12:00:00Z",
            "2026-03-01T14:00:00Z",
            "ana",
            "new",
            "disks",
            "1",
        ]
        longer = await told(one, "maintenance", "update", name, "--until", "2026-03-01T15:00:00Z")
        assert longer.err == 'holds component="api" until 2026-03-01T15:00:00Z\n'
        assert "--for, --until or --reason" in (await told(one, "maintenance", "update", name)).err
        assert "there is no maintenance" in (await told(one, "maintenance", "update", "x", "--for", "1h")).err
        assert lines(await told(one, "maintenance", "end", name)) == []
        assert (await told(one, "maintenance", "end", name)).code == 1
        planned = ("--from", "2026-03-02T12:00:00Z", "--until", "2026-03-02T13:00:00Z", "--reason", "x")
        ahead_of_us = await told(one, "maintenance", "start", "cluster=eu", "team=~db|api", *planned)
        assert 'holds cluster="eu",team=~"db|api" until' in ahead_of_us.err
        whole = await told(one, "maintenance", "start", "--everything", "--for", "1h", "--reason", "x", "--json")
        assert parsed(whole)["matchers"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--component", "api", "--for", "2h"), "say what is being done with --reason"),
        (("--component", "api", "--reason", "x"), "say when it ends"),
        (("--for", "2h", "--reason", "x"), "say what is worked on"),
        (("a~b", "--for", "2h", "--reason", "x"), "is not a matcher"),
        (("--component", "api", "--for", "long", "--reason", "x"), "--for "),
    ],
)
async def test_maintenance_that_makes_no_sense(words: tuple[str, ...], said: str) -> None:
    async with brigade() as one:
        ended = await told(one, "maintenance", "start", *words)
    assert (ended.code, said in ended.err) == (1, True)


def test_times_are_on_the_clock_of_this_machine() -> None:
    now = START
    assert clock("2026-03-01T12:00:00Z", now).endswith(":00:00")
    assert len(clock("2025-03-01T12:00:00Z", now)) == len("2025-03-01 12:00:00")
    assert (ahead("2026-03-01T12:06:12Z", now), ahead("2026-03-01T14:06:12Z", now), ahead("2026-03-01T11:00:00Z", now)) == (
        "in 6m12s",
        "in 2h6m",
        "now",
    )


async def test_nobody_answers() -> None:
    ended = await in_thread("incidents", "list", "--url", "http://127.0.0.1:1")
    assert ended.code == 1
    assert "no evaluator answers" in ended.err
