"""Conversion of whole texts and files, each tried on examples before it is believed."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from evaluator.core.evaluation.answers import Sample
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.templating.conversion.dialects import RECEIVERS, RULES, Dialect
from evaluator.templating.conversion.expressions import WHOLE, Code, Unconvertible
from evaluator.templating.conversion.statements import Writer, handed, macro_name
from evaluator.templating.errors import QueryNeeded, TemplateError, located
from evaluator.templating.examples import EXTERNAL_URL, example
from evaluator.templating.functions.alertmanager import NOTIFICATION_FUNCTIONS
from evaluator.templating.go import inspection
from evaluator.templating.go.nodes import Chain, Field, String, Tree, Variable
from evaluator.templating.go.parser import parse
from evaluator.templating.html.escaping import escaped
from evaluator.templating.notification import MAIN, NotificationTexts
from evaluator.templating.notification_data import NotificationData, notification_data
from evaluator.templating.scope import Scope
from evaluator.templating.texts import compile_text, parse_rule_text

_VALUES: Final = (0.0, 0.25, 1.0, 3.5, 99.0, 1234567.0, -2.0)
_PAGE: Final = ".html"
_MOST_QUERIES: Final = 20
FAILED: Final = None


@frozen
class Trouble:
    """Why a text was left as it is. line, column: in the text, counted from 1."""

    message: str
    line: int = 1
    column: int = 1


@frozen
class Converted:
    """The text in Jinja2, or as it was where there is trouble. changed: whether it is another than before."""

    text: str
    changed: bool = False
    trouble: Trouble | None = None


def convert_rule_text(text: str) -> Converted:
    """A label or annotation of a rule. What is Jinja2 or no template at all stays."""
    try:
        if compile_text(text).kind != "go":
            return Converted(text)
        trees = parse_rule_text(text)
        written = _with_macros(trees)
    except TemplateError as error:
        return Converted(text, trouble=Trouble(error.message, error.line, error.column))
    except Unconvertible as error:
        return Converted(text, trouble=_at(text, error))
    return _proven(text, written, _renders_as_rule(text, trees, written))


def convert_receiver_text(text: str, templates: NotificationTexts | None = None) -> Converted:
    """A text of a receiver. templates: those that it may call."""
    texts = templates or NotificationTexts()
    try:
        if texts.kind(text) != "go":
            return Converted(text)
        trees = parse(text, MAIN, NOTIFICATION_FUNCTIONS)
        if len(trees) > 1:
            return Converted(
                text, trouble=Trouble("defines templates of its own; move them to a file of the configuration's templates")
            )
        written = Writer(trees[MAIN], RECEIVERS).text()
    except TemplateError as error:
        return Converted(text, trouble=Trouble(error.message, error.line, error.column))
    except Unconvertible as error:
        return Converted(text, trouble=_at(text, error))
    return _proven(text, written, _differs(_examples(trees.values()), _of(texts, text), _of(texts, written)))


def convert_file(text: str, name: str) -> dict[str, Converted]:
    """The templates that a file of Go's language defines, by name. Raises TemplateError when it cannot be read."""
    trees = parse(text, name, NOTIFICATION_FUNCTIONS, file=name)
    own = {each: tree for each, tree in trees.items() if each != name}
    parts = {each for each, whole in handed([*own.values(), *_packaged()]) if not whole}
    written: dict[str, Converted] = {}
    for each, tree in own.items():
        dot = Code("it") if each in parts else WHOLE
        try:
            shown = _as_page({**NotificationTexts().trees, **own}, each) if each.endswith(_PAGE) else tree
            written[each] = Converted(Writer(shown, RECEIVERS, dot=dot).text(), changed=True)
        except TemplateError as error:
            written[each] = Converted("", trouble=Trouble(error.message, error.line, error.column))
        except Unconvertible as error:
            written[each] = Converted("", trouble=_at(text, error))
    files = [(f"{each}.j2", one.text) for each, one in written.items() if not one.trouble]
    before, after = NotificationTexts([(name, text)]), NotificationTexts([(name, text), *files])
    return {
        each: found if found.trouble else _proven_file(each, own[each], each in parts, found, before, after)
        for each, found in written.items()
    }


def _as_page(trees: Mapping[str, Tree], name: str) -> Tree:
    """The template with what its pipelines need in a page, and without comments."""
    return escaped(trees, name)[name]


def _packaged() -> Iterable[Tree]:
    return NotificationTexts().trees.values()


def _proven_file(
    name: str, tree: Tree, part: bool, found: Converted, before: NotificationTexts, after: NotificationTexts
) -> Converted:
    """Rendered beside the original, as whoever calls it would."""
    calls = [f'{{{{ template "{name}" . }}}}']
    if part:
        calls = [
            f'{{{{ range .Alerts }}}}{{{{ template "{name}" . }}}}{{{{ end }}}}',
            f'{{{{ template "{name}" .Alerts.Firing }}}}',
        ]
    rendered = _page_of if name.endswith(_PAGE) else _of
    for call in calls:
        difference = _differs(_examples([tree]), rendered(before, call), rendered(after, call))
        if difference:
            return Converted("", trouble=Trouble(difference))
    return found


def _of(texts: NotificationTexts, text: str) -> Callable[[NotificationData], str]:
    return lambda data: texts.render(text, data)


def _page_of(texts: NotificationTexts, text: str) -> Callable[[NotificationData], str]:
    """Go escapes more characters than a page needs; so pages are compared as a browser reads them."""
    return lambda data: html.unescape(texts.render_html(text, data))


def _with_macros(trees: Mapping[str, Tree]) -> str:
    """A rule's text, the templates that it defines as macros before it."""
    parts = {name for name, whole in handed(trees.values()) if not whole}
    macros = []
    for name, tree in trees.items():
        if name != MAIN:
            body = Writer(tree, _inner(RULES), dot=Code("it") if name in parts else WHOLE).text()
            macros.append(f"{{% macro {macro_name(name)}({'it' if name in parts else ''}) %}}{body}{{% endmacro %}}")
    return "".join(macros) + Writer(trees[MAIN], RULES, map(macro_name, trees)).text()


def _inner(dialect: Dialect) -> Dialect:
    """Of a `define`: Go sets no variables there."""
    return replace(dialect, variables={})


def _at(text: str, error: Unconvertible) -> Trouble:
    line, column, _ = located(text, error.offset)
    return Trouble(str(error), line, column)


def _proven(text: str, written: str, difference: str) -> Converted:
    if difference:
        return Converted(text, trouble=Trouble(difference))
    return Converted(written, changed=written != text)


# Examples


def _words(trees: Iterable[Tree]) -> list[str]:
    """Every name that could be a label's."""
    found: dict[str, None] = {}
    for word in inspection.words(trees):
        match word:
            case Field(names=names) | Variable(names=names) | Chain(names=names):
                found.update(dict.fromkeys(names))
            case String(value=value):
                found[value] = None
    return [name for name in found if 0 < len(name) < 40]


def _labels(names: Sequence[str], suffix: str) -> Labels:
    return Labels({**{name: f"{index}.{suffix}:9100" for index, name in enumerate(names)}, "alertname": "Example"})


def _renders_as_rule(text: str, trees: Mapping[str, Tree], written: str) -> str:
    """How the two differ; empty when they do not."""
    names = _words(trees.values())
    try:
        compiled = compile_text(written)
    except TemplateError as error:
        return f"comes out unreadable: {error.message}"
    for labels in (_labels(names, "a"), Labels({})):
        for value in _VALUES:
            scope = Scope(labels, value, {"region": "eu"}, EXTERNAL_URL)
            before = _rendered(compile_text(text).render, scope, names)
            after = _rendered(compiled.render, scope, names)
            if before is not FAILED and before != after:
                return _difference(before, after)
    return ""


def _rendered(render: Callable[[Scope], str], scope: Scope, names: Sequence[str]) -> str | None:
    """The text, with two series for whatever it asks; None when it fails."""
    for _ in range(_MOST_QUERIES):
        try:
            return render(scope)
        except QueryNeeded as needed:
            answer = [Sample(_labels(names, suffix), value) for suffix, value in (("b", 12840.0), ("c", 0.5))]
            scope = replace(scope, queries={**scope.queries, needed.expr: answer})
        except TemplateError:
            return FAILED
    return FAILED


def _examples(trees: Iterable[Tree]) -> Iterator[NotificationData]:
    """The packaged ones, and one in which every name of the text is a label and an annotation."""
    names = _words(trees)
    for told in (example(), example(resolved=True)):
        texts = [dict(alert.annotations.expanded or ()) for alert in told.alerts]
        yield notification_data(told, texts, EXTERNAL_URL)
        more = dict(_labels(names, "a"))
        alerts = tuple(replace(alert, labels=Labels({**more, **alert.labels})) for alert in told.alerts)
        named = replace(told, alerts=alerts, group_labels=Labels({**more, **told.group_labels}))
        yield notification_data(named, [{**more, **one} for one in texts], EXTERNAL_URL)


def _differs(
    examples: Iterable[NotificationData], one: Callable[[NotificationData], str], other: Callable[[NotificationData], str]
) -> str:
    for data in examples:
        try:
            before = one(data)
        except TemplateError:
            continue  # there is nothing that it should come out as
        try:
            after: str | None = other(data)
        except TemplateError:
            after = FAILED
        if before != after:
            return _difference(before, after)
    return ""


def _difference(before: str, after: str | None) -> str:
    if after is FAILED:
        return "comes out as something that fails for an example"
    at = next(
        (index for index, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    start = max(0, at - 10)
    return f"comes out different for an example: {after[start : at + 20]!r} where {before[start : at + 20]!r} was"
