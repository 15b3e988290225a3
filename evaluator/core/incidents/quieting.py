"""The silence that silences an incident, whoever asks for it from wherever: its labels, or alert by alert where it has none.

So alerts that join it are silenced as well. Without labels a silence would mute everything of its route, so there it names
what fires. It is an ordinary silence, and the policy for silences has its say.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from evaluator.core.alerts import Alert
from evaluator.core.incidents.records import IncidentRecord
from evaluator.core.labels import Labels, Matcher
from evaluator.core.muting.silence import MatcherSet, Silence

USUAL = timedelta(hours=2)
"""For how long, where nobody says."""


def silence_for(
    record: IncidentRecord, alerts: Iterable[Alert], by: str, comment: str, now: datetime, ends_at: datetime
) -> Silence:
    """alerts: of the incident. comment: why; if empty, that it is for this incident."""
    return Silence(matchers_for(record, alerts), now, ends_at, by, comment or f"incident {record.number}: {record.title}")


def matchers_for(record: IncidentRecord, alerts: Iterable[Alert]) -> tuple[MatcherSet, ...]:
    """What is silenced: no sets where there are neither labels nor alerts that fire."""
    if record.labels:
        return (_all_of(record.labels),)
    return tuple(_all_of(alert.labels) for alert in alerts if alert.firing)


def _all_of(labels: Labels) -> MatcherSet:
    return tuple(Matcher(name, value) for name, value in labels.items())
