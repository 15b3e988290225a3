"""Killed after any commit and started again from the store, an evaluator climbs on: the same people hear the same things.

Each story is played once without a crash. Then, after every step in which anything was kept, an evaluator is started anew from
what the store gives back at that point, and plays the story to its end. What is sent has to be the same, message by message,
and none may come earlier, or later by more than was lost: the time that nobody was there, and one evaluation, for an answer
that came while nobody was there is not waited for but asked for in the next slot.

A crash comes before what a step asked for has begun (nothing that was on its way has arrived) or after it (all of it has, and
nobody knows). In the first case each message arrives once; only a page that was on its way when somebody acknowledged is not
sent after the restart, for nobody has to be called any more. In the other case what was on its way is sent a second time, under
the same id, for nobody can know better.

Each story is killed after every fifth commit, beginning with another one in each; to be thorough, after all of them.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from evaluator.core.effects import Effect, Forget, Note, Save
from evaluator.core.evaluation import evaluation
from evaluator.core.events import MaintenanceEnded, MaintenanceSet
from evaluator.core.http import Secret
from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import AckTerms, ProfileStep, Reaction, Repeat
from evaluator.core.incidents.records import MaintenanceRecord, PageKind, PageState
from evaluator.core.labels import Matcher
from evaluator.core.oncall.oncall import Away
from evaluator.core.oncall.people import Person
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.slack import SlackSettings
from evaluator.core.records import Kept, OutboxRecord, Presence, Record
from evaluator.core.settings import Settings
from evaluator.store import Store, open_store
from tests.core.incidents.ladder import (
    FOUR,
    PEOPLE,
    SMS,
    UTC_ZONE,
    Ladder,
    always,
    config,
    contact,
    duty,
    ladder,
    ladders,
    level,
)
from tests.core.incidents.test_ladder import severities
from tests.core.playbook import T0, moment, route
from tests.effort import THOROUGH

pytestmark = pytest.mark.slow

SLOT = timedelta(minutes=1)
"""Between evaluations."""
TEN = timedelta(minutes=10)


class Survivor(Ladder):
    """A story whose machine keeps what it keeps in a store, and finds there what it has after a crash.

    missed: what was on its way in a crash and did not arrive. end: of the story.
    """

    end = "52m"

    def __init__(self, wanted: Settings | None = None) -> None:
        super().__init__(wanted)
        self.store: Store = open_store("sqlite://")
        self.missed: set[str] = set()

    def snapshot(self) -> Kept:
        """What the store gives back."""
        return self.store.load()

    def _watch(self, effects: Sequence[Effect], now: datetime) -> None:
        super()._watch(effects, now)
        self.store.commit([effect for effect in effects if isinstance(effect, Save | Forget | Note)])

    def step(self) -> list[Effect] | None:
        """Let the next thing happen; gives what came of it, and None when the story is over."""
        done = len(self.effects)
        self.run(self.end, steps=1)
        return None if self.world.steps else [effect for _, effect in self.effects[done:]]

    def reborn(self, store: Store, after: str = "0s", arrive: bool = False) -> Survivor:
        """What comes of this story if the evaluator is killed now, and another one starts from what is kept."""
        twin = copy.copy(self)
        twin.store = store
        twin.store.commit([Save(record) for record in _records(self.store.load())])
        twin.missed = set() if arrive else self.on_their_way
        twin.accepted = [one for one in self.accepted if one[1].id not in twin.missed]
        twin.effects, twin.log, twin.kept = list(self.effects), list(self.log), {}
        twin.crash(after=after, arrive=True)
        return twin

    @property
    def on_their_way(self) -> set[str]:
        """Deliveries that nobody has heard of."""
        return {row.id for row in self.store.load().outbox if row.retry_at is None and not row.paced}

    @property
    def heard(self) -> list[tuple[datetime, OutboxRecord]]:
        """What people heard of incidents."""
        return [(at, row) for at, row in self.accepted if row.notification.incident is not None]


def _records(kept: Kept) -> Iterator[Record]:
    yield from (*kept.rule_alerts, *kept.alerts, *kept.groups, *kept.ledger, *kept.outbox, *kept.silences, *kept.windows)
    yield from (*kept.incidents, *kept.pages, *kept.maintenance, *kept.overrides)
    if kept.seen_at is not None:
        yield Presence(kept.seen_at)


def keeps(effects: Sequence[Effect]) -> bool:
    """Whether a step has anything to commit."""
    return any(isinstance(effect, Save | Forget | Note) for effect in effects)


def asks(effects: Sequence[Effect]) -> bool:
    """Whether a step asks for anything that a crash swallows."""
    return any(not isinstance(effect, Save | Forget | Note) for effect in effects)


# -- the stories ------------------------------------------------------------------------------------------------------------


def never_acknowledged() -> Survivor:
    """All levels, once more, and nobody is left."""
    play = Survivor(config(ladder(repeat=Repeat(1, TEN))))
    play.end = "1h21m"
    play.fires("0s")
    return play


def acknowledged(when: str) -> Callable[[], Survivor]:
    """By the first person, at a point of the ladder; later it is over."""

    def story() -> Survivor:
        steps = (ProfileStep(timedelta(0), (SMS,)), ProfileStep(timedelta(minutes=3), (SMS,)))
        play = Survivor(config(ladders=ladders(profiles={"page": steps})))
        play.fires("0s").acts(when, Action.ACK).ends("40m")
        return play

    return story


def acknowledgement_runs_out() -> Survivor:
    """After a reminder; the ladder begins again."""
    play = Survivor(config(ladder(ack=AckTerms(timeout=timedelta(minutes=20)))))
    play.fires("0s").acts("6m", Action.ACK)
    play.end = "35m"
    return play


def two_have_to_acknowledge() -> Survivor:
    """The first is left alone, and later the second."""
    play = Survivor(config(ladder(ack=AckTerms(by=2))))
    play.fires("0s").acts("1m", Action.ACK).acts("17m", Action.ACK, "bo").ends("40m")
    return play


def snoozed() -> Survivor:
    """Put off, and it still fires then."""
    play = Survivor()
    play.fires("0s").acts("6m", Action.SNOOZE, duration=timedelta(minutes=30)).ends("50m")
    return play


def severity_rises() -> Survivor:
    """A warning is acknowledged and becomes critical, which has a ladder of its own."""
    play = Survivor(severities().settings)
    play.fires("0s", "Slow", "warning").acts("1m", Action.ACK, "bo").fires("10m").ends("40m").ends("45m", "Slow")
    return play


def resolved_in_the_middle() -> Survivor:
    """Over between two levels, and again soon after, and over."""
    play = Survivor()
    play.fires("0s").ends("8m").fires("14m").ends("33m")
    return play


def another_alert_joins(reaction: Reaction) -> Callable[[], Survivor]:
    """While somebody works on the first one."""

    def story() -> Survivor:
        root = replace(route(by=["component"], wait="0s"), escalation="ladder")
        play = Survivor(config(ladder(on_new_alert=reaction), root=root))
        play.fires("0s", "Slow").acts("1m", Action.ACK).fires("10m").ends("40m").ends("45m", "Slow")
        return play

    return story


def nobody_on_call() -> Survivor:
    """The first level is empty."""
    return Survivor(config(duty=duty(schedule=always()))).fires("0s").ends("40m")  # type: ignore[return-value]


def somebody_is_away() -> Survivor:
    """From the middle of the ladder on."""
    away = Person("mia", "Mia", UTC_ZONE, contacts={SMS: "+1"}, away=(Away(moment("10m"), moment("1h")),))
    return Survivor(config(duty=duty([away]))).fires("0s").ends("40m")  # type: ignore[return-value]


def maintained() -> Survivor:
    """Somebody works on it for a while, and ends that before it was planned to."""
    play = Survivor()
    play.fires("0s").ends("50m")
    play.happens("3m", MaintenanceSet(MaintenanceRecord("m", (), moment("3m"), moment("40m"), "ana", "disks")))
    play.happens("20m", MaintenanceEnded("m"))
    play.happens("30m", MaintenanceSet(MaintenanceRecord("n", (), moment("34m"), moment("38m"), "ana", "more disks")))
    return play


def reloaded() -> Survivor:
    """In the middle of the ladder, with another ladder under its name."""
    play = Survivor()
    play.fires("0s").reload("7m", config(ladder(level("only", "0s", "person:dan")))).ends("40m")
    return play


def refused_for_a_while() -> Survivor:
    """One telephone does not answer for some minutes, another one is refused for good.

    What the evaluator says of its own failing deliveries is chased by nobody: it counts failures in one life.
    """
    path = '{}/{component="api"}'
    ours = replace(route(wait="0s"), key=path, id=path, matchers=(Matcher("component", "api"),), escalation="ladder")
    play = Survivor(config(root=replace(route(wait="0s"), routes=(ours,))))
    play.receiver_fails("0s", "person:ana/sms").receiver_works("3m", "person:ana/sms")
    play.receiver_fails("0s", "person:bo/sms", permanent=True)
    play.fires("0s").ends("40m")
    return play


def slow_to_answer() -> Survivor:
    """Every message is under way for a while, in which other things happen."""
    play = Survivor()
    play.takes = timedelta(seconds=20)
    play.end = "20m"
    play.fires("0s").acts("5m10s", Action.ACK).acts("12m", Action.UNACK).ends("17m")
    return play


def told_in_a_channel() -> Survivor:
    """Whose message is changed whenever the incident is."""
    slack = SlackSettings(Secret("https://slack.example.org"), channel="#incidents")
    channel = Receiver("slack:#incidents", (Integration("slack", 0, True, slack, way="slack"),))
    first = level("on-call", "0s", "schedule:primary", "slack:#incidents")
    known = replace(ladders(ladder(first, *FOUR[1:])), contacts=(*(contact(key, SMS) for key in PEOPLE), channel))
    play = Survivor(config(ladders=known))
    play.receipts = lambda row: (("ts", "1.2"),) if "slack" in row.integration else ()
    play.fires("0s").acts("6m", Action.ACK).acts("9m", Action.NOTE, text="on it").acts("20m", Action.UNACK).ends("33m")
    return play


STORIES: dict[str, Callable[[], Survivor]] = {
    "never acknowledged": never_acknowledged,
    **{f"acknowledged at {when}": acknowledged(when) for when in ("0s", "1m", "3m", "7m", "15m30s", "31m")},
    "acknowledgement runs out": acknowledgement_runs_out,
    "two have to acknowledge": two_have_to_acknowledge,
    "snoozed": snoozed,
    "severity rises": severity_rises,
    "resolved in the middle": resolved_in_the_middle,
    **{f"another alert joins, {reaction}": another_alert_joins(reaction) for reaction in Reaction},
    "nobody on call": nobody_on_call,
    "somebody is away": somebody_is_away,
    "maintained": maintained,
    "reloaded": reloaded,
    "refused for a while": refused_for_a_while,
    "slow to answer": slow_to_answer,
    "told in a channel": told_in_a_channel,
}


@pytest.fixture(autouse=True, scope="module")
def round_slots() -> Iterator[None]:
    """Groups have their slots at whole minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "slot_offset", lambda group: timedelta(0))
        yield


def arrivals(play: Survivor) -> dict[str, datetime]:
    """When each message was first heard, by its id."""
    return {row.id: at for at, row in reversed(play.heard)}


def words(play: Survivor) -> dict[str, str]:
    """What each message is, for people who read a failure."""
    notices = {row.id: row.notification.incident for _, row in play.heard}
    told = ((name, one) for name, one in notices.items() if one is not None)
    return {name: f"{one.number}/{one.epoch}/{one.level} {one.kind} {one.whom}" for name, one in told}


def compare(whole: Survivor, crashed: Survivor, point: str, allowance: timedelta = SLOT) -> None:
    """The same messages, none earlier, and none later than is allowed."""
    pages = crashed.store.pages()
    needless = {page.id for page in pages if page.kind is PageKind.PAGE and page.state is PageState.CANCELLED}
    expected, found = arrivals(whole), arrivals(crashed)
    expected = {name: at for name, at in expected.items() if name in found or name not in needless & crashed.missed}
    names = {**words(whole), **words(crashed)}
    lost, new = expected.keys() - found.keys(), found.keys() - expected.keys()
    assert not lost, f"{point}: not told: {[names[one] for one in lost]}"
    assert not new, f"{point}: told as well: {[names[one] for one in new]}"
    late = {names[one]: found[one] - at for one, at in expected.items() if not timedelta(0) <= found[one] - at <= allowance}
    assert not late, f"{point}: at other times: {late}"


@pytest.fixture(params=STORIES.values(), ids=STORIES)
def story(request: pytest.FixtureRequest) -> Callable[[], Survivor]:
    """Each of the stories."""
    return cast(Callable[[], Survivor], request.param)


@pytest.fixture
def first(request: pytest.FixtureRequest) -> int:
    """With which commit a story's crashes begin: with another one in the next story."""
    return int(request.node.callspec.indices["story"])


EACH = 1 if THOROUGH else 5


def points(play: Survivor, first: int = 0) -> Iterator[str]:
    """Play a story to its end, and stop after every `EACH`th commit; `first` says with which of them that begins."""
    number = 0
    while (effects := play.step()) is not None:
        if keeps(effects):
            number += 1
            if (number - first) % EACH == 0:
                yield f"commit {number} at {play.world.now - T0}"


def test_killed_after_any_commit_before_anything_is_sent(story: Callable[[], Survivor], first: int) -> None:
    """Every message arrives exactly once."""
    whole, play = story(), story()
    whole.run(whole.end)
    for point in points(play, first):
        crashed = play.reborn(open_store("sqlite://"))
        crashed.run(crashed.end)
        compare(whole, crashed, point)
        assert max(Counter(row.id for _, row in crashed.heard).values(), default=1) == 1, point


def test_killed_after_any_commit_when_everything_has_arrived(story: Callable[[], Survivor], first: int) -> None:
    """What was on its way arrives twice, and nothing else does."""
    whole, play = story(), story()
    whole.run(whole.end)
    for point in points(play, first):
        unheard = play.on_their_way
        if not unheard:
            continue
        crashed = play.reborn(open_store("sqlite://"), arrive=True)
        crashed.run(crashed.end)
        compare(whole, crashed, point)
        counts = Counter(row.id for _, row in crashed.heard)
        assert {name for name, times in counts.items() if times > 1} <= unheard, point
        assert max(counts.values(), default=1) <= 2, point


def test_killed_after_every_commit_of_one_life(story: Callable[[], Survivor], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Again and again, from a database file. Only what a step asks for is waited for."""
    whole, play = story(), story()
    whole.run(whole.end)
    with closing(open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/evaluator.db")) as store:
        play.store = store
        while (effects := play.step()) is not None:
            if keeps(effects) and not asks(effects):
                play.crash(arrive=True)
        compare(whole, play, "in the end", allowance=2 * SLOT)


@pytest.mark.parametrize(("outage", "first"), [("40s", 0), ("4m", 1), ("25m", 2)])
def test_after_an_outage_levels_come_late_in_their_order_and_say_so(outage: str, first: int) -> None:
    """However long it was: the same messages, each late by no more than the outage, and pages by as much as they say.

    What is promised counts from the opening, which may have been missed itself.
    """
    length = moment(outage) - T0
    whole, play = never_acknowledged(), never_acknowledged()
    whole.run("2h")
    for point in points(play, first):
        crashed = play.reborn(open_store("sqlite://"), after=outage)
        crashed.run("2h")
        compare(whole, crashed, point, allowance=length + SLOT)
        assert promises(crashed) == promises(whole), point


def promises(play: Survivor) -> dict[str, timedelta]:
    """How long after the opening of its incident each page should have come, by what it says itself."""
    notices = {row.id: row.notification.incident for _, row in play.heard}
    pages = {name: one for name, one in notices.items() if one is not None and one.kind is PageKind.PAGE}
    return {name: at - pages[name].opened_at - pages[name].late for name, at in arrivals(play).items() if name in pages}
