"""The virtual world: it jumps from one event to the next, so that a month takes a second and a test is exact.

What a datasource or a receiver would do is a `Reply`: for an effect that asks for something, the event that answers it and
how long that takes. Effects that are kept go to whoever wants to look at them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush

from evaluator.core.effects import Deliver, Effect, RunQuery, RunRange
from evaluator.core.evaluation.answers import Span
from evaluator.core.events import Event, QueryFailed, QueryReturned, RangeFailed, RangeReturned, TimerFired

Reply = Callable[[RunQuery | Deliver, datetime], tuple[timedelta, Event]]
Watch = Callable[[Sequence[Effect], datetime], None]


class VirtualWorld:
    """A world whose clock stands still while anything happens in it.

    start, until: the first and the last instant. reply: what answers a request, and after how long.
    watch: is shown every batch of effects before they are performed.
    """

    def __init__(self, start: datetime, until: datetime, reply: Reply, watch: Watch | None = None) -> None:
        self.now = start
        self.until = until
        self._reply = reply
        self._watch = watch
        self._arrivals: list[tuple[datetime, int, Event]] = []
        self._count = 0

    def send(self, at: datetime, event: Event) -> None:
        """Let `event` happen at `at`, after what was sent before for the same instant."""
        self._count += 1
        heappush(self._arrivals, (at, self._count, event))

    async def next_events(self, timer: datetime | None) -> tuple[datetime, Sequence[Event]] | None:
        """What happens next: whatever comes first, the timer before what arrives at the same instant."""
        first = self._arrivals[0][0] if self._arrivals else None
        due = first if timer is None or (first is not None and first < timer) else timer
        if due is None or due > self.until:
            return None
        self.now = max(self.now, due)
        if timer is not None and timer <= self.now:
            return self.now, [TimerFired()]
        return self.now, [heappop(self._arrivals)[2]]

    async def commit(self, effects: Sequence[Effect], now: datetime) -> None:
        """Show the effects, and let the requests among them be answered in their time."""
        if self._watch is not None:
            self._watch(effects, now)
        for effect in effects:
            if isinstance(effect, RunQuery | Deliver):
                takes, answer = self._reply(effect, now)
                self.send(now + takes, answer)
            elif isinstance(effect, RunRange):
                takes, answer = self._range(effect, now)
                self.send(now + takes, answer)

    def _range(self, effect: RunRange, now: datetime) -> tuple[timedelta, Event]:
        """What the replies for each slot come to; together they take as long as the last one."""
        takes, answers = timedelta(0), []
        for slot in Span(effect.first, effect.last, effect.interval).instants():
            one = RunQuery(effect.rule, effect.group, effect.datasource, slot, slot - effect.offset)
            takes, answer = self._reply(one, now)
            answers.append(answer)
        returned = [answer for answer in answers if isinstance(answer, QueryReturned)]
        failed = {answer.slot: answer.failure for answer in answers if isinstance(answer, QueryFailed)}
        if not returned:
            return takes, RangeFailed(effect.rule, effect.last, failed[effect.last])
        observed = {answer.slot: answer.observed for answer in returned if answer.observed}
        partial = any(answer.partial for answer in returned)
        return takes, RangeReturned(effect.rule, effect.last, observed, failed, partial)
