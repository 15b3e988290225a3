"""Incidents, the pages about them and their timelines; maintenance; who stands in for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from evaluator.core.incidents.incident import next_step
from evaluator.core.incidents.records import (
    Happening,
    IncidentRecord,
    IncidentState,
    MaintenanceRecord,
    Moment,
    PageKind,
    PageRecord,
    PageState,
)
from evaluator.core.labels import Labels
from evaluator.core.oncall.oncall import Override
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.store import schema
from evaluator.store.codec import bodies
from evaluator.store.codec import incident_bodies as own
from evaluator.store.codec.kind import (
    Key,
    Kind,
    Row,
    from_micros,
    from_micros_or_none,
    to_duration,
    to_micros,
    to_micros_or_none,
)

_incident_body = bodies.reader(own.IncidentBody)


def _from_incident(record: IncidentRecord) -> Row:
    due = next_step(record)
    return {
        "number": record.number,
        "state": record.state.value,
        "severity": record.severity,
        "title": record.title,
        "owner": record.owner,
        "epoch": record.epoch,
        "level": record.level,
        "opened_at": to_micros(record.opened_at),
        "updated_at": to_micros(record.updated_at),
        "due_at": None if due is None else to_micros(due.at),
        "resolved_at": to_micros_or_none(record.resolved_at),
        "policy": own.from_policy(record.policy),
        "body": bodies.to_text(_body_of_incident(record)),
    }


def _body_of_incident(record: IncidentRecord) -> own.IncidentBody:
    return own.IncidentBody(
        identity=record.identity,
        route=record.route,
        labels=record.labels.as_dict(),
        worst=record.worst,
        seen_at=record.seen_at,
        alerts=record.alerts,
        component=record.component,
        level_at=record.level_at,
        rounds=record.rounds,
        clock=record.clock,
        running_since=record.running_since,
        holds=record.holds,
        exhausted_at=record.exhausted_at,
        ackers=record.ackers,
        acked_at=record.acked_at,
        acked_until=record.acked_until,
        reminded=record.reminded,
        by_link=record.by_link,
        snoozed_until=record.snoozed_until,
        recheck=record.recheck,
        resolution=record.resolution,
        flaps=record.flaps,
        previous=record.previous,
        noise=record.noise,
        began_at=record.began_at,
        turns=record.turns,
        flapping=record.flapping,
        skipped=record.skipped,
        dismissed=record.dismissed,
        dismissed_at=record.dismissed_at,
        visits=record.visits,
    )


def _to_incident(row: Any) -> IncidentRecord:
    body = _incident_body.decode(row.body)
    return IncidentRecord(
        number=row.number,
        identity=body.identity,
        route=body.route,
        labels=Labels(body.labels),
        policy=own.to_policy(row.policy),
        severity=row.severity,
        worst=body.worst,
        state=IncidentState(row.state),
        opened_at=from_micros(row.opened_at),
        updated_at=from_micros(row.updated_at),
        seen_at=body.seen_at,
        alerts=body.alerts,
        component=body.component,
        title=row.title,
        epoch=row.epoch,
        level=row.level,
        level_at=body.level_at,
        rounds=body.rounds,
        clock=body.clock,
        running_since=body.running_since,
        holds=body.holds,
        exhausted_at=body.exhausted_at,
        owner=row.owner,
        ackers=body.ackers,
        acked_at=body.acked_at,
        acked_until=body.acked_until,
        reminded=body.reminded,
        by_link=body.by_link,
        snoozed_until=body.snoozed_until,
        recheck=body.recheck,
        resolved_at=from_micros_or_none(row.resolved_at),
        resolution=body.resolution,
        flaps=body.flaps,
        previous=body.previous,
        noise=body.noise,
        began_at=body.began_at,
        turns=body.turns,
        flapping=body.flapping,
        skipped=body.skipped,
        dismissed=body.dismissed,
        dismissed_at=body.dismissed_at,
        visits=body.visits,
    )


_page_body = bodies.reader(own.PageBody)


def _from_page(page: PageRecord) -> Row:
    body = own.PageBody(page.late, page.text, page.attempts, page.error, page.receipt)
    return {
        "id": page.id,
        "incident": page.incident,
        "epoch": page.epoch,
        "level": page.level,
        "whom": page.whom,
        "way": page.way,
        "delay": to_duration(page.offset),
        "kind": page.kind.value,
        "serial": page.serial,
        "integration": page.integration,
        "state": page.state.value,
        "created_at": to_micros(page.created_at),
        "due_at": to_micros(page.due_at),
        "sent_at": to_micros_or_none(page.sent_at),
        "body": bodies.to_text(body),
    }


def _to_page(row: Any) -> PageRecord:
    body = _page_body.decode(row.body)
    return PageRecord(
        incident=row.incident,
        epoch=row.epoch,
        level=row.level,
        whom=row.whom,
        way=row.way,
        offset=timedelta(microseconds=row.delay),
        kind=PageKind(row.kind),
        serial=row.serial,
        integration=row.integration,
        due_at=from_micros(row.due_at),
        created_at=from_micros(row.created_at),
        state=PageState(row.state),
        late=body.late,
        text=body.text,
        attempts=body.attempts,
        sent_at=from_micros_or_none(row.sent_at),
        error=body.error,
        receipt=body.receipt,
    )


_maintenance_body = bodies.reader(own.MaintenanceBody)


def _from_maintenance(record: MaintenanceRecord) -> Row:
    return {
        "id": record.id,
        "component": record.component,
        "starts_at": to_micros(record.starts_at),
        "ends_at": to_micros(record.ends_at),
        "author": record.author,
        "reason": record.reason,
        "body": bodies.to_text(own.MaintenanceBody(bodies.from_matchers(record.matchers))),
    }


def _to_maintenance(row: Any) -> MaintenanceRecord:
    return MaintenanceRecord(
        id=row.id,
        matchers=bodies.to_matchers(_maintenance_body.decode(row.body).matchers),
        starts_at=from_micros(row.starts_at),
        ends_at=from_micros(row.ends_at),
        author=row.author,
        reason=row.reason,
        component=row.component,
    )


_override_body = bodies.reader(own.OverrideBody)


def _from_override(record: OverrideRecord) -> Row:
    override = record.override
    return {
        "id": record.id,
        "schedule": record.schedule,
        "starts_at": to_micros(override.start),
        "ends_at": to_micros(override.end),
        "replaced": override.replace,
        "stand_in": override.stand_in,
        "author": record.author,
        "body": bodies.to_text(own.OverrideBody(override.reason, override.layer, record.made_at, record.source)),
    }


def _to_override(row: Any) -> OverrideRecord:
    body = _override_body.decode(row.body)
    start, end = from_micros(row.starts_at), from_micros(row.ends_at)
    override = Override(start, end, row.replaced, row.stand_in, body.reason, body.layer)
    return OverrideRecord(row.id, row.schedule, override, row.author, body.made_at, body.source)


_moment_body = bodies.reader(own.MomentBody)


def _from_moment(note: Moment) -> Row:
    return {
        "at": to_micros(note.at),
        "incident": note.incident,
        "epoch": note.epoch,
        "level": note.level,
        "what": note.what.value,
        "detail": note.detail,
        "actor": note.by,
        "via": note.via,
        "body": bodies.to_text(own.MomentBody(note.source)),
    }


def _to_moment(row: Any) -> Moment:
    return Moment(
        at=from_micros(row.at),
        incident=row.incident,
        epoch=row.epoch,
        what=Happening(row.what),
        detail=row.detail,
        by=row.actor,
        via=row.via,
        source=_moment_body.decode(row.body).source,
        level=row.level,
    )


def _number(key: Key) -> tuple[int]:
    """Rows have the number itself, so that people can ask for it."""
    return (int(key[0]),)


INCIDENTS = Kind(schema.incidents, _from_incident, _to_incident, _number)
PAGES = Kind(schema.pages, _from_page, _to_page)
MAINTENANCE = Kind(schema.maintenance, _from_maintenance, _to_maintenance)
OVERRIDES = Kind(schema.overrides, _from_override, _to_override)
MOMENTS = Kind(schema.incident_events, _from_moment, _to_moment)
