"""What was not worth it: what people said when it was over, and what nobody touched.

Only a label says that a page was noise; what was over by itself soon is called transient, for it may have been worth knowing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from evaluator.core.analytics.cases import Case
from evaluator.core.analytics.samples import wilson
from evaluator.core.frozen import frozen
from evaluator.core.incidents.actions import NOISE

ENOUGH = 10
"""Labels that it takes before anything is said of how precise a rule is."""

_USEFUL = NOISE[0]


@frozen
class Noise:
    """Of some incidents. labelled: how many people judged; noisy: of those, as noise. transient: see `Case`."""

    incidents: int
    labelled: int
    noisy: int
    transient: int

    @property
    def share(self) -> float | None:
        """Of noise among what was judged; None when nothing was."""
        return self.noisy / self.labelled if self.labelled else None

    @property
    def coverage(self) -> float | None:
        """How much was judged."""
        return self.labelled / self.incidents if self.incidents else None

    @property
    def precision(self) -> tuple[float, float] | None:
        """Between which shares that of useful ones lies; None when too little was judged to say."""
        return wilson(self.labelled - self.noisy, self.labelled) if self.labelled >= ENOUGH else None


@frozen
class RuleLoad:
    """What one rule cost. rule: name of its alerts. pages: accepted messages; share: of all."""

    rule: str
    incidents: int
    pages: int
    share: float
    noise: Noise


def noise(told: Sequence[Case]) -> Noise:
    """Of these incidents."""
    labels = [case.incident.noise for case in told if case.incident.noise]
    return Noise(len(told), len(labels), sum(label != _USEFUL for label in labels), sum(case.transient for case in told))


def loads(told: Iterable[Case]) -> list[RuleLoad]:
    """By rule, those first that cost most pages."""
    by_rule: defaultdict[str, list[Case]] = defaultdict(list)
    for case in told:
        by_rule[case.incident.labels.get("alertname") or case.incident.title].append(case)
    total = sum(len(case.pages) for some in by_rule.values() for case in some)
    found = []
    for rule, some in by_rule.items():
        pages = sum(len(case.pages) for case in some)
        found.append(RuleLoad(rule, len(some), pages, pages / total if total else 0.0, noise(some)))
    return sorted(found, key=lambda load: (-load.pages, -load.incidents, load.rule))
