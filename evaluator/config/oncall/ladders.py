"""The blocks about people put together: who is on call, and how everybody is chased."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from evaluator.config.integrations.common import Defaults
from evaluator.config.nodes import Table
from evaluator.config.oncall.calendars import read_calendars
from evaluator.config.oncall.checks import Whereabouts, check_ladders, check_use
from evaluator.config.oncall.components import read_components
from evaluator.config.oncall.contacts import Contacts
from evaluator.config.oncall.coverage import warn_of_gaps
from evaluator.config.oncall.entries import names_in
from evaluator.config.oncall.escalations import read_escalations
from evaluator.config.oncall.ical import read_feed_secret
from evaluator.config.oncall.people import read_people
from evaluator.config.oncall.profiles import read_profiles
from evaluator.config.oncall.rehearsals import with_rehearsals
from evaluator.config.oncall.schedules import read_schedules
from evaluator.config.oncall.targets import Names
from evaluator.config.reading import Reading
from evaluator.core.frozen import frozen
from evaluator.core.incidents.policy import SEVERITIES, Ladders
from evaluator.core.oncall.people import Duty
from evaluator.core.receivers import Receiver
from evaluator.core.routing.routing import Route


@frozen
class OnCallRead:
    """What the blocks say. escalations: the names of all, of those that are wrong as well."""

    duty: Duty
    ladders: Ladders
    escalations: tuple[str, ...]


def severities_of(written: Sequence[str], top: Table, reading: Reading) -> tuple[str, ...]:
    """The words for how bad something is, the least first; the usual ones where the file has none."""
    for number, name in enumerate(written):
        if name in written[:number]:
            reading.problems.error(top.at("severities", number), f'severity "{name}" stands twice', "remove one")
    return tuple(written) or SEVERITIES


def read_oncall(
    top: Table, severities: tuple[str, ...], receivers: Sequence[Receiver], defaults: Defaults, reading: Reading
) -> OnCallRead:
    """Everything about people; what is wrong is a problem with its place. receivers: the ordinary ones."""
    people = read_people(top, reading)
    calendars = read_calendars(top, reading)
    schedules = read_schedules(top, names_in(top, "people"), calendars, reading)
    names = _names(top, severities, {receiver.name for receiver in receivers})
    profiles = read_profiles(top, reading)
    components = read_components(top, names.people, names.schedules, names_in(top, "escalations"), reading)
    escalations = read_escalations(top, names, reading)
    contacts = Contacts(people, defaults, reading)
    by_name = {schedule.name: schedule for schedule in schedules}
    known = Whereabouts(profiles, components, by_name, {receiver.name: receiver for receiver in receivers}, contacts)
    check_ladders(escalations.values(), known, reading.problems)
    ladders = Ladders(
        profiles=profiles,
        components=components,
        escalations={name: escalation for name, (escalation, _) in escalations.items()},
        calendars=calendars,
        contacts=tuple(contacts.receivers()),
        severities=severities,
    )
    duty = Duty(tuple(one.person for one in people), schedules, read_feed_secret(top, reading))
    if reading.now is not None:
        warn_of_gaps(schedules, duty.absences, top, reading.now, reading.problems)
    return OnCallRead(duty, ladders, names_in(top, "escalations"))


def with_route(read: OnCallRead, route: Route, top: Table, reading: Reading) -> tuple[Route, Ladders]:
    """The tree and the ladders, each with what the other makes of it: dry runs, and ladders that nobody climbs."""
    check_use(read.ladders, route, top.child("escalations"), reading.problems)
    return with_rehearsals(route, read.ladders)


def _names(top: Table, severities: tuple[str, ...], receivers: Collection[str]) -> Names:
    return Names(
        people=names_in(top, "people"),
        schedules=names_in(top, "schedules"),
        components=names_in(top, "components"),
        receivers=receivers,
        calendars=names_in(top, "calendars"),
        profiles=names_in(top, "profiles"),
        severities=severities,
    )
