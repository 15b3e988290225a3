"""Layers that stand in a calendar, and the secret of the calendars that are given out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.config.problems import Severity
from evaluator.core.http import Secret
from evaluator.core.oncall.oncall import CalendarLayer
from evaluator.core.oncall.rotations import Layer

GOOD = """\
route: {receiver: team}
receivers: [{name: team}]
people: {ana: {email: ana@example.org}}
oncall: {feed_secret: 0123456789abcdef}
schedules:
  primary:
    layers:
      - {rotation: [ana], every: 1 week, start: 2026-01-05}
      - ical: {url: "https://calendar.example.org/secret/basic.ics", refresh: 1h}
      - ical: {file: night.ics}
"""


def test_a_good_one(tmp_path: Path) -> None:
    (tmp_path / "night.ics").touch()
    (tmp_path / "evaluator.yml").write_text(GOOD)
    loaded = load(tmp_path / "evaluator.yml", environ={})
    assert loaded.settings is not None
    assert loaded.problems == ()
    rotation, by_url, by_file = loaded.settings.duty.schedules[0].layers
    assert isinstance(rotation, Layer)
    assert by_url == CalendarLayer(Secret("https://calendar.example.org/secret/basic.ics"), None, timedelta(hours=1))
    assert by_file == CalendarLayer(None, tmp_path / "night.ics", timedelta(minutes=15))
    assert loaded.settings.duty.feed_secret == Secret("0123456789abcdef")


def test_a_calendar_that_is_not_there_is_warned_of(tmp_path: Path) -> None:
    """It refuses nothing: whoever writes it may not have done so yet, and a start at night must not fail because of it."""
    (tmp_path / "evaluator.yml").write_text(GOOD)
    loaded = load(tmp_path / "evaluator.yml", environ={})
    (said,) = loaded.problems
    assert loaded.settings is not None
    assert (said.position.line, said.position.column) == (10, 22)
    assert (said.message, said.severity) == ('calendar file "night.ics" does not exist', Severity.WARNING)


def test_addresses_of_calendars_are_secrets(tmp_path: Path) -> None:
    """Whoever copies one from where it is hidden is warned."""
    (tmp_path / "evaluator.yml").write_text(GOOD.replace("https://calendar.example.org/secret/basic.ics", "<secret>"))
    loaded = load(tmp_path / "evaluator.yml", environ={})
    assert next(one.message for one in loaded.problems) == "<secret> stands where a secret was hidden"


MISTAKES = [
    ("0123456789abcdef", "short", "4:23: feed_secret is shorter than 16 characters"),
    ("feed_secret: 0123456789abcdef", "feed: x", '4:10: unknown key "feed"'),
    ("refresh: 1h", "refresh: 10s", "9:79: refresh is shorter than a minute"),
    ("{file: night.ics}", "{refresh: 1h}", "10:15: one of url, url_file or file must be configured"),
    ("{file: night.ics}", '{file: a, url: "https://a.example"}', "10:22: at most one of url & file must be configured"),
    ("ical: {file: night.ics}", "{ical: {file: a}, rotation: [ana]}", "10:9: a layer that stands in a calendar has nothing"),
    ('"https://calendar.example.org/secret/basic.ics"', "nowhere", '9:21: "url": unsupported scheme for URL'),
]


@pytest.mark.parametrize(("written", "instead", "problem"), MISTAKES)
def test_one_mistake_is_one_problem_with_its_place(tmp_path: Path, written: str, instead: str, problem: str) -> None:
    assert written in GOOD
    (tmp_path / "night.ics").touch()
    (tmp_path / "a").touch()
    (tmp_path / "evaluator.yml").write_text(GOOD.replace(written, instead, 1))
    (said,) = load(tmp_path / "evaluator.yml", environ={}).problems
    assert f"{said.position.line}:{said.position.column}: {said.message}".startswith(problem)
