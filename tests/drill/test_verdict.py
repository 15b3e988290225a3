"""What counts as wanted, to the instant and with tolerance; and how it is told to people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.labels import Labels
from evaluator.drill.played import Mishap, Played, Shown, Told, ToldAlert, Untold
from evaluator.drill.report import timeline
from evaluator.drill.scenario import Quiet, Show, ShownAlert, Want, WantedAlert, Wants
from evaluator.drill.verdict import EXACT, Tolerance, Verdict, judge

A, B = Labels({"alertname": "a"}), Labels({"alertname": "b"})
LENIENT = Tolerance(early=timedelta(seconds=0.1), late=timedelta(seconds=0.5), alerts=timedelta(seconds=0.2))


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def told(at: float, *alerts: ToldAlert, reason: str = "first notification") -> Told:
    return Told(seconds(at), "ops/webhook[0]", alerts or (ToldAlert(A, (), seconds(1)),), reason)


def want(at: float, *alerts: WantedAlert, last: float | None = None, reason: str = "") -> Want:
    return Want("ops/webhook[0]", seconds(at), seconds(at if last is None else last), alerts or (WantedAlert(A),), reason)


def verdict(wants: list[Want | Quiet], came: list[Told], tolerance: Tolerance = EXACT) -> Verdict:
    notifications = tuple(one for one in wants if isinstance(one, Want))
    quiet = tuple(one for one in wants if isinstance(one, Quiet))
    return judge(Wants(notifications, quiet), Played(tuple(came)), seconds(10), tolerance)


@pytest.mark.parametrize(
    ("wanted", "came", "passed"),
    [
        (want(2), told(2), True),
        (want(2), told(2.000001), False),
        (want(2, last=3), told(3), True),
        (want(2, last=3), told(3.1), False),
        (want(2), replace(told(2), integration="ops/webhook[1]"), False),
        (want(2, reason="first notification"), told(2), True),
        (want(2, reason="unmuted"), told(2), False),
        (want(2, reason="unmuted"), told(2, reason=""), True),
        (want(2, WantedAlert(A, starts=seconds(1))), told(2), True),
        (want(2, WantedAlert(A, starts=seconds(1.1))), told(2), False),
        (want(2, WantedAlert(A, firing=False)), told(2), False),
        (want(2, WantedAlert(A, firing=False, ends=seconds(2))), told(2, ToldAlert(A, (), seconds(1), seconds(2))), True),
        (want(2, WantedAlert(A, firing=False, ends=seconds(3))), told(2, ToldAlert(A, (), seconds(1), seconds(2))), False),
        (want(2, WantedAlert(A, annotations=())), told(2, ToldAlert(A, (("x", "y"),), seconds(1))), False),
        (want(2, WantedAlert(A, annotations=(("x", "y"),))), told(2, ToldAlert(A, (("x", "y"),), seconds(1))), True),
        (want(2, WantedAlert(A)), told(2, ToldAlert(A, (("x", "y"),), seconds(1))), True),
        (want(2, WantedAlert(A), WantedAlert(B)), told(2), False),
        (want(2), told(2, ToldAlert(A, (), seconds(1)), ToldAlert(B, (), seconds(1))), False),
        (
            want(2, WantedAlert(B), WantedAlert(A)),
            told(2, ToldAlert(A, (), seconds(1)), ToldAlert(B, (), seconds(1))),
            True,
        ),
    ],
)
def test_one_want_and_one_notification(wanted: Want, came: Told, passed: bool) -> None:
    """In exact time every microsecond counts; what a want does not mention does not matter, nor does the order of alerts."""
    assert verdict([wanted], [came]).passed is passed


def test_each_is_held_against_one_of_the_other() -> None:
    """A notification that comes twice is one too many, and one that is wanted twice must come twice."""
    assert verdict([want(2), want(3)], [told(2), told(3)]).passed
    assert verdict([want(2)], [told(2), told(2)]).unwanted == (told(2),)
    assert verdict([want(2), want(2)], [told(2)]).missed == (want(2),)
    assert verdict([want(1, last=5), want(2)], [told(2), told(4)]).passed


def test_what_comes_after_the_end_is_not_asked_why() -> None:
    assert verdict([], [told(10.1)]).passed
    assert not verdict([], [told(10)]).passed


def test_quiet() -> None:
    """From its first instant to just before its last, also of what is wanted elsewhere."""
    quiet = Quiet("ops/webhook[0]", seconds(2), seconds(4))
    assert verdict([quiet, want(4)], [told(4)]).passed
    assert verdict([quiet, want(2)], [told(2)]).broken == ((quiet, told(2)),)
    assert verdict([quiet, want(2)], [told(2.2)], LENIENT).passed


def test_tolerance() -> None:
    """In real time a notification may be late, hardly early, and the times of alerts are about right."""
    assert verdict([want(2)], [told(2.4)], LENIENT).passed
    assert not verdict([want(2)], [told(1.8)], LENIENT).passed
    assert verdict([want(2, WantedAlert(A, starts=seconds(1.1)))], [told(2)], LENIENT).passed
    assert not verdict([want(2, WantedAlert(A, starts=seconds(1.3)))], [told(2)], LENIENT).passed


def test_a_failure_is_told_as_a_timeline() -> None:
    """What came and what did not, in the order of time, with what distinguishes them; and why nothing was told."""
    show = Show(seconds(4), (ShownAlert(A, silenced=True),))
    played = Played(
        (told(2), told(3, ToldAlert(B, (("x", "y"),), seconds(1), seconds(2)), reason="")),
        (Untold(seconds(5), "ops/webhook[0]", "what there is to tell is muted"),),
        (Shown(show, (ShownAlert(A, inhibited=True), ShownAlert(B))),),
        (Mishap(seconds(6), "refused"),),
    )
    wants = Wants((want(2), want(150, last=200)), (Quiet("ops/webhook[0]", seconds(3), seconds(4)),))
    lines = timeline(judge(wants, played, seconds(10)), played)
    assert [" ".join(str(line).split()) for line in lines] == [
        '2s as wanted ops/webhook[0]: first notification: {alertname="a"} firing since 1s',
        '3s NOT WANTED ops/webhook[0]: {alertname="b"} resolved since 1s until 2s x="y"',
        "3s NOT QUIET ops/webhook[0]: it was to be quiet here (:1:1)",
        '4s NOT SHOWN SO wanted {alertname="a"} silenced, shown {alertname="a"} inhibited, {alertname="b"} active (:1:1)',
        "5s not told ops/webhook[0]: what there is to tell is muted",
        "6s REFUSED refused",
        '2m30s MISSING until 3m20s ops/webhook[0]: {alertname="a"} firing (:1:1); the one at 3s comes 2m27s early,'
        ' lacks {alertname="a"}, also tells of {alertname="b"}',
    ]
    assert [line.wrong for line in lines] == [False, True, True, True, False, True, True]
