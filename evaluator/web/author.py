"""Who acts on these pages: whatever people call themselves, remembered by their browsers. The evaluator knows no users."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.view import View

KEPT = timedelta(days=365)
LONGEST_NAME = 200
"""Characters."""


def author_of(request: Request) -> str:
    """Who acted here last, on this browser."""
    return unquote(request.cookies.get("author", ""))


def remember(response: Response, name: str) -> None:
    """Let the browser know who acted."""
    response.set_cookie("author", quote(name), max_age=KEPT // timedelta(seconds=1), httponly=True, samesite="lax")


def wrong_author(name: str, why: str) -> str:
    """What is wrong with a name; empty when nothing is. why: somebody has to give one."""
    if not name:
        return f"say who you are; {why}"
    if len(name) > LONGEST_NAME or not name.isprintable():
        return f"give a name of at most {LONGEST_NAME} printable characters"
    return ""


def names_of(view: View) -> dict[str, str]:
    """What people are called, by key."""
    return {person.key: person.name for person in view.settings.duty.people}


def key_of(view: View, name: str) -> str:
    """The key of the person who is called so; any other name as it is."""
    found = [key for key, known in names_of(view).items() if name.casefold() in (key.casefold(), known.casefold())]
    return found[0] if len(found) == 1 else name
