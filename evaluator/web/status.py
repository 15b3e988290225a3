"""What runs here, on what, and what it cannot do at the moment."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.view import View
from evaluator.web.rendering import render

MOST_ROWS = 100
MOST_TEXT = 200_000


async def status(view: View, request: Request) -> Response:
    """Version, datasources, receivers, what is undelivered, and the configuration with its secrets hidden."""
    machine, settings = view.machine, view.settings
    failing = machine.query_watch.datasources
    outbox = sorted(machine.dispatch.outbox, key=lambda row: row.created_at)
    return render(
        view,
        request,
        "status.html",
        started_at=view.started_at,
        unhealthy=view.unhealthy,
        unready=view.unready,
        reloaded=view.reload_successful,
        datasources=[(one, without_secrets(one.url), failing.get(one.name)) for one in settings.datasources],
        receivers=[(one, [_ill(view, one.name, each.name) for each in one.integrations]) for one in settings.receivers],
        storage=without_secrets(settings.storage),
        path=str(settings.path or ""),
        outbox=outbox[:MOST_ROWS],
        undelivered=len(outbox),
        groups=len(machine.groups),
        rules=sum(len(group.group.rules) for group in machine.groups.values()),
        alerts=sum(alert.firing for alert in machine.alerts),
        alert_groups=len(machine.dispatch.groups),
        retention=settings.retention,
        original=settings.original[:MOST_TEXT],
        cut=len(settings.original) > MOST_TEXT,
    )


def _ill(view: View, receiver: str, integration: str) -> tuple[str, str]:
    """An integration, and why it accepts nothing at the moment."""
    trouble = view.machine.delivery_watch.integrations.get(f"{receiver}/{integration}")
    return integration, trouble.error or "it accepted nothing before the last restart" if trouble else ""


def without_secrets(url: str) -> str:
    """Where a URL leads: without user, password and query."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path.partition('?')[0].partition('#')[0]}"
