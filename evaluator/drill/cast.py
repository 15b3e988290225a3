"""Who there is in a scenario: the receivers and the rules of its configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType

from evaluator.config.problems import Problems, did_you_mean
from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen
from evaluator.core.matchers import MatcherMode


@frozen
class Cast:
    """integrations: names such as `ops/webhook[0]`, by receiver. rules: names of alerts. mode: the language of matchers.

    known: whether a configuration could be read; where none could, nobody is missed.
    """

    integrations: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    rules: frozenset[str] = frozenset()
    mode: MatcherMode = MatcherMode.FALLBACK
    known: bool = True

    def integration(self, name: str, position: Position, problems: Problems) -> str:
        """The integration that is meant by its own name, or by that of a receiver that has no other; empty after a problem."""
        if not self.known or any(name in names for names in self.integrations.values()):
            return name
        names = self.integrations.get(name)
        if names is not None and len(names) == 1:
            return names[0]
        if names is None:
            known = [*self.integrations, *(one for several in self.integrations.values() for one in several)]
            remedy = did_you_mean(name, known) or f"there are {', '.join(sorted(self.integrations))}"
            problems.error(position, f'no receiver is called "{name}"', remedy)
        elif names:
            problems.error(position, f'receiver "{name}" has several integrations', f"name one of {', '.join(names)}")
        else:
            problems.error(position, f'receiver "{name}" has no integrations', "it is told nothing")
        return ""

    def rule(self, name: str, position: Position, problems: Problems) -> str:
        """The name of an alerting rule; empty after a problem."""
        if not self.known or name in self.rules:
            return name
        remedy = did_you_mean(name, self.rules) or "name the file of the rule under rule_files of the configuration"
        problems.error(position, f'no alerting rule is called "{name}"', remedy)
        return ""
