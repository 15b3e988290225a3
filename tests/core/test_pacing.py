"""Turns and storms: what becomes of notifications for a destination that may be told only so often."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from evaluator.core.events import Reloaded
from evaluator.core.explaining.explaining import explain
from evaluator.core.explaining.explanation_texts import sentences
from evaluator.core.explaining.rehearsal import rehearse
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.notifying.rates import RateLimit
from evaluator.core.notifying.storms import MANY, NAMED
from evaluator.core.records import LedgerRecord, OutboxRecord
from evaluator.core.settings import Settings
from tests.core.playbook import NOTHING, Observation, Playbook, group, moment, receiver, route, rule
from tests.core.playbook import settings as configured
from tests.effort import examples

OPS = "ops/console[0]"
EACH_10S = RateLimit(6, timedelta(minutes=1))
Answer = dict[Labels, Observation]


def config(limit: RateLimit | None = EACH_10S, send_resolved: bool = True, repeat: str = "4h") -> Settings:
    """One rule, of which each instance is a group of its own, and one destination with a limit."""
    ops = receiver(send_resolved=send_resolved)
    ops = replace(ops, integrations=tuple(replace(one, rate_limit=limit) for one in ops.integrations))
    aside = replace(route("nobody"), id="aside", matchers=(Matcher("alertname", "Evaluator.*", MatchOp.REGEX),))
    root = replace(route(by=["alertname", "instance"], wait="0s", interval="1m", repeat=repeat), routes=(aside,))
    return configured(group(rule("Down")), root=root, receivers=[ops, receiver("nobody", integrations=0)])


def down(*instances: int | str) -> Answer:
    """An answer with these instances."""
    return {
        Labels({"alertname": "Down", "instance": f"{one:02}" if isinstance(one, int) else one}): Observation(
            Labels({"instance": str(one)}), 1.0
        )
        for one in instances
    }


def told(play: Playbook) -> list[str]:
    """What arrived: when, and of which instance; of a storm its summary."""
    return [f"{_offset(play, index)} {_gist(row)}" for index, (_, row) in enumerate(play.accepted)]


def _offset(play: Playbook, index: int) -> str:
    at, _ = play.accepted[index]
    return f"{(at - moment('0s')).total_seconds():g}s"


def _gist(row: OutboxRecord) -> str:
    (alert,) = row.notification.alerts
    state = "firing" if alert.firing else "over"
    if alert.labels["alertname"] == "AlertStorm":
        return f"{state}: {dict(alert.annotations.expanded or ())['summary']}"
    return f"{state} {alert.labels['instance']}"


def storm_text(play: Playbook, index: int = -1) -> str:
    """The description in the message of a storm."""
    rows = [row for _, row in play.accepted if row.group == "storm"]
    return dict(rows[index].notification.alerts[0].annotations.expanded or ())["description"]


def ledger(play: Playbook) -> dict[str, tuple[int, int]]:
    """What is known to fire and to be over, by group."""
    kept = [record for record in play.kept.values() if isinstance(record, LedgerRecord)]
    return {one.group: (len(one.firing), len(one.resolved)) for one in kept}


# -- turns ------------------------------------------------------------------------------------------------------------


def test_the_first_message_of_a_quiet_destination_never_waits_and_the_others_take_turns() -> None:
    play = Playbook(config()).at("0s", "Down", down(1, 2, 3)).run("30s")
    assert told(play) == ["0s firing 01", "10s firing 02", "20s firing 03"]


def test_a_burst_goes_at_once() -> None:
    play = Playbook(config(replace(EACH_10S, burst=3))).at("0s", "Down", down(1, 2, 3, 4)).run("30s")
    assert told(play) == ["0s firing 01", "0s firing 02", "0s firing 03", "10s firing 04"]


def test_without_a_limit_nobody_waits() -> None:
    play = Playbook(config(None)).at("0s", "Down", down(*range(20))).run("30s")
    assert {line.split()[0] for line in told(play)} == {"0s"}


def test_a_message_that_waits_is_replaced_by_the_truth() -> None:
    """Instance 3 is over before its turn has come: nobody hears of it. A limit of one each two minutes."""
    play = Playbook(config(RateLimit(1, timedelta(minutes=2))))
    play.at("0s", "Down", down(1, 2)).at("1m", "Down", down(1)).run("10m")
    assert told(play) == ["0s firing 01"]


def test_what_fires_goes_before_what_is_over() -> None:
    """Both are decided at one instant, and there is room for one."""
    play = Playbook(config(replace(EACH_10S, burst=2)))
    play.at("0s", "Down", down(1, 2)).at("1m", "Down", down(2, 0)).run("3m")
    assert told(play) == ["0s firing 01", "0s firing 02", "60s firing 00", "120s over 01"]


def test_retries_take_turns_as_well() -> None:
    """A destination that fails is not asked more often than it may be."""
    play = Playbook(config()).receiver_fails("0s", OPS).receiver_works("45s", OPS)
    play.at("0s", "Down", down(1, 2)).run("2m")
    times = [(one.at - moment("0s")).total_seconds() for one in play.attempts()]
    assert all(later - earlier >= 10 for earlier, later in pairwise(sorted(set(times))))
    assert told(play)[0].endswith("firing: 2 alert groups fire")


def test_destinations_have_buckets_of_their_own() -> None:
    limited = config()
    both = replace(
        receiver(integrations=2), integrations=(*limited.receivers[0].integrations, *receiver(integrations=2).integrations[1:])
    )
    play = Playbook(replace(limited, receivers=(both,))).at("0s", "Down", down(1, 2, 3)).run("30s")
    free = [at for at, row in play.accepted if row.integration == "ops/console[1]"]
    assert {at - moment("0s") for at in free} == {timedelta(0)}
    assert len([row for _, row in play.accepted if row.integration == OPS]) == 3


def test_what_waits_survives_a_kill() -> None:
    play = Playbook(config(RateLimit(1, timedelta(minutes=1)))).at("0s", "Down", down(1, 2)).run("20s").crash(after="10s")
    assert told(play.run("3m")) == ["0s firing 01", "30s firing 02"]


@pytest.mark.parametrize(("limit", "then"), [(None, "5s"), (RateLimit(60, timedelta(minutes=1)), "6s")])
def test_a_reload_that_loosens_the_limit_lets_waiting_messages_go(limit: RateLimit | None, then: str) -> None:
    """What was taken under the old limit stays taken under the new one."""
    play = Playbook(config(RateLimit(1, timedelta(hours=1)))).at("0s", "Down", down(1, 2))
    play.reload("5s", config(limit)).run("10s")
    assert told(play) == ["0s firing 01", f"{then} firing 02"]


def test_a_reload_that_changes_nothing_gives_no_new_burst() -> None:
    play = Playbook(config()).at("0s", "Down", down(1, 2, 3))
    play.happens("2s", Reloaded(config())).run("30s")
    assert told(play) == ["0s firing 01", "10s firing 02", "20s firing 03"]


def test_when_a_waiting_message_goes_can_be_foreseen_and_is_explained() -> None:
    play = Playbook(config()).at("0s", "Down", down(1, 2)).run("1s")
    (waiting,) = [group for group in play.machine.dispatch.groups.values() if group.labels["instance"] == "02"]
    (fingerprint,) = waiting.alerts
    foreseen = rehearse(play.machine, waiting, fingerprint, play.world.now)[OPS].tells
    assert foreseen is not None
    assert foreseen.at == moment("10s")
    story = explain(play.machine, fingerprint, play.world.now)
    assert story is not None
    assert any("for its turn (rate_limit)" in line and "the next turn comes at" in line for line in sentences(story))


# -- storms -----------------------------------------------------------------------------------------------------------


def test_many_at_once_are_told_together() -> None:
    play = Playbook(config()).at("0s", "Down", down(*range(43))).run("55s")
    assert told(play) == ["0s firing: 43 alert groups fire"]
    lines = storm_text(play).splitlines()
    assert lines[0] == "More at once than ops may be told one by one."
    assert lines[1] == f"Firing: 43, the {NAMED} newest"
    assert re.fullmatch(r"- alertname=Down, instance=\d\d, since 2026-01-01 00:00:00 UTC", lines[2])
    assert lines[-1] == "and 33 more"
    (row,) = [row for _, row in play.accepted]
    (alert,) = row.notification.alerts
    assert alert.generator_url == "http://e/?receiver=ops"
    assert alert.labels.as_dict() == {
        "alertname": "AlertStorm",
        "integration": "console",
        "severity": "critical",
    }


@pytest.mark.parametrize(("groups", "messages"), [(MANY + 1, MANY + 1), (MANY + 2, 1)])
def test_a_few_are_told_one_by_one(groups: int, messages: int) -> None:
    """One goes at once, so a storm is more than `MANY` besides; with a second each none of the others waits for long."""
    play = Playbook(config(RateLimit(1, timedelta(seconds=1)))).at("0s", "Down", down(*range(groups))).run("40s")
    assert len(told(play)) == messages


def test_whoever_waits_for_long_is_told_together_with_the_others() -> None:
    play = Playbook(config()).at("0s", "Down", down(*range(6))).run("2m")
    assert told(play) == [*(f"{n * 10}s firing 0{n}" for n in range(3)), "30s firing: 3 alert groups fire"]


def test_each_end_after_a_storm_is_told_and_then_the_end_of_the_storm() -> None:
    play = Playbook(config(RateLimit(1, timedelta(seconds=1), burst=5))).at("0s", "Down", down(*range(20)))
    play.at("5m", "Down", down(*range(2, 20))).at("10m", "Down", down(*range(4, 20))).at("15m", "Down", NOTHING)
    play.run("20m")
    assert told(play) == [
        "0s firing: 20 alert groups fire",
        "360s over 00",
        "360s over 01",
        "660s over 02",
        "660s over 03",
        "960s over: All alert groups that were told together are over, or have been told by themselves since",
    ]
    assert ledger(play) == {}


def test_the_last_ends_by_themselves_are_followed_by_the_end_of_the_storm() -> None:
    """A service that keeps an incident for each key has one for the storm."""
    play = Playbook(config(RateLimit(1, timedelta(seconds=1)))).at("0s", "Down", down(*range(9)))
    play.at("5m", "Down", down(0, 1)).at("10m", "Down", NOTHING).run("15m")
    lines = told(play)
    assert lines[:2] == ["0s firing: 9 alert groups fire", "360s firing: 2 alert groups fire"]
    assert lines[2:4] == ["660s over 00", "661s over 01"]
    assert lines[4].startswith("662s over: All alert groups")
    assert len(lines) == 5
    keys = [row.notification.group_key for _, row in play.accepted]
    assert keys[0] == keys[1] == keys[4]


def test_a_group_that_had_a_message_of_its_own_is_told_its_end_by_itself() -> None:
    """Its own incident would stay open for ever if a storm's message told that it is over."""
    play = Playbook(config(RateLimit(1, timedelta(seconds=1)))).at("0s", "Down", down(0, 1))
    play.at("5m", "Down", down(*range(40))).at("10m", "Down", NOTHING).run("20m")
    assert [line for line in told(play) if line.endswith((" 00", " 01"))] == [
        "0s firing 00",
        "1s firing 01",
        "661s over 00",
        "662s over 01",
    ]


def test_a_group_of_a_storm_that_goes_on_has_left_it_once_it_had_its_own_message() -> None:
    """Repeats come one by one when there are few; then the storm is over, although some of it fires."""
    play = Playbook(config(RateLimit(1, timedelta(seconds=1)), repeat="1h")).at("0s", "Down", down(*range(9)))
    play.at("5m", "Down", down(0, 1)).run("1h1m")
    assert told(play)[2:4] == ["3600s firing 00", "3601s firing 01"]
    assert told(play)[4].startswith("3602s over: All alert groups")


def test_repeats_of_a_storm_come_together_and_belong_to_its_message() -> None:
    play = Playbook(config(repeat="1h")).at("0s", "Down", down(*range(20)))
    play.receipts = lambda row: (("ts", "1"),)
    play.run("1h1m")
    assert told(play) == ["0s firing: 20 alert groups fire", "3600s firing: 20 alert groups fire"]
    assert [row.notification.receipt for _, row in play.accepted] == [(), (("ts", "1"),)]


def test_more_of_a_storm_joins_it() -> None:
    play = Playbook(config()).at("0s", "Down", down(*range(10))).at("1m", "Down", down(*range(30))).run("2m")
    assert told(play) == ["0s firing: 10 alert groups fire", "60s firing: 30 alert groups fire"]
    assert storm_text(play).splitlines()[1] == f"Firing: 20, the {NAMED} newest"


def test_whoever_wants_no_ends_hears_of_no_end() -> None:
    play = Playbook(config(send_resolved=False)).at("0s", "Down", down(*range(20))).at("5m", "Down", NOTHING).run("20m")
    assert told(play) == ["0s firing: 20 alert groups fire"]
    assert ledger(play) == {}


# -- when things go wrong ---------------------------------------------------------------------------------------------


def test_a_storm_that_is_not_accepted_is_told_again_as_the_truth_then_is() -> None:
    play = Playbook(config()).receiver_fails("0s", OPS).receiver_works("2m", OPS)
    play.at("0s", "Down", down(*range(20))).at("1m", "Down", down(*range(10, 20))).run("10m")
    assert len(told(play)) == 1
    assert told(play)[0].endswith("firing: 10 alert groups fire")
    assert len(play.attempts()) > 20


def test_a_storm_that_is_refused_for_good_is_told_at_the_next_tick() -> None:
    play = Playbook(config()).receiver_fails("0s", OPS, permanent=True).receiver_works("30s", OPS)
    play.at("0s", "Down", down(*range(20))).run("2m")
    assert told(play) == ["60s firing: 20 alert groups fire"]


def test_an_end_of_a_storm_that_is_not_accepted_is_told_later() -> None:
    play = Playbook(config(RateLimit(1, timedelta(seconds=1)))).at("0s", "Down", down(*range(8)))
    play.at("5m", "Down", down(0)).at("10m", "Down", NOTHING)
    play.receiver_fails("10m1s", OPS).receiver_works("11m30s", OPS).run("20m")
    assert "over: All alert groups" in told(play)[-1]
    assert ledger(play) == {}


@pytest.mark.parametrize("takes", [True, False])
def test_a_storm_to_which_nobody_answered_may_have_arrived(takes: bool) -> None:
    """What began in it is unsure, so its end is told although nobody said that it was taken."""
    play = Playbook(config()).receiver_is_mute("0s", OPS, takes).receiver_works("2m", OPS)
    play.at("0s", "Down", down(*range(20))).at("1m", "Down", NOTHING).run("20m")
    assert "over: All alert groups" in told(play)[-1]
    assert ledger(play) == {}


@pytest.mark.parametrize("arrive", [True, False])
@pytest.mark.parametrize("when", ["10s", "4m", "5m30s", "10m5s"])
def test_a_kill_loses_nothing_of_a_storm(when: str, arrive: bool) -> None:
    play = Playbook(config(RateLimit(1, timedelta(seconds=1)))).at("0s", "Down", down(*range(12)))
    play.at("5m", "Down", down(0, 1)).at("10m", "Down", NOTHING)
    play.takes = timedelta(seconds=20)
    play.run(when).crash(after="1s", arrive=arrive).run("30m")
    assert any("groups fire" in line for line in told(play))
    assert "over: All alert groups that were told together" in str(told(play))
    assert ledger(play) == {}


def test_a_reload_that_takes_the_destination_away_ends_its_storm() -> None:
    play = Playbook(config()).at("0s", "Down", down(*range(20)))
    other = configured(group(rule("Down")), root=config().route, receivers=[receiver(integrations=0)])
    play.reload("1m", other).run("10m")
    assert [line for line in told(play) if "fire" in line] == ["0s firing: 20 alert groups fire"]
    assert [key for key in play.kept if key[0] is LedgerRecord] == []


def test_a_fallback_is_told_of_a_storm_together_too() -> None:
    """The first refusal finds it quiet, the others have to wait. Ends are told, although who refused works again by then."""
    base = config()
    ops, nobody = base.receivers
    boss = replace(ops, name="boss")
    ops = replace(ops, fallback="boss", integrations=receiver().integrations)
    play = Playbook(replace(base, receivers=(ops, boss, nobody)))
    play.receiver_fails("0s", OPS, permanent=True).receiver_works("2m", OPS)
    play.at("0s", "Down", down(*range(20))).at("5m", "Down", NOTHING).run("20m")
    messages = [_gist(row) for _, row in play.accepted if row.integration == "boss/console[0]"]
    assert messages[:2] == ["firing 00", "firing: 19 alert groups fire"]
    assert "over 00" in messages
    assert messages[-1].startswith("over")
    assert any(message.startswith("over: All alert groups") for message in messages)
    assert ledger(play) == {}


@hypothesis_settings(max_examples=examples(4))
@given(st.data())
def test_whatever_happens_who_was_told_firing_is_told_over(data: st.DataObject) -> None:
    """Random histories of thirty groups, a destination that fails at times, and kills: in the end nothing is owed."""
    limit = RateLimit(
        data.draw(st.integers(1, 10)), timedelta(seconds=data.draw(st.sampled_from([5, 60]))), data.draw(st.integers(1, 4))
    )
    play = Playbook(config(limit))
    for minute in range(8):
        play.at(f"{minute}m", "Down", down(*data.draw(st.sets(st.integers(0, 30)))))
    play.at("8m", "Down", NOTHING)
    for minute in sorted(data.draw(st.sets(st.integers(0, 9), max_size=4))):
        play.receiver_fails(f"{minute}m", OPS, permanent=data.draw(st.booleans()))
        play.receiver_works(f"{minute}m{data.draw(st.integers(1, 59))}s", OPS)
    for minute in sorted(data.draw(st.sets(st.integers(0, 9), max_size=2))):
        play.run(f"{minute}m{data.draw(st.integers(0, 59))}s").crash(after="2s")
    play.run("3h")
    assert ledger(play) == {}
    assert play.machine.dispatch.outbox == []
    assert _open_incidents(play.accepted) == set()


def _open_incidents(accepted: Sequence[tuple[object, OutboxRecord]]) -> set[str]:
    """What a service with an incident for each group key has open after all this."""
    status = {row.notification.group_key: row.notification.status for _, row in accepted}
    return {key for key, last in status.items() if last == "firing"}
