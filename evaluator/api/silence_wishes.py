"""What is sent to the evaluator's own API to have a silence or a window: bodies, and the values that they ask for."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import msgspec

from evaluator.api.silence_setting import NotSetError, Why
from evaluator.api.v2 import bodies
from evaluator.api.v2.silences import matcher
from evaluator.api.view import View
from evaluator.core.durations import parse_duration
from evaluator.core.matchers import MatcherMode, parse_matchers
from evaluator.core.muting.silence import UNTIL_RESOLVED, MatcherSet, Silence, SilenceState
from evaluator.core.muting.silence_policy import far_end
from evaluator.core.muting.windows import Window
from evaluator.core.recurrence.recurring import Recurring
from evaluator.core.recurrence.schedule_texts import parse_schedule

Conditions = list[bodies.MatcherBody | str]


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A silence, or with `schedule` a window, as somebody wants it.

    alternatives: further lists of matchers, of which any may hold. duration: from the start, or from now when that has passed;
    endsAt counts more. Of a window, duration is how long each occurrence lasts, and endsAt when there is no more of it.
    confirm: set it though it is broad. untilResolved: it ends when the alerts that it mutes now are over, at the latest at its
    end.
    """

    matchers: Conditions = []
    alternatives: list[Conditions] = []
    startsAt: datetime | None = None  # noqa: N815
    endsAt: datetime | None = None  # noqa: N815
    duration: str = ""
    schedule: str = ""
    location: str = ""
    name: str = ""
    createdBy: str = ""  # noqa: N815
    comment: str = ""
    annotations: dict[str, str] = {}
    id: str = ""
    confirm: bool = False
    untilResolved: bool = False  # noqa: N815


WISH = msgspec.json.Decoder(Wish)


def wanted_silence(wish: Wish, view: View) -> Silence:
    """The silence that is asked for. Raises NotSetError. Without a start it begins now, or goes on as it began."""
    if wish.schedule:
        raise _wrong("a silence for once has no schedule; a window that comes again is set at /api/evaluator/v1/windows")
    starts_at = bodies.given(wish.startsAt) or _start(wish.id, view)
    ends_at = bodies.given(wish.endsAt) or (_later(max(starts_at, view.now), wish) if wish.duration else None)
    if ends_at is None and wish.untilResolved:
        ends_at = max(starts_at, view.now) + far_end(view.settings.silence_policy)
    if ends_at is None:
        raise _wrong("nothing says when it ends; add endsAt, or a duration such as 2h")
    waits = {UNTIL_RESOLVED: wish.annotations.get(UNTIL_RESOLVED, "true")} if wish.untilResolved else {}
    annotations = tuple(sorted({**wish.annotations, **waits}.items()))
    return Silence(_matcher_sets(wish, view), starts_at, ends_at, wish.createdBy, wish.comment, annotations, wish.id)


def wanted_window(wish: Wish, view: View) -> Window:
    """The window that is asked for. Raises NotSetError."""
    if wish.id and view.machine.silencing.windows.get(wish.id) is None:
        raise NotSetError(Why.NOT_FOUND, "window not found")
    if wish.untilResolved:
        raise _wrong("a window ends by its schedule; untilResolved is for a silence")
    if wish.startsAt is not None or wish.annotations:
        raise _wrong("a window has neither startsAt nor annotations; its schedule says when it begins")
    schedule, duration, sets = _schedule(wish), _duration(wish), _matcher_sets(wish, view)
    until = bodies.given(wish.endsAt)
    try:
        return Window(
            wish.name,
            sets,
            schedule,
            duration,
            wish.location or "UTC",
            wish.createdBy,
            wish.comment,
            until,
            wish.id or str(uuid4()),
        )
    except ValueError as error:
        raise _wrong(str(error)) from None


def _start(name: str, view: View) -> datetime:
    former = view.machine.silencing.silences.get(name)
    return former.starts_at if former is not None and former.state(view.now) is SilenceState.ACTIVE else view.now


def _matcher_sets(wish: Wish, view: View) -> tuple[MatcherSet, ...]:
    mode = view.settings.matcher_mode
    try:
        return tuple(_matchers(conditions, mode) for conditions in (wish.matchers, *wish.alternatives))
    except ValueError as error:
        raise _wrong(f"invalid label matcher: {error}") from None


def _matchers(conditions: Conditions, mode: MatcherMode) -> MatcherSet:
    read = (parse_matchers(one, mode).matchers if isinstance(one, str) else (matcher(one),) for one in conditions)
    return tuple(condition for found in read for condition in found)


def _schedule(wish: Wish) -> Recurring:
    try:
        return parse_schedule(wish.schedule)
    except ValueError as error:
        raise _wrong(str(error)) from None


def _duration(wish: Wish) -> timedelta:
    try:
        return parse_duration(wish.duration)
    except ValueError as error:
        raise _wrong(f"{error}; write a duration such as 1h30m") from None


def _later(starts_at: datetime, wish: Wish) -> datetime:
    try:
        return starts_at + _duration(wish)
    except OverflowError:
        raise _wrong("it ends later than any clock will show; let it last less") from None


def _wrong(text: str) -> NotSetError:
    return NotSetError(Why.INVALID, text)
