"""Setting silences and windows for whoever asks by HTTP: looked at first, then done, then found under its id.

A new one gets its id here, before the machine hears of it, so that two that say the same are told apart.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from uuid import uuid4

from evaluator.api.view import View
from evaluator.core.events import Refused, SilenceSet, WindowSet
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.silence_policy import Objection, Verdict
from evaluator.core.muting.silence_preview import Judgement, judge
from evaluator.core.muting.silences import Refusal, SilenceError
from evaluator.core.muting.windows import Window


class Why(StrEnum):
    """Why something was not set. CONFIRM: it will be when whoever asks insists. LOST: the world changed meanwhile."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    LIMIT = "limit"
    WRITTEN = "written"
    POLICY = "policy"
    CONFIRM = "confirm"
    LOST = "lost"


class NotSetError(Exception):
    """It was not set, and nothing has changed. The text is for people; objections: what the policy says, if that is why."""

    def __init__(self, why: Why, text: str, objections: tuple[Objection, ...] = ()) -> None:
        super().__init__(text)
        self.why = why
        self.objections = objections


async def set_silence(view: View, wanted: Silence, confirmed: bool = False, careful: bool = False) -> Silence:
    """Make or edit a silence; gives it as it is kept. Raises NotSetError, UnavailableError.

    confirmed: whether whoever asks insists. careful: object also to what mutes nearly everything.
    """
    wanted = _awaiting(view, wanted)
    await _check(view, judge(view.machine, wanted, view.now, careful), confirmed)
    name = str(uuid4())
    await view.submit(SilenceSet(wanted, name))
    silences = view.machine.silencing.silences
    made = silences.get(name) or silences.get(wanted.id)
    if made is None or replace(made, id="", starts_at=wanted.starts_at, updated_at=None) != replace(wanted, id=""):
        raise NotSetError(Why.LOST, "the silence could not be set any more when its turn came; try again")
    return made


async def set_window(view: View, wanted: Window, confirmed: bool = False) -> Window:
    """Make or edit a window; gives it as it is kept. Raises NotSetError, UnavailableError."""
    await _check(view, judge(view.machine, wanted, view.now, careful=True), confirmed)
    await view.submit(WindowSet(wanted))
    made = view.machine.silencing.windows.get(wanted.id)
    if made is None or replace(made, updated_at=None) != wanted:
        raise NotSetError(Why.LOST, "the window could not be set any more when its turn came; try again")
    return made


def _awaiting(view: View, wanted: Silence) -> Silence:
    """The silence with the alerts that it is to end with, if it is to end with any. Raises NotSetError."""
    silence = view.machine.silencing.awaiting(wanted)
    if silence.awaited is not None and not silence.awaited:
        raise NotSetError(Why.INVALID, "nothing fires that it would mute, so there is nothing whose end it could wait for")
    return silence


async def _check(view: View, seen: Judgement, confirmed: bool) -> None:
    if seen.refusal is not None:
        await tell(view, seen.refusal)
        raise NotSetError(_WHY[seen.refusal.kind], str(seen.refusal))
    match seen.verdict(confirmed):
        case Verdict.CONFIRM:
            raise NotSetError(Why.CONFIRM, _sentence(seen.objections), seen.objections)
        case Verdict.REFUSED:
            raise NotSetError(Why.POLICY, _sentence(seen.objections), seen.objections)


async def tell(view: View, refusal: SilenceError) -> None:
    """Count what a limit has refused."""
    if refusal.limit is not None:
        await view.submit(Refused(refusal.limit, str(refusal)))


def _sentence(objections: tuple[Objection, ...]) -> str:
    named = (f"against silence_policy ({one.rule}): {one}" if one.rule else str(one) for one in objections)
    return "; ".join(named)


_WHY = {
    Refusal.INVALID: Why.INVALID,
    Refusal.NOT_FOUND: Why.NOT_FOUND,
    Refusal.LIMIT: Why.LIMIT,
    Refusal.WRITTEN: Why.WRITTEN,
}
