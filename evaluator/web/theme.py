"""The switch between light and dark: a form and a cookie, so that it works without JavaScript and without a flash of white."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from evaluator.core.view import View
from evaluator.web.forms import read_form
from evaluator.web.rendering import THEMES

KEPT = timedelta(days=365)


async def switch(view: View, request: Request) -> Response:
    """Remember the colours that somebody wants, and go back."""
    form = await read_form(request)
    wanted = form.get("theme", "")
    # Relative to this very path whatever it says, so that it cannot lead to another server.
    response = RedirectResponse("./" + form.get("back", ""), 303)
    if wanted in THEMES:
        response.set_cookie("theme", wanted, max_age=KEPT // timedelta(seconds=1), httponly=True, samesite="lax")
    return response
