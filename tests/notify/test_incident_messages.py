"""Messages about incidents: the first one shows how things stand, news goes into its thread, and it says what can be done."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qs

import pytest

from evaluator.core.gsm import length
from evaluator.core.incidents.actions import NOISE
from evaluator.core.incidents.records import IncidentState, Notice, PageKind
from evaluator.core.receivers.chat import TelegramSettings
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.receivers.paging import PagerdutySettings
from evaluator.core.receivers.phones import TwilioSettings
from evaluator.core.settings import Secret, SlackSettings, WebhookSettings
from evaluator.core.timestamps import rfc3339
from evaluator.notify import mail, slack, telegram, twilio, webhook
from evaluator.notify.buttons import NO_BUTTONS, Buttons, offered
from evaluator.notify.chased import chase_lines
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.receivers import HTTP_RECEIVERS
from evaluator.notify.sheet import Sheet
from tests.notify.scenes import AT, PlainTexts, alert, rendered

APP = SlackSettings(
    Secret("https://slack.example.org/api/chat.postMessage"), channel="U1", title="{{ title }}", text="{{ text }}"
)
HOOK = replace(APP, api_url=Secret("https://hooks.slack.example.org/x"))
BOT = TelegramSettings("https://t.example.org", Secret("1:a"), chat_id=7, message="{{ text }}", parse_mode="")
PAGER = PagerdutySettings("https://events.example.org", Secret("key"))
OLD_PAGER = PagerdutySettings("https://events.example.org", service_key=Secret("key"))
TEXTS = PlainTexts(title="#12 Down", text="it is down", color="danger")
LINKS = Buttons({"ack": "https://e/links/a", "view": "https://e/links/v"})
HEARD = Buttons(slack=True, telegram=True)
ROOT = (("channel", "D1"), ("ts", "1.5"))


def notice(kind: PageKind = PageKind.PAGE, state: IncidentState = IncidentState.TRIGGERED, **more: Any) -> Notice:
    """Of incident 12, at its second level."""
    told = Notice(12, kind, "p4ge", state, "critical", "Down", 1, 1, "backup", 4, AT - timedelta(minutes=5), "bo", **more)
    return replace(told, runbook="https://run.book") if not more else told


def sheet(told: Notice, receipt: tuple[tuple[str, str], ...] = (), buttons: Buttons = NO_BUTTONS) -> Sheet:
    over = told.state is IncidentState.RESOLVED
    notification = replace(rendered(alert("a:1", resolved=over), integration="person:bo/slack"), receipt=receipt)
    return Sheet(notification, TEXTS.render, incident=told, buttons=buttons)


def answer(**members: Any) -> Answer:
    """Of a service that says yes in JSON."""
    return Answer(200, {"content-type": "application/json"}, json.dumps(members).encode(), AT)


def told(
    conversation: Generator[Request, Answer, Accepted | Refused], *answers: Answer
) -> tuple[list[tuple[str, dict[str, Any]]], Accepted | Refused]:
    """The requests of a conversation, by the last part of their URLs, and what came of it."""
    requests: list[tuple[str, dict[str, Any]]] = []
    replies: Iterator[Answer] = iter(answers)
    try:
        request = next(conversation)
        while True:
            requests.append((request.url.reveal().rpartition("/")[2], json.loads(request.body)))
            request = conversation.send(next(replies))
    except StopIteration as end:
        return requests, end.value


GOOD = answer(ok=True, channel="D1", ts="1.7")


def test_the_first_page_in_slack_is_a_message_of_its_own() -> None:
    requests, outcome = told(slack.tell(sheet(notice(), buttons=HEARD), APP), GOOD)
    ((method, body),) = requests
    assert (method, body["channel"], "thread_ts" in body) == ("chat.postMessage", "U1", False)
    assert outcome == Accepted((("channel", "D1"), ("ts", "1.7")))
    elements = body["attachments"][1]["blocks"][0]["elements"]
    assert [(one["text"]["text"], one.get("action_id"), one.get("value")) for one in elements[:3]] == [
        ("Acknowledge", "evaluator:ack", "p4ge"),
        ("Snooze 1 h", "evaluator:snooze", "p4ge"),
        ("Escalate", "evaluator:escalate", "p4ge"),
    ]
    assert elements[3]["url"] == "https://run.book"


@pytest.mark.parametrize("kind", [PageKind.PAGE, PageKind.NOTICE])
def test_the_next_page_goes_into_its_thread_and_is_seen_outside_of_it(kind: PageKind) -> None:
    ((_, body),), _ = told(slack.tell(sheet(notice(kind), ROOT), APP), GOOD)
    assert (body["channel"], body["thread_ts"], body["reply_broadcast"]) == ("D1", "1.5", True)


def test_an_update_edits_the_first_message_and_makes_no_sound() -> None:
    acked = notice(PageKind.UPDATE, IncidentState.ACKED, owner="ana")
    requests, outcome = told(slack.tell(sheet(acked, ROOT, HEARD), APP), answer(ok=True, channel="D1", ts="1.5"))
    ((method, body),) = requests
    assert (method, body["ts"]) == ("chat.update", "1.5")
    assert body["attachments"][1]["blocks"][0]["elements"][0]["text"]["text"] == "Still on it"
    assert isinstance(outcome, Accepted)


def test_the_end_is_shown_in_the_first_message_and_told_in_its_thread() -> None:
    over = notice(PageKind.RESOLVED, IncidentState.RESOLVED)
    requests, _ = told(slack.tell(sheet(over, ROOT, HEARD), APP), GOOD, GOOD)
    assert [(method, "thread_ts" in body) for method, body in requests] == [("chat.update", False), ("chat.postMessage", True)]
    for _, body in requests:
        assert [one["action_id"] for one in elements_of(body)] == [
            *(f"evaluator:label:{label}" for label in NOISE),
            "link:runbook",
        ]


def elements_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons of a message in Slack."""
    found: list[dict[str, Any]] = body["attachments"][1]["blocks"][0]["elements"]
    return found


def test_whoever_is_told_the_end_is_asked_whether_it_was_worth_it() -> None:
    """One press for each label where presses are heard, else one link for all; a channel that has neither is not asked."""
    over = notice(PageKind.RESOLVED, IncidentState.RESOLVED)
    words = ["Useful", "False positive", "Not actionable", "Duplicate", "Poor details"]
    linked = Buttons({"label": "https://e/links/l", "view": "https://e/links/v"})
    assert [one.label for one in offered(over, HEARD, heard=True)] == [*words, "Runbook"]
    ((_, body),), _ = told(slack.tell(sheet(over, buttons=linked), HOOK), Answer(200, {}, b"ok", AT))
    assert [(one["text"]["text"], one["url"]) for one in elements_of(body)] == [
        ("Was it worth it?", "https://e/links/l"),
        ("Runbook", "https://run.book"),
    ]
    assert [one.label for one in offered(over, NO_BUTTONS, heard=False)] == ["Runbook"]
    assert "label: https://e/links/l" in list(chase_lines(over, linked))


def test_labels_stand_two_beside_each_other_in_telegram() -> None:
    over = sheet(notice(PageKind.RESOLVED, IncidentState.RESOLVED), buttons=HEARD)
    ((_, body),), _ = told(telegram.tell(over, BOT), answer(ok=True, result={"message_id": 9}))
    rows = body["reply_markup"]["inline_keyboard"]
    assert [len(row) for row in rows] == [2, 2, 2]
    assert rows[0][1] == {"text": "False positive", "callback_data": "evaluator:label:false_positive:p4ge"}


def test_a_message_that_is_gone_is_not_missed() -> None:
    gone = answer(ok=False, error="message_not_found")
    requests, outcome = told(slack.tell(sheet(notice(PageKind.RESOLVED, IncidentState.RESOLVED), ROOT), APP), gone, GOOD)
    assert [method for method, _ in requests] == ["chat.update", "chat.postMessage"]
    assert isinstance(outcome, Accepted)


def test_a_webhook_cannot_edit_so_an_update_says_nothing_by_it() -> None:
    assert told(slack.tell(sheet(notice(PageKind.UPDATE, IncidentState.ACKED)), HOOK)) == ([], Accepted())


def test_where_presses_are_not_heard_buttons_are_links_of_whoever_gets_the_message() -> None:
    ((_, body),), _ = told(slack.tell(sheet(notice(), buttons=LINKS), HOOK), Answer(200, {}, b"ok", AT))
    elements = body["attachments"][1]["blocks"][0]["elements"]
    assert [one["url"] for one in elements] == ["https://e/links/a", "https://run.book"]


def test_telegram_answers_to_its_first_message_and_edits_it() -> None:
    good = answer(ok=True, result={"message_id": 9})
    ((method, body),), outcome = told(telegram.tell(sheet(notice(), buttons=HEARD), BOT), good)
    assert (method, outcome) == ("sendMessage", Accepted((("message_id", "9"),)))
    assert body["reply_markup"]["inline_keyboard"][0][0] == {"text": "Acknowledge", "callback_data": "evaluator:ack:p4ge"}
    first = (("message_id", "9"),)
    ((_, body),), _ = told(telegram.tell(sheet(notice(), first), BOT), good)
    assert body["reply_parameters"]["message_id"] == 9
    ((method, body),), _ = told(telegram.tell(sheet(notice(PageKind.UPDATE, IncidentState.ACKED), first), BOT), good)
    assert (method, body["message_id"]) == ("editMessageText", 9)
    over = sheet(notice(PageKind.RESOLVED, IncidentState.RESOLVED), first)
    requests, _ = told(telegram.tell(over, BOT), good, good)
    assert [method for method, _ in requests] == ["editMessageText", "sendMessage"]


@pytest.mark.parametrize(
    ("kind", "state", "action"),
    [
        (PageKind.PAGE, IncidentState.TRIGGERED, "trigger"),
        (PageKind.UPDATE, IncidentState.ACKED, "acknowledge"),
        (PageKind.UPDATE, IncidentState.SNOOZED, "acknowledge"),
        (PageKind.UPDATE, IncidentState.TRIGGERED, "trigger"),
        (PageKind.RESOLVED, IncidentState.RESOLVED, "resolve"),
    ],
)
def test_what_somebody_has_acknowledged_is_acknowledged_at_pagerduty(kind: PageKind, state: IncidentState, action: str) -> None:
    one = sheet(notice(kind, state))
    for settings, member in ((PAGER, "event_action"), (OLD_PAGER, "event_type")):
        requests, outcome = told(HTTP_RECEIVERS[PagerdutySettings](one, settings), answer())
        assert [request[member] for _, request in requests] == [action]
        assert isinstance(outcome, Accepted)


def test_whoever_gave_it_back_is_called_again() -> None:
    """PagerDuty calls nobody about what is acknowledged there, so its incident is closed and another opened, under one key."""
    again = replace(notice(), epoch=2)
    for settings, member in ((PAGER, "event_action"), (OLD_PAGER, "event_type")):
        requests, outcome = told(HTTP_RECEIVERS[PagerdutySettings](sheet(again), settings), answer(), answer())
        assert [request[member] for _, request in requests] == ["resolve", "trigger"]
        assert len({request.get("dedup_key") or request.get("incident_key") for _, request in requests}) == 1
        assert isinstance(outcome, Accepted)
        requests, outcome = told(HTTP_RECEIVERS[PagerdutySettings](sheet(again), settings), replace(answer(), status=503))
        assert (len(requests), isinstance(outcome, Refused)) == (1, True)
        held = replace(again, state=IncidentState.ACKED, kind=PageKind.UPDATE)
        assert len(told(HTTP_RECEIVERS[PagerdutySettings](sheet(held), settings), answer())[0]) == 1


def test_the_plain_lines_say_what_a_tired_person_needs_first() -> None:
    late = notice(late=timedelta(minutes=7), confirmed_at=AT, owner="ana", text="assigned to you")
    assert list(chase_lines(late, LINKS)) == [
        "Incident 12 [critical]: Down, triggered",
        "Level 2 of 4 (backup), 7m later than promised",
        "assigned to you",
        f"It cannot be asked at the moment; last confirmed at {AT:%Y-%m-%d %H:%M:%S} UTC.",
        "Owner: ana",
        "ack: https://e/links/a",
        "view: https://e/links/v",
    ]


def test_a_short_message_fits_into_one_and_always_says_what_to_answer() -> None:
    number = TwilioSettings("AC1", ("+2",), sender="+1", body="{{ text }}")
    texts = PlainTexts(text="Überlast – " + "x" * 300)
    one = replace(sheet(notice(), buttons=Buttons(texting=True)), render=texts.render)
    request = next(twilio.tell(one, number))
    (said,) = parse_qs(request.body.decode())["Body"]
    assert length(said) <= 160
    assert said.startswith("Überlast - xxx")
    assert said.endswith("...\n12a ack, 12s snooze, 12e escalate")


def test_a_mail_is_answered_to_an_address_that_knows_its_incident() -> None:
    settings = EmailSettings("ana@example.org", "evaluator@example.org", ("mail.example.org", 25))
    one = sheet(notice(), buttons=Buttons(mail="ack+12.1.5.abc@in.example.org"))
    built = mail.build(one, settings)
    assert isinstance(built, mail.Mail)
    assert message_from_bytes(built.message)["Reply-To"] == "ack+12.1.5.abc@in.example.org"


def test_a_template_that_fails_costs_no_link() -> None:
    one = replace(sheet(notice(), buttons=LINKS), failed=(("template_error", "title: broken"),))
    assert "ack: https://e/links/a" in one.plainly()


def test_a_webhook_is_told_what_somebody_is_chased_about_and_how_to_answer() -> None:
    """A bridge that rings a telephone has to say what it is, and to acknowledge in the name of whom it rang."""
    request = webhook.build(sheet(notice(owner="ana"), buttons=LINKS), WebhookSettings(Secret("https://bridge.example.org")))
    assert isinstance(request, Request)
    told = json.loads(request.body)["evaluator"]["incident"]
    assert (told["number"], told["kind"], told["state"], told["whom"], told["owner"]) == (12, "page", "triggered", "bo", "ana")
    assert (told["level"], told["levels"], told["level_name"], told["climb"]) == (2, 4, "backup", 1)
    assert (told["opened_at"], told["late_seconds"]) == (rfc3339(AT - timedelta(minutes=5)), 0)
    assert told["links"] == {"ack": "https://e/links/a", "view": "https://e/links/v"}


def test_a_webhook_that_is_told_of_alerts_alone_hears_of_no_incident() -> None:
    alone = Sheet(rendered(alert("a:1")), TEXTS.render)
    request = webhook.build(alone, WebhookSettings(Secret("https://bridge.example.org")))
    assert isinstance(request, Request)
    assert "incident" not in json.loads(request.body)["evaluator"]
