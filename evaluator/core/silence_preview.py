"""What a silence or a window would do if it were set now, and what speaks against it; nothing is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from evaluator.core.alerts import Alert
from evaluator.core.engine import Machine
from evaluator.core.silence import Silence
from evaluator.core.silence_policy import VAGUE, Objection, Verdict, is_vague, objections, verdict, widens
from evaluator.core.silences import SilenceError
from evaluator.core.windows import Window, as_silence, occurrences

OCCURRENCES = 5


@dataclass(frozen=True, slots=True)
class Muted:
    """A firing alert that would be muted. silences: ids of those that mute it already. inhibited: on every route it takes."""

    alert: Alert
    silences: tuple[str, ...]
    inhibited: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of it. refusal: why it cannot be set at all. occurrences: of a window, the next ones.

    objections: what the policy says of it.
    """

    mutes: tuple[Muted, ...]
    refusal: SilenceError | None
    objections: tuple[Objection, ...]
    occurrences: tuple[Silence, ...] = ()

    def verdict(self, confirmed: bool = False) -> Verdict:
        """What becomes of it. confirmed: whether whoever wants it insists."""
        return Verdict.REFUSED if self.refusal is not None else verdict(self.objections, confirmed)


def preview(machine: Machine, wanted: Silence | Window, now: datetime, careful: bool = False) -> Preview:
    """Look ahead. careful: object also to what mutes nearly everything, because whoever asks can be asked back."""
    if isinstance(wanted, Window):
        return _of_window(machine, wanted, now, careful)
    planned = machine.silencing.silences.foresee(wanted, now)
    refusal = planned if isinstance(planned, SilenceError) else None
    former = machine.silencing.silences.get(wanted.id)
    mutes = _muted(machine, wanted, frozenset({wanted.id}), now)
    return Preview(mutes, refusal, _objections(machine, former, wanted, len(mutes), now, careful))


def _of_window(machine: Machine, wanted: Window, now: datetime, careful: bool) -> Preview:
    refusal = machine.silencing.windows.foresee(wanted, now)
    own = frozenset(name for name, window in machine.silencing.opened().items() if window.id == wanted.id)
    wish = as_silence(wanted, now)
    mutes = _muted(machine, wish, own, now)
    coming = tuple(islice(occurrences(wanted, now), OCCURRENCES))
    return Preview(mutes, refusal, _objections(machine, None, wish, len(mutes), now, careful), coming)


def _muted(machine: Machine, silence: Silence, own: frozenset[str], now: datetime) -> tuple[Muted, ...]:
    """Firing alerts that `silence` matches. own: ids of silences that it is to replace."""
    found = []
    for alert in machine.alerts:
        if alert.firing and silence.matches(alert.labels):
            ids = tuple(name for name in machine.silencing.silences.muting(alert.labels, now) if name not in own)
            found.append(Muted(alert, ids, _inhibited(machine, alert)))
    return tuple(found)


def _inhibited(machine: Machine, alert: Alert) -> bool:
    routes = machine.settings.route.match(alert.labels)
    return all(machine.muting.inhibitor(alert, route) is not None for route in routes)


def _objections(
    machine: Machine, former: Silence | None, wanted: Silence, mutes: int, now: datetime, careful: bool
) -> tuple[Objection, ...]:
    if not widens(former, wanted, now):
        return ()
    found = objections(wanted, machine.settings.silence_policy, now, mutes)
    return (VAGUE, *found) if careful and not found and is_vague(wanted) else found
