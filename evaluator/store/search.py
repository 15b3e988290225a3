"""Which conditions a search of the history may name, for each kind of record."""

from __future__ import annotations

from typing import Any

from evaluator.core.incidents.records import Moment
from evaluator.core.records import Attempt, Decision, Transition

SEARCHED: dict[type[Any], frozenset[str]] = {
    Transition: frozenset({"fingerprint"}),
    Decision: frozenset({"group"}),
    Attempt: frozenset({"group"}),
    Moment: frozenset({"incident"}),
}


def search_terms(kind: type[Any], **terms: str | int | None) -> dict[str, str | int]:
    """The conditions that were given. Raises ValueError for one on something that `kind` does not have."""
    given = {name: value for name, value in terms.items() if value is not None}
    unknown = given.keys() - SEARCHED[kind]
    if unknown:
        raise ValueError(f"{kind.__name__} cannot be searched by {', '.join(sorted(unknown))}")
    return given
