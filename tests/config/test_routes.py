"""The route tree: what is inherited, and by which keys and ids its nodes are known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Settings

RECEIVERS = "receivers: [{name: default}, {name: a}, {name: b}]\n"


def settings(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "evaluator.yml"
    path.write_text(text)
    loaded = load(path, environ={})
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    return loaded.settings


def tree(tmp_path: Path, routes: str, root: str = "") -> Route:
    return settings(tmp_path, f"{RECEIVERS}route:\n  receiver: default\n{root}  routes:\n{routes}").route


def test_the_defaults_of_the_root_are_those_of_alertmanager(tmp_path: Path) -> None:
    root = settings(tmp_path, RECEIVERS + "route: {receiver: default}\n").route
    assert root == Route(
        "default",
        key="{}",
        id="{}",
        group_by=frozenset(),
        group_wait=timedelta(seconds=30),
        group_interval=timedelta(minutes=5),
        repeat_interval=timedelta(hours=4),
    )


@pytest.mark.parametrize(
    ("routes", "keys"),
    [
        ("    - matchers: ['a=\"b\"']\n", ["{}", '{}/{a="b"}']),
        ("    - matchers: ['c=d', 'a=b']\n", ["{}", '{}/{a="b",c="d"}']),
        ("    - matchers: ['{c=d, a=b}']\n", ["{}", '{}/{a="b",c="d"}']),
        ("    - {match: {c: d, a: b}, match_re: {b: x.*}}\n", ["{}", '{}/{a="b",b=~"^(?:x.*)$",c="d"}']),
        ("    - {matchers: ['a=~\"x.*\"', 'a!=y']}\n", ["{}", '{}/{a=~"x.*",a!="y"}']),
        ("    - {matchers: ['a=~\"v\"', 'a!~v', 'a!=v', 'a=v']}\n", ["{}", '{}/{a="v",a!="v",a=~"v",a!~"v"}']),
        ("    - routes: [{matchers: [a=b]}]\n", ["{}", "{}/{}", '{}/{}/{a="b"}']),
        ("    - match: {a: ~}\n", ["{}", '{}/{a=""}']),
        ("    - match: {a: 5, b: yes}\n", ["{}", '{}/{a="5",b="yes"}']),
    ],
)
def test_keys_are_those_that_receivers_know(tmp_path: Path, routes: str, keys: list[str]) -> None:
    """Keys go into group keys, and so into incidents at PagerDuty and the like: they must be Alertmanager's to the letter."""
    assert [route.key for route in tree(tmp_path, routes).walk()] == keys


def test_ids_are_unique_where_keys_are_not(tmp_path: Path) -> None:
    root = tree(
        tmp_path, "    - {matchers: [a=b], receiver: a, routes: [{}, {}]}\n    - {matchers: [a=b], receiver: b, routes: [{}]}\n"
    )
    ids = [route.id for route in root.walk()]
    assert ids == ["{}", '{}/{a="b"}', '{}/{a="b"}/{}', '{}/{a="b"}/{}#2', '{}/{a="b"}#2', '{}/{a="b"}#2/{}']


def test_a_name_is_the_id_wherever_the_route_stands(tmp_path: Path) -> None:
    """And of what is below it the beginning; the key, which receivers know, is that of any other route."""
    here = tree(tmp_path, "    - {name: db, matchers: [a=b], routes: [{matchers: [c=d]}]}\n    - {matchers: [a=b]}\n")
    there = tree(tmp_path, "    - routes: [{name: db, matchers: [e=f], routes: [{matchers: [c=d]}]}]\n")
    assert [route.id for route in here.walk()] == ["{}", "[db]", '[db]/{c="d"}', '{}/{a="b"}#2']
    assert [route.key for route in here.walk()] == ["{}", '{}/{a="b"}', '{}/{a="b"}/{c="d"}', '{}/{a="b"}']
    assert [route.id for route in there.walk()] == ["{}", "{}/{}", "[db]", '[db]/{c="d"}']


def test_a_new_route_before_others_moves_no_id(tmp_path: Path) -> None:
    """State is kept by id, so what the operator adds at the top must not look like a change of everything below."""
    before = tree(tmp_path, "    - matchers: [a=b]\n    - matchers: [c=d]\n")
    after = tree(tmp_path, "    - matchers: [new=one]\n    - matchers: [a=b]\n    - matchers: [c=d]\n")
    assert {route.id for route in before.walk()} < {route.id for route in after.walk()}


def test_what_a_child_inherits(tmp_path: Path) -> None:
    """Receiver, group_by and the three timers; not matchers, continue, nor when it is mute."""
    root = """\
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2m
  repeat_interval: 3h
"""
    routes = """\
    - matchers: [a=b]
      receiver: a
      continue: true
      group_wait: 10s
      routes:
        - matchers: [c=d]
          group_interval: 7m
"""
    parent, child = list(tree(tmp_path, routes, root).walk())[1:]
    assert (parent.receiver, parent.continues, parent.group_wait) == ("a", True, timedelta(seconds=10))
    assert child == Route(
        "a",
        key='{}/{a="b"}/{c="d"}',
        id='{}/{a="b"}/{c="d"}',
        matchers=(Matcher("c", "d"),),
        group_by=frozenset({"alertname"}),
        group_wait=timedelta(seconds=10),
        group_interval=timedelta(minutes=7),
        repeat_interval=timedelta(hours=3),
    )


@pytest.mark.parametrize(
    ("above", "written", "expected"),
    [
        ("[a]", "", {"a"}),
        ("[a]", "group_by: [b, c]", {"b", "c"}),
        ("[a]", "group_by: []", set()),
        ("[a]", "group_by: ", {"a"}),
        ("[a]", "group_by: ['...']", None),
        ("['...']", "", None),
        ("['...']", "group_by: [a]", {"a"}),
        ("['...']", "group_by: []", set()),
    ],
)
def test_group_by_is_inherited_unless_something_is_said(
    tmp_path: Path, above: str, written: str, expected: set[str] | None
) -> None:
    """An empty list says something: no labels."""
    child = tree(tmp_path, f"    - matchers: [x=y]\n      {written}\n", f"  group_by: {above}\n").routes[0]
    assert child.group_by == (None if expected is None else frozenset(expected))


def test_a_zero_group_wait_is_not_the_same_as_none(tmp_path: Path) -> None:
    assert tree(tmp_path, "    - {group_wait: 0s}\n").routes[0].group_wait == timedelta(0)


def test_mute_times_stay_with_their_node(tmp_path: Path) -> None:
    intervals = "time_intervals: [{name: night}]\nmute_time_intervals: [{name: weekend}]\n"
    muted = "{mute_time_intervals: [night], active_time_intervals: [weekend], routes: [{matchers: [a=b]}]}"
    text = f"{intervals}{RECEIVERS}route:\n  receiver: default\n  routes:\n    - {muted}\n"
    parent = settings(tmp_path, text).route.routes[0]
    assert (parent.mute_time_intervals, parent.active_time_intervals) == (("night",), ("weekend",))
    assert (parent.routes[0].mute_time_intervals, parent.routes[0].active_time_intervals) == ((), ())


@pytest.mark.parametrize("text", ["retention: 5d\n", "route: {}\n", "route: {group_by: [a]}\n", "receivers:\nroute:\n"])
def test_without_receivers_there_is_one_that_prints(tmp_path: Path, text: str) -> None:
    found = settings(tmp_path, text)
    assert [receiver.name for receiver in found.receivers] == ["console"]
    assert [integration.name for integration in found.receivers[0].integrations] == ["console[0]"]
    assert found.route.receiver == "console"


TEAMS = """\
    - matchers: [owner=team-A]
      receiver: a
      routes:
        - {matchers: [env=testing], group_by: ['...']}
        - {matchers: [env=production], group_wait: 1m, continue: true}
        - {match_re: {env: produ.*, job: .*}, group_wait: 30s}
    - match_re: {owner: team-(B|C)}
      receiver: b
"""


@pytest.mark.parametrize(
    ("labels", "taken"),
    [
        ({}, ["{}"]),
        ({"owner": "team-A"}, ['{}/{owner="team-A"}']),
        ({"owner": "team-A", "env": "testing"}, ['{}/{owner="team-A"}/{env="testing"}']),
        (
            {"owner": "team-A", "env": "production"},
            ['{}/{owner="team-A"}/{env="production"}', '{}/{owner="team-A"}/{env=~"^(?:produ.*)$",job=~"^(?:.*)$"}'],
        ),
        ({"owner": "team-C"}, ['{}/{owner=~"^(?:team-(B|C))$"}']),
        ({"owner": "team-CC"}, ["{}"]),
    ],
)
def test_alerts_take_the_routes_that_alertmanager_gives_them(tmp_path: Path, labels: dict[str, str], taken: list[str]) -> None:
    assert [route.key for route in tree(tmp_path, TEAMS).match(Labels(labels))] == taken


def test_a_regular_expression_is_anchored_once(tmp_path: Path) -> None:
    """`a|b` under match_re matches a or b as a whole; `^a` or `b$` would match more."""
    matcher = tree(tmp_path, "    - match_re: {team: a|b}\n").routes[0].matchers[0]
    assert (matcher.op, matcher.value) == (MatchOp.REGEX, "^(?:a|b)$")
    assert [value for value in ("a", "b", "ab", "xb", "ax") if matcher.accepts(value)] == ["a", "b"]
