"""Trees into closures, and closures into text.

A template is compiled once: every node becomes a Python closure of (state, dot), so that a render walks no tree and looks up
no variable by name. What can be known beforehand (which function, how many arguments, where to blame) is known then; but
mistakes that Go finds while it executes are raised while executing, since a branch that is never taken must not fail.

Rendering is bounded: how much it prints, how much work it does, how deep templates call each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from evaluator.core.labels import Labels
from evaluator.templating.errors import TemplateError, located
from evaluator.templating.go import inspection
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
    Text,
    Tree,
    Variable,
)
from evaluator.templating.go.printf import show
from evaluator.templating.go.values import (
    ANY,
    AnyMap,
    Function,
    Kind,
    Param,
    Pointer,
    Struct,
    is_loose,
    kind_of,
    presentable,
    truth,
    type_name,
)

LONGEST: Final = 1 << 20  # characters that one render may print
STEPS: Final = 500_000  # about one step per node executed, and one per 64 characters that pass through a function
DEEPEST: Final = 64  # templates that call templates

_BREAK: Final = 1
_CONTINUE: Final = 2
_NO_METHODS: Final[Mapping[str, Function]] = {}


class State:
    """One render: what was printed, the variables of the template at hand, and what is left of the bounds."""

    __slots__ = ("depth", "frame", "out", "room", "scope", "steps")

    def __init__(self, scope: Any, frame: list[Any]) -> None:
        self.scope = scope
        self.frame = frame
        self.out: list[str] = []
        self.room = LONGEST
        self.steps = STEPS
        self.depth = 0


Get = Callable[[State, Any], Any]
Run = Callable[[State, Any], int]
Blamed = Argument | Command | Call | Action


class Template:
    """A text with everything that it and its companions define, ready to be executed any number of times."""

    def __init__(self, trees: Mapping[str, Tree], functions: Mapping[str, Function]) -> None:
        self._trees = trees
        self._functions = functions
        self._programs: dict[str, _Program] = {}
        for name, tree in trees.items():
            self._programs[name] = _Compiler(tree, functions, self._programs).program()

    def extended(self, trees: Mapping[str, Tree]) -> Template:
        """These templates and `trees`, which take the place of templates of the same name, also where those are called."""
        return Template({**self._trees, **trees}, self._functions)

    def execute(self, name: str, root: Any, scope: Any, variables: Sequence[Any] = ()) -> str:
        """The text of template `name` with `root` as dot.

        scope: handed to the functions that ask for one. variables: values of those that were announced to the parser.
        Raises TemplateError, and whatever a scoped function raises to be answered by the caller (`QueryNeeded`).
        """
        program = self._programs[name]
        frame = [root, *variables]
        frame += [None] * (program.frame - len(frame))
        state = State(scope, frame)
        try:
            program.run(state, root)
        except RecursionError:
            raise TemplateError("templates are nested too deeply") from None
        return presentable("".join(state.out))


@dataclass(slots=True)
class _Program:
    run: Run
    frame: int
    cost: int


def _last_word(node: Argument | Command) -> Argument | Command:
    """What Go would blame after `node` was evaluated without complaint: the word that it looked at last."""
    if isinstance(node, Pipe):
        return _last_word(node.commands[-1])
    if isinstance(node, Command):
        return _last_word(node.words[-1])
    return _last_word(node.base) if isinstance(node, Chain) else node


class _Compiler:
    """Compiles one tree. Methods named like a node return the closure of that node."""

    def __init__(self, tree: Tree, functions: Mapping[str, Function], programs: Mapping[str, _Program]) -> None:
        self.tree = tree
        self.functions = functions
        self.programs = programs

    def program(self) -> _Program:
        return _Program(self._block(self.tree.body), self.tree.frame, inspection.cost(self.tree.body))

    def _blame(self, node: Blamed) -> Callable[[str], NoReturn]:
        """A function that raises an error at `node`; the place is looked up only then."""
        tree = self.tree

        def fail(message: str) -> NoReturn:
            line, column, byte = located(tree.source, node.offset)
            raise TemplateError(message, line, column, at=str(node), template=tree.name, byte=byte, file=tree.file)

        return fail

    # Statements

    def _block(self, block: Block) -> Run:
        runs = [self._statement(statement) for statement in block]
        if len(runs) == 1:
            return runs[0]

        def run(state: State, dot: Any) -> int:
            for step in runs:
                signal = step(state, dot)
                if signal:
                    return signal
            return 0

        return run

    def _statement(self, statement: Statement) -> Run:
        match statement:
            case Text():
                return self._text(statement)
            case Action():
                return self._action(statement)
            case Branch():
                return self._branch(statement)
            case Range():
                return self._range(statement)
            case Call():
                return self._call(statement)
            case Break():
                return lambda state, dot: _BREAK
            case Continue():
                return lambda state, dot: _CONTINUE

    def _text(self, node: Text) -> Run:
        text, length = node.text, len(node.text)

        def run(state: State, _: Any) -> int:
            state.out.append(text)
            state.room -= length
            if state.room < 0:
                _too_long()
            return 0

        return run

    def _action(self, node: Action) -> Run:
        get = self._pipe(node.pipe)
        if node.pipe.declared:
            return lambda state, dot: (get(state, dot), 0)[1]

        def run(state: State, dot: Any) -> int:
            value = get(state, dot)
            text = value if type(value) is str else show(value)
            state.out.append(text)
            state.room -= len(text)
            if state.room < 0:
                _too_long()
            return 0

        return run

    def _branch(self, node: Branch) -> Run:
        arms = [(self._pipe(pipe), self._block(body)) for pipe, body in node.arms]
        otherwise = self._block(node.otherwise)
        binds_dot = node.binds_dot

        def run(state: State, dot: Any) -> int:
            for test, body in arms:
                value = test(state, dot)
                if truth(value):
                    return body(state, value if binds_dot else dot)
            return otherwise(state, dot)

        return run

    def _range(self, node: Range) -> Run:
        get, body, otherwise = self._pipe(node.pipe), self._block(node.body), self._block(node.otherwise)
        declared = [variable.slot for variable in node.pipe.declared]
        first, second = [*declared, None, None][:2]
        cost = 1 + inspection.cost(node.body)
        fail = self._blame(_last_word(node.pipe))

        def run(state: State, dot: Any) -> int:
            pairs = _pairs(get(state, dot), second is not None, fail)
            empty = True
            for key, item in pairs:
                empty = False
                _spend(state, cost)
                if first is not None and second is not None:
                    state.frame[first], state.frame[second] = key, item
                elif first is not None:
                    state.frame[first] = item
                if body(state, item) == _BREAK:
                    break
            return otherwise(state, dot) if empty else 0

        return run

    def _call(self, node: Call) -> Run:
        get = self._pipe(node.pipe) if node.pipe else lambda state, dot: None
        programs, name, fail = self.programs, node.name, self._blame(node)

        def run(state: State, dot: Any) -> int:
            program = programs.get(name)
            if program is None:
                fail(f'template "{name}" not defined')
            if state.depth == DEEPEST:
                fail(f"exceeded maximum template depth ({DEEPEST})")
            value = get(state, dot)
            _spend(state, 1 + program.cost)
            frame, state.frame = state.frame, [value, *[None] * (program.frame - 1)]
            state.depth += 1
            program.run(state, value)
            state.depth -= 1
            state.frame = frame
            return 0

        return run

    # Pipelines

    def _pipe(self, pipe: Pipe) -> Get:
        get: Get | None = None
        for command in pipe.commands:
            get = self._command(command, get, pipe)
        assert get is not None
        return self._declaring(pipe, get) if pipe.declared else get

    def _declaring(self, pipe: Pipe, get: Get) -> Get:
        slots = [variable.slot for variable in pipe.declared]
        unknown = next((variable for variable in pipe.declared if variable.slot is None), None)
        fail = self._blame(_last_word(pipe))

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
        fail = self._blame(blamed)

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
                fail = self._blame(word)
                return lambda state, dot: fail("nil is not a command")
            case Bool() | Number() | String():
                return self._constant(word)
            case Variable(slot=slot, names=()):
                return lambda state, dot: state.frame[slot]  # type: ignore[index]
            case Pipe():
                return self._pipe(word)
            case Identifier():
                return self._function_call(word, word, (), None)
            case Field() | Chain() | Variable():
                return self._fields(word, (), None)

    def _constant(self, word: Bool | Number | String) -> Get:
        value = word.value
        if isinstance(word, Number) and isinstance(value, int) and word.integer is None:
            fail = self._blame(word)
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
            fail = self._blame(word)
            return (lambda state, dot: fail(f"indirection through explicit nil in {word}")), word
        last = _last_word(word.base)
        return self._value(word.base), last if not isinstance(last, Command) else word

    def _path(self, get: Get, names: Sequence[str], blamed: Argument) -> Get:
        if not names:
            return get
        return self._field(get, names[0], blamed) if len(names) == 1 else self._deep(get, names, blamed)

    def _field(self, base: Get, name: str, blamed: Argument) -> Get:
        fail, called = self._blame(blamed), self._methods(blamed, (), None)

        def run(state: State, dot: Any) -> Any:
            receiver = base(state, dot)
            kind = type(receiver)
            if kind is Labels or kind is dict:
                return receiver.get(name, "")
            if receiver is None:
                return None
            method = getattr(receiver, "go_methods", _NO_METHODS).get(name)
            return called(method)(state, dot, receiver) if method else _member(receiver, name, type_name(receiver), fail)

        return run

    def _deep(self, base: Get, names: Sequence[str], blamed: Argument) -> Get:
        """Several fields. What a loosely typed field holds goes by that type in complaints, so the way is remembered."""
        fail, called = self._blame(blamed), self._methods(blamed, (), None)

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
                    value = _member(receiver, name, "interface {}" if loose else type_name(receiver), fail)
                loose = is_loose(receiver, name)
            return value

        return run

    def _last_field(
        self, base: Get, word: Field | Variable | Chain, blamed: Argument, arguments: Sequence[Argument], final: Get | None
    ) -> Get:
        """A field that is given arguments, which only a method can take."""
        name, fail, called = word.names[-1], self._blame(blamed), self._methods(blamed, arguments, final)

        def run(state: State, dot: Any) -> Any:
            receiver = base(state, dot)
            method = getattr(receiver, "go_methods", _NO_METHODS).get(name)
            if method:
                return called(method)(state, dot, receiver)
            if receiver is None:
                return None
            if kind_of(receiver) is Kind.MAP:
                fail(f"{name} is not a method but has arguments")
            _member(receiver, name, type_name(receiver), fail)
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
        call, fail = method.call, self._blame(blamed)

        def run(state: State, dot: Any, receiver: Any) -> Any:
            target = receiver.target if isinstance(receiver, Pointer) else receiver
            values = gather(state, dot)
            try:
                return _charged(state, values, call(target, *values))
            except (ValueError, ArithmeticError) as error:
                _called_badly(error, method.name, fail)

        return run

    # Functions

    def _function_call(
        self, word: Identifier, node: Command | Identifier, arguments: Sequence[Argument], final: Get | None
    ) -> Get:
        function = self.functions[word.name]
        if word.name in ("and", "or"):
            return self._short_circuit(word, arguments, final)
        gather = self._gather(function, word, arguments, final)
        call, scoped, fail = function.call, function.scoped, self._blame(node)

        def run(state: State, dot: Any) -> Any:
            values = gather(state, dot)
            try:
                return _charged(state, values, call(state.scope, *values) if scoped else call(*values))
            except (ValueError, ArithmeticError) as error:
                _called_badly(error, function.name, fail)

        return run

    def _short_circuit(self, word: Identifier, arguments: Sequence[Argument], final: Get | None) -> Get:
        """`and`, `or`: they return an operand, and evaluate no more of them than they need."""
        stops_at = word.name == "or"
        getters = [self._argument(argument, ANY) for argument in arguments]
        fail = self._blame(word)

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
            fail = self._blame(blamed)
            return lambda state, dot: (final(state, dot) if final else None, fail(complaint))
        types = _param_types(function, count)
        getters = [self._argument(argument, param) for argument, param in zip(arguments, types, strict=False)]
        if final is None:
            return lambda state, dot: [get(state, dot) for get in getters]
        check = _check(types[-1], self._blame(_last_word(arguments[-1]) if arguments else blamed), "")

        def gather(state: State, dot: Any) -> Sequence[Any]:
            piped = final(state, dot)
            values = [get(state, dot) for get in getters]
            values.append(check(piped) if check else piped)
            return values

        return gather

    def _argument(self, word: Argument, param: Param) -> Get:
        if isinstance(word, Bool | Number | String):
            return self._constant_argument(word, param)
        fail = self._blame(word)
        if isinstance(word, Nil):
            if param.kind in (None, Kind.SLICE, Kind.MAP, Kind.POINTER):
                return lambda state, dot: None
            return lambda state, dot: fail(f"cannot assign nil to {param.name}")
        get = self._value(word)
        member = isinstance(word, Field | Chain) or (isinstance(word, Variable) and word.names)
        check = _check(param, self._blame(_last_word(word)), "interface {}" if member else "")
        return (lambda state, dot: check(get(state, dot))) if check else get

    def _constant_argument(self, word: Bool | Number | String, param: Param) -> Get:
        """A literal takes the type that the parameter asks for, where it can."""
        fail, value = self._blame(word), None
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


def wrong_count(function: Function, given: int, count: int) -> str:
    """Why a function cannot take so many arguments; empty when it can. given: without the piped one, count: with it."""
    if function.rest is None and count != len(function.params):
        return f"wrong number of args for {function.name}: want {len(function.params)} got {count}"
    if count < len(function.params):
        return f"wrong number of args for {function.name}: want at least {len(function.params)} got {given}"
    return ""


def _param_types(function: Function, count: int) -> list[Param]:
    rest = [function.rest] * (count - len(function.params)) if function.rest else []
    return [*function.params, *rest]


def _check(param: Param, fail: Callable[[str], NoReturn], nil_type: str) -> Callable[[Any], Any] | None:
    """What makes sure that an argument has the type asked for. nil_type: the type that a nil has there, if it has one."""
    if not param.types:
        return None
    types, name, nullable = param.types, param.name, param.kind in (Kind.SLICE, Kind.MAP, Kind.POINTER)

    def check(value: Any) -> Any:
        if type(value) in types or (value is None and nullable):
            return value
        if isinstance(value, Pointer) and type(value.target) in types:
            return value.target
        if value is None and not nil_type:
            return fail(f"invalid value; expected {name}")
        return fail(f"wrong type for value; expected {name}; got {nil_type if value is None else type_name(value)}")

    return check


def _called_badly(error: ValueError | ArithmeticError, name: str, fail: Callable[[str], NoReturn]) -> NoReturn:
    if isinstance(error, TemplateError):
        raise error
    fail(f"error calling {name}: {error}")


def _member(receiver: Any, name: str, called: str, fail: Callable[[str], NoReturn]) -> Any:
    """A field of a struct, or the entry of a map. called: the type's name for the complaint that there is neither."""
    target = receiver.target if isinstance(receiver, Pointer) else receiver
    if isinstance(target, Struct) and name in target.fields:
        return target.fields[name]
    if isinstance(target, Mapping):
        return target.get(name, None if isinstance(target, AnyMap) else "")
    return fail(f"can't evaluate field {name} in type {called}")


def _pairs(value: Any, both: bool, fail: Callable[[str], NoReturn]) -> Iterable[tuple[Any, Any]]:
    """What a range goes over: index and item, key and value in the order of the keys, or the numbers below one."""
    target = value.target if isinstance(value, Pointer) else value
    kind = kind_of(target)
    if kind is Kind.SLICE:
        return enumerate(target)
    if kind is Kind.MAP:
        return target.items() if type(target) is Labels else sorted(target.items())
    if kind in (Kind.INT, Kind.UINT):
        if both:
            fail(f"can't use {show(target)} to iterate over more than one variable")
        return ((None, number) for number in range(target))
    if target is None:
        return ()
    return fail(f"range can't iterate over {show(target)}")


def _charged(state: State, values: Sequence[Any], result: Any) -> Any:
    """The result of a call, after its price was paid: long texts and lists cost more."""
    price = 1
    for value in (*values, result):
        if type(value) is str:
            price += len(value) >> 6
        elif isinstance(value, list | dict):
            price += len(value)
    _spend(state, price)
    return result


def _spend(state: State, price: int) -> None:
    state.steps -= price
    if state.steps < 0:
        raise TemplateError("the template does too much work: it was stopped")


def _too_long() -> NoReturn:
    raise TemplateError(f"the text grows beyond {LONGEST} characters")
