"""What a template sees of an incident, as `.Incident`: nothing, where the notification is about a group alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from evaluator.core.incidents.records import Notice
from evaluator.core.records import Chase
from evaluator.templating.go.times import Duration, Time
from evaluator.templating.go.values import Struct, Value

_MICROSECOND = timedelta(microseconds=1)


def incident_data(
    notice: Notice | None, labels: Callable[[Mapping[str, str]], Value], links: Mapping[str, str]
) -> Struct | None:
    """The fields. Level is counted from 1, and 0 before the first one. labels: makes what templates see of them.

    links: by which whoever reads the message does something: `ack`, `snooze`, `escalate`, `view`. Late: nothing unless it is
    worth a word.
    """
    if notice is None:
        return None
    fields: dict[str, Any] = {
        "Number": notice.number,
        "Kind": str(notice.kind),
        "Page": notice.page,
        "State": str(notice.state),
        "Severity": notice.severity,
        "Title": notice.title,
        "Epoch": notice.epoch,
        "Level": notice.level + 1,
        "LevelName": notice.level_name,
        "Levels": notice.levels,
        "OpenedAt": Time(notice.opened_at),
        "Whom": notice.called(notice.whom),
        "Owner": notice.called(notice.owner),
        "Component": notice.component,
        "ComponentOwner": notice.called(notice.component_owner),
        "Runbook": notice.runbook,
        "Late": Duration(notice.late_by // _MICROSECOND * 1000),
        "ConfirmedAt": None if notice.confirmed_at is None else Time(notice.confirmed_at),
        "Text": notice.text,
        "Labels": labels(notice.labels),
        "AckLink": links.get("ack", ""),
        "SnoozeLink": links.get("snooze", ""),
        "EscalateLink": links.get("escalate", ""),
        "LabelLink": links.get("label", ""),
        "ViewLink": links.get("view", ""),
    }
    return Struct("template.Incident", fields)


def chase_data(chase: Chase | None, external_url: str) -> Struct | None:
    """What a template sees of the incident for which people are chased about an alert, as `.Incident` of the alert."""
    if chase is None:
        return None
    link = f"{external_url}/incidents/{chase.number}" if external_url else ""
    return Struct("template.AlertIncident", {"Number": chase.number, "State": str(chase.state), "Link": link})
