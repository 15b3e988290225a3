"""Label sets that are the same object when they come as the same text.

A datasource writes the same series the same way each time, so the JSON text of its labels is a good key: a series that
has been seen costs one lookup, neither parsed nor sorted nor hashed again.
"""

from __future__ import annotations

import msgspec

from evaluator.core.labels import Labels

_decode_pairs = msgspec.json.Decoder(dict[str, str]).decode


class LabelSets:
    """A bounded memory of label sets.

    Two generations: when the young one is full it becomes the old one, and what was in the old one and has not been asked
    for since is forgotten. Nearly as good as least-recently-used, at the price of a lookup.
    """

    def __init__(self, most: int = 100_000) -> None:
        """most: label sets kept at once, at least 2."""
        self._generation = most // 2
        self._young: dict[bytes, Labels] = {}
        self._old: dict[bytes, Labels] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def read(self, text: bytes) -> Labels:
        """The label set that a JSON object of strings stands for. Raises msgspec.DecodeError for anything else."""
        known = self._young.get(text)
        if known is not None:
            return known
        labels = self._old.pop(text, None)
        if labels is None:
            labels = Labels(_decode_pairs(text))
        if len(self._young) >= self._generation:
            self._old, self._young = self._young, {}
        self._young[text] = labels
        return labels
