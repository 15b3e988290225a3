"""Incidents as the API writes them: numbers, states and instants for programs, sentences for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from evaluator.api.numbers import exponent
from evaluator.api.view import View
from evaluator.core.alerts import Alert
from evaluator.core.durations import format_duration
from evaluator.core.evaluation.tracking import Tracked
from evaluator.core.incidents.incident import Due, clock_at
from evaluator.core.incidents.policy import Level
from evaluator.core.incidents.records import IncidentRecord, Moment, PageRecord
from evaluator.core.incidents.story import coming, sentence, standing
from evaluator.core.timestamps import rfc3339

Json = dict[str, Any]


def names_of(view: View) -> Mapping[str, str]:
    """What people are called, by key."""
    return {person.key: person.name for person in view.settings.duty.people}


def shown_incident(view: View, record: IncidentRecord) -> Json:
    """An incident in a list. level: the last one that has fired, from 0; -1 for none. next: what comes if nothing happens."""
    at_hand = record.number in view.machine.incidents.table
    due = view.machine.incidents.next_step(record) if at_hand else None
    return {
        "id": record.number,
        "state": record.state,
        "severity": record.severity,
        "worst": record.worst,
        "title": record.title,
        "labels": record.labels.as_dict(),
        "component": record.component,
        "route": record.route,
        "escalation": record.policy.name,
        "owner": record.owner,
        "ackers": list(record.ackers),
        "level": record.level,
        "level_name": record.policy.levels[record.level].name if 0 <= record.level < len(record.policy.levels) else "",
        "levels": len(record.policy.levels),
        "epoch": record.epoch,
        "opened_at": rfc3339(record.opened_at),
        "updated_at": rfc3339(record.updated_at),
        "acked_at": _maybe(record.acked_at),
        "acked_until": _maybe(record.acked_until),
        "snoozed_until": _maybe(record.snoozed_until),
        "resolved_at": _maybe(record.resolved_at),
        "resolution": record.resolution,
        "holds": list(record.holds),
        "exhausted": record.exhausted_at is not None,
        "flaps": record.flaps,
        "previous": record.previous,
        "noise": record.noise,
        "alert_count": len(record.alerts),
        "standing": standing(record, names_of(view)),
        "next": _next(record, due),
    }


def shown_story(view: View, record: IncidentRecord, moments: Sequence[Moment], pages: Sequence[PageRecord]) -> Json:
    """An incident with everything that is known of it. clock: seconds on its escalation clock."""
    names = names_of(view)
    known = view.settings.ladders.components.get(record.component)
    return {
        **shown_incident(view, record),
        "clock": clock_at(record, view.now) // timedelta(seconds=1),
        "ladder": [_level(record, number, level) for number, level in enumerate(record.policy.levels)],
        "runbook": known.runbook if known is not None else "",
        "alerts": [_alert(view, alert) for alert in view.machine.incidents.alerts_of(record)],
        "pages": [_page(page, names) for page in pages],
        "timeline": [_moment(moment, names) for moment in moments],
    }


def _next(record: IncidentRecord, due: Due | None) -> Json | None:
    text = coming(record, due) if due is not None else ""
    return {"at": rfc3339(due.at), "what": due.what, "text": text} if due is not None and text else None


def _level(record: IncidentRecord, number: int, level: Level) -> Json:
    return {
        "name": level.name,
        "after": format_duration(level.at),
        "notify": [str(target) for target in level.notify],
        "fired": number <= record.level,
    }


def _alert(view: View, alert: Alert) -> Json:
    annotations = alert.described.annotations
    by_rule = isinstance(alert.described, Tracked)
    return {
        "fingerprint": alert.fingerprint,
        "labels": alert.labels.as_dict(),
        "firing": alert.firing,
        "starts_at": rfc3339(alert.starts_at),
        "ends_at": _maybe(alert.ends_at),
        "value": exponent(annotations.value) if by_rule and annotations.histogram is None else None,
        "annotations": view.texts(annotations, alert.labels.get("alertname", "")),
    }


def _page(page: PageRecord, names: Mapping[str, str]) -> Json:
    return {
        "id": page.id,
        "kind": page.kind,
        "state": page.state,
        "whom": page.whom,
        "name": names.get(page.whom, page.whom),
        "way": page.way,
        "epoch": page.epoch,
        "level": page.level,
        "due_at": rfc3339(page.due_at),
        "sent_at": _maybe(page.sent_at),
        "attempts": page.attempts,
        "error": page.error,
        "text": page.text,
    }


def _moment(moment: Moment, names: Mapping[str, str]) -> Json:
    return {
        "at": rfc3339(moment.at),
        "what": moment.what,
        "text": sentence(moment, names),
        "detail": moment.detail,
        "by": moment.by,
        "via": moment.via,
        "source": moment.source,
        "epoch": moment.epoch,
        "level": moment.level,
    }


def _maybe(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None
