"""Tokens into trees, with the complaints of Go's parser.

One text may hold several templates: itself and its `define`s and `block`s. Variables are visible from their declaration to
the end of the block that declares them; a `define` starts with none but `$`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn

from evaluator.templating.errors import TemplateError, located
from evaluator.templating.go import literals
from evaluator.templating.go.lexer import Kind, Token, tokenize
from evaluator.templating.go.nodes import (
    Action,
    Argument,
    Block,
    Bool,
    Branch,
    Break,
    Call,
    Chain,
    Command,
    Continue,
    Dot,
    Field,
    Identifier,
    Nil,
    Number,
    Pipe,
    Range,
    Statement,
    String,
    Tree,
    Variable,
)
from evaluator.templating.go.nodes import Text as TextNode
from evaluator.templating.go.quote import quoted

DEEPEST: Final = 60  # nested blocks and parentheses; far beyond what people write, well within Python's stack
_OPERANDS: Final = frozenset(
    {
        Kind.BOOL,
        Kind.RUNE,
        Kind.DOT,
        Kind.FIELD,
        Kind.IDENTIFIER,
        Kind.NUMBER,
        Kind.NIL,
        Kind.RAW_STRING,
        Kind.STRING,
        Kind.VARIABLE,
        Kind.LEFT_PAREN,
    }
)
_CLOSED: Final = Kind.END, Kind.ELSE


def parse(text: str, name: str, functions: Collection[str], variables: Sequence[str] = (), file: str = "") -> dict[str, Tree]:
    """All templates of `text` by name; the text itself is `name`.

    functions: the names that may be called. variables: names (`$labels`) that are set before the text begins, in the
    slots 1, 2, … of its frame. file: for complaints. Raises TemplateError.
    """
    return Parser(text, functions, file).read(name, variables)


class Parser:
    """Reads one text once."""

    def __init__(self, text: str, functions: Collection[str], file: str = "") -> None:
        self.file = file
        self.text = text
        self.functions = functions
        self.tokens = tokenize(text)
        self.index = 0
        self.trees: dict[str, Tree] = {}
        self.scope: list[tuple[str, int | None]] = []
        self.frame = 1
        self.loops = 0
        self.depth = 0
        self.action: Token | None = None

    def read(self, name: str, variables: Sequence[str]) -> dict[str, Tree]:
        """See `parse`."""
        self.scope = [(variable, slot) for slot, variable in enumerate(("$", *variables))]
        self.frame = len(self.scope)
        body: list[Statement] = []
        while self._peek().kind is not Kind.EOF:
            if self._peek().kind is Kind.LEFT and self._second().kind is Kind.DEFINE:
                self._define()
                continue
            statement = self._statement()
            if isinstance(statement, Token):
                self._fail(f"unexpected {{{{{statement.text}}}}}", statement)
            body.append(statement)
        self._add(Tree(name, self.text, tuple(body), self.frame, self.file), self._peek())
        return self.trees

    # Tokens

    def _peek(self) -> Token:
        return self.tokens[self.index]

    def _next(self) -> Token:
        token = self.tokens[self.index]
        if self.index < len(self.tokens) - 1:
            self.index += 1
        return token

    def _skip_space(self) -> Token:
        while self._peek().kind is Kind.SPACE:
            self.index += 1
        return self._peek()

    def _next_word(self) -> Token:
        self._skip_space()
        return self._next()

    def _second(self) -> Token:
        """The first token after the opening delimiter."""
        first = self.tokens[self.index + 1]
        return self.tokens[self.index + 2] if first.kind is Kind.SPACE else first

    def _expect(self, kind: Kind, context: str) -> Token:
        token = self._next_word()
        if token.kind is not kind:
            self._unexpected(token, context)
        return token

    # Complaints

    def _fail(self, message: str, token: Token) -> NoReturn:
        line, column, byte = located(self.text, token.offset)
        raise TemplateError(message, line, column, byte=byte, file=self.file)

    def _unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind is not Kind.ERROR:
            self._fail(f"unexpected {token} in {context}", token)
        started = located(self.text, self.action.offset)[0] if self.action else 0
        elsewhere = started and started != located(self.text, token.offset)[0]
        where = f" in action started on line {started}" if elsewhere else ""
        self._fail(token.text + (where.removeprefix(" in action") if token.text.endswith(" action") else where), token)

    @contextmanager
    def _deeper(self, token: Token) -> Iterator[None]:
        self.depth += 1
        if self.depth > DEEPEST:
            self._fail(f"nested more than {DEEPEST} deep", token)
        yield
        self.depth -= 1

    # Templates

    def _add(self, tree: Tree, token: Token) -> None:
        known = self.trees.get(tree.name)
        if known is None or known.blank:
            self.trees[tree.name] = tree
        elif not tree.blank:
            self._fail(f'template: multiple definition of template "{tree.name}"', token)

    @contextmanager
    def _own_scope(self) -> Iterator[None]:
        """The variables of a `define` or `block`: only `$`."""
        outer = self.scope, self.frame, self.loops
        self.scope, self.frame, self.loops = [("$", 0)], 1, 0
        yield
        self.scope, self.frame, self.loops = outer

    def _define(self) -> None:
        context = "define clause"
        self._next()
        self._expect(Kind.DEFINE, context)
        token = self._next_word()
        name = self._template_name(token, context)
        self._expect(Kind.RIGHT, context)
        self._definition(name, context)

    def _definition(self, name: str, context: str) -> None:
        with self._own_scope():
            body, end = self._block()
            if end.kind is not Kind.END:
                self._fail(f"unexpected {{{{{end.text}}}}} in {context}", end)
            self._add(Tree(name, self.text, body, self.frame, self.file), end)

    def _template_name(self, token: Token, context: str) -> str:
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            self._unexpected(token, context)
        return self._string(token).value

    # Statements

    def _block(self) -> tuple[Block, Token]:
        """Statements up to `end` or `else`, and which of them it was."""
        body: list[Statement] = []
        while self._peek().kind is not Kind.EOF:
            statement = self._statement()
            if isinstance(statement, Token):
                return tuple(body), statement
            body.append(statement)
        return self._fail("unexpected EOF", self._peek())

    def _statement(self) -> Statement | Token:
        token = self._next_word()
        if token.kind is Kind.TEXT:
            return TextNode(token.offset, token.text)
        if token.kind is not Kind.LEFT:
            self._unexpected(token, "input")
        self.action = token
        statement = self._action()
        self.action = None
        return statement

    def _action(self) -> Statement | Token:
        token = self._skip_space()
        control = _CONTROLS.get(token.kind)
        if control is None:
            return Action(token.offset, self._pipe("command", Kind.RIGHT))
        self._next()
        return control(self, token)

    def _close(self, token: Token) -> Token:
        """`end` and `else`; the `if` of an `else if` is left to be read."""
        follows = self._skip_space()
        if token.kind is Kind.END or follows.kind not in (Kind.IF, Kind.WITH):
            self._expect(Kind.RIGHT, token.text)
        return token

    def _leave(self, token: Token) -> Break | Continue:
        follows = self._next_word()
        if follows.kind is not Kind.RIGHT:
            self._unexpected(follows, f"{{{{{token.text}}}}}")
        if not self.loops:
            self._fail(f"{{{{{token.text}}}}} outside {{{{range}}}}", token)
        return Break(token.offset) if token.kind is Kind.BREAK else Continue(token.offset)

    def _branch(self, token: Token) -> Branch:
        arms: list[tuple[Pipe, Block]] = []
        otherwise: Block = ()
        with self._deeper(token), self._inner_scope():
            while True:
                pipe = self._pipe(token.text, Kind.RIGHT)
                body, end = self._block()
                arms.append((pipe, body))
                if end.kind is Kind.END or self._peek().kind is not token.kind:
                    break
                self._next()
            if end.kind is Kind.ELSE:
                otherwise = self._else()
        return Branch(token.offset, token.kind is Kind.WITH, tuple(arms), otherwise)

    def _range(self, token: Token) -> Range:
        with self._deeper(token), self._inner_scope():
            pipe = self._pipe("range", Kind.RIGHT)
            self.loops += 1
            body, end = self._block()
            self.loops -= 1
            otherwise = self._else() if end.kind is Kind.ELSE else ()
            return Range(token.offset, pipe, body, otherwise)

    def _else(self) -> Block:
        body, end = self._block()
        if end.kind is not Kind.END:
            self._fail(f"expected end; found {{{{{end.text}}}}}", end)
        return body

    @contextmanager
    def _inner_scope(self) -> Iterator[None]:
        visible = len(self.scope)
        yield
        del self.scope[visible:]

    def _call(self, _: Token) -> Call:
        context = "template clause"
        token = self._next_word()
        name = self._template_name(token, context)
        if self._skip_space().kind is Kind.RIGHT:
            self._next()
            return Call(token.offset, name, None)
        return Call(token.offset, name, self._pipe(context, Kind.RIGHT))

    def _define_and_call(self, _: Token) -> Call:
        context = "block clause"
        token = self._next_word()
        name = self._template_name(token, context)
        pipe = self._pipe(context, Kind.RIGHT)
        with self._deeper(token):
            self._definition(name, context)
        return Call(token.offset, name, pipe)

    # Pipelines

    def _pipe(self, context: str, end: Kind) -> Pipe:
        offset = self._skip_space().offset
        declared, assigns = self._declarations(context)
        commands: list[Command] = []
        while (token := self._next_word()).kind is not end:
            if token.kind not in _OPERANDS:
                self._unexpected(token, context)
            self.index -= 1
            commands.append(self._command())
        self._check_commands(commands, context, token)
        return Pipe(offset, declared, assigns, tuple(commands))

    def _check_commands(self, commands: list[Command], context: str, token: Token) -> None:
        if not commands:
            self._fail(f"missing value for {context}", token)
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.words[0], Bool | Dot | Nil | Number | String):
                self._fail(f"non executable command in pipeline stage {stage}", token)

    def _declarations(self, context: str) -> tuple[tuple[Variable, ...], bool]:
        """`$x :=`, `$x =`, and for a range `$i, $x :=`; nothing is consumed when the variable is an operand."""
        declared: list[Variable] = []
        while self._skip_space().kind is Kind.VARIABLE:
            back = self.index
            token, sign = self._next(), self._skip_space()
            if sign.kind in (Kind.ASSIGN, Kind.DECLARE):
                self._next()
                declared.append(self._declare(token, assigns=sign.kind is Kind.ASSIGN))
                return tuple(declared), sign.kind is Kind.ASSIGN
            if (sign.kind, sign.text) != (Kind.PUNCTUATION, ","):
                self.index = back
                break
            self._next()
            declared.append(self._declare(token, assigns=False))
            if context != "range" or len(declared) == 2:
                self._fail(f"too many declarations in {context}", sign)
            if self._skip_space().kind not in (Kind.VARIABLE, Kind.RIGHT, Kind.RIGHT_PAREN):
                self._fail("range can only initialize variables", self._peek())
        return tuple(declared), False

    def _declare(self, token: Token, *, assigns: bool) -> Variable:
        slot = self._slot(token.text) if assigns else len(self.scope)
        self.scope.append((token.text, slot))
        self.frame = max(self.frame, len(self.scope))
        return Variable(token.offset, token.text, slot)

    def _slot(self, name: str) -> int | None:
        return next((slot for known, slot in reversed(self.scope) if known == name), None)

    def _command(self) -> Command:
        offset = self._skip_space().offset
        words: list[Argument] = []
        while True:
            self._skip_space()
            operand = self._operand()
            if operand is not None:
                words.append(operand)
            token = self._next()
            if token.kind is Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT, Kind.RIGHT_PAREN):
                self.index -= 1
            elif token.kind is not Kind.PIPE:
                self._unexpected(token, "operand")
            break
        if not words:
            self._fail("empty command", token)
        return Command(offset, tuple(words))

    def _operand(self) -> Argument | None:
        term = self._term()
        first = self._peek()
        if term is None or first.kind is not Kind.FIELD:
            return term
        names: list[str] = []
        while self._peek().kind is Kind.FIELD:
            names.append(self._next().text[1:])
        if isinstance(term, Field):
            return Field(first.offset, (*term.names, *names))
        if isinstance(term, Variable):
            return Variable(first.offset, term.name, term.slot, tuple(names))
        if isinstance(term, Bool | String | Number | Nil | Dot):
            self._fail(f"unexpected . after term {quoted(str(term))}", self._peek())
        return Chain(first.offset, term, tuple(names))

    def _term(self) -> Argument | None:
        token = self._skip_space()
        read = _TERMS.get(token.kind)
        if read is None:
            return None
        self._next()
        return read(self, token)

    def _function(self, token: Token) -> Identifier:
        if token.text not in self.functions:
            self._fail(f'function "{token.text}" not defined', token)
        return Identifier(token.offset, token.text)

    def _variable(self, token: Token) -> Variable:
        if not any(name == token.text for name, _ in self.scope):
            self._fail(f'undefined variable "{token.text}"', token)
        return Variable(token.offset, token.text, self._slot(token.text))

    def _string(self, token: Token) -> String:
        try:
            return String(token.offset, token.text, literals.unquote(token.text))
        except ValueError as error:
            self._fail(str(error), token)

    def _rune(self, token: Token) -> Number:
        try:
            code = literals.unquote_rune(token.text)
        except ValueError as error:
            self._fail(str(error), token)
        return Number(token.offset, token.text, code, float(code), code)

    def _number(self, token: Token) -> Number:
        text = token.text
        try:
            return _number(token)
        except ValueError:
            self._fail(f'illegal number syntax: "{text}"', token)
        except OverflowError:
            self._fail(f'integer overflow: "{text}"', token)

    def _parenthesized(self, token: Token) -> Pipe:
        with self._deeper(token):
            return self._pipe("parenthesized pipeline", Kind.RIGHT_PAREN)


def _number(token: Token) -> Number:
    text = token.text
    if text.endswith("i"):
        return _imaginary(token)
    whole = literals.parse_int(text)
    if whole is not None and literals.INT_MIN <= whole <= literals.UINT_MAX:
        fits = whole <= literals.INT_MAX
        return Number(token.offset, text, whole if fits else None, float(whole), whole)
    real = literals.parse_float(text)
    if not any(char in text for char in ".eEpP"):
        raise OverflowError(text)
    integer = int(real) if real == int(real) and abs(real) < 2.0**63 else None
    return Number(token.offset, text, integer, real, real)


def _imaginary(token: Token) -> Number:
    sign = max(token.text.rfind("+", 1), token.text.rfind("-", 1), 0)
    sign = 0 if token.text[sign - 1 : sign] in tuple("eEpP") else sign
    value = complex(literals.parse_float(token.text[:sign] or "0"), literals.parse_float(token.text[sign:-1]))
    integer = int(value.real) if not value.imag and value.real.is_integer() else None
    return Number(token.offset, token.text, integer, value.real, value)


_CONTROLS: Final = {
    Kind.BLOCK: Parser._define_and_call,
    Kind.BREAK: Parser._leave,
    Kind.CONTINUE: Parser._leave,
    Kind.ELSE: Parser._close,
    Kind.END: Parser._close,
    Kind.IF: Parser._branch,
    Kind.RANGE: Parser._range,
    Kind.TEMPLATE: Parser._call,
    Kind.WITH: Parser._branch,
}
_TERMS: Final[dict[Kind, Callable[[Parser, Token], Argument]]] = {
    Kind.IDENTIFIER: Parser._function,
    Kind.DOT: lambda _, token: Dot(token.offset),
    Kind.NIL: lambda _, token: Nil(token.offset),
    Kind.VARIABLE: Parser._variable,
    Kind.FIELD: lambda _, token: Field(token.offset, (token.text[1:],)),
    Kind.BOOL: lambda _, token: Bool(token.offset, token.text == "true"),
    Kind.RUNE: Parser._rune,
    Kind.NUMBER: Parser._number,
    Kind.LEFT_PAREN: Parser._parenthesized,
    Kind.STRING: Parser._string,
    Kind.RAW_STRING: Parser._string,
}
