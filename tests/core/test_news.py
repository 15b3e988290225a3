"""What a message says of each alert beyond its state: whether that is news, and the value that it began to fire with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from evaluator.core.evaluation.curves import Curve
from evaluator.core.records import OutboxRecord
from evaluator.core.settings import Settings
from tests.core.playbook import NOTHING, Playbook, group, name, offset, route, rule, series, settings


def config(hold: str = "0s") -> Settings:
    return settings(
        group(rule("A", hold=hold), rule("B", hold=hold)), root=route(by=["team"], wait="0s", interval="1m", repeat="1h")
    )


def told(play: Playbook) -> Sequence[str]:
    return [f"{offset(at)} {' '.join(_told(row))}" for at, row in play.accepted]


def _told(row: OutboxRecord) -> Sequence[str]:
    return [
        f"{name(one.labels)} {'firing' if one.firing else 'over'} {'again' if one.known else 'new'}"
        for one in row.notification.alerts
    ]


def test_what_the_integration_has_accepted_is_no_news() -> None:
    play = Playbook(config()).at("0s", "A", series("A")).at("5m", "B", series("B")).at("10m", "A", NOTHING)
    assert told(play.run("1h20m")) == [
        "0s A firing new",
        "6m A firing again B firing new",
        "11m B firing again A over new",
        "1h11m B firing again",
    ]


def test_what_nobody_answered_to_is_news_still() -> None:
    play = Playbook(config()).at("0s", "A", series("A")).receiver_is_mute("0s", "ops/console[0]", takes=True)
    play.receiver_works("5s", "ops/console[0]").run("2m")
    assert set(told(play)) == {f"{at} A firing new" for at in (line.split()[0] for line in told(play))}


def test_an_alert_remembers_the_value_with_which_it_began_to_fire_also_over_a_crash() -> None:
    """And that is not the one with which it began to be pending."""
    play = Playbook(config(hold="2m")).at("0s", "A", series("A", 3.0)).at("2m", "A", series("A", 5.0))
    play.at("4m", "A", series("A", 7.0)).at("10m", "A", NOTHING).run("5m").crash().run("20m")
    values = [(one.annotations.at_firing, one.annotations.value) for _, row in play.accepted for one in row.notification.alerts]
    assert values == [(5.0, 5.0), (5.0, 7.0)]


NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
CURVE = Curve(points=tuple((NOON.timestamp() + 60 * step, float(step)) for step in (0, 1, 3)), step=60)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-1, None), (0, 0.0), (59, 0.0), (60, 1.0), (120, None), (180, 3.0), (239, 3.0), (240, None)]
)
def test_a_curve_knows_its_value_for_as_long_as_a_step(seconds: int, expected: float | None) -> None:
    assert CURVE.at(NOON + timedelta(seconds=seconds)) == expected
