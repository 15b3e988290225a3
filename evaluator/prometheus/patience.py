"""When a failed request is tried again, and when not.

Only failures that pass are tried again, at most twice more, with growing pauses that are spread at random so that rules
that failed together do not come back together. Overload is tried again only when the server said when.

Retries help against a hiccup and hurt in an outage, when each rule would ask three times in vain. So they are paid for: a
transient failure costs a token, a good answer earns a tenth of one, and without more than half of the tokens nothing is
tried again. gRPC throttles retries by the same rule.
"""

from __future__ import annotations

from collections.abc import Callable

from evaluator.core.evaluation.answers import Failure, FailureKind

TRIES = 3
FIRST_PAUSE = 0.2
_TOKENS = 10.0
_EARNED = 0.1


class Patience:
    """Decides about retries for one datasource. jitter: draws from [0, 1)."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._tokens = _TOKENS

    def succeeded(self) -> None:
        """A request was answered."""
        self._tokens = min(_TOKENS, self._tokens + _EARNED)

    def pause(self, failure: Failure, tries: int) -> float | None:
        """Seconds until the next try after the `tries`-th one failed, None when there shall be none."""
        if failure.kind is FailureKind.TRANSIENT:
            self._tokens = max(0.0, self._tokens - 1)
        if tries >= TRIES:
            return None
        if failure.kind is FailureKind.OVERLOAD and failure.retry_after is not None:
            return failure.retry_after + FIRST_PAUSE * self._jitter()
        if failure.kind is FailureKind.TRANSIENT and self._tokens > _TOKENS / 2:
            return FIRST_PAUSE * (1 << tries - 1) * (0.5 + self._jitter())
        return None
