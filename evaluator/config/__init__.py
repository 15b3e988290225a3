"""Configuration and rule files: YAML with line numbers, made into values of `core.settings` and `core.evaluation.rules`.

`load` reads a configuration and everything that it names, `load_rules` rule files alone, `without_file` does without a
configuration, `check_paths` reads files of either kind. What the user wrote wrong comes back as a tuple of `Problem`s, all of
them at once; nothing here raises for it.
"""

from evaluator.config.checking import Checked, CheckedFile, FileKind, check_paths
from evaluator.config.loading import Loaded, load, load_rules, without_file
from evaluator.config.problems import Problem, Severity

__all__ = [
    "Checked",
    "CheckedFile",
    "FileKind",
    "Loaded",
    "Problem",
    "Severity",
    "check_paths",
    "load",
    "load_rules",
    "without_file",
]
