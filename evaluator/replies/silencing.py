"""Silencing the alerts of an incident from where somebody is: the labels of its group, for a while, if the policy allows it.

Whoever answers from a telephone cannot be asked back, so what people would have to insist on is refused, and the answer says
where they can.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from evaluator.core.durations import format_duration
from evaluator.core.events import SilenceSet
from evaluator.core.incidents.records import IncidentRecord
from evaluator.core.labels import Matcher
from evaluator.core.silence import Silence
from evaluator.core.silence_policy import Verdict
from evaluator.replies.desk import Desk, Fate, Outcome, Speaker

DEFAULT_LENGTH = timedelta(hours=2)


async def silence(desk: Desk, record: IncidentRecord, speaker: Speaker, length: timedelta | None, why: str) -> Outcome:
    """Silence the alerts of an incident. Raises UnavailableError, and then nothing has been done."""
    matchers = tuple(Matcher(name, value) for name, value in record.labels.items())
    if not matchers:
        text = f"The group of incident {record.number} has no labels: such a silence would mute everything of its route."
        return Outcome(Fate.IMPOSSIBLE, text)
    span = length or DEFAULT_LENGTH
    comment = why or f"incident {record.number}"
    wanted = Silence((matchers,), desk.now, desk.now + span, created_by=speaker.key, comment=comment)
    judgement = desk.judge(wanted)
    if judgement.refusal is not None:
        return Outcome(Fate.IMPOSSIBLE, f"Not silenced: {judgement.refusal}.")
    if judgement.verdict() is not Verdict.ACCEPTED:
        against = "; ".join(map(str, judgement.objections))
        return Outcome(Fate.IMPOSSIBLE, f"Not silenced: {against}. Whoever insists does so on the page of silences.")
    await desk.submit(SilenceSet(wanted, str(uuid4())))
    said = ", ".join(f"{matcher.name}={matcher.value}" for matcher in matchers)
    return Outcome(Fate.DONE, f"Silenced for {format_duration(span)}: {said}.")
