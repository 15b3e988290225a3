"""What holds however people set, edit and end silences and windows, whatever is reloaded, and wherever we are killed.

Each alert has a group of its own here, so that what is told of one does not depend on what is muted of another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.effects import Deliver, Effect
from evaluator.core.events import Event, SilenceExpired, SilenceSet, WindowEnded, WindowSet
from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.muting.silence import Silence, SilenceState
from evaluator.core.muting.windows import Window
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.settings import Settings
from tests.core.playbook import NOTHING, T0, Playbook, group, moment, route, rule, series
from tests.core.playbook import settings as configured
from tests.effort import examples

END = 30 * 60
"""Seconds until nothing fires any more; what people set is over soon after."""

SETS = tuple(
    (matchers,)
    for matchers in (
        (Matcher("alertname", "A"),),
        (Matcher("i", "a"),),
        (Matcher("alertname", "A|B", MatchOp.REGEX), Matcher("i", "b", MatchOp.NOT_EQUAL)),
    )
)
SCHEDULES = tuple(map(parse_cron, ("*/10 * * * *", "5 * * * *", "0,7,20 * * * *")))
NAMES = "xyz"


def windows(number: int) -> tuple[Window, ...]:
    """Of a configuration: none, one, or one that mutes others."""
    if not number:
        return ()
    return (Window("w", SETS[number - 1], SCHEDULES[number - 1], timedelta(minutes=6), until=T0 + timedelta(seconds=END)),)


def conf(number: int) -> Settings:
    """A configuration with some windows."""
    return configured(
        group(rule("A"), rule("B", keep="1m")),
        root=route(by=None, interval="3m"),
        windows=windows(number),
        retention=timedelta(minutes=30),
    )


class Witness(Playbook):
    """Looks at every notification: nothing is told as firing that a silence mutes at that instant."""

    def _watch(self, effects: Sequence[Effect], now: datetime) -> None:
        for effect in effects:
            if isinstance(effect, Deliver) and effect.row.notification.at == now:
                active = self.live(now, SilenceState.ACTIVE)
                for alert in effect.row.notification.firing:
                    assert not [one.id for one in active if one.matches(alert.labels)], alert.labels
        super()._watch(effects, now)

    def live(self, now: datetime, *states: SilenceState) -> list[Silence]:
        """The silences in these states."""
        return sorted(self.machine.silencing.silences.listing(now, states=states), key=lambda one: one.id)


Act = tuple[int, Event | int]


@dataclass(frozen=True)
class Story:
    """answers: in which minutes which alerts fire. acts: at which seconds people do what; a number is a reload."""

    answers: tuple[tuple[int, str, frozenset[str]], ...]
    acts: tuple[Act, ...] = ()
    first: int = 0

    def play(self) -> Witness:
        """The script, ready to run."""
        play = Witness(conf(self.first))
        for minute, name, which in sorted(self.answers, key=lambda one: one[0]):
            found = {labels: seen for i in sorted(which) for labels, seen in series(name, i=i).items()}
            play.at(f"{minute}m", name, found)
        for name in "AB":
            play.at(f"{END}s", name, NOTHING)
        for second, act in sorted(self.acts, key=lambda one: one[0]):
            if isinstance(act, int):
                play.reload(f"{second}s", conf(act))
            else:
                play.happens(f"{second}s", act)
        return play


seconds = st.integers(0, END - 1)
sets = st.sampled_from(SETS)
names = st.sampled_from(NAMES)


@st.composite
def silences(draw: st.DrawFn) -> tuple[int, SilenceSet]:
    """Somebody sets a silence under a name, or edits the one that has the name of another."""
    at, start, length = draw(seconds), draw(st.sampled_from([0, 0, 90, 400])), draw(st.integers(1, 900))
    begins = moment(f"{at + start}s")
    wanted = Silence(draw(sets), begins, begins + timedelta(seconds=length), "ana", id=draw(st.sampled_from(["", *NAMES])))
    return at, SilenceSet(wanted, draw(names))


@st.composite
def set_windows(draw: st.DrawFn) -> tuple[int, WindowSet]:
    """Somebody sets a window, or edits one."""
    lasts, until = timedelta(seconds=draw(st.integers(30, 900))), T0 + timedelta(seconds=draw(st.integers(60, END)))
    return draw(seconds), WindowSet(
        Window("", draw(sets), draw(st.sampled_from(SCHEDULES)), lasts, until=until, id=draw(names))
    )


ends = st.tuples(seconds, st.one_of(names.map(SilenceExpired), names.map(WindowEnded)))
reloads = st.tuples(seconds, st.integers(0, len(SETS)))
acts: st.SearchStrategy[tuple[Act, ...]] = st.lists(
    st.one_of(silences(), set_windows(), ends, reloads), min_size=1, max_size=10
).map(tuple)
answers = st.tuples(st.integers(0, END // 60 - 1), st.sampled_from("AB"), st.frozensets(st.sampled_from("ab")))
stories = st.builds(Story, st.lists(answers, min_size=1, max_size=8).map(tuple), acts, st.integers(0, len(SETS)))


def counted(play: Playbook) -> Counter[str]:
    """How often which alert was told of, but for `unmuted`."""
    lines = (line.split(" -> ops/console[0]: ")[1] for line in play.log if " -> " in line)
    told = (line.split(": ", 1) for line in lines)
    return Counter(alert.split()[0] for reason, alert in told if reason != "unmuted")


def said(play: Playbook) -> set[str]:
    """What was told. A group may say at a start what it would have said at its next tick, or what was on its way."""
    return {line.split(" ", 1)[1] for line in play.told()}


@settings(max_examples=examples(4))
@given(stories)
def test_silencing_adds_no_notifications(story: Story) -> None:
    """Of no alert is told more often than without any silence, `unmuted` aside; and nothing that is muted is told."""
    quiet = story.play().run("1h")
    plain = replace(story, acts=(), first=0).play().run("1h")
    assert counted(quiet) <= counted(plain)


@settings(max_examples=examples(4))
@given(stories)
def test_in_the_end_nothing_is_left(story: Story) -> None:
    """Everybody who was told firing is told resolved, and what people set is forgotten when it has been over for long."""
    play = story.play().run("2h")
    firing: set[str] = set()
    for _, row in play.accepted:
        firing |= {one.labels.fingerprint for one in row.notification.firing}
        firing -= {one.labels.fingerprint for one in row.notification.resolved}
    assert firing == set()
    assert play.kept == {}
    assert list(play.machine.silencing.windows) == list(play.machine.settings.windows)


@settings(max_examples=examples(4))
@given(stories, st.lists(st.integers(1, 60), min_size=1, max_size=3))
def test_being_killed_changes_nothing_about_silences(story: Story, crashes: list[int]) -> None:
    """What is on and what is to come is the same before and after, ids and all; and so is what is told."""
    killed = story.play()
    live = (SilenceState.ACTIVE, SilenceState.PENDING)
    for steps in crashes:
        killed.run("1h", steps=steps)
        config, before = killed.machine.settings, killed.live(killed.world.now, *live)
        killed.crash()
        if killed.machine.settings == config:  # a reload may have come at this very instant
            assert killed.live(killed.world.now, *live) == before
    whole = story.play().run("2h")
    assert said(killed.run("2h")) == said(whole)
    assert killed.kept == whole.kept
