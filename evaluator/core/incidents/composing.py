"""What a message about an incident says: its alerts as they are now, and what makes this message differ from others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.alerts import Alert
from evaluator.core.evaluation.tracking import RuleEvaluation
from evaluator.core.incidents.members import Members
from evaluator.core.incidents.reach import Directory
from evaluator.core.incidents.records import IncidentRecord, Notice, PageKind, PageRecord, Pairs, Resolution
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.records import Annotations, Notification, NotifiedAlert


class Composing:
    """rule: the evaluation of a rule by its key."""

    def __init__(self, members: Members, rule: Callable[[str], RuleEvaluation | None]) -> None:
        self._members = members
        self._rule = rule

    def message(
        self, record: IncidentRecord, page: PageRecord, directory: Directory, root: Pairs, now: datetime
    ) -> Notification:
        """The notification of a page. root: what the provider called the first message about the incident by the same way."""
        receiver, _, _ = page.integration.rpartition("/")
        notice = self._notice(record, page, directory, now)
        reason = f"{page.kind}: {notice.level_name or record.state}"
        key, alerts = f"incident:{record.number}", tuple(self._told(record, page, now))
        return Notification(receiver, page.integration, key, record.labels, reason, alerts, now, root, incident=notice)

    def seen_at(self, record: IncidentRecord, now: datetime) -> datetime:
        """When the alerts were last known to fire: by their rules; what others assert is known as long as it is there."""
        seen = []
        for alert, _ in self._members.firing(record.identity):
            rules = [rule for source in alert.sources if (rule := self._rule(source)) is not None]
            if not rules:
                return now
            seen += [rule.answered_at for rule in rules if rule.answered_at is not None]
        return max(seen, default=record.seen_at)

    def _told(self, record: IncidentRecord, page: PageRecord, now: datetime) -> list[NotifiedAlert]:
        """The alerts; what is told as over is over, also if somebody says so who knows better than its rule."""
        alerts = [alert.told() for alert in self._members.alerts(record.identity)] or [_stand_in(record)]
        if page.kind is not PageKind.RESOLVED:
            return [alert for alert in alerts if alert.firing] or alerts
        why = page.text if record.resolution is not Resolution.CONDITION else ""
        return [replace(alert, ends_at=now, why=why or alert.why) if alert.firing else alert for alert in alerts]

    def _notice(self, record: IncidentRecord, page: PageRecord, directory: Directory, now: datetime) -> Notice:
        levels = record.policy.levels
        component = directory.component(record.component)
        return Notice(
            number=record.number,
            kind=page.kind,
            page=page.id,
            state=record.state,
            severity=record.severity,
            title=record.title,
            epoch=record.epoch,
            level=page.level,
            level_name=levels[page.level].name if 0 <= page.level < len(levels) else "",
            levels=len(levels),
            opened_at=record.opened_at,
            whom=page.whom,
            owner=record.owner,
            component=record.component,
            component_owner=component.owner if component is not None else "",
            runbook=component.runbook if component is not None else "",
            late=page.late + max(now - page.due_at, timedelta(0)),
            confirmed_at=self.seen_at(record, now) if self._blind(record) else None,
            text=page.text,
            labels=record.labels,
            names=directory.names((page.whom, record.owner, component.owner if component is not None else "")),
        )

    def _blind(self, record: IncidentRecord) -> bool:
        """Whether a rule behind the incident cannot be asked at the moment."""
        return any(self._failing(alert) for alert, _ in self._members.firing(record.identity))

    def _failing(self, alert: Alert) -> bool:
        rules = (self._rule(source) for source in alert.sources)
        return any(rule is not None and rule.failures for rule in rules)


def _stand_in(record: IncidentRecord) -> NotifiedAlert:
    """For an incident none of whose alerts is there any more: what is known of it."""
    labels = Labels({**record.labels, ALERT_NAME: record.labels.get(ALERT_NAME, record.title)})
    return NotifiedAlert(labels, Annotations(), record.opened_at, record.resolved_at)
