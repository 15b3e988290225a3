"""What a ruler showed, slot by slot, brought into one form.

Instants are cut to milliseconds, the resolution of Prometheus' storage and queries: its slots have nanoseconds. A look at a
ruler counts only when it fell into the pause between two evaluations, for otherwise some of its rules may be a slot ahead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
Rules = list[Json]
Trace = dict[str, dict[datetime, Rules]]
"""By group: by slot: the rules of `/api/v1/rules` as they were after that slot."""

Pairs = tuple[tuple[str, str], ...]
Written = dict[tuple[str, datetime], set[tuple[Pairs, float]]]
"""By the name of an alert and the slot: labels and value of each sample that was written."""

SLOT = "Slot"


@dataclass(frozen=True)
class Look:
    """One answer of `/api/v1/rules`, complete at `at`."""

    groups: list[Json]
    at: datetime


def trace_of(looks: Iterable[Look], together: bool = False) -> Trace:
    """The first look at each slot of each group. together: the rules are not evaluated in their order, but all at once."""
    trace: Trace = {}
    for look in looks:
        for group in look.groups:
            slot = slot_of(group)
            if slot is None or (together and not _of_one_slot(group)):
                continue
            if look.at < slot + timedelta(seconds=group["interval"]):
                trace.setdefault(group["name"], {}).setdefault(slot, group["rules"])
    return trace


def group_of(look: Look, name: str) -> Json:
    """The group of this name."""
    return next(group for group in look.groups if group["name"] == name)


def slot_of(group: Json) -> datetime | None:
    """The slot at which the last rule of the group was evaluated, which is an alert that shows it as its value."""
    last = group["rules"][-1]
    assert last["name"] == SLOT, f"group {group['name']} does not end with the alert {SLOT}"
    if not last["alerts"]:
        return None
    return datetime.fromtimestamp(round(float(last["alerts"][0]["value"]) * 1000) / 1000, UTC)


def _of_one_slot(group: Json) -> bool:
    """Whether every rule has been evaluated at the same slot, where the time of an evaluation is its slot."""
    return len({rule["lastEvaluation"] for rule in group["rules"] if rule["type"] == "alerting"}) == 1


def instant(text: str) -> datetime:
    """An RFC 3339 text, cut to milliseconds."""
    seconds, _, decimals = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(seconds).replace(tzinfo=UTC) + timedelta(milliseconds=int(f"{decimals:0<3.3}"))


def alerts(rule: Json) -> list[Json]:
    """The alerts of a rule in a fixed order, with instants; what an older Prometheus does not show is left out."""
    shown = ({**one, "activeAt": instant(one["activeAt"])} for one in rule["alerts"])
    return sorted(
        ({key: value for key, value in one.items() if key != "keepFiringSince"} for one in shown),
        key=lambda one: sorted(one["labels"].items()),
    )


def pairs(labels: Mapping[str, str]) -> Pairs:
    """Labels to compare by."""
    return tuple(sorted(labels.items()))


def named(rules: Rules, name: str) -> Rules:
    """The rules called `name`: usually one."""
    return [rule for rule in rules if rule["name"] == name]


def without_versions(value: Any) -> Any:
    """The value with the texts of old and new versions of Prometheus made equal.

    In an error of a template the type of its data is printed; `Value` became an interface when histograms came.
    """
    match value:
        case str():
            return re.sub(r"\bValue float64 }", "Value interface {} }", value)
        case Mapping():
            return {key: without_versions(each) for key, each in value.items()}
        case list():
            return [without_versions(each) for each in value]
    return value
