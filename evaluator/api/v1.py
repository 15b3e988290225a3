"""Prometheus' API, as far as a ruler has one: rules and alerts, so that Grafana and every tool that reads them works.

Shapes are Prometheus' own, the envelope, the printing of values and the filters included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator import __version__
from evaluator.api.numbers import exponent
from evaluator.api.view import View
from evaluator.core.evaluation import GroupEvaluation, RuleEvaluation, Tracked
from evaluator.core.records import State
from evaluator.core.rules import AlertingRule, RecordingRule
from evaluator.core.timestamps import rfc3339

Json = dict[str, Any]


class BadParameterError(ValueError):
    """A parameter of a request cannot be understood."""


def routes(view: View) -> list[Route]:
    """The routes below `/api/v1`."""

    def answer(make: Callable[[View, Request], Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                return success(make(view, request))
            except BadParameterError as error:
                return failure("bad_data", str(error), 400)

        endpoint.__doc__ = make.__doc__
        return endpoint

    return [
        Route("/api/v1/rules", answer(rules)),
        Route("/api/v1/alerts", answer(alerts)),
        Route("/api/v1/status/buildinfo", answer(buildinfo)),
        Route("/api/v1/status/runtimeinfo", answer(runtimeinfo)),
    ]


def success(data: Any) -> Response:
    """Prometheus' envelope around an answer."""
    return Response(msgspec.json.encode({"status": "success", "data": data}), media_type="application/json")


def failure(kind: str, text: str, status: int) -> Response:
    """Prometheus' envelope around an error."""
    body = {"status": "error", "errorType": kind, "error": text}
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def rules(view: View, request: Request) -> Json:
    """Groups and rules; `type`, `rule_name[]`, `rule_group[]`, `file[]` and `exclude_alerts` choose among them."""
    query = request.query_params
    kind = query.get("type", "")
    if kind not in ("", "alert", "record"):
        raise BadParameterError(f'invalid parameter "type": not supported value "{kind}"')
    names, groups, files = (set(query.getlist(f"{name}[]")) for name in ("rule_name", "rule_group", "file"))
    bare = _flag(query.get("exclude_alerts", ""))
    shown = []
    for group in sorted(view.machine.groups.values(), key=lambda one: (one.group.file, one.group.name)):
        if (groups and group.group.name not in groups) or (files and group.group.file not in files):
            continue
        found = [_rule(view, group, rule, bare) for rule in group.group.rules if _wanted(rule, kind, names)]
        if found or not (kind or names):
            shown.append(_group(group, found))
    return {"groups": shown}


def alerts(view: View, request: Request) -> Json:
    """Pending and firing alerts of all rules."""
    tracked = (one for group in view.machine.groups.values() for rule in group.rules.values() for one in _active(rule))
    return {"alerts": [_alert(view, one) for one in tracked]}


def buildinfo(view: View, request: Request) -> Json:
    """A version of Prometheus whose API this is, for Grafana, which asks accordingly; `revision` is the evaluator's own."""
    return {
        "application": "evaluator",
        "version": "2.42.0",
        "revision": __version__,
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }


def runtimeinfo(view: View, request: Request) -> Json:
    """When it was started, what time it is there, and whether the last reload was taken over."""
    return {
        "startTime": rfc3339(view.started_at),
        "reloadConfigSuccess": view.reload_successful,
        "serverTime": rfc3339(view.now),
    }


def _flag(text: str) -> bool:
    if text.lower() not in ("", "true", "false", "1", "0", "t", "f"):
        raise BadParameterError(f'invalid parameter "exclude_alerts": strconv.ParseBool: parsing "{text}": invalid syntax')
    return text.lower() in ("true", "1", "t")


def _wanted(rule: AlertingRule | RecordingRule, kind: str, names: set[str]) -> bool:
    alerting = isinstance(rule, AlertingRule)
    return (not kind or (kind == "alert") == alerting) and (not names or rule.name in names)


def _group(group: GroupEvaluation, rules: Iterable[Json]) -> Json:
    took = (group.finished_at - group.started_at).total_seconds() if group.finished_at and group.started_at else 0.0
    return {
        "name": group.group.name,
        "file": group.group.file,
        "rules": list(rules),
        "interval": group.group.interval.total_seconds(),
        "limit": group.group.limit,
        "evaluationTime": max(0.0, took),
        "lastEvaluation": rfc3339(group.started_at),
    }


def _rule(view: View, group: GroupEvaluation, rule: AlertingRule | RecordingRule, bare: bool) -> Json:
    if isinstance(rule, RecordingRule):
        return {
            "name": rule.name,
            "query": rule.expr,
            "labels": rule.labels.as_dict(),
            "health": "unknown",
            "evaluationTime": 0,
            "lastEvaluation": rfc3339(None),
            "type": "recording",
        }
    evaluation = group.rules[rule.key]
    shown = {
        "state": evaluation.state,
        "name": rule.name,
        "query": rule.expr,
        "duration": rule.hold.total_seconds(),
        "keepFiringFor": rule.keep_firing_for.total_seconds(),
        "labels": rule.labels.as_dict(),
        "annotations": dict(rule.annotations),
        "alerts": [] if bare else [_alert(view, one) for one in _active(evaluation)],
        "health": str(evaluation.health),
        "evaluationTime": evaluation.seconds,
        "lastEvaluation": rfc3339(evaluation.evaluated_at),
        "type": "alerting",
    }
    return {**shown, "lastError": evaluation.error} if evaluation.error else shown


def _active(rule: RuleEvaluation) -> list[Tracked]:
    return [tracked for tracked in rule.alerts.values() if tracked.life.state is not State.INACTIVE]


def _alert(view: View, tracked: Tracked) -> Json:
    shown = {
        "labels": tracked.labels.as_dict(),
        "annotations": view.texts(tracked.annotations, tracked.rule.name),
        "state": str(tracked.life.state),
        "activeAt": rfc3339(tracked.life.active_at),
        "value": exponent(tracked.value),
    }
    since = tracked.life.keep_firing_since
    return {**shown, "keepFiringSince": rfc3339(since)} if since is not None else shown
