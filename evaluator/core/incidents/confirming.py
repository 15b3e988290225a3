"""Is it still true? Before anybody else is woken, the rules behind an incident are asked once more.

The question is an ordinary query at this instant, outside the rule's slots, and its answer changes no alert: alerts live by
their slots. It decides only whether the ladder goes on now. What is not asked by us (alerts that others post, built-in ones)
is taken to be as it was last said. A question that fails never stops the ladder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from evaluator.core.alerts import Alert
from evaluator.core.effects import RunQuery
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.events import QueryFailed, QueryReturned
from evaluator.core.incidents.members import tracked
from evaluator.core.journal import Journal
from evaluator.core.labels import Labels

PATIENCE = timedelta(seconds=60)
"""How long an answer is waited for. Every query is answered, so this is for the day on which that turns out to be wrong."""


class Verdict(StrEnum):
    """TRUE: still so. GONE: no alert of the incident is in the newest answers. UNKNOWN: it could not be asked."""

    TRUE = "true"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Question:
    """What is asked for one incident. wanted: by rule, the alerts of which any will do. verdicts: of rules that answered."""

    asked_at: datetime
    wanted: Mapping[str, tuple[Labels, ...]]
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict | None:
        """What the answers come to; None while they may come to something else."""
        if Verdict.TRUE in self.verdicts.values():
            return Verdict.TRUE
        if len(self.verdicts) < len(self.wanted):
            return None
        return Verdict.UNKNOWN if Verdict.UNKNOWN in self.verdicts.values() else Verdict.GONE


class Confirming:
    """The questions that are under way. group_of: the group of a rule, which knows its datasource."""

    def __init__(self, journal: Journal, group_of: Callable[[str], GroupEvaluation | None]) -> None:
        self._journal = journal
        self.group_of = group_of
        self._questions: dict[int, Question] = {}

    def under_way(self, number: int) -> Question | None:
        """What is being asked for this incident."""
        return self._questions.get(number)

    def ask(self, number: int, alerts: Iterable[Alert], now: datetime) -> bool:
        """Ask whether any of these alerts still fires; gives False when there is nobody to ask."""
        wanted: dict[str, tuple[Labels, ...]] = {}
        for alert in alerts:
            known = tracked(alert)
            if known is None or known.rule.keep_firing_for or self.group_of(known.rule.key) is None:
                return False
            wanted[known.rule.key] = (*wanted.get(known.rule.key, ()), known.labels)
        if not wanted:
            return False
        asked = {rule for one in self._questions.values() if one.asked_at == now for rule in one.wanted}
        self._questions[number] = Question(now, wanted)
        for rule in sorted(wanted.keys() - asked):
            self._query(rule, now)
        return True

    def _query(self, rule: str, now: datetime) -> None:
        group = self.group_of(rule)
        assert group is not None
        at = now - group.group.query_offset
        self._journal.query(RunQuery(rule, group.group.key, group.group.datasource, now, at))

    def answered(self, event: QueryReturned | QueryFailed) -> list[tuple[int, Verdict]]:
        """A rule was answered, or not; gives the incidents that know enough now."""
        decided = []
        for number, question in list(self._questions.items()):
            if question.asked_at != event.slot or event.rule not in question.wanted:
                continue
            question.verdicts[event.rule] = _verdict(question.wanted[event.rule], event)
            if (verdict := question.verdict) is not None:
                del self._questions[number]
                decided.append((number, verdict))
        return decided

    def forget(self, number: int) -> None:
        """Nobody waits for the answer any more."""
        self._questions.pop(number, None)


def _verdict(wanted: Iterable[Labels], event: QueryReturned | QueryFailed) -> Verdict:
    if isinstance(event, QueryFailed):
        return Verdict.UNKNOWN
    if any(labels in event.observed for labels in wanted):
        return Verdict.TRUE
    return Verdict.UNKNOWN if event.partial else Verdict.GONE
