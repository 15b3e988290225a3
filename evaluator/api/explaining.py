"""`/api/evaluator/v1/alerts/{fingerprint}/explain`: why an alert was (not) sent, and when it is sent next.

What is so now comes from the machine; what was decided and tried before, and alerts that the machine has forgotten, come from
the history. Everything is bounded: an explanation is read by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator.api.native import Json, answer, attempt_shown, decision_shown, transition_shown
from evaluator.api.v1 import failure
from evaluator.api.view import View
from evaluator.core.explaining.explaining import explain_labels, known
from evaluator.core.explaining.explanation import (
    Explanation,
    GroupStory,
    IntegrationStory,
    MuteStory,
    Pending,
    RouteStory,
    Source,
    Undelivered,
)
from evaluator.core.explaining.explanation_texts import sentences, title
from evaluator.core.explaining.history_texts import history_sentences
from evaluator.core.explaining.rehearsal import Outlook, Prospect
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.records import Attempt, Decision, Transition
from evaluator.core.timestamps import rfc3339
from evaluator.core.view import changes_of

SEARCHED = 1000
"""How many of the newest state changes are searched for an alert that is over and forgotten."""

SHOWN = 20
"""How many state changes of an alert, and decisions and attempts of each of its groups, are given."""

NAMED = 5  # alerts that an ambiguous fingerprint names


class UnexplainedError(Exception):
    """It cannot be said which alert is meant; the text says why and what to do. status: of the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@frozen
class Past:
    """What the history says, newest first."""

    transitions: Sequence[Transition] = ()
    decisions: Sequence[Decision] = ()
    attempts: Sequence[Attempt] = ()


def routes(view: View) -> list[Route]:
    """The route of explanations."""

    async def explain(request: Request) -> Response:
        """Why an alert was (not) sent, and when it is sent next; the beginning of a fingerprint will do."""
        try:
            explanation, past = await explained(view, request.path_params["fingerprint"])
        except UnexplainedError as error:
            return failure("not_found" if error.status == 404 else "bad_data", str(error), error.status)
        return answer(_explanation(explanation, past))

    return [Route("/api/evaluator/v1/alerts/{fingerprint}/explain", explain)]


async def explained(view: View, prefix: str) -> tuple[Explanation, Past]:
    """The alert whose fingerprint begins with `prefix`, and its history. Raises UnexplainedError and UnavailableError."""
    prefix = prefix.lower()
    found = known(view.machine, prefix) or await _gone(view, prefix)
    explanation = explain_labels(view.machine, _only(found, prefix), view.now)
    mine = await changes_of(view, explanation.labels, SHOWN)
    groups = dict.fromkeys(route.group_id for route in explanation.routes)
    decisions = [one for group in groups for one in await view.decisions(group, SHOWN)]
    attempts = [one for group in groups for one in await view.attempts(group, SHOWN)]
    return explanation, Past(mine, sorted(decisions, key=_at, reverse=True), sorted(attempts, key=_at, reverse=True))


async def _gone(view: View, prefix: str) -> Sequence[Labels]:
    """The labels of alerts that only the history knows."""
    external = view.settings.external_labels
    seen = {one.labels.filled_from(external) for one in await view.transitions(SEARCHED)}
    return sorted(labels for labels in seen if labels.fingerprint.startswith(prefix))


def _at(noted: Decision | Attempt) -> datetime:
    return noted.at


def _only(found: Sequence[Labels], prefix: str) -> Labels:
    exact = [labels for labels in found if labels.fingerprint == prefix]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found:
        text = (
            f"no alert with fingerprint {prefix!r} is pending, fires, or was over lately; `evaluator alerts list` names those"
        )
        raise UnexplainedError(404, f"{text} that are there")
    named = "; ".join(f"{labels.fingerprint} {title(labels)}" for labels in found[:NAMED])
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise UnexplainedError(400, f"{len(found)} alerts have a fingerprint that begins so, write more of it: {named}{more}")


# -- as JSON ----------------------------------------------------------------------------------------------------------


def _explanation(told: Explanation, past: Past) -> Json:
    story = [*sentences(told), *history_sentences(told.at, past.transitions, past.decisions, past.attempts)]
    return {
        "at": rfc3339(told.at),
        "fingerprint": told.fingerprint,
        "labels": told.labels.as_dict(),
        "state": str(told.standing),
        "since": _instant(told.since),
        "why": told.why,
        "sources": [_source(one) for one in told.sources],
        "pending": [_pending(one) for one in told.pending],
        "routes": [_route(one) for one in told.routes],
        "transitions": [transition_shown(one) for one in past.transitions],
        "decisions": [decision_shown(one) for one in past.decisions],
        "deliveries": [attempt_shown(one) for one in past.attempts],
        "story": story,
    }


def _instant(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None


def _source(one: Source) -> Json:
    return {
        "kind": str(one.kind),
        "key": one.key,
        "rule": one.name,
        "group": one.group,
        "position": str(one.position) if one.position is not None and one.position.file else "",
        "error": one.error,
        "absentSince": _instant(one.absent_since),
        "keptUntil": _instant(one.kept_until),
        "overAt": _instant(one.over_at),
    }


def _pending(one: Pending) -> Json:
    return {"source": _source(one.source), "since": rfc3339(one.since), "firesAt": rfc3339(one.fires_at)}


def _route(one: RouteStory) -> Json:
    return {
        "path": [_step(step.route.id, step.matchers, step.route.continues) for step in one.path.steps] if one.path else None,
        "receiver": one.receiver,
        "sends": one.sends,
        "mutes": [_mute(mute) for mute in one.mutes],
        "groupId": one.group_id,
        "groupKey": one.group_key,
        "earliest": _instant(one.earliest),
        "group": _group(one.group) if one.group is not None else None,
    }


def _step(name: str, matchers: str, continues: bool) -> Json:
    return {"id": name, "matchers": matchers, "continue": continues}


def _mute(mute: MuteStory) -> Json:
    shown: dict[str, Any] = {"kind": str(mute.kind), "names": list(mute.names), "until": _instant(mute.until)}
    if mute.inhibitor is not None:
        shown["inhibitor"] = {"fingerprint": mute.inhibitor.fingerprint, "labels": mute.inhibitor.as_dict()}
    shown["silences"] = [
        {"id": one.id, "endsAt": rfc3339(one.ends_at), "createdBy": one.created_by, "comment": one.comment}
        for one in mute.silences
    ]
    return shown


def _group(group: GroupStory) -> Json:
    return {
        "id": group.id,
        "labels": group.labels.as_dict(),
        "firing": group.firing,
        "resolved": group.resolved,
        "member": group.member,
        "endedWhy": group.ended_why,
        "nextFlush": _instant(group.considered_at),
        "nextFlushWhy": str(group.tick) if group.tick is not None else None,
        "integrations": [_integration(one) for one in group.integrations],
    }


def _integration(one: IntegrationStory) -> Json:
    return {
        "name": one.name,
        "sendResolved": one.send_resolved,
        "told": str(one.told),
        "toldAt": _instant(one.told_at),
        "held": one.held,
        "lastDecision": decision_shown(one.decision) if one.decision is not None else None,
        "undelivered": _undelivered(one.undelivered) if one.undelivered is not None else None,
        "nextRepeat": _instant(one.repeat_at),
        "next": _outlook(one.outlook),
    }


def _undelivered(row: Undelivered) -> Json:
    return {
        "reason": row.reason,
        "tells": row.tells,
        "since": rfc3339(row.since),
        "attempts": row.attempts,
        "error": row.error,
        "underWay": row.under_way,
        "permanent": row.permanent,
        "retryAt": _instant(row.retry_at),
    }


def _outlook(found: Outlook) -> Json:
    """What comes if nothing else happens: `message` of the group, `aboutThis` of the alert; `until`: how far was looked."""
    return {
        "decision": _prospect(found.decides),
        "message": _prospect(found.sends),
        "aboutThis": _prospect(found.tells),
        "until": _instant(found.until),
    }


def _prospect(found: Prospect | None) -> Json | None:
    return {"at": rfc3339(found.at), "reason": found.reason, "retry": found.again} if found is not None else None
