"""Whom a group tells: a lane for each integration of its receiver, as that is configured now.

A lane is known by the names of its receiver and its integration, so it outlives a reload that changes how the integration is
reached. One whose integration is not configured any more is nobody's.
"""

from __future__ import annotations

from dataclasses import replace

from evaluator.core.notifying.outgoing import Outgoing
from evaluator.core.routing.grouping import AlertGroup, Lane
from evaluator.core.settings import Settings


class Lanes:
    """The integrations that can be told, by the names of their lanes. receivers: by their names."""

    def __init__(self, settings: Settings, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Take the receivers of a configuration; lanes that are open follow when they are opened again."""
        self.receivers = {receiver.name: receiver for receiver in settings.told}
        self._names = {
            receiver.name: tuple(f"{receiver.name}/{integration.name}" for integration in receiver.integrations)
            for receiver in settings.told
        }
        self._integrations = {
            name: integration
            for receiver in settings.told
            for name, integration in zip(self._names[receiver.name], receiver.integrations, strict=True)
        }
        self._outgoing.configure(settings, self._integrations)

    def __contains__(self, name: str) -> bool:
        return name in self._integrations

    def named(self, receiver: str) -> tuple[str, ...]:
        """The names of the lanes that this receiver has in a group."""
        return self._names.get(receiver, ())

    def open(self, group: AlertGroup, name: str) -> Lane | None:
        """The group's lane of that name for the integration as it is configured now; None when there is no such."""
        integration, known = self._integrations.get(name), group.lanes.get(name)
        if integration is None:
            return None
        lane = Lane(integration, name) if known is None else known
        if lane.integration is not integration and lane.integration != integration:
            lane = replace(lane, integration=integration)
        group.lanes[name] = lane
        self._outgoing.rows.follow(group, lane)
        return lane
