"""`links` and `replies`: how people answer from where they are.

A door is open when its block is there; then it must have the secret by which its service is known. Who stands behind a user
or a number is said by the contacts of `people`; only PagerDuty, whose contact is a key of a service, has a table of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, PlainValidator

from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.config.scalars import Flag, Hidden, PublicUrl, Text, WrongError, absolute_url, text
from evaluator.core.http import Secret
from evaluator.core.oncall.people import Person
from evaluator.core.replies import (
    LOGIN_HEADER,
    SHORTEST_SECRET,
    LinkSettings,
    MailReplies,
    PagerdutyReplies,
    Replies,
    SlackReplies,
    TelegramReplies,
    TwilioReplies,
)

_CONTACTS = MappingProxyType({"slack": "slack", "twilio": "sms", "telegram": "telegram", "mail": "email"})
"""Of doors, by which contact somebody is known there."""

_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,20}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_TELEGRAM = re.compile(r"[A-Za-z0-9_-]{1,256}")


def _address(value: object) -> str:
    word = text(value)
    if word and _ADDRESS.fullmatch(word) is None:
        raise WrongError(f'not an address that answers can be sent to: "{word}"', "write one such as oncall@in.example.org")
    return word


def _header(value: object) -> str:
    word = text(value)
    if _HEADER.fullmatch(word) is None:
        raise WrongError(f'not the name of a header: "{word}"', f"write one such as {LOGIN_HEADER}")
    return word


class LinksModel(Model):
    """`links`."""

    TITLE = "links"

    secret: Hidden | None = None
    secret_file: Text | None = None
    former_secret: Hidden | None = None
    former_secret_file: Text | None = None
    base_url: PublicUrl = ""
    require_login: Flag = False
    login_header: Annotated[str, PlainValidator(_header)] = LOGIN_HEADER


class SlackRepliesModel(Model):
    """`slack` in `replies`."""

    TITLE = "replies.slack"

    signing_secret: Hidden | None = None
    signing_secret_file: Text | None = None
    team: Text = ""


class PagerdutyRepliesModel(Model):
    """`pagerduty` in `replies`."""

    TITLE = "replies.pagerduty"

    secret: Hidden | None = None
    secret_file: Text | None = None
    former_secret: Hidden | None = None
    former_secret_file: Text | None = None
    users: dict[str, Text] = Field(default_factory=dict)


class TwilioRepliesModel(Model):
    """`twilio` in `replies`."""

    TITLE = "replies.twilio"

    auth_token: Hidden | None = None
    auth_token_file: Text | None = None
    url: Annotated[str, PlainValidator(absolute_url)] = ""


class TelegramRepliesModel(Model):
    """`telegram` in `replies`."""

    TITLE = "replies.telegram"

    secret_token: Hidden | None = None
    secret_token_file: Text | None = None


class MailRepliesModel(Model):
    """`mail` in `replies`."""

    TITLE = "replies.mail"

    address: Annotated[str, PlainValidator(_address)] = ""
    secret: Hidden | None = None
    secret_file: Text | None = None
    authserv_id: Text = ""


class RepliesModel(Model):
    """`replies`."""

    TITLE = "replies"

    slack: SlackRepliesModel | None = None
    pagerduty: PagerdutyRepliesModel | None = None
    twilio: TwilioRepliesModel | None = None
    telegram: TelegramRepliesModel | None = None
    mail: MailRepliesModel | None = None


def read_links(model: LinksModel, top: Table, reading: Reading) -> LinkSettings:
    """What a file says of links."""
    node = top.child("links")
    if not isinstance(node, Table):
        return LinkSettings()
    if node.child("base_url") is None and top.child("external_url") is None:
        message = "links lead to where the evaluator listens, which telephones seldom reach"
        reading.problems.warn(top.key("links"), message, "write external_url at the top, or base_url here")
    secret = _long_enough(reading.secret(model, "secret", node), "secret", node, reading)
    former = _long_enough(reading.secret(model, "former_secret", node), "former_secret", node, reading)
    if former is not None and secret is None:
        reading.problems.error(node.key("former_secret"), "a former secret without a new one", "write the new one as secret")
    return LinkSettings(secret, former, model.base_url, model.require_login, model.login_header)


def read_replies(model: RepliesModel, people: Collection[Person], address: str, top: Table, reading: Reading) -> Replies:
    """The doors that a file opens. people: who is known. address: where people reach us; empty when nobody has said."""
    block = top.child("replies")
    if not isinstance(block, Table):
        return Replies()
    _warn_of_nobody(block, people, reading)
    _warn_of_namesakes(block, people, reading)
    doors = _Doors(block, reading)
    return Replies(
        slack=doors.slack(model.slack),
        pagerduty=doors.pagerduty(model.pagerduty, {person.key for person in people}),
        twilio=doors.twilio(model.twilio, address),
        telegram=doors.telegram(model.telegram),
        mail=doors.mail(model.mail),
    )


def _warn_of_nobody(block: Table, people: Collection[Person], reading: Reading) -> None:
    """Warn of doors through which nobody can come."""
    for door, way in _CONTACTS.items():
        if block.child(door) is not None and not any(way in person.contacts for person in people):
            message = f"replies.{door} is open, and nobody can be known there"
            reading.problems.warn(block.key(door), message, f"add {way} to people")


def _warn_of_namesakes(block: Table, people: Collection[Person], reading: Reading) -> None:
    """Warn of people who have the same contact: when one of them answers, nobody knows who it is, and it does not count."""
    for door, way in _CONTACTS.items():
        if block.child(door) is None:
            continue
        keys: dict[str, list[str]] = {}
        for person in people:
            if way in person.contacts:
                keys.setdefault("".join(person.contacts[way].lower().split()), []).append(person.key)
        for same in (one for one in keys.values() if len(one) > 1):
            message = f"{' and '.join(same)} have the same {way}, so replies.{door} cannot know who of them answers"
            reading.problems.warn(block.key(door), message, f"give each their own {way}")


class _Doors:
    """Reads the blocks of `replies`, each of which may be absent."""

    def __init__(self, block: Table, reading: Reading) -> None:
        self._block = block
        self._reading = reading

    def slack(self, model: SlackRepliesModel | None) -> SlackReplies | None:
        if model is None:
            return None
        return SlackReplies(self._secret(model, "slack", "signing_secret"), model.team)

    def pagerduty(self, model: PagerdutyRepliesModel | None, people: Collection[str]) -> PagerdutyReplies | None:
        if model is None:
            return None
        node = self._node("pagerduty")
        for user, key in model.users.items():
            if key not in people:
                remedy = did_you_mean(key, people) or "add the person to people"
                self._reading.problems.error(node.at("users", user), f'undefined person "{key}"', remedy)
        secret = self._secret(model, "pagerduty", "secret")
        return PagerdutyReplies(secret, self._reading.secret(model, "former_secret", node), model.users)

    def twilio(self, model: TwilioRepliesModel | None, address: str) -> TwilioReplies | None:
        if model is None:
            return None
        if not model.url and not address:
            message = "missing url in replies.twilio: what Twilio signs begins with it"
            self._reading.problems.error(self._node("twilio").position, message, "add url, or external_url at the top")
        return TwilioReplies(self._secret(model, "twilio", "auth_token"), model.url)

    def telegram(self, model: TelegramRepliesModel | None) -> TelegramReplies | None:
        if model is None:
            return None
        secret = self._secret(model, "telegram", "secret_token")
        if secret.text and _TELEGRAM.fullmatch(secret.text) is None:
            position = self._node("telegram").at("secret_token")
            remedy = "use 1 to 256 letters, digits, _ and -"
            self._reading.problems.error(position, "Telegram does not take this secret_token", remedy)
        return TelegramReplies(secret)

    def mail(self, model: MailRepliesModel | None) -> MailReplies | None:
        if model is None:
            return None
        for key, remedy in (
            ("address", "write where answers are sent to, such as oncall@in.example.org"),
            ("authserv_id", "write the name that your mail server puts first in Authentication-Results"),
        ):
            if not getattr(model, key):
                self._reading.problems.error(self._node("mail").position, f"missing {key} in replies.mail", remedy)
        return MailReplies(model.address, self._secret(model, "mail", "secret"), model.authserv_id)

    def _node(self, name: str) -> Table:
        node = self._block.child(name)
        assert isinstance(node, Table)
        return node

    def _secret(self, model: Model, door: str, key: str) -> Secret:
        node = self._node(door)
        found = self._reading.secret(model, key, node)
        if found is None:
            message = f"missing {key} in replies.{door}: anybody could answer in anybody's name"
            self._reading.problems.error(node.position, message, f"add {key} or {key}_file")
        return found or Secret()


def _long_enough(secret: Secret | None, key: str, node: Table, reading: Reading) -> Secret | None:
    if secret is not None and secret.path is None and len(secret.text) < SHORTEST_SECRET:
        remedy = "make one with: openssl rand -base64 32"
        reading.problems.error(node.at(key), f"{key} is shorter than {SHORTEST_SECRET} characters", remedy)
    return secret
