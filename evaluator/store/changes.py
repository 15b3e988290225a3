"""What a sequence of effects comes to: per kind and key the last word, and the history in its order.

The order of effects matters only among those for one key. Once that is settled, all changes of one table can be written
together, which is what makes a large commit cheap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from evaluator.core.effects import Forget, Note, Save
from evaluator.core.records import History, Record
from evaluator.store.base import Change
from evaluator.store.codec.kind import Key


@dataclass(slots=True)
class Changes:
    """saved, forgotten: what is to be true afterwards, by kind; a key is in one of them at most. noted: by kind, in order."""

    saved: dict[type[Record], dict[Key, Record]] = field(default_factory=lambda: defaultdict(dict))
    forgotten: dict[type[Record], set[Key]] = field(default_factory=lambda: defaultdict(set))
    noted: dict[type[History], list[History]] = field(default_factory=lambda: defaultdict(list))

    def add(self, effect: Change) -> None:
        """Take one more effect into account."""
        match effect:
            case Save(record):
                self.saved[type(record)][record.key] = record
                self.forgotten[type(record)].discard(record.key)
            case Forget(kind, key):
                self.saved[kind].pop(key, None)
                self.forgotten[kind].add(key)
            case Note(note):
                self.noted[type(note)].append(note)


def net_changes(effects: Iterable[Change]) -> Changes:
    """The changes that `effects` come to."""
    changes = Changes()
    for effect in effects:
        changes.add(effect)
    return changes
