"""Templates of pages into templates that escape by themselves.

The texts of a template are followed from its first character; where an action prints, the functions that its place needs are
put at the end of its pipeline. A template that is called from several places is escaped once for each kind of place. Branches
must meet in the same place, a loop must end where it began: else nobody could say what a text after them is.

Departures from Go: what is wrong is said in words of a page instead of the names of states.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NoReturn

from evaluator.templating.errors import TemplateError, located
from evaluator.templating.go.nodes import (
    Action,
    Block,
    Branch,
    Break,
    Call,
    Command,
    Continue,
    Identifier,
    Pipe,
    Range,
    Statement,
    Text,
    Tree,
)
from evaluator.templating.html.context import (
    COMMENTS,
    SCRIPT_LITERALS,
    Context,
    Delimiter,
    NotAPage,
    Slash,
    State,
    UrlPart,
    before_hole,
    joined,
)
from evaluator.templating.html.markup import step

_PREDEFINED: Final = frozenset({"html", "urlquery"})
_SAME: Final = {
    "_escape_text": "html",
    "_escape_attribute": "html",
    "_escape_rcdata": "html",
    "_escape_url": "urlquery",
    "_normalize_url": "urlquery",
}
_NEEDS_NO_ATTRIBUTE: Final = frozenset(
    {"_drop", "_escape_style_string", "_escape_regexp", "_escape_string", "_escape_literal", "_escape_url"}
)
"""Whose results hold nothing that ends a quoted value."""

_OF_STATE: Final = {
    State.JS: "_script_value",
    State.JS_DOUBLE: "_escape_string",
    State.JS_SINGLE: "_escape_string",
    State.JS_TEMPLATE: "_escape_literal",
    State.JS_REGEXP: "_escape_regexp",
    State.CSS: "_filter_style",
    State.TEXT: "_escape_text",
    State.RCDATA: "_escape_rcdata",
    State.ATTRIBUTE_NAME: "_filter_name",
    State.SRCSET: "_escape_srcset",
    **dict.fromkeys(COMMENTS, "_drop"),
}
_URLS: Final = frozenset(
    {State.URL, State.CSS_DOUBLE, State.CSS_SINGLE, State.CSS_DOUBLE_URL, State.CSS_SINGLE_URL, State.CSS_URL}
)
_DEAD: Final = Context(State.DEAD)
_LINE_ENDS: Final = re.compile("[\n\r\u2028\u2029]")
_SPECIAL_TAG: Final = re.compile(r"(?i)<(script|/script|!--)")
_LONE_BRACKET: Final = re.compile(r"(?i)<(?!!doctype)")
_OPENED_BY: Final = {State.COMMENT: 4, State.JS_HTML_OPEN_COMMENT: 4, State.JS_HTML_CLOSE_COMMENT: 3}


def escaped(trees: Mapping[str, Tree], name: str) -> dict[str, Tree]:
    """The template `name` and what it calls, in a form that escapes. Raises TemplateError."""
    page = _Page(trees)
    context, _ = page.template(name, Context())
    if context.state not in (State.TEXT, State.DEAD):
        page.fail(f"the template ends {context}", trees[name], len(trees[name].source))
    return page.escaped


@dataclass(slots=True)
class _Loop:
    """Where the rounds of a loop were left."""

    left: list[Context] = field(default_factory=list)


class _Page:
    """The templates of one page. escaped: what they became, those called within a tag or script under names of their own."""

    def __init__(self, trees: Mapping[str, Tree]) -> None:
        self.trees = trees
        self.escaped: dict[str, Tree] = {}
        self._ends: dict[str, Context] = {}
        self._called: set[str] = set()

    def template(self, name: str, context: Context) -> tuple[Context, str]:
        """Where a template that begins in `context` ends, and the name of its escaped form."""
        own = name if context == Context() else f"{name} {context}"
        self._called.add(own)
        if own in self._ends:
            return self._ends[own], own
        tree, end = self.trees[name], context
        for _ in range(2):  # a template that calls itself is taken to end where it begins, else where that led to
            self._ends[own] = end
            self._called.discard(own)
            end, body = _Walk(self, tree).block(tree.body, context)
            self.escaped[own] = replace(tree, body=body)
            if own not in self._called or end == self._ends[own]:
                self._ends[own] = end
                return end, own
        self.fail(f'cannot compute output context for template "{name}"', tree, 0)

    def fail(self, message: str, tree: Tree, offset: int) -> NoReturn:
        line, column, byte = located(tree.source, offset)
        raise TemplateError(message, line, column, template=tree.name, byte=byte, file=tree.file)


class _Walk:
    """Through one template."""

    def __init__(self, page: _Page, tree: Tree) -> None:
        self.page = page
        self.tree = tree
        self.loops: list[_Loop] = []

    def block(self, block: Block, context: Context) -> tuple[Context, Block]:
        """Statements in turn; what comes after a `break` is never reached, and stays as it is."""
        done: list[Statement] = []
        for index, statement in enumerate(block):
            if context.state is State.DEAD:
                return context, (*done, *block[index:])
            context, changed = self._statement(statement, context)
            done.append(changed)
        return context, tuple(done)

    def _statement(self, statement: Statement, context: Context) -> tuple[Context, Statement]:
        match statement:
            case Text():
                return self._text(statement, context)
            case Action():
                return self._action(statement, context)
            case Branch():
                return self._branch(statement, context)
            case Range():
                return self._range(statement, context)
            case Call():
                return self._call(statement, context)
            case Break() | Continue():
                self.loops[-1].left.append(context)
                return _DEAD, statement

    def _call(self, node: Call, context: Context) -> tuple[Context, Statement]:
        if node.name not in self.page.trees:
            self.page.fail(f'no such template "{node.name}"', self.tree, node.offset)
        end, name = self.page.template(node.name, context)
        return end, replace(node, name=name)

    # Branches

    def _branch(self, node: Branch, context: Context) -> tuple[Context, Statement]:
        word = "with" if node.binds_dot else "if"
        ends, arms = [], []
        for pipe, body in node.arms:
            end, changed = self.block(body, context)
            ends.append(end)
            arms.append((pipe, changed))
        end, otherwise = self.block(node.otherwise, context)
        met = self._met([*ends, end], f"{{{{{word}}}}} branches", node)
        return met, replace(node, arms=tuple(arms), otherwise=otherwise)

    def _met(self, ends: Iterable[Context], what: str, node: Branch | Range) -> Context:
        """Where several ways meet."""
        first, *others = ends
        for other in others:
            both = joined(first, other)
            if both is None:
                self.page.fail(f"{what} end in different contexts: one {first}, one {other}", self.tree, node.offset)
            first = both
        return first

    def _range(self, node: Range, context: Context) -> tuple[Context, Statement]:
        first, body = self._round(node, context)
        again, _ = self._round(node, first) if first.state is not State.DEAD else (first, body)
        round_trip = self._met([first, again], "on range loop re-entry: {{range}} branches", node)
        none, otherwise = self.block(node.otherwise, context)
        end = self._met([round_trip, none], "{{range}} branches", node)
        return end, replace(node, body=body, otherwise=otherwise)

    def _round(self, node: Range, context: Context) -> tuple[Context, Block]:
        """One turn, however it is left."""
        self.loops.append(_Loop())
        end, body = self.block(node.body, context)
        left = self.loops.pop().left
        return self._met([end, *left], "{{break}} or {{continue}} and the {{range}}", node), body

    # Texts

    def _text(self, node: Text, context: Context) -> tuple[Context, Statement]:
        text, at, shown = node.text, 0, _Shown(node.text)
        while at < len(text):
            try:
                following, read = step(context, text[at:])
            except NotAPage as error:
                self.page.fail(str(error), self.tree, node.offset + at + error.offset)
            shown.piece(context, following, at, at + read)
            context, at = following, at + read
        return context, replace(node, text=shown.finished(context))

    # Actions

    def _action(self, node: Action, context: Context) -> tuple[Context, Statement]:
        if node.pipe.declared:
            return context, node
        context = before_hole(context)
        self._check_predefined(node, context)
        needed = self._needed(node, context)
        if context.state is State.JS:
            context = replace(context, slash=Slash.DIVISION)
        return context, replace(node, pipe=_with_escapers(node.pipe, needed))

    def _check_predefined(self, node: Action, context: Context) -> None:
        """`html` and `urlquery` may end a pipeline, where they do no harm."""
        unquoted = context.state is State.ATTRIBUTE and context.delimiter is Delimiter.SPACE
        for index, command in enumerate(node.pipe.commands):
            word = command.words[0]
            name = word.name if isinstance(word, Identifier) else ""
            inside = index < len(node.pipe.commands) - 1
            if name in _PREDEFINED and (inside or (unquoted and name == "html")):
                self.page.fail(f'predefined escaper "{name}" disallowed in template', self.tree, word.offset)

    def _needed(self, node: Action, context: Context) -> list[str]:
        needed = []
        if context.state in _URLS:
            needed = self._for_url(node, context)
        elif context.state in _OF_STATE:
            needed = [_OF_STATE[context.state]]
        if context.delimiter is Delimiter.SPACE:
            needed.append("_escape_unquoted")
        elif context.delimiter is not Delimiter.NONE:
            needed.append("_escape_attribute")
        return needed

    def _for_url(self, node: Action, context: Context) -> list[str]:
        if context.url is UrlPart.UNKNOWN:
            self.page.fail(f"{node} appears in an ambiguous context within a URL", self.tree, node.offset)
        if context.url is UrlPart.QUERY:
            return ["_escape_url"]
        in_string = context.state in (State.CSS_DOUBLE, State.CSS_SINGLE)
        whole = ["_filter_url"] if context.url is UrlPart.NONE else []
        return [*whole, "_escape_style_string" if in_string else "_normalize_url"]


class _Shown:
    """A text without its comments, its lone brackets escaped. written: up to where the source is taken over or dropped."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.written = 0
        self.pieces: list[str] = []

    def piece(self, context: Context, following: Context, start: int, end: int) -> None:
        """Take over what lies between two steps."""
        if context.state in (State.TEXT, State.RCDATA):
            self._markup(context, following, start, end)
        elif _is_comment(context):
            self._end_of_comment(context, end)
        if context.state is not following.state and _is_comment(following):
            self._take(end - _OPENED_BY.get(following.state, 2), end)
        if context.state in SCRIPT_LITERALS and _SPECIAL_TAG.search(self.text, start, end):
            self._take(start, end)
            self.pieces.append(_SPECIAL_TAG.sub(r"\\x3C\1", self.text[start:end]))

    def finished(self, context: Context) -> str:
        """The text, where the page goes on in `context`."""
        rest = "" if _is_comment(context) and self.written else self.text[self.written :]
        return "".join(self.pieces) + rest

    def _take(self, end: int, then: int) -> None:
        self.pieces.append(self.text[self.written : end])
        self.written = then

    def _markup(self, context: Context, following: Context, start: int, end: int) -> None:
        """A `<` that begins nothing is no markup."""
        if following.state is not context.state and (tag := self.text.rfind("<", start, end)) >= 0:
            end = tag
        for found in _LONE_BRACKET.finditer(self.text, start, end):
            self._take(found.start(), found.end())
            self.pieces.append("&lt;")

    def _end_of_comment(self, context: Context, end: int) -> None:
        """What a comment leaves: in a script a line end, where it held one, else a blank."""
        if context.state is State.JS_BLOCK_COMMENT:
            self.pieces.append("\n" if _LINE_ENDS.search(self.text, self.written, end) else " ")
        elif context.state is State.CSS_BLOCK_COMMENT:
            self.pieces.append(" ")
        self.written = end


def _is_comment(context: Context) -> bool:
    return context.state in COMMENTS and context.delimiter is Delimiter.NONE


def _with_escapers(pipe: Pipe, needed: list[str]) -> Pipe:
    """The pipeline with `needed` at its end; `html` or `urlquery` there takes the place of the one like it."""
    commands = list(pipe.commands)
    last = commands[-1]
    word = last.words[0]
    if isinstance(word, Identifier) and word.name in _PREDEFINED:
        if len(commands) == 1 and len(last.words) > 1:
            commands[0] = Command(last.offset, (Identifier(word.offset, "_as_text"), *last.words[1:]))
            commands.append(_call_of(word.name, pipe))
        if any(_SAME.get(name) == word.name for name in needed):
            needed = [word.name if _SAME.get(name) == word.name else name for name in needed]
            commands.pop()
    for name in needed:
        before = commands[-1].words[0] if commands else None
        redundant = isinstance(before, Identifier) and before.name in _NEEDS_NO_ATTRIBUTE and name == "_escape_attribute"
        if not redundant:
            commands.append(_call_of(name, pipe))
    return replace(pipe, commands=tuple(commands))


def _call_of(name: str, pipe: Pipe) -> Command:
    return Command(pipe.offset, (Identifier(pipe.offset, name),))
