"""The report about incidents: when it is sent, by whom, and what becomes of it when nobody takes it."""

from __future__ import annotations

import email
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from zoneinfo import ZoneInfo

import pytest

from evaluator.core.analytics.report import Report
from evaluator.core.analytics.summary import summarize
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.general import ConsoleSettings, EmailSettings
from evaluator.core.records import Attempt
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.reports import ReportSettings
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Secret, Settings, SlackSettings
from evaluator.service.report_texts import page, slack_text
from evaluator.service.reporting import REPORT, Reporting
from evaluator.service.wakeups import Wakeups
from evaluator.store.memory import MemoryStore
from tests.core.analytics.incidents import case
from tests.local_server import LocalServer, Reply
from tests.notify.mail_server import Post, mail_server

UTC_ZONE = ZoneInfo("UTC")
DUE = datetime(2026, 3, 9, 8, tzinfo=UTC)
WEEKLY = ReportSettings(parse_cron("0 8 * * mon"), UTC_ZONE, ("team",))
SOON = timedelta(minutes=1)


def configured(*settings: EmailSettings | SlackSettings | ConsoleSettings) -> Settings:
    """A team that is told by these."""
    kinds = {EmailSettings: "email", SlackSettings: "slack", ConsoleSettings: "console"}
    ways = tuple(Integration(kinds[type(one)], number, True, one) for number, one in enumerate(settings))
    return Settings(None, (), (), Route("team"), (Receiver("team", ways), Receiver("others", ways)), report=WEEKLY)


class Office:
    """Sends reports at the instants that a test wants. slept: between attempts."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.now = DUE
        self.slept: list[float] = []
        self.asked: list[tuple[datetime, datetime]] = []
        self.reporting = Reporting(self.store, self._make, io.StringIO(), lambda: self.now, self._sleep)

    async def _make(self, start: datetime, stop: datetime, wanted: ReportSettings) -> Report:
        self.asked.append((start, stop))
        told = [case(1, acked="3m", over="1h"), case(2, rule="<b>{{ .Evil }}</b>")]
        return Report(summarize(told, start, stop, {"ana": wanted.zone}), {"ana": "Ana & Co"}, (), wanted.zone)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    @property
    def attempts(self) -> list[Attempt]:
        """What is kept."""
        return self.store.history(Attempt, group=REPORT)


def parts(content: bytes) -> dict[str, str]:
    """The texts of a mail, by type."""
    message: Message = email.message_from_bytes(content)
    texts = ((part.get_content_type(), part.get_payload(decode=True)) for part in message.walk() if not part.is_multipart())
    return {kind: text.decode().replace("\r\n", "\n") for kind, text in texts if isinstance(text, bytes)}


async def test_a_mail_has_a_page_and_a_text() -> None:
    """Of the week before; what stands in labels is shown, not obeyed."""
    post, office = Post(), Office()
    async with mail_server(post) as (host, port):
        mail = EmailSettings("team@example.org", "from@example.org", (host, port), require_tls=False)
        await office.reporting.send(configured(mail, ConsoleSettings()), DUE)
    assert office.asked == [(DUE - timedelta(days=7), DUE)]
    (taken,) = post.taken
    assert (
        email.message_from_bytes(taken.content)["Subject"] == "On call from Mon 2026-03-02 08:00 to Mon 2026-03-09 08:00 (UTC)"
    )
    found = parts(taken.content)
    assert "| TTA (first page to answer) | 1 | 3m |" in found["text/plain"]
    assert "<td>TTA (first page to answer)</td>" in found["text/html"]
    assert "&lt;b&gt;{{ .Evil }}&lt;/b&gt;" in found["text/html"]
    assert "<td>Ana &amp; Co</td>" in found["text/html"]


async def test_a_message_in_slack() -> None:
    office = Office()
    async with LocalServer(Reply(200, body=b"ok")) as slack:
        await office.reporting.send(configured(SlackSettings(Secret(slack.url))), DUE)
        (request,) = slack.requests
    (attachment,) = json.loads(request.body)["attachments"]
    assert attachment["title"].startswith("On call from Mon 2026-03-02 08:00")
    assert "*Who was called*\n\n```\nperson" in attachment["text"]
    assert [(one.integration, one.error) for one in office.attempts] == [("team/slack[0]", "")]


async def test_it_is_tried_again_until_it_is_accepted() -> None:
    office, busy = Office(), Reply(503, body=b"busy")
    async with LocalServer(busy, busy, Reply(200, body=b"ok")) as slack:
        await office.reporting.send(configured(SlackSettings(Secret(slack.url))), DUE)
    assert [one.attempt for one in reversed(office.attempts)] == [1, 2, 3]
    assert [bool(one.error) for one in reversed(office.attempts)] == [True, True, False]
    assert len(office.slept) == 2


async def test_what_is_refused_for_good_is_given_up() -> None:
    office = Office()
    async with LocalServer(Reply(404, body=b"no_service")) as slack:
        await office.reporting.send(configured(SlackSettings(Secret(slack.url))), DUE)
        assert len(slack.requests) == 1
    assert [one.permanent for one in office.attempts] == [True]


async def test_who_has_it_is_not_sent_it_again() -> None:
    """After a crash in the middle, only those who have not accepted it get it."""
    office, gone = Office(), Reply(404, body=b"gone")
    async with LocalServer(Reply(200, body=b"ok")) as one, LocalServer(gone, Reply(200, body=b"ok")) as other:
        settings = configured(SlackSettings(Secret(one.url)), SlackSettings(Secret(other.url)))
        await office.reporting.send(settings, DUE)
        await Office(office.store).reporting.send(settings, DUE)
        assert (len(one.requests), len(other.requests)) == (1, 2)


@contextmanager
def scheduler() -> Iterator[Wakeups]:
    """One that runs."""
    wakeups = Wakeups(lambda: None)
    wakeups.start()
    yield wakeups
    wakeups.stop()


async def test_the_next_one_is_armed_and_disarmed() -> None:
    office = Office()
    with scheduler() as wakeups:
        office.reporting.follow(configured(), wakeups)
        assert wakeups.due == {REPORT: DUE + timedelta(days=7)}
        office.reporting.follow(replace(configured(), report=None), wakeups)
        assert wakeups.due == {}


async def test_it_is_sent_when_it_is_due_and_the_next_one_is_armed() -> None:
    office = Office()
    async with LocalServer(Reply(200, body=b"ok")) as slack:
        with scheduler() as wakeups:
            office.now = DUE - SOON
            office.reporting.follow(configured(SlackSettings(Secret(slack.url))), wakeups)
            office.now = datetime.now(UTC)  # which is the scheduler's clock: it finds that long past
            await slack.next_request()
            await office.reporting.idle()
            assert wakeups.due == {REPORT: WEEKLY.next_after(office.now)}
    assert office.asked == [(DUE - timedelta(days=7), DUE)]


@pytest.mark.parametrize(
    ("seen", "now", "owed"),
    [
        (DUE - SOON, DUE + SOON, DUE),
        (DUE - timedelta(days=30), DUE + timedelta(days=3), DUE),
        (DUE - SOON, DUE + timedelta(days=3, seconds=1), None),
        (DUE + SOON, DUE + timedelta(hours=1), None),
        (DUE, DUE + timedelta(hours=1), None),
        (None, DUE + SOON, None),
    ],
)
def test_what_was_missed_is_owed_for_three_days(seen: datetime | None, now: datetime, owed: datetime | None) -> None:
    """And nothing at the very first start."""
    assert WEEKLY.owed(seen, now) == owed


async def test_what_was_missed_is_sent_at_the_start() -> None:
    office = Office()
    async with LocalServer(Reply(200, body=b"ok")) as slack:
        settings = configured(SlackSettings(Secret(slack.url)))
        office.now = DUE + SOON
        office.reporting.catch_up(settings, DUE + timedelta(seconds=1))
        office.reporting.catch_up(replace(settings, report=None), DUE - SOON)
        await office.reporting.idle()
        assert slack.requests == []
        office.reporting.catch_up(settings, DUE - SOON)
        await office.reporting.idle()
        assert len(slack.requests) == 1
        await office.reporting.aclose()


def test_clocks_change_and_mondays_do_not() -> None:
    madrid = replace(WEEKLY, zone=ZoneInfo("Europe/Madrid"))
    assert madrid.next_after(datetime(2026, 3, 24, tzinfo=UTC)) == datetime(2026, 3, 30, 6, tzinfo=UTC)
    assert madrid.next_after(datetime(2026, 3, 17, tzinfo=UTC)) == datetime(2026, 3, 23, 7, tzinfo=UTC)


def test_slack_has_no_tables() -> None:
    table = "# a \\| b\n\n| one | two |\n| --- | --- |\n| a\\|b | &lt;c&gt; |\n\n```text\nx\n```\n"
    assert slack_text(table) == "*a | b*\n\n```\none  two\na|b  &lt;c&gt;\n```\n\n```\nx\n```"


def test_pages_show_html_as_text() -> None:
    assert "<script>" not in page("<script>alert(1)</script>")
