"""Whose turn it is: how many messages one person gets when many incidents begin, or end, at once.

Each contact has a bucket. Where messages ring a telephone, a few go out at once, and then those that wait are gathered: one of
them is sent and names the others. So a person whose two hundred incidents begin together gets five messages and knows of all.
The first page about an incident waits for nothing but that gathering: what nobody has heard of yet must not stand behind what
somebody has. By other ways it goes out at once, for there it can be answered, changed and closed by itself.

Buckets are not kept: a restart begins with full ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from evaluator.core.incidents.policy import PAGE_LIMIT, SMS_LIMIT
from evaluator.core.incidents.records import PageKind, PageRecord
from evaluator.core.notifying.rates import Bucket

TELEPHONES = frozenset({"sms", "ntfy"})
GATHERING = timedelta(seconds=10)
"""How long the first of those that wait does so: what belongs to one storm does not begin in one instant."""
NAMED = 10
"""Incidents that a message names besides its own."""

Lane = tuple[str, bool]
"""An integration, and whether it is about ends: these must not use up what pages need."""


class Turns:
    """Gives turns to pages, and knows those that wait for one."""

    def __init__(self) -> None:
        self._buckets: dict[Lane, Bucket] = {}
        self._waiting: dict[Lane, dict[str, PageRecord]] = {}
        self._urgent: set[str] = set()

    def turn(self, page: PageRecord, first: Callable[[], bool], now: datetime) -> datetime:
        """When this page may go out: `now`, in which case the turn is taken, or when to ask again.

        first: whether it is the first about its incident by this way.
        """
        gathered = page.way in TELEPHONES and page.kind in (PageKind.PAGE, PageKind.RESOLVED)
        if page.kind is PageKind.UPDATE or (page.kind is PageKind.RESOLVED and not gathered):
            return now
        bucket = self._buckets.setdefault(_lane(page), Bucket(SMS_LIMIT if page.way == "sms" else PAGE_LIMIT))
        if gathered:
            return self._gathered(page, page.kind is PageKind.PAGE and first(), bucket, now)
        if bucket.left(now):
            bucket.take(now)
            return now
        return now if first() else bucket.free_at(now)

    def _gathered(self, page: PageRecord, urgent: bool, bucket: Bucket, now: datetime) -> datetime:
        """The last turn that is left is for all that wait; what is urgent has one in any case."""
        waiting = self._waiting.setdefault(_lane(page), {})
        if page.id not in waiting and (waiting or bucket.left(now) <= 1):
            waiting[page.id] = page
            if urgent:
                self._urgent.add(page.id)
            return now + GATHERING if urgent else max(now + GATHERING, bucket.free_at(now))
        if not bucket.left(now) and page.id not in self._urgent:
            return bucket.free_at(now)
        if waiting and page.id != self._speaker(waiting):
            return now + GATHERING
        bucket.draw(now)
        self.leave(page)
        return now

    def _speaker(self, waiting: Iterable[str]) -> str:
        """The one that has waited longest, of those that are urgent if any is."""
        ids = list(waiting)
        return next((one for one in ids if one in self._urgent), ids[0])

    def next_turn(self, page: PageRecord, now: datetime) -> datetime:
        """When those have a turn that wait as this page did."""
        return self._buckets[_lane(page)].free_at(now)

    def with_it(self, page: PageRecord) -> list[PageRecord]:
        """What waits for a turn as well and is about other incidents: a message can stand for all of it."""
        waiting = self._waiting.get(_lane(page), {}).values() if page.way in TELEPHONES else ()
        return [one for one in waiting if one.incident != page.incident]

    def leave(self, page: PageRecord) -> None:
        """It does not wait any more."""
        self._urgent.discard(page.id)
        self._waiting.get(_lane(page), {}).pop(page.id, None)


def _lane(page: PageRecord) -> Lane:
    return page.integration, page.kind is PageKind.RESOLVED


def naming(page: PageRecord, others: Iterable[PageRecord]) -> str:
    """What a message says that stands for others: its own text, and their incidents."""
    numbers = sorted({one.incident for one in others})
    if not numbers:
        return page.text
    named = ", ".join(map(str, numbers[:NAMED])) + (", …" if len(numbers) > NAMED else "")
    what = "over as well" if page.kind is PageKind.RESOLVED else "fires as well"
    said = f"{what}: {len(numbers)} more {'incident' if len(numbers) == 1 else 'incidents'}, {named}"
    return f"{page.text}; {said}" if page.text else said
