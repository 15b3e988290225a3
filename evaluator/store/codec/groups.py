"""What is kept of an alert group's id, which is as long as the group's labels.

An index of ids would be larger than the rows it finds, and nearly every row would go to a page of its own in it: a commit cost
more for that than for what it told. So history is found by a number, the id's mark. Ids that are alike up to their first comma,
those of one alert mostly, have marks that are close, so what a storm writes stands together. Two ids may have one mark.

A group's key ends as its id does, and only its beginning is kept.
"""

from __future__ import annotations

from hashlib import blake2b


def mark(group: str) -> int:
    """A number of 64 bits, with its sign."""
    family, own = group.partition(",")[0], group
    return int.from_bytes(_digest(family, 2) + _digest(own, 6), "big", signed=True)


def head_of(group_key: str, group: str) -> str | None:
    """Where `group_key` begins to differ from the id: what is before it. None where it does not end as the id does."""
    tail = _tail(group)
    return group_key.removesuffix(tail) if tail and group_key.endswith(tail) else None


def whole_key(group_key: str, head: str | None, group: str) -> str:
    """The key, of which `head` is kept or else all."""
    return group_key if head is None else head + _tail(group)


def _tail(group: str) -> str:
    """The labels, with what separates them from the route."""
    _, colon, labels = group.partition(":{")
    return colon + labels


def _digest(text: str, size: int) -> bytes:
    return blake2b(text.encode(), digest_size=size).digest()
