"""Who would be on call in place of whom, if one configuration took the place of another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from evaluator.cli.output import counted, fail, print_table
from evaluator.cli.reading import say
from evaluator.config.loading import load
from evaluator.config.oncall.coverage import AHEAD
from evaluator.config.problems import Severity
from evaluator.core.frozen import frozen
from evaluator.core.oncall.moves import Move, moves
from evaluator.core.oncall.people import Duty


@frozen
class Moved:
    """What moves in the weeks to come. former: by the older file. duty: by the newer one."""

    former: Duty
    duty: Duty
    moves: tuple[Move, ...]


def moved_since(path: Path, duty: Duty, now: datetime) -> Moved:
    """What the change from the file at `path` comes to. Ends the command where that is wrong."""
    former = load(path, environ=os.environ)
    if former.settings is None:
        errors = [one for one in former.problems if one.severity is Severity.ERROR]
        say(errors)
        fail(f"{path} cannot be compared with: {counted(len(errors), 'error')}")
    return Moved(former.settings.duty, duty, tuple(moves(former.settings.duty, duty, now, now + AHEAD)))


def print_moves(moved: Moved) -> None:
    """A line for each, on the clocks of its schedule."""
    rows = list(_rows(moved))
    if not rows:
        print("nobody moves in the next 8 weeks")
        return
    print_table(("schedule", "from", "to", "was", "will be"), rows)


def json_of(move: Move) -> dict[str, object]:
    """For programs; people by their keys."""
    return {
        "schedule": move.schedule,
        "from": move.start.isoformat(),
        "to": move.end.isoformat(),
        "before": move.before,
        "after": move.after,
    }


def _rows(moved: Moved) -> Iterator[tuple[str, ...]]:
    both = (moved.former, moved.duty)
    zones = {schedule.name: schedule.zone for one in both for schedule in one.schedules}
    names = {person.key: person.name for one in both for person in one.people}
    for move in moved.moves:
        zone = zones[move.schedule]
        times = (_on_the_wall(at, zone) for at in (move.start, move.end))
        yield move.schedule, *times, *(_named(people, names) for people in (move.before, move.after))


def _named(people: tuple[str, ...], names: dict[str, str]) -> str:
    return ", ".join(names.get(key, key) for key in people) or "nobody"


def _on_the_wall(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"
