"""What a rule's template may speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, Final

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind, Histogram, ResultType, Sample
from evaluator.core.frozen import frozen
from evaluator.core.labels import NO_LABELS, Labels
from evaluator.templating.go.literals import parse_float
from evaluator.templating.go.numbers import shortest
from evaluator.templating.go.values import Kind, Stringer, Struct, Value

VARIABLES: Final = ("$labels", "$externalLabels", "$externalURL", "$value")
ROOT_TYPE: Final = (
    "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOOSE: Final = frozenset({"Value"})
_BRACKETS: Final = {0: "(]", 1: "[)", 2: "()", 3: "[]"}


@frozen
class Scope:
    """One sample in its evaluation.

    labels: of the series, `__name__` included where the expression keeps it. now: the evaluation's slot. queries: results
    of `query` by expression, as far as they have been fetched; a failed one fails the template.
    """

    labels: Mapping[str, str] = NO_LABELS
    value: float | Histogram = 0.0
    external_labels: Mapping[str, str] = NO_LABELS
    external_url: str = ""
    now: datetime = _EPOCH
    queries: Mapping[str, Sequence[Sample] | Failure] = field(default_factory=dict)

    @property
    def root(self) -> Struct:
        """The dot of a Go template."""
        fields = {
            "Labels": plain_labels(self.labels),
            "ExternalLabels": plain_labels(self.external_labels),
            "ExternalURL": self.external_url,
            "Value": plain_value(self.value),
        }
        return Struct(ROOT_TYPE, fields, _LOOSE)


def plain_labels(labels: Mapping[str, str]) -> Labels | dict[str, str]:
    """The labels as one of the two types that the evaluator takes for a map of strings."""
    return labels if type(labels) is Labels or type(labels) is dict else dict(labels)


def plain_value(value: float | Histogram) -> Any:
    """`$value`: a float, or a histogram that prints as Prometheus prints it."""
    return NativeHistogram(value) if isinstance(value, Histogram) else float(value)


class NativeHistogram(Stringer, Value):
    """`{count:12, sum:33.1, [-0.5,0.5]:1, (0.5,1]:11}`"""

    __slots__ = ("histogram",)
    go_type = "*histogram.FloatHistogram"
    go_kind = Kind.POINTER

    def __init__(self, histogram: Histogram) -> None:
        self.histogram = histogram

    def go_string(self) -> str:
        """Count, sum and the buckets that hold something, from the lowest up."""
        histogram = self.histogram
        parts = [f"count:{_number(histogram.count)}", f"sum:{_number(histogram.sum)}"]
        for rule, low, high, count in histogram.buckets:
            brackets = _BRACKETS[rule]
            parts.append(f"{brackets[0]}{_number(low)},{_number(high)}{brackets[1]}:{_number(count)}")
        return "{" + ", ".join(parts) + "}"

    @property
    def target(self) -> str:
        """What prints where an address would."""
        return self.go_string()


def _number(text: str) -> str:
    try:
        return shortest(parse_float(text))
    except ValueError:
        return text


def samples_of(answer: Answer | Failure) -> Sequence[Sample] | Failure:
    """What `query` sees of an answer: the samples; a string as one sample with the label `__value__`; no matrix."""
    if isinstance(answer, Failure):
        return answer
    if answer.type is ResultType.STRING:
        return (Sample(Labels({"__value__": answer.text}), 0.0),)
    if answer.type is ResultType.MATRIX:
        return Failure(FailureKind.RULE, "rule result is not a vector or scalar")
    return answer.samples
