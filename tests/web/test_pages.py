"""The pages as somebody without JavaScript sees them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from evaluator.core.evaluation.answers import FailureKind
from evaluator.core.evaluation.rules import RecordingRule
from evaluator.core.events import WindowSet
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.matchers import MatcherMode
from evaluator.core.muting.inhibition import InhibitRule
from evaluator.core.muting.intervals import NamedInterval, TimeInterval
from evaluator.core.muting.silence_policy import SilencePolicy
from evaluator.core.muting.windows import Window
from evaluator.core.receivers import Receiver
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Datasource
from evaluator.web.routes import read_labels
from tests.web.stage import CONSOLE, FROM_HERE, Stage, group, route, rule, settings

HOSTILE = '<script>alert("x")</script>'


def words(page: str) -> str:
    """A page as it reads, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.partition("<main")[2] or page))


# -- the wall ---------------------------------------------------------------------------------------------------------


async def test_a_group_is_a_card_with_folded_labels() -> None:
    stage = Stage()
    common = {"alertname": "Down", "cluster": "eu-1"}
    stage.post({**common, "instance": "a"}, {**common, "instance": "b"}, annotations={"summary": "it is down"})
    stage.deliver()
    page = words(await stage.get())
    assert "2 firing" in page
    assert page.count("cluster=") + page.count("cluster =") == 1
    assert "it is down" in page
    assert "repeats in 4h" in page


async def test_a_whole_group_is_silenced_by_what_it_has_in_common() -> None:
    """By its group labels, not by those that only happen to be equal now."""
    stage = Stage(settings(route=route("team", group_by=frozenset({"alertname", "team"}))))
    stage.post(*({"alertname": "Down", "team": "a&b", "rack": "7", "instance": name} for name in "xy"))
    link = re.search(r'data-silence href="\./(silences/new[^"]+)"', await stage.get())
    assert link is not None
    form = await stage.get("/" + link[1].replace("&amp;", "&"))
    assert "alertname=&#34;Down&#34;\nteam=&#34;a&amp;b&#34;</textarea>" in form
    assert "Mutes 2 of 2 alerts" in words(form)


async def test_a_group_without_anything_in_common_has_no_such_link() -> None:
    stage = Stage(settings(route=route("team", group_by=frozenset())))
    stage.post({"alertname": "Down", "job": "a"}, {"alertname": "Slow", "job": "b"})
    assert "silence the group" not in await stage.get()


async def test_why_an_alert_is_muted() -> None:
    """A silence with its author, an inhibition with its source, the time of day with its end."""
    inhibits = InhibitRule("node down", (Matcher("alertname", "Down"),), (Matcher("alertname", "Slow"),), ("node",))
    night = NamedInterval("night", (TimeInterval(times=((0, 24 * 60),)),))
    quiet = Route("team", key="{}/{a}", id="{}/{a}", matchers=(Matcher("job", "batch"),), mute_time_intervals=("night",))
    stage = Stage(settings(inhibit_rules=(inhibits,), time_intervals=(night,), route=route("team", quiet)))
    stage.silence(Matcher("alertname", "Full"), comment="disk is replaced")
    stage.post({"alertname": "Full"}, {"alertname": "Down", "node": "n"}, {"alertname": "Slow", "node": "n"})
    stage.post({"alertname": "Late", "job": "batch"})
    page = words(await stage.get())
    assert "ada: disk is replaced" in page
    assert "by Down (node down)" in page
    assert "during night" in page
    assert "3 muted" in page


async def test_pending_alerts_have_a_fold_of_their_own() -> None:
    stage = Stage(settings(groups=(group(rule("Slow", hold=timedelta(minutes=10))),)))
    stage.evaluate({"Slow": [{"instance": "a"}]})
    assert "1 pending" in words(await stage.get())


async def test_filters_live_in_the_url() -> None:
    stage = Stage()
    stage.post({"alertname": "Down", "team": "db"}, {"alertname": "Down", "team": "web"})
    stage.post({"alertname": "Slow", "team": "db"})
    page = await stage.get("/?filter=" + quote('team="db"') + "&filter=Down")
    assert "Slow" not in words(page)
    assert "web" not in words(page)
    assert "×" in page
    chip = re.search(r'href="([^"]*)"[^>]*>\s*(?:<span>)?team=', await stage.get())
    assert chip is not None
    assert "filter=team%3D" in chip[1].replace("&amp;", "&")


async def test_a_filter_that_is_none_is_explained_and_ignored() -> None:
    stage = Stage()
    stage.post({"alertname": "Down"})
    page = words(await stage.get("/?filter=" + quote('team=~"("'), 400))
    assert "nothing is filtered by this" in page
    assert "1 firing" in page


async def test_ten_thousand_alerts_make_a_page_of_bounded_size() -> None:
    """Of groups, and of alerts within one."""
    stage = Stage(settings(route=route("team", group_by=frozenset({"alertname"}))))
    stage.post(*({"alertname": f"A{number % 500:03d}", "instance": f"i{number}"} for number in range(10_000)))
    page = await stage.get()
    assert len(page) < 900_000
    assert "10,000 firing" in words(page)
    assert "page=2" in page
    assert "A499" in await stage.get("/?filter=A499")


async def test_what_is_worst_stands_first() -> None:
    """Groups, and alerts in a group, by the severity of what is not muted; a later warning does not push a page away."""
    stage = Stage(settings(route=route("team", group_by=frozenset({"alertname"}))))
    stage.silence(Matcher("alertname", "Muted"))
    stage.post({"alertname": "Woken", "severity": "page"}, {"alertname": "Muted", "severity": "page"})
    stage.pass_time(minutes=1)
    stage.post(
        *({"alertname": "Newest", "instance": name, "severity": name} for name in ("info", "critical", "odd", "warning"))
    )
    page = await stage.get()
    cards = [page.index(f">{name}</a></h2>") for name in ("Woken", "Newest", "Muted")]
    assert cards == sorted(cards)
    newest = page[cards[1] : cards[2]]
    rows = [newest.index(f"<span>severity=</span>{name}") for name in ("critical", "warning", "info", "odd")]
    assert rows == sorted(rows)
    assert '<span class="severity">critical</span>' in newest


async def test_trouble_that_somebody_has_muted_is_not_told_first() -> None:
    stage = Stage(settings(groups=(group(rule("Down")),)))
    for _ in range(4):
        stage.fail(FailureKind.TRANSIENT, "connection refused")
    assert 'class="trouble"' in await stage.get()
    stage.silence(Matcher("alertname", "EvaluatorDatasourceDown"))
    page = await stage.get()
    assert 'class="trouble"' not in page
    assert "1 muted" in words(page)


async def test_much_trouble_is_counted() -> None:
    """Three are told in full, so that the alerts are still on the screen."""
    names = [f"ds{number}" for number in range(5)]
    groups = tuple(group(rule(name), name=name, datasource=name) for name in names)
    stage = Stage(settings(groups=groups, datasources=tuple(Datasource(name, "http://prometheus:9090") for name in names)))
    for _ in range(4):
        stage.fail(FailureKind.TRANSIENT, "connection refused")
    page = await stage.get()
    assert page.count("No query has succeeded since") == 3
    (more,) = re.findall(r'and <a href="\./([^"]+)">2 more', page)
    assert "EvaluatorDatasourceDown 5 firing" in words(await stage.get("/" + more))


async def test_pages_come_compressed_to_who_can_read_that() -> None:
    stage = Stage()
    stage.post(*({"alertname": f"A{number}"} for number in range(50)))
    plain = await stage.client.get("/", headers={"Accept-Encoding": "identity"})
    packed = await stage.client.get("/", headers={"Accept-Encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert int(packed.headers["content-length"]) * 5 < len(plain.content)
    assert packed.text == plain.text
    refused = await stage.client.get("/", headers={"Accept-Encoding": "gzip; q=0"})
    assert refused.content == plain.content


async def test_trouble_is_told_first() -> None:
    stage = Stage(settings(groups=(group(rule("Down")),)))
    stage.unhealthy = "the store refuses: disk full"
    assert "disk full" in await stage.get()
    stage.unhealthy = ""
    for _ in range(4):
        stage.fail(FailureKind.TRANSIENT, "connection refused")
    assert "EvaluatorDatasourceDown" in words(await stage.get())


async def test_a_receiver_that_refuses_shows() -> None:
    stage = Stage()
    stage.post({"alertname": "Down"})
    stage.refuse("answered 500 Internal Server Error")
    assert "500 Internal Server Error" in words(await stage.get())


async def test_nothing_fires() -> None:
    """That is said, not left blank."""
    assert "Nothing" in words(await Stage().get())


# -- one alert --------------------------------------------------------------------------------------------------------


async def test_one_alert_and_why() -> None:
    stage = Stage()
    labels = Labels({"alertname": "Down", "instance": "a"})
    stage.post(labels.as_dict(), annotations={"summary": "down", "runbook": "https://run.book/down"})
    stage.deliver()
    page = await stage.get(f"/alerts/{labels.fingerprint}")
    assert "Why, and what comes next" in page
    assert "team/console[0]" in page
    assert 'href="https://run.book/down"' in page
    assert "There is no such alert" in words(await stage.get("/alerts/0123456789abcdef", 404))


async def test_hostile_texts_are_texts() -> None:
    """Labels and annotations are shown, never obeyed; a megabyte is cut, and what turns the direction of text is taken out."""
    stage = Stage()
    labels = {"alertname": HOSTILE, "long": "x" * 1_000_000, "bidi": "a\u202eb", "job": '" onmouseover="alert(1)'}
    stage.post(labels, annotations={"summary": HOSTILE, "runbook": "javascript:alert(1)"}, url="javascript:alert(2)")
    for path in ("/", f"/alerts/{Labels(labels).fingerprint}", "/silences/new?alert=" + Labels(labels).fingerprint):
        page = await stage.get(path)
        assert HOSTILE not in page
        assert "&lt;script&gt;" in page
        assert 'href="javascript' not in page
        assert "\u202e" not in page.replace("bidi", "") or path.startswith("/silences")
        assert '" onmouseover="' not in page
    assert len(await stage.get()) < 200_000


# -- silences ---------------------------------------------------------------------------------------------------------

FORM = {"lasts": "2h", "author": "ada", "comment": "planned", "matchers": 'alertname="Down"'}


async def test_nothing_is_set_before_it_was_previewed() -> None:
    stage = Stage()
    stage.post({"alertname": "Down", "instance": "a"}, {"alertname": "Slow"})
    first = await stage.post_form("/silences/new", action="create", **FORM)
    assert "Mutes 1 of 2 alerts that fire now" in words(first.text)
    assert list(stage.machine.muting.silences.listing(stage.now)) == []
    seen = re.search(r'name="seen" value="([^"]+)"', first.text)
    assert seen is not None
    changed = await stage.post_form("/silences/new", action="create", seen=seen[1], **{**FORM, "lasts": "9h"})
    assert "The form has changed since its preview" in changed.text
    made = await stage.post_form("/silences/new", action="create", seen=seen[1], **FORM)
    assert made.status_code == 303
    (silence,) = stage.machine.muting.silences.listing(stage.now)
    assert (silence.created_by, silence.comment, silence.ends_at - silence.starts_at) == ("ada", "planned", timedelta(hours=2))
    assert made.headers["location"].endswith(f"silences/{silence.id}")
    assert "planned" in words(await stage.get(f"/silences/{silence.id}"))


WRONG = [
    ({"matchers": ""}, "at least one matcher is needed"),
    ({"matchers": 'a=~"("'}, "line 1:"),
    ({"lasts": "soon"}, "write 30m, 2h or 1d"),
    ({"until": "2020-01-01 00:00"}, "end time"),
    ({"author": ""}, "say who you are"),
    ({"author": "a" * 201}, "give a name of at most 200 printable characters"),
    ({"comment": ""}, "say why"),
]


TIMES = [
    ({"lasts": "0s"}, "lasts"),
    ({"starts": "2020-01-01 00:00"}, "starts"),
    ({"starts": "2026-03-02 10:00", "until": "2026-03-02 09:00"}, "until"),
]


@pytest.mark.parametrize(("fields", "field"), TIMES)
async def test_a_wrong_time_is_told_beside_a_field_that_was_filled_in(fields: dict[str, str], field: str) -> None:
    """While somebody types, nothing is said of fields that are still empty; so it would not be said at all."""
    typing = {**FROM_HERE, "HX-Request": "true"}
    answer = await Stage().post_form("/silences/new", typing, **{**FORM, **fields})
    assert re.search(rf'id="wrong-{field}">[^<]+ time', answer.text)


async def test_a_silence_may_begin_now_in_words() -> None:
    assert (
        "2026-03-01 12:00:00 UTC to 2026-03-01 14:00:00 UTC"
        in (await Stage().post_form("/silences/new", **FORM, starts="now")).text
    )


async def test_the_button_of_the_preview_is_reached_before_what_it_would_mute() -> None:
    """And no label of the list leads out of the form."""
    stage = Stage()
    stage.post(*({"alertname": "Down", "instance": f"i{number}"} for number in range(60)))
    page = (await stage.post_form("/silences/new", **FORM)).text
    preview = page[page.index('id="preview"') :]
    assert preview.index('value="create"') < preview.index("<span>instance=</span>")
    assert "?filter=" not in preview


@pytest.mark.parametrize(("fields", "said"), WRONG)
async def test_what_is_wrong_is_said_beside_its_field(fields: dict[str, str], said: str) -> None:
    answer = await Stage().post_form("/silences/new", action="create", **{**FORM, **fields})
    assert answer.status_code == 400
    assert said in answer.text


async def test_a_broad_silence_is_set_by_who_insists() -> None:
    stage = Stage()
    broad = {**FORM, "matchers": 'alertname=~".+"'}
    asked = await stage.post_form("/silences/new", action="preview", **broad)
    seen = re.search(r'name="seen" value="([^"]+)"', asked.text)
    assert seen is not None
    assert "mutes nearly everything" in asked.text
    refused = await stage.post_form("/silences/new", action="create", seen=seen[1], **broad)
    assert refused.status_code == 200
    assert list(stage.machine.muting.silences.listing(stage.now)) == []
    made = await stage.post_form("/silences/new", action="create", seen=seen[1], confirm="yes", **broad)
    assert made.status_code == 303


async def test_what_the_policy_refuses_cannot_be_insisted_on() -> None:
    stage = Stage(settings(silence_policy=SilencePolicy(max_duration=timedelta(hours=1))))
    answer = await stage.post_form("/silences/new", action="create", confirm="yes", **FORM)
    assert answer.status_code == 400
    assert "wrong-lasts" in answer.text
    assert list(stage.machine.muting.silences.listing(stage.now)) == []


async def test_silences_are_listed_edited_and_ended() -> None:
    stage = Stage()
    silence = stage.silence(Matcher("alertname", "Down"))
    stage.post({"alertname": "Down"})
    assert "planned work" in words(await stage.get("/silences"))
    form = await stage.get(f"/silences/{silence.id}/edit")
    assert f'value="{silence.id}"' in form
    assert "alertname=" in form
    ended = await stage.post_form(f"/silences/{silence.id}/expire", {**FROM_HERE, "Cookie": "author=Bo%20B"})
    assert ended.status_code == 303
    assert "ended by Bo B" in words(await stage.get(f"/silences/{silence.id}"))
    assert "planned work" not in words(await stage.get("/silences"))
    assert "planned work" in words(await stage.get("/silences?state=expired"))


async def test_a_window_is_ended_by_who_may() -> None:
    """One that somebody has set; one of the configuration is ended in the file."""
    mutes = ((Matcher("alertname", "Down"),),)
    nightly = Window("nightly", mutes, parse_cron("0 3 * * *"), timedelta(hours=1))
    stage = Stage(settings(windows=(nightly,)))
    stage.happen(WindowSet(replace(nightly, name="weekly", id="w", schedule=parse_cron("0 3 * * 1"))))
    page = await stage.get("/silences")
    assert page.count("end it</button>") == 1
    assert (await stage.post_form("/windows/w/end")).status_code == 303
    assert "weekly" not in words(await stage.get("/silences"))
    for name in (nightly.id, "nobody"):
        refused = await stage.post_form(f"/windows/{name}/end")
        assert (refused.status_code, "Nothing was ended" in refused.text) == (404, True), name
    assert "nightly" in words(await stage.get("/silences"))


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_forms_of_other_sites_change_nothing(headers: dict[str, str]) -> None:
    stage = Stage()
    silence = stage.silence(Matcher("alertname", "Down"))
    answer = await stage.post_form(f"/silences/{silence.id}/expire", headers)
    if headers:
        assert answer.status_code == 403
        assert stage.machine.muting.silences.muting(Labels({"alertname": "Down"}), stage.now)
    else:
        assert answer.status_code in (303, 403)  # a client that is no browser says nothing of where it is


async def test_a_store_that_refuses_is_told() -> None:
    stage = Stage()
    silence = stage.silence(Matcher("alertname", "Down"))
    stage.unavailable = "the store refuses: disk full"
    answer = await stage.post_form(f"/silences/{silence.id}/expire")
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.text


async def test_a_form_outlives_a_store_that_refuses() -> None:
    """Nobody writes twice at night what could not be set the first time."""
    stage = Stage()
    for path, form in (("/silences/new", FORM), ("/windows/new", {**FORM, "schedule": "@daily", "zone": "UTC", "name": "w"})):
        stage.unavailable = ""
        seen = re.search(r'name="seen" value="([^"]+)"', (await stage.post_form(path, **form)).text)
        assert seen is not None
        stage.unavailable = "the store refuses: disk full"
        answer = await stage.post_form(path, action="create", seen=seen[1], **form)
        assert answer.status_code == 503
        assert "It is not set: the store refuses: disk full." in answer.text
        assert 'value="planned"' in answer.text
        assert f'name="seen" value="{seen[1]}"' in answer.text
    answer = await stage.post_form("/maintenance/new", component="shop", lasts="2h", author="ana", reason="new disks")
    assert (answer.status_code, 'value="new disks"' in answer.text) == (503, True)
    assert "It is not set: the store refuses: disk full." in answer.text


# -- rules, routes, status --------------------------------------------------------------------------------------------


async def test_rules_with_their_health() -> None:
    rules = (rule("Down"), rule("Slow"), RecordingRule("k", "job:up:sum", "sum(up)", "sum(up)"))
    stage = Stage(settings(groups=(group(*rules),)))
    stage.evaluate({"Down": [{"instance": "a"}]})
    page = words(await stage.get("/rules"))
    for text in ("rules.yml", "Down", "Slow", "job:up:sum", "firing", "inactive", "every 30s"):
        assert text in page
    stage.fail(FailureKind.BAD_QUERY, "parse error")
    assert "parse error" in words(await stage.get("/rules?health=err"))
    assert "Slow" not in words(await stage.get("/rules?name=down"))


async def test_ten_thousand_rules_are_paged() -> None:
    stage = Stage(settings(groups=tuple(group(*(rule(f"R{n}-{m}") for m in range(100)), name=f"g{n}") for n in range(100))))
    assert len(await stage.get("/rules")) < 1_500_000


async def test_where_labels_would_go() -> None:
    night = NamedInterval("night", (TimeInterval(times=((0, 6 * 60),)),))
    db = Route(
        "db", key='{}/{team="db"}', id='{}/{team="db"}', matchers=(Matcher("team", "db"),), mute_time_intervals=("night",)
    )
    other = Route("web", key="{}/{w}", id="{}/{w}", matchers=(Matcher("team", "w.*", MatchOp.REGEX),))
    receivers = tuple(Receiver(name, (CONSOLE,)) for name in ("team", "db", "web"))
    stage = Stage(settings(route=route("team", db, other), receivers=receivers, time_intervals=(night,)))
    assert "db" in words(await stage.get("/routes"))
    asked = "/routes?labels=" + quote('alertname="Down", team="db"') + "&at=2026-03-02+03:00"
    page = words(await stage.get(asked))
    assert "night" in page
    assert '{}/{team="db"}:{}' in page.replace("&#34;", '"')
    assert "nonsense" in await stage.get("/routes?labels=" + quote("=nonsense"), 400)


LABELS = [
    ("team=db env=staging", {"team": "db", "env": "staging"}),
    ('team="db" env="a, b"', None),
    ('team="db"\nenv = staging', {"team": "db", "env": "staging"}),
    ('{team="db", env="staging"}', {"team": "db", "env": "staging"}),
    ('summary="a b=c" team=db', {"summary": "a b=c", "team": "db"}),
    ("alertname=Disk full", {"alertname": "Disk full"}),
    ("team=db team=web", None),
    ('team!="db"', None),
]


@pytest.mark.parametrize(("text", "labels"), LABELS)
def test_labels_are_read_as_people_write_them(text: str, labels: dict[str, str] | None) -> None:
    """What could be read in two ways is refused: an answer about other labels than those that were meant is worse than none."""
    if labels is None:
        with pytest.raises(ValueError, match=r"."):
            read_labels(text, MatcherMode.FALLBACK)
    else:
        assert read_labels(text, MatcherMode.FALLBACK) == labels


async def test_routes_say_by_which_ladder_people_are_chased() -> None:
    """Once, where it begins; a drill says that it is one, and whoever is left out of the ladder, too."""
    quiet = Route("team", id="quiet", matchers=(Matcher("severity", "low"),), escalation="")
    drill = Route("team", id="drill", matchers=(Matcher("drill", "true"),), escalation="ladder", dry_run=True)
    stage = Stage(settings(route=route("team", quiet, drill, escalation="ladder")))
    page = words(await stage.get("/routes"))
    assert page.count("escalation ladder") == 1
    assert "escalation none" in page
    assert "dry run: its ladder is rehearsed" in page
    found = words(await stage.get("/routes?labels=" + quote('drill="true"')))
    assert "ladder rehearsed: it wakes nobody" in " ".join(found.split())


async def test_status_says_what_is_not_delivered() -> None:
    stage = Stage(settings(receivers=(Receiver("team", (CONSOLE,)),), original="route:\n  receiver: team\n"))
    stage.post({"alertname": "Down"})
    stage.refuse("connection refused")
    page = words(await stage.get("/status"))
    for text in ("main", "connection refused", "receiver: team"):
        assert text in page


# -- what every page has ----------------------------------------------------------------------------------------------

PATHS = ("/", "/silences", "/silences/new", "/rules", "/routes", "/status")


@pytest.mark.parametrize("path", PATHS)
async def test_pages_forbid_what_they_do_not_need(path: str) -> None:
    """No script but our own, no frame, nothing kept; and no script in the page itself."""
    answer = await Stage().client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)
    assert not re.search(r'\son\w+="', answer.text)


async def test_the_switch_of_colours_is_remembered() -> None:
    stage = Stage()
    answer = await stage.post_form("/theme", theme="dark", back="")
    assert answer.status_code == 303
    assert 'data-theme="dark"' in await stage.get()


async def test_static_files_are_kept_for_ever() -> None:
    stage = Stage()
    (style,) = re.findall(r'href="\./(static/pages\.css\?v=[0-9a-f]+)"', await stage.get())
    answer = await stage.client.get("/" + style)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
