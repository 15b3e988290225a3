"""History: the records that are appended."""

from __future__ import annotations

from typing import Any

from evaluator.core.incidents.records import Moment
from evaluator.core.labels import Labels
from evaluator.core.records import Attempt, Decision, State, Transition
from evaluator.store import schema
from evaluator.store.codec import bodies
from evaluator.store.codec.groups import head_of, mark, whole_key
from evaluator.store.codec.incidents import MOMENTS
from evaluator.store.codec.kind import Kind, Row, from_micros, to_micros

_transition_body = bodies.reader(bodies.TransitionBody)


def _from_transition(note: Transition) -> Row:
    body = bodies.TransitionBody(note.labels.as_dict(), note.active_at, bodies.from_number(note.value), note.why)
    return {
        "at": to_micros(note.at),
        "rule": note.rule,
        "fingerprint": note.labels.fingerprint,
        "state_before": note.before,
        "state_after": note.after,
        "body": bodies.to_text(body),
    }


def _to_transition(row: Any) -> Transition:
    body = _transition_body.decode(row.body)
    return Transition(
        at=from_micros(row.at),
        rule=row.rule,
        labels=Labels(body.labels),
        before=_to_state(row.state_before),
        after=_to_state(row.state_after),
        active_at=body.active_at,
        value=float(body.value),
        why=body.why,
    )


_decision_body = bodies.reader(bodies.DecisionBody)


def _from_decision(note: Decision) -> Row:
    head = head_of(note.group_key, note.group)
    body = bodies.DecisionBody(
        group_key=note.group_key if head is None else "",
        key_head=head,
        route=note.route,
        sent=note.sent,
        firing=note.firing,
        resolved=note.resolved,
        muted=note.muted,
        mutes=note.mutes,
        outbox=note.outbox,
    )
    return {
        "at": to_micros(note.at),
        "group_id": note.group,
        "integration": note.integration,
        "reason": note.reason,
        "body": bodies.to_text(body),
        "group_mark": mark(note.group),
    }


def _to_decision(row: Any) -> Decision:
    body = _decision_body.decode(row.body)
    return Decision(
        at=from_micros(row.at),
        group=row.group_id,
        group_key=whole_key(body.group_key, body.key_head, row.group_id),
        route=body.route,
        integration=row.integration,
        reason=row.reason,
        sent=body.sent,
        firing=body.firing,
        resolved=body.resolved,
        muted=body.muted,
        mutes=body.mutes,
        outbox=body.outbox,
    )


_attempt_body = bodies.reader(bodies.AttemptBody)


def _from_attempt(note: Attempt) -> Row:
    return {
        "at": to_micros(note.at),
        "outbox": note.outbox,
        "group_id": note.group,
        "integration": note.integration,
        "error": note.error,
        "body": bodies.to_text(bodies.AttemptBody(note.attempt, note.permanent, note.receipt)),
        "group_mark": mark(note.group),
    }


def _to_attempt(row: Any) -> Attempt:
    body = _attempt_body.decode(row.body)
    return Attempt(
        at=from_micros(row.at),
        outbox=row.outbox,
        group=row.group_id,
        integration=row.integration,
        attempt=body.attempt,
        error=row.error,
        permanent=body.permanent,
        receipt=body.receipt,
    )


HISTORY: dict[type[Any], Kind[Any]] = {
    Transition: Kind(schema.transitions, _from_transition, _to_transition),
    Decision: Kind(schema.decisions, _from_decision, _to_decision),
    Attempt: Kind(schema.attempts, _from_attempt, _to_attempt),
    Moment: MOMENTS,
}


def _to_state(text: str | None) -> State | None:
    return None if text is None else State(text)
