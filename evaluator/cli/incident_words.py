"""How the command line tells of incidents: times on the clock of this machine, sentences as the evaluator says them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from evaluator.cli.silence_words import alert_text
from evaluator.core.durations import format_duration
from evaluator.core.quoting import quote

Json = Mapping[str, Any]


def row(one: Json, now: datetime) -> tuple[str, ...]:
    """An incident in a table."""
    owner = one["owner"] or ""
    return (
        str(one["id"]),
        one["state"],
        one["severity"],
        level(one),
        one["title"],
        owner,
        clock(one["opened_at"], now),
        next_text(one, now) or one["standing"],
    )


def level(one: Json) -> str:
    """`2/4 backup`."""
    return f"{one['level'] + 1}/{one['levels']} {one['level_name']}".rstrip()


def next_text(one: Json, now: datetime) -> str:
    """What comes next, and in how long."""
    coming = one["next"]
    return f"{coming['text']} {ahead(coming['at'], now)}" if coming else ""


def outcome(one: Json, now: datetime) -> str:
    """What came of an action, in a line."""
    coming = next_text(one, now)
    return f"incident {one['id']} is {one['state']}: {one['standing']}" + (f"; {coming}" if coming else "")


def story(one: Json, now: datetime) -> Iterator[str]:
    """Everything that is known of an incident, in lines."""
    yield f"{one['id']} {one['title']}: {', '.join(part for part in (one['severity'], one['state']) if part)}"
    coming = next_text(one, now)
    yield one["standing"] + (f"; {coming}" if coming else "")
    yield from _facts(one, now)
    yield from _part("alerts", (_alert(alert, now) for alert in one["alerts"]))
    yield from _part("messages", (_page(page, now) for page in one["pages"] if page["kind"] != "update"))
    yield from _part("timeline", (_moment(moment, now) for moment in one["timeline"]))


def _facts(one: Json, now: datetime) -> Iterator[str]:
    labels = " ".join(f"{name}={quote(value)}" for name, value in one["labels"].items())
    ladder = ", ".join(f"{each['name']} after {each['after']}{' (told)' if each['fired'] else ''}" for each in one["ladder"])
    facts = {
        "owner": one["owner"],
        "component": one["component"],
        "labels": labels,
        "runbook": one["runbook"],
        "opened": f"{clock(one['opened_at'], now)}, {ago(one['opened_at'], now)}",
        "over": f"{clock(one['resolved_at'], now)} ({one['resolution']})" if one["resolved_at"] else "",
        "ladder": f"{one['escalation']}: {ladder}; climb {one['epoch']}",
        "held by": ", ".join(one["holds"]),
        "began again": str(one["flaps"]) if one["flaps"] else "",
        "before it": str(one["previous"]) if one["previous"] else "",
        "worth it": one["noise"].replace("_", " "),
    }
    for name, text in facts.items():
        if text:
            yield f"  {name:<12}{text}"


def _part(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield title
        yield from (f"  {line}" for line in found)


def _alert(alert: Json, now: datetime) -> str:
    value = f" = {float(alert['value']):g}" if alert["value"] is not None else ""
    when = f"since {clock(alert['starts_at'], now)}" if alert["firing"] else f"over {clock(alert['ends_at'], now)}"
    return f"{'firing' if alert['firing'] else 'over'}  {alert_text(alert['labels'])}{value}, {when}"


def _page(page: Json, now: datetime) -> str:
    fate = {"sent": "accepted", "failed": "refused", "cancelled": "not needed any more", "planned": "not due yet"}
    came = fate.get(page["state"], "not accepted yet")
    what = page["kind"] if page["kind"] != "page" else f"level {page['level'] + 1}"
    why = f" ({page['error']})" if page["error"] else ""
    return f"{clock(page['sent_at'] or page['due_at'], now)}  {page['name']} by {page['way']}, {what}: {came}{why}"


def _moment(moment: Json, now: datetime) -> str:
    way = f"  ({moment['via']})" if moment["via"] else ""
    return f"{clock(moment['at'], now)}  {moment['text']}{way}"


def clock(text: str, now: datetime) -> str:
    """An instant on the clock of this machine, with its day when that is another one."""
    there, here = datetime.fromisoformat(text).astimezone(), now.astimezone()
    return f"{there:%H:%M:%S}" if there.date() == here.date() else f"{there:%Y-%m-%d %H:%M:%S}"


def ahead(text: str, now: datetime) -> str:
    """`in 6m12s`, or that it is due."""
    left = datetime.fromisoformat(text) - now
    return f"in {_short(left)}" if left > timedelta(0) else "now"


def ago(text: str, now: datetime) -> str:
    """`12m ago`."""
    return f"{_short(now - datetime.fromisoformat(text))} ago"


def _short(span: timedelta) -> str:
    """Whole seconds; from an hour on, whole minutes."""
    seconds = max(0, round(span.total_seconds()))
    return format_duration(timedelta(seconds=seconds - seconds % 60 if seconds >= 3600 else seconds))


def present() -> datetime:
    """Now."""
    return datetime.now(UTC)
