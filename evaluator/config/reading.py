"""What one run of reading shares: where relative paths start, and where problems go."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.problems import Problems
from evaluator.core.frozen import frozen
from evaluator.core.http import Secret
from evaluator.core.matchers import MatcherMode


@frozen
class Reading:
    """base: the folder of the file that is read, as the user named it. mode: the language of its matchers and label names.

    wrap: whether a time interval may go round, as from 22:00 to 06:00. paces: whether integrations have rate limits where the
    file has none. readable: whether bodies that the file does not write are ours. templates: names of templates that it defines
    itself. now: the instant at which the file is read, where that is to matter.
    """

    base: Path
    problems: Problems
    mode: MatcherMode = MatcherMode.FALLBACK
    wrap: bool = True
    paces: bool = True
    readable: bool = True
    templates: frozenset[str] = frozenset()
    now: datetime | None = None

    def path(self, text: str) -> Path:
        """`text` as an absolute path; a relative one starts at the file that names it."""
        return Path(os.path.normpath(Path.cwd() / self.base / text))

    def file(self, text: str | None) -> Path | None:
        """The same for a key that may be absent or empty."""
        return self.path(text) if text else None

    def secret(self, model: Model, name: str, node: Table) -> Secret | None:
        """The secret at key `name`, or the one whose path stands at `name_file`; None when neither is given.

        An empty text is not given, as in Alertmanager.
        """
        given, file = getattr(model, name), getattr(model, f"{name}_file")
        given = given if isinstance(given, Secret) and given.text else None
        if given is not None and file:
            message = f"at most one of {name} & {name}_file must be configured"
            self.problems.error(node.key(f"{name}_file"), message, "remove one")
        return Secret(path=self.path(file)) if file else given
