"""`evaluator analytics`, against an evaluator with a ladder."""

from __future__ import annotations

from evaluator.cli.analytics import flat
from tests.api.fire_brigade import brigade
from tests.cli.test_incidents import parsed, printed, told


async def test_a_night_in_words_figures_and_lines() -> None:
    async with brigade() as one:
        await one.fire()
        await one.pass_time(420)
        await one.act("ack", by="bo")
        await one.pass_time(0.25)  # times are told to the second
        shown = [" ".join(line.split()) for line in printed(await told(one, "analytics"))]
        assert shown[0].startswith("1 incident from 2026-02-22T12:07:00Z until 2026-03-01T12:07:00Z")
        assert "first page to answer (TTA) 1 7m not enough data not enough data 0 (0%) 0" in shown
        assert "Down 1 2 100% not enough data (0 labelled)" in shown
        assert parsed(await told(one, "analytics", "--json", "--since", "1h"))["acknowledge"]["n"] == 1
        lines = printed(await told(one, "analytics", "--csv"))
        assert lines[0] == "figure,value"
        assert "acknowledge.median_seconds,420.0" in lines
        report = printed(await told(one, "analytics", "report", "--time-zone", "Europe/Madrid"))
        assert report[0].endswith("(Europe/Madrid)")


async def test_a_quiet_week_takes_one_line() -> None:
    async with brigade() as one:
        assert len(printed(await told(one, "analytics"))) == 1


async def test_what_cannot_be_is_said() -> None:
    async with brigade() as one:
        assert "neither a time nor a duration" in (await told(one, "analytics", "--since", "ever")).err
        assert "not both" in (await told(one, "analytics", "--csv", "--json")).err


def test_every_figure_has_a_place() -> None:
    found = {"a": {"b": 1.5, "c": None}, "d": [{"e": "x"}, {"e": True}]}
    assert list(flat(found)) == [("a.b", "1.5"), ("a.c", ""), ("d.0.e", "x"), ("d.1.e", "True")]
