"""What Jinja2 offers in rules beside the functions that both languages share."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from docs.generate.tables import code
from evaluator.templating.functions.prometheus import RULE_FUNCTIONS
from evaluator.templating.jinja.environment import Sandbox
from evaluator.templating.jinja.names import RULE_WORDS


def jinja_names() -> str:
    """Filters, then names that can be called."""
    sandbox = Sandbox(RULE_WORDS)
    filters = _listed(name for name in sandbox.filters if name not in RULE_FUNCTIONS)
    names = _listed(name for name in sandbox.globals if name not in RULE_FUNCTIONS and not name.startswith("_"))
    return _wrapped(f"Jinja2 also has filters of its own: {filters}; and these names: {names}.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(code, sorted(names)))


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 128, break_on_hyphens=False, break_long_words=False) + "\n"
