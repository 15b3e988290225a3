"""What a text can be written for: durations of two dialects, flags, numbers, addresses, URLs."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.config.scalars import (
    WrongError,
    absolute_url,
    address,
    count,
    duration,
    flag,
    go_duration,
    public_url,
    text,
    whole,
)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0", 0), ("0s", 0), ("5m", 300), ("1h30m", 5400), ("90m", 5400), ("1d12h", 129600), ("1y", 31536000), ("250ms", 0.25)],
)
def test_durations(written: str, seconds: float) -> None:
    assert duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize("written", ["", "5", "1.5h", "30m1h", "-5m", "1h 30m", "5M", "1m1m", "five", "300y", "٥m"])
def test_texts_that_are_no_duration(written: str) -> None:
    with pytest.raises(WrongError):
        duration(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0", timedelta(0)),
        ("1m30s", timedelta(seconds=90)),
        ("1.5s", timedelta(seconds=1.5)),
        (".5h", timedelta(minutes=30)),
        ("300ms", timedelta(milliseconds=300)),
        ("30s1m", timedelta(seconds=90)),
        ("5000000000", timedelta(seconds=5)),
        ("10", timedelta(microseconds=1)),
        ("1ns", timedelta(microseconds=1)),
        ("+1.5s", timedelta(seconds=1.5)),
        ("2562047h", timedelta(hours=2562047)),
    ],
)
def test_go_durations(written: str, expected: timedelta) -> None:
    """A number alone counts nanoseconds, and what is too short to count is not the zero that means none."""
    assert go_duration(written) == expected


@pytest.mark.parametrize("written", ["", "1d", "1w", "s", "1 s", "-1s", "1m30", "one", "2562048h", "+"])
def test_texts_that_are_no_go_duration(written: str) -> None:
    with pytest.raises(WrongError):
        go_duration(written)


@pytest.mark.parametrize(
    ("written", "expected"), [("true", True), ("Yes", True), ("ON", True), ("y", True), ("no", False), ("Off", False)]
)
def test_flags(written: str, expected: bool) -> None:
    assert flag(written) is expected


@pytest.mark.parametrize("written", ["", "1", "0", "t", "tRuE", "enabled", None])
def test_texts_that_are_no_flag(written: str | None) -> None:
    with pytest.raises(WrongError):
        flag(written)


@pytest.mark.parametrize(
    ("written", "number"),
    [("7", 7), ("-7", -7), ("0x1F", 31), ("-0b11", -3), ("010", 8), ("0o17", 15), ("08", 8), ("00", 0), ("1_000", 1000)],
)
def test_whole_numbers(written: str, number: int) -> None:
    """In the spellings that Go's YAML knows."""
    assert whole(written) == number


@pytest.mark.parametrize("written", ["", "1.0", "1e3", "0x", "0x1g", "0b2", "_", "ten", "--1", "٣", "9" * 30])
def test_texts_that_are_no_whole_number(written: str) -> None:
    with pytest.raises(WrongError):
        whole(written)


def test_counts_are_not_negative() -> None:
    assert count("+7") == 7
    with pytest.raises(WrongError, match="must not be negative: -7"):
        count("-7")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("127.0.0.1:9093", ("127.0.0.1", 9093)),
        ("localhost:0", ("localhost", 0)),
        (":9093", ("0.0.0.0", 9093)),
        ("[::1]:9093", ("::1", 9093)),
    ],
)
def test_addresses(written: str, expected: tuple[str, int]) -> None:
    assert address(written) == expected


@pytest.mark.parametrize(
    "written", ["", "9093", "localhost", "localhost:", "localhost:http", "::1:9093", "a:70000", "a:-1", "a:٣"]
)
def test_texts_that_are_no_address(written: str) -> None:
    with pytest.raises(WrongError):
        address(written)


@pytest.mark.parametrize(
    "written",
    ["", "a", "//a", "ftp://a", "http:a", "http://", "http://:80", "http://[", "http://a:b", "http://a b", "http://a:99999"],
)
def test_texts_that_are_no_url(written: str) -> None:
    with pytest.raises(WrongError):
        absolute_url(written)


def test_a_public_url_loses_its_slash_and_keeps_its_path() -> None:
    assert public_url(" https://a.example.org:8443/prefix/ ") == "https://a.example.org:8443/prefix"


@given(st.text() | st.none() | st.lists(st.text()) | st.dictionaries(st.text(), st.text()))
def test_readers_give_a_value_or_say_what_is_wrong(value: object) -> None:
    for reader in (text, flag, whole, count, duration, go_duration, absolute_url, public_url, address):
        with contextlib.suppress(WrongError):
            assert reader(value) is not None
