"""Whom to tell when somebody cannot be told: the receiver that stands in, from when on, of what, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from evaluator.core.explaining.rehearsal import rehearse
from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.records import LedgerRecord
from evaluator.core.settings import Receiver, Settings
from tests.core.playbook import NOTHING, Playbook, group, moment, receiver, route, rule, series
from tests.core.playbook import settings as configured
from tests.effort import examples

OPS, BOSS = "ops/console[0]", "boss/console[0]"


def config(
    ops: Receiver | None = None, boss: Receiver | None = None, *more: Receiver, repeat: str = "4h", fallback: str = "boss"
) -> Settings:
    """Everything goes to `ops`, for whom `boss` stands in; that a receiver fails is told to nobody."""
    aside = replace(route("nobody"), id="aside", matchers=(Matcher("alertname", "Evaluator.*", MatchOp.REGEX),))
    root = replace(route(wait="0s", interval="1m", repeat=repeat), routes=(aside,))
    ops = replace(ops or receiver(), fallback=fallback)
    receivers = [ops, boss or receiver("boss"), receiver("nobody", integrations=0), *more]
    return configured(group(rule("A"), rule("B")), root=root, receivers=receivers)


def play(config: Settings) -> Playbook:
    return Playbook(config)


REFUSED = "fallback: ops/console[0] refuses: 503 from the server"
SILENT = "fallback: ops/console[0] has accepted nothing since 2026-01-01 00:00:00 UTC: 503 from the server"


def test_a_refusal_for_good_is_followed_by_the_fallback_at_once() -> None:
    told = play(config()).receiver_fails("0s", OPS, permanent=True).at("0s", "A", series("A")).run("5m").told(BOSS)
    assert told == [f"0s {REFUSED}: A firing"]


def test_whoever_accepts_nothing_for_long_is_followed_by_the_fallback() -> None:
    told = play(config()).receiver_fails("0s", OPS).at("0s", "A", series("A")).run("10m").told(BOSS)
    assert told == [f"5m {SILENT}: A firing"]


def test_how_long_that_is_can_be_said() -> None:
    ops = replace(receiver(), fallback_after=timedelta(seconds=20))
    told = play(config(ops)).receiver_fails("0s", OPS).at("0s", "A", series("A")).run("10m").told(BOSS)
    assert told == [f"20s {SILENT}: A firing"]


def test_whoever_accepts_in_time_needs_no_fallback() -> None:
    told = play(config()).receiver_fails("0s", OPS).receiver_works("4m", OPS).at("0s", "A", series("A")).run("1h")
    assert told.told(BOSS) == []


def test_time_counts_from_the_first_decision_however_often_it_was_replaced() -> None:
    """News take the place of what was not accepted; the patience of whoever waits is not renewed by that."""
    played = play(config()).receiver_fails("0s", OPS).at("0s", "A", series("A")).at("3m", "B", series("B")).run("10m")
    assert played.told(BOSS) == [f"5m {SILENT}: A firing, B firing"]


def test_the_end_is_told_to_everybody_who_was_told() -> None:
    played = play(config()).receiver_fails("0s", OPS, permanent=True).receiver_works("3m", OPS)
    played.at("0s", "A", series("A")).at("10m", "A", NOTHING).run("20m")
    assert played.told(BOSS) == [f"0s {REFUSED}: A firing", "11m all alerts resolved: A resolved"]
    assert played.told(OPS)[-1] == "11m all alerts resolved: A resolved"


def test_the_fallback_hears_of_the_end_while_the_other_still_fails() -> None:
    played = play(config()).receiver_fails("0s", OPS).at("0s", "A", series("A")).at("10m", "A", NOTHING).run("20m")
    assert played.told(BOSS) == [f"5m {SILENT}: A firing", "11m all alerts resolved: A resolved"]


def test_news_reach_the_fallback_while_the_other_fails_and_not_afterwards() -> None:
    played = play(config()).receiver_fails("0s", OPS, permanent=True).receiver_works("7m", OPS)
    played.at("0s", "A", series("A")).at("2m", "B", series("B")).at("12m", "B", NOTHING)
    played.at("20m", "B", series("B")).at("30m", "A", NOTHING).run("40m")
    assert played.told(BOSS) == [
        f"0s {REFUSED}: A firing",
        f"3m {REFUSED}: A firing, B firing",
        "13m some alerts resolved: A firing, B resolved",
        "31m all alerts resolved: A resolved",
    ]


def test_what_fires_on_is_told_again_only_while_it_is_needed() -> None:
    """After two hours `ops` works again; its repeats are then its own."""
    played = play(config(repeat="1h")).receiver_fails("0s", OPS, permanent=True).receiver_works("2h30m", OPS)
    played.at("0s", "A", series("A")).run("6h")
    assert [line.split()[0] for line in played.told(BOSS)] == ["0s", "1h", "2h"]


def test_a_fallback_that_fails_has_its_own_fallback() -> None:
    third = receiver("third")
    boss = replace(receiver("boss"), fallback="third")
    played = play(config(None, boss, third))
    played.receiver_fails("0s", OPS, permanent=True).receiver_fails("0s", BOSS).at("0s", "A", series("A")).run("30m")
    (line,) = played.told("third/console[0]")
    assert line.startswith("5m fallback: boss/console[0] has accepted nothing since")


def test_each_integration_of_a_fallback_is_told() -> None:
    played = play(config(None, receiver("boss", integrations=2))).receiver_fails("0s", OPS, permanent=True)
    played.at("0s", "A", series("A")).run("1m")
    assert len(played.told(BOSS)) == len(played.told("boss/console[1]")) == 1


def test_one_integration_that_refuses_is_enough() -> None:
    played = play(config(receiver(integrations=2))).receiver_fails("0s", "ops/console[1]", permanent=True)
    played.at("0s", "A", series("A")).run("1m")
    assert played.told(BOSS) == [f"0s {REFUSED.replace('[0]', '[1]')}: A firing"]


def test_a_fallback_that_wants_no_ends_is_told_none() -> None:
    played = play(config(None, receiver("boss", send_resolved=False))).receiver_fails("0s", OPS, permanent=True)
    played.at("0s", "A", series("A")).at("5m", "A", NOTHING).run("20m")
    assert len(played.told(BOSS)) == 1


def test_a_fallback_is_not_told_of_ends_whose_beginnings_it_never_heard() -> None:
    played = play(config()).at("0s", "A", series("A")).at("5m", "A", NOTHING)
    played.receiver_fails("2m", OPS, permanent=True).run("20m")
    assert played.told(BOSS) == []


@pytest.mark.parametrize("permanent", [True, False])
@pytest.mark.parametrize("when", ["3s", "4m", "5m1s", "9m", "10m30s"])
def test_a_kill_changes_nothing(when: str, permanent: bool) -> None:
    """Whoever was told is told the end, by whichever life."""
    played = play(config()).receiver_fails("0s", OPS, permanent).at("0s", "A", series("A")).at("10m", "A", NOTHING)
    played.run(when).crash(after="1s").run("30m")
    assert [line.rpartition(": ")[2] for line in played.told(BOSS)] == ["A firing", "A resolved"]


def test_a_kill_while_the_fallback_is_being_told_repeats_rather_than_loses() -> None:
    played = play(config()).receiver_fails("0s", OPS, permanent=True).at("0s", "A", series("A"))
    played.takes = timedelta(seconds=2)
    played.run("3s").crash(after="1s").run("1m")
    assert [row.integration for _, row in played.accepted] == [BOSS]


def test_a_reload_without_the_fallback_still_tells_it_the_end() -> None:
    played = play(config()).receiver_fails("0s", OPS, permanent=True).at("0s", "A", series("A")).at("10m", "A", NOTHING)
    played.reload("5m", config(fallback="")).at("7m", "B", series("B")).run("20m")
    assert [line.rpartition(": ")[2] for line in played.told(BOSS)] == ["A firing", "A resolved"]


def test_a_reload_that_takes_the_fallback_away_forgets_it() -> None:
    played = play(config()).receiver_fails("0s", OPS, permanent=True).at("0s", "A", series("A"))
    played.reload("5m", config(None, receiver("other"), fallback="")).run("20m")
    assert [line.rpartition(": ")[2] for line in played.told(BOSS)] == ["A firing"]
    assert all(key[1][1] != BOSS for key in played.kept if key[0] is LedgerRecord)


def test_a_reload_that_adds_a_fallback_counts_from_the_first_decision() -> None:
    played = play(config(fallback="")).receiver_fails("0s", OPS).at("0s", "A", series("A"))
    played.reload("2m", config()).run("20m")
    assert [line.split()[0] for line in played.told(BOSS)] == ["5m"]


def test_what_comes_next_can_be_foreseen() -> None:
    """Whoever looks at the group sees that the fallback's patience ends before the next attempt."""
    ops = replace(receiver(), fallback_after=timedelta(seconds=1))
    played = play(config(ops)).receiver_fails("0s", OPS, retry_after=60.0).at("0s", "A", series("A")).run("0s")
    machine, now = played.machine, played.world.now
    (group,) = [one for one in machine.dispatch.groups.values() if OPS in one.lanes]
    (fingerprint,) = group.alerts
    foreseen = rehearse(machine, group, fingerprint, now)[BOSS].tells
    assert foreseen is not None
    assert foreseen.at == moment("1s")
    assert played.run("2s").told(BOSS)[0].startswith("1s fallback:")


@hypothesis_settings(max_examples=examples(4))
@given(st.data())
def test_whatever_happens_who_was_told_firing_is_told_over(data: st.DataObject) -> None:
    """Random outages of both, and kills: in the end nobody is left with something that fires."""
    played = play(config(None, receiver("boss", integrations=2)))
    for minute in range(0, 12, 2):
        for name in ("A", "B"):
            played.at(f"{minute}m", name, series(name) if data.draw(st.booleans()) else NOTHING)
    played.at("14m", "A", NOTHING).at("14m", "B", NOTHING)
    for integration in (OPS, BOSS):
        for minute in sorted(data.draw(st.sets(st.integers(0, 14), max_size=3))):
            played.receiver_fails(f"{minute}m", integration, permanent=data.draw(st.booleans()))
            played.receiver_works(f"{minute + data.draw(st.integers(0, 9))}m{data.draw(st.integers(1, 59))}s", integration)
    for minute in sorted(data.draw(st.sets(st.integers(0, 14), max_size=2))):
        played.run(f"{minute}m{data.draw(st.integers(0, 59))}s").crash(after="2s")
    played.run("90m")
    last = {row.integration: row.notification for _, row in played.accepted}
    assert [name for name, message in last.items() if message.firing] == []
    assert not [record for record in played.kept.values() if isinstance(record, LedgerRecord)]
