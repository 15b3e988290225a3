"""The servers that can be queried.

VictoriaMetrics answers an instant query that is younger than its latency offset (30 s) with data of 30 s ago, without saying
so. A rule must know which instant it sees, so a VictoriaMetrics datasource looks back at least that far by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator

from evaluator.config.expressions import check_expression
from evaluator.config.http import HttpModel, check_header_name, http_settings
from evaluator.config.models import Model, read
from evaluator.config.nodes import Node, Table, text_at
from evaluator.config.reading import Reading
from evaluator.config.scalars import Count, Flag, Hidden, PublicUrl, Span, Text, one_of
from evaluator.core.durations import format_duration
from evaluator.core.evaluation.rules import Position
from evaluator.core.settings import Batching, Datasource, DatasourceKind, HttpSettings

VICTORIAMETRICS_OFFSET = timedelta(seconds=30)


class BatchingModel(Model):
    """`batching` of a datasource."""

    TITLE = "batching"

    max_rules: Count = Batching().max_rules
    max_length: Count = Batching().max_length
    off: Flag = False


class DatasourceModel(HttpModel):
    """An item of `datasources`; how to speak HTTP stands beside the other keys, as in Prometheus' remote blocks."""

    TITLE = "a datasource"

    name: Text = ""
    kind: Annotated[str, PlainValidator(one_of(*DatasourceKind))] = DatasourceKind.PROMETHEUS
    url: PublicUrl | None = None
    headers: dict[str, Hidden] = Field(default_factory=dict)
    query_offset: Span | None = None
    timeout: Span = timedelta(seconds=10)
    max_concurrency: Count = 8
    sentinel: Text = ""
    batching: BatchingModel = BatchingModel()


def read_datasources(nodes: Sequence[Node], reading: Reading) -> tuple[Datasource, ...]:
    """The datasources; a name that is taken is a problem.

    One that is wrong is there by its name, so that its rule files are checked and references to it are not called wrong.
    """
    datasources: dict[str, Datasource] = {}
    for node in nodes:
        model = read(DatasourceModel, node, reading.problems)
        name = text_at(node, "name")
        if model is None or not isinstance(node, Table):
            datasources.setdefault(name, Datasource(name, ""))
            continue
        if model.name in datasources:
            reading.problems.error(node.at("name"), f'datasource name "{model.name}" is not unique', "rename one")
        datasources.setdefault(name, _datasource(model, node, reading))
    return tuple(datasources.values())


def _datasource(model: DatasourceModel, node: Table, reading: Reading) -> Datasource:
    kind = DatasourceKind(model.kind)
    _check(model, node, reading)
    if model.sentinel:
        check_expression(model.sentinel, kind, node.at("sentinel"), reading.problems, "sentinel: ")
    offset = model.query_offset if model.query_offset is not None else default_offset(kind)
    check_offset(offset, kind, node.at("query_offset"), reading)
    http = http_settings(model, node, reading)
    for name in model.headers:
        check_header_name(name, node.at("headers", name), reading)
    return Datasource(
        name=model.name,
        url=model.url or "",
        kind=kind,
        http=_with_headers(http, model),
        query_offset=offset,
        timeout=model.timeout,
        max_concurrency=model.max_concurrency,
        sentinel=model.sentinel,
        batching=Batching(model.batching.max_rules, model.batching.max_length, model.batching.off),
    )


def _with_headers(http: HttpSettings, model: DatasourceModel) -> HttpSettings:
    return replace(http, headers=(*model.headers.items(), *http.headers))


def _check(model: DatasourceModel, node: Table, reading: Reading) -> None:
    problems = reading.problems
    if not model.name:
        problems.error(node.at("name"), "missing name in datasource", "add a name; rule_files refer to it")
    if model.url is None:
        problems.error(node.at("url"), "missing url in datasource", "add the address of the server")
    elif "/api/v1" in urlsplit(model.url).path:
        remedy = f'write "{model.url.partition("/api/v1")[0]}"'
        problems.error(node.at("url"), "the url of a datasource ends before /api/v1", remedy)
    elif urlsplit(model.url).hostname == "api.fly.io" and model.kind == DatasourceKind.PROMETHEUS:
        problems.warn(node.at("url"), "Fly.io's Prometheus is VictoriaMetrics", 'add "kind: victoriametrics"')
    if not model.timeout:
        problems.error(node.at("timeout"), "timeout cannot be zero")
    if not model.max_concurrency:
        problems.error(node.at("max_concurrency"), "max_concurrency cannot be zero")
    for name, least in (("max_rules", 1), ("max_length", 256)):
        if getattr(model.batching, name) < least:
            message = f"batching: {name} cannot be less than {least}"
            problems.error(node.at("batching", name), message, 'write "off: true" to have every rule asked alone')


def default_offset(kind: DatasourceKind) -> timedelta:
    """How far before its slot a rule looks when nobody says."""
    return VICTORIAMETRICS_OFFSET if kind is DatasourceKind.VICTORIAMETRICS else timedelta(0)


def check_offset(offset: timedelta, kind: DatasourceKind, position: Position, reading: Reading, prefix: str = "") -> None:
    """Refuse an offset within which the server would answer for another instant."""
    if offset < default_offset(kind):
        least = format_duration(default_offset(kind))
        message = f"{prefix}query_offset {format_duration(offset)} is less than {least}"
        reason = f"VictoriaMetrics answers younger queries with data of {least} ago"
        reading.problems.error(position, message, f"write {least} or more: {reason}")
