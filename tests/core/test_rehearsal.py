"""What is foreseen is what happens: the next messages of a group, when nothing but the clock goes on.

Random stories (alerts, failing and slow receivers, silences, windows, inhibitions, intervals, reloads, crashes) are stopped at
any instant. There every group is rehearsed; then the real machine goes on in a world in which nothing else happens, and what it
does is compared with what was foreseen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.effects import Deliver, Effect
from evaluator.core.engine import Machine
from evaluator.core.events import AlertsPosted, Delivered, SilenceSet, TimerFired
from evaluator.core.explaining.rehearsal import Outlook, Prospect, rehearse
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.muting.inhibition import InhibitRule
from evaluator.core.muting.intervals import NamedInterval, TimeInterval
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.notifying.rows import RETRY
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.records import Decision, OutboxRecord
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.routing.routing import Route
from tests.core.playbook import Playbook, failure, group, moment, receiver, route, rule, series
from tests.core.playbook import settings as configured
from tests.effort import examples

Lane = tuple[str, str]
OPS, DEV = "ops/console[0]", "dev/console[0]"


# -- a world in which nothing else happens ----------------------------------------------------------------------------


@dataclass
class Future:
    """What a machine does by itself. until: how long nothing else happened."""

    until: datetime
    messages: list[tuple[datetime, OutboxRecord]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def first(self, lane: Lane, fingerprint: str | None = None) -> Prospect | None:
        """The first message to a lane; with a fingerprint, the first that speaks of that alert."""
        for at, row in self.messages:
            names = {alert.labels.fingerprint for alert in row.notification.alerts}
            if (row.group, row.integration) == lane and (fingerprint is None or fingerprint in names):
                return Prospect(at, row.notification.reason, row.attempts > 0)
        return None

    def decides(self, lane: Lane) -> Prospect | None:
        """The first decision on a lane."""
        found = (one for one in self.decisions if (one.group, one.integration) == lane)
        return next((Prospect(one.at, one.reason) for one in found), None)


def live_on(machine: Machine, flying: Iterable[str], now: datetime, until: datetime) -> Future:
    """Let only the clock go on: receivers accept at once, queries are not answered, nobody does anything."""
    future, firing = Future(until), _firing(machine)
    lanes = [lane for group in machine.dispatch.groups.values() for lane in group.lanes.values()]
    known = [lane.decision for lane in lanes]

    def take(effects: Iterable[Effect], at: datetime) -> None:
        for number, lane in enumerate(lanes):
            if lane.decision is not None and lane.decision is not known[number]:
                future.decisions.append(lane.decision)
                known[number] = lane.decision
        for row in [effect.row for effect in effects if isinstance(effect, Deliver)]:
            future.messages.append((at, row))
            take(machine.handle(Delivered(row.id), at), at)

    for row in flying:
        if machine.timers.at((RETRY, row)) is None:
            take(machine.handle(Delivered(row), now), now)
    while (due := machine.next_timer) is not None and due <= until and _firing(machine) == firing:
        now = max(now, due)
        take(machine.handle(TimerFired(), now), now)
    if _firing(machine) != firing:
        future.until = now
    return future


def _firing(machine: Machine) -> set[str]:
    return {alert.fingerprint for alert in machine.alerts if alert.firing}


# -- stories ----------------------------------------------------------------------------------------------------------

EVERYTHING = (Matcher("alertname", ".+", MatchOp.REGEX),)
BOSS = InhibitRule("", (Matcher("alertname", "Boss"),), (Matcher("alertname", "A"),))
EARLY = NamedInterval("early", (TimeInterval(times=((0, 7), (20, 33))),))
LUNCH = NamedInterval("lunch", (TimeInterval(times=((4, 12),)),))
OFFICE = NamedInterval("office", (TimeInterval(times=((2, 18), (25, 40))),))
WINDOW = Window("often", ((Matcher("i", "a"),),), parse_cron("*/15 * * * *"), timedelta(minutes=6))
GROUPS = (group(rule("A", hold="1m"), rule("B"), rule("Boss")),)
WHOLE = replace(route("dev", interval="3m", repeat="8m"), matchers=EVERYTHING, key="{}/all", id="{}/all", continues=True)
BY_NAME = replace(route("ops", by=["alertname"], repeat="20m"), matchers=EVERYTHING, key="{}/name", id="{}/name")
RECEIVERS = (receiver("ops", 2), receiver("dev", send_resolved=False))
CLOCKS: dict[str, dict[str, tuple[str, ...]]] = {
    "no clock": {},
    "mute": {"mute_time_intervals": ("early",)},
    "active": {"active_time_intervals": ("office",)},
    "both": {"mute_time_intervals": ("lunch",), "active_time_intervals": ("office",)},
}


def tree(clock: str, inhibit: bool) -> Route:
    """Everything goes to both; intervals hold for the operators, an inhibition below their route."""
    named = replace(BY_NAME, inhibit_rules=(BOSS,) if inhibit else (), **CLOCKS[clock])  # type: ignore[arg-type]
    return replace(route("ops"), routes=(WHOLE, named))


@st.composite
def plays(draw: st.DrawFn) -> Playbook:
    """A story that was stopped somewhere."""
    base = configured(
        *GROUPS,
        root=tree(draw(st.sampled_from(list(CLOCKS))), draw(st.booleans())),
        receivers=RECEIVERS,
        time_intervals=(EARLY, LUNCH, OFFICE),
        windows=(WINDOW,) if draw(st.booleans()) else (),
        compatibility=draw(st.sampled_from([False, False, True])),
    )
    play = Playbook(base)
    play.takes = timedelta(seconds=draw(st.sampled_from([0, 0, 5, 400])))
    seconds = st.integers(0, 20 * 60)
    for name in ("A", "B", "Boss"):
        for minute in sorted(draw(st.lists(st.integers(0, 18), max_size=4))):
            which = draw(st.sets(st.sampled_from("ab")))
            seen = {labels: one for i in sorted(which) for labels, one in series(name, i=i).items()}
            play.at(f"{minute}m", name, seen if draw(st.booleans()) else seen or failure())
    for at in sorted(draw(st.lists(seconds, max_size=3))):
        _receiver(play, at, draw(st.sampled_from([OPS, DEV])), draw(st.sampled_from(["works", "fails", "permanent", "later"])))
    for at in draw(st.lists(seconds, max_size=3)):
        play.happens(
            f"{at}s", SilenceSet(_silence(at, draw(st.sampled_from(["i", "alertname"])), draw(seconds), draw(seconds)))
        )
    if draw(st.booleans()):
        play.happens("90s", AlertsPosted((PostedAlert(Labels({"alertname": "P", "i": "a"}), ends_at=moment("1d")),)))
    if draw(st.booleans()):
        play.reload(f"{draw(seconds)}s", replace(base, route=replace(tree("no clock", False), routes=(WHOLE,))))
    return _stopped(draw, play)


def _stopped(draw: st.DrawFn, play: Playbook) -> Playbook:
    """Killed or not, and run up to some instant, or to the middle of one."""
    for down in draw(st.lists(st.sampled_from([0, 10, 200]), max_size=1)):
        play.run("15m", steps=draw(st.integers(1, 60))).crash(after=f"{down}s")
    steps = draw(st.one_of(st.none(), st.integers(1, 80)))
    return play.run(f"{20 * 60 + draw(st.integers(0, 600))}s", steps=steps)


def _silence(at: int, label: str, wait: int, lasts: int) -> Silence:
    value = "a" if label == "i" else "A"
    start = moment(f"{at}s") + timedelta(seconds=wait // 4)
    return Silence(((Matcher(label, value),),), start, start + timedelta(seconds=60 + lasts), "ana", "because")


def _receiver(play: Playbook, at: int, lane: str, how: str) -> None:
    match how:
        case "works":
            play.receiver_works(f"{at}s", lane)
        case "later":
            play.receiver_fails(f"{at}s", lane, retry_after=100.0)
        case _:
            play.receiver_fails(f"{at}s", lane, permanent=how == "permanent")


# -- what is foreseen -------------------------------------------------------------------------------------------------


def present(play: Playbook) -> datetime:
    """Where the play was stopped."""
    return play.world.until if play.world.steps is None else play.world.now


def check(foreseen: Prospect | None, until: datetime | None, happened: Prospect | None, future: Future) -> None:
    """What was foreseen happened exactly then, and nothing else before, as long as nothing else happened."""
    end = min(until, future.until) if until is not None else future.until
    if foreseen is not None and foreseen.at < end:
        assert happened == foreseen
    elif happened is not None:
        assert happened.at >= end


@settings(max_examples=examples(3))
@given(plays())
def test_what_is_foreseen_happens_then_and_nothing_before(play: Playbook) -> None:
    now, machine = present(play), play.machine
    outlooks: dict[tuple[str, str], dict[str, Outlook]] = {
        (one.id, name): rehearse(machine, one, name, now) for one in machine.dispatch.groups.values() for name in one.alerts
    }
    future = live_on(machine, list(play.machine.flying), now, now + timedelta(hours=3))
    for (name, fingerprint), lanes in outlooks.items():
        for lane, outlook in lanes.items():
            check(outlook.decides, outlook.until, future.decides((name, lane)), future)
            check(outlook.sends, outlook.until, future.first((name, lane)), future)
            check(outlook.tells, outlook.until, future.first((name, lane), fingerprint), future)
