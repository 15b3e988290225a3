"""`people`: who can be told, and where to reach them.

Some of the places are secrets: whoever knows the key of a PagerDuty service or the URL of a webhook can write there. They go
into the settings of what is sent (`contacts`), and are not shown with the person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.oncall.entries import entries, needed, ordered, zone_of
from evaluator.config.reading import Reading
from evaluator.config.scalars import HIDDEN, Hidden, Text
from evaluator.core.frozen import frozen
from evaluator.core.http import Secret
from evaluator.core.oncall.oncall import Away
from evaluator.core.oncall.oncall_texts import parse_instant
from evaluator.core.oncall.people import CONTACTS, Person

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_MEMBER = re.compile(r"[UWDCG][A-Z0-9]+")


class AwayModel(Model):
    """An item of a person's `away`."""

    TITLE = "an absence"

    from_: Text = Field(default="", alias="from")
    to: Text = ""


class PersonModel(Model):
    """An entry of `people`."""

    TITLE = "a person"

    name: Text = ""
    role: Text = ""
    time_zone: Text = ""
    email: Text = ""
    sms: Text = ""
    slack: Text = ""
    telegram: Text = ""
    pagerduty: Hidden | None = None
    pagerduty_file: Text | None = None
    ntfy: Text = ""
    webhook: Hidden | None = None
    webhook_file: Text | None = None
    away: list[AwayModel] = Field(default_factory=list)


@frozen
class PersonRead:
    """A person, and as it stands in the file. places: by way, what leads there: a text, or a secret."""

    person: Person
    node: Table
    places: dict[str, str | Secret]


def read_people(top: Table, reading: Reading) -> tuple[PersonRead, ...]:
    """Everybody."""
    return tuple(_person(key, model, node, reading) for key, model, node in entries(top, "people", PersonModel, reading))


def _person(key: str, model: PersonModel, node: Table, reading: Reading) -> PersonRead:
    zone = zone_of(model.time_zone, node, reading)
    places = dict(_places(model, node, reading))
    if not places:
        ways = ", ".join(CONTACTS)
        reading.problems.warn(node.position, f'"{key}" cannot be reached', f"add one of {ways}")
    _check_places(model, node, reading)
    away = tuple(_away(number, one, node, zone, reading) for number, one in enumerate(model.away))
    contacts = {way: HIDDEN if isinstance(place, Secret) else place for way, place in places.items()}
    return PersonRead(Person(key, model.name or key, zone, model.role, contacts, away), node, places)


def _places(model: PersonModel, node: Table, reading: Reading) -> Iterator[tuple[str, str | Secret]]:
    for way in CONTACTS:
        secret = f"{way}_file" in PersonModel.model_fields
        place = reading.secret(model, way, node) if secret else getattr(model, way)
        if place:
            yield way, place


def _check_places(model: PersonModel, node: Table, reading: Reading) -> None:
    """What cannot be right would only be refused when somebody is to be woken; telephones and chats are looked at elsewhere."""
    if model.email and _ADDRESS.fullmatch(model.email) is None:
        reading.problems.error(node.at("email"), f'not an address: "{model.email}"', "write it like ana@example.org")
    if model.slack and _MEMBER.fullmatch(model.slack) is None:
        remedy = "write the id of the member, like U01ABCDEF; it stands in the profile under Copy member ID"
        reading.problems.warn(node.at("slack"), f'"{model.slack}" is no id of Slack\'s', remedy)


def _away(number: int, model: AwayModel, node: Table, zone: ZoneInfo, reading: Reading) -> Away:
    """From and to; a `to` that is a day alone is away with the whole day."""
    start = needed(parse_instant, "from", model.from_, zone, at=node.at("away", number, "from"), reading=reading)
    end = needed(parse_instant, "to", model.to, zone, at=node.at("away", number, "to"), reading=reading)
    if end is not None and len(model.to) == len("2026-01-01"):
        end += timedelta(days=1)
    return Away(*ordered(start, end, node.at("away", number), "an absence", reading))
