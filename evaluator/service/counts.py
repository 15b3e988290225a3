"""What is counted as it happens, because nobody can read it from the machine afterwards."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

Key = tuple[str, ...]


@dataclass(slots=True)
class Spans:
    """How long something took, in seconds: how often, all together, and each of the newest thousand."""

    count: int = 0
    total: float = 0.0
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=1000))

    def add(self, seconds: float) -> None:
        """Once more."""
        self.count += 1
        self.total += seconds
        self.recent.append(seconds)

    def quantiles(self, shares: Sequence[float]) -> dict[float, float]:
        """Seconds that such a share of the newest did not exceed; none before the first."""
        ordered = sorted(self.recent)
        return {share: ordered[int(share * len(ordered))] for share in shares} if ordered else {}


@dataclass(slots=True)
class Counts:
    """What happened since the start. Keys are the label values.

    finished: when each group's last slot was answered, and after how many seconds. restore: seconds that taking back the
    kept state took. expansions: texts of rules that were filled in. turned_away: requests refused for want of room. replies:
    answers of people, by way and by what became of them.
    """

    evaluations: Counter[str] = field(default_factory=Counter)
    evaluation_failures: Counter[str] = field(default_factory=Counter)
    evaluation_seconds: Spans = field(default_factory=Spans)
    iteration_seconds: Spans = field(default_factory=Spans)
    finished: dict[str, tuple[datetime, float]] = field(default_factory=dict)
    restore: float = 0.0
    datasource_failures: Counter[Key] = field(default_factory=Counter)
    transitions: Counter[Key] = field(default_factory=Counter)
    decisions: Counter[Key] = field(default_factory=Counter)
    attempts: Counter[Key] = field(default_factory=Counter)
    attempt_seconds: defaultdict[Key, Spans] = field(default_factory=lambda: defaultdict(Spans))
    forwarded: Counter[Key] = field(default_factory=Counter)
    forward_errors: Counter[Key] = field(default_factory=Counter)
    forward_drops: Counter[Key] = field(default_factory=Counter)
    forward_seconds: defaultdict[Key, Spans] = field(default_factory=lambda: defaultdict(Spans))
    commits_refused: int = 0
    posted: Counter[Key] = field(default_factory=Counter)
    posted_invalid: int = 0
    turned_away: Counter[Key] = field(default_factory=Counter)
    replies: Counter[Key] = field(default_factory=Counter)
    expansions: int = 0
    template_failures: int = 0
