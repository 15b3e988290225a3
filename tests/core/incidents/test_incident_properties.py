"""What holds for every incident, in random stories: alerts, people, maintenance, silences, refusing channels, crashes.

Each play runs on a `Referee`, which checks at every step that levels fire in order, clocks never run back, no page leaves for
what is acknowledged or over, and whatever climbs has something due.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.effects import Save
from evaluator.core.events import MaintenanceEnded, MaintenanceSet, SilenceSet
from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import AckTerms, ProfileStep, Repeat
from evaluator.core.incidents.records import IncidentState, MaintenanceRecord, PageKind, PageRecord, PageState
from evaluator.core.labels import Matcher
from evaluator.core.muting.silence import Silence
from tests.core.incidents.ladder import FOUR, SMS, Ladder, config, ladder, ladders
from tests.core.playbook import T0
from tests.effort import examples

END = 100
"""Minutes of a story; after them everything is over, and works."""
OVER = END + 30
STEPS = (ProfileStep(timedelta(0), (SMS,)), ProfileStep(timedelta(minutes=3), (SMS,)))
ACTIONS = (Action.ACK, Action.UNACK, Action.SNOOZE, Action.ESCALATE, Action.ASSIGN, Action.RESOLVE, Action.NOTE)
minutes = st.integers(0, END)
seconds = st.integers(0, END * 60)


@dataclass(frozen=True)
class Story:
    """What happens, in minutes; people act in seconds. alerts: when which rule turns. refused: when whose channel does."""

    alerts: tuple[tuple[int, str, bool], ...]
    actions: tuple[tuple[int, Action, str, bool], ...] = ()
    maintenance: tuple[tuple[int, int], ...] = ()
    silences: tuple[tuple[int, int], ...] = ()
    refused: tuple[tuple[int, str, bool, bool], ...] = ()
    repeats: int = 0
    by: int = 1
    profile: bool = False

    def play(self) -> Ladder:
        """The script, ready to run."""
        policy = ladder(
            *FOUR, repeat=Repeat(self.repeats, timedelta(minutes=7)), ack=AckTerms(timedelta(minutes=20), by=self.by)
        )
        known = ladders(policy, profiles={"page": STEPS if self.profile else STEPS[:1]})
        play = Ladder(config(ladders=known, interval="2m"))
        for at, name, fires in sorted(self.alerts, key=lambda one: one[0]):
            play.fires(f"{at}m", name) if fires else play.ends(f"{at}m", name)
        for name in ("Down", "Slow"):
            play.ends(f"{END}m", name)
        for at, action, who, link in self.actions:
            more = {"duration": timedelta(minutes=10), "text": "x", "to": "dan"}
            for number in (1, 2):
                play.acts(f"{at}s", action, who, "link" if link else "cli", number, **more)
        for number, (at, length) in enumerate(self.maintenance):
            start, end = T0 + timedelta(minutes=at), T0 + timedelta(minutes=min(END, at + length))
            play.happens(f"{at}m", MaintenanceSet(MaintenanceRecord(str(number), (), start, end, "ana", "x")))
            play.happens(f"{at + length // 2}m", MaintenanceEnded(str(number)))
        for at, length in self.silences:
            start, end = T0 + timedelta(minutes=at), T0 + timedelta(minutes=at + length)
            play.happens(f"{at}m", SilenceSet(Silence(((Matcher("alertname", "Down"),),), start, end, "ana", "x")))
        for at, who, refused, permanent in sorted(self.refused, key=lambda one: one[0]):
            lane = f"person:{who}/sms"
            play.receiver_fails(f"{at}m", lane, permanent) if refused else play.receiver_works(f"{at}m", lane)
        for who in ("ana", "bo", "mia", "dan"):
            play.receiver_works(f"{END}m", f"person:{who}/sms")
        return play


people = st.sampled_from(("ana", "bo", "mia", "dan"))
lengths = st.integers(1, 40)


TURNS = st.lists(st.tuples(st.integers(0, END - 1), st.sampled_from(("Down", "Slow")), st.booleans()), max_size=6)
DEEDS = st.lists(st.tuples(seconds, st.sampled_from(ACTIONS), people, st.booleans()), max_size=5)
MAINTENANCE, SILENCES = (st.lists(st.tuples(minutes, lengths), max_size=most) for most in (2, 1))
REFUSED = st.lists(st.tuples(minutes, people, st.booleans(), st.booleans()), max_size=4)
REPEATS, ACKERS, PROFILE = st.integers(0, 2), st.integers(1, 2), st.booleans()


@st.composite
def stories(draw: st.DrawFn, troubled: bool = True) -> Story:
    """A story; without trouble every channel works and nothing is silenced."""
    return Story(
        ((0, "Down", True), *draw(TURNS)),
        tuple(draw(DEEDS)),
        tuple(draw(MAINTENANCE)),
        tuple(draw(SILENCES)) if troubled else (),
        tuple(draw(REFUSED)) if troubled else (),
        draw(REPEATS),
        draw(ACKERS),
        draw(PROFILE),
    )


@settings(max_examples=examples(4))
@given(stories())
def test_whoever_was_told_of_a_page_is_told_its_end_and_nobody_else_is(story: Story) -> None:
    play = story.play().run(f"{OVER}m")
    for number, record in play.machine.incidents.table.items():
        assert record.state is IncidentState.RESOLVED
        pages = play.machine.incidents.pages_of(number)
        sent = [page for page in pages if page.state is PageState.SENT]
        paged = {page.whom for page in sent if page.kind not in (PageKind.RESOLVED, PageKind.UPDATE)}
        assert {page.whom for page in sent if page.kind is PageKind.RESOLVED} == paged
        assert not [page for page in pages if page.state in (PageState.PLANNED, PageState.SENDING)]


@settings(max_examples=examples(4))
@given(stories())
def test_nobody_is_paged_twice_for_the_same_step_of_the_same_climb(story: Story) -> None:
    play = story.play().run(f"{OVER}m")
    sent = Counter(
        effect.record.key
        for _, effect in play.effects
        if isinstance(effect, Save) and isinstance(effect.record, PageRecord) and effect.record.state is PageState.SENT
    )
    assert not [key for key, times in sent.items() if times > 1]


def told(play: Ladder) -> Counter[tuple[int, int, int, str, PageKind]]:
    """What was accepted by whom, however late."""
    rows = [row.notification.incident for _, row in play.accepted]
    return Counter((one.number, one.epoch, one.level, one.whom, one.kind) for one in rows if one is not None)


@settings(max_examples=examples(4))
@given(stories(troubled=False), st.lists(st.integers(1, END * 2), min_size=1, max_size=4, unique=True))
def test_a_restart_at_any_point_changes_nothing_that_is_told(story: Story, crashes: list[int]) -> None:
    """Killed and started again between any two events, at once."""
    whole = story.play().run(f"{OVER}m")
    play = story.play()
    done = 0
    for step in sorted(crashes):
        play.run(f"{OVER}m", steps=step - done).crash(arrive=True)
        done = step
    play.run(f"{OVER}m")
    assert set(told(play)) == set(told(whole))
    assert [one.state for one in play.machine.incidents.table.values()] == [
        one.state for one in whole.machine.incidents.table.values()
    ]
