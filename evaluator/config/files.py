"""Files as the user names them: reading one, and finding those that a pattern names."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

from evaluator.config.problems import Problems
from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen

SIZE_LIMIT = 4 * 1024 * 1024


@frozen
class Found:
    """A file that a pattern named. shown: the path as it appears in messages. name: as it appears in rule groups."""

    path: Path
    shown: str
    name: str


def read_text(path: Path, shown: str, problems: Problems) -> str | None:
    """The text of a file, which must be UTF-8 (a byte order mark is dropped) of at most `SIZE_LIMIT` bytes."""
    start = Position(shown)
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except IsADirectoryError:
        problems.error(start, "is a directory, not a file", f"name the files in it: {os.path.join(shown, '*.yml')}")
    except (OSError, ValueError) as error:
        problems.error(start, f"cannot be read: {_reason(error)}")
    else:
        return _decode(content, start, problems)
    return None


def _reason(error: OSError | ValueError) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]


def _decode(content: bytes, start: Position, problems: Problems) -> str | None:
    if len(content) > SIZE_LIMIT:
        problems.error(start, f"is larger than {SIZE_LIMIT // 1024 // 1024} MiB", "split it into several files")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig")) + 1
        message = f"is not UTF-8: byte 0x{content[error.start]:02x}"
        problems.error(Position(start.file, line, column), message, "save the file as UTF-8")
        return None


def is_pattern(text: str) -> bool:
    """Whether `text` holds `*`, `?` or `[`."""
    return glob.has_magic(text)


def is_broken_pattern(text: str) -> bool:
    """Whether a bracket of `text` is not closed, or holds nothing; Prometheus and Alertmanager refuse such patterns."""
    return "[" in re.sub(r"\[\^?[^\]]+\]", "", text)


def match(pattern: str, base: Path) -> list[Found]:
    """The files that a pattern names, sorted; `**` stands for any number of folders.

    A path without wildcards names itself, whether it is there or not. Hidden files are named only by a pattern that
    starts with a dot, so the `..data` folders of a mounted Kubernetes volume are not read a second time.
    """
    if not is_pattern(pattern):
        return [_found(pattern, base)]
    names = sorted(glob.glob(pattern, root_dir=base, recursive=True))
    return [_found(name, base) for name in names if (base / name).is_file()]


def _found(name: str, base: Path) -> Found:
    path = Path(os.path.normpath(Path.cwd() / base / name))
    return Found(path, os.path.normpath(base / name), _below(os.path.normpath(name), base))


def _below(name: str, base: Path) -> str:
    """`name` relative to `base` when it is below it, else as it is."""
    root = Path(os.path.normpath(Path.cwd() / base))
    return str(Path(name).relative_to(root)) if Path(name).is_relative_to(root) else name
