"""What mutes an alert at the moment of a request, remembered until something begins or ceases to mute.

Silences and inhibitions are looked at as they stand now. When a silence begins or ends, the alerts that it matches are found
by their labels, and the others are left alone. What the time of day mutes is what the last flush of the alert's groups found,
as in Alertmanager; in the list of alerts, where Alertmanager says nothing of it, an alert is muted by the time of day when
every group that tells of it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from evaluator.api.entries import Entry, Suppression
from evaluator.api.roll import Roll
from evaluator.core.muting.muting import Muting
from evaluator.core.muting.silence import Silence, SilenceState
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Settings
from evaluator.core.view import View

NOTHING = Suppression()

_TRAITS = 50_000  # combinations of receivers and mutes that are remembered


class Suppressions:
    """What mutes the alerts on `roll`. `look` comes first: the rest is as of then."""

    def __init__(self, view: View, roll: Roll) -> None:
        self._view = view
        self._roll = roll
        self._now: datetime
        self._settings: Settings | None = None
        self._inhibiting = False
        self._active: dict[str, Silence] = {}
        self._revision = -1
        self._until: datetime | None = None
        self._quiet: Mapping[str, tuple[str, ...]] = {}
        self._traits: dict[tuple[tuple[str, ...], Suppression], bytes] = {}

    def look(self, now: datetime) -> None:
        """See how things stand at `now`."""
        self._now = now
        if self._view.settings is not self._settings:
            self._settings, self._traits = self._view.settings, {}
            rules = (node.inhibit_rules for node in self._settings.route.walk())
            self._inhibiting = bool(self._settings.inhibit_rules) or any(rules)
        self._look_at_silences(now)
        groups = self._view.machine.dispatch.groups if self._settings.time_intervals else {}
        self._quiet = {name: group.muted_by for name, group in groups.items() if group.muted_by}

    def of(self, entry: Entry) -> Suppression:
        """What mutes an alert in the list of all alerts. It counts as inhibited when it is for every route that it takes."""
        by = self._lasting(entry)
        muted = self._muted(entry) if self._quiet else ()
        return Suppression(by.silenced_by, by.inhibited_by, muted) if muted else by

    def within(self, entry: Entry, route: Route, muted_by: tuple[str, ...]) -> Suppression:
        """What mutes an alert in a group of `route`."""
        by = self._lasting(entry)
        if len(entry.routes) == 1 and not muted_by:
            return by
        sources = zip(entry.routes, entry.inhibited_by, strict=True) if self._inhibiting else ()
        inhibited = tuple(source for one, source in sources if source and one is route)
        return Suppression(by.silenced_by, inhibited, muted_by) if by.silenced_by or inhibited or muted_by else NOTHING

    def written(self, entry: Entry, by: Suppression, receivers: tuple[str, ...] | None = None) -> bytes:
        """The members that tell who hears of an alert and what mutes it, and `},`. receivers: if not all are to be named."""
        if receivers is None or receivers == entry.receivers:
            return entry.trait if by is entry.by else self._trait(entry.receivers, by)
        return self._trait(receivers, by)

    @property
    def _muting(self) -> Muting:
        return self._view.machine.muting

    def _look_at_silences(self, now: datetime) -> None:
        """Find out which silences began or ended, and tell the alerts that they match."""
        silences = self._muting.silences
        if silences.revision == self._revision and (self._until is None or now < self._until):
            return
        former, self._active = self._active, {one.id: one for one in silences if one.state(now) is SilenceState.ACTIVE}
        ahead = [at for one in silences for at in (one.starts_at, one.ends_at) if at > now]
        self._revision, self._until = silences.revision, min(ahead, default=None)
        for one in former.values():
            if self._active.get(one.id) is not one:
                self._tell(one, begun=False)
        for one in self._active.values():
            if former.get(one.id) is not one:
                self._tell(one, begun=True)

    def _tell(self, silence: Silence, begun: bool) -> None:
        """A silence began or ended. Alerts that nobody has asked about will find it out when somebody does."""
        change = frozenset.union if begun else frozenset.difference
        for matchers in silence.matcher_sets:
            for entry in self._roll.find(matchers):
                if entry.silenced_by is not None:
                    entry.silenced_by, entry.by = change(entry.silenced_by, {silence.id}), None

    def _lasting(self, entry: Entry) -> Suppression:
        """By silences and inhibitions. The alert keeps the answer, and how it is written."""
        if self._inhibiting and entry.inhibited_at != self._muting.sources:
            self._look_at_inhibitors(entry)
        if entry.by is None:
            if entry.silenced_by is None:
                entry.silenced_by = frozenset(self._muting.silences.muting(entry.labels, self._now))
            inhibited = tuple(sorted(set(entry.inhibited_by))) if all(entry.inhibited_by) else ()
            muted = bool(entry.silenced_by or inhibited)
            entry.by = Suppression(tuple(sorted(entry.silenced_by)), inhibited) if muted else NOTHING
            entry.trait = self._trait(entry.receivers, entry.by)
        return entry.by

    def _look_at_inhibitors(self, entry: Entry) -> None:
        """For each route the alert that inhibits this one there; empty where none does."""
        muting = self._muting
        found = (muting.inhibitor(entry.alert, route) for route in entry.routes)
        sources = tuple(one.source if one else "" for one in found)
        if sources != entry.inhibited_by:
            entry.inhibited_by, entry.by = sources, None
        entry.inhibited_at = muting.sources

    def _muted(self, entry: Entry) -> tuple[str, ...]:
        names = [self._quiet.get(name) for name in entry.alert.groups]
        if not names or None in names:
            return ()
        return tuple(sorted({interval for found in names for interval in found or ()}))

    def _trait(self, receivers: tuple[str, ...], by: Suppression) -> bytes:
        known = self._traits.get((receivers, by))
        if known is None:
            self._traits = {} if len(self._traits) >= _TRAITS else self._traits
            known = self._traits[receivers, by] = _written(receivers, by)
        return known


def _written(receivers: tuple[str, ...], by: Suppression) -> bytes:
    members = {
        "receivers": [{"name": name} for name in receivers],
        "status": {
            "inhibitedBy": by.inhibited_by,
            "mutedBy": by.muted_by,
            "silencedBy": by.silenced_by,
            "state": by.state,
        },
    }
    return msgspec.json.encode(members)[1:] + b","
