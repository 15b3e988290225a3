"""People, calendars and schedules in the configuration."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.core.oncall.oncall import on_call
from evaluator.core.oncall.people import Duty

GOOD = """\
people:
  ana: {name: Ana Ruiz, time_zone: Europe/Madrid, email: ana@example.org}
  bo: {sms: "+46700000002", away: [{from: 2026-07-01, to: 2026-07-14}]}
calendars:
  office: {time_zone: Europe/Madrid, open: ["Mon-Fri 09:00-18:00"], except: [2026-12-25]}
schedules:
  primary:
    time_zone: Europe/Madrid
    layers:
      - {rotation: [ana, bo], every: 1 week, handoff: "Mon 09:00", start: 2026-01-05}
    overrides:
      - {from: 2026-03-02T09:00, to: 2026-03-03T09:00, replace: ana, with: bo, reason: dentist}
    fallback: [ana]
    coverage: office
"""


def read(tmp_path: Path, text: str) -> tuple[Duty | None, list[str]]:
    (tmp_path / "evaluator.yml").write_text(text)
    loaded = load(tmp_path / "evaluator.yml", environ={})
    said = [f"{one.position.line}:{one.position.column}: {one.message}" for one in loaded.problems]
    return (loaded.settings.duty if loaded.settings else None), said


def test_a_good_one(tmp_path: Path) -> None:
    duty, said = read(tmp_path, GOOD)
    assert said == []
    assert duty is not None
    assert [(person.key, person.name, dict(person.contacts)) for person in duty.people] == [
        ("ana", "Ana Ruiz", {"email": "ana@example.org"}),
        ("bo", "bo", {"sms": "+46700000002"}),
    ]
    (primary,) = duty.schedules
    assert on_call(primary, datetime(2026, 3, 2, 12, tzinfo=UTC), duty.absences).why == "override: dentist"
    assert on_call(primary, datetime(2026, 7, 14, 23, tzinfo=UTC), duty.absences).why == "fallback"
    assert primary.coverage is not None
    assert not primary.coverage.open_at(datetime(2026, 12, 25, 11, tzinfo=UTC))


MISTAKES = [
    ("rotation: [ana, bo]", "rotation: [ana, boo]", '10:26: undefined person "boo"'),
    ("every: 1 week", "every: weekly", '10:38: not the length of a turn: "weekly"'),
    ("every: 1 week", "every: 1 day", "10:54: a hand-off on a day of the week, for turns of 1 days"),
    ('handoff: "Mon 09:00"', 'handoff: "Mon 9"', '10:55: not a hand-off: "Mon 9"'),
    ("start: 2026-01-05", "start: soon", '10:75: not a day: "soon"'),
    ("coverage: office", "coverage: offce", '14:15: undefined calendar "offce"'),
    ("fallback: [ana]", "fallback: [eve]", '13:16: undefined person "eve"'),
    ("Mon-Fri 09:00-18:00", "Mon-Fri", '5:45: not hours of a week: "Mon-Fri"'),
    ("except: [2026-12-25]", "except: [xmas]", '5:78: not a day: "xmas"'),
    ("to: 2026-03-03T09:00", "to: 2026-03-01", "12:9: an override that ends before it begins"),
    ("replace: ana, with: bo, ", "", "12:9: an override that changes nothing"),
    ("time_zone: Europe/Madrid, email", "time_zone: Madrid, email", '2:36: unknown time zone "Madrid"'),
    ("email: ana@example.org", "role: boss", '2:8: "ana" cannot be reached'),
    ("to: 2026-07-14", "to: 9999-12-31", "3:59: a time that is too far away"),
    ("start: 2026-01-05", "start: 0001-01-01", "10:75: a time that is too far away"),
    ("to: 2026-07-14", "to: never", '3:59: not a time: "never"'),
]


@pytest.mark.parametrize(("written", "instead", "problem"), MISTAKES)
def test_one_mistake_is_one_problem_with_its_place(tmp_path: Path, written: str, instead: str, problem: str) -> None:
    assert written in GOOD
    _, said = read(tmp_path, GOOD.replace(written, instead, 1))
    assert said == [problem]
