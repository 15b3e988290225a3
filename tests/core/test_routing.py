"""The route tree, on Alertmanager's own examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.routing.routing import Route

GROUPED = frozenset({"foo", "bar"})


def node(
    receiver: str, *children: Route, by: frozenset[str] | None = GROUPED, wait: float = 30, on: str = "", **more: bool
) -> Route:
    """A route; `on` is its matchers as `owner=team-A` or `env=~produ.*`, separated by blanks."""
    matchers = tuple(_matcher(text) for text in on.split())
    return Route(receiver, matchers=matchers, group_by=by, group_wait=timedelta(seconds=wait), routes=children, **more)  # type: ignore[arg-type]


def _matcher(text: str) -> Matcher:
    op = MatchOp.REGEX if "=~" in text else MatchOp.EQUAL
    name, value = text.split(op, 1)
    return Matcher(name, value, op)


def named(route: Route, parent: str = "", sibling: int = 0) -> Route:
    """With keys and ids as a configuration gives them."""
    key = f"{parent}/{{{','.join(map(str, route.matchers))}}}" if parent else "{}"
    children = tuple(named(child, key, number) for number, child in enumerate(route.routes))
    return replace(route, key=key, id=f"{key}/{sibling}" if parent else key, routes=children)


ROLE = frozenset({"role"})
TREE = named(
    node(
        "notify-def",
        node(
            "notify-A",
            node("notify-testing", on="env=testing", by=None),
            node("notify-productionA", on="env=production", wait=60, continues=True),
            node("notify-productionB", on="env=~produ.* job=~.*", wait=30, by=frozenset({"job"})),
            on="owner=team-A",
        ),
        node("notify-BC", on="owner=~team-(B|C)"),
        node(
            "notify-def",
            node("notify-def", node("notify-def", on="wait=long", by=ROLE, wait=120), on="env=testing", by=ROLE, wait=30),
            on="group_by=role",
            by=ROLE,
        ),
    )
)

TAKEN = [
    ({"owner": "team-A"}, [("notify-A", '{}/{owner="team-A"}')]),
    ({"owner": "team-A", "env": "unset"}, [("notify-A", '{}/{owner="team-A"}')]),
    ({"owner": "team-C"}, [("notify-BC", '{}/{owner=~"team-(B|C)"}')]),
    ({"owner": "team-A", "env": "testing"}, [("notify-testing", '{}/{owner="team-A"}/{env="testing"}')]),
    (
        {"owner": "team-A", "env": "production"},
        [
            ("notify-productionA", '{}/{owner="team-A"}/{env="production"}'),
            ("notify-productionB", '{}/{owner="team-A"}/{env=~"produ.*",job=~".*"}'),
        ],
    ),
    ({"group_by": "role"}, [("notify-def", '{}/{group_by="role"}')]),
    ({"env": "testing", "group_by": "role"}, [("notify-def", '{}/{group_by="role"}/{env="testing"}')]),
    (
        {"env": "testing", "group_by": "role", "wait": "long"},
        [("notify-def", '{}/{group_by="role"}/{env="testing"}/{wait="long"}')],
    ),
    ({"owner": "team-D"}, [("notify-def", "{}")]),
    ({}, [("notify-def", "{}")]),
]


@pytest.mark.parametrize(("labels", "expected"), TAKEN)
def test_routes_taken(labels: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert [(route.receiver, route.key) for route in TREE.match(Labels(labels))] == expected


def test_continue_goes_on_to_the_siblings_only() -> None:
    """A match below a node that continues does not make that node a result of its own."""
    tree = named(
        node(
            "root", node("one", node("inner", on="a=1"), on="a=1", continues=True), node("two", on="a=1"), node("no", on="a=1")
        )
    )
    assert [route.receiver for route in tree.match(Labels({"a": "1"}))] == ["inner", "two"]


@pytest.mark.parametrize(("value", "receivers"), [("1", ["test1"]), ("2", ["test1", "test2"]), ("volovina", ["default"])])
def test_results_come_in_the_order_of_the_tree(value: str, receivers: list[str]) -> None:
    tree = named(node("default", node("test1", on="test=~[12]", continues=True), node("test2", on="test=2")))
    assert [route.receiver for route in tree.match(Labels({"test": value}))] == receivers


def test_the_order_is_not_that_of_the_receivers_names() -> None:
    """The same tree with its routes reversed gives the same receivers in reverse."""
    tree = named(node("default", node("test2", on="test=2", continues=True), node("test1", on="test=~[12]")))
    assert [route.receiver for route in tree.match(Labels({"test": "2"}))] == ["test2", "test1"]
    assert [route.receiver for route in tree.match(Labels({"test": "1"}))] == ["test1"]


def test_group_labels_and_keys() -> None:
    """What an alert lacks is left out, so that an absent label and an empty one make one group."""
    alert = Labels({"alertname": "X", "foo": 'a"b'})
    assert TREE.group_labels(alert) == {"foo": 'a"b'}
    assert TREE.group_key(alert) == r'{}:{foo="a\"b"}'
    assert TREE.group_key(Labels({"alertname": "X"})) == "{}:{}"
    everything = replace(TREE, group_by=None)
    assert everything.group_key(alert) == r'{}:{alertname="X", foo="a\"b"}'
    assert replace(TREE, group_by=frozenset()).group_labels(alert) == {}


def test_walking_meets_every_node_once_parents_first() -> None:
    ids = [route.id for route in TREE.walk()]
    assert len(ids) == len(set(ids)) == 9
    assert ids[0] == "{}"
