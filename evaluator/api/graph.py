"""Where an alert came from: `/graph` is what the evaluator's alerts link to, and leads on to the server that was asked.

Links look as those of Prometheus do and name the expression alone, so the server is found by a rule that has it. Where rules of
several datasources have the same expression, the first of them counts; an expression of no rule goes to the first datasource.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from evaluator.api.view import View


def routes(view: View) -> list[Route]:
    """The one."""

    async def graph(request: Request) -> Response:
        """Where an alert came from: redirects to the graph of `g0.expr` at the datasource whose rules ask it."""
        if not view.settings.datasources:
            return PlainTextResponse("no datasource is configured\n", 404)
        expr = request.query_params.get("g0.expr", "")
        return RedirectResponse(f"{_base(view, expr)}/graph?g0.expr={quote(expr)}&g0.tab=0")

    return [Route("/graph", graph)]


def _base(view: View, expr: str) -> str:
    """The address of the datasource that is asked this expression."""
    first = view.settings.datasources[0]
    asked = (group.datasource for group in view.settings.groups for rule in group.rules if rule.expr == expr)
    name = next(asked, first.name)
    found = next((datasource for datasource in view.settings.datasources if datasource.name == name), first)
    return found.url.rstrip("/")
