"""The form for a maintenance window that comes again. As with silences, nothing is set before it was seen what it mutes."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from evaluator.core.durations import format_duration
from evaluator.core.events import WindowSet
from evaluator.core.frozen import frozen
from evaluator.core.muting.windows import Window
from evaluator.core.recurrence.recurring import Recurring
from evaluator.core.recurrence.schedule_texts import parse_schedule
from evaluator.core.view import UnavailableError, View
from evaluator.web.author import author_of, remember
from evaluator.web.fields import Wrong, filled, matcher_lines, read_instant, read_matchers, read_span
from evaluator.web.forms import not_set, read_form
from evaluator.web.rendering import root
from evaluator.web.seen_first import Judged, Signed, changed_since, check_signature, judged, page, to_be_set
from evaluator.web.words import clock


@frozen
class Draft(Signed):
    """The form as it was filled in. matchers: in lines. zone: whose clocks count. until: when there is no more of it."""

    id: str = ""
    name: str = ""
    matchers: str = ""
    schedule: str = ""
    zone: str = "UTC"
    lasts: str = "2h"
    until: str = ""


async def blank(view: View, request: Request) -> Response:
    """A new window."""
    return _page(view, request, Draft(author=author_of(request)), Judged(None, {}))


async def edit(view: View, request: Request) -> Response:
    """A window that people set, to be changed or to be set again."""
    window = _named(view, str(request.path_params["id"]))
    draft = Draft(
        id=window.id,
        name=window.name,
        matchers=matcher_lines(window.matcher_sets),
        schedule=window.schedule.text,
        zone=window.location,
        lasts=format_duration(window.duration),
        until="" if window.until is None or window.over(view.now) else clock(window.until),
        author=window.created_by,
        comment=window.comment,
    )
    return _page(view, request, draft, judge(view, draft))


async def post(view: View, request: Request) -> Response:
    """Show what a window would mute, and when, or set it."""
    form = await read_form(request)
    draft = Draft(**filled(Draft, form))
    if draft.id:
        _named(view, draft.id)
    found = judge(view, draft)
    window = to_be_set(form, draft, found)
    if window is None:
        return _page(view, request, draft, found, changed_since(form, draft, found))
    try:
        await view.submit(WindowSet(window))
    except UnavailableError as error:
        return _page(view, request, draft, found, not_set(error), 503)
    if view.machine.silencing.windows.get(window.id) is None:
        raise HTTPException(409, "The window could not be set any more when its turn came; try again.")
    response = RedirectResponse(f"{root(request)}silences", 303)
    remember(response, draft.author)
    return response


def judge(view: View, draft: Draft) -> Judged[Window]:
    """Read a draft, and ask what would come of it now."""
    wrong: Wrong = {}
    window = _read(view, draft, wrong)
    check_signature(draft, "window", wrong)
    return Judged(None, wrong) if window is None else judged(view, window, wrong, _field_of)


def _read(view: View, draft: Draft, wrong: Wrong) -> Window | None:
    """The window that a draft asks for, if it can be read at all."""
    sets = read_matchers(draft.matchers, view.settings.matcher_mode, wrong)
    schedule = _schedule(draft.schedule, wrong)
    lasts = read_span(draft.lasts, wrong)
    until = read_instant(draft.until, "until", wrong)
    if wrong or schedule is None or lasts is None:
        return None
    if lasts <= timedelta(0):
        wrong["lasts"] = "it must last longer than nothing"
        return None
    name = draft.id or str(uuid4())
    try:
        return Window(draft.name, sets, schedule, lasts, draft.zone or "UTC", draft.author, draft.comment, until, name)
    except ValueError as error:
        wrong["zone"] = str(error)
        return None


def _schedule(text: str, wrong: Wrong) -> Recurring | None:
    if not text:
        wrong["schedule"] = "say when it begins, as in 0 22 * * tue#2, @daily, or an RRULE"
        return None
    try:
        return parse_schedule(text)
    except ValueError as error:
        wrong["schedule"] = str(error)
        return None


def _field_of(refusal: str) -> str:
    """The field that a refusal is about."""
    if refusal.startswith("there is a window"):
        return "name"
    if refusal.startswith("it is over before"):
        return "lasts"
    return "until" if refusal.startswith(("start", "end")) else "matchers"


def _named(view: View, name: str) -> Window:
    """The window with that id, if people may change it. Raises HTTPException."""
    windows = view.machine.silencing.windows
    refusal, window = windows.foresee_end(name), windows.get(name)
    if refusal is not None or window is None:
        raise HTTPException(404, f"Nothing can be changed: {refusal}.")
    return window


def _page(view: View, request: Request, draft: Draft, found: Judged[Window], remark: str = "", status: int = 200) -> Response:
    coming = found.ahead.occurrences if found.ahead else ()
    return page(view, request, "window_form.html", draft, found, remark, status, coming=coming)
