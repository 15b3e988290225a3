"""The functions of rule templates, by the names and with the types that Prometheus gives them.

`query` is the one function that asks the world: it reads from the scope what was fetched before, and raises `QueryNeeded`
for what was not, so that the caller can fetch it and render again. Everything else is a function of its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from evaluator.core.durations import parse_duration
from evaluator.core.evaluation.answers import Failure, Sample
from evaluator.templating.errors import CallFailed, QueryNeeded
from evaluator.templating.functions import humanize, regexes, texts
from evaluator.templating.go.builtins import BUILTINS, query_escape
from evaluator.templating.go.values import (
    ANY,
    STRING,
    AnyMap,
    Function,
    Kind,
    Param,
    Pointer,
    Struct,
    Value,
    function,
    to_bytes,
)


class Asking(Protocol):
    """What the functions need of the scope."""

    @property
    def external_url(self) -> str: ...

    @property
    def now(self) -> datetime: ...

    @property
    def queries(self) -> Mapping[str, Sequence[Sample] | Failure]: ...


class QueryResult(list[Pointer], Value):
    """What `query` returns: a list of pointers to samples {Labels, Value}."""

    __slots__ = ()
    go_type = "template.queryResult"
    go_kind = Kind.SLICE


class _SamplePointer(Pointer):
    __slots__ = ()


_VECTOR: Final = Param("template.queryResult", Kind.SLICE, frozenset({QueryResult}))
_SAMPLE: Final = Param("*template.sample", Kind.POINTER, frozenset({_SamplePointer}))


def _sample(sample: Sample) -> Pointer:
    return _SamplePointer(Struct("template.sample", {"Labels": sample.labels, "Value": sample.value}))


def query(scope: Asking, expr: str) -> QueryResult:
    """The result of an instant query at the evaluation's time. Raises QueryNeeded, and CallFailed for a failed query."""
    found = scope.queries.get(expr)
    if found is None:
        raise QueryNeeded(expr)
    if isinstance(found, Failure):
        raise CallFailed(found.message)
    return QueryResult(_sample(sample) for sample in found)


def first(vector: QueryResult | None) -> Pointer:
    """The first sample. Raises CallFailed when there is none."""
    if not vector:
        raise CallFailed("first() called on vector with no elements")
    return vector[0]


def _of(sample: Pointer | None) -> dict[str, Any]:
    if sample is None:
        raise CallFailed("runtime error: invalid memory address or nil pointer dereference")
    fields: dict[str, Any] = sample.target.fields
    return fields


def label(name: str, sample: Pointer | None) -> str:
    """A label of a sample; empty when it has none of that name."""
    return str(_of(sample)["Labels"].get(name, ""))


def value(sample: Pointer | None) -> float:
    """The value of a sample."""
    return float(_of(sample)["Value"])


def sort_by_label(name: str, vector: QueryResult | None) -> QueryResult:
    """The samples in the order of the texts of one label."""
    return QueryResult(sorted(vector or (), key=lambda sample: to_bytes(label(name, sample))))


def args(*values: Any) -> AnyMap:
    """Several values for one template: `.arg0`, `.arg1`, …"""
    return AnyMap((f"arg{index}", item) for index, item in enumerate(values))


def duration_seconds(text: str) -> float:
    """Seconds of a Prometheus duration, which may be negative."""
    try:
        seconds = parse_duration(text.removeprefix("-")).total_seconds()
    except ValueError as error:
        raise CallFailed(str(error)) from None
    return -seconds if text.startswith("-") else seconds


def _path_prefix(scope: Asking) -> str:
    return urlsplit(scope.external_url).path


PROMETHEUS: Final[Mapping[str, Function]] = {
    each.name: each
    for each in (
        function("query", query, STRING, scoped=True),
        function("now", lambda scope: scope.now.timestamp(), scoped=True),
        function("externalURL", lambda scope: scope.external_url, scoped=True),
        function("pathPrefix", _path_prefix, scoped=True),
        function("first", first, _VECTOR),
        function("label", label, STRING, _SAMPLE),
        function("value", value, _SAMPLE),
        function("strvalue", lambda sample: label("__value__", sample), _SAMPLE),
        function("sortByLabel", sort_by_label, STRING, _VECTOR),
        function("args", args, rest=ANY),
        function("humanize", humanize.humanize, ANY),
        function("humanize1024", humanize.humanize1024, ANY),
        function("humanizeDuration", humanize.humanize_duration, ANY),
        function("humanizePercentage", humanize.humanize_percentage, ANY),
        function("humanizeTimestamp", humanize.humanize_timestamp, ANY),
        function("toTime", humanize.to_time, ANY),
        function("toDuration", humanize.to_duration, ANY),
        function("parseDuration", duration_seconds, STRING),
        function("title", texts.title, STRING),
        function("toUpper", texts.upper, STRING),
        function("toLower", texts.lower, STRING),
        function("match", regexes.matches, STRING, STRING),
        function("reReplaceAll", regexes.replace_all, STRING, STRING, STRING),
        function("stripPort", texts.strip_port, STRING),
        function("stripDomain", texts.strip_domain, STRING),
        function("graphLink", texts.graph_link, STRING),
        function("tableLink", texts.table_link, STRING),
        function("urlQueryEscape", query_escape, STRING),
        function("safeHtml", lambda text: text, STRING),
    )
}
RULE_FUNCTIONS: Final = {**BUILTINS, **PROMETHEUS}
