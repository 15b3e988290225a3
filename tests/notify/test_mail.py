"""Notifications as mails: who gets them, what stands in them, and how they hang together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.receivers.general import EmailSettings
from evaluator.core.records import NotifiedAlert, Pairs
from evaluator.notify import mail, smtp
from evaluator.notify.exchange import Refused
from evaluator.notify.rendered import RenderedNotification, render
from evaluator.notify.sheet import Sheet
from tests.notify.contract import BROKEN, EXTERNAL_URL, PACKAGED
from tests.notify.scenes import AT, alert, curved, row

SETTINGS = EmailSettings("ops@example.org", "evaluator@alerts.example.org", ("mail.example.org", 587))


def sheet(*alerts: NotifiedAlert, receipt: Pairs = (), ident: str = "0f3c", **changed: Any) -> Sheet:
    """With the packaged templates."""
    record = row(*alerts, ident=ident, integration="ops.web/email[0]")
    told = replace(record.notification, receipt=receipt, **changed)
    annotations = PACKAGED.annotations(told)
    notification: RenderedNotification = render(replace(record, notification=told), annotations, EXTERNAL_URL)
    return Sheet(notification, PACKAGED.renderer(told, annotations), render_html=PACKAGED.html_renderer(told, annotations))


def built(settings: EmailSettings = SETTINGS, *alerts: NotifiedAlert, **options: Any) -> mail.Mail:
    found = mail.build(sheet(*alerts, **options), settings)
    assert isinstance(found, mail.Mail), found
    return found


def parsed(found: mail.Mail) -> EmailMessage:
    message = message_from_bytes(found.message, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


# -- headers ----------------------------------------------------------------------------------------------------------


def test_the_usual_mail() -> None:
    message = parsed(built())
    headers = {name: str(value) for name, value in message.items()}
    assert headers.pop("Content-Type").startswith("multipart/alternative")
    assert headers == {
        "Message-Id": f"<0f3c.{sheet().notification.key[:16]}@alerts.example.org>",
        "Date": "Mon, 03 Aug 2026 03:00:12 +0000",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": "<ops-web.alerts.example.org>",
        "Subject": "[FIRING:1] HighLatency web (a:9090 api)",
        "To": "ops@example.org",
        "From": "evaluator@alerts.example.org",
        "MIME-Version": "1.0",
    }
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]
    assert "Latency is high on a:9090" in part(message, "plain")
    assert "Latency is high on a:9090" in part(message, "html")


def test_the_configuration_has_the_last_word_on_headers_but_for_the_form_of_the_body() -> None:
    headers = (
        ("Subject", "{{ .Status }} é " + "x" * 100),
        ("From", "Ops <ops@other.org>"),
        ("To", "undisclosed-recipients:;"),
        ("Message-Id", "<mine@example.org>"),
        ("Auto-Submitted", "no"),
        ("X-Team", "{{ .CommonLabels.team }}"),
        ("X-Nothing", "{{ .CommonLabels.none }}"),
        ("Content-Type", "text/nonsense"),
        ("Mime-Version", "7"),
    )
    found = built(replace(SETTINGS, headers=headers))
    message = parsed(found)
    assert found.recipients == ("ops@example.org",)
    assert message["Subject"] == "firing é " + "x" * 100
    assert (message["From"], message["Message-Id"]) == ("Ops <ops@other.org>", "<mine@example.org>")
    assert (message["Auto-Submitted"], message["X-Team"], message["X-Nothing"]) == ("no", "web", None)
    assert (message.get_content_type(), message["MIME-Version"]) == ("multipart/alternative", "1.0")


def test_the_wire_is_ascii_in_short_lines_that_end_with_crlf() -> None:
    found = built(SETTINGS, alert("é🔥" * 300, wide="w" * 5000))
    assert found.message.isascii()
    assert b"\n" not in found.message.replace(b"\r\n", b"")
    assert max(map(len, found.message.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "value", ["one\r\nX-Forged: two", "one\nBcc: eve@example.org\n\nbody", "a\x85b\u2028X-Forged: c\x0b\x00"]
)
def test_no_alert_can_forge_a_header_or_a_recipient(value: str) -> None:
    headers = (("Subject", "{{ .CommonLabels.evil }}"), ("X-Evil", "{{ .CommonLabels.evil }}"))
    found = built(replace(SETTINGS, headers=headers), alert("a:9090", evil=value))
    message = parsed(found)
    assert not {"X-Forged", "Bcc"} & set(message.keys())
    assert found.recipients == ("ops@example.org",)
    assert "\n" not in message["Subject"]


@given(st.text(max_size=400))
def test_whatever_a_label_holds_the_mail_can_be_read_back(value: str) -> None:
    headers = (
        ("Subject", "{{ .CommonLabels.any }}"),
        ("Reply-To", "{{ .CommonLabels.any }}"),
        ("X-Any", "{{ .CommonLabels.any }}"),
    )
    alerts = (alert("a:9090", any=value.encode(errors="replace").decode()),)
    message = parsed(built(replace(SETTINGS, headers=headers), *alerts))
    assert set(message.keys()) <= {
        *("Subject", "Reply-To", "X-Any", "To", "From", "Message-Id", "Date", "List-Id", "MIME-Version", "Content-Type"),
        *("Auto-Submitted", "X-Auto-Response-Suppress"),
    }
    assert "Latency is high" in part(message, "plain")


# -- who gets it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("a@example.org", ("a@example.org",)),
        ("a@example.org, Bee <b@example.org>,\n  a@example.org", ("a@example.org", "b@example.org")),
        ("{{ .CommonLabels.team }}@example.org", ("web@example.org",)),
        ('"Last, First" <c@[127.0.0.1]>', ("c@[127.0.0.1]",)),
        (", ".join(f"person-{n}@example.org" for n in range(200)), tuple(f"person-{n}@example.org" for n in range(200))),
    ],
)
def test_many_may_get_it(to: str, expected: tuple[str, ...]) -> None:
    found = built(replace(SETTINGS, to=to))
    assert found.recipients == expected
    shown = [address for _, address in getaddresses([str(parsed(found)["To"])])]
    assert list(dict.fromkeys(shown)) == list(expected)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"to": "{{ .CommonLabels.none }}"}, "`to` gives no address: it is empty"),
        ({"to": "ops"}, "`to` gives what is no address: ops"),
        ({"to": "a@example.org>\r\nDATA"}, "`to` gives"),
        ({"to": "é@example.org"}, "`to` gives what is no address: é@example.org"),
        ({"to": "{{ nobody }}"}, "`to` has a template that fails: "),
        ({"sender": ""}, "`from` gives no address: it is empty"),
    ],
)
def test_a_mail_from_or_to_nobody_is_refused_for_good(changed: dict[str, str], error: str) -> None:
    found = mail.build(sheet(), replace(SETTINGS, **changed))
    assert isinstance(found, Refused)
    assert found.permanent
    assert found.error.startswith(error)


# -- the body ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [{"html": BROKEN}, {"text": BROKEN}, {"headers": (("X-Team", BROKEN),)}])
def test_whichever_template_fails_the_mail_is_the_plain_notification(changed: dict[str, Any]) -> None:
    told = sheet(alert("a:9090", resolved=True))
    found = mail.build(told, replace(SETTINGS, **changed))
    assert isinstance(found, mail.Mail)
    message = parsed(found)
    assert message.get_content_type() == "text/plain"
    text = str(message.get_content())
    for said in ("A template of this receiver failed", "RESOLVED:1", "HighLatency", "Latency is high on a:9090"):
        assert said in text
    assert [name for name, _ in told.failed] == ["template_error"]


def test_a_subject_that_fails_or_is_blank_is_the_headline() -> None:
    for subject in (BROKEN, "  "):
        assert (
            parsed(built(replace(SETTINGS, headers=(("Subject", subject),))))["Subject"] == '[FIRING:1] HighLatency team="web"'
        )


@pytest.mark.parametrize(
    "html", ["", " ", "<html><head><title>x</title><style>b{}</style></head><body><!-- x --> &nbsp;</body></html>"]
)
def test_a_page_with_nothing_to_see_is_left_out(html: str) -> None:
    message = parsed(built(replace(SETTINGS, html=html)))
    assert message.get_content_type() == "text/plain"
    assert "Latency is high" in message.get_content()


def test_an_own_text_stands_before_the_page() -> None:
    message = parsed(
        built(replace(SETTINGS, text="{{ .Status }} <b>", html="<b>{{ .CommonLabels.evil }}</b>"), alert("a", evil="<i>"))
    )
    assert part(message, "plain") == "firing <b>\n"
    assert part(message, "html") == "<b>&lt;i&gt;</b>\n"


def test_a_storm_ends_with_how_many_more() -> None:
    message = parsed(built(SETTINGS, *[alert(f"host-{n}:9090", pad="é&<" * 60) for n in range(400)]))
    for kind in ("plain", "html"):
        text = part(message, kind)
        assert "and 350 more" in text
        assert "host-49:9090" in text
        assert "host-50:9090" not in text


def test_what_is_too_big_for_mail_servers_is_cut() -> None:
    found = built(
        replace(SETTINGS, text="{{ .CommonLabels.huge }}", html="{{ .CommonLabels.huge }}"), alert("a", huge="é" * 600_000)
    )
    assert len(found.message) < 1_000_000
    assert parsed(found).get_content_type() == "text/plain"
    assert parsed(found).get_content().rstrip().endswith("…")


def test_bodies_neither_speak_to_terminals_nor_turn_the_direction_of_writing() -> None:
    own = replace(SETTINGS, text="{{ .CommonLabels.evil }}", html="<p>{{ .CommonLabels.evil }}</p>")
    message = parsed(built(own, alert("a", evil="x\x1b[31m\u202ey\x00\r\nz")))
    assert part(message, "plain") == "x[31my\nz\n"
    assert "\u202e" not in part(message, "html")


def test_values_of_labels_are_text_on_the_page() -> None:
    page = part(parsed(built(SETTINGS, alert("a", evil="<script>alert(1)</script>", link="javascript:alert(1)"))), "html")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert 'href="javascript' not in page


# -- threads ----------------------------------------------------------------------------------------------------------

THREADED = replace(SETTINGS, thread_by_date="none")
KEY = sheet().notification.key[:16]


def named(ident: str) -> str:
    return f"<{ident}.{KEY}@alerts.example.org>"


def test_a_thread_grows_from_its_root_over_the_first_mail_to_the_last() -> None:
    root = f"<alert-{KEY}@alerts.example.org>"
    first = built(THREADED, ident="one")
    second = built(THREADED, ident="two", receipt=first.receipt)
    third = built(THREADED, ident="three", receipt=second.receipt)
    for found, references, parent in (
        (first, [root], root),
        (second, [root, named("one")], named("one")),
        (third, [root, named("one"), named("two")], named("two")),
    ):
        message = parsed(found)
        assert str(message["References"]).split() == references
        assert message["In-Reply-To"] == parent


def test_threads_by_the_day_end_at_midnight() -> None:
    daily = replace(THREADED, thread_by_date="daily")
    first = built(daily, ident="one")
    next_day = built(daily, ident="two", receipt=first.receipt, at=AT + timedelta(days=1))
    assert parsed(first)["References"] == f"<alert-{KEY}-2026-08-03@alerts.example.org>"
    assert parsed(next_day)["References"] == f"<alert-{KEY}-2026-08-04@alerts.example.org>"


def test_without_threads_mails_refer_to_nothing() -> None:
    message = parsed(built(SETTINGS, receipt=built(ident="one").receipt))
    assert (message["References"], message["In-Reply-To"]) == (None, None)


def test_another_attempt_is_the_same_mail_to_the_last_byte() -> None:
    assert built(THREADED) == built(THREADED)


def test_a_preview_shows_the_envelope_and_the_mail() -> None:
    text = smtp.preview(built(), replace(SETTINGS, auth_username="ann"))
    assert text.startswith(
        "SMTP mail.example.org:587, STARTTLS, user ann, password <secret>\n"
        "MAIL FROM:<evaluator@alerts.example.org>\nRCPT TO:<ops@example.org>\n\nMessage-Id: "
    )
    assert "Latency is high on a:9090" in text


# -- pictures ---------------------------------------------------------------------------------------------------------

READABLE = replace(SETTINGS, html='{{ template "readable.html" . }}', text='{{ template "readable.text" . }}')


def test_pictures_stand_beside_the_page_that_shows_them() -> None:
    """And a program that shows none has the curve in letters."""
    message = parsed(built(READABLE, curved(alert("a")), alert("b"), curved(alert("c"))))
    text, beside = message.iter_parts()
    assert (text.get_content_type(), beside.get_content_type()) == ("text/plain", "multipart/related")
    page, *pictures = beside.iter_parts()
    content = str(page.get_content())
    for picture in pictures:
        assert (picture.get_content_type(), picture.get_content_disposition()) == ("image/png", "inline")
        assert f'src="cid:{str(picture["Content-ID"]).strip("<>")}"' in content
        assert picture.get_content().startswith(b"\x89PNG")
    assert len(pictures) == content.count("<img ") == 2
    assert "▁▂" in str(text.get_content())


def test_a_page_that_shows_no_curve_has_no_pictures_beside_it() -> None:
    kinds = [part.get_content_type() for part in parsed(built(SETTINGS, curved(alert("a")))).walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_a_mail_with_pictures_is_the_same_in_every_attempt() -> None:
    assert built(READABLE, curved(alert("a"))).message == built(READABLE, curved(alert("a"))).message
