"""Which alerts a matcher finds, when it is not asked about each of them."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from evaluator.api.roll import Roll
from evaluator.core.events import AlertsPosted
from evaluator.core.labels import Labels, Matcher, MatchOp, match_all
from evaluator.core.posted.posting import PostedAlert
from tests.api import alertmanager
from tests.api.town import Town
from tests.effort import examples

ATOMS = st.sampled_from(["a", "b", ".", "é", "x*", "a?", "(a|b)", "[^a]", "\\n", "(?i:A)", "$", "^", "{2}", "|", "😀", "a+"])
VALUES = st.lists(st.text(alphabet="abAé\n1\U0001f600", max_size=5), min_size=1, max_size=8)


def names(roll: Roll, *matchers: Matcher) -> list[str]:
    """The values of `l` that are found."""
    return [entry.labels.get("l", "") for entry in roll.find(matchers)]


@example("a|b", ["a", "c", ""])
@example("^a", ["a", "ab"])
@example("(?i)AB", ["ab", "aB", "b"])
@settings(max_examples=examples(50))
@given(st.lists(ATOMS, max_size=5).map("".join), VALUES)
def test_an_expression_finds_what_it_matches(text: str, values: list[str]) -> None:
    """Although most values are told apart by the least and the greatest text that can match."""
    town = Town(alertmanager.settings())
    labels = [Labels({"alertname": "A", **({"l": value} if value else {})}) for value in values]
    town.happen(AlertsPosted(tuple(PostedAlert(each) for each in labels)))
    roll = Roll(town)  # type: ignore[arg-type]
    for op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
        try:
            matcher = Matcher("l", text, op)
        except ValueError:
            return
        expected = {each.get("l", "") for each in labels if matcher.matches(each)}
        assert sorted(names(roll, matcher)) == sorted(expected)


def test_several_matchers_are_asked_in_the_order_of_what_they_leave() -> None:
    """All of them hold, whatever their order; what was found comes by fingerprint, and an unknown label is empty."""
    town = Town(alertmanager.settings())
    labels = [Labels({"alertname": name, "l": str(number)}) for name in "AB" for number in range(20)]
    town.happen(AlertsPosted(tuple(PostedAlert(each) for each in labels)))
    roll = Roll(town)  # type: ignore[arg-type]
    matchers = (Matcher("l", "1.|7", MatchOp.REGEX), Matcher("alertname", "A"), Matcher("none", ""))
    expected = sorted(each.fingerprint for each in labels if match_all(matchers, each))
    assert len(expected) == 11
    for order in (matchers, matchers[::-1]):
        assert [entry.fingerprint for entry in roll.find(order)] == expected
    assert names(roll, Matcher("none", "x")) == names(roll, Matcher("none", ".+", MatchOp.REGEX)) == []
    assert len(names(roll, Matcher("none", "x", MatchOp.NOT_EQUAL))) == 40


def test_strange_questions_do_not_pile_up() -> None:
    """Whoever filters by a new label or expression each time costs a little time, and no memory in the long run."""
    town = Town(alertmanager.settings())
    town.happen(AlertsPosted((PostedAlert(Labels({"alertname": "A", "l": "1"})),)))
    roll = Roll(town)  # type: ignore[arg-type]
    for number in range(1000):
        assert names(roll, Matcher(f"l{number}", "")) == ["1"]
        assert names(roll, Matcher("l", f"1|x{number}", MatchOp.REGEX)) == ["1"]
    assert max(len(kept) for kept in vars(roll).values() if isinstance(kept, dict)) < 5000
