"""Why an alert was, or was not, told to whom, and when it is told next: the answer, as values.

`explaining` finds it, `explanation_texts` tells it in sentences, the API gives it as JSON. Times are instants in UTC; a time
that does not apply is None.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from evaluator.core.evaluation.rules import Position
from evaluator.core.explaining.rehearsal import Outlook
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.muting.muting import MuteKind
from evaluator.core.muting.silence import Silence
from evaluator.core.records import Decision
from evaluator.core.routing.route_paths import RoutePath


class Standing(StrEnum):
    """Where an alert is in its life. GONE: nothing is left of it but what the history says."""

    FIRING = "firing"
    PENDING = "pending"
    RESOLVED = "resolved"
    GONE = "gone"


class Asserter(StrEnum):
    """What kind of source says that an alert fires."""

    RULE = "rule"
    POSTED = "posted"
    BUILT_IN = "built-in"


class Tick(StrEnum):
    """Why a group is considered next. HOUR: nothing has changed, but a time interval begins or ends by then."""

    WAIT = "group_wait"
    INTERVAL = "group_interval"
    HOUR = "time interval"


@frozen
class Source:
    """Who asserts an alert, or is about to. key: of the rule, else as the alert's record has it.

    name, group, position: of the rule, where it is known. error: why its last evaluation failed, which leaves the alert as it
    was. absent_since, kept_until: while `keep_firing_for` keeps it: since which slot the expression has not given it, and until
    which slot it is kept if that goes on. over_at: of a posted alert, when it is over if nobody posts it again.
    """

    kind: Asserter
    key: str
    name: str = ""
    group: str = ""
    position: Position | None = None
    error: str = ""
    absent_since: datetime | None = None
    kept_until: datetime | None = None
    over_at: datetime | None = None


@frozen
class Pending:
    """A rule that waits for `for` to pass. fires_at: the slot in which it will have, if every answer holds the alert."""

    source: Source
    since: datetime
    fires_at: datetime


@frozen
class MuteStory:
    """Something that mutes an alert on a route now.

    names: of intervals, ids of silences, or the inhibition rule. until: when that ends by the clock; None for an inhibition,
    and for what ends in years or never. silences: those that mute it. inhibitor: the source alert.
    """

    kind: MuteKind
    names: tuple[str, ...]
    until: datetime | None = None
    silences: tuple[Silence, ...] = ()
    inhibitor: Labels | None = None


@frozen
class Undelivered:
    """A notification that was decided and is not accepted. tells: whether it speaks of the alert. reason: of its decision.

    attempts: failed so far. under_way: an attempt is being made. retry_at: when the same is tried again; None while an attempt
    is under way, and where `permanent`: then the next flush decides anew. paced: it waits for its turn, at `retry_at` or later.
    """

    reason: str
    tells: bool
    since: datetime
    attempts: int
    error: str
    under_way: bool
    permanent: bool
    retry_at: datetime | None
    paced: bool = False


class Told(StrEnum):
    """What an integration was last told of an alert. NEVER: nothing that it remembers."""

    FIRING = "firing"
    RESOLVED = "resolved"
    NEVER = "never"


@frozen
class IntegrationStory:
    """One integration and one alert.

    told: of the alert, at `told_at`, when the group was last told. held: it was told as firing, and has been muted since.
    decision: what the last flush since the start decided. repeat_at: when its repeat timer is due.
    """

    name: str
    send_resolved: bool
    told: Told
    told_at: datetime | None
    held: bool
    decision: Decision | None
    undelivered: Undelivered | None
    repeat_at: datetime | None
    outlook: Outlook


@frozen
class GroupStory:
    """The group that holds the alert, or will. firing, resolved: how many alerts. member: whether it is in it already.

    ended_why: set when the alert counts as ended in this group although it may go on elsewhere.
    considered_at: the next tick that is waited for, and `tick` why it is then.
    """

    id: str
    key: str
    labels: Labels
    created_at: datetime
    firing: int
    resolved: int
    member: bool
    ended_why: str
    considered_at: datetime | None
    tick: Tick | None
    integrations: tuple[IntegrationStory, ...]


@frozen
class RouteStory:
    """A route that the alert takes. path: None where no route leads any more, and the group is about to say goodbye.

    sends: whether the receiver has an integration. mutes: all that mute the alert here, the reason that is given first.
    group_key: of the alert's group; group: None while there is none. earliest: of a pending alert, when it is first told if it
    fires and nothing mutes it.
    """

    path: RoutePath | None
    receiver: str
    sends: bool
    mutes: tuple[MuteStory, ...]
    group_id: str
    group_key: str
    group: GroupStory | None
    earliest: datetime | None = None


@frozen
class Explanation:
    """Everything about one alert at the instant `at`.

    since: of its standing: began to fire, became pending, was over. sources: who asserts it. pending: rules that are about to.
    why: for a resolved alert, why, when it was not simply over. lifted: silences that muted it and that somebody ended early.
    """

    at: datetime
    fingerprint: str
    labels: Labels
    standing: Standing
    since: datetime | None
    sources: tuple[Source, ...]
    pending: tuple[Pending, ...]
    why: str
    routes: tuple[RouteStory, ...]
    lifted: tuple[Silence, ...] = ()
