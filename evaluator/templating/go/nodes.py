"""The tree of a template. `str()` of a node is its source as Go prints it back, which is what error messages show.

`offset` is the place in the text, in characters. A variable knows its slot: scopes are lexical, so the parser can number
them, and the evaluator keeps a list instead of searching names.
"""

from __future__ import annotations

from evaluator.core.frozen import frozen


@frozen
class Dot:
    """`.`"""

    offset: int

    def __str__(self) -> str:
        return "."


@frozen
class Nil:
    """`nil`"""

    offset: int

    def __str__(self) -> str:
        return "nil"


@frozen
class Bool:
    """`true` or `false`"""

    offset: int
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@frozen
class Number:
    """A number with its readings: `integer` where it is whole and fits 64 bits, `real` always; `1e1` is both.

    value: what it is where nothing asks for a kind: a float when it is written like one.
    """

    offset: int
    text: str
    integer: int | None
    real: float
    value: int | float | complex

    def __str__(self) -> str:
        return self.text


@frozen
class String:
    """A string; `quoted` as it was written."""

    offset: int
    quoted: str
    value: str

    def __str__(self) -> str:
        return self.quoted


@frozen
class Identifier:
    """The name of a function."""

    offset: int
    name: str

    def __str__(self) -> str:
        return self.name


@frozen
class Field:
    """`.a.b`, fields of dot."""

    offset: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@frozen
class Variable:
    """`$name.a.b`. slot: its place in the frame, None where an assignment names a variable that does not exist."""

    offset: int
    name: str
    slot: int | None
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name + "".join(f".{name}" for name in self.names)


@frozen
class Chain:
    """`(pipeline).a.b`"""

    offset: int
    base: Argument
    names: tuple[str, ...]

    def __str__(self) -> str:
        base = f"({self.base})" if isinstance(self.base, Pipe) else str(self.base)
        return base + "".join(f".{name}" for name in self.names)


@frozen
class Command:
    """Words: a function with its arguments, or a single value."""

    offset: int
    words: tuple[Argument, ...]

    def __str__(self) -> str:
        return " ".join(f"({word})" if isinstance(word, Pipe) else str(word) for word in self.words)


@frozen
class Pipe:
    """Commands, each handing its value to the next as last argument; `declared` receive the result."""

    offset: int
    declared: tuple[Variable, ...]
    assigns: bool
    commands: tuple[Command, ...]

    def __str__(self) -> str:
        names = ", ".join(str(variable) for variable in self.declared)
        sign = "=" if self.assigns else ":="
        return (f"{names} {sign} " if names else "") + " | ".join(str(command) for command in self.commands)


Argument = Dot | Nil | Bool | Number | String | Identifier | Field | Variable | Chain | Pipe


@frozen
class Text:
    """Literal text."""

    offset: int
    text: str


@frozen
class Action:
    """`{{pipeline}}`: prints, unless it declares."""

    offset: int
    pipe: Pipe

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@frozen
class Branch:
    """`if` and `with`. arms: the pipelines of `if`, `else if`, … with what each of them guards."""

    offset: int
    binds_dot: bool
    arms: tuple[tuple[Pipe, Block], ...]
    otherwise: Block


@frozen
class Range:
    """`range`"""

    offset: int
    pipe: Pipe
    body: Block
    otherwise: Block


@frozen
class Call:
    """`{{template "name" pipeline}}`"""

    offset: int
    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        name = '"' + self.name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{{{{template {name}{f' {self.pipe}' if self.pipe else ''}}}}}"


@frozen
class Break:
    """`{{break}}`"""

    offset: int


@frozen
class Continue:
    """`{{continue}}`"""

    offset: int


Statement = Text | Action | Branch | Range | Call | Break | Continue
Block = tuple[Statement, ...]


@frozen
class Tree:
    """One template: its text (for positions), its statements, and how many variables live at once, `$` included.

    file: the file that it stands in, if any.
    """

    name: str
    source: str
    body: Block
    frame: int
    file: str = ""

    @property
    def blank(self) -> bool:
        """Whether it prints nothing but blanks; such a definition does not replace one that prints something."""
        return all(isinstance(statement, Text) and not statement.text.strip() for statement in self.body)
