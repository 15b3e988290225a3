"""Long lists, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from evaluator.core.frozen import frozen

T = TypeVar("T")


@frozen
class Page(Generic[T]):
    """A part of a list. number: from 1. total: of the whole list."""

    items: Sequence[T]
    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last page; an empty list has one."""
        return max(1, -(-self.total // self.size))

    @property
    def first_item(self) -> int:
        """The number of the first item here, from 1."""
        return (self.number - 1) * self.size + 1

    @property
    def last_item(self) -> int:
        """The number of the last item here."""
        return self.first_item + len(self.items) - 1


def page_of(items: Sequence[T], number: int, size: int) -> Page[T]:
    """The page with this number, or the last one that there is."""
    number = min(number, max(1, -(-len(items) // size)))
    return Page(items[(number - 1) * size : number * size], number, size, len(items))
