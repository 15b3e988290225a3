"""One alert: what it says, why it was or was not told to whom, what comes next, and what has become of it so far."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.alerts import Alert
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.evaluation.tracking import Tracked
from evaluator.core.explaining.explaining import explain_labels
from evaluator.core.explaining.explanation import Explanation, Standing
from evaluator.core.explaining.explanation_texts import sentences
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.records import Attempt, Decision, Transition
from evaluator.core.routing.grouping import AlertGroup
from evaluator.core.view import UnavailableError, View, changes_of
from evaluator.web import standing
from evaluator.web.choice import Choice
from evaluator.web.chosen import key_of
from evaluator.web.described import describe, value_of
from evaluator.web.incidents import chased
from evaluator.web.lanes import Prospect, prospect
from evaluator.web.lookup import find_alert, labels_of
from evaluator.web.rendering import render

MOST = 20


@frozen
class Place:
    """A group that the alert is in: why it is not told there, and what comes next. decisions, attempts: newest first."""

    key: str
    group: AlertGroup
    causes: tuple[standing.Cause, ...]
    prospect: Prospect
    decisions: Sequence[Decision]
    attempts: Sequence[Attempt]


async def alert(view: View, request: Request) -> Response:
    """Everything about the alert with this fingerprint."""
    fingerprint = str(request.path_params["fingerprint"])
    found = find_alert(view, fingerprint)
    if found is None:
        raise HTTPException(
            404, "There is no such alert. If there was one, it is over, and whoever was told of it has heard so."
        )
    labels = labels_of(view, found)
    told = explain_labels(view.machine, labels, view.now)
    tracked = found if isinstance(found, Tracked) else found.described
    rule = tracked.rule if isinstance(tracked, Tracked) else None
    places = [await _place(view, group, found) for group in _groups(view, found)] if isinstance(found, Alert) else []
    return render(
        view,
        request,
        "alert.html",
        choice=Choice(),
        labels=labels,
        fingerprint=fingerprint,
        incident=chased(view).get(fingerprint),
        told=told,
        state=_state(told),
        lines=[_indented(line) for line in sentences(told)[1:]],
        said=describe(view, found),
        value=value_of(found),
        rule=rule,
        url=found.generator_url if isinstance(found, Alert) else "",
        places=places,
        history=await _history(view, labels, rule),
    )


def _state(told: Explanation) -> str:
    """Firing unless it is muted on every route."""
    if told.standing is Standing.FIRING and told.routes and all(route.mutes for route in told.routes):
        return standing.MUTED
    return str(told.standing)


def _indented(line: str) -> tuple[int, str]:
    """How far a line of an explanation is indented, and what it says."""
    text = line.lstrip(" ")
    return min(2, (len(line) - len(text)) // 2), text


def _groups(view: View, found: Alert) -> list[AlertGroup]:
    known = view.machine.dispatch.groups
    return [known[name] for name in sorted(found.groups) if name in known]


async def _place(view: View, group: AlertGroup, found: Alert) -> Place:
    stands = standing.Standing(view)
    mute = stands.mute(found, group.route) if found.firing else None
    causes = stands.causes(mute, group.route) if mute else ()
    try:
        decided, tried = await view.decisions(group.id, MOST), await view.attempts(group.id, MOST)
    except UnavailableError:
        decided, tried = (), ()
    return Place(key_of(group), group, causes, prospect(view, group), decided, tried)


async def _history(view: View, labels: Labels, rule: AlertingRule | None) -> list[Transition]:
    """The newest changes of its state."""
    if rule is None:
        return []
    try:
        return [one for one in await changes_of(view, labels, MOST) if one.rule == rule.key]
    except UnavailableError:
        return []
