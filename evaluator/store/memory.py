"""A store that lasts as long as its process: for drills, for tests, and for trying things out.

It keeps the records themselves, so what was saved comes back as the same objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar, cast

from evaluator.core.effects import Forget
from evaluator.core.incidents.incident import REMEMBERED
from evaluator.core.incidents.records import IncidentRecord, IncidentState, MaintenanceRecord, Moment, PageRecord
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.core.records import (
    AlertRecord,
    FiringRecord,
    GroupRecord,
    History,
    LedgerRecord,
    OutboxRecord,
    Presence,
    Record,
    RuleAlertRecord,
)
from evaluator.store.base import DEFAULT_LIMIT, Change, H, Kept, StoreError
from evaluator.store.changes import Changes, net_changes
from evaluator.store.codec.kind import Key
from evaluator.store.migrations import VERSION
from evaluator.store.search import search_terms

R = TypeVar("R", bound=Record)


class MemoryStore:
    """See `Store`, whose contract it keeps but for surviving anything."""

    def __init__(self) -> None:
        self._records: dict[type[Any], dict[Key, Record]] = defaultdict(dict)
        self._history: dict[type[Any], list[History]] = defaultdict(list)
        self._lock = Lock()
        self._closed = False

    def load(self) -> Kept:
        """See `Store.load`."""
        self._check_open()
        with self._lock:
            incidents = self._recent_incidents()
            numbers = {record.number for record in incidents}
            return Kept(
                rule_alerts=self._all(RuleAlertRecord),
                alerts=self._all(AlertRecord),
                groups=self._all(GroupRecord),
                ledger=self._all(LedgerRecord),
                outbox=self._all(OutboxRecord),
                silences=self._all(Silence),
                windows=self._all(Window),
                incidents=incidents,
                pages=tuple(page for page in self._all(PageRecord) if page.incident in numbers),
                maintenance=self._all(MaintenanceRecord),
                overrides=self._all(OverrideRecord),
                firings=self._all(FiringRecord),
                newest_incident=max((record.number for record in self._all(IncidentRecord)), default=0),
                seen_at=next((one.at for one in self._all(Presence)), None),
                meta={"schema": str(VERSION), "epoch": "1"},
            )

    def commit(self, effects: Sequence[Change]) -> None:
        """See `Store.commit`."""
        self._check_open()
        changes = net_changes(effects)
        with self._lock:
            self._apply(changes)

    def history(
        self,
        kind: type[H],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        group: str | None = None,
        fingerprint: str | None = None,
        incident: int | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> list[H]:
        """See `Store.history`."""
        self._check_open()
        terms = search_terms(kind, group=group, fingerprint=fingerprint, incident=incident)
        with self._lock:
            notes = cast("list[H]", self._history[kind][::-1])
        found = [note for note in notes if _within(note.at, since, until) and _meets(note, terms)]
        return sorted(found, key=lambda note: note.at, reverse=True)[:limit]

    def incident(self, number: int) -> IncidentRecord | None:
        """See `Store.incident`."""
        self._check_open()
        with self._lock:
            return next((record for record in self._all(IncidentRecord) if record.number == number), None)

    def incidents(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        states: Collection[IncidentState] = tuple(IncidentState),
        limit: int = DEFAULT_LIMIT,
    ) -> list[IncidentRecord]:
        """See `Store.incidents`."""
        self._check_open()
        with self._lock:
            kept = self._all(IncidentRecord)
        found = [record for record in kept if record.state in states and _within(record.opened_at, since, until)]
        return sorted(found, key=lambda record: (record.opened_at, record.number), reverse=True)[:limit]

    def pages(
        self,
        *,
        incident: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> list[PageRecord]:
        """See `Store.pages`."""
        self._check_open()
        with self._lock:
            kept = self._all(PageRecord)
        found = [page for page in kept if incident in (None, page.incident) and _within(page.created_at, since, until)]
        return sorted(found, key=lambda page: (page.created_at, page.due_at, page.id), reverse=True)[:limit]

    def prune(self, before: datetime, incidents_before: datetime) -> int:
        """See `Store.prune`."""
        self._check_open()
        with self._lock:
            dropped = [self._drop(kind, lambda note: note.at < before) for kind in list(self._history) if kind is not Moment]
            return sum(dropped) + self._prune_incidents(incidents_before)

    def close(self) -> None:
        """See `Store.close`. What was kept is gone."""
        with self._lock:
            self._closed = True
            self._records.clear()
            self._history.clear()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")

    def _all(self, kind: type[R]) -> tuple[R, ...]:
        return cast("tuple[R, ...]", tuple(record for _, record in sorted(self._records[kind].items())))

    def _recent_incidents(self) -> tuple[IncidentRecord, ...]:
        kept = self._all(IncidentRecord)
        ends = [record.resolved_at for record in kept if record.resolved_at is not None]
        return tuple(record for record in kept if record.resolved_at is None or record.resolved_at > max(ends) - REMEMBERED)

    def _drop(self, kind: type[Any], old: Callable[[Any], bool]) -> int:
        young = [note for note in self._history[kind] if not old(note)]
        dropped = len(self._history[kind]) - len(young)
        self._history[kind] = young
        return dropped

    def _prune_incidents(self, before: datetime) -> int:
        kept = self._all(IncidentRecord)[:-1]  # but for the newest
        old = [record for record in kept if record.resolved_at is not None and record.resolved_at < before]
        numbers = {record.number for record in old}
        pages = [page for page in self._all(PageRecord) if page.incident in numbers]
        gone = [*(Forget(IncidentRecord, record.key) for record in old), *(Forget(PageRecord, page.key) for page in pages)]
        self._apply(net_changes(gone))
        return len(old) + len(pages) + self._drop(Moment, lambda note: note.incident in numbers)

    def _apply(self, changes: Changes) -> None:
        for kind, keys in changes.forgotten.items():
            for key in keys:
                self._records[kind].pop(key, None)
        for kind, records in changes.saved.items():
            self._records[kind].update(records)
        for noted, notes in changes.noted.items():
            self._history[noted].extend(notes)


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at < until)


def _meets(note: Any, terms: dict[str, str | int]) -> bool:
    """Whether the note has what the terms ask for; `search_terms` has seen to it that it has such fields."""
    return all(
        (note.labels.fingerprint if name == "fingerprint" else getattr(note, name)) == value for name, value in terms.items()
    )
