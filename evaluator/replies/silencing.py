"""Silencing what an incident is about from where somebody is, for a while, if the policy allows it.

Whoever answers from a telephone cannot be asked back, so what people would have to insist on is refused, and the answer says
where they can.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from evaluator.core.durations import format_duration
from evaluator.core.events import SilenceSet
from evaluator.core.incidents.quieting import USUAL, silence_for
from evaluator.core.incidents.records import IncidentRecord
from evaluator.core.muting.silence_policy import Verdict
from evaluator.replies.desk import Desk, Fate, Outcome, Speaker


async def silence(desk: Desk, record: IncidentRecord, speaker: Speaker, length: timedelta | None, why: str) -> Outcome:
    """Silence the alerts of an incident. Raises UnavailableError, and then nothing has been done."""
    span = length or USUAL
    wanted = silence_for(record, desk.alerts(record), speaker.key, why, desk.now, desk.now + span)
    if not wanted.matcher_sets:
        return Outcome(Fate.IMPOSSIBLE, f"Nothing of incident {record.number} fires, so there is nothing to silence.")
    judgement = desk.judge(wanted)
    if judgement.refusal is not None:
        return Outcome(Fate.IMPOSSIBLE, f"Not silenced: {judgement.refusal}.")
    if judgement.verdict() is not Verdict.ACCEPTED:
        against = "; ".join(map(str, judgement.objections))
        return Outcome(Fate.IMPOSSIBLE, f"Not silenced: {against}. Whoever insists does so on the page of silences.")
    await desk.submit(SilenceSet(wanted, str(uuid4())))
    first, *others = (", ".join(f"{one.name}={one.value}" for one in matchers) for matchers in wanted.matcher_sets)
    more = f", and {len(others)} more" if others else ""
    return Outcome(Fate.DONE, f"Silenced for {format_duration(span)}: {first}{more}.")
