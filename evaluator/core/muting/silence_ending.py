"""A word before a silence ends while something that it mutes still fires: otherwise its end is a surprise, mostly at night.

    EvaluatorSilenceEnding{silence="…", created_by="ana"}

It fires from `silence_policy.notify_before_end` before the end, for as long as anything fires that the silence mutes, until the
silence is over or lasts longer. It is an alert like any other, so it is told by routes: first to whoever made the silence, if
that is a person who can be reached, and else to the receiver of the policy. What windows and the configuration say ends as it
was planned, and nobody is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from evaluator.core.alerts import Alert, Alerts
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.matchers import format_matchers
from evaluator.core.muting.silence import Silence, SilenceState
from evaluator.core.muting.silences import Silences
from evaluator.core.timers import Timers
from evaluator.core.watching.meta import Cease, Raise, Raised, built_in_labels, worded

ALERT = "EvaluatorSilenceEnding"
ENDING = "silence_ending"
"""Of timers."""
AGAIN = timedelta(minutes=1)
"""How often it is looked whether anything fires."""
NAMED = 3
"""Alerts that the text names."""


class Ending:
    """Follows the silences that people set. before: how long before the end; None for never."""

    def __init__(self, raise_: Raise, cease: Cease, silences: Silences, alerts: Alerts, timers: Timers) -> None:
        self.before: timedelta | None = None
        self._raise = raise_
        self._cease = cease
        self._silences = silences
        self._alerts = alerts
        self._timers = timers
        self._raised: dict[str, Labels] = {}

    def configure(self, before: timedelta | None, own: Iterable[str], now: datetime) -> None:
        """Take over what the configuration says. own: ids of the silences that people set."""
        if before != self.before:
            self.before = before
            for name in own:
                self.follow(name, now)

    def follow(self, name: str, now: datetime) -> None:
        """A silence was set, has changed, or is over: look at it in its time."""
        silence = self._silences.get(name)
        at = self._due(silence, now) if silence is not None else None
        if name in self._raised:
            self._timers.set((ENDING, name), now)
        elif at is not None:
            self._timers.set((ENDING, name), max(at, now))
        else:
            self._timers.cancel((ENDING, name))

    def look(self, name: str, now: datetime) -> None:
        """Raise its alert or let it be over, and look again in a while."""
        silence = self._silences.get(name)
        at = self._due(silence, now) if silence is not None else None
        if silence is None or at is None or at > now:
            self._over(name, now)
            if at is not None:
                self._timers.set((ENDING, name), at)
            return
        firing = [alert for alert in self._alerts if _counts(alert) and silence.matches(alert.labels)]
        if firing:
            self._raised[name] = labels(silence)
            self._raise(_raised(silence, firing), now)
        else:
            self._over(name, now)
        self._timers.set((ENDING, name), min(now + AGAIN, silence.ends_at))

    def resume(self, told: Labels, now: datetime) -> None:
        """The alert fires from before a restart: whether it still should is found out at once."""
        self._raised[told["silence"]] = told
        self._timers.set((ENDING, told["silence"]), now)

    def _due(self, silence: Silence | None, now: datetime) -> datetime | None:
        """When to look at a silence first; None for one that ends without a word, or has ended."""
        if silence is None or self.before is None or silence.state(now) is SilenceState.EXPIRED:
            return None
        return max(silence.starts_at, silence.ends_at - self.before)

    def _over(self, name: str, now: datetime) -> None:
        told = self._raised.pop(name, None)
        if told is not None:
            self._cease(told, now)


def labels(silence: Silence) -> Labels:
    """What the alert about a silence is called."""
    by = {"created_by": silence.created_by} if silence.created_by else {}
    return built_in_labels(ALERT, "warning", silence=silence.id, **by)


def _counts(alert: Alert) -> bool:
    return alert.firing and alert.labels.get(ALERT_NAME) != ALERT


def _raised(silence: Silence, firing: Iterable[Alert]) -> Raised:
    names = sorted(alert.labels.get(ALERT_NAME, "") for alert in firing)
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - NAMED} more" if len(distinct) > NAMED else ""
    end = f"{silence.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    summary = f"A silence ends at {end} while {_counted(len(names))}: {', '.join(distinct[:NAMED])}{more}"
    matchers = " or ".join(format_matchers(one)[1:-1] for one in silence.matcher_sets)
    why = f" ({silence.comment})" if silence.comment else ""
    text = f"It mutes {matchers}{why}. Extend it with `evaluator silence update {silence.id} --for 2h`, or let it end."
    return worded(labels(silence), summary, text)


def _counted(number: int) -> str:
    return "1 alert still fires that it mutes" if number == 1 else f"{number} alerts still fire that it mutes"
