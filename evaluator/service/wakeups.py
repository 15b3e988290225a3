"""Wake-ups: APScheduler owns every moment at which the world is woken by time.

One job for each rule group, on its slots; one for the machine's next timer; and one for each recurring duty of the service
(retention, heartbeat). A job does nothing but wake the world: what is due is the machine's to say, so a job that runs a
little early, twice, or after a long suspension does no harm.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from evaluator.core.evaluation.evaluation import GroupEvaluation

TIMER = "timer"
GROUP = "group:"
ANY_NUMBER = 1_000_000
"""Of a wake-up at the same time: the scheduler would drop one that comes while it takes another for unfinished."""


class Wakeups:
    """The scheduler's jobs. wake: called in the event loop whenever something may be due. clock: what timers are told by.

    The scheduler knows the machine's own clock alone. By that, what is due soon on a clock which is behind has been due for
    long, and the world would be woken for it without end.
    """

    def __init__(self, wake: Callable[[], None], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._wake_world = wake
        self._clock = clock
        self._armed: datetime | None = None
        self._phases: dict[str, tuple[datetime, timedelta]] = {}
        self._duties: dict[str, timedelta] = {}
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Wake nobody any more."""
        self._scheduler.shutdown(wait=False)

    def follow(self, groups: Iterable[GroupEvaluation]) -> None:
        """Have one job for each of these groups, and none for others; jobs whose slots are the same stay as they are."""
        wanted = {GROUP + group.group.key: group for group in groups}
        for name in [name for name in self._phases if name not in wanted]:
            self._scheduler.remove_job(name)
            del self._phases[name]
        for name, group in wanted.items():
            interval = group.group.interval
            phase = (group.next_slot, interval)
            known = self._phases.get(name)
            if known is not None and known[1] == interval and (group.next_slot - known[0]) % interval == timedelta(0):
                continue
            self._phases[name] = phase
            trigger = IntervalTrigger(seconds=interval.total_seconds(), start_date=group.next_slot, timezone=UTC)
            self._scheduler.add_job(
                self._wake, trigger, id=name, name=group.group.key, replace_existing=True, max_instances=ANY_NUMBER
            )

    def arm(self, timer: datetime) -> None:
        """Wake the world at `timer`, and no longer at the timer that was armed before."""
        if self._armed != timer:
            self._armed = timer
            trigger = DateTrigger(timer + self._behind(), UTC)
            self._scheduler.add_job(self._timer_came, trigger, id=TIMER, replace_existing=True, max_instances=ANY_NUMBER)

    def _behind(self) -> timedelta:
        """In whole seconds: two looks at the same clock are never quite alike."""
        return timedelta(seconds=round((datetime.now(UTC) - self._clock()).total_seconds()))

    def every(self, name: str, interval: timedelta, duty: Callable[[], Awaitable[None]]) -> None:
        """Do `duty` again and again; one of the same name that is done as often goes on in its rhythm."""
        if self._duties.get(name) != interval:
            self._duties[name] = interval
            trigger = IntervalTrigger(seconds=interval.total_seconds(), timezone=UTC)
            self._scheduler.add_job(duty, trigger, id=name, name=name, replace_existing=True)

    def once(self, name: str, at: datetime, duty: Callable[[], Awaitable[None]]) -> None:
        """Do `duty` at an instant, and no longer at the one that was named before under this name."""
        self._scheduler.add_job(duty, DateTrigger(at, UTC), id=name, name=name, replace_existing=True)

    def forget(self, name: str) -> None:
        """Do not do it, if it is yet to be done."""
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)

    def cease(self, name: str) -> None:
        """End a recurring duty, if there is one of this name."""
        if self._duties.pop(name, None) is not None:
            self._scheduler.remove_job(name)

    @property
    def due(self) -> dict[str, datetime | None]:
        """When each job runs next, by its name; None before `start`."""
        return {job.id: getattr(job, "next_run_time", None) for job in self._scheduler.get_jobs()}

    async def _wake(self) -> None:
        self._wake_world()

    async def _timer_came(self) -> None:
        self._armed = None
        self._wake_world()
