"""Forwards alerts to all Alertmanagers: relabels them, puts them into each one's queue, and sees the queues emptied.

Relabelling goes by labels alone, and most alerts are posted again and again with the same ones; what became of them is
remembered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from evaluator.core.effects import ForwardedAlert
from evaluator.core.labels import Labels
from evaluator.core.posted.relabelling import Relabel, relabel
from evaluator.core.settings import Alertmanager
from evaluator.notify.clients import Clients, MakeClient
from evaluator.notify.forwarding.lane import Lane, Witness
from evaluator.notify.forwarding.post import post
from evaluator.notify.forwarding.waiting import Finish, Told, Waiting
from evaluator.notify.sending import Clock
from evaluator.wire.client import build_async_client

CAPACITY = 10_000
"""Alerts in the queue of one Alertmanager, as in Prometheus."""

_REMEMBERED = 50_000


class Forwarder:
    """The lanes of all Alertmanagers.

    relabel: for all of them, before their own. finish: makes an alert's annotations. witness: is told what becomes of alerts.
    """

    def __init__(
        self,
        alertmanagers: Sequence[Alertmanager],
        relabel: Sequence[Relabel],
        finish: Finish,
        witness: Witness,
        *,
        clock: Clock,
        make_client: MakeClient = build_async_client,
        capacity: int = CAPACITY,
    ) -> None:
        self.capacity = capacity
        self._witness = witness
        self._clock = clock
        self._clients = Clients(make_client)
        self._lanes: dict[str, Lane] = {}
        self._adopt(alertmanagers, relabel, finish)

    @property
    def waiting(self) -> dict[str, int]:
        """How many alerts are queued, by the URL of the Alertmanager."""
        return {url: lane.waiting for url, lane in self._lanes.items()}

    def forward(self, alerts: Sequence[ForwardedAlert]) -> None:
        """Queue alerts for every Alertmanager, each as its relabelling leaves them. Needs a running event loop."""
        told = [Waiting(alert.labels, Told(alert, self._finish)) for alert in alerts]
        kept = self._relabelling.of(told)
        for url, lane in self._lanes.items():
            lane.add(self._own[url].of(kept))

    async def reload(self, alertmanagers: Sequence[Alertmanager], relabel: Sequence[Relabel], finish: Finish) -> None:
        """Forward by a new configuration from now on. What is queued for Alertmanagers that are still there stays queued."""
        for lane in self._adopt(alertmanagers, relabel, finish):
            lane.give_up()
        await self._clients.keep([lane.alertmanager.http for lane in self._lanes.values()])

    async def aclose(self, patience: timedelta) -> int:
        """Empty the queues, for at most so long, and close the connections; gives how many alerts were left in the queues."""
        left = 0
        if self._lanes:
            waits = [asyncio.ensure_future(lane.emptied()) for lane in self._lanes.values()]
            await asyncio.wait(waits, timeout=patience.total_seconds())
            left = sum(self.waiting.values())
            self.give_up()
            await asyncio.gather(*waits)
        await self._clients.keep(())
        return left

    def give_up(self) -> None:
        """Post no more of what is queued."""
        for lane in self._lanes.values():
            lane.give_up()

    def _adopt(self, alertmanagers: Sequence[Alertmanager], relabel: Sequence[Relabel], finish: Finish) -> list[Lane]:
        """Take over a configuration; gives the lanes that it does without."""
        former = self._lanes
        self._lanes = {one.url: former.pop(one.url) if one.url in former else self._lane(one) for one in alertmanagers}
        for one in alertmanagers:
            self._lanes[one.url].alertmanager = one
        self._own = {one.url: _Relabelling(one.relabel) for one in alertmanagers}
        self._relabelling, self._finish = _Relabelling(relabel), finish
        return list(former.values())

    def _lane(self, alertmanager: Alertmanager) -> Lane:
        async def posted(to: Alertmanager, alerts: Sequence[Waiting]) -> str:
            return await post(self._clients, to, alerts, self._clock)

        return Lane(alertmanager, posted, self._witness, self.capacity)


class _Relabelling:
    """Rules, and what they have made of labels."""

    def __init__(self, rules: Sequence[Relabel]) -> None:
        self._rules = rules
        self._known: dict[Labels, Labels | None] = {}

    def of(self, alerts: Sequence[Waiting]) -> Sequence[Waiting]:
        """The alerts by their new labels. One without any is dropped too, for no Alertmanager takes it."""
        if not self._rules:
            return alerts
        renamed = ((self._labels(waiting.labels), waiting.told) for waiting in alerts)
        return [Waiting(labels, told) for labels, told in renamed if labels]

    def _labels(self, labels: Labels) -> Labels | None:
        if labels not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[labels] = relabel(labels, self._rules)
        return self._known[labels]
