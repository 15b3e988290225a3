"""What stands on the terminal at three in the morning."""

from __future__ import annotations

import io
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.evaluation.answers import Histogram
from evaluator.core.labels import Labels
from evaluator.core.records import NotifiedAlert
from evaluator.notify import console
from evaluator.notify.exchange import Accepted, Refused
from evaluator.notify.neutral import one_line
from evaluator.notify.plain import MOST_ALERTS, plain_text
from evaluator.notify.rendered import RenderedAlert, RenderedNotification
from tests.notify.scenes import AT, alert, rendered


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(file: io.StringIO, *alerts: NotifiedAlert) -> str:
    assert console.write(rendered(*alerts, integration="ops/console[0]"), file) == Accepted()
    return file.getvalue()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal that shows colours, whatever the surroundings of the tests say."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return Terminal()


def test_a_block_says_first_what_matters_and_common_things_once() -> None:
    over = alert("b:9090", resolved=True, why="rule removed", age=timedelta(hours=3))
    assert printed(io.StringIO(), alert("a:9090"), over) == (
        'FIRING:1 RESOLVED:1  HighLatency team="web"\n'
        "    2026-08-03 03:00:12 UTC  to ops/console[0]  because: new alerts added\n"
        '    job="api"\n'
        "    runbook: https://run.book/latency\n"
        '  FIRING    instance="a:9090"  since 2026-08-03 02:58:12 (2m)  value 0.931\n'
        "      summary: Latency is high on a:9090\n"
        "      http://prometheus:9090/graph?g0.expr=latency+%3E+0.5&g0.tab=1\n"
        '  RESOLVED  instance="b:9090"  from 2026-08-03 00:00:12 for 3h, rule removed\n'
        "      summary: Latency is high on b:9090\n"
        "      http://prometheus:9090/graph?g0.expr=latency+%3E+0.5&g0.tab=1\n"
        "    https://alerts.example.org\n"
        "\n"
    )


def test_the_status_is_coloured_on_a_terminal(terminal: Terminal) -> None:
    text = printed(terminal, alert("a:9090"), alert("b:9090", resolved=True))
    assert "\x1b[1;31m  FIRING" in text or "\x1b[1;31mFIRING" in text
    assert "\x1b[1;32m  RESOLVED" in text


def test_no_color_is_respected(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;31m" not in printed(terminal)
    assert "\x1b[31m" not in terminal.getvalue()


def test_a_dumb_terminal_gets_plain_text(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in printed(terminal)


def test_long_lines_are_left_to_the_terminal(terminal: Terminal) -> None:
    """A line that is broken for the terminal's width cannot be searched or copied."""
    assert "x" * 190 in printed(terminal, alert("x" * 190))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("two\nlines", "two / lines"),
        ("a \r\n\n b\t", "a / b"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b31m", "\\x9b31m"),
        ("bell\x07 nul\x00 del\x7f", "bell\\x07 nul\\x00 del\\x7f"),
        ("left\u202eright", "left\\u202eright"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("next\u2028line", "next / line"),
        ("lone \ud83d", "lone \\ud83d"),
        ("[bold]no markup[/bold]", "[bold]no markup[/bold]"),
        ("👩\u200d🚒 é λ", "👩\u200d🚒 é λ"),
        ("x" * 41, "x" * 37 + "..."),
    ],
)
def test_texts_are_made_harmless(text: str, line: str) -> None:
    assert one_line(text, 40) == line


@given(st.text(), st.text(), st.text())
def test_no_label_forges_a_line_or_speaks_to_the_terminal(name: str, value: str, annotation: str) -> None:
    told = RenderedAlert(Labels({name or "n": value}), {"summary": annotation}, AT, generator_url=value, why=value, value=1.0)
    notification = RenderedNotification("1", value, value, value, Labels({"g": value}), value, AT, (told,), "http://ours")
    text = plain_text(notification)
    assert len(text.split("\n")) == len(text.splitlines()) <= 7
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text if character != "\n")


def test_a_storm_is_bounded() -> None:
    text = plain_text(rendered(*[alert(f"host-{n}") for n in range(MOST_ALERTS + 7)]))
    assert "  and 7 more\n" in text
    assert text.count("  FIRING  ") == MOST_ALERTS


def test_a_posted_alert_shows_no_value() -> None:
    told = RenderedAlert(Labels({"alertname": "Posted"}), {}, AT)
    assert "value" not in plain_text(RenderedNotification("1", "r", "r/c[0]", "{}", Labels(), "", AT, (told,)))


def test_a_group_without_labels_has_a_name_all_the_same() -> None:
    told = RenderedAlert(Labels({"alertname": "A"}), {}, AT, value=Histogram("12", "3.5"))
    text = plain_text(RenderedNotification("1", "r", "r/c[0]", "{}", Labels(), "", AT, (told,)))
    assert text.startswith("FIRING:1  all alerts of the route\n")
    assert "value histogram of 12 observations, sum 3.5" in text


def test_a_notification_of_nothing_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="tells of no alert"):
        RenderedNotification("1", "r", "r/c[0]", "{}", Labels(), "", AT, ())


def test_an_output_without_unicode_still_prints() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    assert console.write(rendered(alert("λ")), file) == Accepted()
    assert b'instance="\\u03bb"' in raw.getvalue()


def test_an_output_that_is_gone_is_tried_again() -> None:
    file = io.StringIO()
    file.close()
    assert console.write(rendered(), file) == Refused("cannot print: the output is closed")
