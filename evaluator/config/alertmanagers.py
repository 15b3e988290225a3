"""`alertmanagers`: whom the evaluator's own alerts are forwarded to.

An entry is one of Prometheus' `alerting.alertmanagers`, with static targets, and may be pasted from there; `url` is a shorter
way to name one. Prometheus finds out when it posts that an address makes no URL; here that is a mistake of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator

from evaluator.config.http import HttpModel, check_header_name, http_settings
from evaluator.config.models import Model, items, read
from evaluator.config.nodes import Listing, Node, Table, find
from evaluator.config.reading import Reading
from evaluator.config.relabelling import read_relabelling
from evaluator.config.scalars import Hidden, PublicUrl, Span, Text, WrongError, one_of, public_url
from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen
from evaluator.core.http import HttpSettings
from evaluator.core.labels import Labels
from evaluator.core.posted.relabelling import Relabel, relabel
from evaluator.core.settings import Alertmanager

ADDRESS, SCHEME, PATH = "__address__", "__scheme__", "__alerts_path__"
VERSION = "v2"

_NO_DISCOVERY = "Alertmanagers are not discovered: write their addresses under static_configs, or url"
_DISCOVERED_BY = (
    *("azure", "consul", "digitalocean", "dns", "docker", "dockerswarm", "ec2", "eureka", "file", "gce", "hetzner", "http"),
    *("ionos", "kubernetes", "kuma", "lightsail", "linode", "marathon", "nerve", "nomad", "openstack", "ovhcloud"),
    *("puppetdb", "scaleway", "serverset", "stackit", "triton", "uyuni", "vultr"),
)


def _version(value: object) -> str:
    if value != VERSION:
        raise WrongError(f"expected Alertmanager api version to be one of [{VERSION}] but got {value}", f"write {VERSION}")
    return VERSION


class StaticModel(Model):
    """An item of `static_configs`."""

    TITLE = "static_configs"

    targets: list[Text] = Field(default_factory=list)
    labels: dict[str, Text] = Field(default_factory=dict)


class AlertmanagerModel(HttpModel):
    """An item of `alertmanagers`; how to speak HTTP stands beside the other keys, as in Prometheus."""

    TITLE = "an Alertmanager"
    FOREIGN = MappingProxyType(
        {
            **{f"{name}_sd_configs": _NO_DISCOVERY for name in _DISCOVERED_BY},
            "sigv4": "requests are not signed: an Alertmanager behind such a wall cannot be reached",
        }
    )

    url: PublicUrl | None = None
    static_configs: list[StaticModel] = Field(default_factory=list)
    scheme: Annotated[str, PlainValidator(one_of("http", "https"))] = "http"
    path_prefix: Text = ""
    timeout: Span = timedelta(seconds=10)
    api_version: Annotated[str, PlainValidator(_version)] = VERSION
    headers: dict[str, Hidden] = Field(default_factory=dict)
    relabel_configs: Any = None
    alert_relabel_configs: Any = None


@frozen
class _Target:
    """A target before it is relabelled, and where it is written."""

    labels: Labels
    position: Position


def read_alertmanagers(top: Table, reading: Reading) -> tuple[Alertmanager, ...]:
    """Every Alertmanager that is named, each once; a second entry for the same URL is a problem."""
    found: dict[str, Alertmanager] = {}
    for node in items(top, "alertmanagers", reading.problems):
        model = read(AlertmanagerModel, node, reading.problems)
        if model is None or not isinstance(node, Table):
            continue
        here = {one.url: one for one in _entry(model, node, reading)}
        for url in here.keys() & found.keys():
            message = f'the Alertmanager "{url}" is named by another entry already'
            reading.problems.error(node.position, message, "remove one: each alert is posted once to each Alertmanager")
        found |= {url: one for url, one in here.items() if url not in found}
    return tuple(found.values())


def read_alert_relabelling(top: Table, reading: Reading) -> tuple[Relabel, ...]:
    """`alert_relabel_configs` of the top level."""
    if top.child("alert_relabel_configs") is not None and top.child("alertmanagers") is None:
        message = "alert_relabel_configs without alertmanagers have no effect"
        remedy = "they change what is forwarded to Alertmanagers, and nothing else"
        reading.problems.warn(top.key("alert_relabel_configs"), message, remedy)
    return read_relabelling(top, "alert_relabel_configs", "alert", reading)


def _entry(model: AlertmanagerModel, node: Table, reading: Reading) -> Iterator[Alertmanager]:
    http = _http(model, node, reading)
    if not model.timeout:
        reading.problems.error(node.at("timeout"), "timeout cannot be zero")
    of_targets = read_relabelling(node, "relabel_configs", "Alertmanager target", reading)
    of_alerts = read_relabelling(node, "alert_relabel_configs", "Alertmanager alert", reading)
    for target in _targets(model, node, reading):
        labels = relabel(target.labels, of_targets)
        url = None if labels is None else _url(labels, target.position, reading)
        if url:
            yield Alertmanager(url, http, model.timeout, of_alerts)


def _http(model: AlertmanagerModel, node: Table, reading: Reading) -> HttpSettings:
    http = http_settings(model, node, reading)
    for name in model.headers:
        check_header_name(name, node.at("headers", name), reading)
    return replace(http, headers=(*model.headers.items(), *http.headers))


def _targets(model: AlertmanagerModel, node: Table, reading: Reading) -> Iterator[_Target]:
    if model.url is None:
        if not any(static.targets for static in model.static_configs):
            message = "an Alertmanager without an address"
            reading.problems.error(node.position, message, "add url, or static_configs: [{targets: [HOST:PORT]}]")
        yield from _static_targets(model, node)
        return
    for key in ("static_configs", "scheme", "path_prefix"):
        if node.child(key) is not None:
            reading.problems.error(node.key(key), f"at most one of url & {key} must be configured", "remove one")
    parts = urlsplit(model.url)
    if "/api/v" in parts.path:
        remedy = f'write "{model.url.partition("/api/v")[0]}"'
        reading.problems.error(node.at("url"), "the url of an Alertmanager ends before /api", remedy)
    yield _Target(_labels(parts.netloc, parts.scheme, parts.path, {}), node.at("url"))


def _static_targets(model: AlertmanagerModel, node: Table) -> Iterator[_Target]:
    for number, static in enumerate(model.static_configs):
        places = find(node, "static_configs", number, "targets")
        listed: tuple[Node, ...] = places.items if isinstance(places, Listing) else ()
        for address, place in zip(static.targets, listed, strict=False):
            yield _Target(_labels(address, model.scheme, model.path_prefix, static.labels), place.position)


def _labels(address: str, scheme: str, prefix: str, more: dict[str, str]) -> Labels:
    """What relabelling sees of a target. Labels that are written count more than those made up, but for the address."""
    path = "/".join(("", *filter(None, prefix.split("/")), "api", VERSION, "alerts"))
    return Labels({SCHEME: scheme, PATH: path, **more, ADDRESS: address})


def _url(labels: Labels, position: Position, reading: Reading) -> str:
    """Where alerts are posted; empty after a problem."""
    address = labels.get(ADDRESS, "")
    if "/" in address or not address:
        remedy = "write HOST:PORT; what stands before and after goes to scheme and path_prefix"
        shown = "the address" if "@" in address else f'"{address}"'  # it may hold a password
        reading.problems.error(position, f"{shown} is not a valid hostname", remedy)
        return ""
    try:
        return public_url(f"{labels.get(SCHEME, '')}://{address}{labels.get(PATH, '')}")
    except WrongError as wrong:
        reading.problems.error(position, str(wrong), wrong.remedy)
        return ""
