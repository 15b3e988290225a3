"""Pipelines into closures of (state, dot) that yield a value.

What can be known beforehand (which function, how many arguments, where to blame) is known then; but mistakes that Go finds
while it executes are raised while executing, since a branch that is never taken must not fail. What is blamed for a
mistake is what Go blames, which is not always what a reader would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn

from evaluator.core.labels import Labels
from evaluator.templating.errors import TemplateError, located
from evaluator.templating.go.arguments import called_badly, checked, param_types, wrong_count
from evaluator.templating.go.members import member
from evaluator.templating.go.nodes import (
    Action,
    Argument,
    Bool,
    Call,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Number,
    Pipe,
    String,
    Tree,
    Variable,
)
from evaluator.templating.go.state import Fail, Get, State, charged
from evaluator.templating.go.values import ANY, Function, Kind, Param, Pointer, is_loose, kind_of, truth, type_name

_NO_METHODS: Final[Mapping[str, Function]] = {}
Blamed = Argument | Command | Call | Action


def last_word(node: Argument | Command) -> Argument | Command:
    """What Go would blame after `node` was evaluated without complaint: the word that it looked at last."""
    if isinstance(node, Pipe):
        return last_word(node.commands[-1])
    if isinstance(node, Command):
        return last_word(node.words[-1])
    return last_word(node.base) if isinstance(node, Chain) else node


class Expressions:
    """Compiles the expressions of one tree."""

    def __init__(self, tree: Tree, functions: Mapping[str, Function]) -> None:
        self.tree = tree
        self.functions = functions

    def blame(self, node: Blamed) -> Fail:
        """A function that raises an error at `node`; the place is looked up only then."""
        tree = self.tree

        def fail(message: str) -> NoReturn:
            line, column, byte = located(tree.source, node.offset)
            raise TemplateError(message, line, column, at=str(node), template=tree.name, byte=byte, file=tree.file)

        return fail

    def pipe(self, pipe: Pipe) -> Get:
        """The value of a pipeline."""
        get: Get | None = None
        for command in pipe.commands:
            get = self._command(command, get, pipe)
        assert get is not None
        return self._declaring(pipe, get) if pipe.declared else get

    def _declaring(self, pipe: Pipe, get: Get) -> Get:
        slots = [variable.slot for variable in pipe.declared]
        unknown = next((variable for variable in pipe.declared if variable.slot is None), None)
        fail = self.blame(last_word(pipe))

        def run(state: State, dot: Any) -> Any:
            value = get(state, dot)
            if unknown:
                fail(f"undefined variable: {unknown.name}")
            for slot in slots:
                state.frame[slot] = value  # type: ignore[index]
            return value

        return run

    def _command(self, command: Command, final: Get | None, pipe: Pipe) -> Get:
        word, arguments = command.words[0], command.words[1:]
        if isinstance(word, Identifier):
            return self._function_call(word, command, arguments, final)
        if isinstance(word, Field | Variable | Chain) and word.names:
            return self._fields(word, arguments, final)
        if arguments or final:
            return self._refusing(word, pipe if isinstance(word, Pipe) else word, final)
        return self._value(word)

    def _refusing(self, word: Argument, blamed: Argument, final: Get | None) -> Get:
        fail = self.blame(blamed)

        def run(state: State, dot: Any) -> Any:
            if final:
                final(state, dot)
            fail(f"can't give argument to non-function {word}")

        return run

    def _value(self, word: Argument) -> Get:
        """A word that takes no arguments."""
        match word:
            case Dot():
                return lambda state, dot: dot
            case Nil():
                fail = self.blame(word)
                return lambda state, dot: fail("nil is not a command")
            case Bool() | Number() | String():
                return self._constant(word)
            case Variable(slot=slot, names=()):
                return lambda state, dot: state.frame[slot]  # type: ignore[index]
            case Pipe():
                return self.pipe(word)
            case Identifier():
                return self._function_call(word, word, (), None)
            case Field() | Chain() | Variable():
                return self._fields(word, (), None)

    def _constant(self, word: Bool | Number | String) -> Get:
        value = word.value
        if isinstance(word, Number) and isinstance(value, int) and word.integer is None:
            fail = self.blame(word)
            return lambda state, dot: fail(f"{word.text} overflows int")
        return lambda state, dot: value

    # Fields and methods

    def _fields(self, word: Field | Variable | Chain, arguments: Sequence[Argument], final: Get | None) -> Get:
        if not word.names:
            return self._value(word)
        get, blamed = self._base(word)
        if arguments or final:
            return self._last_field(self._path(get, word.names[:-1], blamed), word, blamed, arguments, final)
        return self._path(get, word.names, blamed)

    def _base(self, word: Field | Variable | Chain) -> tuple[Get, Argument]:
        if isinstance(word, Field):
            return (lambda state, dot: dot), word
        if isinstance(word, Variable):
            slot = word.slot
            return (lambda state, dot: state.frame[slot]), word
        if isinstance(word.base, Nil):
            fail = self.blame(word)
            return (lambda state, dot: fail(f"indirection through explicit nil in {word}")), word
        last = last_word(word.base)
        return self._value(word.base), last if not isinstance(last, Command) else word

    def _path(self, get: Get, names: Sequence[str], blamed: Argument) -> Get:
        if not names:
            return get
        return self._field(get, names[0], blamed) if len(names) == 1 else self._deep(get, names, blamed)

    def _field(self, base: Get, name: str, blamed: Argument) -> Get:
        fail, called = self.blame(blamed), self._methods(blamed, (), None)

        def run(state: State, dot: Any) -> Any:
            receiver = base(state, dot)
            kind = type(receiver)
            if kind is Labels or kind is dict:
                return receiver.get(name, "")
            if receiver is None:
                return None
            method = getattr(receiver, "go_methods", _NO_METHODS).get(name)
            return called(method)(state, dot, receiver) if method else member(receiver, name, type_name(receiver), fail)

        return run

    def _deep(self, base: Get, names: Sequence[str], blamed: Argument) -> Get:
        """Several fields. What a loosely typed field holds goes by that type in complaints, so the way is remembered."""
        fail, called = self.blame(blamed), self._methods(blamed, (), None)

        def run(state: State, dot: Any) -> Any:
            value, loose = base(state, dot), False
            for index, name in enumerate(names):
                if value is None:
                    return None if not index else fail(f"nil pointer evaluating interface {{}}.{name}")
                receiver = value
                method = getattr(receiver, "go_methods", _NO_METHODS).get(name)
                if method:
                    value = called(method)(state, dot, receiver)
                else:
                    value = member(receiver, name, "interface {}" if loose else type_name(receiver), fail)
                loose = is_loose(receiver, name)
            return value

        return run

    def _last_field(
        self, base: Get, word: Field | Variable | Chain, blamed: Argument, arguments: Sequence[Argument], final: Get | None
    ) -> Get:
        """A field that is given arguments, which only a method can take."""
        name, fail, called = word.names[-1], self.blame(blamed), self._methods(blamed, arguments, final)

        def run(state: State, dot: Any) -> Any:
            receiver = base(state, dot)
            method = getattr(receiver, "go_methods", _NO_METHODS).get(name)
            if method:
                return called(method)(state, dot, receiver)
            if receiver is None:
                return None
            if kind_of(receiver) is Kind.MAP:
                fail(f"{name} is not a method but has arguments")
            member(receiver, name, type_name(receiver), fail)
            return fail(f"{name} has arguments but cannot be invoked as function")

        return run

    def _methods(
        self, blamed: Argument, arguments: Sequence[Argument], final: Get | None
    ) -> Callable[[Function], Callable[[State, Any, Any], Any]]:
        """Which method it is shows only at run time; its call is compiled then, once."""
        compiled: dict[int, Callable[[State, Any, Any], Any]] = {}

        def called(method: Function) -> Callable[[State, Any, Any], Any]:
            found = compiled.get(id(method))
            if found is None:
                found = compiled[id(method)] = self._method_call(method, blamed, arguments, final)
            return found

        return called

    def _method_call(
        self, method: Function, blamed: Argument, arguments: Sequence[Argument], final: Get | None
    ) -> Callable[[State, Any, Any], Any]:
        gather = self._gather(method, blamed, arguments, final)
        call, fail = method.call, self.blame(blamed)

        def run(state: State, dot: Any, receiver: Any) -> Any:
            target = receiver.target if isinstance(receiver, Pointer) else receiver
            values = gather(state, dot)
            try:
                return charged(state, values, call(target, *values))
            except (ValueError, ArithmeticError) as error:
                called_badly(error, method.name, fail)

        return run

    # Functions

    def _function_call(
        self, word: Identifier, node: Command | Identifier, arguments: Sequence[Argument], final: Get | None
    ) -> Get:
        function = self.functions[word.name]
        if word.name in ("and", "or"):
            return self._short_circuit(word, arguments, final)
        gather = self._gather(function, word, arguments, final)
        call, scoped, fail = function.call, function.scoped, self.blame(node)

        def run(state: State, dot: Any) -> Any:
            values = gather(state, dot)
            try:
                return charged(state, values, call(state.scope, *values) if scoped else call(*values))
            except (ValueError, ArithmeticError) as error:
                called_badly(error, function.name, fail)

        return run

    def _short_circuit(self, word: Identifier, arguments: Sequence[Argument], final: Get | None) -> Get:
        """`and`, `or`: they return an operand, and evaluate no more of them than they need."""
        stops_at = word.name == "or"
        getters = [self._argument(argument, ANY) for argument in arguments]
        fail = self.blame(word)

        def run(state: State, dot: Any) -> Any:
            last = final(state, dot) if final else None
            if not getters and not final:
                fail(f"wrong number of args for {word.name}: want at least 1 got 0")
            value = None
            for get in getters:
                value = get(state, dot)
                if truth(value) == stops_at:
                    return value
            return last if final else value

        return run

    def _gather(
        self, function: Function, blamed: Argument, arguments: Sequence[Argument], final: Get | None
    ) -> Callable[[State, Any], Sequence[Any]]:
        """Evaluates the arguments, the piped one last; complains of their number and types."""
        count = len(arguments) + (final is not None)
        complaint = wrong_count(function, len(arguments), count)
        if complaint:
            fail = self.blame(blamed)
            return lambda state, dot: (final(state, dot) if final else None, fail(complaint))
        types = param_types(function, count)
        getters = [self._argument(argument, param) for argument, param in zip(arguments, types, strict=False)]
        if final is None:
            return lambda state, dot: [get(state, dot) for get in getters]
        check = checked(types[-1], self.blame(last_word(arguments[-1]) if arguments else blamed), "")

        def gather(state: State, dot: Any) -> Sequence[Any]:
            piped = final(state, dot)
            values = [get(state, dot) for get in getters]
            values.append(check(piped) if check else piped)
            return values

        return gather

    def _argument(self, word: Argument, param: Param) -> Get:
        if isinstance(word, Bool | Number | String):
            return self._constant_argument(word, param)
        fail = self.blame(word)
        if isinstance(word, Nil):
            if param.kind in (None, Kind.SLICE, Kind.MAP, Kind.POINTER):
                return lambda state, dot: None
            return lambda state, dot: fail(f"cannot assign nil to {param.name}")
        get = self._value(word)
        member = isinstance(word, Field | Chain) or (isinstance(word, Variable) and word.names)
        check = checked(param, self.blame(last_word(word)), "interface {}" if member else "")
        return (lambda state, dot: check(get(state, dot))) if check else get

    def _constant_argument(self, word: Bool | Number | String, param: Param) -> Get:
        """A literal takes the type that the parameter asks for, where it can."""
        fail, value = self.blame(word), None
        match param.kind, word:
            case None, _:
                return self._constant(word)
            case (Kind.STRING, String()) | (Kind.BOOL, Bool()):
                value = word.value
            case Kind.FLOAT, Number(real=real):
                value = real
            case Kind.INT, Number(integer=integer) if integer is not None:
                value = next(iter(param.types))(integer)
        if value is None:
            asked = {Kind.STRING: "string", Kind.BOOL: "bool", Kind.FLOAT: "float", Kind.INT: "integer"}.get(param.kind)  # type: ignore[arg-type]
            complaint = f"expected {asked}; found {word}" if asked else f"can't handle {word} for arg of type {param.name}"
            return lambda state, dot: fail(complaint)
        return lambda state, dot: value
