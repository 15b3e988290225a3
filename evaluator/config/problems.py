"""What is wrong with what the user wrote, as values.

Nothing here is raised: reading goes on after a problem, so that one run names every mistake of every file. A problem says
where, what, and where possible what to write instead.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Severity(StrEnum):
    """ERROR: the files cannot be used. WARNING: they can, and something in them may not do what was meant."""

    ERROR = "error"
    WARNING = "warning"


@frozen
class Problem:
    """One mistake. message: what is wrong, one line without a full stop. remedy: what to do about it, or empty."""

    position: Position
    message: str
    remedy: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """`FILE:LINE:COLUMN: message; remedy`; a warning says so, as compilers do."""
        prefix = "warning: " if self.severity is Severity.WARNING else ""
        suffix = f"; {self.remedy}" if self.remedy else ""
        return f"{self.position}: {prefix}{self.message}{suffix}"


class Problems:
    """The problems found so far.

    A value that came from the environment must not be quoted in a message, and one that is missing must not be
    complained about twice; both are known here by their position.
    """

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}
        self._said: set[str] = set()
        self._muted: set[Position] = set()
        self._hidden: dict[Position, tuple[str, str]] = {}

    def error(self, position: Position, message: str, remedy: str = "") -> None:
        """Add an error; the same one twice counts once."""
        self._add(Problem(position, message, remedy))

    def warn(self, position: Position, message: str, remedy: str = "") -> None:
        """Add a warning."""
        self._add(Problem(position, message, remedy, Severity.WARNING))

    def add(self, problems: Iterable[Problem]) -> None:
        """Add problems that were found elsewhere."""
        for problem in problems:
            self._add(problem)

    def warn_once(self, position: Position, message: str, remedy: str = "") -> None:
        """Add a warning unless the same text was said at another place."""
        if message not in self._said:
            self._said.add(message)
            self.warn(position, message, remedy)

    def mute(self, position: Position) -> None:
        """Drop whatever will be found at `position`: what is wrong there has been said."""
        self._muted.add(position)

    def hide(self, position: Position, text: str, name: str) -> None:
        """Write `name` for `text` in everything that will be said of `position`."""
        self._hidden[position] = (text, name)

    def wrong_at(self, position: Position) -> bool:
        """Whether there is an error at `position`."""
        return any(problem.position == position and problem.severity is Severity.ERROR for problem in self._found)

    @property
    def failed(self) -> bool:
        """Whether there is an error among them."""
        return any(problem.severity is Severity.ERROR for problem in self._found)

    def sorted(self) -> tuple[Problem, ...]:
        """All of them: files in the order in which they were met, then by line and column."""
        files = {problem.position.file: None for problem in self._found}
        order = {file: number for number, file in enumerate(files)}
        return tuple(sorted(self._found, key=lambda found: (order[found.position.file], *_line_and_column(found))))

    def _add(self, problem: Problem) -> None:
        if problem.position in self._muted:
            return
        message = self._speakable(problem.position, problem.message)
        remedy = self._speakable(problem.position, problem.remedy)
        self._found[replace(problem, message=message, remedy=remedy)] = None

    def _speakable(self, position: Position, text: str) -> str:
        secret, name = self._hidden.get(position, ("", ""))
        return one_line(text.replace(secret, name) if secret else text)


def _line_and_column(problem: Problem) -> tuple[int, int]:
    return problem.position.line, problem.position.column


def one_line(text: str) -> str:
    """`text` without characters that break lines, steer terminals or cannot be encoded; they are written as escapes."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "receiver"?` when `word` is close to one of `known`, else empty."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""
