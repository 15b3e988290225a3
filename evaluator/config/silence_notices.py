"""Who is told before a silence ends while something still fires: routes that the file need not write.

They stand before all others. Whoever made the silence is told first, if that is a person who can be reached, by key, name or
mail address; else the receiver that the policy names; and without one, the routes of the file decide.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from evaluator.config.nodes import Table
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.core.labels import ALERT_NAME, Matcher, MatchOp
from evaluator.core.matchers import format_matchers
from evaluator.core.muting.silence_ending import ALERT
from evaluator.core.oncall.people import Person
from evaluator.core.receivers import Receiver
from evaluator.core.routing.routing import Route

_GROUPED = frozenset({ALERT_NAME, "silence"})
_INTERVAL = timedelta(minutes=1)


def with_silence_notices(route: Route, notify: str, people: Iterable[Person], contacts: Iterable[Receiver]) -> Route:
    """The tree with these routes. notify: the receiver for silences of nobody who can be reached; empty for none."""
    reached = {contact.name: contact for contact in contacts if contact.integrations}
    return replace(route, routes=(*_routes(route, notify, people, reached), *route.routes))


def check_notify(notify: str, receivers: Collection[str], top: Table, reading: Reading) -> None:
    """A receiver that is not there is a problem."""
    if notify and notify not in receivers:
        remedy = did_you_mean(notify, receivers) or "add it to receivers"
        place = top.at("silence_policy", "notify")
        reading.problems.error(place, f'undefined receiver "{notify}" used in silence_policy', remedy)


def _routes(route: Route, notify: str, people: Iterable[Person], reached: Mapping[str, Receiver]) -> Iterator[Route]:
    for person in people:
        receiver = f"person:{person.key}"
        if receiver in reached:
            names = sorted({person.key, person.name, person.contacts.get("email", "")} - {""})
            author = Matcher("created_by", "|".join(map(re.escape, names)), MatchOp.REGEX)
            yield _told(route, receiver, (Matcher(ALERT_NAME, ALERT), author))
    if notify:
        yield _told(route, notify, (Matcher(ALERT_NAME, ALERT),))


def _told(root: Route, receiver: str, matchers: tuple[Matcher, ...]) -> Route:
    text = format_matchers(matchers)
    return Route(
        receiver,
        key=f"{root.key}/{text}",
        id=f"{root.id}/{text}",
        matchers=matchers,
        group_by=_GROUPED,
        group_wait=timedelta(0),
        group_interval=_INTERVAL,
        repeat_interval=root.repeat_interval,
        escalation="",
    )
