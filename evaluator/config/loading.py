"""From a configuration file to `Settings`.

Every block is read even when another is wrong, so that one run of `evaluator check` names all there is to do. Settings come
out only when nothing was wrong: a half-read configuration is never used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from evaluator.config.assembly import assemble
from evaluator.config.compose import compose
from evaluator.config.datasources import default_offset
from evaluator.config.file_model import OTHER_FILES, FileModel
from evaluator.config.files import read_text
from evaluator.config.models import read
from evaluator.config.nodes import Document, Table
from evaluator.config.original import redacted
from evaluator.config.problems import Problem, Problems
from evaluator.config.reading import Reading
from evaluator.config.receivers import CONSOLE
from evaluator.config.rule_loading import RuleFiles, RulesRead, read_rules
from evaluator.config.scalars import WrongError, public_url
from evaluator.core.evaluation.rules import Position, RuleGroup
from evaluator.core.frozen import frozen
from evaluator.core.matchers import MatcherMode
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Datasource, DatasourceKind, Settings

DEFAULT_INTERVAL = timedelta(minutes=1)


@frozen
class Loaded:
    """What came of reading. settings: None when there is an error among the problems."""

    settings: Settings | None
    problems: tuple[Problem, ...]


def load(
    path: Path,
    *,
    environ: Mapping[str, str],
    base: Path | None = None,
    matcher_mode: MatcherMode | None = None,
    now: datetime | None = None,
) -> Loaded:
    """Read a configuration file and the rule files that it names.

    environ: where `${NAME}` is looked up. base: where relative paths start, when it is not the file's own folder.
    matcher_mode: the language of matchers, when it is not to be the one that the file says. now: to be warned of when nobody
    will be on call.
    """
    problems = Problems()
    text = read_text(path, str(path), problems)
    document = None if text is None else compose(text, str(path), problems, environ)
    if document is None:
        return Loaded(None, problems.sorted())
    reading = Reading(path.parent if base is None else base, problems, now=now)
    return load_document(document, path, reading, matcher_mode)


def load_document(document: Document, path: Path, reading: Reading, matcher_mode: MatcherMode | None = None) -> Loaded:
    """The same for a file that was composed already."""
    if document.root is None:
        reading.problems.error(document.start, "the file is empty", "a configuration has at least datasources and rule_files")
    elif not isinstance(document.root, Table):
        read(FileModel, document.root, reading.problems)
    elif other := [name for name in document.root.values if name in OTHER_FILES]:
        message = f'this is not a configuration: "{other[0]}" does not belong in one'
        reading.problems.error(document.root.key(other[0]), message, OTHER_FILES[other[0]])
    else:
        settings = assemble(document.root, path, reading, matcher_mode)
        return Loaded(None if reading.problems.failed else settings, reading.problems.sorted())
    return Loaded(None, reading.problems.sorted())


def without_file(
    prometheus_url: str,
    rule_globs: Sequence[str],
    *,
    kind: DatasourceKind = DatasourceKind.PROMETHEUS,
    interval: timedelta = DEFAULT_INTERVAL,
) -> Loaded:
    """Settings without a configuration file: one datasource called `default`, and notifications printed.

    Patterns start at the working directory. Problems of the arguments have the option as their file.
    """
    problems = Problems()
    try:
        url = public_url(prometheus_url)
    except WrongError as wrong:
        problems.error(Position("--prometheus"), str(wrong), wrong.remedy)
        return Loaded(None, problems.sorted())
    datasource = _plain_datasource(url, kind)
    rules = _rules_of(rule_globs, datasource, interval, Reading(Path(), problems))
    settings = Settings(
        path=None,
        datasources=(datasource,),
        groups=rules.groups,
        route=Route(CONSOLE.name),
        receivers=(CONSOLE,),
        evaluation_interval=interval,
        rule_files=rules.files,
        original=redacted(Table({}, {}, Position(""))),
    )
    return Loaded(None if problems.failed else settings, problems.sorted())


def load_rules(
    patterns: Sequence[str | Path],
    *,
    datasource: Datasource | None = None,
    base: Path | None = None,
    interval: timedelta = DEFAULT_INTERVAL,
) -> tuple[tuple[RuleGroup, ...], tuple[Problem, ...]]:
    """The groups of rule files alone, and their problems; groups with errors in them are not complete.

    base: where relative patterns start, else the working directory. interval: for groups that have none.
    """
    problems = Problems()
    reading = Reading(Path() if base is None else base, problems)
    source = datasource or _plain_datasource("", DatasourceKind.PROMETHEUS)
    return _rules_of([str(pattern) for pattern in patterns], source, interval, reading).groups, problems.sorted()


def _rules_of(patterns: Sequence[str], datasource: Datasource, interval: timedelta, reading: Reading) -> RulesRead:
    return read_rules((RuleFiles(pattern, datasource, Position(pattern)) for pattern in patterns), interval, reading)


def _plain_datasource(url: str, kind: DatasourceKind) -> Datasource:
    return Datasource("default", url, kind, query_offset=default_offset(kind))
