"""Tables in a pipe: a row is a line, whole and quick; and harmless to a terminal."""

from __future__ import annotations

import re

import pytest

from evaluator.cli.output import LAID_OUT, print_table

LONG = "instance=" + "x" * 400


def test_in_a_pipe_a_row_is_one_line_with_everything_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    """For `grep`: nothing is cut, broken or lost, and no line ends in blanks."""
    print_table(("State", "Labels", "Why"), [("firing", LONG, "one\ntwo"), ("muted", "a=b", "")])
    assert capsys.readouterr().out.splitlines() == [
        f"State   {'Labels'.ljust(len(LONG))}  Why",
        f"firing  {LONG}  one\\ntwo",
        "muted   a=b",
    ]


def test_an_empty_table_has_a_head(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("State", "Labels"), [])
    assert capsys.readouterr().out == "State  Labels\n"


@pytest.mark.parametrize("rows", [1, LAID_OUT + 1])
def test_no_cell_commands_a_terminal(rows: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is laid out or, for its length, is not."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    print_table(("State",), [("\x1b[31mred",)] * rows)
    out = capsys.readouterr().out
    assert out.count(r"\x1b[31mred") == rows
    assert "\x1b[31m" not in out


ROWS = [("5e8e6f7d-6654-586b-a42f-0eb21f326282", "active", 'cluster="' + "z" * 60 + '"', "ana")]


@pytest.mark.parametrize("columns", [30, 60, 80, 100, 200])
def test_on_a_terminal_nothing_is_lost(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id is whole wherever it fits; a long label is broken, not cut. A narrow terminal has a line for each cell."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.delenv("TERM", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    print_table(("ID", "State", "Matchers", "By"), ROWS)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= columns
    assert "…" not in "".join(lines)
    assert "".join(lines).count("z") == 60
    assert any(ROWS[0][0] in line for line in lines) == (columns >= 60)
    assert (lines[0].split() == ["ID", "State", "Matchers", "By"]) == (columns >= 80)
