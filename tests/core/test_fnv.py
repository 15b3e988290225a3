"""Sums of many texts at once are those of the texts one by one, and those are Alertmanager's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.fnv import FEW, LONG, SIDE_BY_SIDE, fnv1a, fnv1a_of_many
from evaluator.core.labels import Labels


@pytest.mark.parametrize(
    ("text", "expected"), [(b"", 0xCBF29CE484222325), (b"a", 0xAF63DC4C8601EC8C), (b"foobar", 0x85944171F73967E8)]
)
def test_published_examples(text: bytes, expected: int) -> None:
    assert fnv1a(text) == expected
    assert fnv1a_of_many([text] * (FEW + 1)) == [expected] * (FEW + 1)


@given(st.lists(st.binary(max_size=40), max_size=3 * FEW))
def test_many_at_once_are_as_one_by_one(texts: list[bytes]) -> None:
    assert fnv1a_of_many(texts) == [fnv1a(text) for text in texts]


def test_more_than_stand_side_by_side_and_some_that_are_long() -> None:
    texts = [bytes([number % 251]) * (number % 90) for number in range(2 * SIDE_BY_SIDE + FEW + 1)]
    texts[7] = b"x" * (LONG + 1)
    assert fnv1a_of_many(texts) == [fnv1a(text) for text in texts]


def test_label_sets_get_their_fingerprints_together() -> None:
    """Those that know theirs keep it."""
    sets = [Labels({"alertname": "Höhe", "pod": f"p-{number}"}) for number in range(2 * FEW)]
    kept = Labels.kept({"a": "b"}, "0123456789abcdef")
    Labels.fingerprint_all([*sets, kept])
    assert [one.fingerprint for one in sets] == [Labels(one.as_dict()).fingerprint for one in sets]
    assert kept.fingerprint == "0123456789abcdef"
