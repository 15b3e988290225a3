"""API v2: alerts that others post, as they are taken in, listed, chosen and grouped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from evaluator.core.evaluation.rules import AlertingRule, RuleGroup
from evaluator.core.labels import Labels, Matcher
from evaluator.core.matchers import MatcherMode
from evaluator.core.muting.inhibition import InhibitRule
from evaluator.core.muting.intervals import NamedInterval, TimeInterval
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Datasource
from tests.api.alertmanager import RECEIVERS, TREE, serving, settings
from tests.service.servers import Datasource as Prometheus
from tests.service.servers import until, vector

pytestmark = pytest.mark.realtime

INHIBITED = settings(
    inhibit_rules=(InhibitRule("", (Matcher("severity", "critical"),), (Matcher("severity", "warning"),), ("alertname",)),)
)


async def test_a_posted_alert_is_listed() -> None:
    """Every member of an alert, as Alertmanager writes it; labels with empty values are dropped."""
    async with serving() as api:
        alert = {
            "labels": {"alertname": "Down", "team": "db", "empty": ""},
            "annotations": {"summary": "it is"},
            "startsAt": "2026-03-01T12:55:00.123456789+01:00",
            "generatorURL": "http://prometheus/graph",
        }
        assert await api.post(alert) == (200, None)
        labels = Labels({"alertname": "Down", "team": "db"})
        assert await api.get("/alerts") == [
            {
                "annotations": {"summary": "it is"},
                "endsAt": "2026-03-01T12:05:00.000Z",
                "fingerprint": labels.fingerprint,
                "receivers": [{"name": "db"}],
                "startsAt": "2026-03-01T11:55:00.123Z",
                "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"},
                "updatedAt": "2026-03-01T12:00:00.000Z",
                "generatorURL": "http://prometheus/graph",
                "labels": labels.as_dict(),
            }
        ]


async def test_alerts_come_by_fingerprint() -> None:
    async with serving() as api:
        for name in "ABCDEFGH":
            await api.fire(alertname=name)
        found = [alert["fingerprint"] for alert in await api.get("/alerts")]
        assert len(found) == 8
        assert found == sorted(found)


async def test_what_is_over_is_not_listed() -> None:
    """Neither an alert whose end was posted, nor one that nobody posted again in time, nor one that came when it was over."""
    async with serving() as api:
        await api.fire(alertname="Ends")
        await api.fire(alertname="Expires")
        assert await api.post({"labels": {"alertname": "Late"}, "endsAt": api.at(-1)}) == (200, None)
        assert await api.names() == {"Ends", "Expires"}
        api.now += timedelta(minutes=4)
        await api.post({"labels": {"alertname": "Ends"}, "startsAt": api.at(-240), "endsAt": api.at()})
        assert await api.names() == {"Expires"}
        api.now += timedelta(minutes=2)
        assert await api.names() == set()


ZERO = "0001-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ({"labels": {}}, "at least one label pair required"),
        ({"labels": {"empty": ""}}, "at least one label pair required"),
        ({"labels": {"a": "b"}, "startsAt": "2026-03-01T12:00:01Z", "endsAt": "2026-03-01T12:00:00Z"}, "before end time"),
        ({"labels": {"a": "b"}, "startsAt": "2026-03-01T13:00:00Z", "endsAt": ZERO}, "before end time"),
        ({"labels": {"": "b"}}, 'invalid label set: invalid name ""'),
        ({"labels": {"a": "b"}, "annotations": {"": "b"}}, 'invalid annotations: invalid name ""'),
    ],
)
async def test_the_valid_ones_are_taken_in_all_the_same(alert: dict[str, Any], said: str) -> None:
    async with serving() as api:
        code, text = await api.post({"labels": {"alertname": "Good"}}, alert)
        assert code == 400
        assert said in text
        assert await api.names() == {"Good"}


async def test_names_of_any_kind_but_in_classic_mode() -> None:
    async with serving() as api:
        await api.fire(alertname="A", Σ="c", **{"00": "b", "🙂": "dΘ"})
        for matcher in ("00=b", "Σ=c", r'"\xf0\x9f\x99\x82"=dΘ'):
            assert await api.names(filter=matcher) == {"A"}
    async with serving(settings(matcher_mode=MatcherMode.CLASSIC)) as api:
        code, text = await api.post({"labels": {"Σ": "c"}})
        assert (code, "invalid label set" in text) == (400, True)


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ("[", "application/json", 422),
        ('{"labels": {}}', "application/json", 422),
        ('[{"labels": {"a": 1}}]', "application/json", 422),
        ('[{"annotations": {}}]', "application/json", 422),
        ('[{"labels": {"a": "b"}', "application/json", 422),
        ("[null]", "application/json", 422),
        ("", "application/json", 422),
        ("null", "application/json", 200),
        ('[{"labels": {"a": "b"}, "endsAt": "soon"}]', "application/json", 422),
        ('[{"labels": {"a": "b"}, "endsAt": "9999-12-31T23:59:59-05:00"}]', "application/json", 422),
        ('[{"labels": {"a": "b"}, "annotations": null, "endsAt": null, "generatorURL": null}]', "application/json", 200),
        ("[]", "text/plain", 415),
        ("[]", "", 415),
        ("", "", 422),
        ("", "text/plain", 422),
        ("[]", "application/json; charset=utf-8", 200),
    ],
)
async def test_the_form_of_bodies(body: str, kind: str, code: int) -> None:
    """Errors of form have a code and a message."""
    async with serving() as api:
        answer = await api.client.post("/alerts", content=body, headers={"Content-Type": kind} if kind else {})
        assert answer.status_code == code
        assert answer.headers["cache-control"] == "no-store"
        if code != 200:
            lacking = {'[{"annotations": {}}]': "0.labels in body is required", "": "alerts in body is required"}.get(body)
            assert answer.json()["code"] == (602 if lacking else code)
            assert answer.json()["message"] if lacking is None else answer.json()["message"] == lacking


X = {"alertname": "X"}
LENIENT: dict[str, tuple[bytes, dict[str, str], dict[str, str], str]] = {
    "bytes that are no UTF-8": (b'[{"labels": {"alertname": "X", "a": "\xff\xe2\x82"}}]', {**X, "a": "\ufffd" * 3}, {}, "now"),
    "half of a pair": (
        rb'[{"labels": {"alertname": "X", "a": "1\udc002\ud83d\ude00"}}]',
        {**X, "a": "1\ufffd2\U0001f600"},
        {},
        "now",
    ),
    "in an annotation": (b'[{"labels": {"alertname": "X"}, "annotations": {"a": "\xfe"}}]', X, {"a": "\ufffd"}, "now"),
    "no start": (b'[{"labels": {"alertname": "X"}, "startsAt": ""}]', X, {}, "1970-01-01T00:00:00.000Z"),
    "no end": (b'[{"labels": {"alertname": "X"}, "startsAt": null, "endsAt": null}]', X, {}, "now"),
    "no seconds": (
        b'[{"labels": {"alertname": "X"}, "startsAt": "2026-03-01T11:59+01:00"}]',
        X,
        {},
        "2026-03-01T10:59:00.000Z",
    ),
    "no zone": (b'[{"labels": {"alertname": "X"}, "startsAt": "2026-03-01T11:59"}]', X, {}, "2026-03-01T11:59:00.000Z"),
    "a null label": (b'[{"labels": {"alertname": "X", "a": null}}]', X, {}, "now"),
    "a null annotation": (b'[{"labels": {"alertname": "X"}, "annotations": {"a": null}}]', X, {"a": ""}, "now"),
    "other cases": (b'[{"LABELS": {"alertname": "X"}, "startsat": null}]', X, {}, "now"),
    "more behind it": (b' [{"labels": {"alertname": "X"}}] []', X, {}, "now"),
}


@pytest.mark.parametrize(("body", "labels", "annotations", "since"), LENIENT.values(), ids=LENIENT)
async def test_what_alertmanager_takes_is_taken(body: bytes, labels: Any, annotations: Any, since: str) -> None:
    """Though no strict reader would; each of these was posted to a real one."""
    async with serving() as api:
        for _ in range(2):
            answer = await api.client.post("/alerts", content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 200
        (alert,) = await api.get("/alerts")
        assert (alert["labels"], alert["annotations"]) == (labels, annotations)
        assert alert["startsAt"] == (since if since != "now" else "2026-03-01T12:00:00.000Z")


@pytest.mark.parametrize(
    ("accept", "code"),
    [
        (None, 200),
        ("", 200),
        ("*/*", 200),
        ("application/json", 200),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", 200),
        ("application/*; q=0.5", 200),
        ("text/html", 406),
        ("application/json;q=0.0, text/html", 406),
        ("junk", 406),
    ],
)
async def test_who_wants_no_json(accept: str | None, code: int) -> None:
    """Is told so, as by Alertmanager, unless it posts."""
    async with serving() as api:
        headers = {} if accept is None else {"Accept": accept}
        for path in ("/alerts", "/alerts/groups", "/silences", "/status", "/receivers"):
            answer = await api.client.get(path, headers=headers)
            assert (answer.status_code, "code" in answer.json()) == (code, code == 406)
        assert (await api.client.post("/alerts", json=[], headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, {"Plain", "Silenced", "Inhibited", "Source"}),
        ({"active": "false"}, {"Silenced", "Inhibited"}),
        ({"silenced": "0"}, {"Plain", "Inhibited", "Source"}),
        ({"inhibited": "FALSE"}, {"Plain", "Silenced", "Source"}),
        ({"active": "true", "silenced": "false", "inhibited": "false"}, {"Plain", "Source"}),
        ({"active": "false", "silenced": "false", "inhibited": "false"}, set()),
        ({"unprocessed": "false"}, {"Plain", "Silenced", "Inhibited", "Source"}),
        ({"filter": "team=db"}, {"Silenced"}),
        ({"filter": ["severity=~.+", "severity!=warning"]}, {"Source"}),
        ({"filter": 'severity=""'}, {"Plain", "Silenced"}),
        ({"receiver": "d."}, {"Silenced"}),
        ({"receiver": "d"}, set()),
        ({"receiver_matchers": "owner=ops"}, {"Plain", "Inhibited", "Source"}),
        ({"receiver_matchers": "name=db"}, {"Silenced"}),
    ],
)
async def test_alerts_are_chosen(parameters: dict[str, Any], names: set[str]) -> None:
    """By state, by labels, by receiver; the list and the groups choose alike."""
    rule = InhibitRule("", (Matcher("severity", "critical"),), (Matcher("severity", "warning"),), ())
    async with serving(settings(inhibit_rules=(rule,))) as api:
        await api.fire(alertname="Plain")
        await api.fire(alertname="Silenced", team="db")
        await api.fire(alertname="Inhibited", severity="warning")
        await api.fire(alertname="Source", severity="critical")
        await api.silence("team=db")
        assert await api.names(**parameters) == names
        groups = await api.get("/alerts/groups", **parameters)
        assert {alert["labels"]["alertname"] for group in groups for alert in group["alerts"]} == names


@pytest.mark.parametrize(
    ("parameters", "code", "said"),
    [
        ({"active": "maybe"}, 422, {"code": 422, "message": 'active in query must be of type boolean: "maybe"'}),
        ({"filter": "a"}, 400, "bad matcher format: a"),
        ({"receiver": "("}, 400, "failed to parse receiver param: "),
        ({"receiver_matchers": "a=~("}, 400, "invalid regular expression"),
    ],
)
@pytest.mark.parametrize("path", ["/alerts", "/alerts/groups"])
async def test_parameters_that_cannot_be_read(path: str, parameters: dict[str, str], code: int, said: Any) -> None:
    async with serving() as api:
        got, text = await api.ask("GET", path, **parameters)
        assert got == code
        assert text == said or text.startswith(said)


@pytest.mark.parametrize(
    ("query", "code"), [("filter=a%3D%ff", 400), ("receiver=%e2%82", 400), ("filter=a%3D%ef%bf%bd", 200), ("filter=%zz", 400)]
)
async def test_bytes_that_are_no_text(query: str, code: int) -> None:
    """Are refused; the sign that stands for such bytes may be looked for."""
    async with serving() as api:
        for path in ("/alerts", "/alerts/groups"):
            assert (await api.client.get(f"{path}?{query}")).status_code == code


async def test_what_suppresses_is_computed_for_the_request() -> None:
    """A silence, then an inhibition; once the silence is expired only the inhibition is left."""
    async with serving(INHIBITED) as api:
        warning, critical = (Labels({"alertname": "A", "severity": word}) for word in ("warning", "critical"))
        await api.fire(**warning)
        silence = await api.silence("alertname=A")
        (alert,) = await api.get("/alerts")
        assert alert["status"] == {"inhibitedBy": [], "mutedBy": [], "silencedBy": [silence], "state": "suppressed"}
        await api.fire(**critical)
        assert await api.ask("DELETE", f"/silence/{silence}") == (200, None)
        found = {alert["fingerprint"]: alert["status"] for alert in await api.get("/alerts")}
        suppressed = {"inhibitedBy": [critical.fingerprint], "mutedBy": [], "silencedBy": [], "state": "suppressed"}
        assert found[warning.fingerprint] == suppressed
        assert found[critical.fingerprint]["state"] == "active"


async def test_groups() -> None:
    """By labels and receiver; labels of the route are told, and a group that the time of day mutes says by what.

    That is known once the group has been flushed; the list of alerts says it where all groups of an alert are mute.
    """
    db = Route("db", '{}/{team="db"}', '{}/{team="db"}', (Matcher("team", "db"),), mute_time_intervals=("always",))
    db = replace(db, group_wait=timedelta(0))
    root = Route("team", group_by=frozenset(("alertname",)), labels=Labels({"tier": "1"}), routes=(db,))
    always = (NamedInterval("always", (TimeInterval(),)),)
    async with serving(settings(route=root, receivers=RECEIVERS, time_intervals=always)) as api:
        await api.fire(alertname="B", team="db")
        await api.fire(alertname="A", instance="1")
        await api.fire(alertname="A", instance="2")
        await until(lambda: any(group.flushed for group in api.service.machine.dispatch.groups.values()))
        listed = {alert["labels"]["alertname"]: alert["status"] for alert in await api.get("/alerts")}
        assert [(name, listed[name]["mutedBy"], listed[name]["state"]) for name in "AB"] == [
            ("A", [], "active"),
            ("B", ["always"], "suppressed"),
        ]
        muted, plain = await api.get("/alerts/groups")
        assert (muted["labels"], muted["receiver"], muted["routeLabels"]) == ({}, {"name": "db"}, {})
        assert muted["alerts"][0]["status"]["mutedBy"] == ["always"]
        assert muted["alerts"][0]["status"]["state"] == "suppressed"
        assert (plain["labels"], plain["routeLabels"]) == ({"alertname": "A"}, {"tier": "1"})
        assert {alert["labels"]["instance"] for alert in plain["alerts"]} == {"1", "2"}
        assert await api.get("/alerts/groups", muted="false") == [plain]
        assert [one["labels"] for one in await api.get("/alerts/groups", filter="instance=2")] == [{"alertname": "A"}]


async def test_alerts_of_rules_are_listed_with_an_end_to_come() -> None:
    """Clients expect an end of every alert: `resolve_timeout` from now for those that end when their rule says so."""
    async with Prometheus() as server:
        group = RuleGroup("g", "f", timedelta(minutes=1), (AlertingRule("f;g;A", "A", "a", "a"),), datasource="main")
        server.answers = {"a": vector({"job": "x"})}
        async with serving(settings(datasources=(Datasource("main", server.url),), groups=(group,))) as api:
            api.now += timedelta(minutes=1)
            await api.fire(alertname="Posted")
            await until(lambda: len(api.service.machine.alerts) == 2)
            (alert,) = await api.get("/alerts", filter="alertname=A")
    assert alert["labels"] == {"alertname": "A", "job": "x"}
    assert alert["receivers"] == [{"name": "team"}]
    assert alert["endsAt"] == "2026-03-01T12:06:00.000Z"


async def test_the_order_within_a_group() -> None:
    """By job and instance, those without at the end; then fewer labels first, and where names differ, the later name.

    Of a receiver's groups each alert names that receiver alone; of all groups, all who hear of it, by name.
    """
    with_job = ["job=a instance=1 z=1", "job=a instance=9", "job=a", "job=b", "job=b x=1"]
    without = ["instance=0", "", "x=8", "x=9", "w=9", "a=1 b=2"]
    labels = [{"alertname": "G", "team": "db", **dict(pair.split("=") for pair in one.split())} for one in with_job + without]
    children = (replace(TREE.routes[0], continues=True), replace(TREE.routes[0], receiver="team", key="t", id="t"))
    both = replace(TREE, routes=tuple(replace(one, group_by=TREE.group_by) for one in children))
    async with serving(settings(route=both)) as api:
        await api.post(*({"labels": one} for one in reversed(labels)))
        groups = await api.get("/alerts/groups")
        assert [group["receiver"]["name"] for group in groups] == ["db", "team"]
        for group in groups:
            assert [alert["labels"] for alert in group["alerts"]] == labels
            assert [one["name"] for alert in group["alerts"] for one in alert["receivers"]] == ["db", "team"] * len(labels)
        (group,) = await api.get("/alerts/groups", receiver="team")
        assert {one["name"] for alert in group["alerts"] for one in alert["receivers"]} == {"team"}
        (few, _) = await api.get("/alerts/groups", filter="job=~a|b")
        assert [alert["labels"] for alert in few["alerts"]] == labels[:5]
        (rest, _) = await api.get("/alerts/groups", filter='job=""')
        assert [alert["labels"] for alert in rest["alerts"]] == labels[5:]
