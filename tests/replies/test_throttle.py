"""How often somebody may come, and what has come already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evaluator.core.notifying.rates import RateLimit
from evaluator.replies.seen import Seen
from evaluator.replies.throttle import Throttle, network

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_each_key_has_its_own_bucket() -> None:
    throttle = Throttle(RateLimit(2, MINUTE, burst=2))
    assert [throttle.admits("a", NOW) for _ in range(3)] == [True, True, False]
    assert throttle.admits("b", NOW)
    assert throttle.admits("a", NOW + MINUTE / 2)


def test_only_so_many_keys_are_remembered() -> None:
    """Whoever has not come for longest is forgotten first; whoever comes all the time is not."""
    throttle = Throttle(RateLimit(1, MINUTE), most=2)
    assert [throttle.admits(key, NOW) for key in "abacab"] == [True, True, False, True, False, True]


@pytest.mark.parametrize(
    ("address", "visitor"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("a socket", "a socket"),
        ("", ""),
    ],
)
def test_a_household_is_one_visitor(address: str, visitor: str) -> None:
    assert network(address) == visitor


def test_what_came_is_known_for_a_while() -> None:
    seen = Seen(MINUTE, most=3)
    for key in "abc":
        seen.add(key, NOW)
    assert [seen.has(key, NOW) for key in "abcd"] == [True, True, True, False]
    assert not seen.has("a", NOW + MINUTE)
    seen.add("d", NOW)
    assert [seen.has(key, NOW) for key in "abcd"] == [False, True, True, True]
    seen.add("e", NOW + MINUTE)
    assert [seen.has(key, NOW) for key in "abcde"] == [False, False, False, False, True]
