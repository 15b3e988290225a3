"""Relabelling: rules that rewrite a set of labels, or drop what has it. The language is Prometheus'.

A rule joins the values of its source labels, compares the text with an expression, and acts. Expressions are RE2, anchored at
both ends, and a dot matches a line break too, as in Prometheus 3. A label that is set to the empty text is taken away.

`labelmap` may give two labels one name. Then the later counts: first come the labels that no rule has touched, by name, then
the others in the order in which they were set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from enum import StrEnum
from hashlib import md5
from typing import Any

from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels, compile_regex

CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,7}")


class Action(StrEnum):
    """What a rule does."""

    REPLACE = "replace"
    KEEP = "keep"
    DROP = "drop"
    KEEP_EQUAL = "keepequal"
    DROP_EQUAL = "dropequal"
    HASH_MOD = "hashmod"
    LABEL_MAP = "labelmap"
    LABEL_DROP = "labeldrop"
    LABEL_KEEP = "labelkeep"
    LOWERCASE = "lowercase"
    UPPERCASE = "uppercase"


@frozen
class Relabel:
    """One rule. classic: a name that comes out of `target_label` must be made of letters, digits and underscores.

    Raises ValueError when `regex` does not compile.
    """

    action: Action = Action.REPLACE
    source_labels: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = "(.*)"
    target_label: str = ""
    replacement: str = "$1"
    modulus: int = 0
    classic: bool = False
    _pattern: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        compile_regex(self.regex)  # for a reason that quotes what was written
        object.__setattr__(self, "_pattern", compile_regex(f"(?s:{self.regex})"))

    def matched(self, text: str) -> Any:
        """The match of the whole text, or None."""
        return self._pattern.fullmatch(text)


def relabel(labels: Labels, rules: Sequence[Relabel]) -> Labels | None:
    """What the rules, in their order, make of `labels`; None when one of them drops it."""
    if not rules:
        return labels
    draft = _Draft(labels)
    if not all(_apply(rule, draft) for rule in rules):
        return None
    return Labels(draft.pairs()) if draft.touched else labels


class _Draft:
    """Labels at work: those that no rule has touched, and those that were set, in that order."""

    def __init__(self, labels: Labels) -> None:
        self._original = labels.as_dict()
        self._set: dict[str, str] = {}
        self.touched = False

    def get(self, name: str) -> str:
        """The value of a label, empty when it is absent."""
        return self._set.get(name) or self._original.get(name, "")

    def set(self, name: str, value: str) -> None:
        """Give a label its value; the empty one takes it away."""
        self.touched = True
        self._original.pop(name, None)
        if value:
            self._set[name] = value
        else:
            self._set.pop(name, None)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """All labels."""
        yield from self._original.items()
        yield from self._set.items()


def _apply(rule: Relabel, draft: _Draft) -> bool:
    """Act as the rule says; whether the labels are kept."""
    text = rule.separator.join(map(draft.get, rule.source_labels))
    match rule.action:
        case Action.KEEP:
            return rule.matched(text) is not None
        case Action.DROP:
            return rule.matched(text) is None
        case Action.KEEP_EQUAL:
            return draft.get(rule.target_label) == text
        case Action.DROP_EQUAL:
            return draft.get(rule.target_label) != text
        case Action.LABEL_MAP | Action.LABEL_DROP | Action.LABEL_KEEP:
            _rename(rule, draft)
        case _:
            _write(rule, text, draft)
    return True


def _write(rule: Relabel, text: str, draft: _Draft) -> None:
    """The actions that set the target label."""
    match rule.action:
        case Action.LOWERCASE:
            draft.set(rule.target_label, "".join(letter.lower()[0] for letter in text))
        case Action.UPPERCASE:
            draft.set(rule.target_label, "".join(map(_upper, text)))
        case Action.HASH_MOD:
            digest = md5(text.encode(), usedforsecurity=False).digest()
            draft.set(rule.target_label, str(int.from_bytes(digest[8:], "big") % rule.modulus))
        case _:
            match = rule.matched(text)
            if match is not None and is_name(target := expand(rule.target_label, match), rule.classic):
                draft.set(target, expand(rule.replacement, match))


def _rename(rule: Relabel, draft: _Draft) -> None:
    """The actions that go by the names of labels."""
    for name, value in list(draft.pairs()):
        match = rule.matched(name)
        if rule.action is Action.LABEL_MAP:
            if match is not None:
                draft.set(expand(rule.replacement, match), value)
        elif (match is None) is (rule.action is Action.LABEL_KEEP):
            draft.set(name, "")


def is_name(text: str, classic: bool) -> bool:
    """Whether a label may be called so: any text but the empty one; classic: letters, digits and underscores."""
    return CLASSIC_NAME.fullmatch(text) is not None if classic else text != ""


def expand(template: str, match: Any) -> str:
    """The template with `$1`, `${1}` and `${name}` replaced by the groups of a match, and `$$` by a dollar.

    As in Go: the longest name counts, a group that is not there is empty, and a dollar before anything else is a dollar.
    """
    return template if "$" not in template else "".join(_expanded(template, match))


def _expanded(template: str, match: Any) -> Iterable[str]:
    last = 0
    for reference in _REFERENCE.finditer(template):
        yield template[last : reference.start()]
        yield "$" if reference[1] else _group(match, reference[2] or reference[3])
        last = reference.end()
    yield template[last:]


def _group(match: Any, name: str) -> str:
    number = int(name) if _NUMBER.fullmatch(name) else match.re.groupindex.get(name, -1)
    return (match.group(number) or "") if 0 <= number <= match.re.groups else ""


def _upper(letter: str) -> str:
    """As in Go, where no letter becomes two: those that would stay as they are."""
    return upper if len(upper := letter.upper()) == 1 else letter
