"""What is wrong with ladders although each piece of them is right: nobody must find out at night.

An error is what would keep somebody from being told. What is told later than it looks, or to nobody under some circumstances,
is a warning. Nothing here looks at the clock; see `coverage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from evaluator.config.nodes import Listing, Node, Scalar, Table, find
from evaluator.config.oncall.contacts import Contact, Contacts
from evaluator.config.problems import Problems
from evaluator.core.durations import format_duration
from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen
from evaluator.core.incidents.policy import (
    SCHEDULE,
    Component,
    Escalation,
    IfNobody,
    Ladders,
    Level,
    ProfileStep,
    Target,
    TargetKind,
)
from evaluator.core.oncall.oncall import CalendarLayer, Schedule
from evaluator.core.receivers import Receiver
from evaluator.core.routing.routing import Route

WHOLE = (TargetKind.SLACK, TargetKind.RECEIVER)
"""Kinds of targets that are no people."""


@frozen
class Whereabouts:
    """What ladders refer to, by name."""

    profiles: Mapping[str, tuple[ProfileStep, ...]]
    components: Mapping[str, Component]
    schedules: Mapping[str, Schedule]
    receivers: Mapping[str, Receiver]
    contacts: Contacts


def check_ladders(escalations: Iterable[tuple[Escalation, Table]], known: Whereabouts, problems: Problems) -> None:
    """Add what is wrong with each ladder; a mistake of a person is said once, however many levels it spoils."""
    for escalation, node in escalations:
        _Check(escalation, node, known, problems).all()


def check_use(ladders: Ladders, route: Route, block: Node | None, problems: Problems) -> None:
    """Warn of ladders that nobody climbs, unless the name of one may be what is wrong. block: where they stand."""
    used = {one.escalation for one in route.walk()} | {one.escalation for one in ladders.components.values()}
    for name in ladders.escalations:
        if name not in used and isinstance(block, Table) and not problems.failed:
            message = f'escalation "{name}" is used by no route and no component'
            problems.warn(block.key(name), message, f"add escalation: {name} to a route, or remove it")


class _Check:
    """One ladder being checked."""

    def __init__(self, escalation: Escalation, node: Table, known: Whereabouts, problems: Problems) -> None:
        self._escalation, self._node = escalation, node
        self._known, self._problems = known, problems

    def all(self) -> None:
        levels = self._escalation.levels
        for number, level in enumerate(levels):
            for target in level.notify:
                self._target(number, level, target)
            self._maybe_nobody(number, level)
            self._length(number, level)
        self._acknowledgements(levels)

    def _at(self, number: int, *path: str | int) -> Position:
        return self._node.at("levels", number, *path)

    def _place(self, number: int, target: Target) -> Position:
        """Where a target is written; those beside it may be wrong, and are not among the level's."""
        listed = find(self._node, "levels", number, "notify")
        written = listed.items if isinstance(listed, Listing) else ()
        same = (one.position for one in written if isinstance(one, Scalar) and one.text == str(target))
        return next(same, listed.position)

    # -- who is told, and by what -------------------------------------------------------------------------------------

    def _target(self, number: int, level: Level, target: Target) -> None:
        place = self._place(number, target)
        if target.kind is TargetKind.SLACK:
            self._channel(target.name, place)
        elif target.kind is TargetKind.RECEIVER:
            self._receiver(target.name, place)
        for person in sorted(self._people(target)):
            self._person(person, level, place)

    def _channel(self, name: str, place: Position) -> None:
        contact = self._known.contacts.channel(name, place)
        if contact.missing:
            self._problems.error(place, f'"slack:{name}" cannot be told: {contact.missing}', contact.remedy)
        elif self._known.contacts.writes_to_one_channel:
            message = f'slack_api_url is an incoming webhook, which may write to its own channel in place of "{name}"'
            self._problems.warn(place, message, "use slack_app_token in place of it")

    def _receiver(self, name: str, place: Position) -> None:
        receiver = self._known.receivers.get(name)
        if receiver is not None and not receiver.integrations:
            self._problems.warn(place, f'receiver "{name}" tells nobody', "add an integration to it")

    def _person(self, key: str, level: Level, place: Position) -> None:
        contacts = self._known.contacts.of.get(key)
        steps = self._known.profiles.get(level.profile)
        if contacts is None or (level.profile and steps is None):
            return  # has been said
        wanted = contacts.keys() if steps is None else {way for step in steps for way in step.ways} & contacts.keys()
        for way in sorted(wanted):
            self._account(key, way, contacts[way])
        if not wanted:
            self._unreachable(key, level, place, contacts)
        elif steps is not None and not set(steps[0].ways) & contacts.keys():
            first = next(step for step in steps if set(step.ways) & contacts.keys())
            message = f'profile "{level.profile}" tells "{key}" nothing until {format_duration(first.at)} have passed'
            self._problems.warn(place, message, f"add {' or '.join(steps[0].ways)} to {key}")

    def _account(self, key: str, way: str, contact: Contact) -> None:
        if contact.missing:
            self._problems.error(contact.position, f'"{key}" cannot be told by {way}: {contact.missing}', contact.remedy)

    def _unreachable(self, key: str, level: Level, place: Position, contacts: Mapping[str, Contact]) -> None:
        steps = self._known.profiles.get(level.profile, ())
        ways = ", ".join(dict.fromkeys(way for step in steps for way in step.ways))
        why = f'profile "{level.profile}" goes by {ways}' if contacts else "there is no way to reach them"
        remedy = f"add {ways} to {key}, or use another profile" if contacts else f"add sms, email or another way to {key}"
        self._problems.error(place, f'level "{level.name}" cannot tell "{key}": {why}', remedy)

    def _people(self, target: Target) -> set[str]:
        """Everybody who may be meant, at whatever time."""
        match target.kind:
            case TargetKind.PERSON:
                return {target.name}
            case TargetKind.SCHEDULE:
                return self._of_schedule(target.name)
            case TargetKind.COMPONENT:
                named = {_role(one, target.name) for one in self._known.components.values()} - {""}
                schedules = {whom for whom in named if whom.startswith(SCHEDULE)}
                of_schedules = (self._of_schedule(whom.removeprefix(SCHEDULE)) for whom in schedules)
                return (named - schedules).union(*of_schedules)
            case _:
                return set()

    def _of_schedule(self, name: str) -> set[str]:
        schedule = self._known.schedules.get(name)
        return set() if schedule is None else set(people_of(schedule))

    # -- when nobody is told ------------------------------------------------------------------------------------------

    def _maybe_nobody(self, number: int, level: Level) -> None:
        if not level.notify or any(self._always(target) for target in level.notify):
            return
        if self._escalation.if_nobody is IfNobody.FAIL:
            message = f'level "{level.name}" may reach nobody, and if_nobody is {IfNobody.FAIL}'
            remedy = "give its schedule a fallback, or name a person, a channel or a receiver as well"
            self._problems.error(self._at(number, "notify"), message, remedy)
        elif all(target.kind is TargetKind.COMPONENT for target in level.notify):
            self._components_without(number, level)

    def _always(self, target: Target) -> bool:
        """Whether a target is somebody at every instant, whatever the incident."""
        if target.kind is TargetKind.SCHEDULE:
            schedule = self._known.schedules.get(target.name)
            return schedule is None or bool(schedule.fallback)
        return target.kind is not TargetKind.COMPONENT

    def _components_without(self, number: int, level: Level) -> None:
        for component in self._known.components.values():
            if component.escalation in ("", self._escalation.name) and not any(
                _role(component, target.name) for target in level.notify
            ):
                roles = " and no ".join(target.name for target in level.notify)
                message = f'component "{component.name}" has no {roles}, and level "{level.name}" tells nobody else'
                self._problems.warn(self._at(number, "notify"), message, "add it to the component, or tell a schedule as well")

    # -- times and numbers --------------------------------------------------------------------------------------------

    def _length(self, number: int, level: Level) -> None:
        """A profile that goes on while the next level is told: both do, and nobody sees it in the file."""
        steps = self._known.profiles.get(level.profile)
        follows = self._next(number)
        if not steps or follows is None or steps[-1].at < follows[0] or follows[0] <= timedelta(0):
            return
        last, gap = format_duration(steps[-1].at), format_duration(follows[0])
        message = f'profile "{level.profile}" goes on until {last} after the level, and {follows[1]} fires after {gap}'
        self._problems.warn(self._at(number, "profile"), message, "both will be told; shorten the profile, or wait for longer")

    def _next(self, number: int) -> tuple[timedelta, str] | None:
        """How long after a level the next thing happens, and what."""
        levels, repeat = self._escalation.levels, self._escalation.repeat
        if number + 1 < len(levels):
            return levels[number + 1].at - levels[number].at, f'"{levels[number + 1].name}"'
        return (repeat.every, "the ladder once more") if repeat.times else None

    def _acknowledgements(self, levels: Sequence[Level]) -> None:
        """More people than are ever told can hardly acknowledge."""
        targets = [target for level in levels for target in level.notify]
        needed = self._escalation.ack.by
        if any(target.kind in WHOLE or self._open_ended(target) for target in targets):
            return
        people = set().union(*map(self._people, targets))
        if people and needed > len(people):
            message = f"it takes {needed} people to acknowledge, and {len(people)} are told"
            self._problems.warn(self._node.at("ack", "by"), message, "lower it, or tell more people")

    def _open_ended(self, target: Target) -> bool:
        schedule = self._known.schedules.get(target.name) if target.kind is TargetKind.SCHEDULE else None
        return schedule is not None and any(isinstance(layer, CalendarLayer) for layer in schedule.layers)


def people_of(schedule: Schedule) -> Iterator[str]:
    """Everybody whom a schedule names; who stands in somebody else's calendar is not known here."""
    for layer in schedule.layers:
        if not isinstance(layer, CalendarLayer):
            yield from layer.rotation
    yield from (override.stand_in for override in schedule.overrides if override.stand_in)
    yield from schedule.fallback


def _role(component: Component, name: str) -> str:
    return component.backup if name == "backup" else component.owner
