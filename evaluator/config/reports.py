"""`report`: who gets the report about incidents, and when.

It goes to people who read, so only receivers of mails and Slack messages can have it; a report that wakes somebody is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import Field

from evaluator.config.models import Model, read
from evaluator.config.nodes import Table
from evaluator.config.oncall.entries import attempt, zone_of
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.config.scalars import Span, Text
from evaluator.core.receivers import Receiver
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.receivers.slack import SlackSettings
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.reports import ReportSettings

READ = (EmailSettings, SlackSettings)
"""By these a report can be sent."""


class ReportModel(Model):
    """`report`."""

    TITLE = "report"

    schedule: Text = ""
    time_zone: Text = "UTC"
    receivers: list[Text] = Field(default_factory=list)
    period: Span = timedelta(days=7)


def read_report(top: Table, receivers: Sequence[Receiver], reading: Reading) -> ReportSettings | None:
    """The block of that name; None where there is none."""
    node = top.child("report")
    if node is None:
        return None
    model = read(ReportModel, node, reading.problems)
    if model is None or not isinstance(node, Table):
        return None
    if not model.schedule:
        reading.problems.error(node.at("schedule"), "missing schedule in report", 'add one such as "0 8 * * mon"')
        return None
    if not model.period:
        reading.problems.error(node.at("period"), "period cannot be zero", "remove it, or write a duration such as 7d")
    _check_receivers(model, node, receivers, reading)
    schedule = attempt(parse_cron, model.schedule, at=node.at("schedule"), reading=reading)
    zone = zone_of(model.time_zone, node, reading)
    return ReportSettings(schedule, zone, tuple(model.receivers), model.period) if schedule is not None else None


def _check_receivers(model: ReportModel, node: Table, receivers: Sequence[Receiver], reading: Reading) -> None:
    if not model.receivers:
        reading.problems.error(node.at("receivers"), "nobody gets the report", "add receivers: [NAME]")
    known = {receiver.name: receiver for receiver in receivers}
    for number, name in enumerate(model.receivers):
        position = node.at("receivers", number)
        if name not in known:
            remedy = did_you_mean(name, known) or "add it to receivers"
            reading.problems.error(position, f'undefined receiver "{name}" used in report', remedy)
        elif not any(isinstance(one.settings, READ) for one in known[name].integrations):
            message = f'receiver "{name}" has neither email_configs nor slack_configs, which a report is sent by'
            reading.problems.error(position, message, "name another one")
