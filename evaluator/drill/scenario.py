"""A scenario as values: a configuration, what happens when, and what which receiver is then to be told.

Instants are counted from the scenario's beginning, so that the same scenario can be played in virtual time, in real time, and
to another Alertmanager.
"""

from __future__ import annotations

from dataclasses import field, replace
from datetime import UTC, datetime, timedelta

from evaluator.config.nodes import Table
from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels, Matcher
from evaluator.core.records import Pairs
from evaluator.core.settings import Settings

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
NOWHERE = Position("")


@frozen
class Configuration:
    """A configuration and the mapping that it was read from; None when it is a file of its own."""

    settings: Settings
    written: Table | None = None


# -- what happens ---------------------------------------------------------------------------------------------------------


@frozen
class GivenAlert:
    """An alert as somebody posts it. Times that are None are not sent."""

    labels: Labels
    annotations: Pairs = ()
    starts: timedelta | None = None
    ends: timedelta | None = None


@frozen
class Post:
    """Somebody posts alerts."""

    alerts: tuple[GivenAlert, ...]


@frozen
class SetSilence:
    """Somebody sets a silence, or edits the one that has this name in the scenario."""

    name: str
    matchers: tuple[Matcher, ...]
    starts: timedelta
    ends: timedelta
    created_by: str
    comment: str


@frozen
class ExpireSilence:
    """Somebody ends the silence of this name."""

    name: str


@frozen
class Reload:
    """The configuration is read anew, and is now this."""

    configuration: Configuration


@frozen
class Answering:
    """How a receiver answers from now on: after a while, with a status; or to nobody, ever.

    until: from when on it answers 200 at once again; None is for good.
    """

    integration: str
    status: int = 200
    takes: timedelta = timedelta(0)
    hangs: bool = False
    retry_after: int | None = None
    until: timedelta | None = None


@frozen
class FoundSeries:
    """One series that a rule's query finds."""

    labels: Labels
    value: float = 1.0


@frozen
class Finding:
    """What the query of the rules with this alert name finds from now on. error: it fails instead, and why."""

    rule: str
    series: tuple[FoundSeries, ...] = ()
    error: str = ""


@frozen
class Kill:
    """The process is killed in the middle of whatever it does."""


@frozen
class Stop:
    """The process is told to end."""


@frozen
class Start:
    """The process is started again."""


Deed = Post | SetSilence | ExpireSilence | Reload | Answering | Finding | Kill | Stop | Start


@frozen
class Action:
    """Something that happens at an instant."""

    at: timedelta
    deed: Deed


# -- what is wanted -------------------------------------------------------------------------------------------------------


@frozen
class WantedAlert:
    """An alert as a notification is to tell of it. What is None does not matter."""

    labels: Labels
    firing: bool = True
    annotations: Pairs | None = None
    starts: timedelta | None = None
    ends: timedelta | None = None


@frozen
class Want:
    """A notification that is to come between two instants, both included; they are the same for an exact one.

    reason: why it is sent, in the evaluator's words; empty when it does not matter.
    """

    integration: str
    first: timedelta
    last: timedelta
    alerts: tuple[WantedAlert, ...]
    reason: str = ""
    position: Position = field(default=NOWHERE, compare=False)


@frozen
class Quiet:
    """A time in which an integration is to be told nothing, from its first instant to just before its last."""

    integration: str
    first: timedelta
    last: timedelta
    position: Position = field(default=NOWHERE, compare=False)


@frozen
class Wants:
    """All that is to come; whatever comes beside it is too much."""

    notifications: tuple[Want, ...] = ()
    quiet: tuple[Quiet, ...] = ()


@frozen
class ShownAlert:
    """An alert as the API is to show it, and whether it is muted."""

    labels: Labels
    silenced: bool = False
    inhibited: bool = False


@frozen
class Show:
    """All alerts that the API is to show at an instant."""

    at: timedelta
    alerts: tuple[ShownAlert, ...]
    position: Position = field(default=NOWHERE, compare=False)


# -- the whole ------------------------------------------------------------------------------------------------------------


@frozen
class Peer:
    """What a real Alertmanager has to do with a scenario. since: the first version that can play it. never: why none can."""

    since: tuple[int, ...] = ()
    never: str = ""


@frozen
class Scenario:
    """A scenario file. start: of its clock; `fixed` when the file says it, so that no other will do. until: when it ends.

    departs: names and why, where the evaluator means to do otherwise than Alertmanager; of_alertmanager: what that would tell.
    switched: whether `compatibility: alertmanager` brings that back.
    """

    name: str
    file: str
    configuration: Configuration
    actions: tuple[Action, ...]
    wants: Wants
    until: timedelta
    start: datetime = BEGINNING
    fixed: bool = False
    shows: tuple[Show, ...] = ()
    departs: Pairs = ()
    of_alertmanager: Wants | None = None
    switched: bool = True
    peer: Peer = Peer()

    @property
    def theirs(self) -> Wants:
        """What an Alertmanager would tell."""
        return self.wants if self.of_alertmanager is None else self.of_alertmanager

    def compatible(self) -> Scenario:
        """The same with `compatibility: alertmanager` in every configuration, and what is wanted then."""
        actions = tuple(replace(action, deed=_compatible_deed(action.deed)) for action in self.actions)
        return replace(self, configuration=_compatible(self.configuration), actions=actions, wants=self.theirs)


def _compatible_deed(deed: Deed) -> Deed:
    return replace(deed, configuration=_compatible(deed.configuration)) if isinstance(deed, Reload) else deed


def _compatible(configuration: Configuration) -> Configuration:
    return replace(configuration, settings=replace(configuration.settings, compatibility=True))
