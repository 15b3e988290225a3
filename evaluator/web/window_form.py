"""The form for a maintenance window that comes again. As with silences, nothing is set before it was seen what it mutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from evaluator.core.durations import format_duration
from evaluator.core.events import WindowSet
from evaluator.core.recurring import Recurring
from evaluator.core.schedule_texts import parse_schedule
from evaluator.core.silence_preview import Preview, preview
from evaluator.core.view import View
from evaluator.core.windows import Window
from evaluator.web.author import author_of, remember
from evaluator.web.choice import Choice
from evaluator.web.fields import Wrong, filled, matcher_lines, read_instant, read_matchers, read_span
from evaluator.web.forms import read_form
from evaluator.web.rendering import render, root
from evaluator.web.silences import newest
from evaluator.web.words import clock

MOST_PREVIEWED = 50
_FIELDS = {"max_duration": "lasts", "require_comment": "comment"}
"""Where the form says what a rule of the policy objects to; the others concern the matchers."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The form as it was filled in. matchers: in lines. zone: whose clocks count. until: when there is no more of it."""

    id: str = ""
    name: str = ""
    matchers: str = ""
    schedule: str = ""
    zone: str = "UTC"
    lasts: str = "2h"
    until: str = ""
    author: str = ""
    comment: str = ""
    confirm: str = ""

    @property
    def digest(self) -> str:
        """What it says, in short, whether or not its maker insists."""
        return sha256(repr(asdict(replace(self, confirm=""))).encode(errors="replace")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a draft comes to. window: None when it is none. wrong: by field. doubts: what the policy objects to."""

    window: Window | None
    wrong: Mapping[str, str]
    doubts: tuple[str, ...] = ()
    ahead: Preview | None = None


async def blank(view: View, request: Request) -> Response:
    """A new window."""
    return _page(view, request, Draft(author=author_of(request)), Judged(None, {}))


async def edit(view: View, request: Request) -> Response:
    """A window that people set, to be changed or to be set again."""
    window = _named(view, str(request.path_params["id"]))
    draft = Draft(
        window.id,
        window.name,
        matcher_lines(window.matcher_sets),
        window.schedule.text,
        window.location,
        format_duration(window.duration),
        "" if window.until is None or window.over(view.now) else clock(window.until),
        window.created_by,
        window.comment,
    )
    return _page(view, request, draft, judge(view, draft))


async def post(view: View, request: Request) -> Response:
    """Show what a window would mute, and when, or set it."""
    form = await read_form(request)
    draft = Draft(**filled(Draft, form))
    if draft.id:
        _named(view, draft.id)
    judged = judge(view, draft)
    insists, seen = bool(draft.confirm) or not judged.doubts, form.get("seen") == draft.digest
    wants = form.get("action") == "create"
    if not wants or judged.wrong or judged.window is None or not (seen and insists):
        return _page(view, request, draft, judged, again=wants and not (judged.wrong or seen))
    await view.submit(WindowSet(judged.window))
    if view.machine.silencing.windows.get(judged.window.id) is None:
        raise HTTPException(409, "The window could not be set any more when its turn came; try again.")
    response = RedirectResponse(f"{root(request)}silences", 303)
    remember(response, draft.author)
    return response


def judge(view: View, draft: Draft) -> Judged:
    """Read a draft, and ask what would come of it now."""
    wrong: Wrong = {}
    window = _read(view, draft, wrong)
    if not draft.author:
        wrong["author"] = "say who you are; somebody may want to ask"
    if not draft.comment:
        wrong["comment"] = "say why; whoever finds the window will wonder"
    if window is None:
        return Judged(None, wrong)
    ahead = preview(view.machine, window, view.now, careful=True)
    if ahead.judgement.refusal is not None:
        text = str(ahead.judgement.refusal)
        wrong.setdefault(_field_of(text), text)
    for one in ahead.judgement.objections:
        if not one.confirmable:
            wrong.setdefault(_FIELDS.get(one.rule, "matchers"), str(one))
    doubts = tuple(str(one) for one in ahead.judgement.objections if one.confirmable)
    return Judged(window, wrong, doubts, ahead)


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


def _page(view: View, request: Request, draft: Draft, judged: Judged, again: bool = False) -> Response:
    hits = newest(judged.ahead.mutes) if judged.ahead else []
    asked = request.method == "POST" and "hx-request" not in request.headers
    return render(
        view,
        request,
        "window_form.html",
        400 if judged.wrong and asked else 200,
        choice=Choice(),
        draft=draft,
        window=judged.window,
        wrong=judged.wrong if asked else {name: text for name, text in judged.wrong.items() if getattr(draft, name)},
        ready=not judged.wrong,
        again=again,
        doubts=judged.doubts,
        coming=judged.ahead.occurrences if judged.ahead else (),
        hits=hits[:MOST_PREVIEWED],
        total=len(hits),
        firing=sum(alert.firing for alert in view.machine.alerts),
    )
