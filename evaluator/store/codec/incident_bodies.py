"""The `body` columns of what is kept of incidents. See `bodies`, whose rules hold here too.

A policy is kept as the dataclasses of `core.incidents.policy` are: it is a copy of what a configuration said, deep, and nothing
reads it but the ladder that climbs by it. So to those dataclasses, too, a field is only ever added, with a default.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from evaluator.core.incidents.policy import Escalation
from evaluator.core.incidents.records import Hold, Resolution
from evaluator.core.records import Pairs
from evaluator.store.codec.bodies import Body, LabelMap, MatcherBody

_POLICIES = 256
"""How many policies are remembered by their texts. Few ladders have many incidents, and they may share one object."""

_policy = msgspec.json.Decoder(Escalation)
_encode = msgspec.json.Encoder().encode


class IncidentBody(Body, frozen=True, gc=False):
    """The rest of an `IncidentRecord`."""

    identity: str
    route: str
    labels: LabelMap
    worst: str
    seen_at: datetime
    alerts: tuple[str, ...] = ()
    component: str = ""
    level_at: datetime | None = None
    rounds: int = 0
    clock: timedelta = timedelta(0)
    running_since: datetime | None = None
    holds: tuple[Hold, ...] = ()
    exhausted_at: datetime | None = None
    ackers: tuple[str, ...] = ()
    acked_at: datetime | None = None
    acked_until: datetime | None = None
    reminded: bool = False
    by_link: bool = False
    snoozed_until: datetime | None = None
    recheck: bool = False
    resolution: Resolution | None = None
    flaps: int = 0
    previous: int | None = None
    noise: str = ""
    began_at: datetime | None = None
    turns: tuple[datetime, ...] = ()
    flapping: bool = False
    skipped: tuple[int, ...] = ()
    dismissed: tuple[str, ...] = ()
    dismissed_at: datetime | None = None
    visits: tuple[tuple[str, datetime], ...] = ()


class PageBody(Body, frozen=True, gc=False):
    """The rest of a `PageRecord`."""

    late: timedelta = timedelta(0)
    text: str = ""
    attempts: int = 0
    error: str = ""
    receipt: Pairs = ()


class MaintenanceBody(Body, frozen=True, gc=False):
    """The rest of a `MaintenanceRecord`."""

    matchers: tuple[MatcherBody, ...]


class OverrideBody(Body, frozen=True, gc=False):
    """The rest of an `OverrideRecord` and of its override."""

    reason: str = ""
    layer: int = 0
    made_at: datetime | None = None
    source: str = ""


class MomentBody(Body, frozen=True, gc=False):
    """The rest of a `Moment`."""

    source: str = ""


def from_policy(policy: Escalation) -> str:
    """The JSON of a policy."""
    return _encode(policy).decode()


@lru_cache(_POLICIES)
def to_policy(text: str) -> Escalation:
    """The policy of a JSON text, the same object for the same text. Raises msgspec.DecodeError for anything else."""
    return _policy.decode(text)
