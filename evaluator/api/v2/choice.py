"""Which alerts a request asks for."""

from __future__ import annotations

from starlette.requests import Request

from evaluator.api.entries import Suppression
from evaluator.api.v2 import parameters
from evaluator.api.v2.suppression import NOTHING
from evaluator.core.frozen import frozen
from evaluator.core.labels import Matcher
from evaluator.core.view import View


@frozen
class Choice:
    """By state and by labels; by receiver see `parameters.receivers`."""

    active: bool
    silenced: bool
    inhibited: bool
    filters: tuple[Matcher, ...]

    @classmethod
    def of(cls, view: View, request: Request) -> Choice:
        """As its parameters say. Raises RefusedError."""
        parameters.flag(request, "unprocessed")  # checked like the others, and without effect
        active, silenced, inhibited = (parameters.flag(request, name) for name in ("active", "silenced", "inhibited"))
        return cls(active, silenced, inhibited, parameters.matchers(request, "filter", view.settings.matcher_mode))

    def wants(self, by: Suppression) -> bool:
        """Whether an alert that is suppressed so is asked for; the time of day does not count."""
        if by is NOTHING or not (by.silenced_by or by.inhibited_by):
            return self.active
        return (self.silenced or not by.silenced_by) and (self.inhibited or not by.inhibited_by)
