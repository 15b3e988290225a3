"""Which scalars of a configuration are secrets: those whose field is read as one.

What is shown of a configuration must hold none of them, so this does not go by the names of keys: a field that is new and
typed `Hidden` is hidden without anybody thinking of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.config.alertmanagers import AlertmanagerModel
from evaluator.config.datasources import DatasourceModel
from evaluator.config.file_model import FileModel
from evaluator.config.globals import GlobalModel
from evaluator.config.models import Model, holds_secret, model_at
from evaluator.config.nodes import Listing, Node, Scalar, Table, scalars_of
from evaluator.config.oncall.ical import OnCallModel
from evaluator.config.oncall.people import PersonModel
from evaluator.config.oncall.schedules import ScheduleModel
from evaluator.config.problems import Problems
from evaluator.config.receivers import KINDS, ReceiverModel
from evaluator.config.routes import RouteModel
from evaluator.config.scalars import HIDDEN, HIDDEN_URL

# Lists and blocks that have readers of their own, and so no type in the model above them.
_READ_APART: dict[tuple[type[Model], str], type[Model]] = {
    (FileModel, "datasources"): DatasourceModel,
    (FileModel, "alertmanagers"): AlertmanagerModel,
    (FileModel, "global"): GlobalModel,
    (FileModel, "oncall"): OnCallModel,
    (FileModel, "route"): RouteModel,
    (FileModel, "receivers"): ReceiverModel,
    (RouteModel, "routes"): RouteModel,
}

# The same for mappings whose keys are names.
_BY_NAME: dict[tuple[type[Model], str], type[Model]] = {
    (FileModel, "people"): PersonModel,
    (FileModel, "schedules"): ScheduleModel,
}


def secrets_of(node: Node, model: type[Model] = FileModel) -> Iterator[Scalar]:
    """The secrets in `node`, a mapping or a list of mappings that are read as `model`."""
    for table in node.items if isinstance(node, Listing) else (node,):
        if isinstance(table, Table):
            for name, child in table.values.items():
                yield from _secrets_at(child, name, model)


def warn_of_hidden(top: Table, problems: Problems) -> None:
    """Warn of secrets that somebody copied from where they were hidden: the file is accepted, and nothing will come of them."""
    for scalar in secrets_of(top):
        if scalar.text in (HIDDEN, HIDDEN_URL):
            problems.warn(scalar.position, f"{scalar.text} stands where a secret was hidden", "write the secret itself")


def _read_apart(model: type[Model], name: str) -> type[Model] | None:
    kind = KINDS.get(name.removesuffix("_configs")) if name.endswith("_configs") else None
    return kind.model if kind is not None and model is ReceiverModel else _READ_APART.get((model, name))


def _secrets_at(node: Node, name: str, model: type[Model]) -> Iterator[Scalar]:
    if holds_secret(model, name):
        yield from scalars_of(node)
        return
    if (apart := _read_apart(model, name)) is not None:
        yield from secrets_of(node, apart)
    elif (model, name) in _BY_NAME:
        for entry in node.values.values() if isinstance(node, Table) else ():
            yield from secrets_of(entry, _BY_NAME[model, name])
    elif (below := model_at(model, (name,))) is not None:
        yield from secrets_of(node, below)
    elif (item := model_at(model, (name, 0))) is not None:
        values = node.values.values() if isinstance(node, Table) else (node,)
        for value in values:
            yield from secrets_of(value, item)
