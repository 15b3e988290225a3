"""Timelines of incidents: a ladder of four levels, the people on it, and what they are told, in virtual time.

play = Ladder()
play.fires("0s").run("1h")
assert play.pages() == ["0s ana: page on-call", "5m bo: page backup", …]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from evaluator.core.durations import format_duration, parse_duration
from evaluator.core.effects import Deliver, Note
from evaluator.core.incidents.actions import Acted, Action
from evaluator.core.incidents.policy import Component, Escalation, Ladders, Level, ProfileStep, Target, TargetKind
from evaluator.core.incidents.records import IncidentRecord, Moment, Notice
from evaluator.core.labels import Labels
from evaluator.core.oncall.oncall import Schedule
from evaluator.core.oncall.people import Duty, Person
from evaluator.core.oncall.rotations import Layer, Unit
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.general import ConsoleSettings
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Settings
from tests.core.playbook import NOTHING, T0, Playbook, group, offset, route, rule, series, settings

UTC_ZONE = ZoneInfo("UTC")
SMS, SLACK = "sms", "slack"


def contact(key: str, *ways: str) -> Receiver:
    """How somebody is reached."""
    return Receiver(f"person:{key}", tuple(Integration("console", 0, True, ConsoleSettings(), way=way) for way in ways))


def target(text: str) -> Target:
    """`schedule:primary`."""
    kind, _, name = text.partition(":")
    return Target(TargetKind(kind), name)


def level(name: str, at: str, *notify: str, profile: str = "page") -> Level:
    """A level of a ladder."""
    return Level(name, parse_duration(at), tuple(map(target, notify)), profile)


FOUR = (
    level("on-call", "0s", "schedule:primary"),
    level("backup", "5m", "component:backup"),
    level("manager", "15m", "person:mia"),
    level("director", "30m", "person:dan"),
)


def ladder(*levels: Level, name: str = "ladder", **terms: Any) -> Escalation:
    """A policy, with the usual four levels."""
    return Escalation(name, levels or FOUR, **terms)


def always(*people: str) -> Schedule:
    """A schedule on which the same person is always on call."""
    layer = Layer(people, 1, Unit.WEEK, T0.date() - timedelta(days=7)) if people else None
    return Schedule("primary", UTC_ZONE, (layer,) if layer else ())


PEOPLE = ("ana", "bo", "mia", "dan")


def duty(people: Sequence[Person] = (), schedule: Schedule | None = None) -> Duty:
    """Four people; the first is on call."""
    known = {key: Person(key, key.title(), UTC_ZONE, contacts={SMS: f"+{key}"}) for key in PEOPLE}
    known.update({person.key: person for person in people})
    return Duty(tuple(known.values()), (schedule or always("ana"),))


def ladders(*policies: Escalation, profiles: Mapping[str, tuple[ProfileStep, ...]] | None = None, **more: Any) -> Ladders:
    """Policies, and everybody's contacts: a telephone each."""
    return Ladders(
        profiles={"page": (ProfileStep(timedelta(0), (SMS,)),)} if profiles is None else profiles,
        components={"api": Component("api", "ana", "bo", "https://runbook")},
        escalations={policy.name: policy for policy in policies or (ladder(),)},
        contacts=more.pop("contacts", tuple(contact(key, SMS) for key in PEOPLE)),
        **more,
    )


def config(*policies: Escalation, root: Route | None = None, interval: str = "1m", **more: Any) -> Settings:
    """A rule `Down`, whose alerts climb the first policy. interval: a long one where days pass."""
    first = policies[0].name if policies else "ladder"
    tree = root or replace(route(by=["alertname", "component"], wait="0s"), escalation=first)
    rules = rule("Down", component="api", severity="critical"), rule("Slow", component="api", severity="warning")
    base = settings(group(*rules, interval=interval), root=tree, duty=more.pop("duty", duty()), ladders=ladders(*policies))
    return replace(base, **more)


class Ladder(Playbook):
    """A playbook for one incident."""

    def __init__(self, wanted: Settings | None = None) -> None:
        super().__init__(wanted or config())

    def fires(self, when: str, name: str = "Down", severity: str = "critical", **labels: str) -> Ladder:
        """From `when` on, the rule finds something."""
        self.at(when, name, series(name, component="api", severity=severity, **labels))
        return self

    def ends(self, when: str, name: str = "Down") -> Ladder:
        """From `when` on, the rule finds nothing."""
        self.at(when, name, NOTHING)
        return self

    def acts(self, when: str, action: Action, by: str = "ana", via: str = "cli", incident: int = 1, **more: Any) -> Ladder:
        """Somebody does something."""
        self.happens(when, Acted(action, incident, by, via, **more))
        return self

    def notices(self, incident: int = 1) -> list[tuple[timedelta, Notice]]:
        """What was sent about an incident, and when."""
        rows = [(at - T0, effect.row) for at, effect in self.effects if isinstance(effect, Deliver)]
        told = [(at, row.notification.incident) for at, row in rows if row.notification.incident is not None]
        return [(at, notice) for at, notice in told if notice.number == incident]

    def pages(self, incident: int | None = None) -> list[str]:
        """The same in short: `5m bo: page backup`; of the newest incidents, too, when none is named."""
        numbers = [incident] if incident is not None else sorted(self.machine.incidents.table)
        told = sorted(((at, notice) for number in numbers for at, notice in self.notices(number)), key=lambda one: one[0])
        return [f"{format_duration(at)} {notice.whom}: {notice.kind} {notice.level_name}" for at, notice in told]

    def story(self) -> list[str]:
        """The timeline, without what was sent."""
        return [f"{offset(one.at)} {one.what} {one.detail}".rstrip() for one in self.moments()]

    def moments(self) -> list[Moment]:
        """The same, as it is kept."""
        notes = (effect.record for _, effect in self.effects if isinstance(effect, Note))
        return [note for note in notes if isinstance(note, Moment)]

    @property
    def incident(self) -> IncidentRecord:
        """The newest incident."""
        return self.machine.incidents.table[max(self.machine.incidents.table)]


def labels(**more: str) -> Labels:
    """Labels of an alert of `Down`."""
    return Labels({"alertname": "Down", "component": "api", "severity": "critical", **more})
