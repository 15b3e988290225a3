"""What comes back from a datasource: a vector of samples, or a failure of a named class."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels


@frozen
class Histogram:
    """A native histogram sample, as the HTTP API writes it: texts of count and sum, buckets (rule, low, high, count)."""

    count: str
    sum: str
    buckets: tuple[tuple[int, str, str, str], ...] = ()


@frozen
class Sample:
    """One series of an instant vector. `histogram` is set for a native histogram, `value` is then 0."""

    labels: Labels
    value: float
    histogram: Histogram | None = None


class ResultType(StrEnum):
    """The four kinds of result that the Prometheus API returns."""

    VECTOR = "vector"
    SCALAR = "scalar"
    STRING = "string"
    MATRIX = "matrix"


@frozen
class Span:
    """Instants at equal distances, `first` and `last` among them."""

    first: datetime
    last: datetime
    step: timedelta

    def __len__(self) -> int:
        return (self.last - self.first) // self.step + 1

    def instants(self) -> tuple[datetime, ...]:
        """All of them, in order."""
        return tuple(self.first + number * self.step for number in range(len(self)))


@frozen
class Answer:
    """A successful query.

    samples: for a vector as they came; for a scalar one sample without labels; empty for strings and matrices.
    steps: for a query over a span, what the samples were at each of its instants, in order.
    text: the value of a string result.
    warnings, infos: what the server added. partial: the server said that series may be missing, so an absent
    series proves nothing. seconds: how long the request took. size: bytes of the answer. shared: how many expressions the
    request answered; of its seconds this is then this one's share.
    """

    type: ResultType
    samples: tuple[Sample, ...] = ()
    text: str = ""
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()
    partial: bool = False
    seconds: float = 0.0
    size: int = 0
    server_time: datetime | None = None
    shared: int = 1
    steps: tuple[tuple[Sample, ...], ...] = ()


class FailureKind(StrEnum):
    """Why an evaluation gave no answer; what follows depends on it (see `core.watching.query_watch`)."""

    TRANSIENT = "transient"  # time-out, connection refused, 5xx
    OVERLOAD = "overload"  # 429, and 503 with Retry-After
    CREDENTIALS = "credentials"  # 401, 403
    BAD_QUERY = "bad_query"  # 400, 422: this rule's own fault
    NOT_PROMETHEUS = "not_prometheus"  # a login page, HTML, broken JSON, an answer of another shape
    BLIND = "blind"  # the sentinel returned nothing: the datasource has no data, so empty proves nothing
    RULE = "rule"  # the answer came, but the rule cannot use it: type, duplicate label sets, label template

    @property
    def of_datasource(self) -> bool:
        """True when the datasource is at fault rather than one rule."""
        return self not in (FailureKind.BAD_QUERY, FailureKind.RULE)


@frozen
class Failure:
    """A query that gave no usable answer. retry_after: seconds that the server asked for, if it did."""

    kind: FailureKind
    message: str
    retry_after: float | None = None
    status: int | None = None
    seconds: float = 0.0
