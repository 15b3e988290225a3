"""How rules would be asked: the requests that `service.sharing` would send, for `evaluator check --plan`."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.cli.output import counted
from evaluator.config.checking import CheckedFile
from evaluator.core.evaluation.evaluation import alerting
from evaluator.core.evaluation.rules import RuleGroup
from evaluator.core.settings import Datasource, DatasourceKind
from evaluator.promql.plan import explained
from evaluator.service.sharing import Sharing


def plan_lines(file: CheckedFile, kind: DatasourceKind) -> Iterator[str]:
    """The plan of every group of a file, from the first slot. kind: of the datasource, for a file of rules alone."""
    for group in file.groups:
        requests = _sharing(file, group, kind).requests(rule.query for rule in alerting(group.rules))
        yield f"{group.key}: {counted(len(alerting(group.rules)), 'alerting rule')}, {counted(len(requests), 'request')}"
        yield from (f"  {line}" for line in explained(requests))


def _sharing(file: CheckedFile, group: RuleGroup, kind: DatasourceKind) -> Sharing:
    if file.settings is None:
        return Sharing(Datasource("default", "", kind))
    (datasource,) = (one for one in file.settings.datasources if one.name == group.datasource)
    return Sharing(datasource, off=file.settings.compatibility)
