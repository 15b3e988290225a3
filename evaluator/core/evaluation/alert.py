"""The life of one alert of one rule: pending, firing, inactive.

`step` is the whole state machine. It follows Prometheus' ruler:

                present, age < for    present, age >= for    absent                        absent, kept firing
    (none)      -> pending            -> firing              -                             -
    pending     stays                 -> firing              forgotten                     forgotten
    firing      -> pending (1)        stays                  -> inactive                   stays until it has lasted
    inactive    -> new, pending       -> new, firing         stays, forgotten after 15 min stays

(1) only after a reload made `for` longer. Ages are measured from slot to slot, never by a wall clock. Nothing here knows
of failed queries: when there is no answer, `step` is not called, and everything stays as it is.

An unchanged life is returned as the very object that came in, so that callers see by identity that nothing happened.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.frozen import frozen
from evaluator.core.records import State

RESOLVED_RETENTION = timedelta(minutes=15)
"""How long an alert that is over is remembered by its rule, as in Prometheus."""


@frozen
class Life:
    """State and clocks of an alert. keep_firing_since: the first slot at which it was absent and kept firing."""

    state: State
    active_at: datetime
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    keep_firing_since: datetime | None = None


def step(life: Life | None, present: bool, at: datetime, hold: timedelta, keep_firing_for: timedelta) -> Life | None:
    """What an alert becomes when its rule is evaluated at slot `at`; None when nothing is left to remember.

    present: the answer holds the alert's series. hold: the rule's `for`.
    """
    if life is None or (present and life.state is State.INACTIVE):
        return _held(Life(State.PENDING, at), at, hold) if present else None
    if present:
        if life.keep_firing_since is not None:
            life = replace(life, keep_firing_since=None)
        return _held(life, at, hold)
    if life.state is State.PENDING:
        return None
    if life.state is State.INACTIVE:
        assert life.resolved_at is not None
        return life if at - life.resolved_at <= RESOLVED_RETENTION else None
    if life.keep_firing_since is None:
        life = replace(life, keep_firing_since=at)
    assert life.keep_firing_since is not None
    if at - life.keep_firing_since >= keep_firing_for:
        return replace(life, state=State.INACTIVE, resolved_at=at, keep_firing_since=None)
    return _held(life, at, hold)


def _held(life: Life, at: datetime, hold: timedelta) -> Life:
    held = at - life.active_at >= hold
    if held and life.state is State.PENDING:
        return replace(life, state=State.FIRING, fired_at=at)
    if not held and life.state is State.FIRING and at >= life.active_at:  # a clock that was set back proves nothing
        return Life(State.PENDING, life.active_at)
    return life
