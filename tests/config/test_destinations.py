"""Destinations: which integrations share a bucket, which are told together, and what limits them."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.config.destinations import DIGITS, destination_of
from evaluator.config.rates import DEFAULT_LIMITS
from evaluator.core import receivers
from evaluator.core.notifying.destinations import Destinations
from evaluator.core.notifying.rates import RateLimit
from evaluator.core.receivers import Integration
from evaluator.core.settings import Settings

SAME, ELSEWHERE, APART = "read in the same place", "counted together, read elsewhere", "apart"
APP = "http_config: {authorization: {credentials: tok}}"
SLACK = "slack: {api_url: http://s/1%s}"
MAIL = "email: {to: %s, from: a@x, smarthost: 'mail:25'}"
TELEGRAM = "telegram: {bot_token: t, chat_id: 7%s}"
HOOK = "webhook: {url: http://h/1%s}"
PAGERDUTY = "pagerduty: {routing_key: %s}"
OPSGENIE = "opsgenie: {api_key: k%s}"
TEAM = ", responders: [{name: %s, type: team}]"


def settings(tmp_path: Path, *written: str, above: str = "") -> Settings:
    """A file with a receiver for each of these integrations, `KIND: {…}`."""
    path = tmp_path / "evaluator.yml"
    lines = [f"  - {{name: r{n}, {one.replace(':', '_configs: [', 1)}]}}" for n, one in enumerate(written)]
    path.write_text("\n".join([above, "route: {receiver: r0}", "receivers:", *lines]))
    loaded = load(path, environ={})
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    return loaded.settings


def integrations(tmp_path: Path, *written: str, above: str = "") -> list[Integration]:
    return [receiver.integrations[0] for receiver in settings(tmp_path, *written, above=above).receivers]


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        (SLACK % "", SLACK % ", title: other, username: x", SAME),
        (SLACK % "", SLACK.replace("1", "2") % "", APART),
        (SLACK % ", channel: '#a'", SLACK % ", channel: '#b'", ELSEWHERE),
        (SLACK % f", channel: '#a', {APP}", SLACK % f", channel: '#a', {APP}", SAME),
        (SLACK % f", channel: '#a', {APP}", SLACK % f", channel: '#b', {APP}", APART),
        (SLACK % f", channel: '#a', {APP}", SLACK % f", channel: '#a', {APP.replace('tok', 'kot')}", APART),
        (SLACK % "", "webhook: {url: http://s/1}", APART),
        (MAIL % "'Ann <a@x>, b@x'", MAIL % "'B@x,a@x'", SAME),
        (MAIL % "a@x", MAIL % "b@x", APART),
        (MAIL % "a@x", (MAIL % "a@x").replace(":25", ":587"), APART),
        (TELEGRAM % "", TELEGRAM % ", parse_mode: ''", SAME),
        (TELEGRAM % "", TELEGRAM % ", message_thread_id: 3", ELSEWHERE),
        (TELEGRAM % "", TELEGRAM.replace("7", "8") % "", APART),
        (HOOK % "", HOOK % ", max_alerts: 3", SAME),
        (HOOK % "", HOOK % ", payload: {to: ann}", ELSEWHERE),
        (HOOK % "", HOOK % f", {APP}", ELSEWHERE),
        (HOOK % "", HOOK % ", form: events, secret: s", APART),
        (PAGERDUTY % "a", PAGERDUTY % "a", SAME),
        (PAGERDUTY % "a", PAGERDUTY % "b", APART),
        (OPSGENIE % "", OPSGENIE % "", SAME),
        (OPSGENIE % TEAM % "a", OPSGENIE % TEAM % "b", ELSEWHERE),
        ("console: {}", "console: {send_resolved: false}", SAME),
    ],
)
def test_what_is_the_same(tmp_path: Path, one: str, other: str, relation: str) -> None:
    first, second = (each.destination for each in integrations(tmp_path, one, other))
    assert first is not None
    assert second is not None
    counted, read = first.service == second.service, first.place == second.place
    assert (counted, read) == {SAME: (True, True), ELSEWHERE: (True, False), APART: (False, False)}[relation]


def test_a_file_with_a_secret_counts_by_its_path(tmp_path: Path) -> None:
    """It need not be there to be checked, and what stands in it may change without a reload."""
    one, same, other, written = integrations(
        tmp_path,
        "pagerduty: {routing_key_file: keys/a}",
        "pagerduty: {routing_key_file: keys/a}",
        "pagerduty: {routing_key_file: keys/b}",
        "pagerduty: {routing_key: keys/a}",
    )
    assert one.destination == same.destination
    assert len({each.destination for each in (one, other, written)}) == 3


@pytest.mark.parametrize(
    "written",
    [
        SLACK % ", channel: '#{{ .GroupLabels.team }}'",
        MAIL % "'{{ .GroupLabels.owner }}@x'",
        "webhook: {url: 'http://h/{{ .GroupLabels.team }}'}",
        "ntfy: {topic: '{{ .GroupLabels.team }}'}",
    ],
)
def test_a_templated_address_is_one_bucket_and_no_place_to_tell_anything_together(tmp_path: Path, written: str) -> None:
    one, other = (each.destination for each in integrations(tmp_path, written, written))
    assert one is not None
    assert one == other
    assert one.place == ""


def test_nothing_of_an_address_shows(tmp_path: Path) -> None:
    (one,) = (each.destination for each in integrations(tmp_path, PAGERDUTY % "deadbeefdeadbeef"))
    assert one is not None
    for digest in (one.service, one.place):
        assert re.fullmatch(rf"[0-9a-f]{{{DIGITS}}}", digest)
    assert "deadbeef" not in repr(one)


def test_every_kind_has_a_destination() -> None:
    """Settings of any kind, whatever they hold."""
    for kind in receivers.IntegrationSettings.__args__:
        needed = [field for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING]
        values = {field.name: SAMPLES.get((kind.__name__, field.name), SAMPLES.get(str(field.type), "x")) for field in needed}
        assert destination_of(kind(**values)).service


SAMPLES = {
    "Secret": receivers.general.Secret("s"),
    "tuple[Secret, ...]": (receivers.general.Secret("s"), receivers.general.Secret(path=Path("/f"))),
    "tuple[str, int]": ("mail", 25),
    "tuple[str, ...]": ("+1",),
    "HttpCall": receivers.http.HttpCall(receivers.general.Secret("s")),
}


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "shared"),
    [
        (("", ""), DEFAULT_LIMITS["slack"]),
        (("{messages: 5, per: 1s}", ""), RateLimit(5, RateLimit(1, DEFAULT_LIMITS["slack"].per).per)),
        (("{messages: 5}", "{messages: 20, burst: 3}"), RateLimit(5, DEFAULT_LIMITS["telegram"].per, 1)),
        (("{messages: 5, burst: 9}", "{messages: 20, burst: 3}"), RateLimit(5, DEFAULT_LIMITS["telegram"].per, 3)),
        (("{off: true}", ""), None),
        (("{off: true}", "{messages: 5}"), RateLimit(5, DEFAULT_LIMITS["telegram"].per)),
    ],
)
def test_a_destination_has_one_limit(tmp_path: Path, limits: tuple[str, str], shared: RateLimit | None) -> None:
    """What is written counts for those as well where nothing is; of several the slowest rate and the smallest burst."""
    written = [SLACK % (f", rate_limit: {limit}" if limit else "") for limit in limits]
    assert [one.rate_limit for one in integrations(tmp_path, *written)] == [shared, shared]


def test_limits_that_differ_are_warned_of_once_where_they_do(tmp_path: Path) -> None:
    path = tmp_path / "evaluator.yml"
    limits = ["{messages: 5}", "{messages: 5}", "{messages: 20, burst: 3}", "{off: true}"]
    lines = [f"  - name: r{n}\n    slack_configs: [{{api_url: http://s, rate_limit: {one}}}]" for n, one in enumerate(limits)]
    path.write_text("\n".join(["route: {receiver: r0}", "receivers:", *lines]))
    loaded = load(path, environ={})
    assert [str(problem) for problem in loaded.problems] == [
        f"{path}:8:53: warning: rate_limit differs from that at line 4, for the same destination: 5 in 1m counts for all"
        "; write the same limit, or write it once"
    ]


def test_a_person_is_told_where_notifications_are(tmp_path: Path) -> None:
    """The limit is that of the receivers; where only the person is told, the person's own."""
    people = "people:\n  ann: {pagerduty: key, time_zone: UTC}\n  bob: {pagerduty: other, time_zone: UTC}\n"
    found = settings(tmp_path, PAGERDUTY % "key", above=people)
    lanes = {f"{one.name}/{each.name}": each for one in found.told for each in one.integrations}
    index = Destinations(lanes)
    assert index.service("person:ann/pagerduty") == index.service("r0/pagerduty[0]") != index.service("person:bob/pagerduty")
    assert index.limit(index.service("person:ann/pagerduty")) == DEFAULT_LIMITS["pagerduty"]
    assert index.limit(index.service("person:bob/pagerduty")) == lanes["person:bob/pagerduty"].rate_limit
    assert [index.shared(f"person:{name}/pagerduty") for name in ("ann", "bob")] == [True, False]


@pytest.mark.parametrize(("key", "warned"), [("b", False), ("a", True)])
def test_a_fallback_that_tells_nobody_else_is_warned_of(tmp_path: Path, key: str, warned: bool) -> None:
    path = tmp_path / "evaluator.yml"
    lines = ["  - {name: r0, fallback: r1, pagerduty_configs: [{routing_key: a}]}"]
    lines += [f"  - {{name: r1, pagerduty_configs: [{{routing_key: {key}}}]}}"]
    path.write_text("\n".join(["route: {receiver: r0}", "receivers:", *lines]))
    said = [problem.message for problem in load(path, environ={}).problems]
    assert said == ['the fallback "r1" tells nothing but what "r0" tells, and fails when that does'] * warned
