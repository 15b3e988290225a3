"""What limits refused: counted, and told by one built-in alert for each limit.

    EvaluatorLimitReached{limit="body_size"}     something has been refused within the last quarter of an hour

Whoever is refused tries again, mostly every minute, so a quarter of an hour without a refusal means that there is room again.
Refusals of one step are told together: a post of ten thousand alerts changes one text, once.

That a request was asked to come again (`post_concurrency`) is counted at the door, and is no reason to wake anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from evaluator.core.labels import Labels
from evaluator.core.limits import Limit
from evaluator.core.timers import Timers
from evaluator.core.watching.meta import Cease, Raise, Raised, built_in_labels, clock, worded

ALERT = "EvaluatorLimitReached"
REFUSAL = "refusal"
QUIET = timedelta(minutes=15)
"""How long nothing must have been refused before the alert is over."""

_MEANING = {
    Limit.ALERTS_PER_ALERTNAME: "alerts that others posted are not taken in and reach nobody",
    Limit.GROUPS_PER_ROUTE: "alerts that would open a group are told together in the overflow group of their route",
    Limit.SILENCES: "silences cannot be set",
    Limit.SILENCE_SIZE: "silences cannot be set",
    Limit.BODY_SIZE: "requests are refused as a whole, with all alerts in them",
    Limit.LABEL_NAME_LENGTH: "alerts that others posted are not taken in and reach nobody",
    Limit.LABEL_VALUE_LENGTH: "alerts that others posted are not taken in and reach nobody",
    Limit.LABELS_PER_ALERT: "alerts that others posted are not taken in and reach nobody",
    Limit.ANNOTATION_SIZE: "alerts that others posted are not taken in and reach nobody",
}


@dataclass(slots=True)
class _Spell:
    """Refusals without a quiet quarter of an hour between them. fresh: refused in this step, so the text is out of date."""

    since: datetime
    last: datetime
    count: int = 0
    detail: str = ""
    fresh: bool = True


class Refusals:
    """Counts refusals, and keeps their alerts.

    still: whether a limit holds anything back that was refused before and will not be refused again.
    """

    def __init__(self, raise_: Raise, cease: Cease, timers: Timers, still: Callable[[Limit], bool]) -> None:
        self.counts: Counter[Limit] = Counter()
        self._spells: dict[Limit, _Spell] = {}
        self._raise = raise_
        self._cease = cease
        self._timers = timers
        self._still = still

    def refused(self, limit: Limit, detail: str, now: datetime, count: int = 1) -> None:
        """Something was refused. detail: what and whose, for people."""
        self.counts[limit] += count
        spell = self._spells.setdefault(limit, _Spell(now, now))
        spell.last, spell.count, spell.detail, spell.fresh = now, spell.count + count, detail, True

    def tell(self, now: datetime) -> None:
        """Raise what this step refused; the end of every step."""
        for limit, spell in self._spells.items():
            if spell.fresh:
                spell.fresh = False
                self._timers.set((REFUSAL, str(limit)), spell.last + QUIET)
                self._raise(_raised(limit, spell), now)

    def quiet(self, name: str, now: datetime) -> None:
        """Nothing was refused for a while."""
        limit = Limit(name)
        if self._still(limit):
            self._timers.set((REFUSAL, name), now + QUIET)
            return
        self._spells.pop(limit, None)
        self._cease(labels(limit), now)

    def resume(self, name: str, since: datetime, now: datetime) -> None:
        """The alert fires from before a restart; it is over when nothing is refused for as long again."""
        limit = Limit(name)
        self._spells[limit] = _Spell(since, now, fresh=False)
        self._timers.set((REFUSAL, name), now + QUIET)


def labels(limit: Limit) -> Labels:
    """What the alert of a limit is called."""
    return built_in_labels(ALERT, "warning", limit=str(limit))


def _raised(limit: Limit, spell: _Spell) -> Raised:
    summary = f"The limit {limit} is reached"
    text = f"Refused {spell.count} times since {clock(spell.since)}; last: {spell.detail}. While it lasts, {_MEANING[limit]}."
    return worded(labels(limit), summary, text)
