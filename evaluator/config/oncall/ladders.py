"""The blocks about people put together: who is on call, and how everybody is chased."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from evaluator.config.integrations.common import Defaults
from evaluator.config.nodes import Table
from evaluator.config.oncall.calendars import read_calendars
from evaluator.config.oncall.components import read_components
from evaluator.config.oncall.contacts import Contacts
from evaluator.config.oncall.entries import names_in
from evaluator.config.oncall.escalations import read_escalations
from evaluator.config.oncall.people import read_people
from evaluator.config.oncall.profiles import read_profiles
from evaluator.config.oncall.schedules import read_schedules
from evaluator.config.oncall.targets import Names
from evaluator.config.reading import Reading
from evaluator.core.incidents.policy import SEVERITIES, Escalation, Ladders, TargetKind
from evaluator.core.people import Duty
from evaluator.core.receivers import Receiver


@dataclass(frozen=True, slots=True)
class OnCallRead:
    """What the blocks say, and the names of all escalations, of those that are wrong as well."""

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
    top: Table, severities: tuple[str, ...], receivers: Iterable[Receiver], defaults: Defaults, reading: Reading
) -> OnCallRead:
    """Everything about people; what is wrong is a problem with its place. receivers: the ordinary ones."""
    people = read_people(top, reading)
    calendars = read_calendars(top, reading)
    schedules = read_schedules(top, names_in(top, "people"), calendars, reading)
    names = _names(top, severities, {receiver.name for receiver in receivers})
    components = read_components(top, names.people, names_in(top, "escalations"), reading)
    escalations = read_escalations(top, names, reading)
    contacts = Contacts(people, defaults, reading)
    _ask_for_channels(escalations.values(), contacts)
    ladders = Ladders(
        profiles=read_profiles(top, reading),
        components=components,
        escalations={name: escalation for name, (escalation, _) in escalations.items()},
        calendars=calendars,
        contacts=tuple(contacts.receivers()),
        severities=severities,
    )
    duty = Duty(tuple(one.person for one in people), schedules)
    return OnCallRead(duty, ladders, names_in(top, "escalations"))


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


def _ask_for_channels(escalations: Iterable[tuple[Escalation, Table]], contacts: Contacts) -> None:
    for escalation, node in escalations:
        for level in escalation.levels:
            for target in level.notify:
                if target.kind is TargetKind.SLACK:
                    contacts.channel(target.name, node.at("levels"))
