"""Templates that can be executed: trees compiled to closures.

Every node becomes a Python closure of (state, dot) once, so that a render walks no tree and looks up no variable by name.
A statement returns a signal that says whether a loop is to be left or turned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evaluator.templating.errors import TemplateError
from evaluator.templating.go import inspection
from evaluator.templating.go.expressions import Expressions, last_word
from evaluator.templating.go.members import pairs as items_of
from evaluator.templating.go.nodes import Action, Block, Branch, Break, Call, Continue, Range, Statement, Text, Tree
from evaluator.templating.go.printing import show
from evaluator.templating.go.state import DEEPEST, State, spend, too_long
from evaluator.templating.go.values import Function, presentable, truth

_BREAK: Final = 1
_CONTINUE: Final = 2
Run = Callable[[State, Any], int]


class Template:
    """A text with everything that it and its companions define, ready to be executed any number of times."""

    def __init__(self, trees: Mapping[str, Tree], functions: Mapping[str, Function]) -> None:
        self._trees = trees
        self._functions = functions
        self._programs = _Programs(trees, functions)

    def extended(self, trees: Mapping[str, Tree]) -> Template:
        """These templates and `trees`, which take the place of templates of the same name, also where those are called."""
        return Template({**self._trees, **trees}, self._functions)

    def execute(self, name: str, root: Any, scope: Any, variables: Sequence[Any] = ()) -> str:
        """The text of template `name` with `root` as dot.

        scope: handed to the functions that ask for one. variables: values of those that were announced to the parser.
        Raises TemplateError, and whatever a scoped function raises to be answered by the caller (`QueryNeeded`).
        """
        program = self._programs.of(name)
        assert program is not None, f"there is no template {name!r}"
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


class _Programs:
    """The templates, each compiled when it is first called: of the packaged ones a text needs few."""

    def __init__(self, trees: Mapping[str, Tree], functions: Mapping[str, Function]) -> None:
        self._trees = trees
        self._functions = functions
        self._compiled: dict[str, _Program] = {}

    def of(self, name: str) -> _Program | None:
        """The template called `name`, if there is one."""
        found = self._compiled.get(name)
        if found is None and name in self._trees:
            found = self._compiled[name] = _Statements(self._trees[name], self._functions, self).program()
        return found


class _Statements:
    """Compiles the statements of one tree."""

    def __init__(self, tree: Tree, functions: Mapping[str, Function], programs: _Programs) -> None:
        self.tree = tree
        self.expressions = Expressions(tree, functions)
        self.programs = programs

    def program(self) -> _Program:
        """The whole tree."""
        return _Program(self.block(self.tree.body), self.tree.frame, inspection.cost(self.tree.body))

    def block(self, block: Block) -> Run:
        """Statements in turn."""
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
                too_long()
            return 0

        return run

    def _action(self, node: Action) -> Run:
        get = self.expressions.pipe(node.pipe)
        if node.pipe.declared:
            return lambda state, dot: (get(state, dot), 0)[1]

        def run(state: State, dot: Any) -> int:
            value = get(state, dot)
            text = value if type(value) is str else show(value)
            state.out.append(text)
            state.room -= len(text)
            if state.room < 0:
                too_long()
            return 0

        return run

    def _branch(self, node: Branch) -> Run:
        arms = [(self.expressions.pipe(pipe), self.block(body)) for pipe, body in node.arms]
        otherwise = self.block(node.otherwise)
        binds_dot = node.binds_dot

        def run(state: State, dot: Any) -> int:
            for test, body in arms:
                value = test(state, dot)
                if truth(value):
                    return body(state, value if binds_dot else dot)
            return otherwise(state, dot)

        return run

    def _range(self, node: Range) -> Run:
        get, body, otherwise = self.expressions.pipe(node.pipe), self.block(node.body), self.block(node.otherwise)
        declared = [variable.slot for variable in node.pipe.declared]
        first, second = [*declared, None, None][:2]
        cost = 1 + inspection.cost(node.body)
        fail = self.expressions.blame(last_word(node.pipe))

        def run(state: State, dot: Any) -> int:
            pairs = items_of(get(state, dot), second is not None, fail)
            empty = True
            for key, item in pairs:
                empty = False
                spend(state, cost)
                if first is not None and second is not None:
                    state.frame[first], state.frame[second] = key, item
                elif first is not None:
                    state.frame[first] = item
                if body(state, item) == _BREAK:
                    break
            return otherwise(state, dot) if empty else 0

        return run

    def _call(self, node: Call) -> Run:
        get = self.expressions.pipe(node.pipe) if node.pipe else lambda state, dot: None
        programs, name, fail = self.programs, node.name, self.expressions.blame(node)

        def run(state: State, dot: Any) -> int:
            program = programs.of(name)
            if program is None:
                fail(f'template "{name}" not defined')
            if state.depth == DEEPEST:
                fail(f"exceeded maximum template depth ({DEEPEST})")
            value = get(state, dot)
            spend(state, 1 + program.cost)
            frame, state.frame = state.frame, [value, *[None] * (program.frame - 1)]
            state.depth += 1
            program.run(state, value)
            state.depth -= 1
            state.frame = frame
            return 0

        return run
