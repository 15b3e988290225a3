"""State: the records of which the newest counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from evaluator.core.incidents.records import IncidentRecord, MaintenanceRecord, PageRecord
from evaluator.core.labels import Labels
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.core.records import (
    AlertRecord,
    FiringRecord,
    GroupRecord,
    LedgerRecord,
    OutboxRecord,
    Presence,
    RuleAlertRecord,
    State,
)
from evaluator.core.recurrence.schedule_texts import parse_schedule
from evaluator.store import schema
from evaluator.store.codec import bodies
from evaluator.store.codec.groups import head_of, whole_key
from evaluator.store.codec.incidents import INCIDENTS, MAINTENANCE, OVERRIDES, PAGES
from evaluator.store.codec.kind import Kind, Row, from_micros, from_micros_or_none, to_micros, to_micros_or_none

_rule_alert_body = bodies.reader(bodies.RuleAlertBody)


def _from_rule_alert(record: RuleAlertRecord) -> Row:
    body = bodies.RuleAlertBody(record.labels.as_dict(), bodies.from_annotations(record.annotations))
    return {
        "rule": record.rule,
        "fingerprint": record.labels.fingerprint,
        "state": record.state.value,
        "active_at": to_micros(record.active_at),
        "fired_at": to_micros_or_none(record.fired_at),
        "resolved_at": to_micros_or_none(record.resolved_at),
        "keep_firing_since": to_micros_or_none(record.keep_firing_since),
        "body": bodies.to_text(body),
    }


def _to_rule_alert(row: Any) -> RuleAlertRecord:
    body = _rule_alert_body.decode(row.body)
    return RuleAlertRecord(
        rule=row.rule,
        labels=Labels.kept(body.labels, row.fingerprint),
        state=State(row.state),
        active_at=from_micros(row.active_at),
        annotations=bodies.to_annotations(body.annotations),
        fired_at=from_micros_or_none(row.fired_at),
        resolved_at=from_micros_or_none(row.resolved_at),
        keep_firing_since=from_micros_or_none(row.keep_firing_since),
    )


_alert_body = bodies.reader(bodies.AlertBody)


def _from_alert(record: AlertRecord) -> Row:
    body = bodies.AlertBody(
        labels=record.labels.as_dict(),
        annotations=bodies.from_annotations(record.annotations),
        sources=record.sources,
        groups=record.groups,
        generator_url=record.generator_url,
        why=record.why,
        expires_at=record.expires_at,
        guessed=record.guessed,
        extended=record.extended,
    )
    return {
        "fingerprint": record.fingerprint,
        "within": record.within,
        "starts_at": to_micros(record.starts_at),
        "updated_at": to_micros(record.updated_at),
        "ends_at": to_micros_or_none(record.ends_at),
        "body": bodies.to_text(body),
    }


def _to_alert(row: Any) -> AlertRecord:
    body = _alert_body.decode(row.body)
    return AlertRecord(
        labels=Labels.kept(body.labels, row.fingerprint),
        starts_at=from_micros(row.starts_at),
        updated_at=from_micros(row.updated_at),
        ends_at=from_micros_or_none(row.ends_at),
        sources=body.sources,
        groups=body.groups,
        annotations=bodies.to_annotations(body.annotations),
        generator_url=body.generator_url,
        why=body.why,
        within=row.within,
        expires_at=body.expires_at,
        guessed=body.guessed,
        extended=body.extended,
    )


_group_body = bodies.reader(bodies.GroupBody)


def _from_group(record: GroupRecord) -> Row:
    head = head_of(record.group_key, record.id)
    body = bodies.GroupBody(record.labels.as_dict(), record.group_key if head is None else "", head)
    return {
        "id": record.id,
        "route_id": record.route_id,
        "receiver": record.receiver,
        "created_at": to_micros(record.created_at),
        "flush_at": to_micros(record.flush_at),
        "flushed_at": to_micros_or_none(record.flushed_at),
        "body": bodies.to_text(body),
    }


def _to_group(row: Any) -> GroupRecord:
    body = _group_body.decode(row.body)
    return GroupRecord(
        id=row.id,
        route_id=row.route_id,
        receiver=row.receiver,
        group_key=whole_key(body.group_key, body.key_head, row.id),
        labels=Labels.kept(body.labels),
        created_at=from_micros(row.created_at),
        flush_at=from_micros(row.flush_at),
        flushed_at=from_micros_or_none(row.flushed_at),
    )


_ledger_body = bodies.reader(bodies.LedgerBody)


def _from_ledger(record: LedgerRecord) -> Row:
    return {
        "group_id": record.group,
        "integration": record.integration,
        "told_at": to_micros(record.told_at),
        "body": bodies.to_text(bodies.LedgerBody(record.firing, record.resolved, record.receipt, record.muted, record.unsure)),
    }


def _to_ledger(row: Any) -> LedgerRecord:
    body = _ledger_body.decode(row.body)
    return LedgerRecord(
        group=row.group_id,
        integration=row.integration,
        told_at=from_micros(row.told_at),
        firing=body.firing,
        resolved=body.resolved,
        receipt=body.receipt,
        muted=body.muted,
        unsure=body.unsure,
    )


_outbox_body = bodies.reader(bodies.OutboxBody)


def _from_outbox(record: OutboxRecord) -> Row:
    body = bodies.OutboxBody(
        bodies.from_notification(record.notification, record.group), record.error, record.paced, record.refused
    )
    return {
        "id": record.id,
        "group_id": record.group,
        "receiver": record.receiver,
        "integration": record.integration,
        "created_at": to_micros(record.created_at),
        "retry_at": to_micros_or_none(record.retry_at),
        "attempts": record.attempts,
        "body": bodies.to_text(body),
    }


def _to_outbox(row: Any) -> OutboxRecord:
    body = _outbox_body.decode(row.body)
    return OutboxRecord(
        id=row.id,
        group=row.group_id,
        receiver=row.receiver,
        integration=row.integration,
        notification=bodies.to_notification(body.notification, row.group_id),
        created_at=from_micros(row.created_at),
        attempts=row.attempts,
        retry_at=from_micros_or_none(row.retry_at),
        error=body.error,
        paced=body.paced,
        refused=body.refused,
    )


_silence_body = bodies.reader(bodies.SilenceBody)


def _from_silence(silence: Silence) -> Row:
    body = bodies.SilenceBody(
        matcher_sets=tuple(bodies.from_matchers(matchers) for matchers in silence.matcher_sets),
        created_by=silence.created_by,
        comment=silence.comment,
        annotations=silence.annotations,
        ended_by=silence.ended_by,
    )
    return {
        "id": silence.id,
        "starts_at": to_micros(silence.starts_at),
        "ends_at": to_micros(silence.ends_at),
        "updated_at": to_micros_or_none(silence.updated_at),
        "body": bodies.to_text(body),
    }


def _to_silence(row: Any) -> Silence:
    body = _silence_body.decode(row.body)
    return Silence(
        matcher_sets=tuple(bodies.to_matchers(matchers) for matchers in body.matcher_sets),
        starts_at=from_micros(row.starts_at),
        ends_at=from_micros(row.ends_at),
        created_by=body.created_by,
        comment=body.comment,
        annotations=body.annotations,
        id=row.id,
        updated_at=from_micros_or_none(row.updated_at),
        ended_by=body.ended_by,
    )


_window_body = bodies.reader(bodies.WindowBody)


def _from_window(window: Window) -> Row:
    body = bodies.WindowBody(
        matcher_sets=tuple(bodies.from_matchers(matchers) for matchers in window.matcher_sets),
        duration=window.duration.total_seconds(),
        location=window.location,
        created_by=window.created_by,
        comment=window.comment,
        ended_by=window.ended_by,
    )
    return {
        "id": window.id,
        "name": window.name,
        "schedule": window.schedule.text,
        "until": to_micros_or_none(window.until),
        "updated_at": to_micros_or_none(window.updated_at),
        "body": bodies.to_text(body),
    }


def _to_window(row: Any) -> Window:
    body = _window_body.decode(row.body)
    return Window(
        name=row.name,
        matcher_sets=tuple(bodies.to_matchers(matchers) for matchers in body.matcher_sets),
        schedule=parse_schedule(row.schedule),
        duration=timedelta(seconds=body.duration),
        location=body.location,
        created_by=body.created_by,
        comment=body.comment,
        until=from_micros_or_none(row.until),
        id=row.id,
        updated_at=from_micros_or_none(row.updated_at),
        ended_by=body.ended_by,
    )


def _from_presence(presence: Presence) -> Row:
    return {"name": presence.key[0], "value": str(to_micros(presence.at))}


def _to_presence(row: Any) -> Presence:
    return Presence(from_micros(int(row.value)))


def _from_firing(firing: FiringRecord) -> Row:
    return {
        "rule": firing.rule,
        "known_since": to_micros(firing.known_since),
        "fired_at": to_micros_or_none(firing.fired_at),
    }


def _to_firing(row: Any) -> FiringRecord:
    return FiringRecord(row.rule, from_micros(row.known_since), from_micros_or_none(row.fired_at))


PRESENCE = Kind(schema.meta, _from_presence, _to_presence)
RULE_ALERTS = Kind(schema.rule_alerts, _from_rule_alert, _to_rule_alert)
ALERTS = Kind(schema.alerts, _from_alert, _to_alert)
GROUPS = Kind(schema.alert_groups, _from_group, _to_group)
LEDGER = Kind(schema.ledger, _from_ledger, _to_ledger)
OUTBOX = Kind(schema.outbox, _from_outbox, _to_outbox)
SILENCES = Kind(schema.silences, _from_silence, _to_silence)
WINDOWS = Kind(schema.windows, _from_window, _to_window)
FIRINGS = Kind(schema.firings, _from_firing, _to_firing)

RECORDS: dict[type[Any], Kind[Any]] = {
    Presence: PRESENCE,
    RuleAlertRecord: RULE_ALERTS,
    AlertRecord: ALERTS,
    GroupRecord: GROUPS,
    LedgerRecord: LEDGER,
    OutboxRecord: OUTBOX,
    Silence: SILENCES,
    Window: WINDOWS,
    IncidentRecord: INCIDENTS,
    PageRecord: PAGES,
    MaintenanceRecord: MAINTENANCE,
    OverrideRecord: OVERRIDES,
    FiringRecord: FIRINGS,
}
