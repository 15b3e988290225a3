"""Incidents for figures, in short: `case(1, acked="3m", over="20m")`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from evaluator.core.analytics.cases import Case, cases
from evaluator.core.durations import parse_duration
from evaluator.core.incidents.policy import Escalation
from evaluator.core.incidents.records import (
    Happening,
    IncidentRecord,
    IncidentState,
    Moment,
    PageKind,
    PageRecord,
    PageState,
    Resolution,
)
from evaluator.core.labels import Labels

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
POLICY = Escalation("ladder", ())


def after(text: str, start: datetime = MONDAY) -> datetime:
    """`5m` after the beginning."""
    return start + parse_duration(text)


def record(number: int, at: datetime = MONDAY, rule: str = "Down", **more: Any) -> IncidentRecord:
    """An open incident."""
    more = {"labels": Labels({"alertname": rule}), **more}
    opened = IncidentRecord(
        number, str(number), "route", Labels(), POLICY, "critical", "critical", IncidentState.TRIGGERED, at, at, at, title=rule
    )
    return replace(opened, **more)


def page(number: int, at: datetime, whom: str = "ana", way: str = "sms", **more: Any) -> PageRecord:
    """A page that was accepted."""
    planned = PageRecord(
        number, 1, 0, whom, way, timedelta(0), PageKind.PAGE, 0, f"person:{whom}/{way}", at, at, PageState.SENT, sent_at=at
    )
    return replace(planned, **more)


def moment(number: int, at: datetime, what: Happening, **more: Any) -> Moment:
    """A line of a timeline."""
    return replace(Moment(at, number, 1, what), **more)


def case(
    number: int,
    paged: str | None = "0s",
    acked: str | None = None,
    over: str | None = None,
    *,
    at: datetime = MONDAY,
    resolution: Resolution = Resolution.CONDITION,
    moments: Sequence[Moment] = (),
    whom: Sequence[str] = ("ana",),
    **more: Any,
) -> Case:
    """An incident with its pages, its answer and its end, each so long after its beginning."""
    lines = list(moments)
    if acked is not None:
        lines.append(moment(number, after(acked, at), Happening.ACKED, by="ana", level=0))
    if over is not None:
        over_at = after(over, at)
        more = {"state": IncidentState.RESOLVED, "resolved_at": over_at, "resolution": resolution, **more}
        lines.append(moment(number, over_at, Happening.RESOLVED))
    pages = [page(number, after(paged, at), one) for one in whom] if paged is not None else []
    (found,) = cases([record(number, at, **more)], lines, pages)
    return found
