"""How everybody is reached: each person and each Slack channel as a receiver, sent to as any other.

Servers and accounts are those of `global`, which ordinary receivers fall back on as well. A way that nothing is sent by needs
no account: that one is missing is said only where an escalation uses the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import urlsplit

from evaluator.config.destinations import destination_of
from evaluator.config.globals import GlobalModel
from evaluator.config.integrations.common import Defaults, Source
from evaluator.config.models import read
from evaluator.config.nodes import Listing, Node, Scalar, Table
from evaluator.config.oncall.people import PersonRead
from evaluator.config.problems import Problems, Severity
from evaluator.config.rates import DEFAULT_LIMITS
from evaluator.config.reading import Reading
from evaluator.config.receivers import KINDS
from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen
from evaluator.core.http import Secret
from evaluator.core.incidents.policy import PAGE_LIMIT, SMS_LIMIT
from evaluator.core.labels import Labels
from evaluator.core.notifying.rates import RateLimit
from evaluator.core.receivers import Integration, IntegrationSettings, Receiver

Keys = dict[str, "str | list[str] | Keys"]

_INCOMING = "hooks.slack.com"


def _text(name: str) -> str:
    return f'{{{{ template "page.{name}" . }}}}'


def _email(place: str) -> Keys:
    """All mails about one incident are one thread."""
    said: Keys = {"headers": {"Subject": _text("title")}, "html": _text("html"), "text": _text("text")}
    return {"to": place, **said, "threading": {"enabled": "true", "thread_by_date": "none"}}


def _sms(place: str) -> Keys:
    return {"to": [place], "body": _text("short")}


def _slack(place: str) -> Keys:
    said: Keys = {"title": _text("title"), "text": _text("text"), "fallback": _text("title"), "color": _text("color")}
    return {"channel": place, **said, "pretext": "", "title_link": "", "footer": ""}


def _telegram(place: str) -> Keys:
    message = f"{_text('title')}\n{_text('text')}"
    return {"chat_id": place, "message": message, "parse_mode": "", "update_message": "true"}


def _pagerduty(place: str) -> Keys:
    return {"routing_key": place, "description": _text("title"), "severity": _text("urgency")}


def _ntfy(place: str) -> Keys:
    """A topic, or the whole URL of one on a server of one's own."""
    said: Keys = {"title": _text("title"), "message": _text("text"), "priority": _text("priority"), "tags": _text("tags")}
    base, slash, topic = place.rpartition("/")
    return {"topic": topic, **said, "click": "", "update": "true", **({"url": base} if slash else {})}


def _webhook(place: str) -> Keys:
    return {"url": place}


@frozen
class Way:
    """One way to reach somebody. kind: of integration. keys: what would be written for one, given the place.

    accounts: keys of `global` that it needs, alternatives together. secret: the key of a place that is one.
    """

    kind: str
    keys: Callable[[str], Keys]
    accounts: tuple[tuple[str, ...], ...] = ()
    secret: str = ""


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "email": Way("email", _email, (("smtp_smarthost",), ("smtp_from",))),
        "sms": Way(
            "twilio", _sms, (("twilio_account_sid",), ("twilio_auth_token",), ("twilio_from", "twilio_messaging_service_sid"))
        ),
        "slack": Way("slack", _slack, (("slack_app_token", "slack_api_url"),)),
        "telegram": Way("telegram", _telegram, (("telegram_bot_token",),)),
        "pagerduty": Way("pagerduty", _pagerduty, secret="routing_key"),
        "ntfy": Way("ntfy", _ntfy),
        "webhook": Way("webhook", _webhook, secret="url"),
    }
)


@frozen
class Contact:
    """One way to reach somebody; without `integration` it leads nowhere, because of what is `missing`.

    position: where the place is written.
    """

    position: Position
    integration: Integration | None = None
    missing: str = ""
    remedy: str = ""


class Contacts:
    """The ways of everybody, by key and way. defaults: what `global` says."""

    def __init__(self, people: Iterable[PersonRead], defaults: Defaults, reading: Reading) -> None:
        self._defaults, self._reading = defaults, reading
        self.of = {one.person.key: dict(self._person(one)) for one in people}
        self.channels: dict[str, Contact] = {}

    def channel(self, name: str, position: Position) -> Contact:
        """How a Slack channel is reached; it is remembered. position: where it is named."""
        if name not in self.channels:
            limit = DEFAULT_LIMITS["slack"] if self._reading.paces else None
            self.channels[name] = self._contact("slack", name, position, limit)
        return self.channels[name]

    def receivers(self) -> Iterator[Receiver]:
        """Everybody who can be told, and the channels that were asked for."""
        for key, contacts in self.of.items():
            yield _receiver(f"person:{key}", contacts.values())
        for name, contact in self.channels.items():
            yield _receiver(f"slack:{name}", (contact,))

    def _person(self, one: PersonRead) -> Iterator[tuple[str, Contact]]:
        for way, place in one.places.items():
            position = one.node.at(way if one.node.child(way) is not None else f"{way}_file")
            if way == "slack" and self.writes_to_one_channel:
                missing = "slack_api_url is an incoming webhook, which cannot write to people"
                yield way, Contact(position, None, missing, "use slack_app_token in place of it")
            else:
                yield way, self._contact(way, place, position, SMS_LIMIT if way == "sms" else PAGE_LIMIT)

    @property
    def writes_to_one_channel(self) -> bool:
        """Whether what `global` says of Slack is an incoming webhook, which belongs to a channel."""
        url = self._defaults.model.slack_api_url
        return url is not None and urlsplit(url.text).hostname == _INCOMING

    def _contact(self, way: str, place: str | Secret, position: Position, limit: RateLimit | None) -> Contact:
        for keys in WAYS[way].accounts:
            if not any(_has(self._defaults.model, key) for key in keys):
                return Contact(position, None, f"global has no {keys[0]}", f"add {' or '.join(keys)} under global")
        settings = self._settings(way, place, position)
        kind = WAYS[way].kind
        if settings is None:
            return Contact(position)
        return Contact(position, Integration(kind, 0, True, settings, limit, way, destination_of(settings)))

    def _settings(self, way: str, place: str | Secret, position: Position) -> IntegrationSettings | None:
        """What an integration of that kind would be in a file; None after a problem, which is one of the place."""
        kind, apart = KINDS[WAYS[way].kind], replace(self._reading, problems=Problems())
        node = _table(self._keys(way, place), position)
        model = read(kind.model, node, apart.problems)
        settings = kind.settings(model, Source(node, self._defaults, apart)) if model is not None else None
        wrong = [one for one in apart.problems.sorted() if one.severity is Severity.ERROR]
        for one in wrong:
            self._reading.problems.error(position, f"{way}: {one.message}", one.remedy)
        return None if wrong else settings

    def _keys(self, way: str, place: str | Secret) -> Keys:
        if isinstance(place, Secret):
            keys = WAYS[way].keys(place.text)
            if place.path is not None:
                del keys[WAYS[way].secret]
                keys[f"{WAYS[way].secret}_file"] = str(place.path)
            return keys
        keys = WAYS[way].keys(place)
        if way == "slack" and _has(self._defaults.model, "slack_app_token"):
            keys["update_message"] = "true"
        return keys


def _has(model: GlobalModel, key: str) -> bool:
    return bool(getattr(model, key) or getattr(model, f"{key}_file", None))


def _receiver(name: str, contacts: Iterable[Contact]) -> Receiver:
    integrations = tuple(one.integration for one in contacts if one.integration is not None)
    return Receiver(name, integrations, labels=Labels({"name": name}))


def _table(keys: Keys, position: Position) -> Table:
    """The keys as if they stood in the file, all of them at one place."""
    return Table({name: _node(value, position) for name, value in keys.items()}, {}, position)


def _node(value: str | list[str] | Keys, position: Position) -> Node:
    match value:
        case str():
            return Scalar(value, position)
        case list():
            return Listing(tuple(Scalar(item, position) for item in value), position)
    return _table(value, position)
