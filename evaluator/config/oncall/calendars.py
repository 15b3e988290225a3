"""`calendars`: hours of the week, by name."""

from __future__ import annotations

from pydantic import Field

from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.oncall.entries import attempt_all, entries, zone_of
from evaluator.config.reading import Reading
from evaluator.config.scalars import Text
from evaluator.core.oncall.calendars import Calendar
from evaluator.core.oncall.oncall_texts import parse_date, parse_span


class CalendarModel(Model):
    """An entry of `calendars`."""

    TITLE = "a calendar"

    time_zone: Text = ""
    open: list[Text] = Field(default_factory=list)
    except_: list[Text] = Field(default_factory=list, alias="except")


def read_calendars(top: Table, reading: Reading) -> dict[str, Calendar]:
    """The calendars by name."""
    return {name: _calendar(model, node, reading) for name, model, node in entries(top, "calendars", CalendarModel, reading)}


def _calendar(model: CalendarModel, node: Table, reading: Reading) -> Calendar:
    spans = attempt_all(parse_span, model.open, node, "open", reading)
    if not model.open:
        reading.problems.error(node.at("open"), "a calendar is never open", 'add open: ["Mon-Fri 09:00-18:00"]')
    closed = frozenset(attempt_all(parse_date, model.except_, node, "except", reading))
    return Calendar(zone_of(model.time_zone, node, reading), spans, closed)
