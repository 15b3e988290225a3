"""Storms: when too many groups wait for one destination, one message tells of all of them.

A storm is told when more than `MANY` groups would be left waiting after what the bucket holds, or when any of several has
waited for `LONG`. Its message stands for a message of each group: whoever accepts it has been told of all of them, each group's
ledger says so, and each group's end is told, by itself or together with others.

Only groups of which the destination knows nothing are told together, and those that it knows from the storm. A group that has
had a message of its own goes on by itself, for services that keep an incident for each group would not know that its end is
meant. For the same reason a storm has an end of its own, told when all its groups are over or have had a message of their own.

Who reads a message in one place is told once, whichever integrations would have told it: groups of all those that waited are
named. The message goes by one of them; when it is refused, by the next one.

A storm is kept as a ledger of its own, in the group `STORM`, under its place: firing are the members that it told of, unsure
those that it may have, resolved those among them that are over or have had their own. A member is a group as one integration
knows it. An attempt to tell a storm is not kept; it is made of the rows that are. When it fails, or the process is killed,
these wait again, and what is then the truth is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

from evaluator.core.journal import Journal
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.notifying.destinations import Destinations
from evaluator.core.records import Annotations, LedgerRecord, Notification, NotifiedAlert, OutboxRecord, Pairs

MANY = 5
"""Groups that may be left waiting."""

LONG = timedelta(seconds=30)
"""How long several groups may wait."""

NAMED = 10
"""Groups that a message names, of those that fire and of those that are over."""

LONGEST_VALUE = 100

STORM, NAME = "storm", "AlertStorm"
REASON = "too many to tell one by one"


@dataclass(slots=True)
class Flight:
    """A storm's message under way. rows: ids of those that it stands for. ends: it tells that the storm is over.

    firing: the members that it tells as firing. fresh: those of them that the place hears of for the first time.
    """

    place: str
    row: OutboxRecord
    rows: tuple[str, ...]
    ends: bool
    firing: frozenset[str]
    fresh: frozenset[str]


def member(lane: str, group: str) -> str:
    """What a storm calls a group of which it told this lane."""
    return f"{group}\n{lane}"


class Storms:
    """What was told together, by the places where it is read. external_url: where people can see it all."""

    def __init__(self, journal: Journal) -> None:
        self.external_url = ""
        self._journal = journal
        self._told: dict[str, LedgerRecord] = {}
        self._flying: dict[str, Flight] = {}
        self._end_at: dict[str, datetime] = {}
        self._refusals: dict[str, int] = {}

    @property
    def places(self) -> frozenset[str]:
        """Where people know of a storm."""
        return frozenset(self._told)

    def members(self, place: str) -> frozenset[str]:
        """What this place knows from its storm alone."""
        told = self._told.get(place)
        return told.owed.difference(told.resolved) if told is not None else frozenset()

    def over(self, place: str) -> bool:
        """Whether the end of a storm is to be told, and nothing is being told of it."""
        return place in self._told and not self.members(place) and not self._flies(place)

    def not_before(self, place: str, now: datetime) -> datetime:
        """When the end of a storm may be told: `now`, or later when it was refused."""
        return max(now, self._end_at.get(place, now))

    def refused_end(self, place: str, again: datetime) -> None:
        """The end was told, and not accepted; it is told again, no sooner than that."""
        self._end_at[place] = again

    def _flies(self, place: str) -> bool:
        return any(flight.place == place for flight in self._flying.values())

    # -- telling ------------------------------------------------------------------------------------------------------

    def breaks(self, place: str, rows: Collection[OutboxRecord], left: int, now: datetime) -> bool:
        """Whether these rows, that wait for one place, are to be told together. left: what its bucket holds."""
        if self._flies(place):
            return False
        late = len(rows) > 1 and any(now - row.notification.at >= LONG for row in rows)
        return len(rows) - left > MANY or late

    def tell(self, place: str, known: Destinations, rows: Sequence[OutboxRecord], now: datetime) -> OutboxRecord:
        """The message that stands for these rows, or for the end of the storm where there are none; it is under way now."""
        firing = frozenset(member(row.integration, row.group) for row in rows if row.notification.firing)
        told = self._told.get(place) or LedgerRecord(STORM, place, now)
        left = self.members(place).difference(member(row.integration, row.group) for row in rows) | firing
        lanes = (() if left else known.ends(place)) or known.lanes(place)
        lane = lanes[self._refusals.get(place, 0) % len(lanes)]
        message = _message(lane, rows, left, told, now, self.external_url)
        ident = sha256(f"{STORM}\n{place}\n{now.isoformat()}".encode()).hexdigest()[:16]
        row = OutboxRecord(ident, STORM, message.receiver, lane, message, now)
        self._flying[ident] = Flight(place, row, tuple(one.id for one in rows), not left, firing, firing - told.owed)
        self._keep(replace(told, unsure=_sorted((firing - frozenset(told.firing)).union(told.unsure))))
        return row

    def landed(self, ident: str) -> Flight | None:
        """What was under way with this id has been answered; None when it was no storm."""
        return self._flying.pop(ident, None)

    # -- what is known ------------------------------------------------------------------------------------------------

    def joined(self, flight: Flight, firing: Iterable[str], receipt: Pairs) -> None:
        """A storm's message was accepted. firing: the members that it told as firing and that are still to be found there."""
        told = self._told.get(flight.place)
        if told is None:
            return  # a reload took the destination away
        if flight.ends:
            self.forget(flight.place)
            return
        sure = frozenset(firing)
        self._keep(
            replace(
                told,
                firing=_sorted(sure.union(told.firing)),
                unsure=_sorted(frozenset(told.unsure) - flight.firing),
                resolved=_sorted(frozenset(told.resolved) - sure),
                receipt=receipt,
            )
        )

    def refused(self, flight: Flight, unknown: bool) -> None:
        """A storm's message was not accepted, and the next one goes another way.

        What it told for the first time is not known after all, unless it may have arrived.
        """
        self._refusals[flight.place] = self._refusals.get(flight.place, 0) + 1
        told = self._told.get(flight.place)
        if told is None or unknown:
            return
        self._keep(replace(told, unsure=_sorted(frozenset(told.unsure) - flight.fresh)))
        if not self._told[flight.place].owed:
            self.forget(flight.place)

    def left(self, place: str, known_as: str) -> bool:
        """A member is over, or has had a message of its own; gives whether the storm is over with that."""
        if known_as not in self.members(place):
            return False
        told = self._told[place]
        self._keep(replace(told, resolved=_sorted({*told.resolved, known_as})))
        return not self.members(place)

    def forget(self, place: str) -> None:
        """Nobody needs to hear of this storm any more."""
        self._end_at.pop(place, None)
        told = self._told.pop(place, None)
        if told is not None:
            self._journal.forget(LedgerRecord, told.key)

    def restore(self, told: LedgerRecord) -> None:
        """Take a storm back from the store."""
        self._told[told.integration] = told

    def _keep(self, told: LedgerRecord) -> None:
        self._told[told.integration] = told
        self._journal.save(told)


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _message(
    lane: str, rows: Sequence[OutboxRecord], left: Collection[str], told: LedgerRecord, now: datetime, url: str
) -> Notification:
    """What is told by `lane`. Its key and its labels are those of the place, so that they outlast a reload of receivers."""
    receiver, _, integration = lane.rpartition("/")
    kind = integration.partition("[")[0]
    own = Labels({ALERT_NAME: NAME, "severity": "critical", "integration": kind})
    receivers = sorted({row.receiver for row in rows})
    alert = NotifiedAlert(
        own,
        Annotations(expanded=(("summary", _summary(_groups(left))), ("description", _description(rows, receivers)))),
        told.told_at,
        None if left else now,
        _link(url, receivers or [receiver]),
    )
    key = f'{{}}:{{{ALERT_NAME}="{NAME}", destination="{told.integration}"}}'
    return Notification(receiver, lane, key, own.only([ALERT_NAME]), REASON, (alert,), now, told.receipt)


def _link(url: str, receivers: Sequence[str]) -> str:
    """To the wall; it shows what one receiver is told, or all."""
    if not url:
        return ""
    return f"{url}/?receiver={quote(receivers[0])}" if len(receivers) == 1 else f"{url}/"


def _groups(members: Iterable[str]) -> int:
    """How many groups these members are; two receivers may know the same one."""
    return len({known_as.rpartition("\n")[0] for known_as in members})


def _summary(left: int) -> str:
    if not left:
        return "All alert groups that were told together are over, or have been told by themselves since"
    return f"{left} alert groups fire" if left > 1 else "One alert group fires"


def _description(rows: Sequence[OutboxRecord], receivers: Sequence[str]) -> str:
    """The groups of the rows by name, the newest first; for whom, where that is not the same for all."""
    if not rows:
        return ""
    rows = list({row.group: row for row in reversed(rows)}.values())[::-1]
    begun = [row for row in rows if row.notification.firing]
    begun.sort(key=lambda row: max(alert.starts_at for alert in row.notification.firing), reverse=True)
    ended = [row for row in rows if not row.notification.firing]
    several = len(receivers) > 1
    lines = [f"More at once than {_all_of(receivers)} may be told one by one."]
    return "\n".join([*lines, *_listed("Firing", begun, several), *_listed("Over", ended, several)])


def _all_of(names: Sequence[str]) -> str:
    """`a`, `a and b`, or `a, b, … and 7 more`."""
    shown = [_short(name) for name in names[:NAMED]]
    last = f"{len(names) - NAMED} more" if len(names) > NAMED else shown.pop()
    return f"{', '.join(shown)} and {last}" if shown else last


def _listed(title: str, rows: Sequence[OutboxRecord], several: bool) -> list[str]:
    if not rows:
        return []
    newest = f", the {NAMED} newest" if len(rows) > NAMED else ""
    more = [f"and {len(rows) - NAMED} more"] if len(rows) > NAMED else []
    named = (_named(row.notification) + (f", for {_short(row.receiver)}" if several else "") for row in rows[:NAMED])
    return [f"{title}: {len(rows)}{newest}", *named, *more]


def _named(message: Notification) -> str:
    labels = ", ".join(f"{name}={_short(value)}" for name, value in message.group_labels.items()) or "all alerts of a route"
    firing = message.firing
    if not firing:
        return f"- {labels}"
    count = "" if len(firing) == 1 else f", {len(firing)} alerts"
    return f"- {labels}{count}, since {min(alert.starts_at for alert in firing):%Y-%m-%d %H:%M:%S} UTC"


def _short(value: str) -> str:
    """A label's value in one line that leaves room for others."""
    line = " ".join(value[: 2 * LONGEST_VALUE].split())
    return line if len(line) <= LONGEST_VALUE else line[: LONGEST_VALUE - 1] + "…"
