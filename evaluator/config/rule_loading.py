"""From patterns to rule groups: which files there are, each read once, and all of them finished together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from evaluator.config.compose import compose
from evaluator.config.files import Found, is_broken_pattern, is_pattern, match, read_text
from evaluator.config.finishing import finish
from evaluator.config.problems import Problem, Problems
from evaluator.config.reading import Reading
from evaluator.config.rule_files import GroupDraft, read_groups
from evaluator.core.evaluation.rules import Position, RuleGroup
from evaluator.core.frozen import frozen
from evaluator.core.settings import Datasource

FILES_REMEMBERED = 1024


@frozen
class RuleFiles:
    """An entry of `rule_files`: a pattern, the datasource that its rules ask, and where it is written."""

    pattern: str
    datasource: Datasource
    position: Position


@frozen
class RulesRead:
    """Rule groups, and the files that they came from, in the order of the entries."""

    groups: tuple[RuleGroup, ...]
    files: tuple[Path, ...]


def read_rules(entries: Iterable[RuleFiles], interval: timedelta, reading: Reading) -> RulesRead:
    """Read every file once, however many entries name it."""
    drafts: list[GroupDraft] = []
    taken: dict[str, tuple[Found, Datasource]] = {}
    for entry in entries:
        for found in _found(entry, reading):
            identity = os.path.realpath(found.path)
            if identity in taken:
                _check_same_datasource(found, taken[identity][1], entry, reading)
                continue
            taken[identity] = (found, entry.datasource)
            drafts.extend(read_rule_file(found, entry.datasource, reading))
    groups = finish(drafts, interval, reading.problems)
    return RulesRead(groups, tuple(found.path for found, _ in taken.values()))


def _found(entry: RuleFiles, reading: Reading) -> Sequence[Found]:
    found = match(entry.pattern, reading.base)
    if not found and is_broken_pattern(entry.pattern):
        reading.problems.error(entry.position, f'syntax error in pattern "{entry.pattern}"', "close the bracket")
    elif not found:
        message = f'no file matches "{entry.pattern}"'
        reading.problems.warn(entry.position, message, "no rules come from this pattern")
    elif not is_pattern(entry.pattern) and not found[0].path.exists():
        reading.problems.error(entry.position, f'rule file "{entry.pattern}" does not exist', "correct the path, or remove it")
        return ()
    return found


def _check_same_datasource(found: Found, datasource: Datasource, entry: RuleFiles, reading: Reading) -> None:
    if datasource.name != entry.datasource.name:
        message = f'"{found.name}" is already read for datasource "{datasource.name}"'
        remedy = "a group is known by its file and name: copy the file, or narrow one of the patterns"
        reading.problems.error(entry.position, message, remedy)


def read_rule_file(found: Found, datasource: Datasource, reading: Reading) -> list[GroupDraft]:
    """The drafts of one file; none when it cannot be read."""
    text = read_text(found.path, found.shown, reading.problems)
    if text is None:
        return []
    read = _read(text, found, datasource)
    reading.problems.add(read.problems)
    return list(read.drafts)


@frozen
class _FileRead:
    """What the text of a file comes to."""

    drafts: tuple[GroupDraft, ...]
    problems: tuple[Problem, ...]


@lru_cache(maxsize=FILES_REMEMBERED)
def _read(text: str, found: Found, datasource: Datasource) -> _FileRead:
    """Nothing but these counts, so a reload reads the files that have changed, and looks at the others."""
    reading = Reading(Path(), Problems())
    document = compose(text, found.shown, reading.problems)
    drafts = [] if document is None else read_groups(document, found, datasource, reading)
    return _FileRead(tuple(drafts), reading.problems.sorted())
