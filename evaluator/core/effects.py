"""Everything that the machine can ask of the world. The counterpart is `events`: everything that can happen to it.

`RunQuery`, `RunRange` and `Deliver` are answered by exactly one event each, time-outs included. `Forward` fills queues, of
which each post that is made gives one event. `Save`, `Forget` and `Note` are written
in one transaction before any of the others is performed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, History, OutboxRecord, Record


@frozen
class RunQuery:
    """Evaluate a rule. slot: the evaluation's time; at: the time to query at, which is the slot less the query offset."""

    rule: str
    group: str
    datasource: str
    slot: datetime
    at: datetime


@frozen
class RunRange:
    """Evaluate a rule at every slot from `first` to `last`, `interval` apart; at each, query as of `offset` before it."""

    rule: str
    group: str
    datasource: str
    first: datetime
    last: datetime
    interval: timedelta
    offset: timedelta


@frozen
class Deliver:
    """Hand a notification to its receiver, once."""

    row: OutboxRecord


@frozen
class ForwardedAlert:
    """An alert as an Alertmanager is told of it. ends_at: when it was over, or when it is unless it is told again."""

    labels: Labels
    annotations: Annotations
    starts_at: datetime
    ends_at: datetime
    generator_url: str = ""


@frozen
class Forward:
    """Put these alerts into the queue of every Alertmanager that alerts are forwarded to."""

    alerts: tuple[ForwardedAlert, ...]


@frozen
class Save:
    """Keep a record, in place of the one with the same kind and key."""

    record: Record


@frozen
class Forget:
    """Drop the record of that kind with that key; nothing happens when there is none."""

    kind: type[Record]
    key: tuple[str, ...]


@frozen
class Note:
    """Append to the history, and tell logs and metrics."""

    record: History


Effect = RunQuery | RunRange | Deliver | Forward | Save | Forget | Note
