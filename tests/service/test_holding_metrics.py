"""What is exported about what keeps notifications back, over timelines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from evaluator.core.events import SilenceSet
from evaluator.core.labels import Matcher
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.notifying.rates import RateLimit
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.service.metrics import Metrics
from tests.core.playbook import NOTHING, Playbook, moment
from tests.core.test_pacing import config, down

SOME = ((Matcher("alertname", "A"),),)


def scraped(play: Playbook, until: str) -> dict[str, float]:
    """What the metrics say, by name or by name and state."""
    play.run(until)
    families = text_string_to_metric_families(Metrics(lambda: play.machine, lambda: moment(until)).text().decode())
    samples = [one for family in families for one in family.samples]
    return {" ".join((one.name.removeprefix("evaluator_"), *one.labels.values())): one.value for one in samples}


def silence(start: str, end: str) -> SilenceSet:
    """Of anything, from then until then."""
    return SilenceSet(Silence(SOME, moment(start), moment(end), "ana", "because"))


def window(name: str, schedule: str, until: str | None = None) -> Window:
    """Of a minute each time."""
    return Window(name, SOME, parse_cron(schedule), timedelta(minutes=1), until=moment(until) if until else None)


def test_silences_by_state() -> None:
    """One is on, two are to come, one is over."""
    play = Playbook(config())
    for start, end in (("0s", "1m"), ("0s", "1h"), ("30m", "1h"), ("40m", "1h")):
        play.happens("0s", silence(start, end))
    found = scraped(play, "10m")
    assert [found[f"silences {state}"] for state in ("active", "pending", "expired")] == [1, 2, 1]


def test_windows_by_state() -> None:
    """A window that is on counts once, although its next occurrence is known; one that will not come again is still there."""
    windows = (window("on", "10 * * * *"), window("soon", "40 * * * *"), window("never", "0 0 1 1 *", "1s"))
    found = scraped(Playbook(replace(config(), windows=windows)), "10m30s")
    assert [found[f"maintenance_windows {state}"] for state in ("active", "pending", "expired")] == [1, 1, 1]
    assert found["silences active"] == 1


def test_turns_and_storms() -> None:
    """Of three that may be told every two minutes two wait; too many are told together, and are a storm until they are over."""
    few = Playbook(config(RateLimit(1, timedelta(minutes=2)))).at("0s", "Down", down(1, 2, 3))
    assert scraped(few, "1m")["outbox_rows_awaiting_turn"] == 2
    assert scraped(few, "10m")["outbox_rows_awaiting_turn"] == 0
    many = Playbook(config()).at("0s", "Down", down(*range(40))).at("10m", "Down", NOTHING)
    assert scraped(many, "5m")["storms"] == 1
    assert scraped(many, "30m")["storms"] == 0
