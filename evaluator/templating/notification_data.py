"""What a notification template sees: Alertmanager's data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from evaluator.core.frozen import frozen
from evaluator.core.records import Annotations, Notification, NotifiedAlert
from evaluator.templating.curve import curve_of
from evaluator.templating.go.times import YEAR_ONE, Time
from evaluator.templating.go.values import STRINGS, Function, Kind, Stringer, Strings, Struct, Value, function
from evaluator.templating.incident_data import chase_data, incident_data
from evaluator.templating.scope import plain_value

NO_LINKS: Final[Mapping[str, str]] = {}
_META: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")


class Pairs(list[Struct], Stringer, Value):
    """template.Pairs: names and values in order."""

    __slots__ = ()
    go_type = "template.Pairs"
    go_kind = Kind.SLICE
    go_methods: ClassVar[Mapping[str, Function]]

    def go_string(self) -> str:
        """`a=1, b=2`"""
        return ", ".join(f"{pair.fields['Name']}={pair.fields['Value']}" for pair in self)

    def column(self, name: str) -> Strings:
        """All names, or all values."""
        return Strings(pair.fields[name] for pair in self)


class KV(dict[str, str], Stringer, Value):
    """template.KV: labels or annotations."""

    __slots__ = ()
    go_type = "template.KV"
    go_kind = Kind.MAP
    go_methods: ClassVar[Mapping[str, Function]]

    def sorted_pairs(self) -> Pairs:
        """`alertname` first, then by name."""
        names = sorted(self, key=lambda name: (name != "alertname", name))
        return Pairs(Struct("template.Pair", {"Name": name, "Value": self[name]}) for name in names)

    def go_string(self) -> str:
        """`a=1, b=2`"""
        return self.sorted_pairs().go_string()

    def remove(self, names: Strings | None) -> KV:
        """All but some."""
        dropped = set(names or ())
        return KV((name, value) for name, value in self.items() if name not in dropped)


class AlertList(list[Struct], Value):
    """[]template.Alert"""

    __slots__ = ()
    go_type = "[]template.Alert"
    go_kind = Kind.SLICE


class Alerts(AlertList):
    """template.Alerts: the list with its two halves as methods."""

    __slots__ = ()
    go_type = "template.Alerts"
    go_methods: ClassVar[Mapping[str, Function]]

    def having(self, status: str) -> AlertList:
        """Those that fire, or those that are resolved."""
        return AlertList(alert for alert in self if alert.fields["Status"] == status)


def _named(*functions: Function) -> Mapping[str, Function]:
    return {each.name: each for each in functions}


Pairs.go_methods = _named(
    function("Names", lambda pairs: pairs.column("Name")),
    function("Values", lambda pairs: pairs.column("Value")),
    function("String", lambda pairs: pairs.go_string()),
)
KV.go_methods = _named(
    function("SortedPairs", lambda labels: labels.sorted_pairs()),
    function("Names", lambda labels: labels.sorted_pairs().column("Name")),
    function("Values", lambda labels: labels.sorted_pairs().column("Value")),
    function("Remove", lambda labels, names: labels.remove(names), STRINGS),
    function("String", lambda labels: labels.go_string()),
)
Alerts.go_methods = _named(
    function("Firing", lambda alerts: alerts.having("firing")),
    function("Resolved", lambda alerts: alerts.having("resolved")),
)


@frozen
class NotificationData:
    """root: the dot of the template. at: the notification's time, which is its `now`."""

    root: Struct
    at: datetime

    @property
    def external_url(self) -> str:
        """Of the evaluator."""
        return str(self.root.fields["ExternalURL"])


def notification_data(
    notification: Notification,
    annotations: Sequence[Mapping[str, str]],
    external_url: str,
    links: Mapping[str, str] = NO_LINKS,
) -> NotificationData:
    """The data of a notification. annotations: the finished texts of each alert, in the order of the alerts.

    links: of a message about an incident, by what they are for.
    """
    url = external_url.rstrip("/")
    alerts = [_alert(alert, texts, url) for alert, texts in zip(notification.alerts, annotations, strict=True)]
    fields: dict[str, Any] = {
        "Receiver": quote_meta(notification.receiver),
        "Status": notification.status,
        "Alerts": Alerts(alerts),
        "NotificationReason": notification.reason,
        "GroupLabels": KV(notification.group_labels),
        "CommonLabels": _common(alert.fields["Labels"] for alert in alerts),
        "CommonAnnotations": _common(alert.fields["Annotations"] for alert in alerts),
        "RouteLabels": KV(notification.route_labels),
        "ExternalURL": url,
    }
    hidden = {"ReceiverName": notification.receiver, "Incident": incident_data(notification.incident, KV, links)}
    root = Struct("template.Data", fields, hidden=hidden)
    return NotificationData(root, notification.at)


def quote_meta(text: str) -> str:
    """The text as a regular expression that matches it, as Go quotes it: a receiver's name in a template."""
    return _META.sub(lambda match: "\\" + match[0], text)


def _alert(alert: NotifiedAlert, annotations: Mapping[str, str], external_url: str) -> Struct:
    fields: dict[str, Any] = {
        "Status": "firing" if alert.firing else "resolved",
        "Labels": KV(alert.labels),
        "Annotations": KV(annotations),
        "StartsAt": Time(alert.starts_at),
        "EndsAt": Time(alert.ends_at or YEAR_ONE),
        "GeneratorURL": alert.generator_url,
        "Fingerprint": alert.labels.fingerprint,
    }
    hidden = {
        "Value": _value(alert.annotations),
        "Why": alert.why,
        "Known": alert.known,
        "Curve": curve_of(alert),
        "Incident": chase_data(alert.chase, external_url),
    }
    return Struct("template.Alert", fields, hidden=hidden)


def _value(annotations: Annotations) -> Any:
    """The value of the alert's series; nil for an alert that somebody posted, which has none."""
    known = annotations.series or annotations.templates or annotations.value
    return plain_value(annotations.histogram or annotations.value) if known else None


def _common(sets: Iterable[Mapping[str, str]]) -> KV:
    first, *others = sets or ({},)
    return KV((name, value) for name, value in first.items() if all(other.get(name) == value for other in others))
