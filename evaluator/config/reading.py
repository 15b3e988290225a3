"""What one run of reading shares: where relative paths start, and where problems go."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.problems import Problems
from evaluator.core.settings import Secret


@dataclass(frozen=True, slots=True)
class Reading:
    """base: the folder of the file that is read, as the user named it."""

    base: Path
    problems: Problems

    def path(self, text: str) -> Path:
        """`text` as an absolute path; a relative one starts at the file that names it."""
        return Path(os.path.normpath(Path.cwd() / self.base / text))

    def secret(self, model: Model, name: str, node: Table) -> Secret | None:
        """The secret at key `name`, or the one whose path stands at `name_file`; None when neither is given."""
        given, file = getattr(model, name), getattr(model, f"{name}_file")
        if given is not None and file is not None:
            self.problems.error(
                node.key(f"{name}_file"), f"at most one of {name} & {name}_file must be configured", "remove one"
            )
        if file is not None:
            return Secret(path=self.path(file))
        return given if isinstance(given, Secret) else None
