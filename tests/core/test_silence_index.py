"""What is filed about silences finds what asking each of them would find."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.labels import Labels, Matcher, MatchOp, match_all
from evaluator.core.muting.silence import MatcherSet
from evaluator.core.muting.silence_index import SilenceIndex
from tests.effort import examples

NAMES = st.sampled_from(["team", "job", "pod"])
VALUES = st.sampled_from(["", "a", "b", "ab"])
LABELS = st.dictionaries(NAMES, VALUES).map(lambda pairs: Labels({name: value for name, value in pairs.items() if value}))
MATCHERS = st.builds(Matcher, NAMES, VALUES, st.sampled_from(MatchOp))
SETS = st.lists(st.lists(MATCHERS, min_size=1, max_size=3).map(tuple), min_size=1, max_size=2)
FILED = st.dictionaries(st.sampled_from("uvwxyz"), SETS)


class Unread(Labels):
    """Labels that count how often one of them is looked at."""

    __slots__ = ("looks",)

    def __init__(self, labels: Mapping[str, str]) -> None:
        super().__init__(labels)
        self.looks = 0

    def get(self, name: str, default: str | None = None) -> str | None:
        """Count, and look."""
        self.looks += 1
        value: str | None = super().get(name, default)
        return value


@settings(max_examples=examples(8))
@given(FILED, FILED, st.sets(st.sampled_from("uvwxyz")), LABELS)
def test_finds_what_each_would_match(
    first: dict[str, list[MatcherSet]], again: dict[str, list[MatcherSet]], gone: set[str], labels: Labels
) -> None:
    """Also after some were filed anew and others forgotten."""
    index = SilenceIndex()
    for filed in (first, again):
        for name, sets in filed.items():
            index.add(name, sets)
    for name in gone:
        index.remove(name)
    left = {name: sets for name, sets in {**first, **again}.items() if name not in gone}
    expected = {name for name, sets in left.items() if any(match_all(matchers, labels) for matchers in sets)}
    assert {name for name, matchers in index.candidates(labels) if match_all(matchers, labels)} == expected
    assert index.matches(labels) == bool(expected)
    assert len(index) == len(left)


def test_a_thousand_silences_of_other_instances_cost_one_look() -> None:
    index = SilenceIndex()
    for number in range(1000):
        index.add(f"silence-{number}", [(Matcher("instance", f"host-{number}", MatchOp.EQUAL),)])
    labels = Unread({"alertname": "Down", "instance": "host-elsewhere", "job": "node"})
    assert not index.matches(labels)
    assert labels.looks == 1
