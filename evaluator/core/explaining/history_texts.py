"""What the history says of an alert and its groups, in short sentences: the lines that follow an explanation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from evaluator.core.explaining.explanation_texts import instant
from evaluator.core.records import Attempt, Decision, Transition


def history_sentences(
    now: datetime, transitions: Iterable[Transition], decisions: Iterable[Decision], attempts: Sequence[Attempt]
) -> list[str]:
    """What the history says, newest first, a line for each change of the alert and each decision with what became of it."""
    changes = [_transition(change, now) for change in transitions]
    decided = [_decision(decision, attempts, now) for decision in decisions]
    return [
        *(["What became of the alert, newest first:"] if changes else []),
        *(f"  {line}" for line in changes),
        *(["What was decided for its groups, newest first:"] if decided else []),
        *(f"  {line}" for line in decided),
    ]


def _transition(change: Transition, now: datetime) -> str:
    why = f" ({change.why})" if change.why else ""
    return f"{instant(change.at, now)}: {change.before or 'not there'} -> {change.after or 'not there'}{why}"


def _decision(decision: Decision, attempts: Sequence[Attempt], now: datetime) -> str:
    mutes = f"; muted: {', '.join(decision.mutes)}" if decision.mutes else ""
    return f"{instant(decision.at, now)}, {decision.integration}: {decision.reason}{mutes}; {_result(decision, attempts)}"


def _result(decision: Decision, attempts: Sequence[Attempt]) -> str:
    made = sorted((one for one in attempts if one.outbox == decision.outbox), key=lambda one: one.attempt)
    if not decision.sent:
        return "not sent"
    if not made:
        return "not accepted yet" if decision.outbox else "sent"
    last = made[-1]
    tries = "at the first attempt" if last.attempt == 1 else f"at attempt {last.attempt}"
    return f"refused {tries}: {last.error}" if last.error else f"accepted {tries}"
