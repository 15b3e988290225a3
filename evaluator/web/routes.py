"""The route tree, drawn; and where an alert with given labels would go, at a given time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.durations import format_duration
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels, MatchOp
from evaluator.core.matchers import MatcherMode, parse_matchers
from evaluator.core.muting.intervals import NamedInterval, next_change
from evaluator.core.muting.muting import MuteKind
from evaluator.core.routing.routing import Route
from evaluator.core.view import View
from evaluator.web.interval_words import in_words
from evaluator.web.rendering import render
from evaluator.web.words import parse_instant

MOST_NODES = 500
_WORDS = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^\s"]|")+')
_BEGINS = re.compile(r'("|[^"=!~])[^=]*=')


@frozen
class Node:
    """A route as it is drawn. depth: of the tree. says: what it does not inherit, by name. taken, passed: by the question."""

    route: Route
    depth: int
    says: tuple[tuple[str, str], ...]
    taken: bool
    passed: bool


@frozen
class Destination:
    """Where an alert goes. quiet: what keeps it quiet at that time of day. until: when that, or the lack of it, is over."""

    route: Route
    group_key: str
    quiet: str
    until: datetime | None


@frozen
class Question:
    """What somebody wants to know. problem: why it cannot be answered."""

    labels: str = ""
    at: str = ""
    problem: str = ""
    asked: Labels | None = None
    instant: datetime | None = None


async def routes(view: View, request: Request) -> Response:
    """The tree, and the answer to `labels` and `at`."""
    question = _question(view, request.query_params.get("labels", ""), request.query_params.get("at", ""))
    taken = list(view.settings.route.match(question.asked)) if question.asked is not None else []
    nodes = list(_nodes(view.settings.route, None, 0, {route.id for route in taken}))
    return render(
        view,
        request,
        "routes.html",
        400 if question.problem else 200,
        question=question,
        destinations=[_destination(view, route, question) for route in taken],
        nodes=nodes[:MOST_NODES],
        left_out=max(0, len(nodes) - MOST_NODES),
        intervals=[_interval(one, view.now) for one in view.settings.time_intervals],
        receivers={receiver.name: receiver for receiver in view.settings.receivers},
    )


def _question(view: View, labels: str, at: str) -> Question:
    labels, at = labels.strip(), at.strip()
    if not labels and not at:
        return Question()
    try:
        return Question(labels, at, "", read_labels(labels, view.settings.matcher_mode), parse_instant(at) if at else view.now)
    except ValueError as error:
        return Question(labels, at, str(error))


def read_labels(text: str, mode: MatcherMode) -> Labels:
    """Labels as `name="value"`, separated by commas, spaces or lines; each once. Raises ValueError."""
    found: dict[str, str] = {}
    for part in (part for line in text.splitlines() for part in _parts(line)):
        for matcher in parse_matchers(part, mode).matchers:
            if not matcher.name:
                raise ValueError(f'"{part.strip()}" names no label; write name="value"')
            if matcher.op is not MatchOp.EQUAL:
                raise ValueError(f"{matcher.name} needs a value here, not a condition: write {matcher.name}=…")
            if matcher.name in found:
                raise ValueError(f"{matcher.name} stands there twice")
            found[matcher.name] = matcher.value
    return Labels(found)


def _parts(line: str) -> list[str]:
    """A line, cut where the next label begins after a space; else `team=db env=staging` were one label with a long value."""
    if "," in line or "{" in line:
        return [line]
    parts: list[str] = []
    for word in _WORDS.findall(line):
        if _BEGINS.match(word) or not parts:
            parts.append(word)
        else:
            parts[-1] += f" {word}"
    return parts


def _nodes(route: Route, parent: Route | None, depth: int, taken: set[str]) -> Iterator[Node]:
    below = {node.id for node in route.walk()}
    yield Node(route, depth, tuple(_says(route, parent)), route.id in taken, not taken.isdisjoint(below))
    for child in route.routes:
        yield from _nodes(child, route, depth + 1, taken)


def _says(route: Route, parent: Route | None) -> Iterator[tuple[str, str]]:
    """What is said here, as against what the parent says already."""
    grouped = "every label (…)" if route.group_by is None else ", ".join(sorted(route.group_by)) or "nothing: one group"
    if parent is None or route.group_by != parent.group_by:
        yield "grouped by", grouped
    for name in ("group_wait", "group_interval", "repeat_interval"):
        value: timedelta = getattr(route, name)
        if parent is None or value != getattr(parent, name):
            yield name, format_duration(value)
    if route.mute_time_intervals:
        yield "muted during", ", ".join(route.mute_time_intervals)
    if route.active_time_intervals:
        yield "active only during", ", ".join(route.active_time_intervals)
    if route.inhibit_rules:
        yield "inhibit rules", str(len(route.inhibit_rules))
    yield from _chased(route, parent)
    if route.continues:
        yield "continue:", "what comes after it is tried too"


def _chased(route: Route, parent: Route | None) -> Iterator[tuple[str, str]]:
    """By which ladder."""
    if route.escalation != (parent.escalation if parent is not None else None):
        yield "escalation", route.escalation or "none"
    if route.dry_run and not (parent is not None and parent.dry_run):
        yield "dry run:", "its ladder is rehearsed, and wakes nobody"


def _destination(view: View, route: Route, question: Question) -> Destination:
    assert question.asked is not None
    assert question.instant is not None
    muting = view.machine.muting
    mute = muting.of_route(route, question.instant)
    quiet = ""
    if mute is not None:
        outside = mute.kind is MuteKind.ACTIVE_INTERVAL
        quiet = ("outside of " if outside else "during ") + ", ".join(mute.names)
    return Destination(route, route.group_key(question.asked), quiet, muting.boundary(route, question.instant))


def _interval(interval: NamedInterval, now: datetime) -> tuple[NamedInterval, bool, datetime | None, list[str]]:
    """Whether it holds, when that changes, and what it says."""
    words = [in_words(element) for element in interval.intervals]
    return interval, interval.contains(now), next_change(interval.intervals, now), words
