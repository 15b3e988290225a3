"""Tables of keys, read from the models that read the files: for blocks where a sentence for each key would say no more than
its name does.

A default is what holds where nothing is written: the word of `global` where it has one, else that of the settings, else that
of the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from pydantic import BaseModel, PlainValidator
from pydantic.fields import FieldInfo

from docs.generate.tables import code, table
from evaluator.config import scalars
from evaluator.config.bodies import BODIES, call
from evaluator.config.globals import GlobalModel
from evaluator.config.http import HttpModel
from evaluator.config.integrations import http, mattermost, opsgenie
from evaluator.config.models import Model
from evaluator.config.rates import DEFAULT_LIMITS, RateLimitModel
from evaluator.config.receivers import KINDS
from evaluator.config.telemetry import EventRecorderModel, TracingModel
from evaluator.config.tls import TlsModel
from evaluator.core.durations import format_duration
from evaluator.core.receivers.tickets import JiraText

ELSEWHERE: Mapping[type[Model], str] = MappingProxyType(
    {HttpModel: "http_config", TlsModel: "tls_config", RateLimitModel: "rate_limit"}
)
"""Models with a section written by hand, and its name."""

BY_HAND = ("console", "webhook", "slack")
"""Kinds with a section written by hand."""

REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "email": ("to",),
        "pagerduty": ("routing_key", "service_key"),
        "victorops": ("routing_key",),
        "pushover": ("user_key", "token"),
        "sns": ("topic_arn", "phone_number", "target_arn"),
        "telegram": ("chat_id",),
        "discord": ("webhook_url",),
        "webex": ("room_id", "http_config"),
        "msteams": ("webhook_url",),
        "msteamsv2": ("webhook_url",),
        "jira": ("project", "issue_type"),
        "incidentio": ("url",),
        "http": ("url",),
        "apprise": ("urls",),
        "ntfy": ("topic",),
        "twilio": ("to",),
    }
)
"""Keys that a kind does not do without, whatever `global` says; of PagerDuty's two and of SNS' three it is one."""

_NEEDED: Mapping[type[Model], tuple[str, ...]] = MappingProxyType(
    {mattermost.FieldModel: ("title", "value"), opsgenie.ResponderModel: ("type",), http.CallModel: ("url",)}
)
_LAST = ("send_resolved", "rate_limit", "timeout", "http_config")
_VALUES: Mapping[Any, str] = MappingProxyType(
    {
        scalars.flag: "flag",
        scalars.whole: "number",
        scalars.count: "number",
        scalars.duration: "duration",
        scalars.go_duration: "duration in Go's syntax",
        scalars.go_duration_text: "duration in Go's syntax, with a unit",
        scalars.smarthost: "`HOST:PORT`",
        scalars.tree: "any YAML",
        scalars.absolute_url: "URL",
        scalars.secret: "secret",
        scalars.secret_url: "URL, a secret",
    }
)


class Section(NamedTuple):
    """A table of the keys of `model`. kind: of the integration to which they belong, empty where there is none."""

    heading: str
    model: type[Model]
    kind: str = ""


def sections() -> tuple[Section, ...]:
    """All that is written here, except `tracing` and `event_recorder` themselves, whose headings stand in the document."""
    return (*_receivers(), *_below(Section("`event_recorder`", EventRecorderModel)))


def receiver_keys() -> str:
    """The kinds of receivers whose keys are Alertmanager's."""
    return "\n".join(map(_written, _receivers()))


def tracing_keys() -> str:
    """The keys of `tracing`."""
    return _table(Section("`tracing`", TracingModel))


def recorder_keys() -> str:
    """The keys of `event_recorder`, and of its outputs."""
    top = Section("`event_recorder`", EventRecorderModel)
    return "\n".join([_table(top), *map(_written, _below(top))])


def _receivers() -> Iterator[Section]:
    for name, kind in KINDS.items():
        if name not in BY_HAND:
            top = Section(f"`{name}_configs`", kind.model, name)
            yield top
            yield from _below(top)


def _below(above: Section) -> Iterator[Section]:
    """Sections for the mappings in a mapping, each once."""
    seen: set[type[Model]] = set()
    waiting = list(_children(above))
    while waiting:
        child = waiting.pop(0)
        if child.model not in seen:
            seen.add(child.model)
            yield child
            waiting += _children(child, above.heading)


def _children(above: Section, top: str = "") -> Iterator[Section]:
    for name, field in above.model.model_fields.items():
        model = _model(field.annotation)
        if model is not None and model not in ELSEWHERE:
            yield Section(f"{code(field.alias or name)} of {top or above.heading}", model)


def _written(section: Section) -> str:
    rows = _table(section) if section.model.model_fields else "There is nothing to set: `{}`.\n"
    return f"### {section.heading}\n\n{rows}"


def _table(section: Section) -> str:
    names = list(section.model.model_fields)
    heads = sorted((name for name in names if name.removesuffix("_file") not in names or not name.endswith("_file")), key=_rank)
    return table(("key", "default", "value"), (_row(section, name) for name in heads))


def _rank(name: str) -> int:
    """What belongs to every kind of receiver stands last; the rest keeps its order."""
    return _LAST.index(name) + 1 if name in _LAST else 0


def _row(section: Section, name: str) -> tuple[str, str, str]:
    field = section.model.model_fields[name]
    key = field.alias or name
    keys = [key] + [f"{key}_file"] * (f"{name}_file" in section.model.model_fields)
    return ", ".join(map(code, keys)), _default(section, name, key, field), _value(key, field)


def _default(section: Section, name: str, key: str, field: FieldInfo) -> str:
    if field.is_required() or key in (*REQUIRED.get(section.kind, ()), *_NEEDED.get(section.model, ())):
        return "required"
    if key == "http_config":
        return "that of `global`" if section.kind else "none"
    if key == "send_resolved":
        return _shown(KINDS[section.kind].send_resolved)
    if key == "rate_limit":
        return str(DEFAULT_LIMITS.get(section.kind, "none"))
    shared = _in_global(section.kind, key)
    return f"{code(shared)} of `global`" if shared else _shown(_of_settings(section.kind, name, field))


def _in_global(kind: str, key: str) -> str:
    """The key of `global` on which that of a kind falls back; empty where there is none."""
    prefix = {"": "", "email": "smtp"}.get(kind, kind)
    names = (f"{prefix}_{key}", f"{prefix}_api_{key}") if kind else ()
    return next((name for name in names if name in GlobalModel.model_fields), "")


def _of_settings(kind: str, name: str, field: FieldInfo) -> Any:
    own = field.get_default(call_default_factory=True)
    if not kind:
        return own
    settings = get_type_hints(KINDS[kind].settings)["return"]
    stated = {one.name: one.default for one in fields(settings) if isinstance(one.default, str | tuple | JiraText)}
    stated |= {body.key: call(body.template) for body in BODIES.get(kind, ())}
    return stated.get(name, own)


def _shown(value: Any) -> str:
    match value:
        case None | "" | [] | () | {} | BaseModel():
            return "none"
        case bool():
            return code(str(value).lower())
        case timedelta():
            return code(format_duration(value))
        case tuple():
            return ", ".join(code(name) for name, _ in value)
        case JiraText():
            return code(value.template)
    return code(str(value))


def _value(key: str, field: FieldInfo) -> str:
    annotation = field.annotation
    words = _words(annotation, field.metadata)
    model = _model(annotation)
    if model is not None:
        heading = ELSEWHERE.get(model) or next(one.heading for one in sections() if one.model is model)
        words = words.format(f"[{key}](#{heading.replace('`', '').replace(' ', '-')})")
    return words


def _words(annotation: Any, metadata: list[Any]) -> str:
    """What may be written. `{}` stands for a link to a mapping's own section."""
    for one in metadata:
        if isinstance(one, PlainValidator):
            return _VALUES.get(one.func, "text")
    arguments = [one for one in get_args(annotation) if one is not type(None)]
    if get_origin(annotation) is list:
        return "list of " + ("{}" if _model(arguments[0]) else "texts")
    if get_origin(annotation) is dict:
        return "mapping to " + _plural(_words(arguments[1], []))
    if arguments and hasattr(annotation, "__metadata__"):
        return _words(arguments[0], list(annotation.__metadata__))
    return _words(arguments[0], []) if arguments else "{}"


def _plural(word: str) -> str:
    return word + "s" if word in ("text", "secret") else word


def _model(annotation: Any) -> type[Model] | None:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next(filter(None, map(_model, get_args(annotation))), None)
