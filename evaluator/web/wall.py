"""The first page: every alert group as a card, the gravest and newest first.

Grave is what fires rather than what is muted, then what has the worse severity, by the order that the configuration gives them;
on a card likewise. So the first screen of a telephone shows what somebody was woken for, however much else fires.

What is counted is looked at for every alert: whether it fires, and whether anything mutes it. Everything else (annotations,
folded labels, timers) is found out for what stands on the page and no more, so ten thousand alerts cost little more than fifty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter

from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.alerts import Alert
from evaluator.core.evaluation.tracking import Tracked
from evaluator.core.frozen import frozen
from evaluator.core.incidents.records import IncidentRecord
from evaluator.core.labels import ALERT_NAME, Labels, Matcher
from evaluator.core.routing.grouping import AlertGroup, told_order
from evaluator.core.view import View
from evaluator.web.choice import LONGEST_VALUE, Choice, read_choice
from evaluator.web.chosen import Chosen, Member, Severities, chosen, key_of, tally
from evaluator.web.described import Description, describe, is_built_in, value_of
from evaluator.web.incidents import chased
from evaluator.web.lanes import Prospect, prospect
from evaluator.web.lookup import labels_of, pending
from evaluator.web.paging import Page, page_of
from evaluator.web.rendering import render
from evaluator.web.standing import PENDING, Cause, Standing

GROUPS_PER_PAGE = 50
ROWS_PER_PAGE = 200
ROWS_PER_CARD = 20
FEWEST_ROWS = 3
MOST_TROUBLES = 3
ROWS_OF_ONE = 100  # when a single group is asked for
PENDING_PER_PAGE = 100
PENDING_FOLDED = 20


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

    severity: the worst, empty where none is known. silence: the query of the form that silences all of it; None where no label
    is common, which would silence everything. incidents: open ones that its alerts belong to.
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
    found = chosen(view, choice)
    shown = [one for one in found if not choice.state or one.counts.get(choice.state)]
    page = page_of(sorted(shown, key=attrgetter("rank")), choice.page, GROUPS_PER_PAGE)
    alone = page_of(waiting, choice.page if choice.state == PENDING else 1, _pending_rows(choice))
    return render(
        view,
        request,
        "wall.html",
        400 if choice.problem else 200,
        choice=choice,
        counts={**tally(found), PENDING: len(waiting)},
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
    standing, severities = Standing(view), Severities(view)
    built_in = (alert for alert in view.machine.alerts if alert.firing and is_built_in(alert))
    found = [alert for alert in built_in if not standing.muted_everywhere(alert)]
    return sorted(found, key=lambda alert: (-severities.of(alert).rank, -alert.starts_at.timestamp(), alert.labels))


def _pending(view: View, choice: Choice) -> list[Tracked]:
    """Alerts that are pending, the longest first; they have neither a group nor a receiver yet."""
    if choice.receiver or choice.group:
        return []
    found = [one for one in pending(view) if choice.admits(labels_of(view, one))]
    return sorted(found, key=lambda one: (one.life.active_at, one.labels))


def _cards(view: View, wanted: Sequence[Chosen], choice: Choice) -> Iterator[Card]:
    standing, incidents = Standing(view), chased(view)
    most = max(FEWEST_ROWS, min(ROWS_PER_CARD, ROWS_PER_PAGE // max(1, len(wanted))))
    for one in wanted:
        yield _card(view, standing, incidents, one, choice, ROWS_OF_ONE if choice.group else most)


def _card(
    view: View, standing: Standing, incidents: Mapping[str, IncidentRecord], whole: Chosen, choice: Choice, most: int
) -> Card:
    group = whole.group
    members = [
        member
        for state, found in whole.members.items()
        if choice.state in ("", state)
        for member in sorted(found, key=lambda one: (-one.severity.rank, told_order(one.alert)))
    ]
    worst = max(one.severity for one in members if one.state == members[0].state)
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
        whole.counts,
        worst.name if worst.rank >= 0 else "",
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
