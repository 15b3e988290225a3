"""Alerts that are asserted to people: one table, whoever asserts them.

An alert is identified by its labels, external labels included. Several sources may assert the same one (two rules, later
also other servers that post); it fires while at least one of them asserts it, and starts with the earliest. This is where
the paths of rules, built-in alerts and posted alerts (`taking`) meet; what follows, routing and grouping, does not ask where
an alert came from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from evaluator.core.frozen import frozen
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.posted.posting import SOURCE
from evaluator.core.records import AlertRecord, Annotations, NotifiedAlert

MISSED = "it fired and ended while no evaluator was there"
"""Why people hear of an alert for the first time when it is over."""


class Described(Protocol):
    """Whoever can say what an alert's annotations are at the moment."""

    @property
    def annotations(self) -> Annotations:
        """As of now."""
        ...


@frozen
class Fixed:
    """Annotations that nobody updates any more."""

    annotations: Annotations


@dataclass(slots=True, eq=False)
class Alert:
    """An asserted alert. ends_at: None while it fires. groups: ids of the alert groups that hold it.

    within: set for the copy of an alert that one group lets go while the alert itself goes on. expires_at, guessed: for a
    posted alert, when it is over if nobody posts it again, and whether nobody named that end. kept_until: once it
    has been posted again, the end that is kept, from which the true one may have moved. fingerprint: of the labels.
    """

    labels: Labels
    starts_at: datetime
    updated_at: datetime
    described: Described
    ends_at: datetime | None = None
    sources: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    generator_url: str = ""
    why: str = ""
    within: str = ""
    expires_at: datetime | None = None
    guessed: bool = False
    kept_until: datetime | None = None
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        self.fingerprint = self.labels.fingerprint

    @property
    def key(self) -> tuple[str, str]:
        """Of its record."""
        return (self.fingerprint, self.within)

    @property
    def firing(self) -> bool:
        """Whether anybody still asserts it."""
        return self.ends_at is None

    def record(self) -> AlertRecord:
        """This alert as it is kept."""
        return AlertRecord(
            self.labels,
            self.starts_at,
            self.updated_at,
            self.ends_at,
            tuple(sorted(self.sources)),
            tuple(sorted(self.groups)),
            self.described.annotations,
            self.generator_url,
            self.why,
            self.within,
            self.expires_at,
            self.guessed,
            self.kept_until is not None,
        )

    def told(self, known: bool = False) -> NotifiedAlert:
        """This alert as a notification tells of it at the moment. known: to somebody who has heard the same of it."""
        return NotifiedAlert(
            self.labels, self.described.annotations, self.starts_at, self.ends_at, self.generator_url, self.why, known
        )

    def twin(self, group: str) -> Alert:
        """The same alert, to go ways of its own, and held by one group alone."""
        return Alert(
            self.labels,
            self.starts_at,
            self.updated_at,
            self.described,
            self.ends_at,
            set(self.sources),
            {group},
            self.generator_url,
            self.why,
            self.within,
            self.expires_at,
            self.guessed,
            self.kept_until,
        )

    def ended_within(self, group: str, at: datetime, why: str) -> Alert:
        """The same alert as if it had ended at `at`, for the one group that will hear no more of it."""
        described = Fixed(self.described.annotations)
        return Alert(self.labels, self.starts_at, at, described, at, set(), {group}, self.generator_url, why, group)


class Alerts:
    """The table, by fingerprint. turnover: counts the alerts that came and went, so that lists made of it know their age."""

    def __init__(self) -> None:
        self.turnover = 0
        self._by_fingerprint: dict[str, Alert] = {}
        self._posted: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Alert]:
        return iter(self._by_fingerprint.values())

    def __len__(self) -> int:
        return len(self._by_fingerprint)

    def get(self, fingerprint: str) -> Alert | None:
        """The alert with this fingerprint, if it is here."""
        return self._by_fingerprint.get(fingerprint)

    def posted(self, name: str) -> int:
        """How many alerts with this alertname others post at the moment."""
        return self._posted[name]

    def affirm(
        self, labels: Labels, source: str, starts_at: datetime, now: datetime, described: Described, generator_url: str = ""
    ) -> Alert:
        """`source` says that this alert fires since `starts_at`. One that was over begins a new episode."""
        alert = self._by_fingerprint.get(labels.fingerprint)
        if alert is None:
            alert = Alert(labels, starts_at, now, described)
            self._enter(alert)
        elif alert.firing:
            alert.starts_at = min(alert.starts_at, starts_at)
        else:
            alert.starts_at, alert.ends_at, alert.why = starts_at, None, ""
        if source not in alert.sources:
            alert.sources.add(source)
            self._count(alert, source, 1)
        alert.updated_at, alert.described, alert.generator_url = now, described, generator_url
        return alert

    def withdraw(self, labels: Labels, source: str, ends_at: datetime, now: datetime, why: str = "") -> Alert | None:
        """`source` asserts this alert no longer; gives the alert when that ended it."""
        alert = self._by_fingerprint.get(labels.fingerprint)
        if alert is None or source not in alert.sources:
            return None
        alert.sources.discard(source)
        self._count(alert, source, -1)
        if alert.sources:
            return None
        alert.ends_at, alert.updated_at, alert.why = ends_at, now, why
        alert.described, alert.expires_at = Fixed(alert.described.annotations), None
        return alert

    def restore(self, record: AlertRecord) -> Alert:
        """Take an alert back from the store."""
        alert = Alert(
            record.labels,
            record.starts_at,
            record.updated_at,
            Fixed(record.annotations),
            record.ends_at,
            set(record.sources),
            set(record.groups),
            record.generator_url,
            record.why,
            record.within,
            record.expires_at,
            record.guessed,
            record.expires_at if record.extended else None,
        )
        self.admit(alert)
        return alert

    def admit(self, alert: Alert) -> None:
        """Take an alert as it stands; one that ended within a group does not enter the table."""
        if not alert.within:
            self._enter(alert)
            for source in alert.sources:
                self._count(alert, source, 1)

    def _count(self, alert: Alert, source: str, by: int) -> None:
        if source == SOURCE:
            self._posted[alert.labels.get(ALERT_NAME, "")] += by

    def forget(self, alert: Alert) -> None:
        """Drop an alert."""
        self._by_fingerprint.pop(alert.fingerprint, None)
        self.turnover += 1

    def _enter(self, alert: Alert) -> None:
        self._by_fingerprint[alert.fingerprint] = alert
        self.turnover += 1
