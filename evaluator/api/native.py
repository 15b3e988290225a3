"""The evaluator's own API, `/api/evaluator/v1`: what Prometheus' and Alertmanager's have no place for."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator import __version__
from evaluator.api.entries import Entry
from evaluator.api.numbers import exponent
from evaluator.api.pieces import Pieces, in_turns
from evaluator.api.roll import Roll
from evaluator.api.view import View
from evaluator.core.records import Attempt, Decision, Transition
from evaluator.core.routing.grouping import AlertGroup, Lane
from evaluator.core.timestamps import rfc3339

Json = dict[str, Any]
MOST = 1000


def routes(view: View, roll: Roll) -> list[Route]:
    """The routes below `/api/evaluator/v1`. roll: the alerts of `view`."""

    async def status(request: Request) -> Response:
        """The version, whether it is ready and why not, counts, and which datasources answer."""
        return answer(_status(view))

    async def alerts(request: Request) -> Response:
        """Alerts as people are told of them, built-in ones included, with the groups that they are in."""
        await roll.write()
        await in_turns(roll.find(), Entry.tail)  # most are still true when all are put together
        pieces = (piece for entry in roll.find() for piece in (entry.head(view.texts), entry.tail()))
        return Pieces(pieces)

    async def groups(request: Request) -> Response:
        """Alert groups: the next flush, and for each integration what it was told and what it has yet to accept.

        Each is as it was when it was written: of thousands, the last some hundredths of a second after the first.
        """
        there = list(view.machine.dispatch.groups.values())
        return Pieces(await in_turns(there, lambda group: msgspec.json.encode(_group(view, group)) + b","))

    async def deliveries(request: Request) -> Response:
        """Attempts at deliveries, the newest first; `group` and `limit` choose among them."""
        return answer([attempt_shown(one) for one in await view.attempts(request.query_params.get("group"), _limit(request))])

    async def decisions(request: Request) -> Response:
        """Flush decisions with their reasons, the newest first; `group` and `limit` choose among them."""
        return answer([decision_shown(one) for one in await view.decisions(request.query_params.get("group"), _limit(request))])

    async def transitions(request: Request) -> Response:
        """State changes of alerts, the newest first; at most `limit`."""
        return answer([transition_shown(one) for one in await view.transitions(_limit(request))])

    endpoints = {
        "status": status,
        "alerts": alerts,
        "groups": groups,
        "deliveries": deliveries,
        "decisions": decisions,
        "transitions": transitions,
    }
    return [Route(f"/api/evaluator/v1/{name}", endpoint) for name, endpoint in endpoints.items()]


def answer(data: Any) -> Response:
    """As JSON."""
    return Response(msgspec.json.encode(data), media_type="application/json")


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "100")
    return min(MOST, int(text)) if text.isdecimal() else 100


def _status(view: View) -> Json:
    machine = view.machine
    return {
        "version": __version__,
        "startedAt": rfc3339(view.started_at),
        "now": rfc3339(view.now),
        "ready": not view.unready,
        "why": view.unready,
        "groups": len(machine.groups),
        "rules": sum(len(group.group.rules) for group in machine.groups.values()),
        "alerts": sum(alert.firing for alert in machine.alerts),
        "outbox": len(machine.dispatch.outbox),
        "externalLabels": view.settings.external_labels.as_dict(),
        "datasources": [
            {"name": one.name, "kind": str(one.kind), "up": one.name not in machine.query_watch.datasources}
            for one in view.settings.datasources
        ],
    }


def _group(view: View, group: AlertGroup) -> Json:
    tick = view.machine.timers.at(("flush", group.id))
    return {
        "id": group.id,
        "groupKey": group.key,
        "receiver": group.route.receiver,
        "labels": group.labels.as_dict(),
        "alerts": sorted(group.alerts),
        "nextFlush": rfc3339(tick) if tick else None,
        "integrations": [_lane(view, group, lane) for lane in group.lanes.values()],
    }


def _lane(view: View, group: AlertGroup, lane: Lane) -> Json:
    repeat = view.machine.timers.at(("repeat", group.id, lane.name))
    return {
        "name": lane.name,
        "toldAt": rfc3339(lane.told.told_at) if lane.told else None,
        "toldFiring": list(lane.told.firing) if lane.told else [],
        "nextRepeat": rfc3339(repeat) if repeat else None,
        "undelivered": lane.row is not None,
        "attempts": lane.row.attempts if lane.row else 0,
        "error": lane.row.error if lane.row else "",
        "decision": lane.decision.reason if lane.decision else "",
    }


def attempt_shown(attempt: Attempt) -> Json:
    """An attempt at a delivery."""
    return {
        "at": rfc3339(attempt.at),
        "id": attempt.outbox,
        "group": attempt.group,
        "integration": attempt.integration,
        "attempt": attempt.attempt,
        "accepted": not attempt.error,
        "error": attempt.error,
        "permanent": attempt.permanent,
        "receipt": dict(attempt.receipt),
    }


def decision_shown(decision: Decision) -> Json:
    """A flush decision."""
    return {
        "at": rfc3339(decision.at),
        "group": decision.group,
        "groupKey": decision.group_key,
        "route": decision.route,
        "integration": decision.integration,
        "reason": decision.reason,
        "sent": decision.sent,
        "firing": decision.firing,
        "resolved": decision.resolved,
        "muted": decision.muted,
        "mutes": list(decision.mutes),
        "delivery": decision.outbox or None,
    }


def transition_shown(change: Transition) -> Json:
    """A state change of an alert."""
    return {
        "at": rfc3339(change.at),
        "rule": change.rule,
        "labels": change.labels.as_dict(),
        "before": change.before,
        "after": change.after,
        "activeAt": rfc3339(change.active_at),
        "value": exponent(change.value),
        "why": change.why,
    }
