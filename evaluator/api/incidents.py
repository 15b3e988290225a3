"""Incidents over HTTP: who is chased about what, and what became of it.

Names of members are as they are on the command line, in words with underscores: `opened_at`. A list comes in pages: the header
`Link` says where the next one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from evaluator.api import incident_acts, incident_silences
from evaluator.api.endpoints import answer, at, bad, missing
from evaluator.api.idempotency import Remembered
from evaluator.api.incident_acts import number_of, tag
from evaluator.api.incident_shown import names_of, shown_incident, shown_story
from evaluator.api.v2 import parameters
from evaluator.api.view import View
from evaluator.core.frozen import frozen
from evaluator.core.incidents.records import IncidentRecord, IncidentState
from evaluator.core.incidents.review import review
from evaluator.core.labels import Labels, Matcher, match_all
from evaluator.core.records import Transition

MOST, USUAL = 1000, 100
"""Incidents in an answer."""

BATCH = 1000
MOST_BATCHES = 20
"""How much is looked through for one answer."""

BEFORE = timedelta(hours=6)
MOST_CHANGES = 1000
"""How long before an incident, and how many, state changes of alerts are evidence in its review."""

_INSTANT = timedelta(microseconds=1)

OPEN = tuple(state for state in IncidentState if state is not IncidentState.RESOLVED)


@frozen
class Choice:
    """Which incidents are asked for. before: only those with a smaller number. labels: those that the incidents have."""

    states: tuple[IncidentState, ...]
    severities: frozenset[str]
    labels: tuple[Matcher, ...]
    component: str | None
    limit: int
    before: int | None

    def admits(self, record: IncidentRecord) -> bool:
        """Whether an incident is asked for; its state has been looked at."""
        return (
            (self.before is None or record.number < self.before)
            and (not self.severities or record.severity in self.severities)
            and self.component in (None, record.component)
            and match_all(self.labels, Labels({**record.labels, "severity": record.severity, "component": record.component}))
        )


def routes(view: View) -> list[Route]:
    """The routes below `/api/evaluator/v1/incidents`."""
    remembered = Remembered()
    return [
        at(view, "incidents", _listing),
        at(view, "incidents/{id}", _one),
        at(view, "incidents/{id}/review", _review),
        *incident_acts.routes(view, remembered),
        *incident_silences.routes(view, remembered),
    ]


async def _listing(view: View, request: Request) -> Response:
    """Incidents, newest first; `state` (open ones), `severity`, `component`, `filter`, `limit`, `before` choose among them."""
    choice = _choice(view, request)
    found = await chosen(view, choice)
    shown = [shown_incident(view, record) for record in found[: choice.limit]]
    more = len(found) > choice.limit
    return answer(shown, headers={"Link": _next(request, found[choice.limit - 1].number)} if more else None)


async def _one(view: View, request: Request) -> Response:
    """One incident with its alerts, ladder, messages and timeline; `ETag` is what `If-Match` of an action wants."""
    record = await named(view, request)
    moments, pages = await view.moments(record.number), await view.pages(record.number)
    headers = {"ETag": tag(record), "Cache-Control": "no-store"}
    return answer(shown_story(view, record, moments, pages), headers=headers)


async def _review(view: View, request: Request) -> Response:
    """The review of an incident, in Markdown: what happened, the evidence, and the questions that are open."""
    record = await named(view, request)
    moments, pages = await view.moments(record.number), await view.pages(record.number)
    around = record.opened_at - BEFORE, (record.resolved_at or view.now) + timedelta(seconds=1)
    changes = evidence(view, record, await view.transitions_between(*around, MOST_CHANGES))
    return PlainTextResponse(review(record, moments, pages, changes, names_of(view), view.now), media_type="text/markdown")


async def named(view: View, request: Request) -> IncidentRecord:
    """The incident that the path names. Raises NotDoneError, UnavailableError."""
    number = number_of(request)
    record = await view.incident(number)
    if record is None:
        raise missing(f"there is no incident {number}")
    return record


def evidence(view: View, record: IncidentRecord, changes: Sequence[Transition]) -> list[Transition]:
    """Of state changes of alerts, those of the incident's alerts, the oldest first."""
    external = view.settings.external_labels
    wanted = tuple(Matcher(name, value) for name, value in record.labels.items())

    def concerns(change: Transition) -> bool:
        labels = change.labels.filled_from(external)
        return labels.fingerprint in record.alerts or (bool(wanted) and match_all(wanted, labels))

    return [change for change in reversed(changes) if concerns(change)]


async def chosen(view: View, choice: Choice) -> list[IncidentRecord]:
    """The incidents that are asked for, and one more if there are more. Raises UnavailableError."""
    if IncidentState.RESOLVED not in choice.states:
        known = sorted(view.machine.incidents.table.values(), key=lambda record: -record.number)
        found = [record for record in known if record.state in choice.states and choice.admits(record)]
        return found[: choice.limit + 1]
    kept: dict[int, IncidentRecord] = {}
    until = await _until(view, choice)
    for _ in range(MOST_BATCHES):
        batch = await view.incidents(choice.states, until, BATCH)
        kept.update((record.number, record) for record in batch if choice.admits(record))
        if len(batch) < BATCH or len(kept) > choice.limit:
            break
        until = batch[-1].opened_at + _INSTANT
    return list(kept.values())[: choice.limit + 1]


async def _until(view: View, choice: Choice) -> datetime | None:
    """Where a page begins: numbers grow as time does."""
    if choice.before is None:
        return None
    former = await view.incident(choice.before)
    return former.opened_at + _INSTANT if former is not None else None


def _choice(view: View, request: Request) -> Choice:
    query = request.query_params
    filters = tuple(parameters.matchers(request, "filter", view.settings.matcher_mode))
    limit, before = _number(request, "limit", USUAL), _number(request, "before", 0)
    if not 1 <= limit <= MOST:
        raise bad(f"limit: a whole number from 1 to {MOST}")
    severities = frozenset(query.getlist("severity"))
    return Choice(_states(query.getlist("state")), severities, filters, query.get("component"), limit, before or None)


def _states(wanted: Sequence[str]) -> tuple[IncidentState, ...]:
    if not wanted:
        return OPEN
    states = []
    for text in wanted:
        if text == "all":
            return tuple(IncidentState)
        if text not in set(IncidentState):
            raise bad(f'state: "{text}" is none; write {", ".join(IncidentState)}, or all')
        states.append(IncidentState(text))
    return tuple(states)


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name, str(usual))
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise bad(f'{name}: a whole number, not "{text}"')
    return int(text)


def _next(request: Request, last: int) -> str:
    kept = [(name, text) for name, text in request.query_params.multi_items() if name != "before"]
    return f'<{request.url.path}?{urlencode([*kept, ("before", str(last))])}>; rel="next"'
