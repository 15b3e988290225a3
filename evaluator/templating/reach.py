"""What a text speaks of, itself or through the templates that it calls, found without rendering it.

A Jinja2 text may compute the name of the template that it calls; such a call is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import zip_longest
from typing import Final

from evaluator.templating.go import inspection
from evaluator.templating.go.nodes import Chain, Field, Tree, Variable

_CALLED: Final = re.compile(r"\btemplate\(\s*[\"']([^\"']+)[\"']")


def speaks_of(member: str, trees: Mapping[str, Tree], start: str, but: Collection[str] = ()) -> bool:
    """Whether `start` or a template that it reaches names `member`, in Go with a capital. A file of Jinja2 ends in `.j2`.

    but: members of it that do not count, as in `curve.threshold`.
    """
    waiting, seen = [start], {start}
    while waiting:
        tree = trees.get(waiting.pop())
        if tree is None:
            continue
        jinja = tree.file.endswith(".j2")
        if in_jinja(member, tree.source, but) if jinja else _in_go(member.capitalize(), tree, set(map(_in_capitals, but))):
            return True
        called = called_by(tree.source) if jinja else (call.name for call in inspection.calls(tree.body))
        fresh = [name for name in called if name not in seen]
        seen.update(fresh)
        waiting += fresh
    return False


def in_jinja(member: str, source: str, but: Collection[str] = ()) -> bool:
    """Whether a Jinja2 text names it."""
    below = rf"(?!\.(?:{'|'.join(but)})\b)" if but else ""
    return re.search(rf"\b{member}\b{below}", source) is not None


def called_by(source: str) -> Iterator[str]:
    """The templates that a Jinja2 text calls by their names."""
    return (found[1] for found in _CALLED.finditer(source))


def _in_go(member: str, tree: Tree, but: Collection[str]) -> bool:
    named = (word.names for word in inspection.words([tree]) if isinstance(word, Field | Chain | Variable))
    return any(one == member and below not in but for names in named for one, below in zip_longest(names, names[1:]))


def _in_capitals(member: str) -> str:
    """As Go names it: `at_firing` is `AtFiring`."""
    return "".join(map(str.capitalize, member.split("_")))
