"""What the figures see of one incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.analytics.cases import Case, cases
from evaluator.core.incidents.policy import Escalation
from evaluator.core.incidents.records import Happening, PageKind, PageState, Resolution
from evaluator.core.labels import Labels
from tests.core.analytics.incidents import MONDAY, after, case, moment, page, record

MINUTES = {number: timedelta(minutes=number) for number in range(31)}


def test_people_are_timed_from_the_first_page_and_the_evaluator_until_then() -> None:
    one = case(1, "2m", "5m", "20m", began_at=MONDAY - MINUTES[3])
    assert (one.to_detect, one.to_notify, one.to_acknowledge) == (MINUTES[3], MINUTES[2], MINUTES[3])
    assert (one.to_acknowledge_from_start, one.to_resolve) == (MINUTES[5], MINUTES[20])


def test_what_never_happened_has_no_time() -> None:
    one = case(1, paged=None)
    assert (one.to_detect, one.to_notify, one.to_acknowledge, one.to_resolve) == (None, None, None, None)


def test_an_answer_before_the_first_page_took_no_time() -> None:
    assert case(1, "5m", "1m").to_acknowledge == timedelta(0)


def test_who_puts_it_off_has_answered() -> None:
    put_off = moment(1, after("4m"), Happening.SNOOZED, by="bo", level=1)
    one = case(1, acked="9m", moments=[put_off])
    assert (one.to_acknowledge, one.answered_at_level) == (MINUTES[4], 1)


def test_a_ladder_that_is_climbed_again_in_vain_is_the_same_wait() -> None:
    again = moment(1, after("15m"), Happening.REPEATED)
    late = moment(1, after("20m"), Happening.ACKED, by="ana", epoch=2)
    assert case(1, moments=[again, late]).to_acknowledge == MINUTES[20]


def test_who_answers_only_when_it_begins_again_did_not_answer_the_first_time() -> None:
    again = moment(1, after("15m"), Happening.REOPENED, epoch=2)
    late = moment(1, after("20m"), Happening.ACKED, by="ana", epoch=2)
    one = case(1, moments=[again, late])
    assert (one.to_acknowledge, one.ever_answered) == (None, True)


@pytest.mark.parametrize("resolution", [Resolution.MANUAL, Resolution.STALE])
def test_only_an_end_that_alerts_came_to_has_a_time(resolution: Resolution) -> None:
    assert case(1, over="5m", resolution=resolution).to_resolve is None


@pytest.mark.parametrize(
    ("one", "counts"),
    [
        (case(1), True),
        (case(1, over="5m", resolution=Resolution.MANUAL), True),
        (case(1, over="5m", resolution=Resolution.STALE), False),
        (case(1, labels=Labels({"drill": "quarterly"})), False),
        (case(1, policy=Escalation("ladder (dry run: team)", ())), False),
    ],
)
def test_drills_dry_runs_and_what_grew_stale_do_not_count(one: Case, counts: bool) -> None:
    assert one.counts is counts


@pytest.mark.parametrize(
    ("what", "by", "transient"),
    [
        (Happening.PAGED, "", True),
        (Happening.LEFT, "", True),
        (Happening.LABELLED, "ana", True),
        (Happening.JOINED, "", False),
        (Happening.NOTE, "ana", False),
        (Happening.ACK_COUNTED, "ana", False),
        (Happening.ESCALATED, "ana", False),
    ],
)
def test_what_nobody_touched_was_transient(what: Happening, by: str, transient: bool) -> None:
    assert case(1, over="10m", moments=[moment(1, after("2m"), what, by=by)]).transient is transient


def test_what_lasts_is_not_transient() -> None:
    assert not case(1, over="10m1s").transient


def test_only_pages_that_were_accepted_count() -> None:
    planned = page(1, after("1m"))
    pages = [
        replace(planned, state=PageState.FAILED),
        replace(planned, kind=PageKind.UPDATE),
        replace(planned, sent_at=after("9m"), serial=1),
        replace(planned, sent_at=after("7m"), serial=2),
        replace(planned, incident=2),
    ]
    (one,) = cases([record(1)], [], pages)
    assert [told.serial for told in one.pages] == [2, 1]
    assert one.to_notify == MINUTES[7]


def test_levels_are_those_that_were_told() -> None:
    told = [moment(1, after(f"{at}m"), Happening.LEVEL, level=at) for at in range(3)]
    assert case(1, moments=told).levels == 3
    assert case(1).levels == 0
