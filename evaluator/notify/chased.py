"""What a message about an incident says, as plain lines: for the console, and for when a template fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from evaluator.core.durations import format_duration
from evaluator.core.incidents.records import Notice, PageKind
from evaluator.notify.buttons import Buttons
from evaluator.notify.neutral import one_line


def chase_lines(notice: Notice, buttons: Buttons) -> Iterator[str]:
    """The incident first, then what is special about this message, then what can be done."""
    severity = f" [{one_line(notice.severity, 50)}]" if notice.severity else ""
    yield f"Incident {notice.number}{severity}: {one_line(notice.title, 300)}, {notice.state}"
    if notice.kind is PageKind.PAGE and notice.level_name:
        yield f"Level {notice.level + 1} of {notice.levels} ({one_line(notice.level_name, 100)})" + _late(notice)
    if notice.text:
        yield one_line(notice.text, 1000)
    if notice.confirmed_at is not None:
        at = notice.confirmed_at.astimezone(UTC)
        yield f"It cannot be asked at the moment; last confirmed at {at:%Y-%m-%d %H:%M:%S} UTC."
    if notice.owner:
        yield f"Owner: {one_line(notice.called(notice.owner), 100)}"
    if notice.runbook:
        yield f"Runbook: {one_line(notice.runbook, 1000)}"
    for purpose, link in buttons.links.items():
        yield f"{purpose}: {link}"


def _late(notice: Notice) -> str:
    return f", {format_duration(notice.late_by)} later than promised" if notice.late_by else ""
