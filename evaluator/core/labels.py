"""Label sets and matchers.

A `Labels` is an immutable mapping that remembers its hash and its fingerprint, so that a set of labels that lives for
weeks is hashed once. The fingerprint is Alertmanager's: 64-bit FNV-1a over the sorted pairs, each name and value followed
by the byte 0xff.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

import re2

from evaluator.core.fnv import fnv1a, fnv1a_of_many

_LAST_SIGN = 0x10FFFF  # of Unicode

ALERT_NAME = "alertname"
METRIC_NAME = "__name__"


class Labels(Mapping[str, str]):
    """An immutable, hashable set of labels, iterated in the order of the names."""

    __slots__ = ("_fingerprint", "_hash", "_map")

    def __init__(self, labels: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        self._map: dict[str, str] = dict(sorted(dict(labels).items()))
        self._hash: int | None = None
        self._fingerprint: str | None = None

    @classmethod
    def kept(cls, labels: dict[str, str], fingerprint: str | None = None) -> Labels:
        """Labels that were kept: `as_dict` and `fingerprint` of others gave both. Neither is found out again.

        Without a fingerprint, it is found out by whoever asks for it.
        """
        found = cls.__new__(cls)
        found._map, found._hash, found._fingerprint = labels, None, fingerprint
        return found

    def __getitem__(self, name: str) -> str:
        return self._map[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._map)

    def __len__(self) -> int:
        return len(self._map)

    def __contains__(self, name: object) -> bool:
        return name in self._map

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self._map.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Labels):
            return self._map == other._map
        return self._map == other

    def __lt__(self, other: Labels) -> bool:
        return tuple(self._map.items()) < tuple(other._map.items())

    @property
    def order(self) -> tuple[int, tuple[tuple[str, str], ...]]:
        """What Prometheus and Alertmanager sort label sets by: fewer first; where names differ, the later; values."""
        return len(self._map), tuple([(_backwards(name), value) for name, value in self._map.items()])

    def __repr__(self) -> str:
        return f"Labels({self._map!r})"

    def __str__(self) -> str:
        return "{" + quoted_pairs(self._map) + "}"

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a label, or `default`."""
        return self._map.get(name, default)

    # What a Mapping inherits looks every label up again; labels are gone through more often than anything else.

    def keys(self) -> KeysView[str]:
        """The names, in order."""
        return self._map.keys()

    def values(self) -> ValuesView[str]:
        """The values, in the order of the names."""
        return self._map.values()

    def items(self) -> ItemsView[str, str]:
        """Names and values, in the order of the names."""
        return self._map.items()

    def as_dict(self) -> dict[str, str]:
        """A fresh plain dict in the order of the names."""
        return dict(self._map)

    def only(self, names: Iterable[str]) -> Labels:
        """The labels whose names are in `names`; names that are not here are left out."""
        return Labels({name: self._map[name] for name in names if name in self._map})

    def without(self, *names: str) -> Labels:
        """The labels whose names are not in `names`."""
        if not any(name in self._map for name in names):
            return self
        return Labels({name: value for name, value in self._map.items() if name not in names})

    def filled_from(self, defaults: Mapping[str, str]) -> Labels:
        """These labels, and of `defaults` those that are absent or empty here (Prometheus' rule for external labels)."""
        if not defaults:
            return self
        return Labels({**defaults, **{name: value for name, value in self._map.items() if value}})

    @property
    def fingerprint(self) -> str:
        """16 hex digits that identify this set of labels, as in Alertmanager's API."""
        if self._fingerprint is None:
            self._fingerprint = f"{fnv1a(self._spelled()):016x}"
        return self._fingerprint

    @staticmethod
    def fingerprint_all(sets: Iterable[Labels]) -> None:
        """Find out the fingerprints of all these, if they are many for a quarter of what it takes one by one."""
        fresh = [one for one in sets if one._fingerprint is None]
        for one, number in zip(fresh, fnv1a_of_many([one._spelled() for one in fresh]), strict=True):
            one._fingerprint = f"{number:016x}"

    def _spelled(self) -> bytes:
        return b"".join([b"%b\xff%b\xff" % (name.encode(), value.encode()) for name, value in self._map.items()])


NO_LABELS = Labels()


@lru_cache(maxsize=4096)
def _backwards(name: str) -> str:
    """A text that sorts before those of names which `name` sorts after."""
    return "".join([chr(_LAST_SIGN - ord(sign)) for sign in name]) + chr(_LAST_SIGN)


def escape(value: str) -> str:
    """A label value as it stands between double quotes in PromQL and in Alertmanager's group keys."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def quoted_pairs(labels: Mapping[str, str]) -> str:
    """`a="1", b="2"`, as it stands between braces."""
    text = "".join(labels.values())
    if '"' in text or "\\" in text or "\n" in text:
        return ", ".join([f'{name}="{escape(value)}"' for name, value in labels.items()])
    return ", ".join([f'{name}="{value}"' for name, value in labels.items()])  # nearly always; each group has such names


class MatchOp(StrEnum):
    """How a matcher compares."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True, order=True)
class Matcher:
    """One condition on one label; an absent label counts as the empty string.

    Regular expressions are RE2 and anchored at both ends. Raises ValueError when the expression does not compile.
    """

    name: str
    value: str
    op: MatchOp = MatchOp.EQUAL
    _pattern: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self.op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
            object.__setattr__(self, "_pattern", compile_regex(self.value))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` satisfies this condition."""
        return self.accepts(labels.get(self.name, ""))

    def accepts(self, value: str) -> bool:
        """Whether the text `value` satisfies this condition."""
        match self.op:
            case MatchOp.EQUAL:
                return value == self.value
            case MatchOp.NOT_EQUAL:
                return value != self.value
            case MatchOp.REGEX:
                return self._pattern.fullmatch(value) is not None
            case MatchOp.NOT_REGEX:
                return self._pattern.fullmatch(value) is None

    def __str__(self) -> str:
        return f'{self.name}{self.op}"{escape(self.value)}"'


def compile_regex(pattern: str) -> Any:
    """Compile an RE2 expression for full matches, quietly. Raises ValueError with RE2's own reason."""
    options = re2.Options()
    options.log_errors = False
    options.never_nl = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"invalid regular expression {pattern!r}: {reason}") from None


def match_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether `labels` satisfies every one of `matchers`."""
    for matcher in matchers:  # noqa: SIM110 - a generator costs more than most matchers do
        if not matcher.matches(labels):
            return False
    return True
