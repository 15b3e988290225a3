"""All maintenance windows: those that the configuration says, and those that people set; setting and ending the latter.

Windows that people set keep their id through every edit, also after they ended: set again, one comes to life again. An edit
counts at once, for the occurrence that is on as well. Two windows that people set do not share a name, so that whoever reads
of one knows which; unnamed ones are told apart by their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.limits import DEFAULT_LIMITS, Limit, Limits
from evaluator.core.muting.silence import problems
from evaluator.core.muting.silences import Refusal, SilenceError
from evaluator.core.muting.windows import Window, as_silence, next_occurrence
from evaluator.core.timers import Timers


class Windows:
    """Windows by id. What is to be done when one begins again is up to whoever asks which are `due`."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, classic_names: bool = False) -> None:
        self._written: dict[str, Window] = {}
        self._set: dict[str, Window] = {}
        self._timers = Timers()
        self.limits = limits
        self.classic_names = classic_names

    def __iter__(self) -> Iterator[Window]:
        """Those of the configuration first."""
        yield from self._written.values()
        yield from self._set.values()

    def get(self, name: str) -> Window | None:
        """The window with that id."""
        return self._written.get(name) or self._set.get(name)

    def is_written(self, name: str) -> bool:
        """Whether the window with that id stands in the configuration."""
        return name in self._written

    # -- changing ---------------------------------------------------------------------------------------------------------

    def set(self, wanted: Window, now: datetime) -> Window | SilenceError:
        """Make a window, or edit the one whose id `wanted` has; the result is how it is kept."""
        wrong = self.foresee(wanted, now)
        return wrong or self._put(replace(wanted, updated_at=now), now)

    def foresee(self, wanted: Window, now: datetime) -> SilenceError | None:
        """Why `set` would change nothing now; None when it would."""
        if self.is_written(wanted.id):
            return _written(wanted.id)
        wish = as_silence(wanted, now)
        found = problems(wish, now, self.classic_names) + tuple(_time_problems(wanted, now))
        if found:
            return SilenceError(Refusal.INVALID, found)
        return self._taken(wanted, now) or self._too_large(wish.size) or self._too_many(wanted)

    def end(self, name: str, now: datetime, by: str = "") -> Window | SilenceError:
        """Let a window be over for `by`; the result is how it is kept, the very same value when it was over before."""
        if (wrong := self.foresee_end(name)) is not None:
            return wrong
        window = self._set[name]
        return window if window.over(now) else self._put(replace(window, until=now, updated_at=now, ended_by=by), now)

    def foresee_end(self, name: str) -> SilenceError | None:
        """Why `end` would change nothing; None when it would, or has."""
        if self.is_written(name):
            return _written(name)
        return None if name in self._set else SilenceError(Refusal.NOT_FOUND, ("window not found",))

    def configure(self, written: Iterable[Window], now: datetime) -> None:
        """Take over what the configuration says."""
        for name in self._written:
            self._timers.cancel((name,))
        self._written = {window.id: window for window in written}
        for window in self:
            self._await(window, now)

    def restore(self, kept: Iterable[Window], now: datetime) -> None:
        """Take back what people set."""
        for window in kept:
            self._put(window, now)

    def ends(self) -> list[datetime]:
        """When the windows that people set are over, or will be."""
        return [window.ends_at for window in self._set.values() if window.ends_at is not None]

    def gc(self, now: datetime, retention: timedelta) -> tuple[str, ...]:
        """Drop what was over `retention` ago or longer; the ids of what was dropped."""
        dropped = tuple(window.id for window in self._set.values() if window.over(now - retention))
        for name in dropped:
            del self._set[name]
        return dropped

    # -- the clock --------------------------------------------------------------------------------------------------------

    @property
    def next_start(self) -> datetime | None:
        """When a window begins next that `due` has not told of."""
        return self._timers.next

    def due(self, now: datetime) -> tuple[Window, ...]:
        """The windows that have begun again up to `now` and have not been told of."""
        found = []
        while (key := self._timers.pop_due(now)) is not None:
            window = self.get(key[0])
            assert window is not None
            found.append(window)
        for window in found:
            self._await(window, now)
        return tuple(found)

    # -- keeping ----------------------------------------------------------------------------------------------------------

    def _put(self, window: Window, now: datetime) -> Window:
        self._set[window.id] = window
        self._await(window, now)
        return window

    def _await(self, window: Window, now: datetime) -> None:
        following = next_occurrence(window, now)
        if following is None:
            self._timers.cancel((window.id,))
        else:
            self._timers.set((window.id,), following.starts_at)

    def _taken(self, wanted: Window, now: datetime) -> SilenceError | None:
        for window in self:
            if wanted.name and window.name == wanted.name and window.id != wanted.id and not window.over(now):
                where = "in the configuration" if self.is_written(window.id) else f"with the id {window.id}"
                return SilenceError(Refusal.INVALID, (f'there is a window "{wanted.name}" {where}; take another name',))
        return None

    def _too_large(self, size: int) -> SilenceError | None:
        if not 0 < self.limits.silence_size < size:
            return None
        text = f"window exceeded maximum size: {size} bytes (limit: {self.limits.silence_size} bytes)"
        return SilenceError(Refusal.LIMIT, (text,), Limit.SILENCE_SIZE)

    def _too_many(self, wanted: Window) -> SilenceError | None:
        if wanted.id in self._set or not 0 < self.limits.silences <= len(self._set):
            return None
        count = f"{len(self._set)} (limit: {self.limits.silences})"
        text = f"exceeded maximum number of windows: {count}, those that are over included"
        return SilenceError(Refusal.LIMIT, (text,), Limit.SILENCES)


def _written(name: str) -> SilenceError:
    text = f"window {name} stands in the configuration, under silences; edit it there, and reload"
    return SilenceError(Refusal.WRITTEN, (text,))


def _time_problems(window: Window, now: datetime) -> Iterator[str]:
    if window.over(now):
        yield "end time can't be in the past"
    elif next_occurrence(window, now) is None:
        yield "it is over before it begins; let it last longer"
