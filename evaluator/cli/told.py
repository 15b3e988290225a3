"""From JSON to a notification: the body of a webhook, alerts as they are posted or listed, or a single one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evaluator.cli.output import fail
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Notification, NotifiedAlert
from evaluator.core.timestamps import ZERO_TIME
from evaluator.service.clock import wall_clock

Json = Mapping[str, Any]


def notification_of(document: Any, receiver: str, now: datetime) -> Notification:
    """The notification that a document tells of. Raises ValueError that says what is wrong with it.

    receiver: where the document names none. An alert is over when it says so, or when its end has passed.
    """
    whole: Json = document if isinstance(document, dict) and "alerts" in document else {}
    listed = whole.get("alerts", document)
    alerts = tuple(_alert(each, now) for each in (listed if isinstance(listed, list) else [listed]))
    if not alerts:
        raise ValueError("it holds no alert")
    name = re.sub(r"\\(.)", r"\1", str(whole.get("receiver") or "")) or receiver
    group = _group(whole, alerts)
    key = str(whole.get("groupKey") or f"{{}}:{group}")
    return Notification(name, f"{name}/example[0]", key, group, str(whole.get("notification_reason") or ""), alerts, now)


def read_notification(path: Path, receiver: str) -> Notification:
    """The notification in a file; one line on standard error and exit 1 where there is none."""
    try:
        return notification_of(json.loads(path.read_bytes()), receiver, wall_clock())
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")
    except ValueError as error:
        fail(f"{path} is no notification: {error}")


def _group(whole: Json, alerts: tuple[NotifiedAlert, ...]) -> Labels:
    """The labels of the group; the alert's name, where all have the same, when nobody says."""
    if "groupLabels" in whole:
        return Labels(_texts(whole["groupLabels"], "groupLabels"))
    same = {alert.labels.get("alertname", "") for alert in alerts}
    return alerts[0].labels.only(["alertname"]) if len(same) == 1 else Labels({})


def _alert(found: Any, now: datetime) -> NotifiedAlert:
    if not isinstance(found, dict) or not isinstance(found.get("labels"), dict):
        raise ValueError('an alert is an object with "labels"')
    annotations = tuple(sorted(_texts(found.get("annotations") or {}, "annotations").items()))
    starts = _time(found, "startsAt") or now
    return NotifiedAlert(
        Labels(_texts(found["labels"], "labels")),
        Annotations(expanded=annotations),
        starts,
        _end(found, now),
        str(found.get("generatorURL") or ""),
    )


def _end(found: Json, now: datetime) -> datetime | None:
    ends = _time(found, "endsAt")
    if found.get("status") == "firing":
        return None
    if found.get("status") == "resolved":
        return ends or now
    return ends if ends is not None and ends <= now else None


def _time(found: Json, name: str) -> datetime | None:
    text = str(found.get(name) or ZERO_TIME)
    if text == ZERO_TIME:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{name}": {text!r} is not a time as in 2026-01-31T12:00:00Z') from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _texts(found: Any, name: str) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise ValueError(f'"{name}" is an object of texts')
    return found
