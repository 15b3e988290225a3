"""Questions about trees that need no rendering: which functions and fields occur, what a block costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evaluator.templating.go.nodes import (
    Action,
    Argument,
    Block,
    Branch,
    Call,
    Chain,
    Command,
    Pipe,
    Range,
    Statement,
    Tree,
)


def commands(trees: Iterable[Tree]) -> Iterator[tuple[Command, bool]]:
    """Every command, and whether another command's value is piped into it."""
    for tree in trees:
        for pipe in _pipes_of(tree.body):
            yield from _within(pipe)


def words(trees: Iterable[Tree]) -> Iterator[Argument]:
    """Every word of every command."""
    for command, _ in commands(trees):
        for word in command.words:
            yield word
            if isinstance(word, Chain) and not isinstance(word.base, Pipe):
                yield word.base


def calls(block: Block) -> Iterator[Call]:
    """Every call of a template."""
    for statement in block:
        match statement:
            case Call():
                yield statement
            case Branch(arms=arms, otherwise=otherwise):
                for _, body in arms:
                    yield from calls(body)
                yield from calls(otherwise)
            case Range(body=body, otherwise=otherwise):
                yield from calls(body)
                yield from calls(otherwise)
            case _:
                pass


def cost(block: Block) -> int:
    """How many steps it takes to go through a block once, loops counted as one turn."""
    return len(block) + sum(len(command.words) for pipe in _pipes_of(block) for command, _ in _within(pipe))


def _pipes_of(block: Block) -> Iterator[Pipe]:
    for statement in block:
        yield from _pipes(statement)


def _pipes(statement: Statement) -> Iterator[Pipe]:
    match statement:
        case Action(pipe=pipe) | Call(pipe=Pipe() as pipe):
            yield pipe
        case Branch(arms=arms, otherwise=otherwise):
            for test, body in arms:
                yield test
                yield from _pipes_of(body)
            yield from _pipes_of(otherwise)
        case Range(pipe=pipe, body=body, otherwise=otherwise):
            yield pipe
            yield from _pipes_of(body)
            yield from _pipes_of(otherwise)
        case _:
            pass


def _within(pipe: Pipe) -> Iterator[tuple[Command, bool]]:
    for index, command in enumerate(pipe.commands):
        yield command, index > 0
        for word in command.words:
            inner = word.base if isinstance(word, Chain) else word
            if isinstance(inner, Pipe):
                yield from _within(inner)
