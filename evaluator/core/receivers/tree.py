"""YAML that is sent as it was written: the webhook's `payload`, PagerDuty's `details`, Jira's `fields`.

Every text is a template. All scalars are texts here, also `5` and `true`: each is rendered and what comes out is read as
YAML, so a number stays a number, and a template may become one, or a list or a mapping.
"""

from __future__ import annotations

from evaluator.core.frozen import frozen

Pairs = tuple[tuple[str, str], ...]


@frozen
class Branch:
    """A mapping, in the order of the file."""

    pairs: tuple[tuple[str, Tree], ...] = ()


Tree = str | None | Branch | tuple["Tree", ...]
