"""Whether a posted alert can be taken in, and if not why: names that the mode allows, times in order, sizes within limits.

An alert that is known is never refused for its size: who was told that it fires would else be told that it is over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from evaluator.api.view import View
from evaluator.core.labels import ALERT_NAME
from evaluator.core.limits import Limit, Limits
from evaluator.core.matchers import MatcherMode
from evaluator.core.posted.posting import PostedAlert, claimed
from evaluator.core.settings import Settings

_CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
SHOWN = 64
"""Characters of a name that are shown to whoever posted it."""


class Objection(NamedTuple):
    """Why an alert is not taken in, in Alertmanager's words where it has some. limit: the one that it exceeds."""

    text: str
    limit: Limit | None = None


def objection(alert: PostedAlert, view: View, now: datetime) -> Objection | None:
    """What speaks against an alert; None when it can be taken in."""
    settings = view.settings
    wrong = disorder(alert, settings, now) or _misnamed(alert, settings.matcher_mode)
    if wrong is not None or view.machine.alerts.get(alert.labels.fingerprint) is not None:
        return wrong
    return next(_excesses(alert, settings.limits), None)


def disorder(alert: PostedAlert, settings: Settings, now: datetime) -> Objection | None:
    """An end before the start."""
    starts_at, ends_at = alert.starts_at, alert.ends_at
    if starts_at is not None and ends_at is not None and starts_at <= ends_at:
        return None
    period = claimed(alert, now, settings.resolve_timeout)
    return Objection("start time must be before end time") if period.ends_at < period.starts_at else None


def _misnamed(alert: PostedAlert, mode: MatcherMode) -> Objection | None:
    if not alert.labels:
        return Objection("at least one label pair required")
    classic = mode is MatcherMode.CLASSIC
    for kind, names in (("label set", alert.labels), ("annotations", (name for name, _ in alert.annotations))):
        for name in names:
            if not name or (classic and not _CLASSIC_NAME.fullmatch(name)):
                return Objection(f'invalid {kind}: invalid name "{name}"')
    return None


def _excesses(alert: PostedAlert, limits: Limits) -> Iterator[Objection]:
    """Every limit that the alert exceeds."""
    if 0 < limits.labels_per_alert < len(alert.labels):
        yield _excess(alert, f"it has {len(alert.labels)} labels", Limit.LABELS_PER_ALERT, limits.labels_per_alert)
    for name, value in alert.labels.items():
        if 0 < limits.label_name_length < (size := _size(name)):
            what = f"label {_cut(name)}: the name has {size} bytes"
            yield _excess(alert, what, Limit.LABEL_NAME_LENGTH, limits.label_name_length)
        if 0 < limits.label_value_length < (size := _size(value)):
            what = f"label {_cut(name)}: the value has {size} bytes"
            yield _excess(alert, what, Limit.LABEL_VALUE_LENGTH, limits.label_value_length)
    if 0 < limits.annotation_size < (size := sum(map(_sizes, alert.annotations))):
        yield _excess(alert, f"its annotations have {size} bytes", Limit.ANNOTATION_SIZE, limits.annotation_size)


def _excess(alert: PostedAlert, what: str, limit: Limit, most: int) -> Objection:
    which = _cut(alert.labels.get(ALERT_NAME, ""))
    return Objection(f"alert {which}: {what}, and limits.{limit} allows {most}", limit)


def _sizes(texts: Iterable[str]) -> int:
    return sum(map(_size, texts))


def _size(text: str) -> int:
    """In bytes of UTF-8, which can be no more than four times the characters."""
    return len(text) if text.isascii() else len(text.encode())


def _cut(name: str) -> str:
    return f'"{name}"' if len(name) <= SHOWN else f'"{name[:SHOWN]}…"'
