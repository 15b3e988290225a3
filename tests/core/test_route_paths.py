"""How one comes to a route."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.labels import Labels, Matcher
from evaluator.core.routing.route_paths import path_to, paths
from evaluator.core.routing.routing import Route
from tests.effort import examples

VALUES = st.sampled_from("123")


def nodes(depth: int) -> st.SearchStrategy[Route]:
    """A subtree whose nodes ask for `x` or for nothing."""
    matchers = st.one_of(st.just(()), VALUES.map(lambda value: (Matcher("x", value),)))
    children = st.lists(nodes(depth - 1), max_size=3).map(tuple) if depth else st.just(())
    return st.builds(Route, st.just("ops"), matchers=matchers, continues=st.booleans(), routes=children)


@settings(max_examples=examples(15))
@given(nodes(3), VALUES)
def test_paths_lead_to_the_routes_that_match(tree: Route, value: str) -> None:
    """To each of them, in their order, from the root, over nodes that all match; and each step is a child of the one before."""
    root, labels = Route("ops", routes=(tree,)), Labels({"x": value})
    found = list(paths(root, labels))
    assert [id(path.route) for path in found] == [id(route) for route in root.match(labels)]
    for path in found:
        above, *below = path.steps
        assert above.route is root
        for step in below:
            assert above.route.routes[step.number - 1] is step.route
            assert step.among == len(above.route.routes)
            assert all(matcher.matches(labels) for matcher in step.route.matchers)
            above = step


def test_a_step_says_what_became_of_the_search() -> None:
    """With `continue` the later siblings were asked, without it they were not."""
    one, two, three = (Matcher("x", value) for value in "123")
    greedy = Route("a", matchers=(one,), continues=True)
    root = Route("ops", routes=(greedy, Route("b", matchers=(one,)), Route("c", matchers=(two, three))))
    first, second = paths(root, Labels({"x": "1"}))
    assert (str(first), first.steps[-1].asked, first.steps[-1].unasked) == ('everything > x="1"', 2, 0)
    assert (str(second), second.steps[-1].asked, second.steps[-1].unasked) == ('everything > x="1"', 0, 1)
    assert (first.steps[0].asked, first.steps[0].unasked) == (0, 0)


def test_no_path_leads_to_a_route_of_another_tree() -> None:
    """Even when it looks the same: a group keeps the route of the tree that it began with."""
    root = Route("ops", routes=(Route("dev"),))
    assert path_to(root, Route("dev")) is None
    found = path_to(root, root.routes[0])
    assert found is not None
    assert found.route is root.routes[0]
