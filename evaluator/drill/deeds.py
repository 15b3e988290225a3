"""What happens in a scenario, read from the items of its `actions`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from evaluator.config.nodes import Table, find
from evaluator.config.problems import Problems
from evaluator.core.evaluation.rules import Position
from evaluator.core.labels import Labels, Matcher
from evaluator.core.matchers import parse_matchers
from evaluator.drill.cast import Cast
from evaluator.drill.scenario import (
    Answering,
    Deed,
    ExpireSilence,
    Finding,
    FoundSeries,
    GivenAlert,
    Kill,
    Post,
    SetSilence,
    Start,
    Stop,
)
from evaluator.drill.scenario_models import ActionModel, GivenModel


def read_deed(verb: str, model: ActionModel, node: Table, cast: Cast, problems: Problems) -> Deed | None:
    """What an action does; None after problems. verb: the one of `VERBS` that it has, other than `reload`."""
    return _READERS[verb](model, node, cast, problems)


def _post(model: ActionModel, node: Table, cast: Cast, problems: Problems) -> Deed | None:
    if not model.post:
        problems.error(node.at("post"), "no alerts are posted", "list them, each with its labels")
    return Post(tuple(_given(one, find(node, "post", number).position, problems) for number, one in enumerate(model.post)))


def _given(model: GivenModel, position: Position, problems: Problems) -> GivenAlert:
    labels = Labels({name: value for name, value in model.labels.items() if value})
    if not labels:
        problems.error(position, "an alert has at least one label that is not empty", "add alertname")
    if model.starts is not None and model.ends is not None and model.ends < model.starts:
        problems.error(position, "an alert ends before it starts", "correct starts or ends")
    return GivenAlert(labels, tuple(sorted(model.annotations.items())), model.starts, model.ends)


def _silence(model: ActionModel, node: Table, cast: Cast, problems: Problems) -> Deed | None:
    wanted = model.silence
    if wanted is None:
        problems.error(node.at("silence"), "the silence says nothing", "write name, matchers and ends")
        return None
    starts = model.at if wanted.starts is None else wanted.starts
    if wanted.ends <= max(starts, model.at):
        problems.error(node.at("silence", "ends"), "the silence is over before it begins", "let it end later")
    matchers = tuple(_matchers(wanted.matchers, node, cast, problems))
    return SetSilence(wanted.name, matchers, starts, wanted.ends, wanted.created_by, wanted.comment)


def _matchers(texts: Sequence[str], node: Table, cast: Cast, problems: Problems) -> Iterator[Matcher]:
    if not texts:
        problems.error(node.at("silence", "matchers"), "the silence has no matchers", 'write NAME="VALUE"')
    for number, text in enumerate(texts):
        try:
            yield from parse_matchers(text, cast.mode).matchers
        except ValueError as error:
            problems.error(node.at("silence", "matchers", number), str(error), 'write NAME="VALUE", with one of = != =~ !~')


def _expire(model: ActionModel, node: Table, cast: Cast, problems: Problems) -> Deed | None:
    if not model.expire:
        problems.error(node.at("expire"), "no silence is named", "write the name under which it was set")
    return ExpireSilence(model.expire)


def _answer(model: ActionModel, node: Table, cast: Cast, problems: Problems) -> Deed | None:
    wanted = model.answer
    if wanted is None:
        problems.error(node.at("answer"), "nobody answers", "write receiver, and status, takes or hangs")
        return None
    if wanted.until is not None and wanted.until <= model.at:
        problems.error(node.at("answer", "until"), "it is over before it begins", "let it end later")
    name = cast.integration(wanted.receiver, node.at("answer", "receiver"), problems)
    return Answering(name, wanted.status, wanted.takes, wanted.hangs, wanted.retry_after, wanted.until)


def _find(model: ActionModel, node: Table, cast: Cast, problems: Problems) -> Deed | None:
    wanted = model.find
    if wanted is None:
        problems.error(node.at("find"), "nothing is said of what is found", "write rule, and series or error")
        return None
    rule = cast.rule(wanted.rule, node.at("find", "rule"), problems)
    series = tuple(FoundSeries(Labels(one.labels), one.value) for one in wanted.series)
    return Finding(rule, series, wanted.error)


_READERS: Mapping[str, Callable[[ActionModel, Table, Cast, Problems], Deed | None]] = MappingProxyType(
    {
        "post": _post,
        "silence": _silence,
        "expire": _expire,
        "answer": _answer,
        "find": _find,
        "kill": lambda *_: Kill(),
        "stop": lambda *_: Stop(),
        "start": lambda *_: Start(),
    }
)

VERBS = (*_READERS, "reload")
