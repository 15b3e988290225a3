"""What was committed survives the process, however it ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.core.records import Decision
from evaluator.store import Store

from . import values as v

WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from evaluator.core.effects import Note, Save
from evaluator.core.labels import NO_LABELS
from evaluator.core.records import Decision, GroupRecord
from evaluator.store import open_store

store = open_store(sys.argv[1])
start = datetime(2024, 2, 29, 12, tzinfo=UTC)
number = 0
while True:
    number += 1
    at = start + timedelta(seconds=number)
    note = Decision(at, "g", "", "", "", str(number), True, 0, 0)
    groups = [GroupRecord(name, "", "", str(number), NO_LABELS, at, at) for name in "abc"]
    store.commit([Note(note), *(Save(group) for group in groups)])
    print(number, flush=True)
"""


@pytest.mark.realtime
@pytest.mark.parametrize("commits", [1, 20])
def test_whatever_was_acknowledged_is_there_after_a_kill(database: Path, opened: Callable[[], Store], commits: int) -> None:
    """At most one commit more than was printed, and never half of one."""
    with subprocess.Popen([sys.executable, "-c", WRITER, f"sqlite:///{database}"], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(commits)]
        writer.kill()
        lines += [line for line in writer.stdout if line.endswith("\n")]
    printed = int(lines[-1])
    assert printed >= commits
    with closing(opened()) as store:
        reasons = [int(note.reason) for note in store.history(Decision)]
        groups = store.load().groups
    assert reasons[0] in (printed, printed + 1)
    assert reasons == list(range(reasons[0], 0, -1))[: len(reasons)]
    assert [group.group_key for group in groups] == [str(reasons[0])] * 3
    assert groups[0].flush_at == v.NOON + timedelta(seconds=reasons[0])
