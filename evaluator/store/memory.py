"""A store that lasts as long as its process: for drills, for tests, and for trying things out.

It keeps the records themselves, so what was saved comes back as the same objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar, cast

from evaluator.core.records import AlertRecord, GroupRecord, History, LedgerRecord, OutboxRecord, Record, RuleAlertRecord
from evaluator.core.silence import Silence
from evaluator.core.windows import Window
from evaluator.store.base import DEFAULT_LIMIT, Change, H, Kept, StoreError
from evaluator.store.changes import Changes, Key, net_changes
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
            return Kept(
                rule_alerts=self._all(RuleAlertRecord),
                alerts=self._all(AlertRecord),
                groups=self._all(GroupRecord),
                ledger=self._all(LedgerRecord),
                outbox=self._all(OutboxRecord),
                silences=self._all(Silence),
                windows=self._all(Window),
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
        rule: str | None = None,
        fingerprint: str | None = None,
        outbox: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> list[H]:
        """See `Store.history`."""
        self._check_open()
        terms = search_terms(kind, group=group, rule=rule, fingerprint=fingerprint, outbox=outbox)
        with self._lock:
            notes = cast("list[H]", self._history[kind][::-1])
        found = [note for note in notes if _within(note, since, until) and _meets(note, terms)]
        return sorted(found, key=lambda note: note.at, reverse=True)[:limit]

    def prune(self, before: datetime) -> int:
        """See `Store.prune`."""
        self._check_open()
        dropped = 0
        with self._lock:
            for kind, notes in self._history.items():
                young = [note for note in notes if note.at >= before]
                dropped += len(notes) - len(young)
                self._history[kind] = young
        return dropped

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

    def _apply(self, changes: Changes) -> None:
        for kind, keys in changes.forgotten.items():
            for key in keys:
                self._records[kind].pop(key, None)
        for kind, records in changes.saved.items():
            self._records[kind].update(records)
        for noted, notes in changes.noted.items():
            self._history[noted].extend(notes)


def _within(note: History, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or note.at >= since) and (until is None or note.at < until)


def _meets(note: Any, terms: dict[str, str]) -> bool:
    """Whether the note has what the terms ask for; `search_terms` has seen to it that it has such fields."""
    return all(
        (note.labels.fingerprint if name == "fingerprint" else getattr(note, name)) == value for name, value in terms.items()
    )
