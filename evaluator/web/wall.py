"""The first page: every alert group as a card, the gravest and newest first.

Grave is what fires rather than what is muted, then what has the worse severity, by the order that the configuration gives them;
on a card likewise. So the first screen of a telephone shows what somebody was woken for, however much else fires.

What is counted is looked at for every alert: whether it fires, and whether anything mutes it. Everything else (annotations,
folded labels, timers) is found out for what stands on the page and no more, so ten thousand alerts cost little more than fifty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.alerts import Alert
from evaluator.core.evaluation import Tracked
from evaluator.core.frozen import frozen
from evaluator.core.grouping import AlertGroup, told_order
from evaluator.core.incidents.belonging import SEVERITY
from evaluator.core.incidents.records import IncidentRecord
from evaluator.core.labels import ALERT_NAME, Labels, Matcher
from evaluator.core.muting import Mute
from evaluator.core.view import View
from evaluator.web.choice import LONGEST_VALUE, Choice, read_choice
from evaluator.web.described import Description, describe, is_built_in, value_of
from evaluator.web.incidents import chased
from evaluator.web.lanes import Prospect, prospect
from evaluator.web.lookup import labels_of, pending
from evaluator.web.paging import Page, page_of
from evaluator.web.rendering import render
from evaluator.web.standing import FIRING, MUTED, PENDING, RESOLVED, Cause, Standing

GROUPS_PER_PAGE = 50
ROWS_PER_PAGE = 200
ROWS_PER_CARD = 20
FEWEST_ROWS = 3
MOST_TROUBLES = 3
ROWS_OF_ONE = 100  # when a single group is asked for
PENDING_PER_PAGE = 100
PENDING_FOLDED = 20
STATES = (FIRING, MUTED, RESOLVED)
"""Of alerts that are in groups, the gravest first."""


class Severity(NamedTuple):
    """How bad something is. rank: more is worse; -1 for a name that the configuration does not know, as for none."""

    rank: int
    name: str


class Severities(dict[str, Severity]):
    """Each severity by its name; what is met for the first time is looked up in the configuration's order."""

    def __init__(self, view: View) -> None:
        self._rank = view.settings.ladders.rank

    def __missing__(self, name: str) -> Severity:
        return self.setdefault(name, Severity(self._rank(name), name))

    def of(self, alert: Alert) -> Severity:
        """That of an alert."""
        return self[alert.labels.get(SEVERITY, "")]


@frozen
class Member:
    """A chosen alert in its group. mute: why it is not told; only what fires is asked about."""

    alert: Alert
    severity: Severity
    mute: Mute | None

    @property
    def state(self) -> str:
        """firing, muted or resolved."""
        if not self.alert.firing:
            return RESOLVED
        return MUTED if self.mute else FIRING


@dataclass(slots=True)
class Chosen:
    """A group and those of its alerts that are asked for. counts: by state. severity: the worst of those that stand worst."""

    group: AlertGroup
    members: list[Member]
    counts: dict[str, int]
    severity: Severity
    newest: datetime

    @property
    def rank(self) -> tuple[int, int, float, Labels, str]:
        """What fires before what is muted before what is over; then the worst severity, then the newest."""
        gravity = next(number for number, state in enumerate(STATES) if self.counts[state])
        return gravity, -self.severity.rank, -self.newest.timestamp(), self.group.labels, self.group.id


@frozen
class Row:
    """An alert on a card. labels: those that the card does not say of all."""

    fingerprint: str
    state: str
    labels: Labels
    description: Description
    value: str
    since: datetime
    ended_at: datetime | None
    why: str
    causes: tuple[Cause, ...]
    source_link: str


@frozen
class Card:
    """A group as it is shown. common: labels that all its alerts share, besides those in `labels`, its own.

    severity: the worst, empty where none is known. silence: the query of the form that silences all of it; None where no label is common, which would silence everything.
    incidents: open ones that its alerts belong to.
    """

    key: str
    name: str
    labels: Labels
    common: Labels
    receiver: str
    counts: dict[str, int]
    severity: str
    rows: Page[Row]
    summary: str
    since: datetime
    causes: tuple[Cause, ...]
    prospect: Prospect
    silence: str | None
    incidents: tuple[IncidentRecord, ...]


async def wall(view: View, request: Request) -> Response:
    """Alert groups, and alerts that are pending."""
    choice = read_choice(request.query_params, view.settings.matcher_mode)
    waiting, troubles = _pending(view, choice), _troubles(view)
    chosen = _chosen(view, choice)
    counts = _tally(chosen)
    shown = [one for one in chosen if not choice.state or one.counts.get(choice.state)]
    page = page_of(sorted(shown, key=attrgetter("rank")), choice.page, GROUPS_PER_PAGE)
    alone = page_of(waiting, choice.page if choice.state == PENDING else 1, _pending_rows(choice))
    return render(
        view,
        request,
        "wall.html",
        400 if choice.problem else 200,
        choice=choice,
        counts={**counts, PENDING: len(waiting)},
        groups=page,
        cards=list(_cards(view, page.items, choice)),
        pending=alone,
        waiting=[_waiting(view, one) for one in alone.items],
        troubles=[(alert, describe(view, alert)) for alert in troubles[:MOST_TROUBLES]],
        more_troubles=max(0, len(troubles) - MOST_TROUBLES),
        incidents=Counter(str(one.state) for one in view.machine.incidents.table.values() if one.open),
        rules=sum(len(one.rules) for one in view.machine.groups.values()),
        evaluated_at=max((one.finished_at for one in view.machine.groups.values() if one.finished_at), default=None),
    )


def _pending_rows(choice: Choice) -> int:
    return PENDING_PER_PAGE if choice.state == PENDING else PENDING_FOLDED


def _troubles(view: View) -> list[Alert]:
    """What the evaluator itself has to tell, the gravest and newest first; whoever has muted it knows."""
    standing, severities, groups = Standing(view), Severities(view), view.machine.dispatch.groups
    built_in = (alert for alert in view.machine.alerts if alert.firing and is_built_in(alert))
    found = [alert for alert in built_in if not standing.muted_everywhere(alert, (groups[name] for name in alert.groups))]
    return sorted(found, key=lambda alert: (-severities.of(alert).rank, -alert.starts_at.timestamp(), alert.labels))


# -- choosing ---------------------------------------------------------------------------------------------------------


def _chosen(view: View, choice: Choice) -> list[Chosen]:
    standing, severities = Standing(view), Severities(view)
    groups = view.machine.dispatch.groups.values()
    found = (_members(standing, severities, group, choice) for group in groups if _asked_for(group, choice))
    return [one for one in found if one is not None]


def _asked_for(group: AlertGroup, choice: Choice) -> bool:
    return (not choice.receiver or group.route.receiver == choice.receiver) and (
        not choice.group or key_of(group) == choice.group
    )


def _members(standing: Standing, severities: Severities, group: AlertGroup, choice: Choice) -> Chosen | None:
    """The alerts of a group that are asked for, whatever their state; None without any."""
    alerts = [alert for alert in group.alerts.values() if not choice.matchers or choice.admits(alert.labels)]
    if not alerts:
        return None
    members = [
        Member(alert, severities.of(alert), standing.mute(alert, group.route) if alert.firing else None) for alert in alerts
    ]
    by_state = [[member for member in members if member.state == state] for state in STATES]
    gravest = next(found for found in by_state if found)
    counts = {state: len(found) for state, found in zip(STATES, by_state, strict=True)}
    return Chosen(group, members, counts, max(one.severity for one in gravest), max(alert.starts_at for alert in alerts))


def _tally(chosen: Iterable[Chosen]) -> dict[str, int]:
    """How many alerts stand how. One that several receivers hear of counts once: as firing, if any of them is told."""
    found: dict[str, set[str]] = {state: set() for state in STATES}
    for one in chosen:
        for member in one.members:
            found[member.state].add(member.alert.fingerprint)
    found[MUTED] -= found[FIRING]
    found[RESOLVED] -= found[FIRING] | found[MUTED]
    return {state: len(found[state]) for state in STATES}


def _pending(view: View, choice: Choice) -> list[Tracked]:
    """Alerts that are pending, the longest first; they have neither a group nor a receiver yet."""
    if choice.receiver or choice.group:
        return []
    found = [one for one in pending(view) if choice.admits(labels_of(view, one))]
    return sorted(found, key=lambda one: (one.life.active_at, one.labels))


def key_of(group: AlertGroup) -> str:
    """What names a group in a URL, however long its labels are."""
    return sha256(group.id.encode(errors="replace")).hexdigest()[:16]


# -- showing ----------------------------------------------------------------------------------------------------------


def _cards(view: View, chosen: Sequence[Chosen], choice: Choice) -> Iterator[Card]:
    standing, incidents = Standing(view), chased(view)
    most = max(FEWEST_ROWS, min(ROWS_PER_CARD, ROWS_PER_PAGE // max(1, len(chosen))))
    for one in chosen:
        yield _card(view, standing, incidents, one, choice, ROWS_OF_ONE if choice.group else most)


def _card(
    view: View, standing: Standing, incidents: Mapping[str, IncidentRecord], chosen: Chosen, choice: Choice, most: int
) -> Card:
    group = chosen.group
    members = [one for one in chosen.members if not choice.state or one.state == choice.state]
    members.sort(key=lambda one: (STATES.index(one.state), -one.severity.rank, told_order(one.alert)))
    common = _common(member.alert.labels for member in members)
    page = page_of(members, choice.page if choice.group else 1, most)
    quiet = standing.of_route(group.route)
    rows = [_row(view, standing, group, one, common) for one in page.items]
    return Card(
        key_of(group),
        common.get(ALERT_NAME, ""),
        group.labels.without(ALERT_NAME),
        common.without(ALERT_NAME, *group.labels),
        group.route.receiver,
        chosen.counts,
        chosen.severity.name if chosen.severity.rank >= 0 else "",
        Page(rows, page.number, page.size, page.total),
        _shared([row.description.summary for row in rows]),
        min(one.alert.starts_at for one in members),
        standing.causes(quiet, group.route) if quiet else (),
        prospect(view, group),
        _silence(common.only((ALERT_NAME, *group.labels)) or common),
        _incidents(incidents, members),
    )


def _incidents(known: Mapping[str, IncidentRecord], members: Iterable[Member]) -> tuple[IncidentRecord, ...]:
    found = {record.number: record for member in members if (record := known.get(member.alert.fingerprint)) is not None}
    return tuple(found[number] for number in sorted(found))


def _silence(labels: Labels) -> str | None:
    """What the form is to propose; a label whose value is too long for a link is left out."""
    query = Choice(tuple(Matcher(name, value) for name, value in labels.items() if len(value) <= LONGEST_VALUE)).link()
    return query if query != "?" else None


def _common(labels: Iterable[Labels]) -> Labels:
    """The labels on which all of these agree."""
    each = iter(labels)
    shared = next(each).as_dict()
    for one in each:
        for name in [name for name, value in shared.items() if one.get(name) != value]:
            del shared[name]
        if not shared:
            break
    return Labels(shared)


def _shared(texts: Sequence[str]) -> str:
    """The text, when there are several and they are the same."""
    return texts[0] if len(texts) > 1 and len(set(texts)) == 1 else ""


def _row(view: View, standing: Standing, group: AlertGroup, member: Member, common: Labels) -> Row:
    alert = member.alert
    whole = standing.of_route(group.route)
    return Row(
        alert.fingerprint,
        member.state,
        alert.labels.without(*common),
        describe(view, alert),
        value_of(alert),
        alert.starts_at,
        alert.ends_at,
        alert.why,
        standing.causes(member.mute, group.route) if member.mute and member.mute != whole else (),
        alert.generator_url,
    )


def _waiting(view: View, tracked: Tracked) -> tuple[Tracked, str, datetime, Description, str]:
    """A pending alert: its fingerprint, when it fires unless its condition ceases, what it says, its value."""
    fingerprint = labels_of(view, tracked).fingerprint
    return tracked, fingerprint, tracked.life.active_at + tracked.rule.hold, describe(view, tracked), value_of(tracked)
