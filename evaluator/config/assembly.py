"""From the blocks of a configuration file to `Settings`: each block is read by its own module, here they are put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from evaluator.config.alertmanagers import read_alert_relabelling, read_alertmanagers
from evaluator.config.datasources import read_datasources
from evaluator.config.file_model import ALERTMANAGER, FileModel, HeartbeatModel, RuleFilesModel
from evaluator.config.globals import read_globals
from evaluator.config.http import http_settings
from evaluator.config.inhibition import read_inhibit_rules
from evaluator.config.integrations.common import Defaults
from evaluator.config.intervals import read_intervals
from evaluator.config.limits import read_limits
from evaluator.config.models import items, read
from evaluator.config.nodes import Listing, Node, Scalar, Table
from evaluator.config.oncall import OnCallRead, read_oncall, severities_of, with_route
from evaluator.config.original import redacted
from evaluator.config.prefixes import prefix_of
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.config.receivers import made_up, read_receivers
from evaluator.config.replies import read_links, read_replies
from evaluator.config.reports import read_report
from evaluator.config.routes import Names, read_route
from evaluator.config.rule_loading import RuleFiles, read_rules
from evaluator.config.secrecy import warn_of_hidden
from evaluator.config.silence_notices import check_notify, with_silence_notices
from evaluator.config.silence_policy import policy_of
from evaluator.config.silences import read_silences
from evaluator.config.storage import read_storage
from evaluator.config.templates import read_templates
from evaluator.config.trying import try_texts
from evaluator.core.labels import METRIC_NAME, Labels
from evaluator.core.matchers import MatcherMode
from evaluator.core.muting.intervals import NamedInterval
from evaluator.core.routing.routing import Route
from evaluator.core.settings import CatchUp, Datasource, Heartbeat, Receiver, Secret, Settings, Web


def assemble(top: Table, path: Path, reading: Reading, mode: MatcherMode | None = None) -> Settings:
    """The settings; of no use when problems have been found. mode: counts more than what the file says of `matcher_mode`."""
    model = read(FileModel, top, reading.problems) or FileModel()
    compatible = model.compatibility == ALERTMANAGER
    reading = replace(reading, mode=mode or MatcherMode(model.matcher_mode), wrap=not compatible, paces=not compatible)
    reading = replace(reading, readable=not compatible)
    _check(model, top, reading)
    warn_of_hidden(top, reading.problems)
    datasources = read_datasources(items(top, "datasources", reading.problems), reading)
    rules = read_rules(_rule_files(top, datasources, reading), model.evaluation_interval, reading)
    defaults = _defaults(top, reading)
    templates = read_templates(top, reading)
    receivers = _receivers(top, defaults, replace(reading, templates=templates.names))
    try_texts(top, templates.files, reading.problems)
    intervals = read_intervals(top, reading)
    policy = policy_of(model.silence_policy, top, reading)
    windows, silences = read_silences(top, policy, reading)
    oncall = read_oncall(top, severities_of(model.severities, top, reading), receivers, defaults, reading)
    route, ladders = with_route(oncall, _route(top, receivers, intervals, oncall, model.retention, reading), top, reading)
    if policy.notify_before_end is not None:
        check_notify(model.silence_policy.notify, {receiver.name for receiver in receivers}, top, reading)
        route = with_silence_notices(route, model.silence_policy.notify, oncall.duty.people, ladders.contacts)
    return Settings(
        path=path.absolute(),
        datasources=datasources,
        groups=rules.groups,
        route=route,
        receivers=receivers,
        external_labels=Labels(model.external_labels),
        external_url=model.external_url,
        evaluation_interval=model.evaluation_interval,
        storage=read_storage(model.storage, top, reading),
        retention=model.retention,
        alertmanagers=read_alertmanagers(top, reading),
        alert_relabel=read_alert_relabelling(top, reading),
        catch_up=CatchUp(model.catch_up.max, model.catch_up.notify),
        heartbeat=_heartbeat(model.heartbeat, top, reading),
        listen=model.web.listen,
        web=_web(model),
        resolve_timeout=defaults.model.resolve_timeout,
        templates=templates.files,
        rule_files=rules.files,
        inhibit_rules=read_inhibit_rules(top, reading),
        time_intervals=intervals,
        windows=windows,
        silences=silences,
        silence_policy=policy,
        limits=read_limits(model.limits),
        duty=oncall.duty,
        ladders=ladders,
        incident_retention=model.incidents.retention,
        links=read_links(model.links, top, reading),
        replies=read_replies(model.replies, oncall.duty.people, model.links.base_url or model.external_url, top, reading),
        report=read_report(top, receivers, reading),
        compatibility=compatible,
        matcher_mode=reading.mode,
        original="" if reading.problems.failed else redacted(top),
    )


def _web(model: FileModel) -> Web:
    web = model.web
    prefix = prefix_of(model.external_url) if web.route_prefix is None else web.route_prefix
    return Web(web.get_concurrency, web.timeout, web.cors_origin, prefix)


def _check(model: FileModel, top: Table, reading: Reading) -> None:
    problems = reading.problems
    for key in ("evaluation_interval", "retention"):
        if not getattr(model, key):
            problems.error(top.at(key), f"{key} cannot be zero", "remove it, or write a duration such as 1m")
    if not model.incidents.retention:
        position = top.at("incidents", "retention")
        problems.error(position, "retention cannot be zero", "remove it, or write a duration such as 400d")
    for name in model.external_labels:
        if name in ("", METRIC_NAME):
            problems.error(top.at("external_labels", name), f'invalid label name "{name}" in external_labels', "rename it")


def _rule_files(top: Table, datasources: Sequence[Datasource], reading: Reading) -> Iterator[RuleFiles]:
    """The entries of `rule_files` with the datasource that each asks: the one it names, else the first."""
    nodes = items(top, "rule_files", reading.problems)
    declared = top.child("datasources")
    if nodes and (declared is None or (isinstance(declared, Listing) and not declared.items)):
        remedy = "add datasources: [{name: NAME, url: URL}]"
        reading.problems.error(top.key("rule_files"), "rule_files without datasources: nobody can be asked", remedy)
    known = {datasource.name: datasource for datasource in datasources}
    default = datasources[0] if datasources else Datasource("", "")
    for node in nodes:
        pattern, name = _entry(node, reading)
        if name and name not in known:
            remedy = did_you_mean(name, known) or "add it to datasources"
            reading.problems.error(node.position, f'undefined datasource "{name}" used in rule_files', remedy)
        if pattern:
            yield RuleFiles(pattern, known.get(name, default), node.position)


def _entry(node: Node, reading: Reading) -> tuple[str, str]:
    """Pattern and datasource of an entry; the datasource is empty where none is named."""
    if isinstance(node, Scalar):
        if not node.text:
            reading.problems.error(node.position, "an entry of rule_files is empty", "write a path or a pattern")
        return node.text, ""
    model = read(RuleFilesModel, node, reading.problems)
    if model is not None and not model.files:
        reading.problems.error(node.position, "missing files in rule_files", "write {files: PATTERN, datasource: NAME}")
    return ("", "") if model is None else (model.files, model.datasource)


def _defaults(top: Table, reading: Reading) -> Defaults:
    model, node = read_globals(top, reading)
    table = node.child("http_config")
    http = http_settings(model.http_config, table if isinstance(table, Table) else node, reading)
    return Defaults(model, node, http)


def _receivers(top: Table, defaults: Defaults, reading: Reading) -> tuple[Receiver, ...]:
    if top.child("receivers") is None:
        return (made_up(top),)
    return read_receivers(items(top, "receivers", reading.problems), defaults, reading)


def _route(
    top: Table,
    receivers: Sequence[Receiver],
    intervals: Sequence[NamedInterval],
    oncall: OnCallRead,
    retention: timedelta,
    reading: Reading,
) -> Route:
    names = Names(
        receivers=frozenset(receiver.name for receiver in receivers),
        intervals=frozenset(interval.name for interval in intervals),
        own_receivers=top.child("receivers") is not None,
        made_up=made_up(top).name,
        retention=retention,
        escalations=oncall.escalations,
    )
    return read_route(top.child("route"), top.key("receivers"), names, reading)


def _heartbeat(model: HeartbeatModel | None, top: Table, reading: Reading) -> Heartbeat | None:
    node = top.child("heartbeat")
    if model is None or not isinstance(node, Table):
        return None
    url = reading.secret(model, "url", node)
    if url is None:
        reading.problems.error(node.position, "one of url or url_file must be configured", "add url")
    if not model.every:
        reading.problems.error(node.at("every"), "every cannot be zero", "remove it, or write a duration such as 1m")
    return Heartbeat(url or Secret(), model.every)
