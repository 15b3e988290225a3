"""Routes that are made when somebody first asks for one of them: a start does not wait for pages that nobody has opened yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

_FOUND = "evaluator.route"
"""In the scope of a request, the route that it goes to."""


class Later(BaseRoute):
    """Stands for what `make` gives, after all routes that are there at once."""

    def __init__(self, make: Callable[[], Sequence[BaseRoute]]) -> None:
        self._make = make

    @cached_property
    def routes(self) -> Sequence[BaseRoute]:
        """What it stands for."""
        return self._make()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As the routes would one after the other: the first that matches, else the first that only minds the method."""
        best: tuple[Match, Scope] = (Match.NONE, {})
        for route in self.routes:
            match, found = route.matches(scope)
            if match.value > best[0].value:
                best = match, {**found, _FOUND: route}
            if match is Match.FULL:
                break
        return best

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the route that has matched."""
        await scope[_FOUND].handle(scope, receive, send)
