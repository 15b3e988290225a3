"""Taking back what an earlier run kept, part by part, before the first event.

What was kept is believed, and then held against the configuration, which may have changed meanwhile: every alert must still be
asserted by somebody (a rule that is there and follows it, others who post, a cause that the evaluator watches), or it ends as
it would in a reload. Only then are groups routed anew and incidents looked at, so that these see what is true now.
"""

from __future__ import annotations

from datetime import datetime

from evaluator.core.alerts import Alert
from evaluator.core.evaluation.asserting import RENAMED
from evaluator.core.evaluation.evaluating import REMOVED
from evaluator.core.evaluation.tracking import Tracked
from evaluator.core.incidents.sending import INCIDENT
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.muting.silence_ending import ALERT as SILENCE
from evaluator.core.parts import Parts
from evaluator.core.posted.posting import SOURCE as POSTED
from evaluator.core.records import Kept
from evaluator.core.watching.calendar_watch import ALERT as CALENDAR
from evaluator.core.watching.delivery_watch import ALERTS as DELIVERIES
from evaluator.core.watching.forwarding_watch import ALERT as FORWARDING
from evaluator.core.watching.meta import SOURCE, bare
from evaluator.core.watching.refusals import ALERT as LIMIT


def restore(parts: Parts, kept: Kept, now: datetime) -> None:
    """Let the parts, that have seen nothing yet, be as they were when `kept` was saved."""
    parts.silencing.restore(kept.silences, kept.windows, now)
    parts.overrides.restore(kept.overrides, now)
    parts.firings.restore(kept.firings)
    parts.firings.know(parts.evaluating.owners, now)
    parts.overrides.configure(parts.settings.duty.schedules)
    alerts = [parts.alerts.restore(record) for record in kept.alerts]
    pages = [row for row in kept.outbox if row.group.startswith(INCIDENT)]
    rows = [row for row in kept.outbox if not row.group.startswith(INCIDENT)]
    parts.dispatch.restore(alerts, kept.groups, kept.ledger, rows, now)
    parts.evaluating.restore(kept.rule_alerts)
    _confirm(parts, now)
    parts.dispatch.reconfigure(parts.settings, now)
    parts.dispatch.stirred()
    parts.incidents.restore(kept, pages, now)
    parts.evaluating.owe(kept.seen_at, now)
    parts.retain(now)
    parts.relieve(list(parts.delivery_watch.integrations), now)
    parts.refusals.tell(now)


def _confirm(parts: Parts, now: datetime) -> None:
    """Whoever asserts an alert must still exist; and what fires without being asserted is, from now on."""
    firing = {(tracked.rule.key, parts.asserting.named(tracked)): tracked for tracked in parts.evaluating.firing}
    for alert in list(parts.alerts):
        for source in sorted(alert.sources):
            if source == POSTED:
                parts.posts.resume(alert, now)
            elif source.startswith(SOURCE):
                _resume_built_in(parts, alert, source, now)
            else:
                _resume_of_rule(parts, alert, source, firing.pop((source, alert.labels), None), now)
    for tracked in firing.values():
        parts.asserting.affirm(tracked, now)


def _resume_of_rule(parts: Parts, alert: Alert, rule: str, tracked: Tracked | None, now: datetime) -> None:
    if tracked is not None:
        alert.described = tracked
        return
    why = REMOVED if parts.evaluating.rule(rule) is None else RENAMED
    parts.asserting.withdraw(alert.labels, rule, now, now, why)


def _resume_built_in(parts: Parts, alert: Alert, source: str, now: datetime) -> None:
    _tell_its_watch(parts, bare(alert.labels), alert.starts_at, now)
    parts.built_in.resume(alert, source, now)


def _tell_its_watch(parts: Parts, labels: Labels, since: datetime, now: datetime) -> None:
    """Whoever watches for its cause has to know that it is told of."""
    match labels[ALERT_NAME]:
        case name if name == LIMIT:
            parts.refusals.resume(labels["limit"], since, now)
        case name if name == SILENCE:
            parts.silencing.ending.resume(labels, now)
        case name if name == CALENDAR:
            parts.calendars.resume(labels)
        case name if name == FORWARDING:
            parts.forwarding_watch.resume()
        case name if name in DELIVERIES:
            parts.delivery_watch.resume(labels, since)
        case _:
            parts.query_watch.resume(labels, since, parts.evaluating.groups.values())
