"""How well people are served, over HTTP: figures for programs, and the report as people read it.

Durations are in seconds. What was never acknowledged is beside the times of what was, and in none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from evaluator.api.endpoints import answer, at, bad
from evaluator.api.view import View
from evaluator.core.analytics.alerts import AlertTurns, RuleTurns
from evaluator.core.analytics.interruptions import Interruptions
from evaluator.core.analytics.noise import Noise, RuleLoad
from evaluator.core.analytics.report import markdown
from evaluator.core.analytics.samples import Sample
from evaluator.core.analytics.summary import Summary
from evaluator.core.durations import parse_duration
from evaluator.core.incidents.records import IncidentRecord
from evaluator.core.timestamps import rfc3339
from evaluator.core.zones import load_zone

Json = dict[str, Any]
USUAL = timedelta(days=7)


def routes(view: View) -> list[Route]:
    """The routes below `/api/evaluator/v1/analytics`."""
    return [at(view, "analytics", _figures), at(view, "analytics/report", _report)]


async def _figures(view: View, request: Request) -> Response:
    """Figures about incidents opened from `since` (7d) until `until` (now); both are times, or spans back from now."""
    return answer(shown(await view.analytics(*_stretch(view, request))))


async def _report(view: View, request: Request) -> Response:
    """The same as a report in Markdown; `time_zone` says whose clock is shown, UTC if not given."""
    start, stop = _stretch(view, request)
    report = await view.report(start, stop, _zone(request))
    return PlainTextResponse(markdown(report), media_type="text/markdown")


def shown(found: Summary) -> Json:
    """For programs."""
    return {
        "since": rfc3339(found.start),
        "until": rfc3339(found.stop),
        "incidents": found.incidents,
        "excluded": found.excluded,
        "escalated": found.escalated,
        "climbed_again": found.again,
        "detect": _sample(found.detect),
        "notify": _sample(found.notify),
        "acknowledge": _sample(found.acknowledge),
        "acknowledge_from_start": _sample(found.acknowledge_from_start),
        "resolve": _sample(found.resolve),
        "answered_by_level": {str(level): count for level, count in found.by_level.items()},
        "acknowledge_by_level": {str(level): _sample(one) for level, one in found.acknowledge_by_level.items()},
        "told_by_level": {str(level): count for level, count in found.told_by_level.items()},
        "people": [_person(one) for one in found.people],
        "noise": _noise(found.noise),
        "rules": [_rule(one) for one in found.rules],
        "top_rules_share": found.concentration,
        "fatigue": {
            "score": round(found.fatigue.score, 1),
            "parts": {part.name: round(getattr(found.fatigue, part.name), 1) for part in fields(found.fatigue)},
        },
        "unacknowledged": _incidents(found.unacknowledged),
        "flapping": _incidents(found.flapping),
        "alerts": {
            "since": rfc3339(found.restless.since),
            "flapping": [_alert(one) for one in found.restless.flapping],
            "chattering": [_alert(one) for one in found.restless.chattering],
            "stale": [_alert(one) for one in found.restless.stale],
            "rules": [_turns(one) for one in found.restless.rules],
        },
        "coverage": [
            {
                "schedule": one.schedule,
                "required_seconds": one.required.total_seconds(),
                "covered_seconds": one.covered.total_seconds(),
                "share": one.share,
            }
            for one in found.coverage
        ],
        "dead_rules": {
            "rules": [
                {"rule": one.rule, "name": one.name, "since": rfc3339(one.since), "ever_fired": one.ever}
                for one in found.dead.rules
            ],
            "too_young": found.dead.young,
        },
    }


def _alert(one: AlertTurns) -> Json:
    return {
        "rule": one.rule,
        "labels": one.labels.as_dict(),
        "began": one.began,
        "turns": one.turns,
        "flap_score": round(one.score, 1),
        "firing_since": rfc3339(one.since) if one.since is not None else None,
    }


def _turns(one: RuleTurns) -> Json:
    return {
        "rule": one.rule,
        "alerts": one.alerts,
        "began": one.began,
        "turns": one.turns,
        "turns_per_day": round(one.per_day, 2),
        "flap_score": round(one.score, 1),
        "chattering": one.chatters,
    }


def _sample(one: Sample) -> Json:
    return {
        "n": one.n,
        "never": one.never,
        "never_share": one.never_share,
        "excluded": one.excluded,
        "median_seconds": _seconds(one.median),
        "p90_seconds": _seconds(one.p90),
        "mean_seconds": _seconds(one.mean),
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _person(one: Interruptions) -> Json:
    hours = [{"weekday": day, "hour": hour, "interruptions": count} for (day, hour), count in sorted(one.hours.items())]
    parts = {str(part): count for part, count in one.parts.items()}
    return {
        "person": one.person,
        "pages": one.pages,
        "interruptions": one.total,
        "parts": parts,
        "hours": hours,
        "floods": [rfc3339(at) for at in one.floods],
    }


def _noise(one: Noise) -> Json:
    low, high = one.precision or (None, None)
    return {
        "labelled": one.labelled,
        "noisy": one.noisy,
        "share": one.share,
        "coverage": one.coverage,
        "transient": one.transient,
        "precision_low": low,
        "precision_high": high,
    }


def _rule(one: RuleLoad) -> Json:
    return {
        "rule": one.rule,
        "incidents": one.incidents,
        "pages": one.pages,
        "share": one.share,
        "noise": _noise(one.noise),
    }


def _incidents(found: Iterable[IncidentRecord]) -> list[Json]:
    return [
        {
            "id": one.number,
            "title": one.title,
            "severity": one.worst,
            "state": str(one.state),
            "opened_at": rfc3339(one.opened_at),
            "flaps": one.flaps,
        }
        for one in found
    ]


def _stretch(view: View, request: Request) -> tuple[datetime, datetime]:
    stop = _instant(request, "until", view.now, view.now)
    start = _instant(request, "since", view.now, stop - USUAL)
    if start >= stop:
        raise bad("since: must be before until")
    return start, stop


def _instant(request: Request, name: str, now: datetime, usual: datetime) -> datetime:
    """A time, or a span back from now."""
    text = request.query_params.get(name)
    if not text:
        return usual
    try:
        found = _back(text, now) or datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise bad(f'{name}: neither a time nor a duration: "{text}"; write it as 2026-03-02T09:00Z, or as 7d') from None
    if not 1970 < found.year < 2200:
        raise bad(f'{name}: "{text}" is too far away')
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _back(text: str, now: datetime) -> datetime | None:
    """Such a span before now; None for what is no span."""
    try:
        return now - parse_duration(text)
    except ValueError:
        return None


def _zone(request: Request) -> ZoneInfo:
    name = request.query_params.get("time_zone", "UTC")
    try:
        return load_zone(name)
    except ValueError as error:
        raise bad(f"time_zone: {error}") from None
