"""An explanation in short sentences, for whoever is woken by an alert, or wonders why they were not.

One line says one thing. Lines about a route are indented below it, those about an integration once more. Every instant is given
in UTC, and as a distance from the instant of the explanation.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from evaluator.core.durations import format_duration
from evaluator.core.explaining.explanation import (
    Asserter,
    Explanation,
    GroupStory,
    IntegrationStory,
    MuteStory,
    RouteStory,
    Source,
    Standing,
    Tick,
    Told,
    Undelivered,
)
from evaluator.core.explaining.rehearsal import Prospect
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.muting.muting import MuteKind
from evaluator.core.routing.route_paths import RoutePath

_TICKS = {
    Tick.WAIT: "its group_wait is over then",
    Tick.INTERVAL: "its next group_interval",
    Tick.HOUR: "a time interval begins or ends by then",
}


def sentences(told: Explanation) -> list[str]:
    """The whole of it, a line each."""
    return [*_alert(told), *(line for number, route in enumerate(told.routes, 1) for line in _route(told, route, number))]


def instant(at: datetime, now: datetime) -> str:
    """`2026-01-01 03:14:00 UTC (in 2m)`; fractions of a second are left out."""
    gap = timedelta(seconds=round((at - now).total_seconds()))
    if not gap:
        distance = "now"
    else:
        distance = f"in {format_duration(gap)}" if gap > timedelta(0) else f"{format_duration(-gap)} ago"
    return f"{at:%Y-%m-%d %H:%M:%S} UTC ({distance})"


def title(labels: Labels) -> str:
    """`Down{instance="a"}`."""
    rest = labels.without(ALERT_NAME)
    return f"{labels.get(ALERT_NAME, '')}{rest or ''}"


# -- the alert --------------------------------------------------------------------------------------------------------


def _alert(told: Explanation) -> Iterator[str]:
    yield f"{title(told.labels)}, fingerprint {told.fingerprint}"
    since = instant(told.since, told.at) if told.since is not None else ""
    match told.standing:
        case Standing.FIRING:
            yield f"It has been firing since {since}."
        case Standing.PENDING:
            yield f"It has been pending since {since}. Nobody is told of a pending alert."
        case Standing.RESOLVED:
            yield f"It has been over since {since}{f': {told.why}' if told.why else ''}."
        case Standing.GONE:
            yield "It is neither pending nor firing, and everybody who was told of it has been told that it is over."
    for source in told.sources:
        yield from _source(source, told.at)
    for silence in told.lifted:
        by = f"{silence.ended_by} ended silence {silence.id} by {silence.created_by or 'nobody'}"
        yield f"{by} at {instant(silence.ends_at, told.at)}."
    for one in told.pending:
        yield f"{_rule(one.source)} lets it fire at {instant(one.fires_at, told.at)}, if its expression gives it until then."
        yield from _trouble(one.source)


def _source(source: Source, now: datetime) -> Iterator[str]:
    match source.kind:
        case Asserter.POSTED:
            ends = f" It is over at {instant(source.over_at, now)} unless it is posted again." if source.over_at else ""
            yield f"It was posted through the API.{ends}"
        case Asserter.BUILT_IN:
            yield "The evaluator raises it about itself."
        case Asserter.RULE:
            yield f"{_rule(source)} asserts it."
            yield from _trouble(source)
            if source.absent_since is not None and source.kept_until is not None:
                absent, until = instant(source.absent_since, now), instant(source.kept_until, now)
                yield f"Its expression has not given it since {absent}; keep_firing_for keeps it until {until}."


def _rule(source: Source) -> str:
    place = f" ({source.position})" if source.position is not None and source.position.file else ""
    return f"Rule {source.name} of group {source.group}{place}"


def _trouble(source: Source) -> Iterator[str]:
    if source.error:
        yield f"Its last evaluation failed, so the alert stays as it was: {source.error}"


# -- routes -----------------------------------------------------------------------------------------------------------


def _route(told: Explanation, route: RouteStory, number: int) -> Iterator[str]:
    yield f"Route {number} of {len(told.routes)}: {_way(route)}"
    lines = [
        *_siblings(route.path),
        *_receiver(route),
        *(f"Muted: {_mute(mute, told.at)}" for mute in route.mutes),
        *(_group(route.group, told.at) if route.group is not None else ()),
        *_earliest(route, told.at),
    ]
    for one in route.group.integrations if route.group is not None else ():
        lines += [f"{one.name}: {_told(one, told.at)}", *(f"  {line}" for line in _integration(told, route, one))]
    yield from (f"  {line}" for line in lines)


def _way(route: RouteStory) -> str:
    if route.path is None:
        return f"none leads to receiver {route.receiver} any more; its group is there until everybody knows that it is over"
    return f"{route.path} -> receiver {route.receiver}"


def _siblings(path: RoutePath | None) -> Iterator[str]:
    """What `continue` made of the search, at each step where there was something left to search."""
    for step in path.steps if path is not None else ():
        place = f"{step.matchers} (child {step.number} of {step.among})"
        if step.asked:
            yield f"{place} says `continue`, so {_later(step.asked)} tried too."
        elif step.unasked:
            yield f"{place} does not say `continue`, so {_later(step.unasked)} not tried."


def _later(count: int) -> str:
    return "the route after it was" if count == 1 else f"the {count} routes after it were"


def _receiver(route: RouteStory) -> Iterator[str]:
    if not route.sends:
        yield f"Receiver {route.receiver} has no integration that sends, so nobody is told on this route."


def _earliest(route: RouteStory, now: datetime) -> Iterator[str]:
    if route.earliest is not None and route.sends:
        yield f"If it fires and nothing mutes it, it is told at {instant(route.earliest, now)}."


def _mute(mute: MuteStory, now: datetime) -> str:
    until = f" until {instant(mute.until, now)}" if mute.until is not None else ""
    names = ", ".join(mute.names)
    match mute.kind:
        case MuteKind.INHIBITION:
            source = title(mute.inhibitor) if mute.inhibitor is not None else "another alert"
            return f"inhibited by {names}, while {source} fires."
        case MuteKind.ACTIVE_INTERVAL:
            return f"outside of its active time intervals ({names}){until}."
        case MuteKind.MUTE_INTERVAL:
            return f"time interval {names}{until}."
        case MuteKind.SILENCE:
            each = (
                f"silence {one.id} by {one.created_by or 'nobody'} until {instant(one.ends_at, now)}"
                + (f", because: {one.comment}" if one.comment else "")
                for one in mute.silences
            )
            return "; ".join(each)


def _group(group: GroupStory, now: datetime) -> Iterator[str]:
    count = f"{group.firing} firing, {group.resolved} over"
    when = ""
    if group.considered_at is not None and group.tick is not None:
        when = f"; considered at {instant(group.considered_at, now)}: {_TICKS[group.tick]}"
    yield f"Group {group.labels}: {count}{when}."
    if group.ended_why:
        yield f"Here it counts as over: {group.ended_why}."


# -- integrations -----------------------------------------------------------------------------------------------------


def _told(one: IntegrationStory, now: datetime) -> str:
    at = instant(one.told_at, now) if one.told_at is not None else ""
    match one.told:
        case Told.FIRING:
            held = ", and has been muted since" if one.held else ""
            return f"it was told at {at} that it fires{held}."
        case Told.RESOLVED:
            return f"it was told at {at} that it is over."
        case Told.NEVER:
            return f"it was not told of it; the group's last message was at {at}." if at else "it was not told of the group."


def _integration(told: Explanation, route: RouteStory, one: IntegrationStory) -> Iterator[str]:
    now = told.at
    if one.decision is not None:
        decided = "sent" if one.decision.sent else "not sent"
        yield f"Last decision, at {instant(one.decision.at, now)}: {one.decision.reason} ({decided})."
    if one.undelivered is not None:
        yield _undelivered(one.undelivered, now)
    if not one.send_resolved:
        yield "It is not told when alerts are over (send_resolved: false)."
    yield from _outlook(told, route, one)


def _undelivered(row: Undelivered, now: datetime) -> str:
    about = "a message that speaks of it" if row.tells else "a message that does not speak of it"
    failed = f" after {_attempts(row.attempts)}: {row.error}" if row.attempts else ""
    if row.under_way:
        return f"Under way since {instant(row.since, now)}: {about} ({row.reason}){failed}."
    if row.permanent or row.retry_at is None:
        return f"Refused for good: {about} ({row.reason}){failed}. The next flush decides anew."
    if row.paced:
        turn = f"the next turn comes at {instant(row.retry_at, now)}"
        return f"Waiting since {instant(row.since, now)} for its turn (rate_limit): {about} ({row.reason}); {turn}{failed}."
    return (
        f"Waiting since {instant(row.since, now)}: {about} ({row.reason}); tried again at {instant(row.retry_at, now)}{failed}."
    )


def _attempts(count: int) -> str:
    return "a failed attempt" if count == 1 else f"{count} failed attempts, the last"


def _outlook(told: Explanation, route: RouteStory, one: IntegrationStory) -> Iterator[str]:
    """What comes next, and what would change that."""
    found, now = one.outlook, told.at
    if found.decides is not None and (found.sends is None or found.decides.at < found.sends.at):
        yield f"At {instant(found.decides.at, now)} it is decided: {found.decides.reason}."
    if found.sends is not None and found.sends != found.tells:
        yield f"The group's next message is sent at {_prospect(found.sends, now)}; it does not speak of this alert."
    unless = _unless(told, route, one)
    if found.tells is not None:
        yield f"Next message about it: at {_prospect(found.tells, now)}. None before that, unless {unless}."
    elif found.until is not None:
        yield f"No message about it until {instant(found.until, now)} at least, unless {unless}."
    else:
        yield f"No further message about it, unless {unless}."


def _prospect(sent: Prospect, now: datetime) -> str:
    return f"{instant(sent.at, now)} ({sent.reason}{', tried again' if sent.again else ''})"


def _unless(told: Explanation, route: RouteStory, one: IntegrationStory) -> str:
    """What would have to change for a message to be sent sooner."""
    ways = ["what mutes it ends"] if route.mutes else []
    if told.standing is Standing.PENDING:
        ways.append("it fires")
    elif told.standing is not Standing.FIRING:
        ways.append("it fires again")
    elif not route.mutes:
        ways.append("an alert of the group begins or ends")
    elif one.told is Told.FIRING:
        ways.append("it ends itself")
    if one.undelivered is not None and one.undelivered.under_way:
        ways.append("the attempt that is under way fails")
    return " or ".join(ways)
