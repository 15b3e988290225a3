"""An alert as the APIs write it: in pieces of JSON, each of which is kept until what it tells is different.

Dashboards ask for all alerts again and again, and hardly any has changed meanwhile. The larger part of an alert (labels and
annotations) never changes while it fires; its times change whenever somebody posts it again; what mutes it changes when a
silence or another alert does. So an alert is written as a head, its times, and what the one who asks adds; an answer is these
pieces in a row.

Whether a piece is still true is asked of the alert itself: values of the machine are not changed but replaced, so a piece holds
while the alert has the very objects that it was written from. Nobody needs to say that something has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from evaluator.core.alerts import Alert, Described, Fixed
from evaluator.core.frozen import frozen
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.posted.posting import SOURCE
from evaluator.core.records import Annotations
from evaluator.core.routing.routing import Route
from evaluator.core.timestamps import rfc3339
from evaluator.core.watching.meta import SOURCE as BUILT_IN


@frozen
class Suppression:
    """What mutes an alert: ids of silences, fingerprints of the alerts that inhibit it, names of time intervals."""

    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """In the API's words; every alert here has been processed."""
        return "suppressed" if self.silenced_by or self.inhibited_by or self.muted_by else "active"


Texts = Callable[[Annotations, str], dict[str, str]]
"""Annotations as they read, and the name of their alert, for errors."""


class Entry:
    """An alert, and what has been written of it.

    route: the root of the tree. routes: those that it takes. receivers: their names, each once. ends_at: the end that those
    named who post it; None when somebody else asserts it too, for then nobody can say. What begins with silenced, inhibited, by
    or trait is what was last found to mute it: see `v2.suppression`.
    """

    __slots__ = (
        "_annotations",
        "_described",
        "_groups",
        "_head",
        "_over",
        "_posted",
        "_tail",
        "_told",
        "_updated",
        "_url",
        "alert",
        "by",
        "ends_at",
        "fingerprint",
        "inhibited_at",
        "inhibited_by",
        "labels",
        "receivers",
        "route",
        "routes",
        "silenced_by",
        "trait",
    )

    def __init__(self, alert: Alert, route: Route) -> None:
        self.alert: Alert = alert
        self.labels: Labels = alert.labels
        self.fingerprint: str = alert.labels.fingerprint
        self.route = route
        self.routes: tuple[Route, ...] = tuple(route.match(alert.labels))
        self.receivers: tuple[str, ...] = tuple(dict.fromkeys(one.receiver for one in self.routes))
        self.ends_at: datetime | None = None
        self.silenced_by: frozenset[str] | None = None
        self.inhibited_at = -1
        self.inhibited_by: tuple[str, ...] = ()
        self.by: Suppression | None = None
        self.trait = b""
        self._annotations: Annotations | None = None
        self._described: Described | None = None
        self._url: str = ""
        self._updated: datetime | None = None
        self._posted: tuple[datetime | None, int] = (None, -1)
        self._head = self._told = self._tail = b""
        self._over: tuple[object, ...] = ()
        self._groups: frozenset[str] = frozenset()

    @property
    def stale(self) -> bool:
        """Whether the head has to be written; that is what takes long."""
        alert = self.alert
        if alert.generator_url is not self._url:
            return True
        described = alert.described
        if described is self._described:  # and can never say anything else
            return False
        return described.annotations is not self._annotations

    def head(self, texts: Texts) -> bytes:
        """`{`, and the members that tell what the alert is about."""
        if self.stale:
            self._write_head(texts)
        return self._head

    def told(self, now: datetime, texts: Texts) -> bytes:
        """The head, and when it started, was last heard of and ends: the end is missing when nobody can say.

        Nothing once it is over.
        """
        alert = self.alert
        if alert.ends_at is not None:
            return b""
        if self.stale:
            self._write_head(texts)
        if alert.updated_at is not self._updated or self._posted != (alert.expires_at, len(alert.sources)):
            self._write_times()
        return b"" if self.ends_at is not None and self.ends_at < now else self._told

    def tail(self) -> bytes:
        """The members that the evaluator's own API adds to the head, and `},`."""
        alert = self.alert
        over = (alert.starts_at, alert.ends_at, alert.why, frozenset(alert.sources))
        if over != self._over or alert.groups != self._groups:
            rest = {
                "state": "firing" if alert.firing else "resolved",
                "startsAt": rfc3339(alert.starts_at),
                "endsAt": rfc3339(alert.ends_at),
                "why": alert.why,
                "groups": sorted(alert.groups),
                "sources": sorted({_kind(source) for source in alert.sources}),
            }
            self._tail = msgspec.json.encode(rest)[1:] + b","
            self._over, self._groups = over, frozenset(alert.groups)
        return self._tail

    def _write_head(self, texts: Texts) -> None:
        alert = self.alert
        annotations = alert.described.annotations
        told = annotations.expanded
        found = dict(told) if told is not None else texts(annotations, self.labels.get(ALERT_NAME, ""))
        self._head = b'{"annotations":%b,"fingerprint":"%b","generatorURL":%b,"labels":%b,' % (
            msgspec.json.encode(found),
            self.fingerprint.encode(),
            msgspec.json.encode(alert.generator_url),
            msgspec.json.encode(self.labels.as_dict()),
        )
        self._annotations, self._url, self._updated = annotations, alert.generator_url, None
        self._described = alert.described if isinstance(alert.described, Fixed) else None

    def _write_times(self) -> None:
        alert = self.alert
        self.ends_at = alert.expires_at if alert.sources == {SOURCE} else None
        end = ending(self.ends_at) if self.ends_at is not None else b""
        times = b'"startsAt":%b,"updatedAt":%b,' % (instant(alert.starts_at), instant(alert.updated_at))
        self._told = self._head + times + end
        self._updated, self._posted = alert.updated_at, (alert.expires_at, len(alert.sources))


def _kind(source: str) -> str:
    """Of those who assert an alert: `posted`, `evaluator` for what is built in, or `rule`."""
    if source == SOURCE:
        return "posted"
    return "evaluator" if source.startswith(BUILT_IN) else "rule"


@lru_cache(maxsize=4096)
def instant(at: datetime) -> bytes:
    """As Alertmanager's API writes it: RFC 3339 in UTC with milliseconds, in quotes. Alerts of one post share theirs."""
    return f'"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")}Z"'.encode()


def ending(at: datetime) -> bytes:
    """The member that tells when an alert ends."""
    return b'"endsAt":%b,' % instant(at)
