"""Shifts that are read from calendars of others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from evaluator.core.oncall.oncall import Override
from evaluator.core.oncall.people import Person
from evaluator.ical.reading import MOST_EVENTS, Rota, UnreadableError, read_rota

MADRID, ZONE = ZoneInfo("Europe/Madrid"), ZoneInfo("UTC")
PEOPLE = (
    Person("ana", "Ana Ruiz", ZONE, contacts={"email": "ana@example.org"}),
    Person("bo", "Bo Lind", ZONE, contacts={"email": "Bo@example.org"}),
    Person("cy", "Sam", ZONE),
    Person("di", "Sam", ZONE),
)


def calendar(*events: str) -> bytes:
    """Events by their lines, separated by bars."""
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
    texts = [
        f"BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20260101T000000Z\r\n" + one.replace("|", "\r\n") + "\r\nEND:VEVENT\r\n"
        for number, one in enumerate(events)
    ]
    return (head + "".join(texts) + "END:VCALENDAR\r\n").encode()


def rota(text: bytes, first: str = "2026-03-01", last: str = "2026-04-30") -> Rota:
    start, stop = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (first, last))
    return read_rota(text, PEOPLE, MADRID, 2, start, stop)


def said(found: Rota) -> list[tuple[str, str, str]]:
    return [(f"{one.start:%m-%dT%H:%M}", f"{one.end:%m-%dT%H:%M}", one.stand_in) for one in found.shifts]


HOUR = "DTSTART:20260302T090000Z|DTEND:20260302T100000Z|"


@pytest.mark.parametrize(
    ("lines", "people"),
    [
        ("SUMMARY:ana", ["ana"]),
        ("SUMMARY:ANA RUIZ", ["ana"]),
        ("SUMMARY:bo@example.org", ["bo"]),
        ("SUMMARY:ana\\, Bo Lind", ["ana", "bo"]),
        ("SUMMARY:ana and bo", ["ana", "bo"]),
        ("SUMMARY:On call|ATTENDEE;CN=x:mailto:bo@EXAMPLE.org", ["bo"]),
        ("SUMMARY:ana|ATTENDEE:mailto:bo@example.org", ["bo"]),
        ("SUMMARY:ana|ATTENDEE:mailto:boss@example.org", ["ana"]),
        ("SUMMARY:x|ATTENDEE:mailto:bo@example.org|ATTENDEE:mailto:ana@example.org", ["ana", "bo"]),
        ("SUMMARY:ana|STATUS:CANCELLED", []),
    ],
)
def test_whose_shift_it_is(lines: str, people: list[str]) -> None:
    found = rota(calendar(HOUR + lines))
    assert [one.stand_in for one in found.shifts] == people
    assert found.strangers == ()


@pytest.mark.parametrize(
    ("title", "stranger"),
    [("eve", "eve"), ("ana and eve", "ana and eve"), ("Sam", "Sam"), (" ", "an event without a title")],
)
def test_a_title_that_names_nobody_for_certain_is_said_and_is_no_shift(title: str, stranger: str) -> None:
    """`ana and eve` is not `ana` alone, and of two who are called Sam neither is meant."""
    assert rota(calendar(f"{HOUR}SUMMARY:{title}")) == Rota((), (stranger,))


def test_shifts_stay_on_the_clocks_of_their_zone_when_these_change() -> None:
    """The night of 28 March 2026 is an hour short, that of 24 October an hour long."""
    night = "DTSTART;TZID=Europe/Madrid:{}T220000|DTEND;TZID=Europe/Madrid:{}T060000|RRULE:FREQ=DAILY;COUNT=3|SUMMARY:ana"
    spring = rota(calendar(night.format("20260327", "20260328")))
    assert said(spring) == [
        ("03-27T21:00", "03-28T05:00", "ana"),
        ("03-28T21:00", "03-29T04:00", "ana"),
        ("03-29T20:00", "03-30T04:00", "ana"),
    ]
    autumn = rota(calendar(night.format("20261024", "20261025")), "2026-10-01", "2026-11-01")
    assert [one.end - one.start for one in autumn.shifts] == [timedelta(hours=9), timedelta(hours=8), timedelta(hours=8)]


def test_a_hand_off_in_the_hour_that_comes_twice_leaves_nothing_out() -> None:
    """One shift ends the second time that clocks show 02:30, the next one begins the first time."""
    before = "DTSTART;TZID=Europe/Madrid:20261024T220000|DTEND;TZID=Europe/Madrid:20261025T023000|SUMMARY:ana"
    after = "DTSTART;TZID=Europe/Madrid:20261025T023000|DTEND;TZID=Europe/Madrid:20261025T060000|SUMMARY:bo"
    found = rota(calendar(before, after), "2026-10-01", "2026-11-01")
    assert said(found) == [("10-24T20:00", "10-25T01:30", "ana"), ("10-25T00:30", "10-25T05:00", "bo")]


def test_whole_days_and_times_without_a_zone_are_on_the_clocks_of_the_schedule() -> None:
    days = "DTSTART;VALUE=DATE:20260330|DTEND;VALUE=DATE:20260401|SUMMARY:ana"
    bare = "DTSTART:20260302T090000|DURATION:PT4H|SUMMARY:bo"
    assert said(rota(calendar(days, bare))) == [("03-02T08:00", "03-02T12:00", "bo"), ("03-29T22:00", "03-31T22:00", "ana")]


def test_exceptions_to_what_repeats_count() -> None:
    text = calendar(
        "DTSTART:20260302T090000Z|DTEND:20260302T100000Z|RRULE:FREQ=WEEKLY;COUNT=3|EXDATE:20260309T090000Z|SUMMARY:ana"
    )
    moved = (
        b"BEGIN:VEVENT\r\nUID:0\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260316T090000Z\r\nDTSTART:20260317T090000Z\r\n"
    )
    moved += b"DTEND:20260317T100000Z\r\nSUMMARY:bo\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    found = rota(text.replace(b"END:VCALENDAR\r\n", moved))
    assert said(found) == [("03-02T09:00", "03-02T10:00", "ana"), ("03-17T09:00", "03-17T10:00", "bo")]


def test_only_what_touches_the_stretch_of_time_that_is_asked_about() -> None:
    weekly = calendar("DTSTART:20260105T090000Z|DTEND:20260112T090000Z|RRULE:FREQ=WEEKLY|SUMMARY:ana")
    assert said(rota(weekly, "2026-03-04", "2026-03-12")) == [
        ("03-02T09:00", "03-09T09:00", "ana"),
        ("03-09T09:00", "03-16T09:00", "ana"),
    ]


def test_two_events_that_say_the_same_are_one_shift() -> None:
    assert len(rota(calendar(f"{HOUR}SUMMARY:ana", f"{HOUR}SUMMARY:Ana Ruiz")).shifts) == 1


def test_a_calendar_without_events_says_nothing() -> None:
    assert rota(calendar()) == Rota(())


OUTLOOK = """BEGIN:VTIMEZONE|TZID:Customized Time Zone
BEGIN:STANDARD|DTSTART:16010101T030000|TZOFFSETFROM:+0200|TZOFFSETTO:+0100|RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10|END:STANDARD
BEGIN:DAYLIGHT|DTSTART:16010101T020000|TZOFFSETFROM:+0100|TZOFFSETTO:+0200|RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3|END:DAYLIGHT
END:VTIMEZONE
""".replace("|", "\n").replace("\n", "\r\n")


def test_zones_of_outlook_that_begin_in_1601_change_their_clocks_as_they_say() -> None:
    at_nine = "DTSTART;TZID=Customized Time Zone:20260327T090000|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=4|SUMMARY:ana"
    text = calendar(at_nine).replace(b"BEGIN:VEVENT", OUTLOOK.encode() + b"BEGIN:VEVENT")
    assert [begin for begin, _, _ in said(rota(text))] == ["03-27T08:00", "03-28T08:00", "03-29T07:00", "03-30T07:00"]


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=5", "FREQ=SECON|\u0020DLY"])
def test_what_repeats_every_second_is_no_calendar_of_shifts(rule: str) -> None:
    """To look for its repetitions would keep the evaluator from its work."""
    with pytest.raises(UnreadableError, match="an event repeats"):
        rota(calendar(f"{HOUR}RRULE:{rule}|SUMMARY:ana"))


@pytest.mark.slow
def test_a_calendar_that_never_stops_is_read_to_a_bound() -> None:
    hourly = [f"DTSTART:20260302T09{number:02}00Z|DURATION:PT1M|RRULE:FREQ=HOURLY|SUMMARY:ana" for number in range(3)]
    assert len(rota(calendar(*hourly)).shifts) == MOST_EVENTS


def test_a_shift_that_lasts_for_half_a_year_is_one_shift() -> None:
    """However many pieces a calendar is read in."""
    assert len(rota(calendar("DTSTART:20260101T090000Z|DTEND:20260701T090000Z|SUMMARY:ana"), last="2026-09-01").shifts) == 1


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>Sign in</html>",
        b"BEGIN:VCALENDAR\r\n",
        calendar("DTSTART:soon|SUMMARY:ana"),
        calendar(f"{HOUR}RRULE:FREQ=NEVER|SUMMARY:ana"),
        calendar("SUMMARY:ana"),
        b"\xff\xfe",
    ],
)
def test_what_is_no_calendar_is_unreadable(text: bytes) -> None:
    with pytest.raises(UnreadableError):
        rota(text)


def test_layers_know_their_number() -> None:
    (found,) = rota(calendar(f"{HOUR}SUMMARY:ana")).shifts
    nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert found == Override(nine, nine + timedelta(hours=1), stand_in="ana", layer=2)
