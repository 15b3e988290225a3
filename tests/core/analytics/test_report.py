"""The report that people read."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from evaluator.core.analytics.cases import Case
from evaluator.core.analytics.interruptions import Interruptions
from evaluator.core.analytics.report import MOST, Gap, Report, cells, heat, markdown, span
from evaluator.core.analytics.samples import Sample, sample
from evaluator.core.analytics.summary import summarize
from tests.core.analytics.incidents import MONDAY, case

WEEK = timedelta(days=7)
MADRID = ZoneInfo("Europe/Madrid")


def report(*told: Case, gaps: tuple[Gap, ...] = ()) -> Report:
    """Of a week."""
    return Report(summarize(told, MONDAY, MONDAY + WEEK, {"ana": MADRID}), {"ana": "Ana Ruiz"}, gaps, MADRID)


def test_a_quiet_week() -> None:
    text = markdown(report())
    assert text.startswith("# On call from Mon 2026-03-02 11:00 to Mon 2026-03-09 11:00 (Europe/Madrid)\n\nNo incidents.\n")
    assert "Nobody was paged." in text
    assert "## Fatigue: 0 of 100" in text


def test_a_week_with_a_night_in_it() -> None:
    gap = Gap("primary", MONDAY + WEEK, MONDAY + WEEK + timedelta(hours=8))
    told = [case(1, acked="3m", over="1h", noise="duplicate"), case(2, rule="a|b", whom=("ana", "bo"), flaps=1)]
    text = markdown(report(*told, gaps=(gap,)))
    assert "| TTA (first page to answer) | 1 | 3m | not enough data | not enough data | 1 (50%) | 0 |" in text
    assert "50% of what somebody was paged for was never acknowledged." in text
    assert "| Ana Ruiz | 2 | 1 | 1 | 0 | 0 | 0 |" in text
    assert "| a\\|b | 1 | 2 | 67% | not enough data | 0 |" in text
    assert "100% of what was labelled was noise; 50% of all incidents were labelled." in text
    assert "## Nobody answered\n\n| id | incident | severity | opened | now |\n" in text
    assert text.count("| 2 | a\\|b | critical | Mon 2026-03-02 11:00 | triggered |") == 2
    assert "| primary | Mon 2026-03-09 11:00 | Mon 2026-03-09 19:00 |" in text


def test_lists_end_somewhere() -> None:
    text = markdown(report(*(case(number, f"{number}h") for number in range(MOST + 5))))
    assert "and 5 more" in text


@pytest.mark.parametrize("n", [0, 1, 4, 5])
def test_a_handful_has_a_middle_only(n: int) -> None:
    """With four a mean says nothing, and the p90 is the slowest."""
    count, median, p90, mean, never, left_out = cells(sample([timedelta(minutes=2)] * n, excluded=3))
    few = "not enough data"
    assert (count, median) == (str(n), "2m" if n else few)
    assert (p90, mean) == (("2m", "2m") if n >= 5 else (few, few))
    assert (never, left_out) == ("0 (0%)" if n else "0", "3")


def test_what_never_came_is_shown_with_its_share() -> None:
    assert cells(Sample(0, never=2))[4] == "2 (100%)"


@pytest.mark.parametrize(("seconds", "shown"), [(0.4, "0s"), (89.6, "1m30s"), (3600, "1h"), (7384, "2h3m")])
def test_lengths_are_no_more_precise_than_useful(seconds: float, shown: str) -> None:
    assert span(timedelta(seconds=seconds)) == shown


def test_a_day_as_heat() -> None:
    """Hours of all days of the week together; the worst is the darkest, and one interruption is never nothing."""
    one = Interruptions("ana", 20, {}, {(0, 3): 8, (6, 3): 8, (1, 0): 1, (2, 23): 8})
    assert heat(one) == "▁··█" + "·" * 19 + "▄"
    assert heat(Interruptions("ana", 0, {}, {})) == "·" * 24
