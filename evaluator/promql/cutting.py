"""Cuts the answer to a shared request into what each expression would have been answered.

Nothing is computed that the server would compute otherwise: series are told apart by a label that the plan put there or
left there, and compared with constants as IEEE doubles. A native histogram counts as 0 there, as its value does here: servers
that let one pass at all take it for that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from evaluator.core.evaluation.answers import Sample
from evaluator.core.labels import Labels
from evaluator.promql.plan import MARKER, Fetch, Request, Taker


class ForeignSeriesError(ValueError):
    """The server answered a series that belongs to none of the expressions that it was asked for."""


class Unmarked:
    """Labels without MARKER, for as long as the same label sets keep coming.

    They are looked up by the object that the decoder gives for the same text, so a series that was seen costs one lookup.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._known: dict[Labels, tuple[str, Labels]] = {}

    def read(self, labels: Labels) -> tuple[str, Labels]:
        """The marker's text, and the labels as they would be without it."""
        known = self._known.get(labels)
        if known is None:
            if len(self._known) >= self._most:
                self._known.clear()
            known = self._known[labels] = (labels.get(MARKER, ""), labels.without(MARKER))
        return known


def cut(request: Request, samples: Sequence[Sample], unmarked: Unmarked) -> Mapping[str, Sequence[Sample]]:
    """The samples of each expression of `request` that has any. Raises ForeignSeriesError."""
    if not samples:
        return {}
    if not request.marked:
        return dict(_shares(request.fetches[0], samples))
    piles: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        number, labels = unmarked.read(sample.labels)
        piles[number].append(Sample(labels, sample.value, sample.histogram))
    return dict(share for number, pile in piles.items() for share in _shares(_fetch(request, number), pile))


def _fetch(request: Request, number: str) -> Fetch:
    try:
        return request.fetches[int(number)]
    except (ValueError, IndexError):
        raise ForeignSeriesError(f"a series of the answer is marked {number!r}, which nothing that was asked for is") from None


def _shares(fetch: Fetch, samples: Sequence[Sample]) -> Iterator[tuple[str, Sequence[Sample]]]:
    """What each taker of a fetch gets."""
    if len(fetch.takers) == 1 and not fetch.takers[0].label and fetch.takers[0].bound is None:
        yield fetch.takers[0].expr, samples
        return
    piles = _by_label(fetch.takers, samples)
    for taker in fetch.takers:
        mine = piles.get(taker.value, ())
        if taker.bound is not None:
            holds = taker.bound.holds
            mine = [sample for sample in mine if holds(sample.value)]
        if mine:
            yield taker.expr, mine


def _by_label(takers: Iterable[Taker], samples: Sequence[Sample]) -> Mapping[str, Sequence[Sample]]:
    """The samples by the value of the label that tells the takers apart; all under the empty value where none does."""
    label = next(iter(takers)).label if takers else ""
    if not label:
        return {"": samples}
    piles: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        piles[sample.labels.get(label, "")].append(sample)
    return piles
