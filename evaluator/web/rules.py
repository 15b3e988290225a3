"""Rules: whether they work, what they have found, and when they were asked last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.evaluation.rules import AlertingRule, RecordingRule, Rule
from evaluator.core.evaluation.tracking import RuleEvaluation
from evaluator.core.frozen import frozen
from evaluator.core.labels import METRIC_NAME
from evaluator.core.records import State
from evaluator.core.view import View
from evaluator.web.choice import read_page
from evaluator.web.paging import page_of
from evaluator.web.rendering import render

PER_PAGE = 100
MOST_VALUES = 5
HEALTHS = ("err", "ok", "unknown")
STATES = ("firing", "pending", "inactive", "unknown")
RECORDED = "recorded"


@frozen
class RuleChoice:
    """Which rules somebody wants to see; empty for any. name: a part of the rule's, the group's or the file's."""

    health: str = ""
    state: str = ""
    name: str = ""

    def link(self, **changes: str | int) -> str:
        """The query that shows the same but for `changes`, from the first page."""
        values = {"health": self.health, "state": self.state, "name": self.name, **changes}
        return "?" + urlencode({name: value for name, value in values.items() if value}, errors="replace")

    def admits(self, found: Found) -> bool:
        """Whether this rule is asked for."""
        named = not self.name or any(self.name.lower() in text.lower() for text in found.names)
        return named and self.health in ("", found.health) and self.state in ("", found.state)


@frozen
class Found:
    """A rule in its group. evaluation: None for a recording rule, which is not evaluated itself."""

    group: GroupEvaluation
    rule: Rule
    evaluation: RuleEvaluation | None

    @property
    def names(self) -> tuple[str, str, str]:
        """What it can be found by."""
        return self.rule.name, self.group.group.name, self.group.group.file

    @property
    def health(self) -> str:
        """ok, err, unknown; nothing for a recording rule."""
        return str(self.evaluation.health) if self.evaluation else ""

    @property
    def state(self) -> str:
        """The gravest among its alerts; for a recording rule, that it is one."""
        return self.evaluation.state if self.evaluation else RECORDED


@frozen
class RuleShown:
    """A rule on the page. counts: its alerts by state. values: of some of its `active` ones, with what tells them apart."""

    found: Found
    rule: AlertingRule | RecordingRule
    counts: Counter[str]
    values: tuple[tuple[str, float], ...]
    active: int


@frozen
class GroupShown:
    """A group on the page with those of its rules that stand there. took: of its last evaluation."""

    group: GroupEvaluation
    took: timedelta | None
    rules: tuple[RuleShown, ...]


async def rules(view: View, request: Request) -> Response:
    """Rule groups and their rules."""
    parameters = request.query_params
    choice = RuleChoice(*(parameters.get(name, "").strip() for name in ("health", "state", "name")))
    every = list(_every(view))
    page = page_of([one for one in every if choice.admits(one)], read_page(parameters), PER_PAGE)
    return render(
        view,
        request,
        "rules.html",
        choice=choice,
        health=Counter(one.health for one in every),
        states=Counter(one.state for one in every),
        healths=HEALTHS,
        all_states=STATES,
        page=page,
        groups=[_group(group, list(found)) for group, found in groupby(page.items, key=lambda one: one.group)],
        missing=_missing(view),
    )


def _every(view: View) -> Iterator[Found]:
    for group in sorted(view.machine.groups.values(), key=lambda one: (one.group.file, one.group.name)):
        for rule in group.group.rules:
            yield Found(group, rule, group.rules.get(rule.key))


def _missing(view: View) -> datetime | None:
    """Since when no group has been evaluated; None when one of them was."""
    finished = [one.finished_at for one in view.machine.groups.values() if one.rules]
    return view.started_at if finished and not any(finished) else None


def _group(group: GroupEvaluation, found: list[Found]) -> GroupShown:
    done = group.finished_at is not None and group.started_at is not None and group.finished_at >= group.started_at
    took = group.finished_at - group.started_at if done and group.finished_at and group.started_at else None
    return GroupShown(group, took, tuple(_rule(one) for one in found))


def _rule(found: Found) -> RuleShown:
    alerts = found.evaluation.alerts.values() if found.evaluation else ()
    active = [one for one in alerts if one.life.state is not State.INACTIVE]
    shown = active[:MOST_VALUES]
    common = set.intersection(*(set(one.series.items()) for one in shown)) if len(shown) > 1 else set[tuple[str, str]]()
    own = [one.series.without(METRIC_NAME, *(name for name, _ in common)) for one in shown]
    values = tuple((str(labels), one.value) for labels, one in zip(own, shown, strict=True))
    return RuleShown(found, found.rule, Counter(str(one.life.state) for one in active), values, len(active))
