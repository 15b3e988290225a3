"""Incidents in a list: those that somebody must look at first come first, and each says who is called next, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.frozen import frozen
from evaluator.core.incidents.incident import Due
from evaluator.core.incidents.policy import Level
from evaluator.core.incidents.records import IncidentRecord, IncidentState, MaintenanceRecord, PageKind, PageRecord, PageState
from evaluator.core.incidents.story import coming, standing
from evaluator.core.labels import Labels
from evaluator.core.view import View
from evaluator.web.author import author_of, names_of
from evaluator.web.choice import Choice, read_choice
from evaluator.web.paging import Page, page_of
from evaluator.web.rendering import render

PER_PAGE = 50
MOST_OVER = 1000
"""Incidents that are over and are looked through for a page."""

OPEN, OVER = "open", "over"
_GRAVITY = {IncidentState.TRIGGERED: 0, IncidentState.ACKED: 1, IncidentState.SNOOZED: 2, IncidentState.RESOLVED: 3}


@frozen
class Rung:
    """A level of a ladder as it is drawn. state: `fired`, `next` or `ahead`. at: when it fires, if that is known."""

    level: Level
    state: str
    at: datetime | None = None


@frozen
class Shown:
    """An incident as it is shown. next_text, next_at: what comes if nothing happens. called: who is being paged now."""

    record: IncidentRecord
    says: str
    next_text: str
    next_at: datetime | None
    rungs: tuple[Rung, ...]
    called: tuple[str, ...]


async def listing(view: View, request: Request) -> Response:
    """Open incidents as cards; those that are over, with `state=over`, as a list."""
    choice = read_choice(request.query_params, view.settings.matcher_mode)
    table = view.machine.incidents.table.values()
    found = [record for record in table if record.open and admits(choice, record)]
    ordered = sorted(found, key=lambda record: rank(view, record))
    over = await _over(view, choice) if choice.state == OVER else None
    return render(
        view,
        request,
        "incidents.html",
        400 if choice.problem else 200,
        choice=choice,
        counts=Counter(str(record.state) for record in ordered),
        page=over or page_of(ordered, choice.page, PER_PAGE),
        shown=[] if over else [shown(view, record) for record in page_of(ordered, choice.page, PER_PAGE).items],
        over=over.items if over else None,
        names=names_of(view),
        author=author_of(request),
        maintenance=maintenance_of(view),
        ladders=bool(view.settings.ladders.escalations),
    )


def shown(view: View, record: IncidentRecord) -> Shown:
    """How an incident stands, and what comes next."""
    due = view.machine.incidents.next_step(record) if record.number in view.machine.incidents.table else None
    text = coming(record, due) if due is not None else ""
    names = names_of(view)
    return Shown(
        record,
        standing(record, names),
        text,
        due.at if due is not None and text else None,
        rungs(record, due),
        called(view.machine.incidents.pages_of(record.number), record, names),
    )


def rungs(record: IncidentRecord, due: Due | None) -> tuple[Rung, ...]:
    """The ladder, and where the incident is on it."""
    found = []
    for number, level in enumerate(record.policy.levels):
        if number <= record.level:
            found.append(Rung(level, "fired"))
        elif number == record.level + 1 and record.running:
            found.append(Rung(level, "next", due.at if due is not None else None))
        else:
            found.append(Rung(level, "ahead"))
    return tuple(found)


def called(pages: Sequence[PageRecord], record: IncidentRecord, names: dict[str, str]) -> tuple[str, ...]:
    """Who has been, or is being, paged in this climb: the newest last."""
    if record.state is not IncidentState.TRIGGERED:
        return ()
    mine = (page for page in pages if page.epoch == record.epoch and page.kind is PageKind.PAGE)
    alive = (page for page in mine if page.state in (PageState.SENDING, PageState.SENT))
    return tuple(dict.fromkeys(f"{names.get(page.whom, page.whom)} by {page.way}" for page in alive))


def rank(view: View, record: IncidentRecord) -> tuple[int, int, int, int]:
    """What nobody is on before what somebody is; the gravest, then the highest on its ladder, then the newest."""
    return _GRAVITY[record.state], -view.settings.ladders.rank(record.severity), -record.level, -record.number


def admits(choice: Choice, record: IncidentRecord) -> bool:
    """Whether an incident is asked for: by its labels, or a word of its title."""
    labels = {**record.labels, "severity": record.severity, "component": record.component}
    return choice.admits(Labels(labels | {"alertname": record.labels.get("alertname", record.title)}))


def chased(view: View) -> dict[str, IncidentRecord]:
    """The open incident of each alert that has one, by fingerprint."""
    return {alert: record for record in view.machine.incidents.table.values() if record.open for alert in record.alerts}


def maintenance_of(view: View) -> list[MaintenanceRecord]:
    """What is being worked on, or will be within a day."""
    soon = view.now + timedelta(days=1)
    found = [one for one in view.machine.incidents.maintenance.values() if one.starts_at <= soon]
    return sorted(found, key=lambda one: (one.starts_at, one.id))


async def _over(view: View, choice: Choice) -> Page[IncidentRecord]:
    kept = await view.incidents((IncidentState.RESOLVED,), None, MOST_OVER)
    return page_of([record for record in kept if admits(choice, record)], choice.page, PER_PAGE)
