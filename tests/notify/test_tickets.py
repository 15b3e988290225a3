"""Jira: what is searched for, the very requests, and what people have done to an issue meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.receivers.tickets import JiraSettings, JiraText
from evaluator.core.receivers.tree import Branch
from evaluator.core.records import Notification, NotifiedAlert, Pairs
from evaluator.notify import jira
from evaluator.notify.adf import document
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.sheet import Sheet
from tests.notify.cases.jira import CREATED, NOTHING, TRANSITIONS, UPDATED, found
from tests.notify.contract import EXTERNAL_URL, PACKAGED, Case, deliverer
from tests.notify.scenes import AT, PlainTexts, alert, finished, rendered, row

GOLDEN = Path(__file__).parent / "golden"
API = "https://jira.example.org/rest/api/2"
KEY = rendered().key
TEXTS = PlainTexts(title="[FIRING:1] HighLatency", text="Latency <is> high", project="OPS")
PLAIN = JiraSettings(
    API, "{{ project }}", "Bug", summary=JiraText("{{ title }}"), description=JiraText("{{ text }}"), priority="High"
)
FULL = replace(
    PLAIN,
    labels=("team web", "  ", "{{ project }}"),
    reopen_transition="Reopen",
    resolve_transition="Done",
    wont_fix_resolution='Won\'t "Fix"',
    reopen_duration=timedelta(hours=2),
    fields=(
        ("customfield_10001", Branch((("value", "red"),))),
        ("customfield_10002", "7"),
        ("components", (Branch((("name", "api"),)),)),
        ("labels", ("more",)),
    ),
)
ENDED = alert("a:9090", resolved=True)


def sheet(*alerts: NotifiedAlert, receipt: Pairs = ()) -> Sheet:
    return Sheet(replace(rendered(*alerts), receipt=receipt), TEXTS.render)


def converse(settings: JiraSettings, told: Sheet, *replies: Any) -> tuple[Accepted | Refused, list[Request]]:
    """The requests to a Jira that answers with `replies` in turn, and what came of it."""
    asked: list[Request] = []
    conversation = jira.tell(told, settings)
    try:
        asked.append(next(conversation))
        for reply in replies:
            answer = Answer(reply.status, reply.headers, reply.body, AT)
            asked.append(conversation.send(answer))
    except StopIteration as end:
        return end.value, asked
    raise AssertionError("it asked for more")


def body(request: Request) -> Any:
    return json.loads(request.body)


def fields_of(settings: JiraSettings, *alerts: NotifiedAlert, told: Sheet | None = None) -> dict[str, Any]:
    """What an issue that is created holds."""
    _, asked = converse(settings, told or sheet(*alerts), NOTHING, CREATED)
    fields: dict[str, Any] = body(asked[-1])["fields"]
    return fields


# -- the very requests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "settings", "told", "replies"),
    [
        ("created", FULL, sheet(), (NOTHING, CREATED)),
        ("cloud", replace(PLAIN, api_url="https://acme.atlassian.net/rest/api/3"), sheet(), (NOTHING, CREATED)),
        ("reopened", FULL, sheet(), (found("done"), UPDATED, TRANSITIONS, UPDATED)),
        ("over", FULL, sheet(ENDED), (found("new"), UPDATED, TRANSITIONS, UPDATED)),
    ],
)
def test_requests_are_the_golden_ones(name: str, settings: JiraSettings, told: Sheet, replies: Any) -> None:
    outcome, asked = converse(settings, told, *replies)
    assert isinstance(outcome, Accepted)
    shown = "\n".join(f"{one.method} {one.url.reveal()}\n{one.body.decode()}" for one in asked)
    assert shown == (GOLDEN / f"jira_{name}.txt").read_text()


# -- what is searched for ---------------------------------------------------------------------------------------------

IDENTITY = f'labels="ALERT{{{KEY}}}"'
ORDER = "order by status ASC,resolutiondate DESC"
OPEN = "statusCategory != Done and "
LATELY = "(resolutiondate is EMPTY OR resolutiondate >= -120m) and "


@pytest.mark.parametrize(
    ("changes", "firing", "expected"),
    [
        ({}, True, OPEN),
        ({}, False, OPEN),
        ({"reopen_transition": "Reopen"}, True, ""),
        ({"reopen_transition": "Reopen"}, False, OPEN),
        ({"reopen_transition": "Reopen", "reopen_duration": timedelta(hours=2)}, True, LATELY),
        ({"reopen_duration": timedelta(hours=2)}, True, OPEN),
        ({"wont_fix_resolution": "No"}, True, f'(resolution is EMPTY OR resolution != "No") and {OPEN}'),
    ],
)
def test_what_is_searched_for(changes: dict[str, Any], firing: bool, expected: str) -> None:
    """Unresolved issues have no resolution, of which `!=` is not true; they are wanted all the same."""
    request = next(jira.tell(sheet() if firing else sheet(ENDED), replace(PLAIN, **changes)))
    assert body(request)["jql"] == f'{expected}project="OPS" and {IDENTITY} {ORDER}'


def test_a_label_cannot_change_the_question() -> None:
    hostile = replace(PLAIN, project='A" OR project = "SECRET\\')
    assert 'project="A\\" OR project = \\"SECRET\\\\" and' in body(next(jira.tell(sheet(), hostile)))["jql"]


@pytest.mark.parametrize(
    ("url", "api_type", "asked"),
    [
        (API, "auto", f"{API}/search"),
        ("https://acme.atlassian.net/rest/api/2/", "auto", "https://acme.atlassian.net/rest/api/3/search/jql"),
        (
            "https://api.atlassian.com/ex/jira/c1/rest/api/3",
            "auto",
            "https://api.atlassian.com/ex/jira/c1/rest/api/3/search/jql",
        ),
        ("https://acme.atlassian.net/rest/api/2", "datacenter", "https://acme.atlassian.net/rest/api/2/search"),
        (API, "cloud", "https://jira.example.org/rest/api/3/search/jql"),
    ],
)
def test_where_is_searched(url: str, api_type: str, asked: str) -> None:
    request = next(jira.tell(sheet(), replace(PLAIN, api_url=url, api_type=api_type)))
    assert request.url.reveal() == asked


def test_a_preview_shows_the_search_and_the_issue_that_it_leads_to() -> None:
    """As if there were none; the end of a group that has none is a search alone."""
    case = Case("jira", lambda url, http: PLAIN)
    shown = deliverer(case, PLAIN, "", TEXTS).preview(row(integration="ops/jira[0]"))
    assert ["jql" in shown, '"fields":{"description"' in shown] == [True, True]
    over = deliverer(case, PLAIN, "", TEXTS).preview(row(ENDED, integration="ops/jira[0]"))
    assert ["jql" in over, '"fields":{"description"' in over] == [True, False]


# -- which issue, and what becomes of it ------------------------------------------------------------------------------


def test_the_end_of_what_has_no_issue_creates_none() -> None:
    assert converse(FULL, sheet(ENDED), NOTHING)[0] == Accepted()


@pytest.mark.parametrize(("category", "over"), [("new", False), ("done", True), ("indeterminate", False)])
def test_an_issue_that_stands_where_it_should_is_not_moved(category: str, over: bool) -> None:
    outcome, asked = converse(FULL, sheet(ENDED) if over else sheet(), found(category), UPDATED)
    assert (outcome, len(asked)) == (Accepted((("issue", "OPS-7"),)), 2)


def test_an_issue_stays_where_it_is_without_a_transition() -> None:
    assert converse(PLAIN, sheet(ENDED), found("new"), UPDATED)[0] == Accepted((("issue", "OPS-7"),))


def test_of_two_issues_the_open_one_is_updated() -> None:
    """People have made a second one; Jira sorts by the names of statuses, among which Closed comes early."""
    done, new = (found(category).body[len(b'{"issues":[') : -len(b"]}")] for category in ("done", "new"))
    both = replace(NOTHING, body=b'{"issues":[' + done + b"," + new.replace(b"OPS-7", b"OPS-8") + b"]}")
    outcome, _ = converse(FULL, sheet(), both, UPDATED)
    assert outcome == Accepted((("issue", "OPS-8"),))


@pytest.mark.parametrize("name", ["../../x", "OPS-7?x", "OPS", ""])
def test_what_is_no_name_of_an_issue_stands_in_no_url(name: str) -> None:
    listed = json.dumps({"issues": [{"key": name}]}).encode()
    outcome, asked = converse(PLAIN, sheet(receipt=(("issue", name),)), replace(NOTHING, body=listed), CREATED)
    assert outcome == Accepted((("issue", "OPS-24"),))
    assert asked[-1].url.reveal() == f"{API}/issue"


@pytest.mark.parametrize("name", ["project", "issue_type"])
@pytest.mark.parametrize("template", ["{{ nobody }}", " "])
def test_without_a_project_or_a_type_there_is_nothing_to_create(name: str, template: str) -> None:
    outcome, asked = converse(replace(PLAIN, **{name: template}), sheet())
    assert (asked, isinstance(outcome, Refused) and outcome.permanent) == ([], True)


# -- what stands in it ------------------------------------------------------------------------------------------------


def test_an_update_leaves_alone_what_people_move() -> None:
    """Project, type and labels of their own; and texts, where that is wanted."""
    kept = replace(FULL, summary=JiraText("{{ title }}", False), description=JiraText("{{ text }}", False))
    _, asked = converse(kept, sheet(), found("new"), UPDATED)
    assert body(asked[-1])["fields"].keys() == {"priority", "components", "customfield_10001", "customfield_10002"}
    assert [next(iter(one)) for one in body(asked[-1])["update"]["labels"]] == ["add"] * 4


def test_texts_are_cut_to_what_jira_takes() -> None:
    long = replace(PLAIN, summary=JiraText("é" * 300 + "\nx"), description=JiraText("é" * 40_000), labels=("x" * 300,))
    fields = fields_of(long)
    assert fields["summary"] == "é" * 254 + "…"
    assert fields["description"] == "é" * 32_766 + "…"
    assert max(map(len, fields["labels"])) == 255


def test_a_summary_is_one_line_and_never_blank() -> None:
    assert fields_of(replace(PLAIN, summary=JiraText("a\nb")))["summary"] == "a / b"
    assert fields_of(replace(PLAIN, summary=JiraText(" ")))["summary"].startswith("[FIRING:1] HighLatency")


def test_no_priority_is_no_field() -> None:
    assert "priority" not in fields_of(replace(PLAIN, priority=""))


def test_a_plain_notification_stands_between_fences_that_no_label_can_open() -> None:
    told = sheet(alert("{noformat}[~ann]{noformat}"))
    description = fields_of(replace(PLAIN, summary=JiraText("{{ nobody }}")), told=told)["description"]
    assert description.startswith("{noformat}A template of this receiver failed")
    assert description.count("{noformat}") == 2


def test_a_label_mentions_nobody_and_a_template_does() -> None:
    told = sheet(alert("a", who="[~ann]"))
    description = fields_of(replace(PLAIN, description=JiraText("[~ann] [~ben]")), told=told)["description"]
    assert description == "[~\u200bann] [~ben]"


DOCUMENTS = replace(PLAIN, api_url="https://acme.atlassian.net/rest/api/3")


def test_version_3_wants_documents() -> None:
    text = JiraText("\n# Alerts\r\n - a = b\nc\x00\n\n#\nd")
    assert fields_of(replace(DOCUMENTS, description=text))["description"]["content"] == [
        {"type": "heading", "attrs": {"level": 3}, "content": [{"type": "text", "text": "Alerts"}]},
        {
            "type": "paragraph",
            "content": [{"type": "text", "text": " - a = b"}, {"type": "hardBreak"}, {"type": "text", "text": "c"}],
        },
        {"type": "paragraph", "content": [{"type": "text", "text": "#"}, {"type": "hardBreak"}, {"type": "text", "text": "d"}]},
    ]


def test_a_document_that_a_template_writes_is_taken_as_it_is() -> None:
    own = {"type": "doc", "version": 1, "content": []}
    assert fields_of(replace(DOCUMENTS, description=JiraText(json.dumps(own))))["description"] == own
    other = fields_of(replace(DOCUMENTS, description=JiraText('{"type":"x"}')))["description"]
    assert other["content"][0]["content"] == [{"type": "text", "text": '{"type":"x"}'}]


def test_a_document_is_cut_to_what_jira_takes() -> None:
    description = fields_of(replace(DOCUMENTS, description=JiraText("é\n" * 20_000)))["description"]
    assert 32_000 < len(json.dumps(description)) <= 32_767


def test_addresses_in_a_document_are_links_and_others_are_not() -> None:
    (paragraph,) = document("runbook: https://run.book/a?b&c now\njavascript:x")["content"]
    link = {
        "type": "text",
        "text": "https://run.book/a?b&c",
        "marks": [{"type": "link", "attrs": {"href": "https://run.book/a?b&c"}}],
    }
    assert paragraph["content"] == [
        {"type": "text", "text": "runbook: "},
        link,
        {"type": "text", "text": " now"},
        {"type": "hardBreak"},
        {"type": "text", "text": "javascript:x"},
    ]


@given(st.text())
def test_documents_hold_no_empty_text(text: str) -> None:
    """Jira refuses a document in which one stands."""
    for block in document(text)["content"]:
        assert block["content"]
        assert all(piece.get("text") != "" for piece in block["content"])


# -- default texts ----------------------------------------------------------------------------------------------------


def default_texts(*alerts: NotifiedAlert) -> Sheet:
    notification: Notification = row(*alerts).notification
    annotations = [finished(told) for told in notification.alerts]
    return Sheet(rendered(*alerts), PACKAGED.renderer(notification, annotations))


@pytest.mark.parametrize(
    ("firing", "over", "priority"),
    [
        (["info", "critical", "warning"], [], "High"),
        (["info", "warning"], ["critical"], "Medium"),
        (["info", "page"], [], "Low"),
        ([], ["warning", "info"], "Medium"),
        (["page"], ["critical"], None),
    ],
)
def test_the_priority_is_that_of_the_worst_severity(firing: list[str], over: list[str], priority: str | None) -> None:
    """Of what fires; of what is over when nothing does."""
    alerts = [alert(f"f{number}", severity=one) for number, one in enumerate(firing)]
    alerts += [alert(f"o{number}", severity=one, resolved=True) for number, one in enumerate(over)]
    _, asked = converse(JiraSettings(API, "P", "Bug"), default_texts(*alerts), found("indeterminate"), UPDATED)
    assert body(asked[-1])["fields"].get("priority") == (priority and {"name": priority})


def test_the_default_texts_name_the_alerts() -> None:
    fields = fields_of(JiraSettings(API, "P", "Bug"), told=default_texts(alert("a:9090")))
    assert fields["summary"] == "[FIRING:1] HighLatency web (a:9090 api)"
    assert "# Alerts Firing:" in fields["description"]
    assert "  - summary = Latency is high on a:9090" in fields["description"]
    assert EXTERNAL_URL not in fields["summary"]
