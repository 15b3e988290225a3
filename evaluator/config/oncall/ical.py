"""Calendars in iCalendar's format: layers of schedules that stand in one, and the secret of those that are given out."""

from __future__ import annotations

import os
from datetime import timedelta

from evaluator.config.models import Model, read
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.config.scalars import Hidden, HiddenUrl, Span, Text
from evaluator.core.http import Secret
from evaluator.core.oncall.oncall import CalendarLayer

SHORTEST_SECRET = 16
"""Characters; whoever guesses it can read who is on call."""

_SHORTEST = timedelta(minutes=1)


class IcalModel(Model):
    """`ical` of a layer."""

    TITLE = "ical"

    url: HiddenUrl | None = None
    url_file: Text | None = None
    file: Text | None = None
    refresh: Span = timedelta(minutes=15)


class OnCallModel(Model):
    """`oncall`."""

    TITLE = "oncall"

    feed_secret: Hidden | None = None
    feed_secret_file: Text | None = None


def read_calendar_layer(model: IcalModel, node: Table, reading: Reading) -> CalendarLayer:
    """The calendar that a layer names."""
    url, file = reading.secret(model, "url", node), reading.file(model.file)
    if url is None and file is None:
        reading.problems.error(node.position, "one of url, url_file or file must be configured", "say where the calendar is")
    if url is not None and file is not None:
        reading.problems.error(node.at("file"), "at most one of url & file must be configured", "make it two layers")
    if file is not None and url is None and not os.path.isfile(file):
        message = f'calendar file "{model.file}" does not exist'
        reading.problems.warn(node.at("file"), message, "correct the path; until it is there, nobody has a shift by it")
    if model.refresh < _SHORTEST:
        reading.problems.error(node.at("refresh"), "refresh is shorter than a minute", "write a duration such as 15m")
    return CalendarLayer(url, file, model.refresh)


def read_feed_secret(top: Table, reading: Reading) -> Secret | None:
    """The secret from which the addresses of calendars follow; without one none is given out."""
    node = top.child("oncall")
    model = read(OnCallModel, node, reading.problems) if node is not None else None
    if model is None or not isinstance(node, Table):
        return None
    secret = reading.secret(model, "feed_secret", node)
    if secret is not None and secret.path is None and len(secret.text) < SHORTEST_SECRET:
        message = f"feed_secret is shorter than {SHORTEST_SECRET} characters"
        reading.problems.error(node.at("feed_secret"), message, "make one with: openssl rand -hex 32")
    return secret
