"""`evaluator test`: scenario files, played in virtual time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evaluator.cli.options import AsJson
from evaluator.cli.output import counted, fail, print_json
from evaluator.cli.reading import say
from evaluator.config.files import match
from evaluator.drill.suite import Case, junit_xml, run


def play(
    files: Annotated[list[str], typer.Argument(help="Scenario files; patterns may be quoted, ** allowed.")],
    junit: Annotated[Path | None, typer.Option(help="Also write what came of them to this file, as JUnit's XML.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play scenarios in virtual time. Exit 0 when all went as wanted, 1 when something did not."""
    cases = list(run(_paths(files), os.environ))
    if junit is not None:
        _write(junit, junit_xml(cases))
    if as_json:
        print_json([_json(case) for case in cases])
    else:
        for case in cases:
            _say(case)
        _summarise(cases)
    if not all(case.passed for case in cases):
        raise typer.Exit(1)


def _paths(patterns: Sequence[str]) -> Iterator[Path]:
    for pattern in patterns:
        found = match(pattern, Path())
        if not found:
            fail(f"no file matches {pattern!r}; is the working directory the right one?")
        yield from (Path(one.shown) for one in found)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(f"<?xml version='1.0' encoding='utf-8'?>\n{text}\n", encoding="utf-8")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")


def _say(case: Case) -> None:
    """One line, and for what went wrong the whole timeline; problems of a file go where those of all files go."""
    print(f"{'ok   ' if case.passed else 'FAIL '} {case.file}: {case.title}")
    say(case.problems)
    if not case.passed:
        for line in case.lines:
            print(f"  {line}")


def _summarise(cases: Sequence[Case]) -> None:
    failed = sum(not case.passed for case in cases)
    print(f"{counted(len(cases) - failed, 'scenario')} as wanted" + (f", {failed} not" if failed else ""))


def _json(case: Case) -> dict[str, Any]:
    return {
        "file": case.file,
        "scenario": case.name,
        "mode": case.mode,
        "passed": case.passed,
        "problems": [str(problem) for problem in case.problems],
        "timeline": [
            {"at": line.at.total_seconds(), "mark": line.mark, "text": line.text, "wrong": line.wrong} for line in case.lines
        ],
    }
