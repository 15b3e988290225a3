"""People who can be told, and how; the schedules that name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from zoneinfo import ZoneInfo

from evaluator.core.frozen import frozen
from evaluator.core.http import Secret
from evaluator.core.oncall.oncall import Absences, Away, Schedule

CONTACTS = ("email", "sms", "slack", "telegram", "pagerduty", "ntfy", "webhook")
"""The ways to reach a person that a configuration may give."""


@frozen
class Person:
    """key: what schedules call the person. contacts: by way, `email` and so on."""

    key: str
    name: str
    zone: ZoneInfo
    role: str = ""
    contacts: Mapping[str, str] = field(default_factory=dict)
    away: tuple[Away, ...] = ()


@frozen
class Duty:
    """Everybody, and who is on call when. feed_secret: what the addresses of calendars follow from; None: there are none."""

    people: tuple[Person, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    feed_secret: Secret | None = None

    @property
    def absences(self) -> Absences:
        """When whom cannot be reached."""
        return {person.key: person.away for person in self.people if person.away}


NO_DUTY = Duty()
