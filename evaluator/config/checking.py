"""Checking files of either kind: what `evaluator check` does with its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from evaluator.config.compose import compose
from evaluator.config.datasources import default_offset
from evaluator.config.files import Found, read_text
from evaluator.config.finishing import finish
from evaluator.config.loading import DEFAULT_INTERVAL, load
from evaluator.config.nodes import Table
from evaluator.config.problems import Problem, Problems
from evaluator.config.reading import Reading
from evaluator.config.rule_files import GroupDraft
from evaluator.config.rule_loading import read_rule_file
from evaluator.core.evaluation.rules import RuleGroup
from evaluator.core.frozen import frozen
from evaluator.core.settings import Datasource, DatasourceKind, Settings


class FileKind(StrEnum):
    """What a file turned out to be."""

    CONFIG = "configuration"
    RULES = "rules"
    UNREADABLE = "unreadable"


@frozen
class CheckedFile:
    """One argument. groups: of the rule file, or of all rule files that the configuration names. settings: of a good one."""

    path: Path
    kind: FileKind
    groups: tuple[RuleGroup, ...] = ()
    settings: Settings | None = None


@frozen
class Checked:
    """All arguments, in their order, and the problems of all."""

    files: tuple[CheckedFile, ...]
    problems: tuple[Problem, ...]


def check_paths(
    paths: Sequence[Path],
    *,
    environ: Mapping[str, str],
    kind: DatasourceKind = DatasourceKind.PROMETHEUS,
    now: datetime | None = None,
) -> Checked:
    """Read configuration and rule files, told apart by their content.

    A rule file among the arguments is read for a datasource of `kind`; the rule files that a configuration names are read
    for the datasource that it says. Names recorded in one rule file count in all that are given. now: to be warned of when
    nobody will be on call.
    """
    kinds = {path: _kind(path) for path in paths}
    rule_files = [path for path in paths if kinds[path] is FileKind.RULES]
    rules, problems_of_rules = _check_rules(rule_files, _plain(kind))
    files, problems = list[CheckedFile](), list[Problem]()
    for path in paths:
        if kinds[path] is FileKind.RULES:
            files.append(CheckedFile(path, FileKind.RULES, tuple(group for group in rules if group.file == str(path))))
            problems.extend(problem for problem in problems_of_rules if problem.position.file == str(path))
        else:
            loaded = load(path, environ=environ, now=now)
            groups = () if loaded.settings is None else loaded.settings.groups
            files.append(CheckedFile(path, kinds[path], groups, loaded.settings))
            problems.extend(loaded.problems)
    return Checked(tuple(files), tuple(dict.fromkeys(problems)))


def _kind(path: Path) -> FileKind:
    """What a file is by its content: rules have `groups` at the top, and a file that holds nothing is a file of no rules."""
    ignored = Problems()
    text = read_text(path, str(path), ignored)
    document = None if text is None else compose(text, str(path), ignored, environ={})
    if document is None:
        return FileKind.UNREADABLE
    no_config = document.root is None or (isinstance(document.root, Table) and "groups" in document.root.values)
    return FileKind.RULES if no_config else FileKind.CONFIG


def _check_rules(paths: Sequence[Path], datasource: Datasource) -> tuple[tuple[RuleGroup, ...], tuple[Problem, ...]]:
    reading = Reading(Path(), Problems())
    drafts: list[GroupDraft] = []
    for path in dict.fromkeys(paths):
        drafts.extend(read_rule_file(Found(path.absolute(), str(path), str(path)), datasource, reading))
    return finish(drafts, DEFAULT_INTERVAL, reading.problems), reading.problems.sorted()


def _plain(kind: DatasourceKind) -> Datasource:
    return Datasource("default", "", kind, query_offset=default_offset(kind))
