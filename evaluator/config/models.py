"""Reading a mapping into a pydantic model, with problems in our words and in their places.

Sections of a file are read one by one rather than as one large model: pydantic gives no value at all when any field is
wrong, and a mistake in one receiver must not hide the mistakes in the routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails

from evaluator.config.nodes import Listing, Node, Table, find, is_null, kind_of, plain
from evaluator.config.problems import Problems, did_you_mean
from evaluator.config.scalars import WrongError
from evaluator.core.evaluation.rules import Position
from evaluator.core.http import Secret

Later = Any


class Model(BaseModel):
    """A mapping of a configuration or rule file. A key whose value is null counts as absent.

    TITLE: what messages call it. LATER: keys that are read and not acted on yet, and what that means. FOREIGN: keys of
    other systems that people bring along, and what to write here instead.
    """

    # Only what a file says is ever read; to make ready for all the rest takes a tenth of a start.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    TITLE: ClassVar[str] = ""
    LATER: ClassVar[Mapping[str, str]] = MappingProxyType({})
    FOREIGN: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, given: Any) -> Any:
        if not isinstance(given, dict) or None not in given.values():
            return given
        known = cls.names()
        return {name: value for name, value in given.items() if value is not None or name not in known}

    @classmethod
    def names(cls) -> frozenset[str]:
        """The keys that may be written."""
        return frozenset(field.alias or name for name, field in cls.model_fields.items())


M = TypeVar("M", bound=Model)


def read(model: type[M], node: Node, problems: Problems, prefix: str = "") -> M | None:
    """The mapping `node` as a `model`; None after problems. prefix: put before every message."""
    _warn_of_later_keys(model, node, problems)
    try:
        return model.model_validate(plain(node))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            message, remedy = _sentence(model, detail)
            problems.error(_place(node, detail), prefix + message, remedy)
    return None


def items(table: Table, key: str, problems: Problems) -> tuple[Node, ...]:
    """The items of the list at `key`: none when it is absent or null, a problem when it is something else."""
    node = table.child(key)
    if node is None:
        return ()
    if not isinstance(node, Listing):
        problems.error(node.position, f'"{key}": expected a list, found {kind_of(plain(node))}', 'start each item with "- "')
        return ()
    return node.items


def _place(node: Node, detail: ErrorDetails) -> Position:
    *above, last = detail["loc"] or ("",)
    parent = find(node, *above)
    if detail["type"] == "extra_forbidden" and isinstance(parent, Table):
        return parent.key(str(last))
    return find(node, *detail["loc"]).position


def _sentence(model: type[Model], detail: ErrorDetails) -> tuple[str, str]:
    path = detail["loc"]
    field = next((f'"{step}": ' for step in reversed(path) if isinstance(step, str)), "")
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(model_at(model, path[:-1]), str(path[-1]))
        case "value_error":
            wrong = detail["ctx"]["error"]
            return field + str(wrong), wrong.remedy if isinstance(wrong, WrongError) else ""
        case "missing":
            owner = model_at(model, path[:-1])
            return f'"{path[-1]}" must be set' + (f" in {owner.TITLE}" if owner else ""), ""
        case "list_type":
            return f"{field}expected a list, found {kind_of(detail['input'])}", 'start each item with "- "'
        case _:
            return f"{field}expected a mapping, found {kind_of(detail['input'])}", 'write it as "key: value" lines'


def _unknown_key(owner: type[Model] | None, key: str) -> tuple[str, str]:
    if owner is None:
        return f'unknown key "{key}"', ""
    where = f" in {owner.TITLE}" if owner.TITLE else ""
    return f'unknown key "{key}"{where}', owner.FOREIGN.get(key) or did_you_mean(key, owner.names()) or _known(owner)


def _known(owner: type[Model]) -> str:
    names = sorted(owner.names())
    return f"the keys there are {', '.join(names)}" if names else "there is nothing to set there"


@lru_cache(maxsize=1024)
def model_at(model: type[Model], path: tuple[int | str, ...]) -> type[Model] | None:
    """The model that describes what stands at `path` below a `model`."""
    annotation: Any = model
    for step in path:
        owner = _model_in(annotation)
        if isinstance(step, str) and owner is not None and step in owner.names():
            annotation = next(field.annotation for name, field in owner.model_fields.items() if step in (name, field.alias))
        elif get_origin(annotation) in (list, dict):
            annotation = get_args(annotation)[-1]
    return _model_in(annotation)


@lru_cache(maxsize=4096)
def holds_secret(model: type[Model], name: str) -> bool:
    """Whether what stands at the key `name` is a secret, or several; goes by the type of the field."""
    fields = (field for key, field in model.model_fields.items() if name in (field.alias or key, key))
    return any(_mentions_secret(field.annotation) for field in fields)


def _mentions_secret(annotation: Any) -> bool:
    return annotation is Secret or (get_origin(annotation) is not None and any(map(_mentions_secret, get_args(annotation))))


def _model_in(annotation: Any) -> type[Model] | None:
    options = get_args(annotation) if get_origin(annotation) not in (list, dict) else ()
    for option in (annotation, *options):
        if isinstance(option, type) and issubclass(option, Model):
            return option
    return None


def _warn_of_later_keys(model: type[Model], node: Node, problems: Problems) -> None:
    """One warning for each key that is read and not acted on, wherever in the section it stands."""
    if not isinstance(node, Table):
        return
    for name, child in node.values.items():
        if is_null(child):
            continue
        if name in model.LATER:
            problems.warn_once(node.key(name), f'"{name}" is not acted on by this version', model.LATER[name])
        for number, item in enumerate(child.items if isinstance(child, Listing) else (child,)):
            below = model_at(model, (name, number) if isinstance(child, Listing) else (name,))
            if below is not None:
                _warn_of_later_keys(below, item, problems)
