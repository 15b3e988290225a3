"""Which proxy a client asks. The same keys stand in `http_config` and in its `oauth2`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, PlainValidator

from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.config.scalars import HIDDEN, Flag, Text, WrongError, absolute_url, secret, text
from evaluator.core.http import ProxySettings, Secret


def _secrets(value: object) -> tuple[Secret, ...]:
    if not isinstance(value, list):
        raise WrongError("expected a list of values", "write them as [VALUE, VALUE]")
    return tuple(secret(item) for item in value)


def _proxy_url(value: object) -> Secret | None:
    """An empty text is none, as in Prometheus."""
    word = text(value)
    if word in ("", HIDDEN):
        return Secret(word) if word else None
    return Secret(absolute_url(word, schemes=("http", "https", "socks5", "socks5h")))


ProxyUrl = Annotated[Secret | None, PlainValidator(_proxy_url)]
HiddenList = Annotated[tuple[Secret, ...], PlainValidator(_secrets)]


class ProxyModel(Model):
    """The keys of a proxy."""

    proxy_url: ProxyUrl = None
    no_proxy: Text = ""
    proxy_from_environment: Flag = False
    proxy_connect_header: dict[str, HiddenList] = Field(default_factory=dict)


def proxy_settings(model: ProxyModel, node: Table, reading: Reading) -> ProxySettings:
    """What the keys say, checked."""
    _check(model, node, reading)
    return ProxySettings(model.proxy_url, model.no_proxy, model.proxy_from_environment, tuple(_headers(model)))


def _headers(model: ProxyModel) -> Iterator[tuple[str, Secret]]:
    for name, values in model.proxy_connect_header.items():
        yield from ((name, value) for value in values)


def _check(model: ProxyModel, node: Table, reading: Reading) -> None:
    problems = reading.problems
    if model.proxy_from_environment and (model.proxy_url is not None or model.no_proxy):
        message = "proxy_from_environment excludes proxy_url and no_proxy"
        problems.error(node.key("proxy_from_environment"), message, "remove one")
    elif model.no_proxy and model.proxy_url is None:
        message = "no_proxy without proxy_url has no effect"
        problems.error(node.key("no_proxy"), message, "add proxy_url, or remove no_proxy")
    if model.proxy_connect_header and model.proxy_url is None and not model.proxy_from_environment:
        message = "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured"
        problems.error(node.key("proxy_connect_header"), message)
