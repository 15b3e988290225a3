"""Everything that can happen to the machine. The counterpart is `effects`: everything that it can ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from evaluator.core.evaluation.answers import Failure, Histogram
from evaluator.core.frozen import frozen
from evaluator.core.incidents.actions import Acted
from evaluator.core.incidents.records import MaintenanceRecord
from evaluator.core.labels import Labels
from evaluator.core.limits import Limit
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.oncall.oncall import Override
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.records import Pairs
from evaluator.core.settings import Settings


@frozen
class Observation:
    """One series of an answer after the rule's labels were applied.

    series: the series' own labels, for `$labels`. annotations: texts that had to be made in this slot; None: later.
    """

    series: Labels
    value: float
    histogram: Histogram | None = None
    annotations: Pairs | None = None


@frozen
class TimerFired:
    """`Machine.next_timer` has come, or something else woke the world: do whatever is due."""


@frozen
class QueryReturned:
    """A `RunQuery` was answered. observed: identity -> observation. partial: an absent series proves nothing.

    seconds: of the request, or its share of those when it answered several rules, of which there are `shared`.
    """

    rule: str
    slot: datetime
    observed: Mapping[Labels, Observation]
    partial: bool = False
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    shared: int = 1


@frozen
class QueryFailed:
    """A `RunQuery` gave no usable answer."""

    rule: str
    slot: datetime
    failure: Failure


@frozen
class RangeReturned:
    """A `RunRange` was answered. observed, failed: by slot, what was found, or why nothing is known; at all others nothing was.

    partial, seconds, warnings, shared: as in `QueryReturned`, of every slot; seconds is the average of one.
    """

    rule: str
    last: datetime
    observed: Mapping[datetime, Mapping[Labels, Observation]]
    failed: Mapping[datetime, Failure]
    partial: bool = False
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    shared: int = 1


@frozen
class RangeFailed:
    """A `RunRange` gave no usable answer for any of its slots."""

    rule: str
    last: datetime
    failure: Failure


@frozen
class Delivered:
    """A `Deliver` was accepted. receipt: what the provider says the message is called."""

    outbox: str
    receipt: Pairs = ()


@frozen
class DeliveryFailed:
    """A `Deliver` was not accepted. permanent: trying the same again is no use. retry_after: seconds asked for.

    unknown: the request went out and no answer came, so the receiver may have taken it all the same.
    """

    outbox: str
    error: str
    permanent: bool = False
    retry_after: float | None = None
    unknown: bool = False


@frozen
class Forwarded:
    """An Alertmanager, named by the URL of its alerts, accepted what was forwarded to it."""

    alertmanager: str


@frozen
class ForwardingFailed:
    """An Alertmanager did not accept what was forwarded to it; the same will not be tried again."""

    alertmanager: str
    error: str


@frozen
class AlertsPosted:
    """Somebody posted alerts, all of them valid. invalid: how many others came with them and were turned away."""

    alerts: tuple[PostedAlert, ...] = field(repr=False)
    invalid: int = 0


@frozen
class SilenceSet:
    """Somebody made a silence, or edited the one whose id it has; it was found to be possible.

    fresh_id: what it is called if it becomes a new one; empty for an id that follows from what it says.
    """

    silence: Silence
    fresh_id: str = ""


@frozen
class SilenceExpired:
    """Somebody ended a silence. by: who, if they said so."""

    id: str
    by: str = ""


@frozen
class WindowSet:
    """Somebody made a maintenance window, or edited the one whose id it has; it was found to be possible."""

    window: Window


@frozen
class WindowEnded:
    """Somebody ended a maintenance window. by: who, if they said so."""

    id: str
    by: str = ""


@frozen
class Refused:
    """Something was refused at the door because of a limit. detail: what and whose, for people. count: how many of it."""

    limit: Limit
    detail: str
    count: int = 1


@frozen
class MaintenanceSet:
    """Somebody began or planned maintenance, or edited the one whose id it has."""

    maintenance: MaintenanceRecord


@frozen
class MaintenanceEnded:
    """Somebody ended a maintenance, or took back one that was planned."""

    id: str


@frozen
class OverrideSet:
    """Somebody takes over from somebody else for a while; it was found to be possible."""

    override: OverrideRecord


@frozen
class OverrideEnded:
    """Somebody took an override back."""

    id: str


@frozen
class CalendarRead:
    """The calendar of a layer of a schedule was read. layer: its number, from 1. shifts: of weeks that are past and to come.

    strangers: titles of events that name nobody who is known.
    """

    schedule: str
    layer: int
    source: str
    shifts: tuple[Override, ...] = field(repr=False)
    strangers: tuple[str, ...] = ()


@frozen
class CalendarUnread:
    """The calendar of a layer of a schedule could not be read; what was read before goes on to count."""

    schedule: str
    layer: int
    error: str


@frozen
class Reloaded:
    """A new configuration was read and found good."""

    settings: Settings = field(repr=False)


Event = (
    TimerFired
    | QueryReturned
    | QueryFailed
    | RangeReturned
    | RangeFailed
    | Delivered
    | DeliveryFailed
    | Forwarded
    | ForwardingFailed
    | AlertsPosted
    | SilenceSet
    | SilenceExpired
    | WindowSet
    | WindowEnded
    | Refused
    | Acted
    | MaintenanceSet
    | MaintenanceEnded
    | OverrideSet
    | OverrideEnded
    | CalendarRead
    | CalendarUnread
    | Reloaded
)
