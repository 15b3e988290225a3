"""Destinations: integrations that share a bucket, and what becomes of their messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from evaluator.core.effects import Deliver
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.notifying.destinations import Destinations
from evaluator.core.notifying.rates import Bucket, RateLimit, strictest
from evaluator.core.notifying.storms import MANY, STORM
from evaluator.core.receivers import Destination, Integration, Receiver
from evaluator.core.records import LedgerRecord, OutboxRecord
from evaluator.core.routing.routing import Route
from evaluator.core.settings import ConsoleSettings, Settings
from tests.core.playbook import NOTHING, Observation, Playbook, group, moment, receiver, route, rule
from tests.core.playbook import settings as configured
from tests.effort import THOROUGH, examples

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
EACH_10S = RateLimit(6, MINUTE)
HOOK = Destination("hook", "hook")


def integration(destination: Destination | None = HOOK, limit: RateLimit | None = EACH_10S, **more: object) -> Integration:
    """One that tells this destination."""
    made = Integration("console", 0, True, ConsoleSettings(), limit, destination=destination)
    return replace(made, **more)  # type: ignore[arg-type]


def team(name: str, *integrations: Integration, **more: object) -> Receiver:
    """A receiver of these integrations."""
    numbered = tuple(replace(one, index=number) for number, one in enumerate(integrations))
    return replace(Receiver(name, numbered), **more)  # type: ignore[arg-type]


def config(*receivers: Receiver, routed: Sequence[str] = (), interval: str = "1m", compatible: bool = False) -> Settings:
    """Every alert goes to all receivers, or those that are routed; each instance is a group of its own."""
    base = route("nobody", by=["alertname", "instance"], wait="0s", interval=interval)
    aside = replace(base, id="aside", matchers=(Matcher("alertname", "Evaluator.*", MatchOp.REGEX),))
    names = routed or [one.name for one in receivers]
    below = tuple(replace(base, id=name, key=f"{{}}/{{{name}}}", receiver=name, continues=True) for name in names)
    root: Route = replace(base, routes=(aside, *below))
    known = [*receivers, receiver("nobody", integrations=0)]
    return configured(group(rule("Down")), root=root, receivers=known, compatibility=compatible)


def down(*instances: int) -> dict[Labels, Observation]:
    """An answer with these instances."""
    return {
        Labels({"alertname": "Down", "instance": f"{one:02}"}): Observation(Labels({"instance": str(one)}), 1.0)
        for one in instances
    }


def told(play: Playbook) -> list[str]:
    """What arrived: when, by whom, and of which instance; of a storm its summary."""
    return [f"{(at - moment('0s')).total_seconds():g}s {row.integration} {_gist(row)}" for at, row in play.accepted]


def _gist(row: OutboxRecord) -> str:
    (alert,) = row.notification.alerts
    state = "firing" if alert.firing else "over"
    if alert.labels["alertname"] == "AlertStorm":
        return f"{state}: {dict(alert.annotations.expanded or ())['summary']}"
    return f"{state} {alert.labels['instance']}"


def storm_lines(play: Playbook, index: int = -1) -> list[str]:
    """The description in the message of a storm."""
    rows = [row for _, row in play.accepted if row.group == "storm"]
    return dict(rows[index].notification.alerts[0].annotations.expanded or ())["description"].splitlines()


def owed(play: Playbook) -> list[LedgerRecord]:
    return [record for record in play.kept.values() if isinstance(record, LedgerRecord)]


A, B = "a/console[0]", "b/console[0]"


# -- one bucket -------------------------------------------------------------------------------------------------------


def test_two_receivers_of_one_destination_take_turns() -> None:
    play = Playbook(config(team("a", integration()), team("b", integration()))).at("0s", "Down", down(1, 2)).run("1m")
    assert sorted(line.partition(" ")[2] for line in told(play)) == [f"{who} firing 0{n}" for who in (A, B) for n in (1, 2)]
    assert [line.partition(" ")[0] for line in told(play)] == ["0s", "10s", "20s", "30s"]


def test_who_has_no_limit_waits_at_a_limited_destination_as_well() -> None:
    play = Playbook(config(team("a", integration(limit=None)), team("b", integration()))).at("0s", "Down", down(1)).run("1m")
    assert [line.partition(" ")[0] for line in told(play)] == ["0s", "10s"]


def test_another_destination_is_not_kept_waiting() -> None:
    other = integration(Destination("other", "other"))
    play = Playbook(config(team("a", integration()), team("b", other))).at("0s", "Down", down(1)).run("1m")
    assert told(play) == [f"0s {A} firing 01", f"0s {B} firing 01"]


def test_the_strictest_limit_counts() -> None:
    loose = RateLimit(10, SECOND, burst=1)
    index = Destinations({"a": integration(limit=loose), "b": integration(limit=replace(EACH_10S, burst=5))})
    assert index.limit("hook") == EACH_10S
    assert strictest([None, loose]) == loose
    assert strictest([None, None]) is None


def test_a_destination_that_asks_for_patience_is_left_alone_by_all() -> None:
    """A minute, because the first answer says so; nothing else is tried meanwhile."""
    limit = RateLimit(1, SECOND, burst=5)
    play = Playbook(config(team("a", integration(limit=limit)), team("b", integration(limit=limit))))
    play.receiver_fails("0s", A, retry_after=60).receiver_works("2s", A)
    play.at("0s", "Down", down(1)).at("1m", "Down", down(1, 2)).run("90s")
    assert all(line.startswith(("0s", "60s")) for line in told(play))
    assert len(told(play)) == 4


def test_nobody_is_left_alone_for_longer_than_five_minutes() -> None:
    play = Playbook(config(team("a", integration()), team("b", integration()), interval="1d"))
    play.receiver_fails("0s", A, retry_after=86_400).receiver_works("1s", A)
    play.at("0s", "Down", down(1)).run("6m")
    assert told(play) == [f"300s {B} firing 01"]


# -- one storm --------------------------------------------------------------------------------------------------------


def test_a_storm_is_told_once_and_names_the_groups_of_all_who_waited() -> None:
    play = Playbook(config(team("a", integration()), team("b", integration()), routed=["a", "b"]))
    play.at("0s", "Down", down(*range(8))).run("1m")
    assert told(play) == [f"0s {A} firing: 16 alert groups fire"]
    lines = storm_lines(play)
    assert lines[:2] == ["More at once than a and b may be told one by one.", "Firing: 16, the 10 newest"]
    assert all(line.endswith((", for a", ", for b")) for line in lines[2:-1])
    assert lines[-1] == "and 6 more"
    assert {record.integration for record in owed(play)} == {A, B, "hook"}


def test_each_receiver_hears_the_end_of_what_a_storm_told_it() -> None:
    play = Playbook(config(team("a", integration()), team("b", integration())))
    play.at("0s", "Down", down(*range(8))).at("5m", "Down", down(*range(7))).at("10m", "Down", NOTHING).run("20m")
    assert told(play)[1:3] == [f"360s {A} over 07", f"370s {B} over 07"]
    assert "over: All alert groups" in told(play)[-1]
    assert owed(play) == []


def test_both_integrations_of_a_receiver_hear_of_an_end_in_one_message() -> None:
    """The group is over with that, once."""
    play = Playbook(config(team("a", integration(), integration()))).at("0s", "Down", down(*range(8)))
    play.at("5m", "Down", NOTHING).run("20m")
    assert told(play)[0] == f"0s {A} firing: 8 alert groups fire"
    assert f"{A} over: All alert groups" in told(play)[1]
    assert owed(play) == []


def test_what_is_read_elsewhere_is_not_told_together() -> None:
    """Both channels of a webhook wait for one bucket, and each has its own message."""
    channels = [integration(Destination("hook", place)) for place in ("one", "two")]
    play = Playbook(config(team("a", channels[0]), team("b", channels[1]))).at("0s", "Down", down(*range(20))).run("1m")
    assert told(play) == [f"0s {A} firing: 20 alert groups fire", f"10s {B} firing: 20 alert groups fire"]


def test_an_address_that_depends_on_the_message_is_told_one_by_one() -> None:
    play = Playbook(config(team("a", integration(Destination("hook", ""), RateLimit(1, SECOND)))))
    play.at("0s", "Down", down(*range(20))).run("1m")
    assert [line.rpartition(" ")[0] for line in told(play)] == [f"{n}s {A} firing" for n in range(20)]


def test_a_storm_that_one_integration_cannot_tell_is_told_by_another() -> None:
    play = Playbook(config(team("a", integration()), team("b", integration()))).receiver_fails("0s", A)
    play.at("0s", "Down", down(*range(20))).run("5m")
    assert told(play)[0].endswith(f"{B} firing: 40 alert groups fire")


def test_a_storm_outlives_the_integration_that_told_it() -> None:
    """The end has the key of the beginning, whoever tells it; a service would keep the incident open otherwise."""
    a, b = team("a", integration()), team("b", integration())
    play = Playbook(config(a, b)).at("0s", "Down", down(*range(20)))
    play.reload("2m", config(b)).at("5m", "Down", NOTHING).run("20m")
    assert told(play)[0] == f"0s {A} firing: 40 alert groups fire"
    assert told(play)[-1].partition(" ")[2].startswith(f"{B} over: All alert groups")
    first, last = play.accepted[0][1].notification, play.accepted[-1][1].notification
    assert (first.group_key, first.alerts[0].labels) == (last.group_key, last.alerts[0].labels)
    assert owed(play) == []


def test_who_wants_no_ends_keeps_nobody_from_hearing_of_them() -> None:
    a, b = team("a", integration(send_resolved=False)), team("b", integration())
    play = Playbook(config(a, b)).at("0s", "Down", down(*range(20))).at("5m", "Down", NOTHING).run("20m")
    assert told(play)[0] == f"0s {B} firing: 40 alert groups fire"
    assert f"{B} over: All alert groups" in told(play)[-1]
    assert owed(play) == []


def test_a_storm_of_which_nobody_is_told_the_end_is_forgotten() -> None:
    """With Alertmanager's behaviour groups may go without a word; nothing of their storm may stay behind."""
    both = config(team("a", integration()), team("b", integration()), compatible=True)
    gone = config(team("a", integration()), team("b", integration()), routed=["a"], compatible=True)
    play = Playbook(both).at("0s", "Down", down(*range(20))).reload("2m", gone).at("5m", "Down", NOTHING).run("30m")
    assert play.machine.dispatch.storms == frozenset()
    assert owed(play) == []


# -- reloads and kills ------------------------------------------------------------------------------------------------


def test_a_reload_that_joins_two_destinations_joins_their_queues() -> None:
    slow = RateLimit(1, MINUTE)
    apart = [team(name, integration(Destination(name, name), slow)) for name in ("a", "b")]
    joined = [team(name, integration(limit=slow)) for name in ("a", "b")]
    play = Playbook(config(*apart)).at("0s", "Down", down(1, 2)).reload("10s", config(*joined)).run("5m")
    assert [line.partition(" ")[0] for line in told(play)] == ["0s", "0s", "10s", "70s"]


def test_a_reload_with_another_limit_gives_no_new_burst() -> None:
    play = Playbook(config(team("a", integration(limit=RateLimit(6, MINUTE, burst=4)))))
    play.at("0s", "Down", down(*range(8))).reload("5s", config(team("a", integration(limit=RateLimit(12, MINUTE, burst=4)))))
    assert [line.partition(" ")[0] for line in told(play.run("25s"))] == ["0s", "0s", "0s", "0s", "10s", "15s", "20s", "25s"]


def test_what_waits_for_a_receiver_that_a_reload_takes_away_waits_no_more() -> None:
    a, b = team("a", integration()), team("b", integration())
    play = Playbook(config(a, b)).at("0s", "Down", down(1, 2)).reload("5s", config(a)).run("2m")
    assert [line.partition(" ")[2].rpartition(" ")[0] for line in told(play)].count(f"{A} firing") == 2
    assert play.machine.dispatch.outbox == []
    assert {record.integration for record in owed(play)} == {A}


@pytest.mark.parametrize("steps", range(0, 40, 1 if THOROUGH else 5))
@pytest.mark.parametrize("arrive", [True, False])
def test_a_kill_between_any_two_steps_loses_nothing(steps: int, arrive: bool) -> None:
    play = Playbook(config(team("a", integration()), team("b", integration(), integration(Destination("hook", "else")))))
    play.at("0s", "Down", down(*range(8))).at("2m", "Down", down(0)).at("4m", "Down", NOTHING)
    play.takes = 3 * SECOND
    play.run("5m", steps=steps).crash(after="1s", arrive=arrive)
    play.run("30m")
    assert play.machine.dispatch.outbox == []
    assert owed(play) == []
    assert _open(play) == set()


# -- a bucket ---------------------------------------------------------------------------------------------------------


def test_what_cannot_wait_takes_in_advance_but_not_for_ever() -> None:
    at, limit = moment("0s"), RateLimit(6, MINUTE, burst=2)
    bucket = Bucket(limit)
    for _ in range(100):
        bucket.draw(at)
    assert bucket.free_at(at) == at + limit.per + limit.gap
    assert bucket.left(at + 2 * limit.per) == limit.burst


# -- whatever happens -------------------------------------------------------------------------------------------------

LIMITS = st.builds(RateLimit, st.integers(1, 10), st.sampled_from([5 * SECOND, 20 * SECOND, MINUTE]), st.integers(1, 4))
DESTINATIONS = [HOOK, Destination("hook", "else"), Destination("hook", ""), Destination("chat", "chat"), None]


@st.composite
def receivers(draw: st.DrawFn) -> list[Receiver]:
    """Up to three receivers, each of which tells one or two destinations; the last may stand in for the first."""
    limits = {name: draw(LIMITS) for name in ("hook", "chat", "")}
    found = []
    for name in ("a", "b", "c")[: draw(st.integers(1, 3))]:
        chosen = draw(st.lists(st.sampled_from(DESTINATIONS), min_size=1, max_size=2))
        ways = [integration(one, limits[one.service if one else ""], send_resolved=draw(st.booleans())) for one in chosen]
        found.append(team(name, *ways))
    if len(found) == 3 and draw(st.booleans()):
        found[0] = replace(found[0], fallback="c")
    return found


@hypothesis_settings(max_examples=examples(4))
@given(st.data())
def test_whatever_happens_no_bucket_is_overdrawn_and_nothing_is_lost(data: st.DataObject) -> None:
    """Random receivers that share destinations, histories, failures, reloads and kills.

    No destination is told more than its bucket allows in any window between two starts; in the end whatever fires is known
    to everybody, nothing else is, and nothing waits.
    """
    who = data.draw(receivers())
    play = Playbook(config(*who))
    for minute in range(6):
        play.at(f"{minute}m", "Down", down(*data.draw(st.sets(st.integers(0, 20)))))
    lasting = data.draw(st.sets(st.integers(0, 20), max_size=10))
    play.at("6m", "Down", down(*lasting))
    for minute in sorted(data.draw(st.sets(st.integers(0, 7), max_size=3))):
        _fail(play, data, who, minute)
    for minute in sorted(data.draw(st.sets(st.integers(0, 7), max_size=2))):
        play.run(f"{minute}m{data.draw(st.integers(0, 59))}s").crash(after="1s")
        _check_buckets(play, who)
        play.effects.clear()
    play.run("3h")
    _check_buckets(play, who)
    assert play.machine.dispatch.outbox == []
    assert _known(play) == {f"{one:02}" for one in lasting} or not lasting
    play.at("3h1m", "Down", NOTHING).run("6h")
    assert owed(play) == []
    assert play.machine.dispatch.storms == frozenset()
    assert _open(play) == set()


def _fail(play: Playbook, data: st.DataObject, who: Sequence[Receiver], minute: int) -> None:
    lanes = [f"{one.name}/{each.name}" for one in who for each in one.integrations]
    lane = data.draw(st.sampled_from(lanes))
    match data.draw(st.integers(0, 3)):
        case 0:
            play.receiver_fails(f"{minute}m", lane, permanent=True)
        case 1:
            play.receiver_fails(f"{minute}m", lane, retry_after=data.draw(st.sampled_from([0, 30, 86_400])))
        case 2:
            play.receiver_is_mute(f"{minute}m", lane, takes=data.draw(st.booleans()))
        case _:
            play.receiver_fails(f"{minute}m", lane)
    play.receiver_works(f"{minute}m{data.draw(st.integers(1, 59))}s", lane)


def _check_buckets(play: Playbook, who: Sequence[Receiver]) -> None:
    """In any window no more attempts than a burst and what the time in between gives."""
    index = Destinations({f"{one.name}/{each.name}": each for one in who for each in one.integrations})
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for at, effect in play.effects:
        if isinstance(effect, Deliver):
            times[index.service(effect.row.integration)].append(at)
    for service, attempts in times.items():
        limit = index.limit(service)
        assert limit is not None
        for first, since in enumerate(attempts):
            for last in range(first, len(attempts)):
                assert last - first + 1 <= limit.burst + (attempts[last] - since) / limit.gap


def _known(play: Playbook) -> set[str]:
    """The instances that every lane of the groups that are left knows to fire; all of them or the test fails."""
    known = set()
    for one in play.machine.dispatch.groups.values():
        own = {lane.name: lane for lane in one.lanes.values() if lane.receiver == one.route.receiver}
        if own:
            assert all(lane.told is not None and set(one.alerts) <= lane.told.owed for lane in own.values())
            known.add(one.labels["instance"])
    return known


def _open(play: Playbook) -> set[tuple[str, str]]:
    """What a service with an incident for each group key has open, of those that want to hear of ends."""
    index = play.machine.dispatch.destinations
    place = index.place
    ends = {
        f"{one.name}/{each.name}": each.send_resolved for one in play.machine.settings.receivers for each in one.integrations
    }
    status = {
        (place(row.integration), row.notification.group_key): row.notification.status
        for _, row in play.accepted
        if ends.get(row.integration) or (row.group == STORM and index.ends(place(row.integration)))
    }
    return {key for key, last in status.items() if last == "firing"}


def test_a_few_for_all_receivers_are_told_one_by_one() -> None:
    """What makes a storm is counted where people read, not for each receiver."""
    limit = RateLimit(1, SECOND)
    few = (MANY + 1) // 2
    play = Playbook(config(team("a", integration(limit=limit)), team("b", integration(limit=limit))))
    assert len(told(play.at("0s", "Down", down(*range(few))).run("30s"))) == 2 * few
