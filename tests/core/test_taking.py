"""Posts that repeat what is known: nothing is built and nothing is kept for them, and that is never noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.alerts import Alert
from evaluator.core.effects import Effect, Forget, Save
from evaluator.core.engine import Machine
from evaluator.core.events import AlertsPosted, TimerFired
from evaluator.core.labels import Labels
from evaluator.core.posted import taking
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.records import AlertRecord, GroupRecord, Kept, LedgerRecord, OutboxRecord
from tests.core.playbook import T0, Playbook, moment, receiver, route, settings

TIMEOUT = timedelta(seconds=60)
CONFIGURED = settings(root=route(by=["alertname"], wait="1s", interval="5s"), resolve_timeout=TIMEOUT)


@dataclass
class Taker:
    """A machine that takes posts in, and what a store would have kept of it."""

    machine: Machine = field(default_factory=lambda: Machine(CONFIGURED, T0))
    kept: dict[tuple[type, tuple[str, ...]], object] = field(default_factory=dict)

    def handle(self, posted: PostedAlert, now: datetime) -> list[Effect]:
        """Whatever is due, then one post."""
        due = self.machine.next_timer
        effects = self.machine.handle(TimerFired(), now) if due is not None and due <= now else []
        effects += self.machine.handle(AlertsPosted((posted,)), now)
        self.keep(effects)
        return effects

    def keep(self, effects: list[Effect]) -> None:
        """As a store does."""
        for effect in effects:
            match effect:
                case Save(record):
                    self.kept[type(record), record.key] = record
                case Forget(kind, key):
                    self.kept.pop((kind, key), None)
                case _:
                    pass

    def of(self, kind: type) -> tuple[object, ...]:
        """What is kept of this kind."""
        return tuple(record for (one, _), record in self.kept.items() if one is kind)

    def crash(self, now: datetime) -> None:
        """Start anew from what is kept."""
        kept = Kept((), self.of(AlertRecord), self.of(GroupRecord), self.of(LedgerRecord), self.of(OutboxRecord))  # type: ignore[arg-type]
        self.machine = Machine(CONFIGURED, now)
        self.keep(self.machine.restore(kept, now))

    def state(self) -> list[tuple[object, ...]]:
        """Everything that anybody can see of the alerts, and when something happens next."""
        return sorted(_seen(alert) for alert in self.machine.alerts)


def _seen(alert: Alert) -> tuple[object, ...]:
    times = (alert.starts_at, alert.updated_at, str(alert.ends_at), str(alert.expires_at), alert.guessed)
    texts = (alert.described.annotations.expanded, alert.generator_url, sorted(alert.sources), sorted(alert.groups))
    return (alert.fingerprint, times, texts)


@contextmanager
def the_long_way() -> Iterator[None]:
    """No post is recognised as one that says nothing new."""
    with patch.object(taking, "_goes_on", lambda *_: False):
        yield


def instants(least: int, most: int) -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.integers(least, most))


STEPS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(["A", "B"]),
        instants(-90, 10),
        instants(-20, 200),
        st.sampled_from(["", "", "", "other"]),
        st.sampled_from([False, False, False, False, True]),
    ),
    max_size=25,
)


@given(STEPS)
def test_the_short_way_comes_to_what_the_long_way_comes_to(
    steps: list[tuple[int, str, int | None, int | None, str, bool]],
) -> None:
    """Random starts, ends, annotations and restarts: same alerts, same effects, at every step."""
    short, long, now = Taker(), Taker(), T0
    for wait, name, start, end, note, crash in steps:
        now += timedelta(seconds=wait)
        times = [None if offset is None else now + timedelta(seconds=offset) for offset in (start, end)]
        posted = PostedAlert(Labels({"alertname": name}), (("note", note),) if note else (), times[0], times[1])
        if crash:
            short.crash(now)
            long.crash(now)
        effects = short.handle(posted, now)
        with the_long_way():
            assert effects == long.handle(posted, now)
        assert short.state() == long.state()
        assert (short.machine.next_timer, short.kept) == (long.machine.next_timer, long.kept)


@given(STEPS)
def test_no_restart_makes_a_posted_alert_end_sooner(
    steps: list[tuple[int, str, int | None, int | None, str, bool]],
) -> None:
    """Whatever was not kept for being a mere repetition: every alert lasts at least as long as if there had been no restart."""
    taker, now = Taker(), T0
    for wait, name, start, end, note, _ in steps:
        now += timedelta(seconds=wait)
        times = [None if offset is None else now + timedelta(seconds=offset) for offset in (start, end)]
        taker.handle(PostedAlert(Labels({"alertname": name}), (("note", note),) if note else (), times[0], times[1]), now)
        before = {alert.fingerprint: alert for alert in taker.machine.alerts}
        again = Taker(kept=dict(taker.kept))
        again.crash(now)
        after = {alert.fingerprint: alert for alert in again.machine.alerts}
        assert after.keys() == before.keys()
        for fingerprint, alert in before.items():
            assert after[fingerprint].firing == alert.firing
            assert not alert.firing or (after[fingerprint].expires_at or T0) >= (alert.expires_at or T0)
            assert after[fingerprint].starts_at == alert.starts_at


def posted(end: str | None, start: str = "0s", note: str = "") -> PostedAlert:
    return PostedAlert(Labels({"alertname": "A"}), (("note", note),), moment(start), None if end is None else moment(end))


def saves(effects: list[Effect]) -> int:
    return sum(isinstance(effect, Save) and isinstance(effect.record, AlertRecord) for effect in effects)


def test_an_end_that_a_restart_grants_anyway_is_not_kept() -> None:
    taker = Taker()
    taker.handle(posted("20s"), T0)
    seconds = range(10, 600, 10)
    assert not any(saves(taker.handle(posted(f"{at + 20}s"), T0 + timedelta(seconds=at))) for at in seconds)


def test_a_far_end_is_kept_when_it_has_moved_far() -> None:
    """At the first repetition, and then whatever a restart would cut short: posts every ten seconds cost a write a minute."""
    taker = Taker()
    taker.handle(posted("1h"), T0)
    seconds = range(10, 200, 10)
    counts = [saves(taker.handle(posted(f"{at + 3600}s"), T0 + timedelta(seconds=at))) for at in seconds]
    assert [at for at, count in zip(seconds, counts, strict=True) if count] == [10, 80, 150]


def test_an_earlier_start_is_kept() -> None:
    taker = Taker()
    taker.handle(posted("2m"), T0)
    earlier = T0 - timedelta(seconds=1)
    assert saves(taker.handle(posted("2m")._replace(starts_at=earlier), moment("500ms"))) == 1
    taker.crash(moment("1s"))
    (alert,) = taker.machine.alerts
    assert alert.starts_at == earlier


def test_annotations_and_origin_follow_every_post_and_are_kept_with_the_next_change() -> None:
    """A pair of servers posts the same alert in turns, each with its own address and value."""
    taker = Taker()
    taker.handle(posted("20s", note="1"), T0)
    assert taker.handle(posted("30s", note="2")._replace(generator_url="http://b"), moment("500ms")) == []
    (alert,) = taker.machine.alerts
    assert (alert.described.annotations.expanded, alert.generator_url) == ((("note", "2"),), "http://b")
    taker.handle(posted("1h", note="2")._replace(generator_url="http://b"), moment("600ms"))
    taker.crash(moment("700ms"))
    (alert,) = taker.machine.alerts
    assert (alert.described.annotations.expanded, alert.generator_url) == ((("note", "2"),), "http://b")


def test_an_end_that_comes_sooner_is_kept() -> None:
    """Somebody names an end where there was a guess, and then we die: it is over at that end, or when nobody posts again."""
    taker = Taker()
    taker.handle(posted(None), T0)
    assert saves(taker.handle(posted("30s"), moment("1s"))) == 1
    taker.crash(moment("2s"))
    (alert,) = taker.machine.alerts
    assert (alert.expires_at, alert.guessed) == (moment("62s"), False)


def test_a_far_end_that_was_posted_once_survives_a_restart_exactly() -> None:
    taker = Taker()
    taker.handle(posted("2h"), T0)
    taker.crash(moment("1h"))
    (alert,) = taker.machine.alerts
    assert alert.expires_at == moment("2h")


def test_the_end_of_an_alert_that_a_rule_asserts_too_is_kept() -> None:
    """It goes on, and after a restart nobody waits for another post of it."""
    taker = Taker()
    taker.handle(posted("2m"), T0)
    (alert,) = taker.machine.alerts
    alert.sources.add("f;g;A")
    assert saves(taker.handle(posted("1s"), moment("2s"))) == 1
    assert taker.handle(posted("1s"), moment("3s")) == []
    assert alert.sources == {"f;g;A"}


def test_who_says_that_it_is_over_is_believed_in_everything() -> None:
    """The newest texts count, and the earliest start."""
    taker = Taker()
    taker.handle(posted(None, "30s", "before"), moment("30s"))
    taker.handle(posted("35s", "20s", "at last"), moment("40s"))
    (alert,) = taker.machine.alerts
    assert (alert.starts_at, alert.ends_at) == (moment("20s"), moment("35s"))
    assert alert.described.annotations.expanded == (("note", "at last"),)


def test_the_timer_follows_an_end_that_comes_sooner() -> None:
    """And waits no longer than it must for one that moved away."""
    play = Playbook(CONFIGURED)
    play.happens("0s", AlertsPosted((posted(None),)))
    for second in range(10, 100, 10):
        play.happens(f"{second}s", AlertsPosted((posted(None),)))
    play.happens("100s", AlertsPosted((posted("103s"),)))
    play.run("2m")
    assert play.told() == ["1s first notification: A firing", "1m46s all alerts resolved: A resolved"]


def test_who_does_not_want_to_hear_of_the_end_costs_nothing_more() -> None:
    """An end that is posted again and again, as Prometheus does for a quarter of an hour, is kept once."""
    config = settings(root=route(by=["alertname"], wait="1s", interval="1h"), receivers=[receiver(send_resolved=False)])
    machine = Machine(config, T0)
    machine.handle(AlertsPosted((posted("2m"),)), T0)
    machine.handle(TimerFired(), moment("1s"))
    assert saves(machine.handle(AlertsPosted((posted("2s"),)), moment("2s"))) == 1
    assert machine.handle(AlertsPosted((posted("2s"),)), moment("3s")) == []
