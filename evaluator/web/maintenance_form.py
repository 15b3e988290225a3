"""The form for maintenance: somebody works on something, and nobody is chased for it.

What it is of stays as it was set; who works on something else begins maintenance of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from evaluator.core.events import MaintenanceEnded, MaintenanceSet
from evaluator.core.frozen import frozen
from evaluator.core.incidents.belonging import COMPONENT
from evaluator.core.incidents.maintenance_terms import wrong_component, wrong_length, wrong_reason
from evaluator.core.incidents.records import MaintenanceRecord
from evaluator.core.labels import Matcher
from evaluator.core.view import UnavailableError, View
from evaluator.web.author import author_of, key_of, names_of, remember, wrong_author
from evaluator.web.fields import Wrong, filled, note, read_end, read_instant, read_matchers
from evaluator.web.forms import not_set, read_form
from evaluator.web.rendering import render, root


@frozen
class Draft:
    """The form as it was filled in. component, matchers, everything: what is worked on, one of them."""

    id: str = ""
    component: str = ""
    matchers: str = ""
    everything: str = ""
    starts: str = ""
    lasts: str = "2h"
    until: str = ""
    author: str = ""
    reason: str = ""


async def blank(view: View, request: Request) -> Response:
    """New maintenance; `component` says of what."""
    draft = Draft(component=request.query_params.get("component", ""), author=author_of(request))
    return _page(view, request, draft, None, {})


async def edit(view: View, request: Request) -> Response:
    """Maintenance that is on or planned, to end at another time or to say better what is done."""
    known = _named(view, str(request.path_params["id"]))
    author = names_of(view).get(known.author, known.author)
    draft = Draft(known.id, lasts="", author=author, reason=known.reason)
    return _page(view, request, draft, known, {})


async def post(view: View, request: Request) -> Response:
    """Begin, plan or change maintenance; what is wrong is said beside the form."""
    form = await read_form(request)
    draft = Draft(**filled(Draft, form))
    known = _named(view, draft.id) if draft.id else None
    wrong: Wrong = {}
    wanted = _wanted(view, draft, known, wrong)
    if wrong:
        return _page(view, request, draft, known, wrong)
    try:
        await view.submit(MaintenanceSet(wanted))
    except UnavailableError as error:
        return _page(view, request, draft, known, {}, not_set(error))
    response = RedirectResponse(f"{root(request)}incidents", 303)
    remember(response, draft.author)
    return response


async def end(view: View, request: Request) -> Response:
    """End maintenance, or take back what is planned."""
    known = _named(view, str(request.path_params["id"]))
    await view.submit(MaintenanceEnded(known.id))
    return RedirectResponse(f"{root(request)}incidents", 303)


def _wanted(view: View, draft: Draft, known: MaintenanceRecord | None, wrong: Wrong) -> MaintenanceRecord:
    """What is asked for; it is worth something only if nothing is wrong."""
    begins = known.starts_at if known is not None else read_instant(draft.starts, "starts", wrong) or view.now
    starts_at = max(begins, view.now)
    ends_at = known.ends_at if known is not None and not (draft.lasts or draft.until) else _ends_at(draft, starts_at, wrong)
    note(wrong, "author", wrong_author(draft.author, "whoever wonders at night may want to ask"))
    note(wrong, "reason", wrong_reason(draft.reason))
    author = key_of(view, draft.author)
    if known is not None:
        return replace(known, ends_at=ends_at, author=author, reason=draft.reason)
    matchers = _matchers(view, draft, wrong)
    return MaintenanceRecord(str(uuid4()), matchers, starts_at, ends_at, author, draft.reason, draft.component)


def _ends_at(draft: Draft, starts_at: datetime, wrong: Wrong) -> datetime:
    ends_at = read_end(starts_at, draft.lasts, draft.until, wrong)
    if "lasts" not in wrong and "until" not in wrong:
        note(wrong, "until" if draft.until else "lasts", wrong_length(starts_at, ends_at))
    return ends_at


def _matchers(view: View, draft: Draft, wrong: Wrong) -> tuple[Matcher, ...]:
    if sum(map(bool, (draft.component, draft.matchers, draft.everything))) != 1:
        wrong["matchers"] = "say what is worked on: a component, matchers, or everything"
        return ()
    if draft.component:
        note(wrong, "component", wrong_component(draft.component, view.settings.ladders.components))
        return (Matcher(COMPONENT, draft.component),)
    if draft.everything:
        return ()
    sets = read_matchers(draft.matchers, view.settings.matcher_mode, wrong)
    if len(sets) > 1:
        wrong.setdefault("matchers", "maintenance knows no alternatives; begin one for each")
    return sets[0]


def _named(view: View, name: str) -> MaintenanceRecord:
    """The maintenance with that id. Raises HTTPException."""
    known = view.machine.incidents.maintenance.get(name)
    if known is None:
        raise HTTPException(404, "There is no such maintenance; it may be over.")
    return known


def _page(
    view: View,
    request: Request,
    draft: Draft,
    known: MaintenanceRecord | None,
    wrong: Mapping[str, str],
    remark: str = "",
) -> Response:
    return render(
        view,
        request,
        "maintenance_form.html",
        503 if remark else 400 if wrong else 200,
        remark=remark,
        draft=draft,
        known=known,
        wrong=wrong,
        components=sorted(view.settings.ladders.components),
    )
