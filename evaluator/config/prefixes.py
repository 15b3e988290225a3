"""Below which path everything is served besides the root: `web.route_prefix`.

As in Alertmanager it is the path of `external_url` unless the file says otherwise. There nothing is served elsewhere; here the
root is served as well, so a proxy may take the path away or leave it, and checks of health need not know it. Where that path
begins as one of ours does, the two could not be told apart, and the file has to say which it is.
"""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import PlainValidator

from evaluator.config.scalars import WrongError, text

OWN_PATHS: Final = frozenset(
    (
        *("-", "alerts", "api", "events", "graph", "ical", "incidents", "links", "maintenance", "metrics", "oncall"),
        *("replies", "routes", "rules", "silences", "static", "status", "theme", "windows"),
    )
)
"""With what paths of the evaluator begin."""

_PREFIX = re.compile(r"[^\s?#%]*")


def _route_prefix(value: object) -> str:
    word = text(value)
    if _PREFIX.fullmatch(word) is None:
        raise WrongError(f'not a path: "{word}"', "write it as in /alertmanager")
    return tidy(word)


def tidy(path: str) -> str:
    """With a slash in front and none behind; empty for the root."""
    return f"/{path.strip('/')}".rstrip("/")


def prefix_of(external_url: str) -> str:
    """Where things are served when the file does not say it."""
    path = tidy(urlsplit(external_url).path)
    return "" if path[1:].partition("/")[0] in OWN_PATHS else path


RoutePrefix = Annotated[str | None, PlainValidator(_route_prefix)]
