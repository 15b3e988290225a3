"""Who is meant by a level, at the instant at which it fires.

Policies name people, schedules, owners and channels; this looks them up. Whoever is meant twice is told once. A person who is
away, or has none of the contacts that the profile asks for, is not reached. A level is empty when it names people and reaches
none of them, whatever channels it tells besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from evaluator.core.frozen import frozen
from evaluator.core.incidents.policy import SCHEDULE, Component, Ladders, Level, ProfileStep, Quiet, Target, TargetKind
from evaluator.core.oncall.oncall import Override, on_call
from evaluator.core.oncall.people import Duty, Person
from evaluator.core.receivers import Receiver
from evaluator.core.zones import first_instant

PERSON = "person:"
CHANNELS = (f"{TargetKind.SLACK}:", f"{TargetKind.RECEIVER}:")
"""Begin what is told and is nobody in particular."""
NOBODY = "nobody"
AT_ONCE = timedelta(0)

Made = Callable[[str], Iterable[Override]]
"""The overrides that people made to a schedule."""


@frozen
class Way:
    """One message: `whom` is told by the integration with that lane name, `due_at`, because of a step at `offset`."""

    whom: str
    way: str
    integration: str
    offset: timedelta
    due_at: datetime


@frozen
class Reached:
    """people: keys of those who are reached. ways: how, and which channels besides. missed: who is not, and why, for people."""

    people: tuple[str, ...]
    ways: tuple[Way, ...]
    missed: tuple[str, ...]
    empty: bool


class Directory:
    """Looks people up in a configuration. made: overrides beyond those of the configuration."""

    def __init__(self, duty: Duty, ladders: Ladders, receivers: Iterable[Receiver], made: Made) -> None:
        self._people = {person.key: person for person in duty.people}
        self._schedules = {schedule.name: schedule for schedule in duty.schedules}
        self._absences = duty.absences
        self._ladders = ladders
        self._made = made
        self.lanes: Mapping[str, Receiver] = {one.name: one for one in (*receivers, *ladders.contacts)}

    def reach(self, level: Level, component: str, now: datetime) -> Reached:
        """Everybody whom the level means now. component: name of the incident's."""
        people: list[str] = []
        ways: list[Way] = []
        missed: list[str] = []
        for target in level.notify:
            if target.kind in (TargetKind.SLACK, TargetKind.RECEIVER):
                ways += self._channel(target, now)
                continue
            found = self._meant(target, component, now)
            if not found:
                missed.append(f"{target} is {NOBODY}")
            for key in found:
                told = list(self._person(key, level.profile, now))
                if not told:
                    missed.append(f"{key} has no contact that can be used")
                elif key not in people:
                    people.append(key)
                    ways += told
        names_people = any(target.kind not in (TargetKind.SLACK, TargetKind.RECEIVER) for target in level.notify)
        empty = not people if names_people or not level.notify else not ways
        return Reached(tuple(people), tuple(dict.fromkeys(ways)), tuple(missed), empty)

    def ways_to(self, key: str, now: datetime) -> tuple[Way, ...]:
        """How somebody is told something at once: by every contact."""
        return tuple(self._person(key, "", now))

    def channels(self, level: Level, now: datetime) -> tuple[Way, ...]:
        """Of a level, what is not people."""
        return tuple(way for target in level.notify for way in self._channel(target, now))

    def names(self, keys: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """What those of them are called who are people and have a name besides their key."""
        known = (self._people[key] for key in dict.fromkeys(keys) if key in self._people)
        return tuple((person.key, person.name) for person in known if person.name != person.key)

    def owner_of(self, component: str) -> str:
        """Who owns a component, as its configuration says it; empty for nobody."""
        known = self._ladders.components.get(component)
        return known.owner if known is not None else ""

    def component(self, name: str) -> Component | None:
        """The component with that name."""
        return self._ladders.components.get(name)

    def _meant(self, target: Target, component: str, now: datetime) -> tuple[str, ...]:
        match target.kind:
            case TargetKind.SCHEDULE:
                return self._on_call(target.name, now)
            case TargetKind.COMPONENT:
                known = self._ladders.components.get(component)
                whom = "" if known is None else known.backup if target.name == "backup" else known.owner
                if whom.startswith(SCHEDULE):
                    return self._on_call(whom.removeprefix(SCHEDULE), now)
                return self._here((whom,), now)
            case _:
                return self._here((target.name,), now)

    def _on_call(self, name: str, now: datetime) -> tuple[str, ...]:
        schedule = self._schedules.get(name)
        return () if schedule is None else on_call(schedule, now, self._absences, self._made(name)).people

    def _here(self, keys: Iterable[str], now: datetime) -> tuple[str, ...]:
        """Those who exist, and are not away."""
        return tuple(key for key in keys if key in self._people and not self._away(key, now))

    def _away(self, key: str, now: datetime) -> bool:
        return any(absence.at(now) for absence in self._absences.get(key, ()))

    def _person(self, key: str, profile: str, now: datetime) -> Iterator[Way]:
        person, receiver = self._people.get(key), self.lanes.get(PERSON + key)
        if person is None or receiver is None:
            return
        reachable = [integration.name for integration in receiver.integrations]
        for step in self._ladders.profiles.get(profile, (ProfileStep(AT_ONCE, tuple(reachable)),)):
            for way in step.ways:
                if way in reachable:
                    due_at = _after_quiet(step.quiet, person, now + step.at)
                    yield Way(key, way, f"{PERSON}{key}/{way}", step.at, due_at)

    def _channel(self, target: Target, now: datetime) -> Iterator[Way]:
        if target.kind not in (TargetKind.SLACK, TargetKind.RECEIVER):
            return
        name = str(target) if target.kind is TargetKind.SLACK else target.name
        receiver = self.lanes.get(name)
        for integration in receiver.integrations if receiver is not None else ():
            yield Way(str(target), integration.name, f"{name}/{integration.name}", AT_ONCE, now)


def _after_quiet(quiet: Quiet | None, person: Person, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours that it falls into, on the person's own clock."""
    if quiet is None:
        return at
    wall = at.astimezone(person.zone).replace(tzinfo=None)
    clock = wall.time()
    over_midnight = quiet.end <= quiet.begin
    inside = (clock >= quiet.begin or clock < quiet.end) if over_midnight else quiet.begin <= clock < quiet.end
    if not inside:
        return at
    day = wall.date() + timedelta(days=1 if over_midnight and clock >= quiet.begin else 0)
    return max(at, first_instant(datetime.combine(day, quiet.end), person.zone))
