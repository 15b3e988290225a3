"""Storms: when too many groups wait for one destination, one message tells of all of them.

A storm is told when more than `MANY` groups would be left waiting after what the bucket holds, or when any of several has
waited for `LONG`. Its message stands for a message of each group: whoever accepts it has been told of all of them, each group's
ledger says so, and each group's end is told, by itself or together with others.

Only groups of which the destination knows nothing are told together, and those that it knows from the storm. A group that has
had a message of its own goes on by itself, for services that keep an incident for each group would not know that its end is
meant. For the same reason a storm has an end of its own, told when all its groups are over or have had a message of their own.

A storm is kept as a ledger of its own, in the group `STORM`: firing are the ids of the groups it told of, unsure of those that
it may have, resolved those among them that are over or have had their own. An attempt to tell it is not kept; it is made of the
rows that are. When it fails, or the process is killed, these wait again, and what is then the truth is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

from evaluator.core.journal import Journal
from evaluator.core.labels import ALERT_NAME, Labels
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

    fresh: ids of the groups that the destination hears of for the first time.
    """

    row: OutboxRecord
    rows: tuple[str, ...]
    ends: bool
    fresh: frozenset[str]


class Storms:
    """What destinations were told together. Names are those of integrations. external_url: where people can see it all."""

    def __init__(self, journal: Journal) -> None:
        self.external_url = ""
        self._journal = journal
        self._told: dict[str, LedgerRecord] = {}
        self._flying: dict[str, Flight] = {}
        self._end_at: dict[str, datetime] = {}

    @property
    def names(self) -> frozenset[str]:
        """The integrations that know of a storm."""
        return frozenset(self._told)

    def members(self, name: str) -> frozenset[str]:
        """Ids of the groups that this integration knows from its storm alone."""
        told = self._told.get(name)
        return told.owed.difference(told.resolved) if told is not None else frozenset()

    def over(self, name: str) -> bool:
        """Whether the end of a storm is to be told, and nothing is being told of it."""
        return name in self._told and not self.members(name) and not self._flies(name)

    def not_before(self, name: str, now: datetime) -> datetime:
        """When the end of a storm may be told: `now`, or later when it was refused."""
        return max(now, self._end_at.get(name, now))

    def refused_end(self, name: str, again: datetime) -> None:
        """The end was told, and not accepted; it is told again, no sooner than that."""
        self._end_at[name] = again

    def _flies(self, name: str) -> bool:
        return any(flight.row.integration == name for flight in self._flying.values())

    # -- telling ------------------------------------------------------------------------------------------------------

    def breaks(self, name: str, rows: Collection[OutboxRecord], left: int, now: datetime) -> bool:
        """Whether these rows, that wait for one destination, are to be told together. left: what its bucket holds."""
        if self._flies(name):
            return False
        late = len(rows) > 1 and any(now - row.notification.at >= LONG for row in rows)
        return len(rows) - left > MANY or late

    def tell(self, name: str, rows: Sequence[OutboxRecord], now: datetime) -> OutboxRecord:
        """The message that stands for these rows, or for the end of the storm where there are none; it is under way now."""
        firing = frozenset(row.group for row in rows if row.notification.firing)
        told = self._told.get(name) or LedgerRecord(STORM, name, now)
        left = self.members(name).difference(row.group for row in rows) | firing
        message = _message(name, rows, left, told, now, self.external_url)
        ident = sha256(f"{STORM}\n{name}\n{now.isoformat()}".encode()).hexdigest()[:16]
        row = OutboxRecord(ident, STORM, message.receiver, name, message, now)
        self._flying[ident] = Flight(row, tuple(one.id for one in rows), not left, firing - told.owed)
        self._keep(replace(told, unsure=_sorted((firing - frozenset(told.firing)).union(told.unsure))))
        return row

    def landed(self, ident: str) -> Flight | None:
        """What was under way with this id has been answered; None when it was no storm."""
        return self._flying.pop(ident, None)

    # -- what is known ------------------------------------------------------------------------------------------------

    def joined(self, flight: Flight, firing: Iterable[str], receipt: Pairs) -> None:
        """A storm's message was accepted. firing: ids of the groups that it told as firing."""
        name = flight.row.integration
        told = self._told.get(name)
        if told is None:
            return  # a reload took the destination away
        if flight.ends:
            self.forget(name)
            return
        sure = frozenset(firing)
        self._keep(
            replace(
                told,
                firing=_sorted(sure.union(told.firing)),
                unsure=_sorted(frozenset(told.unsure) - sure),
                resolved=_sorted(frozenset(told.resolved) - sure),
                receipt=receipt,
            )
        )

    def refused(self, flight: Flight) -> None:
        """A storm's message was not accepted: what it told for the first time is not known after all."""
        told = self._told.get(flight.row.integration)
        if told is None:
            return
        self._keep(replace(told, unsure=_sorted(frozenset(told.unsure) - flight.fresh)))
        if not self._told[told.integration].owed:
            self.forget(told.integration)

    def left(self, name: str, group: str) -> bool:
        """A group is over, or has had a message of its own; gives whether the storm is over with that."""
        if group not in self.members(name):
            return False
        told = self._told[name]
        self._keep(replace(told, resolved=_sorted({*told.resolved, group})))
        return not self.members(name)

    def forget(self, name: str) -> None:
        """Nobody needs to hear of this storm any more."""
        self._end_at.pop(name, None)
        told = self._told.pop(name, None)
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
    name: str, rows: Sequence[OutboxRecord], left: Collection[str], told: LedgerRecord, now: datetime, url: str
) -> Notification:
    receiver, _, integration = name.rpartition("/")
    own = Labels({ALERT_NAME: NAME, "severity": "critical", "receiver": receiver, "integration": integration})
    alert = NotifiedAlert(
        own,
        Annotations(expanded=(("summary", _summary(len(left))), ("description", _description(name, rows)))),
        told.told_at,
        None if left else now,
        f"{url}/?receiver={quote(receiver)}" if url else "",
    )
    return Notification(receiver, name, f"{{}}:{own}", own.only([ALERT_NAME]), REASON, (alert,), now, told.receipt)


def _summary(left: int) -> str:
    if not left:
        return "All alert groups that were told together are over, or have been told by themselves since"
    return f"{left} alert groups fire" if left > 1 else "One alert group fires"


def _description(name: str, rows: Sequence[OutboxRecord]) -> str:
    """The groups of the rows by name, the newest first."""
    begun = [row for row in rows if row.notification.firing]
    begun.sort(key=lambda row: max(alert.starts_at for alert in row.notification.firing), reverse=True)
    ended = [row for row in rows if not row.notification.firing]
    lines = [f"More at once than {name} may be told one by one."] if rows else []
    return "\n".join([*lines, *_listed("Firing", begun), *_listed("Over", ended)])


def _listed(title: str, rows: Sequence[OutboxRecord]) -> list[str]:
    if not rows:
        return []
    newest = f", the {NAMED} newest" if len(rows) > NAMED else ""
    more = [f"and {len(rows) - NAMED} more"] if len(rows) > NAMED else []
    return [f"{title}: {len(rows)}{newest}", *(_named(row.notification) for row in rows[:NAMED]), *more]


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
