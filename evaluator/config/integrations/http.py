"""A service that is described here rather than programmed: `http_configs`."""

from __future__ import annotations

import re
from datetime import timedelta

from pydantic import Field

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.models import Model
from evaluator.config.nodes import Table, scalars_of
from evaluator.config.scalars import HIDDEN, AnyTree, GoSpan, Hidden, Text, Whole, WrongError, absolute_url
from evaluator.config.texts import check_notification_texts, notification_fault
from evaluator.core.evaluation.rules import Position
from evaluator.core.receivers.http import HttpCall, HttpServiceSettings

_WORDED = ("url", "headers", "body", "json")
_METHODS = ("POST", "PUT", "PATCH", "GET", "DELETE")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MENTIONED = re.compile(r"%\{([^}]*)\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = frozenset(
    {"content-type", "content-length", "host", "authorization", "idempotency-key", "transfer-encoding", "connection"}
)


class CallModel(Model):
    """`update` and `resolve`."""

    TITLE = "a request of http_configs"

    url: Hidden | None = None
    url_file: Text | None = None
    method: Text = "POST"
    headers: dict[str, Text] = Field(default_factory=dict)
    body: Text = ""
    json_: AnyTree = Field(default=None, alias="json")
    content_type: Text = ""


class SuccessModel(Model):
    """`success`."""

    TITLE = "success of http_configs"

    status: list[Whole] = Field(default_factory=list)
    json_: dict[str, Text] = Field(default_factory=dict, alias="json")


class RetryModel(Model):
    """`retry`."""

    TITLE = "retry of http_configs"

    status: list[Whole] = Field(default_factory=list)


class HttpServiceModel(HttpIntegrationModel):
    """An item of `http_configs`."""

    TITLE = "http_configs"

    url: Hidden | None = None
    url_file: Text | None = None
    method: Text = "POST"
    headers: dict[str, Text] = Field(default_factory=dict)
    body: Text = ""
    json_: AnyTree = Field(default=None, alias="json")
    content_type: Text = ""
    success: SuccessModel | None = None
    retry: RetryModel | None = None
    receipt: dict[str, Text] = Field(default_factory=dict)
    update: CallModel | None = None
    resolve: CallModel | None = None
    timeout: GoSpan = timedelta(0)


def settings(model: HttpServiceModel, source: Source) -> HttpServiceSettings:
    """The settings of one service."""
    success, retry = model.success or SuccessModel(), model.retry or RetryModel()
    for key, part in (("success", success), ("retry", retry)):
        _check_statuses(key, part.status, source)
    for name in model.receipt:
        if _NAME.fullmatch(name) is None:
            source.wrong("receipt", f'"{name}" is no name for a receipt', "write letters, digits and underscores")
    return build(
        HttpServiceSettings,
        model,
        call=_call(model, source.node, source, frozenset()),
        http=source.http(model),
        update=_below("update", model.update, model, source),
        resolve=_below("resolve", model.resolve, model, source),
        success_status=frozenset(success.status),
        success_json=tuple(success.json_.items()),
        retry_status=frozenset(retry.status),
        receipt=tuple(model.receipt.items()),
        timeout=source.timeout(model.timeout),
    )


def _below(key: str, model: CallModel | None, service: HttpServiceModel, source: Source) -> HttpCall | None:
    table = source.node.child(key)
    if model is None or not isinstance(table, Table):
        return None
    return _call(model, table, source, frozenset(service.receipt))


def _call(model: CallModel | HttpServiceModel, table: Table, source: Source, receipts: frozenset[str]) -> HttpCall:
    problems = source.reading.problems
    url = source.reading.secret(model, "url", table)
    if url is None:
        problems.error(table.at("url"), "one of url or url_file must be configured", "add url")
    elif url.text:
        _check_url(url.text, table.at("url"), source)
    if model.method not in _METHODS:
        problems.error(table.at("method"), f'unknown method "{model.method}"', f"write one of {', '.join(_METHODS)}")
    if model.body and model.json_ is not None:
        problems.error(table.at("body"), "at most one of body and json must be configured", "remove one")
    _check_headers(model, table, source)
    for key in ("headers", "body", "json"):
        if (child := table.child(key)) is not None:
            check_notification_texts(child, f'"{key}": ', problems)
    _check_receipts(table, source, receipts)
    return build(HttpCall, model, url=url, json=model.json_)


def _check_headers(model: CallModel | HttpServiceModel, table: Table, source: Source) -> None:
    for name in model.headers:
        if _HEADER.fullmatch(name) is None or name.lower() in _OURS:
            remedy = "secrets and credentials belong in http_config, the kind of the body in content_type"
            source.reading.problems.error(table.at("headers", name), f'"{name}" cannot be set as a header here', remedy)


def _check_receipts(table: Table, source: Source, receipts: frozenset[str]) -> None:
    """What a call names must be looked for in answers."""
    own = Table({key: table.values[key] for key in _WORDED if key in table.values}, table.keys, table.position)
    for scalar in scalars_of(own):
        for name in _MENTIONED.findall(scalar.text):
            if name not in receipts:
                remedy = "name its path under receipt; only update and resolve can use it"
                source.reading.problems.error(scalar.position, f"no receipt is called {name}", remedy)


def _check_url(url: str, place: Position, source: Source) -> None:
    """A URL with template actions can only be judged when they are filled in."""
    if fault := notification_fault(url):
        source.reading.problems.error(place, f'"url": {fault}')
    if "{{" in url or "{%" in url or url == HIDDEN:
        return
    try:
        absolute_url(_MENTIONED.sub("0", url))
    except WrongError as wrong:
        source.reading.problems.error(place, f'"url": {wrong}', wrong.remedy)


def _check_statuses(key: str, statuses: list[int], source: Source) -> None:
    for number, status in enumerate(statuses):
        if not 200 <= status < 600:
            place = source.node.at(key, "status", number)
            source.reading.problems.error(place, f"{status} is no status of an answer", "write one from 200 to 599")
