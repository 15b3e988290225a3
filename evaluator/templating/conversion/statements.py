"""Trees of Go templates as texts of Jinja2."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from evaluator.templating.conversion.dialects import Dialect
from evaluator.templating.conversion.expressions import WHOLE, Code, Expressions, Unconvertible, literal, renamed
from evaluator.templating.go.nodes import (
    Action,
    Block,
    Branch,
    Break,
    Call,
    Continue,
    Pipe,
    Range,
    Statement,
    Text,
    Tree,
)

_SIGN: Final = re.compile(r"\{[{%#]")
_MAPS: Final = ("labels", "map")
_ITEMS: Final = {"alerts": "alert", "pairs": "label", "samples": "sample"}
_SIMPLE: Final = re.compile(r'[A-Za-z_][\w.]*(?:\["[^"\\]*"\])*')
_RESERVED: Final = frozenset(
    {
        *(
            "and",
            "break",
            "continue",
            "dict",
            "elif",
            "else",
            "false",
            "filter",
            "first",
            "for",
            "if",
            "import",
            "in",
            "include",
        ),
        *("is", "it", "loop", "macro", "namespace", "none", "not", "or", "range", "set", "true", "value", "with"),
    }
)


class Writer:
    """Writes one tree. known: names that may not be taken. dot: what the template is called with."""

    def __init__(self, tree: Tree, dialect: Dialect, known: Iterable[str] = (), dot: Code = WHOLE) -> None:
        self._tree = tree
        self._dialect = dialect
        self._expressions = Expressions(dialect)
        self._taken = {*known, *_RESERVED, *dialect.root.values()}
        self._assigned = set(_assigned(tree.body))
        self._dot = dot

    def text(self) -> str:
        """The text in Jinja2. Raises Unconvertible."""
        names = {name: _value(name, text) for name, text in self._dialect.variables.items()}
        return self._block(self._tree.body, self._dot, {**names, "$": self._dot})

    def _block(self, block: Block, dot: Code, names: Mapping[str, Code]) -> str:
        own = dict(names)  # what a block declares is not seen after it
        return "".join(self._statement(statement, dot, own) for statement in block)

    def _statement(self, statement: Statement, dot: Code, names: dict[str, Code]) -> str:
        match statement:
            case Text(text=text):
                return _SIGN.sub(lambda found: "{{ " + literal(found[0]) + " }}", text)
            case Action(pipe=pipe):
                return self._action(pipe, dot, names)
            case Branch():
                return self._branch(statement, dot, names)
            case Range():
                return self._range(statement, dot, names)
            case Call():
                return self._call(statement, dot, names)
            case Break():
                return "{% break %}"
            case Continue():
                return "{% continue %}"

    def _action(self, pipe: Pipe, dot: Code, names: dict[str, Code]) -> str:
        code = self._expressions.pipe(pipe, dot, names)
        if pipe.declared:
            return self._declare(pipe, code, names)
        if code.whole:
            raise Unconvertible("everything at once cannot be printed in Jinja2", pipe.offset)
        return f"{{{{ {code.text} }}}}"

    def _declare(self, pipe: Pipe, code: Code, names: dict[str, Code]) -> str:
        """A variable that is assigned to later is a member of a namespace, which loops can change."""
        name = pipe.declared[0].name
        if code.whole:
            names[name] = code
            return ""
        if pipe.assigns and name not in names:
            raise Unconvertible(f"{name} is not set here", pipe.offset)
        if pipe.assigns:
            return f"{{% set {names[name].text} = {code.text} %}}"
        own = self._free(name.lstrip("$"))
        if name in self._assigned:
            names[name] = renamed(code, f"{own}.now")
            return f"{{% set {own} = namespace(now={code.text}) %}}"
        names[name] = renamed(code, own)
        return f"{{% set {own} = {code.text} %}}"

    def _free(self, name: str) -> str:
        name = name or "found"
        found, number = name, 2
        while found in self._taken:
            found, number = f"{name}{number}", number + 1
        self._taken.add(found)
        return found

    # Branches

    def _branch(self, node: Branch, dot: Code, names: Mapping[str, Code]) -> str:
        """An arm that sets a variable first cannot be an `elif`; it goes into the `else` of the one before."""
        own, written, ends = dict(names), "", 0
        for index, (pipe, body) in enumerate(node.arms):
            before, test = self._test(pipe, node.binds_dot, dot, own)
            if index and before:
                written += "{% else %}"
                ends += 1
            word = "elif" if index and not before else "if"
            ends += not index
            inner = self._block(body, test if node.binds_dot else dot, own)
            written += f"{before}{{% {word} {test.text} %}}{inner}"
        if node.otherwise:
            written += "{% else %}" + self._block(node.otherwise, dot, own)
        return written + "{% endif %}" * ends

    def _test(self, pipe: Pipe, binds_dot: bool, dot: Code, names: dict[str, Code]) -> tuple[str, Code]:
        """What stands before a condition, and the condition."""
        code = self._expressions.pipe(pipe, dot, names)
        if code.whole:
            return "", Code("true") if not binds_dot else code
        if pipe.declared:
            return self._declare(pipe, code, names), names[pipe.declared[0].name]
        if binds_dot and not _SIMPLE.fullmatch(code.text):
            own = self._free("found")
            return f"{{% set {own} = {code.text} %}}", renamed(code, own)
        return "", code

    def _range(self, node: Range, dot: Code, names: Mapping[str, Code]) -> str:
        code = self._expressions.pipe(node.pipe, dot, names)
        if node.pipe.assigns or code.whole:
            raise Unconvertible("this loop has no counterpart in Jinja2", node.offset)
        *keys, value = [variable.name for variable in node.pipe.declared] or [""]
        if keys and code.text == "it":
            raise Unconvertible("whether this loop goes over a list or over a map does not show", node.offset)
        item = Code(self._free(value.lstrip("$") or _ITEMS.get(code.holds, "item")))
        key = Code(self._free(keys[0].lstrip("$") if keys else "name")) if keys or code.holds in _MAPS else Code("")
        own = {**names, value: item, **dict.fromkeys(keys, key)}
        body = self._block(node.body, item, own)
        self._taken -= {item.text, key.text}
        otherwise = "{% else %}" + self._block(node.otherwise, dot, names) if node.otherwise else ""
        if code.holds in _MAPS:
            head = f"{{% for {key.text}, {item.text} in {code.operand} | dictsort(true) %}}"
        else:
            over = f"range({code.text})" if code.holds == "number" else code.text
            head = f"{{% for {item.text} in {over} %}}" + (f"{{% set {key.text} = loop.index0 %}}" if keys else "")
        return f"{head}{body}{otherwise}{{% endfor %}}"

    # Templates

    def _call(self, node: Call, dot: Code, names: Mapping[str, Code]) -> str:
        given = self._expressions.pipe(node.pipe, dot, names) if node.pipe else Code("none")
        name = node.name.partition(" in ")[0]  # a page has a name for each place that a template is called in
        if self._dialect.macros:
            return f"{{{{ {macro_name(node.name)}({'' if given.whole else given.text}) }}}}"
        return f"{{{{ template({literal(name)}{'' if given.whole else f', {given.text}'}) }}}}"


def macro_name(name: str) -> str:
    """A template's name as that of a macro."""
    return re.sub(r"\W", "_", name)


def handed(trees: Iterable[Tree]) -> Iterator[tuple[str, bool]]:
    """Of every call of a template: whose, and whether it hands on the very dot that the caller has outside of loops."""
    for tree in trees:
        yield from _handed(tree.body, True)


def _handed(block: Block, whole: bool) -> Iterator[tuple[str, bool]]:
    for statement in block:
        match statement:
            case Call(name=name, pipe=pipe):
                text = str(pipe) if pipe else ""
                yield name, text == "$" or (text == "." and whole)
            case Branch(arms=arms, otherwise=otherwise, binds_dot=binds_dot):
                for _, body in arms:
                    yield from _handed(body, whole and not binds_dot)
                yield from _handed(otherwise, whole)
            case Range(body=body, otherwise=otherwise):
                yield from _handed(body, False)
                yield from _handed(otherwise, whole)
            case _:
                pass


def _value(name: str, text: str) -> Code:
    return Code(text, holds="labels" if "abels" in name else "")


def _assigned(block: Block) -> Iterator[str]:
    """Variables that are assigned to after they were declared."""
    for statement in _statements(block):
        pipes: list[Pipe] = []
        match statement:
            case Action(pipe=pipe):
                pipes = [pipe]
            case Branch(arms=arms):
                pipes = [pipe for pipe, _ in arms]
            case _:
                pass
        for pipe in pipes:
            if pipe.assigns:
                yield from (variable.name for variable in pipe.declared)


def _statements(block: Block) -> Iterator[Statement]:
    for statement in block:
        yield statement
        match statement:
            case Branch(arms=arms, otherwise=otherwise):
                for _, body in arms:
                    yield from _statements(body)
                yield from _statements(otherwise)
            case Range(body=body, otherwise=otherwise):
                yield from _statements(body)
                yield from _statements(otherwise)
            case _:
                pass
