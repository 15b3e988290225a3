"""Before a message goes out: which of its alerts somebody is chased for, so that it can lead to where that is acknowledged.

Looked up when the message is delivered: an incident opens in the same step in which its first alert is told, and may be over
by the time of another attempt. Messages about an incident itself have links of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from evaluator.core.incidents.records import IncidentRecord
from evaluator.core.records import Chase, OutboxRecord


def with_chases(row: OutboxRecord, incidents: Iterable[IncidentRecord]) -> OutboxRecord:
    """The row, each alert that fires with its open incident; of several with the newest."""
    told, chased = row.notification, [record for record in incidents if record.open]
    if told.incident is not None or not chased:
        return row
    wanted = {alert.labels.fingerprint for alert in told.firing}
    found = {
        name: Chase(record.number, record.state)
        for record in sorted(chased, key=lambda record: record.number)
        for name in wanted.intersection(record.alerts)
    }
    if not found:
        return row
    alerts = tuple(
        replace(alert, chase=found.get(alert.labels.fingerprint)) if alert.firing else alert for alert in told.alerts
    )
    return replace(row, notification=replace(told, alerts=alerts))
