"""Links: what they let people do, and what they let nobody do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evaluator.core.events import Reloaded
from evaluator.core.http import Secret
from evaluator.core.incidents.actions import NOISE, Acted, Action
from evaluator.core.incidents.records import IncidentState
from evaluator.core.oncall.people import Duty
from evaluator.core.replies import LinkSettings
from evaluator.replies.link_pages import HEADERS
from evaluator.replies.links import Links
from evaluator.replies.tokens import LIFE, Purpose, Token, seal
from evaluator.replies.visits import AFTERWARDS
from tests.core.incidents.ladder import config, duty, ladder
from tests.core.playbook import T0
from tests.replies.office import BASE, PEOPLE, Office, furnished, minutes

TRIGGERED, ACKED, SNOOZED, RESOLVED = IncidentState
LATE = "11s"
"""Time enough for a press to count at once."""


def burning(**more: Any) -> Office:
    """An incident, and a message to Ana some time ago."""
    return Office(furnished(**more)).fires("Down").wait(LATE)


async def answers(office: Office, link: str, **more: Any) -> tuple[int, str]:
    """Status and text of a press."""
    answer = await office.press(link, **more)
    return answer.status_code, answer.text


def tell_again(office: Office) -> None:
    """Let the ladder begin anew, so that Ana is told now."""
    office.happen(Acted(Action.ACK, 1, "bo", "cli"))
    office.happen(Acted(Action.UNACK, 1, "bo", "cli"))


# -- what links are for -----------------------------------------------------------------------------------------------


async def test_a_press_acknowledges_in_the_name_of_whom_the_link_is_for() -> None:
    """For a quarter of an hour, for a link alone proves little; who, how and from where is in the timeline."""
    office = burning()
    answer = await office.press(office.link(Purpose.ACK), headers={"User-Agent": "Safari\non a telephone"})
    record = office.incident()
    assert answer.status_code == 200
    assert "It is yours until 01:16 CET, on the word of a link alone." in answer.text
    assert (record.state, record.owner, record.by_link, record.acked_until) == (ACKED, "ana", True, office.now + minutes(15))
    (moment,) = office.moments()
    assert (moment.by, moment.via, moment.source) == ("ana", "link", "192.0.2.1, Safari / on a telephone")


async def test_a_second_visit_makes_it_count_in_full() -> None:
    office = burning()
    link = office.link(Purpose.ACK)
    await office.press(link)
    office.wait("61s")
    assert "I am still on it" in (await office.look(link)).text
    assert "It is yours until 02:02 CET." in (await office.press(link)).text
    assert (office.incident().by_link, office.incident().acked_until) == (False, office.now + minutes(60))
    assert "<button" not in (await office.look(link)).text


async def test_nobody_confirms_and_the_ladder_begins_again() -> None:
    office = burning()
    await office.press(office.link(Purpose.ACK))
    office.wait("15m")
    assert (office.incident().state, office.incident().epoch) == (TRIGGERED, 2)


@pytest.mark.parametrize(("chosen", "lasts"), [({"for": "30m"}, 30), ({"for": "1h"}, 60), ({"for": "2h"}, 120), ({}, 60)])
async def test_a_person_who_comes_back_puts_off_for_two_hours_at_most(chosen: dict[str, str], lasts: int) -> None:
    office = burning()
    link = office.link(Purpose.SNOOZE)
    assert "on the word of a link alone" in (await office.press(link, chosen)).text
    assert (office.incident().state, office.incident().snoozed_until) == (SNOOZED, office.now + minutes(15))
    office.wait("61s")
    answer = await office.press(link, chosen)
    assert answer.status_code == 200
    assert (office.incident().state, office.incident().snoozed_until) == (SNOOZED, office.now + minutes(lasts))
    assert "<button" not in (await office.look(link)).text


async def test_what_a_machine_puts_off_calls_again_in_a_quarter_of_an_hour() -> None:
    office = burning()
    await office.press(office.link(Purpose.SNOOZE), {"for": "2h"})
    office.wait("16m")
    assert (office.incident().state, office.incident().epoch) == (TRIGGERED, 2)


async def test_who_acknowledged_by_link_and_comes_back_to_put_it_off_is_a_person() -> None:
    office = burning()
    await office.press(office.link(Purpose.ACK))
    office.wait("61s")
    await office.press(office.link(Purpose.SNOOZE), {"for": "1h"})
    assert office.incident().snoozed_until == office.now + minutes(60)


@pytest.mark.parametrize("span", ["3h", "24h", "", "-1h", "1h\0"])
async def test_no_other_time_can_be_had(span: str) -> None:
    office = burning()
    await office.press(office.link(Purpose.SNOOZE), {"for": span})
    assert office.incident().state is TRIGGERED


async def test_the_policy_may_allow_less() -> None:
    office = Office(furnished(config(ladder(max_snooze=minutes(45)), duty=duty(PEOPLE)))).fires("Down").wait(LATE)
    status, text = await answers(office, office.link(Purpose.SNOOZE), fields={"for": "2h"})
    assert (status, office.incident().state) == (409, TRIGGERED)
    assert "Nobody may put it off for more than 45m." in text


async def test_a_press_escalates() -> None:
    office = burning()
    link = office.link(Purpose.ESCALATE)
    assert "Tell backup now" in (await office.look(link)).text
    assert (await office.press(link, {"level": "0"})).status_code == 200
    assert office.incident().level == 1


async def test_a_link_to_look_offers_nothing_to_press() -> None:
    office = burning()
    link = office.link(Purpose.VIEW)
    page = (await office.look(link)).text
    assert "<button" not in page
    assert "<dt>state</dt><dd>triggered</dd>" in page
    assert (await office.press(link)).status_code == 200
    assert office.story() == []


def test_purposes_are_these_and_no_others() -> None:
    """None that ends, silences or changes anything."""
    assert [str(purpose) for purpose in Purpose] == ["ack", "snooze", "escalate", "view", "label"]


# -- what it was worth ------------------------------------------------------------------------------------------------


def over() -> tuple[Office, str]:
    """An incident that has ended, and the link in the message that says so to Ana."""
    office = burning().ends("Down").wait(LATE)
    assert office.notice().state is RESOLVED
    return office, office.link(Purpose.LABEL)


@pytest.mark.parametrize("label", NOISE)
async def test_one_press_says_what_it_was_worth(label: str) -> None:
    office, link = over()
    page = await office.look(link)
    assert (page.status_code, page.text.count("<button")) == (200, len(NOISE))
    assert "Was it worth waking somebody?" in page.text
    assert f'name="label" value="{label}"' in page.text
    answer = await office.press(link, {"label": label})
    assert (answer.status_code, office.incident().noise, office.story()) == (200, label, ["labelled ana link"])
    assert f"It is labelled: {label.replace('_', ' ')}." in answer.text


async def test_the_last_word_on_its_worth_counts_and_is_kept_once() -> None:
    office, link = over()
    for label in ("useful", "useful", "duplicate"):
        office.wait("1s")
        assert (await office.press(link, {"label": label})).status_code == 200
    assert (office.incident().noise, len(office.story())) == ("duplicate", 2)


@pytest.mark.parametrize("fields", [{}, {"label": ""}, {"label": "boring"}, {"label": "USEFUL"}, {"for": "useful"}])
async def test_no_other_label_can_be_had(fields: dict[str, str]) -> None:
    office, link = over()
    assert (await office.press(link, fields)).status_code == 200
    assert (office.incident().noise, office.story()) == ("", [])


async def test_looking_at_what_is_over_labels_nothing() -> None:
    """Whatever stands in the address."""
    office, link = over()
    for method in ("GET", "HEAD"):
        assert (await office.client.request(method, f"{link}?label=useful")).status_code == 200
    assert office.story() == []


async def test_a_label_within_seconds_of_the_message_is_asked_about_and_kept_meanwhile() -> None:
    office = burning().ends("Down")
    office.now = next(page.sent_at for page in office.desk.pages(1) if page.id == office.page() and page.sent_at)
    link = office.link(Purpose.LABEL)
    asked = await office.press(link, {"label": "useful"})
    assert "Was that you?" in asked.text
    assert 'name="label" value="useful"' in asked.text
    code = re.search(r'name="confirm" value="([0-9a-f]{64})"', asked.text)
    assert code is not None
    assert office.story() == []
    await office.press(link, {"label": "useful", "confirm": code[1]})
    assert office.incident().noise == "useful"


async def test_what_has_begun_again_is_not_labelled_by_an_old_link() -> None:
    """Nor when that is over as well: whoever was asked was asked about something else."""
    office, link = over()
    office.fires("Down").wait(LATE)
    assert office.incident().epoch == 2
    page = await office.press(link, {"label": "useful"})
    assert (page.status_code, "<button" in page.text) == (409, False)
    office.ends("Down").wait(LATE)
    page = await office.press(link, {"label": "useful"})
    assert (page.status_code, "<button" in page.text) == (409, False)
    assert (office.incident().noise, office.story()) == ("", [])


async def test_what_is_not_over_is_not_labelled_by_link() -> None:
    office = burning()
    answer = await office.press(office.link(Purpose.LABEL), {"label": "useful"})
    assert (answer.status_code, "<button" in answer.text, office.story()) == (200, False, [])


async def test_an_hour_after_the_end_nobody_is_asked_any_more() -> None:
    office, link = over()
    resolved_at = office.incident().resolved_at
    assert resolved_at is not None
    office.now = resolved_at + AFTERWARDS
    assert (await office.press(link, {"label": "useful"})).status_code == 404
    assert office.story() == []


# -- looking changes nothing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
async def test_looking_never_changes_anything(purpose: Purpose) -> None:
    """Whoever looks: people, scanners, chats that show what is behind a link, browsers that look ahead."""
    office = burning()
    link, before = office.link(purpose), office.incident()
    scanners = ({}, {"Sec-Purpose": "prefetch"}, {"User-Agent": "Slackbot-LinkExpanding 1.0"}, {"X-HTTP-Method": "POST"})
    for method in ("GET", "HEAD"):
        for headers in scanners:
            answer = await office.client.request(method, f"{link}?_method=POST&confirm=1", headers=headers)
            assert answer.status_code == 200
    assert office.incident() == before
    assert office.story() == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_not_there(method: str) -> None:
    office = burning()
    assert (await office.client.request(method, office.link(Purpose.ACK))).status_code == 405
    assert office.story() == []


async def test_pages_keep_their_link_to_themselves() -> None:
    """Not stored, not found, not framed, not told to the next page; no script, no cookie, nothing loaded or previewed."""
    office = burning()
    for answer in (await office.look(office.link(Purpose.ACK)), await office.look(f"{BASE}/links/forged")):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert HEADERS["Cache-Control"] == "no-store"
        assert HEADERS["Referrer-Policy"] == "no-referrer"
        assert HEADERS["X-Robots-Tag"].startswith("noindex")
        assert "script-src" not in HEADERS["Content-Security-Policy"]
        assert HEADERS["Content-Security-Policy"].startswith("default-src 'none'")
        assert "set-cookie" not in answer.headers
        assert not re.search(r"<script|og:|twitter:|<link|<img|href=|src=|http", answer.text)


async def test_what_a_label_says_is_text() -> None:
    office = burning()
    record = replace(office.incident(), title="<script>alert(1)</script>\u202e", component='"><img src=x>')
    office.machine.incidents.table[1] = record
    page = (await office.look(office.link(Purpose.ACK))).text
    assert "<script" not in page
    assert "<img" not in page
    assert "\\u202e" in page


# -- pressing twice, too soon, too late --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "fields"), [(Purpose.ACK, {}), (Purpose.SNOOZE, {"for": "1h"}), (Purpose.ESCALATE, {"level": "0"})]
)
async def test_pressing_again_is_harmless(purpose: Purpose, fields: dict[str, str]) -> None:
    """A double click, a scanner that has recorded the press: one deed, and the same page."""
    office = burning()
    link = office.link(purpose)
    first = await office.press(link, fields)
    then = office.incident()
    for _ in range(5):
        office.wait("5s")
        again = await office.press(link, fields)
        assert (again.status_code, again.text) == (first.status_code, first.text)
    assert office.incident() == then
    assert len(office.story()) == 1


async def test_an_escalation_is_for_the_level_that_was_seen() -> None:
    """Also when the form does not say which: then it is that of the message."""
    office = burning()
    link = office.link(Purpose.ESCALATE)
    for fields in ({}, {}, {"level": "0"}, {"level": "5"}, {"level": "x"}, {"level": "99999999999"}):
        await office.press(link, fields)
    assert (office.incident().level, office.story()) == (1, ["escalated ana link"])


async def test_a_press_within_seconds_of_the_message_is_asked_about() -> None:
    """The answer needs what only the page that asks has."""
    office = burning()
    tell_again(office)
    office.wait("9s")
    link = office.link(Purpose.ACK)
    asked = await office.press(link)
    assert asked.status_code == 200
    assert "Was that you?" in asked.text
    assert office.incident().state is TRIGGERED
    blind = await office.press(link, {"confirm": "yes"})
    assert "Was that you?" in blind.text
    code = re.search(r'name="confirm" value="([0-9a-f]{64})"', asked.text)
    assert code is not None
    await office.press(link, {"confirm": code[1]})
    assert office.incident().state is ACKED


async def test_what_was_chosen_is_kept_while_it_is_asked() -> None:
    office = burning()
    tell_again(office)
    asked = await office.press(office.link(Purpose.SNOOZE), {"for": "2h", "evil": "1"})
    assert 'name="for" value="2h"' in asked.text
    assert "evil" not in asked.text


async def test_an_incident_that_is_over_says_so_for_an_hour() -> None:
    office = burning()
    link = office.link(Purpose.ACK)
    office.ends("Down")
    resolved_at = office.incident().resolved_at
    assert resolved_at is not None
    page = await office.look(link)
    assert (page.status_code, "It is over since" in page.text, "<button" in page.text) == (200, True, False)
    assert (await office.press(link)).status_code == 409
    office.now = resolved_at + AFTERWARDS - timedelta(seconds=1)
    assert (await office.look(link)).status_code == 200
    office.now = resolved_at + AFTERWARDS
    assert (await office.look(link)).status_code == 404
    assert office.story() == []


async def test_a_link_of_another_climb_changes_nothing() -> None:
    """The incident was acknowledged and given back since, or is over and began again: whoever pressed saw something else."""
    office = burning()
    old = office.link(Purpose.ACK)
    tell_again(office)
    office.wait(LATE)
    page = await office.look(old)
    assert "It has begun again since this link was sent." in page.text
    assert "<button" not in page.text
    assert (await office.press(old)).status_code == 409
    assert (office.incident().epoch, office.incident().state) == (2, TRIGGERED)


async def test_a_day_later_a_link_is_worth_nothing() -> None:
    office = burning()
    link = office.link(Purpose.VIEW)
    office.now += LIFE
    assert (await office.look(link)).status_code == 404


async def test_two_people_have_to_acknowledge() -> None:
    office = Office(furnished(config(ladder(ack=replace(ladder().ack, by=2)), duty=duty(PEOPLE)))).fires("Down").wait(LATE)
    link = office.link(Purpose.ACK)
    assert "You have acknowledged; 1 of 2 people have." in (await office.press(link)).text
    await office.press(link)
    assert (office.incident().state, office.story()) == (TRIGGERED, ["ack_counted ana link"])


async def test_somebody_else_has_it() -> None:
    office = burning()
    office.happen(Acted(Action.ACK, 1, "bo", "cli"))
    assert "Bo Lind is on it until 02:01 CET." in (await office.look(office.link(Purpose.ACK))).text


# -- whatever is wrong ------------------------------------------------------------------------------------------------


def forgeries(office: Office) -> dict[str, str]:
    """Tokens that are worth nothing, by what is wrong with them."""
    links, good = office.desk.links, office.link(Purpose.ACK).rpartition("/")[2]
    now = office.now.replace(microsecond=0)
    token = Token(Purpose.ACK, 1, 1, "ana", now, now + LIFE, office.page())
    stranger = Links.of(furnished(), b"another evaluator's key")
    return {
        "forged": seal(token, stranger.keys),
        "changed": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "another person": good[:41] + ("A" if good[41] != "A" else "B") + good[42:],
        "cut": good[:60],
        "doubled": good + good,
        "expired": seal(replace(token, issued=now - LIFE, expires=now), links.keys),
        "of the future": seal(replace(token, issued=now + minutes(5), expires=now + LIFE), links.keys),
        "no such incident": seal(replace(token, incident=77), links.keys),
        "somebody who has left": seal(replace(token, person="eve"), links.keys),
        "oversize": "A" * 20_000,
        "empty payload": "AAAA",
        "not base64": "%00%ff*",
        "other letters": "ключ",
    }


async def test_whatever_is_wrong_the_answer_is_the_same() -> None:
    """To the byte, headers included, for looking and for pressing."""
    office = burning()
    seen = set()
    for number, token in enumerate(forgeries(office).values()):
        visitor = office.visitor(f"192.0.2.{number + 10}")
        for method in ("GET", "POST"):
            answer = await visitor.request(method, f"/links/{token}")
            seen.add((answer.status_code, answer.text, tuple(sorted(answer.headers.items()))))
    assert {status for status, _, _ in seen} == {404}
    assert len(seen) == 1
    assert office.story() == []
    assert set(office.fates) == {("link", "unverified")}


async def test_a_person_who_is_gone_from_the_configuration_is_nobody() -> None:
    office = burning()
    link = office.link(Purpose.ACK)
    without = replace(office.settings, duty=Duty(PEOPLE[1:], office.settings.duty.schedules))
    office.happen(Reloaded(without))
    assert (await office.press(link)).status_code == 404


async def test_a_link_counts_after_a_reload_and_not_after_its_secret_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("0123456789abcdef")
    office = burning(links=LinkSettings(Secret(path=file), base_url=BASE))
    link = office.link(Purpose.VIEW)
    assert (await office.look(link)).status_code == 200
    file.write_text("fedcba9876543210")
    assert (await office.look(link)).status_code == 404
    file.unlink()
    answer = await office.look(link)
    assert answer.status_code == 503
    assert "The secret of links cannot be read." in answer.text


async def test_visits_are_counted_by_link_and_by_address() -> None:
    """Whether the link is good or not; another address and another link are let in."""
    office = burning()
    good, forged = office.link(Purpose.VIEW), f"{BASE}/links/forged"
    for link in (good, forged):
        codes = [(await office.look(link)).status_code for _ in range(25)]
        assert codes.count(429) == 5
    codes = [(await office.look(f"{BASE}/links/{number}")).status_code for number in range(30)]
    assert codes.count(429) == 20
    elsewhere = office.visitor("192.0.2.99")
    assert (await elsewhere.get(office.link(Purpose.ACK))).status_code == 200
    office.wait("1m")
    assert (await office.look(good)).status_code == 200


async def test_what_cannot_be_kept_is_said() -> None:
    office = burning()
    office.broken = "the store refuses: disk full"
    status, text = await answers(office, office.link(Purpose.ACK))
    assert status == 503
    assert "Nothing was changed" in text
    assert "the store refuses: disk full." in text
    assert office.incident().state is TRIGGERED


async def test_a_form_that_is_too_large_or_none_at_all() -> None:
    office = burning()
    link = office.link(Purpose.ACK)
    assert (await office.client.post(link, content=b"a" * 5000)).status_code == 413
    assert office.incident().state is TRIGGERED
    assert (await office.client.post(link, content=b"\xff\xfe")).status_code == 200
    assert office.incident().state is ACKED


# -- logging in -------------------------------------------------------------------------------------------------------

STRICT = LinkSettings(base_url=BASE, require_login=True, login_header="X-User")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-User": ""}, 401),
        ({"X-User": "bo"}, 404),
        ({"X-User": "bo@example.org"}, 404),
        ({"X-User": "ana"}, 200),
        ({"X-User": "ANA@example.org"}, 200),
    ],
)
async def test_strict_sites_ask_for_a_login_as_well(headers: dict[str, str], status: int) -> None:
    """As a proxy reports it: by the person's key or address. Whoever else follows the link finds nothing."""
    office = burning(links=STRICT)
    answer = await office.look(office.link(Purpose.ACK), headers=headers)
    assert answer.status_code == status
    await office.press(office.link(Purpose.ACK), headers=headers)
    assert office.incident().state is (ACKED if status == 200 else TRIGGERED)


async def test_without_a_login_nobody_learns_whether_a_link_is_good() -> None:
    office = burning(links=STRICT)
    good, bad = await office.look(office.link(Purpose.ACK)), await office.look(f"{BASE}/links/forged")
    assert (good.status_code, good.text) == (bad.status_code, bad.text) == (401, bad.text)


# -- who gets links ---------------------------------------------------------------------------------------------------


async def test_only_people_get_links_and_only_where_somebody_said_where_we_are() -> None:
    office = burning()
    notice = office.notice()
    assert office.desk.links.link_for(notice, Purpose.ACK, office.now).startswith(f"{BASE}/links/")
    assert office.desk.links.link_for(replace(notice, whom="slack:#incidents"), Purpose.ACK, office.now) == ""
    nowhere = Links.of(replace(office.settings, links=LinkSettings(), external_url=""), b"key")
    assert nowhere.link_for(notice, Purpose.ACK, T0) == ""
    outside = Links.of(replace(office.settings, links=LinkSettings(), external_url="https://e.example/am/"), b"key")
    assert outside.link_for(notice, Purpose.ACK, T0).startswith("https://e.example/am/links/")
