"""Tells somebody outside that the whole chain works; silence is the alarm.

A beat is sent only while evaluations complete and deliveries are accepted: every group with rules has completed a slot
within three intervals, the store keeps what it is given, no notification has waited for ten minutes, and where alerts are
forwarded some Alertmanager has accepted some within as long, if there were any. A timer that beats by itself would go on
while nothing else does.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx

from evaluator.core.engine import Machine
from evaluator.core.settings import Heartbeat, HttpSettings
from evaluator.service.logs import log
from evaluator.wire.client import build_async_client

SLOTS = 3
PATIENCE = timedelta(minutes=10)


def ailment(machine: Machine, now: datetime) -> str:
    """What is wrong with the chain at `now`, in a few words; empty when it works."""
    for group in machine.groups.values():
        overdue = group.next_slot + (SLOTS - 1) * group.group.interval  # a slot begins only when the one before has ended
        if group.rules and now > overdue:
            return f"group {group.group.key} has completed no evaluation for {SLOTS} intervals"
        failing = [rule for rule in group.rules.values() if rule.failures >= SLOTS]
        if failing and len(failing) == len(group.rules):
            return f"no rule of group {group.group.key} can be evaluated: {failing[0].error}"
    for row in machine.dispatch.outbox:
        if now - row.created_at > PATIENCE:
            return f"a notification to {row.integration} has waited since {row.created_at.isoformat(timespec='seconds')}"
    since = machine.forwarding_watch.failing_since(machine.alertmanagers)
    if since is not None and now - since > PATIENCE:
        return f"no Alertmanager has accepted alerts since {since.isoformat(timespec='seconds')}"
    return ""


async def beat(heartbeat: Heartbeat) -> None:
    """Send one beat; a failure is logged, and the next one comes in its time."""
    async with build_async_client(HttpSettings(), timeout=10) as client:
        try:
            answer = await client.get(heartbeat.url.reveal())
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("heartbeat not sent", error=type(error).__name__)
            return
    if not answer.is_success:
        log.warning("heartbeat not accepted", status=answer.status_code)
