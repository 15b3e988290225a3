"""`evaluator check`: every problem of configuration and rule files, and what a server says of their expressions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaluator.cli.moves import Moved, json_of, moved_since, print_moves
from evaluator.cli.options import AsJson
from evaluator.cli.output import counted, fail, print_json
from evaluator.cli.reading import say
from evaluator.cli.revisions import at_revision
from evaluator.config.checking import Checked, CheckedFile, FileKind, check_paths
from evaluator.config.problems import Problem, Severity
from evaluator.core.evaluation.rules import AlertingRule, Rule, RuleGroup
from evaluator.core.settings import Datasource, DatasourceKind
from evaluator.promql import Dialect, PromqlError, parse, selectors_of
from evaluator.service.clock import wall_clock

if TYPE_CHECKING:
    from evaluator.prometheus.history import History


def check(
    files: Annotated[list[Path], typer.Argument(help="Configuration or rule files, told apart by content.")],
    prometheus: Annotated[str | None, typer.Option(help="Also ask this server about every expression.")] = None,
    kind: Annotated[DatasourceKind, typer.Option(help="What rule files are written for.")] = DatasourceKind.PROMETHEUS,
    plan: Annotated[bool, typer.Option("--plan", help="Also print the requests in which the rules will be asked.")] = False,
    against: Annotated[
        Path | None, typer.Option(help="The configuration as it was: also print who moves on call in the next 8 weeks.")
    ] = None,
    against_git: Annotated[
        str | None,
        typer.Option(help="The same, compared with the file as this commit, branch or tag has it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check files; every problem as FILE:LINE:COL: text. Exit 0 when all is fine, 1 when there are problems."""
    now = wall_clock()
    checked = check_paths(files, environ=os.environ, kind=kind, now=now)
    problems = list(checked.problems)
    if prometheus is not None:
        problems += _asked(checked, prometheus, kind)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if against is not None and against_git is not None:
        fail("--against or --against-git, not both")
    moved = _moved(checked, against, against_git, now) if against is not None or against_git is not None else None
    if as_json:
        listed = [_json(problem) for problem in problems]
        print_json(listed if moved is None else {"problems": listed, "moves": [json_of(move) for move in moved.moves]})
    else:
        say(problems)
        for file in checked.files:
            _summarise(file, problems)
            if plan:
                _print_plan(file, kind)
        if moved is not None:
            print_moves(moved)
    if errors:
        raise typer.Exit(1)


def _moved(checked: Checked, against: Path | None, revision: str | None, now: datetime) -> Moved | None:
    """None where the new configuration is wrong: who is on call by it is not known. Either `against` or `revision` is given."""
    configurations = [file for file in checked.files if file.kind is FileKind.CONFIG]
    if len(configurations) != 1:
        fail("--against compares one configuration with another; name the new one, and only that")
    settings = configurations[0].settings
    if settings is None:
        return None
    if against is not None:
        return moved_since(against, settings.duty, now)
    with at_revision(configurations[0].path, revision or "HEAD") as former:
        return moved_since(former, settings.duty, now)


def _summarise(file: CheckedFile, problems: list[Problem]) -> None:
    mine = sum(one.severity is Severity.ERROR and one.position.file == str(file.path) for one in problems)
    if mine:
        print(f"{file.path}: {counted(mine, 'error')}")
    elif file.kind is not FileKind.UNREADABLE:
        rules = sum(len(group.rules) for group in file.groups)
        print(f"{file.path}: {file.kind}, {counted(rules, 'rule')} in {counted(len(file.groups), 'group')}")


def _print_plan(file: CheckedFile, kind: DatasourceKind) -> None:
    from evaluator.cli.plans import plan_lines  # slow to import, and rarely wanted

    for line in plan_lines(file, kind):
        print(line)


def _asked(checked: Checked, url: str, kind: DatasourceKind) -> list[Problem]:
    """What the server says: expressions that it refuses, and selectors that match nothing."""
    from evaluator.prometheus.history import History, NoAnswerError  # slow to import, and no other command needs it

    dialect = Dialect(str(kind))
    try:
        with History(Datasource("--prometheus", url, kind)) as history:
            return [problem for group in _groups(checked) for rule in group.rules for problem in _of(rule, history, dialect)]
    except NoAnswerError as error:
        fail(f"{url} cannot be asked: {error}; is it the base URL of a Prometheus?")
    except (OSError, ValueError) as error:
        fail(f"{url} cannot be asked: {error}")


def _groups(checked: Checked) -> Iterator[RuleGroup]:
    for file in checked.files:
        yield from file.groups


def _of(rule: Rule, history: History, dialect: Dialect) -> Iterator[Problem]:
    refused = history.refused(rule.query)
    if refused is not None:
        yield Problem(rule.position, f"the server refuses the expression of {rule.name}: {refused}", "mend the expression")
        return
    try:
        selectors = selectors_of(parse(rule.query, dialect))
    except PromqlError:
        return  # the server knows more than the parser here; it has accepted the expression
    for selector in selectors:
        if not history.matches(selector.text):
            yield Problem(
                rule.position,
                f"{selector.text} in {rule.name} matches no series of the last hour",
                _remedy(rule),
                Severity.WARNING,
            )


def _remedy(rule: Rule) -> str:
    if isinstance(rule, AlertingRule):
        return "a misspelt name, or a metric that is only there when something is wrong?"
    return "a misspelt name?"


def _json(problem: Problem) -> dict[str, object]:
    at = problem.position
    return {
        "file": at.file,
        "line": at.line,
        "column": at.column,
        "severity": str(problem.severity),
        "message": problem.message,
        "remedy": problem.remedy,
    }
