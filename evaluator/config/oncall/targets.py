"""Whom a level names: `person:mia`, `schedule:primary`, `component:owner`, `slack:#incidents`, `receiver:team`."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from evaluator.config.oncall.entries import is_known
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen
from evaluator.core.incidents.policy import Target, TargetKind

ROLES = ("owner", "backup")
_FORMS = "write person:NAME, schedule:NAME, component:owner, component:backup, slack:#CHANNEL or receiver:NAME"


@frozen
class Names:
    """What an escalation may refer to, each by its name."""

    people: Collection[str]
    schedules: Collection[str]
    components: Collection[str]
    receivers: Collection[str]
    calendars: Collection[str]
    profiles: Collection[str]
    severities: Collection[str]


def read_target(text: str, names: Names, position: Position, reading: Reading) -> Target | None:
    """What a text means; None after a problem."""
    word, colon, name = text.partition(":")
    if not colon or word not in list(TargetKind) or not name:
        reading.problems.error(position, f'"{text}" names nobody', _remedy(text, names))
        return None
    target = Target(TargetKind(word), name)
    return target if _is_there(target, names, position, reading) else None


def _remedy(text: str, names: Names) -> str:
    """A name without its kind is what people forget most."""
    word, colon, name = text.partition(":")
    if colon:
        meant = did_you_mean(word, list(TargetKind)) if name else ""
        return meant or _FORMS
    for kind, known in ((TargetKind.PERSON, names.people), (TargetKind.SCHEDULE, names.schedules)):
        if text in known:
            return f'did you mean "{kind}:{text}"?'
    return f'did you mean "slack:{text}"?' if text.startswith("#") else _FORMS


def _is_there(target: Target, names: Names, position: Position, reading: Reading) -> bool:
    match target.kind:
        case TargetKind.PERSON:
            return is_known("person", target.name, names.people, "people", position, reading)
        case TargetKind.SCHEDULE:
            return is_known("schedule", target.name, names.schedules, "schedules", position, reading)
        case TargetKind.RECEIVER:
            return is_known("receiver", target.name, names.receivers, "receivers", position, reading)
        case TargetKind.COMPONENT:
            return _is_role(target.name, names.components, position, reading)
        case TargetKind.SLACK:
            return True


def _is_role(name: str, components: Iterable[str], position: Position, reading: Reading) -> bool:
    if name not in ROLES:
        remedy = did_you_mean(name, ROLES) or "write component:owner or component:backup"
        reading.problems.error(position, f'"component:{name}" names nobody', remedy)
        return False
    if not list(components):
        message = f'"component:{name}", and there are no components'
        reading.problems.error(position, message, "add components: {NAME: {owner: PERSON}}")
        return False
    return True
