"""The pages: server-rendered, readable without JavaScript, light and dark."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from evaluator import __version__
from evaluator.core.durations import format_duration
from evaluator.core.engine import Machine
from evaluator.core.evaluation import GroupEvaluation, Tracked
from evaluator.core.records import OutboxRecord, State
from evaluator.core.view import View

MOST_SHOWN = 500
_ORDER = {State.FIRING: 0, State.PENDING: 1}

_templates = Environment(
    loader=PackageLoader("evaluator.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def pages(view: View) -> list[Route]:
    """The routes of all pages."""

    async def overview(request: Request) -> Response:
        return HTMLResponse(_templates.get_template("overview.html").render(_overview(view)))

    return [Route("/", overview)]


def _overview(view: View) -> dict[str, Any]:
    machine = view.machine
    alerts = sorted(_active(machine), key=lambda one: (_ORDER[one.life.state], one.life.active_at))
    return {
        "version": __version__,
        "now": view.now.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "trouble": view.unhealthy or view.unready,
        "alerts": [_alert(view, one) for one in alerts[:MOST_SHOWN]],
        "more": max(0, len(alerts) - MOST_SHOWN),
        "builtin": [
            {"name": alert.labels["alertname"], "texts": view.texts(alert.described.annotations, alert.labels["alertname"])}
            for alert in machine.alerts
            if alert.firing and any(source.startswith("evaluator:") for source in alert.sources)
        ],
        "groups": [_group(one) for one in sorted(machine.groups.values(), key=lambda one: one.group.key)],
        "outbox": [_row(view, row) for row in machine.dispatch.outbox],
        "datasources": [
            {"name": one.name, "kind": one.kind, "up": one.name not in machine.watch.datasources}
            for one in view.settings.datasources
        ],
    }


def _active(machine: Machine) -> list[Tracked]:
    rules = (rule for group in machine.groups.values() for rule in group.rules.values())
    return [one for rule in rules for one in rule.alerts.values() if one.life.state in _ORDER]


def _alert(view: View, tracked: Tracked) -> dict[str, Any]:
    labels = tracked.labels.without("alertname")
    texts = view.texts(tracked.annotations, tracked.rule.name)
    return {
        "name": tracked.rule.name,
        "state": str(tracked.life.state),
        "labels": labels,
        "value": f"{tracked.value:g}",
        "since": tracked.life.active_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "age": _age(tracked.life.active_at, view.now),
        "kept": tracked.life.keep_firing_since is not None,
        "texts": [(name, text, _leads_somewhere(text)) for name, text in texts.items()],
    }


def _leads_somewhere(text: str) -> bool:
    """Whether an annotation is a link, such as that to a runbook: a web address and nothing else."""
    return text.startswith(("http://", "https://")) and not any(sign.isspace() for sign in text)


def _age(since: datetime, now: datetime) -> str:
    """How long ago, in whole seconds."""
    return format_duration(timedelta(seconds=max(0, (now - since) // timedelta(seconds=1))))


def _row(view: View, row: OutboxRecord) -> dict[str, Any]:
    return {
        "to": row.integration,
        "about": row.notification.group_labels,
        "why": row.notification.reason,
        "age": _age(row.created_at, view.now),
        "attempts": row.attempts,
        "error": row.error,
    }


def _group(group: GroupEvaluation) -> dict[str, Any]:
    return {
        "key": group.group.key,
        "interval": format_duration(group.group.interval),
        "slot": group.slot.strftime("%H:%M:%S") if group.slot else "not yet",
        "missed": group.missed,
        "rules": [
            {
                "name": rule.rule.name,
                "state": rule.state,
                "health": str(rule.health),
                "error": rule.error,
                "expr": rule.rule.expr,
                "series": rule.series,
                "milliseconds": f"{rule.seconds * 1000:.0f}",
            }
            for rule in group.rules.values()
        ],
    }
