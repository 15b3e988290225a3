"""Whoever was told "firing" is told "resolved": timelines of what used to break that, then random stories."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from evaluator.core.events import SilenceSet
from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.settings import Receiver
from tests.core.muted_stories import MORE_VARIANTS, Muted, trying
from tests.core.playbook import NOTHING, Playbook, group, moment, receiver, route, rule, series, settings
from tests.core.stories import END, FINISHED
from tests.core.test_properties import believed
from tests.effort import examples

OPS = "ops/console[0]"


def play(ops: Receiver | None = None, **more: object) -> Playbook:
    """Rules A and B for `ops`; the built-in alerts go elsewhere."""
    own = replace(route("own"), key="{}/own", id="{}/own", matchers=(Matcher("alertname", "Evaluator.*", MatchOp.REGEX),))
    receivers = [ops or receiver(), receiver("own")]
    return Playbook(settings(group(rule("A"), rule("B")), root=replace(route(), routes=(own,)), receivers=receivers, **more))


def heard(story: Playbook) -> list[str]:
    """What arrived, whether or not anybody said so: `+A` for firing, `-A` for resolved."""
    messages = (row.notification for _, row in story.accepted if row.integration == OPS)
    return [" ".join(f"{'+' if one.firing else '-'}{one.labels['alertname']}" for one in each.alerts) for each in messages]


def silence(name: str, start: str, end: str) -> SilenceSet:
    """Of the alert with this name."""
    return SilenceSet(Silence(((Matcher("alertname", name),),), moment(start), moment(end), "ana", "because"))


# -- nobody knows whether it arrived --------------------------------------------------------------------------------------


@pytest.mark.parametrize("takes", [True, False])
def test_the_end_is_told_although_nobody_answered_to_the_beginning(takes: bool) -> None:
    """The message may have arrived. To say "resolved" to somebody who never heard of it does no harm; the other way it does."""
    story = play().receiver_is_mute("0s", OPS, takes).at("0s", "A", series("A")).at("3m", "A", NOTHING)
    story.receiver_works("4m", OPS).run("1h")
    assert heard(story)[-1] == "-A"
    assert heard(story).count("-A") == 1
    assert story.kept == {}


def test_what_is_unsure_is_told_again_while_it_fires() -> None:
    story = play().receiver_is_mute("0s", OPS, takes=True).at("0s", "A", series("A")).receiver_works("2m", OPS).run("1h")
    assert heard(story)[-1] == "+A"
    assert story.machine.dispatch.outbox == []
    (told,) = [lane.told for one in story.machine.dispatch.groups.values() for lane in one.lanes.values()]
    assert told is not None
    assert (len(told.firing), told.unsure) == (1, ())


def test_a_beginning_is_told_after_an_end_to_which_nobody_answered() -> None:
    """It may take the alert to be over, which fires again: nothing new by the ledger alone."""
    story = play().at("0s", "A", series("A")).receiver_is_mute("1m", OPS, takes=True).at("2m", "A", NOTHING)
    story.at("7m", "A", series("A")).receiver_works("8m", OPS).run("1h")
    assert heard(story)[0] == "+A"
    assert set(heard(story)[1:-1]) == {"-A"}
    assert heard(story)[-1] == "+A"


def test_what_is_unsure_and_muted_is_told_when_it_is_over() -> None:
    story = play().receiver_is_mute("0s", OPS, takes=True).at("0s", "A", series("A")).happens("2m", silence("A", "2m", "5h"))
    story.receiver_works("6m", OPS).at("20m", "A", NOTHING).run("1h")
    assert heard(story)[-1] == "-A"


def test_a_restart_forgets_no_doubt() -> None:
    story = play().receiver_is_mute("0s", OPS, takes=True).at("0s", "A", series("A")).at("3m", "A", NOTHING)
    story.receiver_fails("40s", OPS).receiver_works("7m", OPS).run("2m").crash(after="2m").run("1h")
    assert heard(story)[-1] == "-A"


def test_a_message_that_was_on_its_way_in_a_crash_may_have_arrived() -> None:
    """Tried again, it is refused, and then the alert is over: whoever took it the first time is told."""
    story = play().at("0s", "A", series("A")).at("2m", "A", NOTHING)
    story.takes = timedelta(seconds=20)
    story.run("40s").crash(arrive=True).receiver_fails("40s", OPS).receiver_works("10m", OPS).run("1h")
    assert heard(story) == ["+A", "-A"]


def test_a_refusal_leaves_no_doubt() -> None:
    story = play().receiver_fails("0s", OPS).at("0s", "A", series("A")).at("3m", "A", NOTHING)
    assert heard(story.receiver_works("5m40s", OPS).run("1h")) == []


def test_whoever_does_not_want_ends_is_left_with_no_doubt() -> None:
    story = play(receiver(send_resolved=False)).receiver_is_mute("0s", OPS, takes=True)
    story.at("0s", "A", series("A")).at("3m", "A", NOTHING).receiver_works("4m", OPS).run("1h")
    assert set(heard(story)) == {"+A"}
    assert story.kept == {}


def test_in_compatibility_there_is_no_doubt() -> None:
    """What nobody answered to was not told, as in Alertmanager."""
    story = play(compatibility=True).receiver_is_mute("0s", OPS, takes=True)
    story.at("0s", "A", series("A")).at("3m", "A", NOTHING).receiver_works("5m40s", OPS).run("1h")
    assert "-A" not in heard(story)


# -- what is held ---------------------------------------------------------------------------------------------------------


def test_what_ends_while_others_are_told_is_told_although_it_is_muted() -> None:
    """A is told, then silenced. While the message about B is on its way, A is over; that message does not make it forgotten."""
    story = play().at("0s", "A", series("A")).happens("2m", silence("A", "2m", "5h")).at("5m", "B", series("B"))
    story.takes = timedelta(minutes=2)
    story.at("6m", "A", NOTHING).run("1h")
    assert heard(story) == ["+A", "+B", "+B -A"]


# -- random stories -------------------------------------------------------------------------------------------------------

KILLS = st.lists(st.tuples(st.integers(1, 80), st.sampled_from([0, 0, 10, 100, 200]), st.booleans()), max_size=3)
"""After how many steps we are killed, for how many seconds, and whether what is on its way arrives."""


def suffered(one: Muted, kills: list[tuple[int, int, bool]]) -> Playbook:
    """The whole story, and the quiet after it."""
    story = one.play()
    for steps, down, arrive in kills:
        story.run(f"{END}m", steps=steps).crash(after=f"{down}s", arrive=arrive)
    return story.run(FINISHED)


def lost(one: Muted, lane: str) -> bool:
    """Whether the configuration ever let this integration go, or said that it does not want to hear of ends."""
    known = [MORE_VARIANTS[variant].receivers for _, variant in one.story.reloads]
    wanting = ({f"{each.name}/{i.name}" for each in some for i in each.integrations if i.send_resolved} for some in known)
    return any(lane not in names for names in wanting)


@profile(max_examples=examples(4))
@given(trying(), KILLS)
def test_whoever_accepted_firing_accepts_resolved(one: Muted, kills: list[tuple[int, int, bool]]) -> None:
    """Whatever muted, failed, said nothing, was reloaded, and wherever we were killed; and then nothing is left to remember.

    But for who was taken out of the configuration, or was said in it to want no ends: there is nobody to tell.
    """
    story = suffered(one, kills)
    left = {lane for lane, belief in believed(story).items() if belief and not lost(one, lane[1])}
    assert left == set(), story.log
    assert {kind for kind, _ in story.kept} <= {Silence, Window}
    assert story.machine.dispatch.groups == {}


@profile(max_examples=examples(4))
@given(trying())
def test_nobody_is_told_that_all_is_over_who_was_not_told_that_anything_was_wrong(one: Muted) -> None:
    """Nor twice. Only after an attempt without an answer, or a crash, may it be told to somebody who may have heard."""
    sure = [mood for mood in one.story.receivers if mood[2] not in ("taken", "lost")]
    story = suffered(replace(one, story=replace(one.story, receivers=tuple(sure))), [])
    beliefs: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for _, row in story.accepted:
        belief, message = beliefs[row.group, row.integration], row.notification
        over = {alert.labels.fingerprint for alert in message.resolved}
        assert message.firing or over & belief
        belief |= {alert.labels.fingerprint for alert in message.firing}
        belief -= over


@profile(max_examples=examples(4))
@given(trying(), KILLS, st.integers(0, len(MORE_VARIANTS) - 1))
def test_what_fires_in_the_end_is_believed_to_fire(one: Muted, kills: list[tuple[int, int, bool]], last: int) -> None:
    """Once nothing mutes and receivers answer, what they believe is what is true, whichever configuration it ends with."""
    answers = tuple(each for each in one.story.answers if each[0] < 360 and isinstance(each[2][0], dict))
    lasting = replace(one, story=replace(one.story, answers=answers, lasting=True), inhibits=False, quiet=False, window=False)
    story = lasting.play().reload(f"{END}m3s", lasting.configured(MORE_VARIANTS[last]))
    for steps, down, arrive in kills:
        story.run(f"{END}m", steps=steps).crash(after=f"{down}s", arrive=arrive)
    story.run(f"{END + 19}m")
    beliefs = believed(story)
    for name, alert_group in story.machine.dispatch.groups.items():
        firing = {alert.fingerprint for alert in alert_group.alerts.values() if alert.firing}
        ending = alert_group.alerts.keys() - firing  # what is over, and is told at the next tick
        for lane in alert_group.lanes:
            assert beliefs[name, lane] >= firing
            assert beliefs[name, lane] <= firing | ending or lost(one, lane) or last == len(MORE_VARIANTS) - 1
