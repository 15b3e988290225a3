"""What a store is: the memory of the machine between two lives of the process.

A store keeps the newest record of each kind under its key and appends history. Whatever is behind it, one commit is one
transaction: the machine's new state and the deliveries that it asks for are kept together or not at all, so a process that
is killed at any instant finds on its next start a state that it really was in. Every implementation passes the same tests.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Protocol, TypeVar

from evaluator.core import records
from evaluator.core.effects import Forget, Note, Save
from evaluator.core.frozen import frozen
from evaluator.core.incidents.records import IncidentRecord, IncidentState, PageRecord
from evaluator.core.records import History

Change = Save | Forget | Note
H = TypeVar("H", bound=History)

DEFAULT_LIMIT = 1000


class StoreError(Exception):
    """The store cannot do what was asked. The text is one sentence for people, with what to do about it.

    Nothing of what was asked has been done, and trying the same again is safe.
    """


class SupersededError(StoreError):
    """Another process has become the writer. This one must not act any more: no commit of it will ever succeed."""


@frozen
class Kept(records.Kept):
    """Everything that a start needs, each kind in the order of its keys, and something about the store itself.

    meta: `schema`, the version of the tables; `epoch`, the number of this writer, which rises with every opening.
    """

    meta: Mapping[str, str] = field(default_factory=dict)


class Store(Protocol):
    """Where records are kept. Any thread may call any method; commits are made one after the other.

    Every method raises StoreError when the store cannot be read or written, or is closed.
    """

    def load(self) -> Kept:
        """All that a start needs, as of one instant. A record that cannot be read is an error: nothing is left out silently.

        Incidents that have been over for long, and their pages, stay where they are. How long is counted back from the newest
        end of any incident, so that the same store always gives the same.
        """

    def commit(self, effects: Sequence[Change]) -> None:
        """Keep what `effects` ask for, all of it or nothing; of several for one key the last counts.

        When it returns, the changes survive a crash of the process and of the machine. Raises SupersededError when
        another process has opened the store for writing since.
        """

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
        """At most `limit` records of one kind, newest first, those of one instant in the reverse order of their notes.

        since is included, until is not. Raises ValueError for a condition on something that `kind` does not have.
        """

    def incident(self, number: int) -> IncidentRecord | None:
        """One incident, as long as it is kept."""

    def incidents(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        states: Collection[IncidentState] = tuple(IncidentState),
        limit: int = DEFAULT_LIMIT,
    ) -> list[IncidentRecord]:
        """At most `limit` incidents, as they are now, the newest first. They opened at `since` or later, and before `until`."""

    def pages(
        self,
        *,
        incident: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> list[PageRecord]:
        """At most `limit` pages, of one incident or of all, the newest first. since, until: of when they were planned."""

    def prune(self, before: datetime, incidents_before: datetime) -> int:
        """Drop history older than `before`, and incidents that were over before `incidents_before`; say how many records.

        With an incident go its pages and its timeline, which stay as long as it does. The newest incident stays however old it
        is, so that no number is given twice. Other state is never pruned.
        """

    def close(self) -> None:
        """Let go of everything, so that another process may open the store. Closing twice is fine."""
