"""The pages of all incidents at hand: found by id, by incident, and by the way they go."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.core.incidents.reach import CHANNELS
from evaluator.core.incidents.records import PageKind, PageRecord, PageState, Pairs
from evaluator.core.journal import Journal

MADE_UP = frozenset({PageKind.PAGE, PageKind.REMINDER, PageKind.NOTICE})
"""Kinds that tell somebody something new; the others change or end what was told."""


class PageTable:
    """See the module. Whatever is asked for comes in the order in which it was planned."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._incidents: dict[int, dict[str, PageRecord]] = {}
        self._ways: dict[tuple[int, str], list[str]] = {}
        self._places: dict[str, int] = {}

    def __contains__(self, ident: str) -> bool:
        return ident in self._places

    def __iter__(self) -> Iterator[PageRecord]:
        return (page for pages in self._incidents.values() for page in pages.values())

    def page(self, ident: str) -> PageRecord:
        """The page with that id. Raises KeyError."""
        return self._incidents[self._places[ident]][ident]

    def of(self, number: int) -> list[PageRecord]:
        """All pages about an incident."""
        return list(self._incidents.get(number, {}).values())

    def by_way(self, number: int, integration: str) -> Iterator[PageRecord]:
        """Those that go by one integration."""
        return (self.page(ident) for ident in self._ways.get((number, integration), ()))

    def keep(self, page: PageRecord) -> None:
        """Take a page as it is from now on."""
        self.place(page)
        self._journal.save(page)

    def place(self, page: PageRecord) -> None:
        """Take a page that the store knows."""
        if page.id not in self._places:
            self._places[page.id] = page.incident
            self._ways.setdefault((page.incident, page.integration), []).append(page.id)
        self._incidents.setdefault(page.incident, {})[page.id] = page

    def forget(self, number: int) -> None:
        """The incident is not at hand any more; the store keeps its pages."""
        for page in self._incidents.pop(number, {}).values():
            del self._places[page.id]
            self._ways.pop((number, page.integration), None)

    # -- what they come to --------------------------------------------------------------------------------------------

    def told(self, number: int) -> list[PageRecord]:
        """What was sent about an incident, or may have been."""
        return [page for page in self.of(number) if page.sent_at is not None and page.kind in MADE_UP]

    def first(self, page: PageRecord) -> bool:
        """Whether nothing about the incident has been sent by the same way."""
        sent = PageState.SENDING, PageState.SENT
        return not any(one.state in sent for one in self.by_way(page.incident, page.integration) if one.id != page.id)

    def root(self, page: PageRecord) -> Pairs:
        """What the provider called the first message about this incident by the same way."""
        return next((one.receipt for one in self.by_way(page.incident, page.integration) if one.receipt), ())

    def lost(self, page: PageRecord) -> bool:
        """Whether the level that this page belongs to has reached nobody: all that it sent was refused for good.

        As in `reach`, channels do not count where people are meant.
        """
        same = [one for one in self.level(page.incident, page.epoch) if one.level == page.level]
        meant = [one for one in same if not one.whom.startswith(CHANNELS)] or same
        return page in meant and all(one.state is PageState.FAILED for one in meant)

    def level(self, number: int, epoch: int) -> list[PageRecord]:
        """What the levels of one climb have planned."""
        return [page for page in self.of(number) if page.kind is PageKind.PAGE and page.epoch == epoch]
