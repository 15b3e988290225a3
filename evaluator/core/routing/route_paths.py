"""Where labels go, step by step: each route that an alert takes, with the way to it from the root.

`Route.match` says which routes are taken; here is how one came there, for people who ask why. At each step a child of the
node before was the first that matched, or matched after one that says `continue`. Whether its later siblings were asked as well
is what `continue` of this very child says.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.routing.routing import Route

EVERYTHING = "everything"


@frozen
class Step:
    """A node on the way. number: which child of its parent it is, counted from 1, `among` how many; 0 for the root."""

    route: Route
    number: int = 0
    among: int = 0

    @property
    def matchers(self) -> str:
        """The conditions that matched, as they are written."""
        return ", ".join(str(matcher) for matcher in self.route.matchers) or EVERYTHING

    @property
    def unasked(self) -> int:
        """How many later siblings were not asked, because this one matched and does not say `continue`."""
        return 0 if self.route.continues else self.among - self.number

    @property
    def asked(self) -> int:
        """How many later siblings were asked as well, because this one says `continue`."""
        return self.among - self.number if self.route.continues else 0


@frozen
class RoutePath:
    """The way from the root to a route, both included."""

    steps: tuple[Step, ...]

    @property
    def route(self) -> Route:
        """Where it leads."""
        return self.steps[-1].route

    def __str__(self) -> str:
        return " > ".join(step.matchers for step in self.steps)


def paths(root: Route, labels: Labels) -> Iterator[RoutePath]:
    """The ways that an alert with `labels` takes, in the order of the tree; never none."""
    for taken in root.match(labels):
        found = path_to(root, taken)
        assert found is not None
        yield found


def path_to(root: Route, wanted: Route) -> RoutePath | None:
    """The way to a node of the tree; None when it is not in it."""
    return next((path for path in _descend(root, (Step(root),)) if path.route is wanted), None)


def _descend(route: Route, above: tuple[Step, ...]) -> Iterator[RoutePath]:
    yield RoutePath(above)
    for number, child in enumerate(route.routes, 1):
        yield from _descend(child, (*above, Step(child, number, len(route.routes))))
