"""What holds however alerts are muted, in random stories."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.effects import Deliver, Note
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.notifying.dedup import Reason
from evaluator.core.records import Decision
from tests.core.muted_stories import Muted, muted, trying
from tests.core.playbook import Playbook
from tests.core.stories import FINISHED
from tests.core.test_properties import CRASHES, run
from tests.effort import examples

Told = Counter[tuple[str, str, str, bool]]


def alone(one: Muted) -> Muted:
    """The same, where each alert is told by itself and nothing is reloaded: what is told of one says nothing of another."""
    return replace(one, story=replace(one.story, reloads=()), apart=True)


def told(play: Playbook) -> Told:
    """How often which alert was told to whom, and whether it was told that it fires; without what an `unmuted` told."""
    return Counter(
        (row.group, row.integration, alert.labels.fingerprint, alert.firing)
        for _, row in play.accepted
        if row.notification.reason != Reason.UNMUTED
        for alert in row.notification.alerts
    )


@settings(max_examples=examples(3))
@given(muted(troubled=False))
def test_muting_adds_no_notifications(one: Muted) -> None:
    """Each alert is told at most as often as if nothing were muted, `unmuted` aside: that tells what still fires, once.

    With several alerts to a group the same cannot be said, nor is it meant: those that are muted come later than the others,
    and whoever is told of one is told once more what else fires. What can be said of any groups is the next test's.
    """
    one = alone(one)
    without = replace(one, silences=(), inhibits=False, quiet=False, window=False)
    assert told(one.play().run(FINISHED)) <= told(without.play().run(FINISHED))


def news(play: Playbook) -> Told:
    """How often who learned that which alert fires, or is over: what they believed to be otherwise before."""
    beliefs: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    learned: Told = Counter()
    for _, row in play.accepted:
        belief = beliefs[row.group, row.integration]
        for alert in row.notification.alerts:
            name = alert.labels.fingerprint
            learned[row.group, row.integration, name, alert.firing] += alert.firing is not (name in belief)
            (belief.add if alert.firing else belief.discard)(name)
    return learned


@settings(max_examples=examples(3))
@given(muted(troubled=False))
def test_muting_adds_no_news(one: Muted) -> None:
    """However alerts are grouped, nobody learns more often that one fires, or is over, than if nothing were muted.

    With nobody killed: a start looks at what was muted before its tick has come, and may find what is over by the tick.
    """
    without = replace(one, silences=(), inhibits=False, quiet=False, window=False)
    assert news(one.play().run(FINISHED)) <= news(without.play().run(FINISHED))


@settings(max_examples=examples(3))
@given(trying(), CRASHES)
def test_every_flush_has_a_reason(one: Muted, crashes: list[tuple[int, int]]) -> None:
    """Whatever a flush decides for an integration stands in a decision; what is sent follows from one that says so."""
    play = run(one.play(), FINISHED, crashes)
    decided = {effect.record.outbox for _, effect in play.effects if isinstance(effect, Note) and _sends(effect)}
    sent = {effect.row.id for _, effect in play.effects if isinstance(effect, Deliver)}
    assert sent == decided
    assert {decision.reason for decision in play.decisions()} <= {str(reason) for reason in Reason}
    assert all(decision.sent is Reason(decision.reason).due for decision in play.decisions())
    assert all(decision.mutes for decision in play.decisions() if decision.muted)


def _sends(effect: Note) -> bool:
    return isinstance(effect.record, Decision) and effect.record.sent


@settings(max_examples=examples(3))
@given(muted(troubled=True))
def test_every_lane_of_a_flushed_group_is_considered(one: Muted) -> None:
    """Or is waiting for the answer to what it was told, and is considered then."""
    play = one.play()
    dispatch, flush = play.machine.dispatch, play.machine.dispatch.flush

    def flushed(name: str, now: datetime) -> None:
        group = dispatch.groups.get(name)
        flush(name, now)
        for lane in group.lanes.values() if group is not None else ():
            assert (lane.in_flight and lane.again) or (lane.decision is not None and lane.decision.at == now)

    dispatch.flush = flushed  # type: ignore[method-assign]
    play.run(FINISHED)


def spoken(play: Playbook, groups: Collection[str]) -> list[str]:
    """What these groups told, without the times."""
    told = [row.notification for _, row in play.accepted if row.group in groups]
    return sorted({f"{one.integration} {one.group_key} {one.reason} {one.status} {len(one.alerts)}" for one in told})


def heard(play: Playbook) -> set[tuple[str, str, str]]:
    """Who heard that which alert fires."""
    rows = (row for _, row in play.accepted)
    return {(row.group, row.integration, alert.labels.fingerprint) for row in rows for alert in row.notification.firing}


@settings(max_examples=examples(4))
@given(muted(troubled=False), st.lists(st.integers(1, 120), min_size=1, max_size=3))
def test_being_killed_between_any_two_events_changes_nothing(one: Muted, crashes: list[int]) -> None:
    """When no time is lost; silences, windows, inhibition, posted alerts and the time of day included, in groups of any kind.

    A group in which something was muted is looked at once more at the start: whether a flush has seen an alert that it left out
    is not kept, for that would have to be written at every flush. What is not muted any more may be told then rather than at
    the next tick, when it might have been over: so more may be told of it, never less.
    """
    whole = one.play().run(FINISHED)
    killed = run(one.play(), FINISHED, [(steps, 0) for steps in crashes])
    kept_quiet = {decision.group for play in (whole, killed) for decision in play.decisions() if decision.muted}
    free = {row.group for play in (whole, killed) for _, row in play.accepted} - kept_quiet
    assert spoken(killed, free) == spoken(whole, free)
    assert heard(killed) >= heard(whole)
    assert {kind for kind, _ in killed.kept} <= {Silence, Window}


@settings(max_examples=examples(4))
@given(trying(), CRASHES)
def test_in_compatibility_nothing_breaks(one: Muted, crashes: list[tuple[int, int]]) -> None:
    """It promises less, but what every step has to keep, and that all comes to an end, holds as well."""
    play = run(replace(one, compatibility=True).play(), FINISHED, crashes)
    assert play.machine.dispatch.outbox == []
    assert {kind for kind, _ in play.kept} <= {Silence, Window}
