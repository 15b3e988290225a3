"""Silences: who mutes what, why, for how long, and how many alerts that hits now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from evaluator.core.events import SilenceExpired, WindowEnded
from evaluator.core.frozen import frozen
from evaluator.core.muting.silence import Silence, SilenceState
from evaluator.core.muting.silence_preview import Muted, preview
from evaluator.core.muting.windows import Window, next_occurrence, occurrence
from evaluator.core.view import View
from evaluator.web.author import author_of
from evaluator.web.choice import Choice, read_choice
from evaluator.web.paging import page_of
from evaluator.web.rendering import render, root

PER_PAGE = 50
MOST_HITS = 100
MOST_WINDOWS = 200


@frozen
class SilenceShown:
    """A silence, and how many alerts it mutes now; None where that was not counted. passed: percent of its time."""

    silence: Silence
    state: str
    hits: int | None
    passed: int


@frozen
class WindowShown:
    """A maintenance window. written: in the configuration. current, following: the occurrences that are on and next."""

    window: Window
    written: bool
    current: Silence | None
    following: Silence | None


async def listing(view: View, request: Request) -> Response:
    """Silences in one state, by who holds which matchers."""
    choice = read_choice(request.query_params, view.settings.matcher_mode)
    wanted = choice.state if choice.state in set(SilenceState) else SilenceState.ACTIVE
    silences, now = view.machine.muting.silences, view.now
    found = {state: silences.listing(now, choice.matchers, (state,)) for state in SilenceState}
    page = page_of(found[SilenceState(wanted)], choice.page, PER_PAGE)
    hits = _hits(view) if wanted == SilenceState.ACTIVE else None
    return render(
        view,
        request,
        "silences.html",
        400 if choice.problem else 200,
        choice=choice,
        state=str(wanted),
        counts={str(state): len(each) for state, each in found.items()},
        page=page,
        silences=[_shown(silence, now, hits) for silence in page.items],
        windows=_windows(view)[:MOST_WINDOWS],
        opened=view.machine.silencing.opened(),
    )


async def one(view: View, request: Request) -> Response:
    """One silence, and the alerts that it matches."""
    silence = named(view, request)
    found = newest(preview(view.machine, silence, view.now).mutes)
    return render(
        view,
        request,
        "silence.html",
        choice=Choice(),
        shown=_shown(silence, view.now, None),
        window=view.machine.silencing.opened().get(silence.id),
        alerts=found[:MOST_HITS],
        total=len(found),
    )


async def expire(view: View, request: Request) -> Response:
    """End a silence."""
    silence = named(view, request)
    await view.submit(SilenceExpired(silence.id, author_of(request)))
    return RedirectResponse(f"{root(request)}silences/{silence.id}", 303)


async def end_window(view: View, request: Request) -> Response:
    """End a maintenance window that somebody has set, and the occurrence that is on."""
    name = str(request.path_params["id"])
    refusal = view.machine.silencing.windows.foresee_end(name)
    if refusal is not None:
        raise HTTPException(404, f"Nothing was ended: {refusal}.")
    await view.submit(WindowEnded(name, author_of(request)))
    return RedirectResponse(f"{root(request)}silences", 303)


def named(view: View, request: Request) -> Silence:
    """The silence that the path names. Raises HTTPException."""
    silence = view.machine.muting.silences.get(str(request.path_params["id"]))
    if silence is None:
        raise HTTPException(404, "There is no such silence; one that is over is remembered for as long as history is.")
    return silence


def newest(muted: Iterable[Muted]) -> list[Muted]:
    """The newest alerts first."""
    return sorted(muted, key=lambda one: (-one.alert.starts_at.timestamp(), one.alert.labels))


def _hits(view: View) -> Counter[str]:
    """How many alerts each active silence mutes."""
    silences, now = view.machine.muting.silences, view.now
    return Counter(name for alert in view.machine.alerts if alert.firing for name in silences.muting(alert.labels, now))


def _shown(silence: Silence, now: datetime, hits: Counter[str] | None) -> SilenceShown:
    whole, gone = silence.ends_at - silence.starts_at, now - silence.starts_at
    passed = min(100, max(0, int(100 * gone / whole))) if whole else 100
    return SilenceShown(silence, str(silence.state(now)), None if hits is None else hits[silence.id], passed)


def _windows(view: View) -> list[WindowShown]:
    """Maintenance windows that are not over."""
    table, now = view.machine.silencing.windows, view.now
    return [
        WindowShown(window, table.is_written(window.id), occurrence(window, now), next_occurrence(window, now))
        for window in table
        if not window.over(now)
    ]
