"""All silences: setting and expiring them, finding those that mute an alert, noticing when one begins or ends.

Nothing is ever changed behind somebody's back: an edit that is more than a longer end or a better comment expires the old
silence and makes a new one, so what was muted stays on record; expired silences are kept until `gc` drops them. These are
Alertmanager's rules. Where a start lies in the past the silence begins now.

Silences begin and end by the clock, without an event. `next_boundary` says when to look, and `crossed` what has begun or
ended since it was last asked, so that only alerts which those silences match need to be looked at. An edit is no boundary:
whoever makes it sees from its result what changed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, count

from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels, Matcher, match_all
from evaluator.core.limits import DEFAULT_LIMITS, Limit, Limits
from evaluator.core.muting.silence import Silence, SilenceState, derived_id, problems, survives_edit
from evaluator.core.muting.silence_index import SilenceIndex
from evaluator.core.timers import Timers


class Refusal(StrEnum):
    """Why a silence was not set or expired."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    LIMIT = "limit"
    WRITTEN = "written"


@frozen
class SilenceError:
    """What somebody asked for cannot be done, and nothing was. problems: all that is wrong with it. limit: what is full."""

    kind: Refusal
    problems: tuple[str, ...]
    limit: Limit | None = None

    def __str__(self) -> str:
        return "; ".join(self.problems)


@frozen
class SilenceChange:
    """What setting a silence did. silence: as it is kept now. former: as it was before, for an edit.

    expired: for an edit that needed a new id, the old silence as it is kept now, unless it had expired before.
    """

    silence: Silence
    former: Silence | None = None
    expired: Silence | None = None

    @property
    def changed(self) -> tuple[Silence, ...]:
        """What must be kept anew."""
        return (self.silence,) if self.expired is None else (self.expired, self.silence)


class Silences:
    """Silences by id.

    kept: as the store gives them back. limits: how many, expired ones included, and how many bytes of text in one. noticed:
    until when their boundaries were `crossed` before; None for never. classic_names: whether label names must be of the
    classic kind. revision: counts the changes, so that whoever remembers what they mute knows when to ask again.
    """

    def __init__(
        self,
        kept: Iterable[Silence] = (),
        limits: Limits = DEFAULT_LIMITS,
        noticed: datetime | None = None,
        classic_names: bool = False,
    ) -> None:
        self.revision = 0
        self._silences: dict[str, Silence] = {}
        self.limits = limits
        self.classic_names = classic_names
        self._index = SilenceIndex()
        self._timers = Timers()
        for silence in kept:
            self._put(silence, noticed)

    def __len__(self) -> int:
        return len(self._silences)

    def __iter__(self) -> Iterator[Silence]:
        return iter(self._silences.values())

    def get(self, name: str) -> Silence | None:
        """The silence with that id."""
        return self._silences.get(name)

    # -- changing ---------------------------------------------------------------------------------------------------------

    def set(self, wanted: Silence, now: datetime, fresh_id: str = "") -> SilenceChange | SilenceError:
        """Make a silence, or edit the one whose id `wanted` has.

        fresh_id: what a new one is called; empty, or the id of another, for one that follows from what it says.
        """
        change = self.foresee(wanted, now, fresh_id)
        if isinstance(change, SilenceChange):
            for silence in change.changed:
                self._put(silence, now)
        return change

    def foresee(self, wanted: Silence, now: datetime, fresh_id: str = "") -> SilenceChange | SilenceError:
        """What `set` would do now; nothing is done."""
        if found := problems(wanted, now, self.classic_names):
            return SilenceError(Refusal.INVALID, found)
        former = self._silences.get(wanted.id)
        if wanted.id and former is None:
            return SilenceError(Refusal.NOT_FOUND, ("silence not found",))
        if former is not None and survives_edit(former, wanted, now):
            start = former.starts_at if former.state(now) is SilenceState.ACTIVE else wanted.starts_at
            silence = replace(wanted, starts_at=start, updated_at=now)
            return self._too_large(silence) or SilenceChange(silence, former)
        silence = self._fresh(wanted, now, fresh_id)
        return self._too_large(silence) or self._too_many() or _replacement(former, silence, now)

    def expire(self, name: str, now: datetime, by: str = "") -> Silence | SilenceError:
        """End a silence for `by`; the result is how it is kept now, the very same value when it had expired before."""
        silence = self._silences.get(name)
        if silence is None:
            return SilenceError(Refusal.NOT_FOUND, ("silence not found",))
        if silence.state(now) is SilenceState.EXPIRED:
            return silence
        return self._put(replace(_ended(silence, now), ended_by=by), now)

    def take(self, silence: Silence, noticed: datetime | None = None) -> None:
        """Take in a silence as it stands, in place of one that has its id: as it was kept, or as it was derived.

        noticed: until when its boundaries are known to everybody.
        """
        self._put(silence, noticed)

    def drop(self, name: str) -> None:
        """Forget a silence as if it had never been; nothing happens when it is not known."""
        if self._silences.pop(name, None) is not None:
            self.revision += 1
            self._index.remove(name)
            self._timers.cancel((name,))

    def gc(self, now: datetime, retention: timedelta, sparing: Container[str] = ()) -> tuple[str, ...]:
        """Drop what expired `retention` ago or longer, but for the ids in `sparing`; the ids of what was dropped."""
        aged = (name for name, silence in self._silences.items() if silence.ends_at <= now - retention)
        dropped = tuple(name for name in aged if name not in sparing)
        for name in dropped:
            self.drop(name)
        return dropped

    # -- the clock --------------------------------------------------------------------------------------------------------

    @property
    def next_boundary(self) -> datetime | None:
        """The earliest start or end of a silence that `crossed` has not told of."""
        return self._timers.next

    def crossed(self, now: datetime) -> tuple[Silence, ...]:
        """The silences that began or ended up to `now` and have not been told of, each once, in the order of the boundaries."""
        found: dict[str, Silence] = {}
        while (key := self._timers.pop_due(now)) is not None:
            found[key[0]] = self._put(self._silences[key[0]], now)
        return tuple(found.values())

    # -- asking -----------------------------------------------------------------------------------------------------------

    def muting(self, labels: Labels, at: datetime) -> tuple[str, ...]:
        """The ids, sorted, of the silences that mute an alert with these labels at `at`, which is not before the last event."""
        if not self._index.matches(labels):
            return ()
        found = {
            name for name, matchers in self._index.candidates(labels) if self._active(name, at) and match_all(matchers, labels)
        }
        return tuple(sorted(found))

    def concerning(self, labels: Labels) -> frozenset[str]:
        """The ids of the silences that match an alert with these labels and mute it now, or will."""
        return frozenset(name for name, matchers in self._index.candidates(labels) if match_all(matchers, labels))

    def listing(
        self, now: datetime, filters: Sequence[Matcher] = (), states: Iterable[SilenceState] = SilenceState
    ) -> list[Silence]:
        """The silences in these states that hold every one of `filters` themselves, whatever they would mute.

        Active ones come first, the soonest to end foremost; then pending ones, the soonest to start foremost; then expired
        ones, the last to end foremost.
        """
        wanted = frozenset(states)
        found = [silence for silence in self._silences.values() if silence.state(now) in wanted and _holds(silence, filters)]
        return sorted(found, key=lambda silence: _rank(silence, now))

    def _active(self, name: str, at: datetime) -> bool:
        return self._silences[name].state(at) is SilenceState.ACTIVE

    # -- keeping ----------------------------------------------------------------------------------------------------------

    def _fresh(self, wanted: Silence, now: datetime, fresh_id: str) -> Silence:
        silence = replace(wanted, id="", starts_at=max(wanted.starts_at, now), updated_at=now)
        names = chain([fresh_id] if fresh_id else [], (derived_id(silence, attempt) for attempt in count()))
        return replace(silence, id=next(name for name in names if name not in self._silences))

    def _put(self, silence: Silence, noticed: datetime | None) -> Silence:
        """Keep `silence`; its boundaries up to `noticed` are known to everybody."""
        self._silences[silence.id] = silence
        self.revision += 1
        ahead = [at for at in (silence.starts_at, silence.ends_at) if noticed is None or at > noticed]
        if ahead:
            self._timers.set((silence.id,), ahead[0])
            self._index.add(silence.id, silence.matcher_sets)
        else:
            self._timers.cancel((silence.id,))
            self._index.remove(silence.id)
        return silence

    def _too_large(self, silence: Silence) -> SilenceError | None:
        if not 0 < self.limits.silence_size < silence.size:
            return None
        text = f"silence exceeded maximum size: {silence.size} bytes (limit: {self.limits.silence_size} bytes)"
        return SilenceError(Refusal.LIMIT, (text,), Limit.SILENCE_SIZE)

    def _too_many(self) -> SilenceError | None:
        if not 0 < self.limits.silences <= len(self):
            return None
        text = f"exceeded maximum number of silences: {len(self)} (limit: {self.limits.silences}), expired ones included"
        return SilenceError(Refusal.LIMIT, (text,), Limit.SILENCES)


def _replacement(former: Silence | None, silence: Silence, now: datetime) -> SilenceChange:
    """`silence` under an id of its own; the former one ends, unless it had."""
    if former is None or former.state(now) is SilenceState.EXPIRED:
        return SilenceChange(silence, former)
    return SilenceChange(silence, former, _ended(former, now))


def _ended(silence: Silence, now: datetime) -> Silence:
    """`silence` as it is when it is expired at `now`; a pending one has then never been active."""
    return replace(silence, starts_at=min(silence.starts_at, now), ends_at=now, updated_at=now)


def _holds(silence: Silence, filters: Sequence[Matcher]) -> bool:
    return any(set(filters) <= set(matchers) for matchers in silence.matcher_sets)


def _rank(silence: Silence, now: datetime) -> tuple[int, float, str]:
    match silence.state(now):
        case SilenceState.ACTIVE:
            return 0, silence.ends_at.timestamp(), silence.id
        case SilenceState.PENDING:
            return 1, silence.starts_at.timestamp(), silence.id
        case SilenceState.EXPIRED:
            return 2, -silence.ends_at.timestamp(), silence.id
