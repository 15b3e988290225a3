"""One incident: who is being called, what comes next, what became of it, and what somebody can do about it.

What people type stands beside what is live, not in it, so an update takes no word away. The buttons are live: they are those of
the incident as it is, and carry the climb and the level that were seen when they were pressed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from evaluator.core.durations import parse_duration
from evaluator.core.incidents.acting import ALLOWED, why_not
from evaluator.core.incidents.actions import NOISE, Acted, Action
from evaluator.core.incidents.records import IncidentRecord, IncidentState, Moment, PageKind, PageRecord
from evaluator.core.incidents.story import sentence
from evaluator.core.view import View
from evaluator.web.author import author_of, key_of, names_of, remember, wrong_author
from evaluator.web.choice import Choice
from evaluator.web.described import describe, value_of
from evaluator.web.forms import read_form
from evaluator.web.incidents import shown
from evaluator.web.rendering import render, root

MOST_ALERTS = 100
MOST_MOMENTS = 500
LONGEST_NOTE = 8000
SNOOZES = ("30m", "1h", "4h", "8h")


async def one(view: View, request: Request) -> Response:
    """Everything about an incident."""
    return await _page(view, request, await named(view, request))


async def act(view: View, request: Request) -> Response:
    """Do something about an incident, and show it as it is then; what is not possible is said on its page."""
    record = await named(view, request)
    form = await read_form(request)
    acted, wrong = _acted(view, request, record, form)
    known = view.machine.incidents.table.get(record.number)
    wrong = wrong or (why_not(known, acted, view.now) if acted is not None else "")
    if wrong or acted is None:
        return await _page(view, request, record, wrong=wrong, form=form)
    await view.submit(acted)
    response = RedirectResponse(f"{root(request)}incidents/{record.number}", 303)
    remember(response, acted.by)
    return response


async def named(view: View, request: Request) -> IncidentRecord:
    """The incident that the path names. Raises HTTPException, UnavailableError."""
    text = str(request.path_params["number"])
    record = await view.incident(int(text)) if text.isascii() and text.isdecimal() and len(text) < 12 else None
    if record is None:
        raise HTTPException(404, f"There is no incident {text[:20]}; those that are over are kept for incidents.retention.")
    return record


def _acted(view: View, request: Request, record: IncidentRecord, form: QueryParams) -> tuple[Acted | None, str]:
    """What the form asks for, or what is wrong with it."""
    word, by = form.get("action", ""), form.get("by", "").strip()
    if word not in set(Action):
        return None, "choose what to do"
    if wrong := wrong_author(by, "the timeline will tell others"):
        return None, wrong
    if len(form.get("note", "")) > LONGEST_NOTE:
        return None, f"write at most {LONGEST_NOTE} characters"
    action = Action(word)
    try:
        duration = _duration(action, form)
    except ValueError as error:
        return None, str(error)
    text = form.get("label", "") if action is Action.LABEL else form.get("note", "").strip()
    client = request.client.host if request.client else ""
    source = f"{client} {request.headers.get('user-agent', '')}".strip()[:200]
    epoch, level = _number(form.get("epoch", "")), _number(form.get("level", ""))
    climb = level if action is Action.ESCALATE else None
    to = form.get("to", "") if action is Action.ASSIGN else ""
    return Acted(action, record.number, key_of(view, by), "web", source, epoch, climb, None, duration, text, to), ""


def _duration(action: Action, form: QueryParams) -> timedelta | None:
    """How long something is put off. Raises ValueError."""
    text = form.get("lasts", "").strip() if action is Action.SNOOZE else ""
    if not text:
        return None
    try:
        duration = parse_duration(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{error}; write 30m, 2h or 1d") from None
    if duration <= timedelta(0):
        raise ValueError("it must be longer than nothing")
    return duration


def _number(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 9 else None


async def _page(
    view: View, request: Request, record: IncidentRecord, wrong: str = "", form: QueryParams | None = None
) -> Response:
    at_hand = view.machine.incidents.table.get(record.number)
    now, names = at_hand or record, names_of(view)
    alerts = view.machine.incidents.alerts_of(now)
    known = view.settings.ladders.components.get(now.component)
    typed = form or QueryParams({})
    return render(
        view,
        request,
        "incident.html",
        409 if wrong else 200,
        choice=Choice(),
        one=shown(view, now),
        names=names,
        wrong=wrong,
        by=typed.get("by", "") or author_of(request),
        note=typed.get("note", ""),
        can=_possible(now) if at_hand is not None else frozenset(),
        people=sorted(names.items()),
        labels_of_noise=NOISE,
        snoozes=[text for text in SNOOZES if parse_duration(text) <= now.policy.max_snooze],
        runbook=known.runbook if known is not None else "",
        alerts=[(alert, describe(view, alert), value_of(alert)) for alert in alerts[:MOST_ALERTS]],
        alerts_total=len(alerts),
        timeline=_timeline(await view.moments(record.number), names),
        pages=_told(await view.pages(record.number)),
    )


def _possible(record: IncidentRecord) -> frozenset[str]:
    """What can be done with an incident in its state; the levels above it are looked at as well."""
    found = {str(action) for action, states in ALLOWED.items() if record.state in states}
    if record.level + 1 >= len(record.policy.levels) or record.holds:
        found.discard(Action.ESCALATE)
    if record.state is IncidentState.TRIGGERED:
        found.discard(Action.UNACK)
    return frozenset(found)


def _timeline(moments: Sequence[Moment], names: Mapping[str, str]) -> list[tuple[Moment, str, datetime | None]]:
    """Lines from the newest; with each the instant of the one before it, to show a new day."""
    lines = list(reversed(moments))[:MOST_MOMENTS]
    former: list[datetime | None] = [None, *(moment.at for moment in lines)]
    return [(moment, sentence(moment, names), former[number]) for number, moment in enumerate(lines)]


def _told(pages: Sequence[PageRecord]) -> list[PageRecord]:
    """Messages that people read, the newest first."""
    return [page for page in reversed(pages) if page.kind is not PageKind.UPDATE]
