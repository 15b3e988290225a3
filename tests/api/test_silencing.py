"""Silences and windows in the evaluator's own API, and what a policy makes of both APIs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from evaluator.core.labels import Labels, Matcher
from evaluator.core.limits import Limit, Limits
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.silence_policy import SilencePolicy
from evaluator.core.muting.windows import Window
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.store.memory import MemoryStore
from tests.api.alertmanager import START, Api, serving, settings

pytestmark = pytest.mark.realtime

HOUR = timedelta(hours=1)
UNKNOWN = "00000000-0000-4000-8000-000000000000"
NIGHT = {"schedule": "0 22 * * *", "duration": "8h", "matchers": ["team=db"], "comment": "backups", "createdBy": "ana"}


async def ours(api: Api, method: str, path: str, body: Any = None, **parameters: Any) -> tuple[int, Any]:
    """The code of an answer of our own API, and what it says."""
    return await api.ask(method, f"{api.url}/api/evaluator/v1/{path}", body, **parameters)


async def good(api: Api, method: str, path: str, body: Any = None, **parameters: Any) -> Any:
    """What it says, which must be well."""
    code, said = await ours(api, method, path, body, **parameters)
    assert code == 200, said
    return said


def configured(**more: Any) -> Any:
    """With a window and a silence in the file, of the team of the databases."""
    sets = ((Matcher("team", "db"),),)
    written = Silence(sets, START + HOUR, START + 2 * HOUR, "configuration", "moving", id=UNKNOWN)
    window = Window("hourly", sets, parse_cron("0 * * * *"), timedelta(minutes=10), created_by="configuration")
    return settings(windows=(window,), silences=(written,), **more)


# -- silences ---------------------------------------------------------------------------------------------------------


async def test_a_silence_is_set_edited_listed_and_ended() -> None:
    """Matchers are texts or objects. Without a start it begins now, or goes on as it began; a duration then counts from now."""
    async with serving() as api:
        await api.fire(alertname="Slow", team="db")
        wish = {"matchers": ["team=db", {"name": "alertname", "value": "S.*", "isRegex": True}], "duration": "2h"}
        made = await good(api, "POST", "silences", {**wish, "createdBy": "ana", "comment": "work", "annotations": {"t": "7"}})
        ident = made["id"]
        assert made == {
            "id": ident,
            "state": "active",
            "matcherSets": [
                [
                    {"isEqual": True, "isRegex": False, "name": "team", "value": "db"},
                    {"isEqual": True, "isRegex": True, "name": "alertname", "value": "S.*"},
                ]
            ],
            "startsAt": "2026-03-01T12:00:00Z",
            "endsAt": "2026-03-01T14:00:00Z",
            "updatedAt": "2026-03-01T12:00:00Z",
            "createdBy": "ana",
            "endedBy": "",
            "comment": "work",
            "annotations": {"t": "7"},
            "mutes": 1,
            "configured": False,
            "window": None,
            "untilResolved": False,
        }
        api.now += timedelta(minutes=2)
        longer = await good(api, "POST", "silences", {**wish, "id": ident, "comment": "longer"})
        assert (longer["id"], longer["startsAt"], longer["endsAt"]) == (ident, made["startsAt"], "2026-03-01T14:02:00Z")
        wider = await good(api, "POST", "silences", {**wish, "id": ident, "alternatives": [["team=web"]]})
        assert wider["id"] != ident
        assert [len(matchers) for matchers in wider["matcherSets"]] == [2, 1]
        listed = await good(api, "GET", "silences")
        assert [(one["id"], one["state"]) for one in listed] == [(wider["id"], "active"), (ident, "expired")]
        assert await good(api, "GET", "silences", filter="team=web", expired="false") == [wider]
        over = await good(api, "DELETE", f"silences/{wider['id']}", by="bo")
        assert (over["state"], over["endedBy"]) == ("expired", "bo")
        assert await api.names(silenced="false") == {"Slow"}


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        ({"matchers": []}, 400, "at least one matcher required"),
        ({"matchers": ["team"]}, 400, "invalid label matcher: "),
        (
            {"matchers": [{"name": "a", "value": "(", "isRegex": True}]},
            400,
            "invalid label matcher: invalid regular expression",
        ),
        ({"duration": ""}, 400, "nothing says when it ends; add endsAt, or a duration such as 2h"),
        ({"duration": "soon"}, 400, 'not a valid duration string: "soon"; write a duration such as 1h30m'),
        ({"duration": "9999y"}, 400, "out of range"),
        ({"duration": "290y", "startsAt": "9990-01-01T00:00:00Z"}, 400, "ends later than any clock will show"),
        ({"endsAt": "2026-03-01T11:00:00Z"}, 400, "start time must be before end time; end time can't be in the past"),
        ({"schedule": "@daily"}, 400, "is set at /api/evaluator/v1/windows"),
        ({"id": UNKNOWN}, 404, "silence not found"),
        ({"matchers": 7}, 422, "parsing body failed"),
        ({"endAt": "2026-03-02T11:00:00Z"}, 422, "unknown field `endAt`"),
        ({"comment": "x" * 300}, 400, "silence exceeded maximum size: 306 bytes (limit: 200 bytes)"),
    ],
)
async def test_silences_that_are_refused(wrong: dict[str, Any], code: int, said: str) -> None:
    """Nothing is set."""
    async with serving(settings(limits=Limits(silence_size=200))) as api:
        got, text = await ours(api, "POST", "silences", {"matchers": ["team=db"], "duration": "1h", **wrong})
        assert (got, text["status"]) == (code, "error")
        assert said in text["error"]
        assert await good(api, "GET", "silences") == []
        assert (await ours(api, "DELETE", f"silences/{UNKNOWN}"))[0] == 404


async def test_limits_on_silences_are_counted() -> None:
    """Through either API; the alert that tells of it is raised."""
    async with serving(settings(limits=Limits(silences=1))) as api:
        await api.silence("a=b")
        code, text = await api.ask("POST", "/silences", api.wish("a=c"))
        assert (code, text) == (400, "exceeded maximum number of silences: 1 (limit: 1), expired ones included")
        code, text = await ours(api, "POST", "silences", {"matchers": ["a=c"], "duration": "1h"})
        assert (code, text["errorType"]) == (400, "limit")
        assert api.service.machine.refusals.counts[Limit.SILENCES] == 2
        assert "EvaluatorLimitReached" in await api.names()


# -- policy -----------------------------------------------------------------------------------------------------------

POLICY = SilencePolicy(max_duration=2 * HOUR, min_matchers=2, max_alerts=1, require_comment=True)


async def test_a_policy_holds_in_alertmanagers_api() -> None:
    """The sentence names the rule and what to do; an edit that mutes less is let through."""
    async with serving(settings(silence_policy=POLICY)) as api:
        code, text = await api.ask("POST", "/silences", api.wish("a=b"))
        assert code == 400
        assert text == (
            "against silence_policy (min_matchers): it narrows 1 label, 2 are required; add matchers with definite values"
        )
        code, text = await api.ask("POST", "/silences", api.wish("a=b", "c=d", endsAt=api.at(7201), comment=""))
        assert (code, text.count("against silence_policy")) == (400, 2)
        name = await api.silence("a=b", "c=d", endsAt=api.at(7200))
        assert await api.silence("a=b", "c=d", id=name, comment="", endsAt=api.at(60)) == name
        assert len(await api.get("/silences")) == 1


async def test_too_many_alerts_at_once() -> None:
    """Those that fire now are counted."""
    async with serving(settings(silence_policy=SilencePolicy(max_alerts=1, confirm=True))) as api:
        await api.fire(alertname="Slow", team="db")
        await api.silence("team=db")
        await api.fire(alertname="Down", team="db")
        code, text = await api.ask("POST", "/silences", api.wish("team=db"))
        assert code == 400
        assert text.endswith("at most 1 are allowed; narrow its matchers; or insist with `evaluator silence add --confirm`")


async def test_what_can_be_insisted_on() -> None:
    """A broad silence where the policy says so; never one without a comment."""
    async with serving(settings(silence_policy=SilencePolicy(min_matchers=2, require_comment=True, confirm=True))) as api:
        wish = {"matchers": ["team=db"], "duration": "1h", "comment": "work"}
        code, said = await ours(api, "POST", "silences", wish)
        assert (code, said["errorType"]) == (409, "confirm")
        assert [(one["rule"], one["confirmable"]) for one in said["objections"]] == [("min_matchers", True)]
        code, said = await ours(api, "POST", "silences", {**wish, "comment": "", "confirm": True})
        assert (code, said["errorType"], len(said["objections"])) == (400, "policy", 2)
        assert (await good(api, "POST", "silences", {**wish, "confirm": True}))["state"] == "active"
        assert (await ours(api, "POST", "windows", {**NIGHT, "comment": ""}))[0] == 400
        assert (await ours(api, "POST", "windows", NIGHT))[0] == 409
        assert (await good(api, "POST", "windows", {**NIGHT, "confirm": True}))["schedule"] == "0 22 * * *"


async def test_what_mutes_nearly_everything_is_asked_about_in_any_case() -> None:
    """But Alertmanager's API, where nobody can be asked back, takes what Alertmanager takes."""
    async with serving() as api:
        wish = {"matchers": ['team!="db"'], "duration": "1h"}
        code, said = await ours(api, "POST", "silences", wish)
        assert (code, said["error"]) == (
            409,
            "it narrows no label, so it mutes nearly everything; add a matcher with a definite value",
        )
        assert (await good(api, "POST", "silences", {**wish, "confirm": True}))["state"] == "active"
        (body,) = [{"name": "team", "value": "db", "isRegex": False, "isEqual": False}]
        assert await api.silence(matchers=[body])


# -- preview ----------------------------------------------------------------------------------------------------------


async def test_a_preview_says_what_would_be_muted() -> None:
    """Of all that fires: how many, which, which of them are muted already; and nothing is set."""
    async with serving() as api:
        for name in ("Slow", "Down"):
            await api.fire(alertname=name, team="db")
        await api.fire(alertname="Slow", team="web")
        known = await api.silence("alertname=Down")
        seen = await good(api, "POST", "silences/preview", {"matchers": ["team=db"], "duration": "1h"})
        assert (seen["verdict"], seen["count"], seen["already"], seen["problems"]) == ("accepted", 2, 1, [])
        assert [(one["labels"]["alertname"], one["silencedBy"], one["inhibited"]) for one in seen["alerts"]] == [
            ("Slow", [], False),
            ("Down", [known], False),
        ]
        edit = {"matchers": ["alertname=Down"], "id": known, "duration": "2h"}
        assert (await good(api, "POST", "silences/preview", edit))["already"] == 0
        wrong = await good(api, "POST", "silences/preview", {"matchers": ["team=db"], "endsAt": api.at(-1)})
        assert (wrong["verdict"], len(wrong["problems"])) == ("refused", 2)
        vague = await good(api, "POST", "silences/preview", {"matchers": ["team=~.+"], "duration": "1h"})
        assert (vague["verdict"], vague["count"], len(vague["objections"])) == ("confirm", 3, 1)
        assert len(await good(api, "GET", "silences")) == 1


async def test_a_preview_of_a_window_says_when() -> None:
    async with serving() as api:
        await api.fire(alertname="Slow", team="db")
        seen = await good(api, "POST", "silences/preview", {**NIGHT, "location": "Europe/Berlin"})
        assert (seen["count"], len(seen["occurrences"])) == (1, 5)
        span = {key: seen["occurrences"][0][key] for key in ("startsAt", "endsAt")}
        assert span == {"startsAt": "2026-03-01T21:00:00Z", "endsAt": "2026-03-02T05:00:00Z"}
        assert await good(api, "GET", "windows") == []


# -- windows ----------------------------------------------------------------------------------------------------------


async def test_a_window_is_set_edited_listed_and_ended() -> None:
    """Its occurrences are silences in both APIs, and say whose they are."""
    async with serving() as api:
        await api.fire(alertname="Slow", team="db")
        made = await good(api, "POST", "windows", {**NIGHT, "name": "backup", "schedule": "0 11 * * *"})
        assert (made["state"], made["duration"], made["configured"], made["endsAt"]) == ("active", "8h", False, None)
        current, ahead = made["occurrences"][:2]
        assert await api.names(silenced="false") == set()
        listed = await good(api, "GET", "silences")
        assert [(one["id"], one["state"], one["mutes"]) for one in listed] == [
            (current["id"], "active", 1),
            (ahead["id"], "pending", 0),
        ]
        assert listed[0]["window"] == {"id": made["id"], "name": "backup", "configured": False}
        assert [one["id"] for one in await api.get("/silences")] == [current["id"], ahead["id"]]
        shorter = await good(api, "POST", "windows", {**NIGHT, "schedule": "0 11 * * *", "duration": "2h", "id": made["id"]})
        assert (shorter["id"], shorter["occurrences"][0]["endsAt"]) == (made["id"], "2026-03-01T13:00:00Z")
        assert shorter["occurrences"][0]["id"] == current["id"]
        ended = await good(api, "DELETE", f"windows/{made['id']}")
        assert (ended["state"], ended["endsAt"], ended["occurrences"]) == ("expired", "2026-03-01T12:00:00Z", [])
        assert [one["status"]["state"] for one in await api.get("/silences")] == ["expired"]
        assert await api.names(silenced="false") == {"Slow"}
        assert await good(api, "DELETE", f"windows/{made['id']}") == ended


async def test_windows_are_kept() -> None:
    """They come back with their ids, and so do their occurrences."""
    store = MemoryStore()
    async with serving(store=store) as api:
        before = await good(api, "POST", "windows", {**NIGHT, "name": "backup", "endsAt": api.at(86400)})
        kept = store.load()
    again = MemoryStore()
    again.load = lambda: kept  # type: ignore[method-assign]
    async with serving(store=again) as api:
        assert await good(api, "GET", "windows") == [before]


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        ({"schedule": "FREQ=HOURLY"}, 400, "FREQ=HOURLY is not understood"),
        ({"schedule": "sometimes"}, 400, '"sometimes" is no schedule; write minute, hour'),
        ({"schedule": ""}, 400, '"" is no schedule'),
        ({"duration": ""}, 400, "empty duration string; write a duration such as 1h30m"),
        ({"duration": "0s"}, 400, "must be more than nothing"),
        ({"location": "Nowhere"}, 400, 'unknown time zone "Nowhere"'),
        ({"matchers": ["team=~.*"]}, 400, "at least one matcher must not match the empty string"),
        ({"startsAt": "2026-03-02T00:00:00Z"}, 400, "a window has neither startsAt nor annotations"),
        ({"endsAt": "2026-03-01T00:00:00Z"}, 400, "end time can't be in the past"),
        ({"id": UNKNOWN}, 404, "window not found"),
        ({"name": "hourly"}, 400, 'there is a window "hourly" in the configuration; take another name'),
    ],
)
async def test_windows_that_are_refused(wrong: dict[str, Any], code: int, said: str) -> None:
    async with serving(configured()) as api:
        got, text = await ours(api, "POST", "windows", {**NIGHT, **wrong})
        assert got == code
        assert said in text["error"]
        assert len(await good(api, "GET", "windows")) == 1


async def test_what_stands_in_the_configuration_is_shown_and_edited_there() -> None:
    """Its occurrences may be ended like any silence."""
    async with serving(configured()) as api:
        (window,) = await good(api, "GET", "windows")
        assert (window["name"], window["configured"], window["updatedAt"], window["state"]) == ("hourly", True, None, "active")
        for method, path, body in (
            ("DELETE", f"windows/{window['id']}", None),
            ("POST", "windows", {**NIGHT, "id": window["id"]}),
        ):
            code, said = await ours(api, method, path, body)
            assert (code, said["errorType"]) == (409, "written")
            assert said["error"].endswith("stands in the configuration, under silences; edit it there, and reload")
        assert (await ours(api, "DELETE", f"windows/{UNKNOWN}"))[0] == 404
        listed = await good(api, "GET", "silences")
        assert {one["id"]: (one["configured"], bool(one["window"])) for one in listed} == {
            UNKNOWN: (True, False),
            window["occurrences"][0]["id"]: (False, True),
            window["occurrences"][1]["id"]: (False, True),
        }
        await good(api, "DELETE", f"silences/{window['occurrences'][0]['id']}")
        (after,) = await good(api, "GET", "windows")
        assert after == window


# -- until resolved ---------------------------------------------------------------------------------------------------


async def test_a_silence_may_end_with_its_alerts() -> None:
    """At the latest after thirty days, or what the policy allows; where nothing fires there is nothing to wait for."""
    wish = {"matchers": ["team=db"], "createdBy": "ana", "comment": "work", "untilResolved": True}
    async with serving() as api:
        refused, said = await ours(api, "POST", "silences", wish)
        assert (refused, "nothing fires that it would mute" in said["error"]) == (400, True)
        await api.fire(alertname="Slow", team="db")
        made = await good(api, "POST", "silences", wish)
        assert (made["untilResolved"], made["endsAt"], made["mutes"]) == (True, "2026-03-31T12:00:00Z", 1)
        assert made["annotations"] == {"until_resolved": Labels({"alertname": "Slow", "team": "db"}).fingerprint}
        assert await api.post({"labels": {"alertname": "Slow", "team": "db"}, "endsAt": api.at()}) == (200, None)
        assert [one["state"] for one in await good(api, "GET", "silences")] == ["expired"]
        again, said = await ours(api, "POST", "windows", {**wish, "name": "w", "schedule": "@daily", "duration": "1h"})
        assert (again, "untilResolved is for a silence" in said["error"]) == (400, True)
    async with serving(settings(silence_policy=SilencePolicy(max_duration=timedelta(days=3)))) as api:
        await api.fire(alertname="Slow", team="db")
        assert (await good(api, "POST", "silences", wish))["endsAt"] == "2026-03-04T12:00:00Z"


async def test_alertmanagers_api_may_ask_for_that_by_an_annotation() -> None:
    async with serving() as api:
        code, said = await api.ask("POST", "/silences", api.wish("team=db", annotations={"until_resolved": "yes"}))
        assert (code, "nothing fires" in str(said)) == (400, True)
        await api.fire(alertname="Slow", team="db")
        await api.silence("team=db", annotations={"until_resolved": "yes"})
        assert [one["untilResolved"] for one in await good(api, "GET", "silences")] == [True]
