"""What every page has: the frame, the look, the headers that keep a browser from obeying what a label says.

Links are relative to the page, so the pages also work below a path of a proxy that takes the path away.
"""

from __future__ import annotations

import gzip
import re
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from evaluator import __version__
from evaluator.core.durations import format_duration
from evaluator.core.timestamps import rfc3339
from evaluator.core.view import View
from evaluator.web import plain, words
from evaluator.web.choice import Choice, written

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding",
}
FAST = 2
"""Of the levels of compression."""
THEMES = ("auto", "light", "dark")

_environment = Environment(
    loader=PackageLoader("evaluator.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_environment.filters.update(
    shown=plain.shown,
    relative=words.relative,
    clock=words.clock,
    on_the_wall=words.on_the_wall,
    span=words.span,
    iso=rfc3339,
    duration=format_duration,
    matcher=written,
    fingerprint=lambda text: sha256(text.encode(errors="replace")).hexdigest()[:12],
    tidy=lambda text: re.sub(r"\s+", " ", text).strip(),
)
_environment.tests["link"] = plain.leads_somewhere


def render(view: View, request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A page. values: what its template speaks of."""
    frame = {
        "root": root(request),
        "back": _relative(request),
        "now": view.now,
        "version": __version__,
        "theme": theme(request),
        "trouble": view.unhealthy or view.unready,
        "asset": asset,
        "anything": Choice(),
    }
    text = _environment.get_template(template).render(**frame, **values)
    return _packed(request, HTMLResponse(text.encode(errors="replace"), status, HEADERS))


def _packed(request: Request, response: Response) -> Response:
    """The page compressed, if the browser can read that: a wall of 250 KB comes by telephone in 20.

    Pages hold no secret that their length could give away: forms are known by where they were sent from, not by a token.
    """
    accepted = [one.replace(" ", "") for one in request.headers.get("accept-encoding", "").split(",")]
    if any(one.startswith("gzip") and one != "gzip;q=0" for one in accepted):
        response.body = gzip.compress(response.body, FAST, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response


def root(request: Request) -> str:
    """From the page that is asked for back to `/`, as a relative URL."""
    return "../" * (request.url.path.count("/") - 1) or "./"


def _relative(request: Request) -> str:
    """The page that is asked for, relative to `/`."""
    query = request.url.query
    return request.url.path.lstrip("/") + (f"?{query}" if query else "")


def theme(request: Request) -> str:
    """Light, dark, or what the browser prefers."""
    wanted = request.cookies.get("theme", "")
    return wanted if wanted in THEMES else THEMES[0]


@cache
def asset(name: str) -> str:
    """The relative URL of a static file; it changes with the file, so browsers may keep it for ever."""
    digest = sha256((files("evaluator.web") / "static" / name).read_bytes()).hexdigest()[:12]
    return f"static/{name}?v={digest}"
