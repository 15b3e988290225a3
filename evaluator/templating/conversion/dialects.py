"""What the two kinds of texts call the things that they speak of, in Go and in Jinja2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from evaluator.core.frozen import frozen

LABELS: Final = frozenset(
    {"Labels", "Annotations", "GroupLabels", "CommonLabels", "CommonAnnotations", "RouteLabels", "ExternalLabels"}
)
"""Fields that hold labels: the name after one is a label, whatever it is."""

METHODS_OF_LABELS: Final = {"SortedPairs": "pairs", "Names": "names", "Values": "values", "Remove": "without"}

FIELDS: Final = {
    "Status": "status",
    "Labels": "labels",
    "Annotations": "annotations",
    "StartsAt": "starts_at",
    "EndsAt": "ends_at",
    "GeneratorURL": "generator_url",
    "Fingerprint": "fingerprint",
    "Firing": "firing",
    "Resolved": "resolved",
    "Name": "name",
    "Value": "value",
    "Why": "why",
    "Alerts": "alerts",
    "GroupLabels": "group_labels",
    "CommonLabels": "common_labels",
    "CommonAnnotations": "common_annotations",
    "RouteLabels": "route_labels",
    "ExternalURL": "external_url",
    "ExternalLabels": "external_labels",
    "Receiver": "receiver",
    "NotificationReason": "notification_reason",
    "Incident": "incident",
    "Number": "number",
    "Kind": "kind",
    "Page": "page",
    "State": "state",
    "Severity": "severity",
    "Title": "title",
    "Epoch": "epoch",
    "Level": "level",
    "LevelName": "level_name",
    "Levels": "levels",
    "OpenedAt": "opened_at",
    "Whom": "whom",
    "Owner": "owner",
    "Component": "component",
    "ComponentOwner": "component_owner",
    "Runbook": "runbook",
    "Late": "late",
    "ConfirmedAt": "confirmed_at",
    "AckLink": "ack_link",
    "SnoozeLink": "snooze_link",
    "EscalateLink": "escalate_link",
    "LabelLink": "label_link",
    "ViewLink": "view_link",
    "Text": "text",
}
"""Of what is not the whole: alerts, labels, samples, incidents."""


@frozen
class Dialect:
    """One kind of texts. root: fields of the whole. variables: those that are set. calls: functions that are values in Jinja2.

    macros: whether templates of a text become macros in it; else each is a file of its own.
    """

    root: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    macros: bool = False


RULES: Final = Dialect(
    root={
        "Labels": "labels",
        "Value": "value",
        "ExternalLabels": "external_labels",
        "ExternalURL": "external_url",
    },
    variables={
        "$labels": "labels",
        "$value": "value",
        "$externalLabels": "external_labels",
        "$externalURL": "external_url",
    },
    calls={"now": "now", "externalURL": "external_url", "pathPrefix": "pathPrefix()"},
    unknown=frozenset({"args", "js", "call", "println"}),
    macros=True,
)

RECEIVERS: Final = Dialect(
    root={
        "Receiver": "receiver_pattern",
        "Status": "status",
        "Alerts": "alerts",
        "NotificationReason": "reason",
        "GroupLabels": "group_labels",
        "CommonLabels": "common_labels",
        "CommonAnnotations": "common_annotations",
        "RouteLabels": "route_labels",
        "ExternalURL": "external_url",
        "ReceiverName": "receiver",
        "Incident": "incident",
    },
    calls={"now": "now", "routeLabels": "route_labels"},
    unknown=frozenset({"js", "call", "println"}),
)
