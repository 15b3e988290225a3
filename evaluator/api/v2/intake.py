"""Posted alerts, from the bytes of a body to values.

Most of what is posted was posted before, byte for byte, with another end. So a body is cut into its members first, and labels
that are known by their bytes are neither read nor checked nor built again; nor are annotations that came with them last time.
What is remembered are alerts that are known, not posts: it is dropped with them.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from evaluator.api.v2 import bodies
from evaluator.api.v2.admission import Objection, disorder, objection
from evaluator.api.v2.leniency import read_alerts
from evaluator.api.view import View
from evaluator.core.labels import Labels
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.records import Pairs
from evaluator.core.settings import Settings

FORGOTTEN_AT_ONCE = 1000
"""Of what is remembered, so many alerts may be gone before anybody looks."""


class _Slices(msgspec.Struct, frozen=True, gc=False):
    """An alert as it is posted, of which only the times have been read."""

    labels: msgspec.Raw
    annotations: msgspec.Raw = msgspec.Raw()
    startsAt: datetime | None = None  # noqa: N815
    endsAt: datetime | None = None  # noqa: N815
    generatorURL: msgspec.Raw = msgspec.Raw()  # noqa: N815


_SLICES = msgspec.json.Decoder(list[_Slices])
_ALERTS = msgspec.json.Decoder(list[bodies.AlertBody])
_LABELS = msgspec.json.Decoder(dict[str, str])
_ANNOTATIONS = msgspec.json.Decoder(dict[str, str] | None)
_TEXT = msgspec.json.Decoder(str | None)


class _Known(NamedTuple):
    """Labels that were found good, and what was said with them last: as bytes, and as it was read."""

    labels: Labels
    said: bytes
    annotations: Pairs
    generator_url: str


class Read(NamedTuple):
    """What a body says: the alerts that can be taken in, and why others cannot."""

    alerts: list[PostedAlert]
    objections: list[Objection]


class Intake:
    """Reads the bodies of posts to one evaluator."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._settings: Settings | None = None
        self._known: dict[bytes, _Known] = {}

    def __len__(self) -> int:
        """Of how many alerts the labels are remembered."""
        return len(self._known)

    def read(self, body: bytes | bytearray) -> Read:
        """The alerts of a body. Raises RefusedError for one that is not a list of alerts."""
        self._tidy()
        try:
            return self._read(_SLICES.decode(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._read([_sliced(one) for one in read_alerts(body, _ALERTS)])

    def _read(self, slices: list[_Slices]) -> Read:
        read, now = Read([], []), self._view.now
        alerts = [self._alert(one) for one in slices]
        Labels.fingerprint_all(alert.labels for alert, fresh in alerts if fresh)
        for one, (alert, fresh) in zip(slices, alerts, strict=True):
            wrong = objection(alert, self._view, now) if fresh else disorder(alert, self._view.settings, now)
            if wrong is not None:
                read.objections.append(wrong)
                continue
            read.alerts.append(alert)
            if fresh:
                self._remember(one, alert)
        return read

    def _alert(self, one: _Slices) -> tuple[PostedAlert, bool]:
        """What is posted, and whether anything of it was not said of the alert before."""
        known = self._known.get(bytes(one.labels))
        if known is None or known.said != b"".join((one.annotations, one.generatorURL)):
            return _whole(one, known), True
        return _timed(one, known), False

    def _remember(self, one: _Slices, alert: PostedAlert) -> None:
        said = b"".join((one.annotations, one.generatorURL))
        self._known[bytes(one.labels)] = _Known(alert.labels, said, alert.annotations, alert.generator_url)

    def _tidy(self) -> None:
        """Forget what is gone; and everything when there is another configuration, which may find other things good."""
        if self._view.settings is not self._settings:
            self._settings = self._view.settings
            self._known = {}
        alerts = self._view.machine.alerts
        if len(self._known) > 2 * len(alerts) + FORGOTTEN_AT_ONCE:
            self._known = {name: one for name, one in self._known.items() if alerts.get(one.labels.fingerprint)}


def _sliced(one: bodies.AlertBody) -> _Slices:
    """An alert that was read at once, cut as the others are."""
    encode = msgspec.json.encode
    labels, annotations, url = (msgspec.Raw(encode(part)) for part in (one.labels, one.annotations, one.generatorURL))
    return _Slices(labels, annotations, one.startsAt, one.endsAt, url)


def _timed(one: _Slices, known: _Known) -> PostedAlert:
    """What was said before, with the times of this post."""
    starts_at, ends_at = bodies.given(one.startsAt), bodies.given(one.endsAt)
    return PostedAlert(known.labels, known.annotations, starts_at, ends_at, known.generator_url)


def _whole(one: _Slices, known: _Known | None) -> PostedAlert:
    """Everything that is said. Raises DecodeError."""
    if known is not None:
        labels = known.labels
    else:
        labels = Labels({name: value for name, value in _LABELS.decode(one.labels).items() if value})
    annotations, url = bytes(one.annotations), bytes(one.generatorURL)
    return PostedAlert(
        labels,
        tuple(sorted((_ANNOTATIONS.decode(annotations) or {}).items())) if annotations else (),
        bodies.given(one.startsAt),
        bodies.given(one.endsAt),
        (_TEXT.decode(url) or "") if url else "",
    )
