"""What a silence or a window would do if it were set now, and what speaks against it; nothing is done."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from evaluator.core.alerts import Alert
from evaluator.core.engine import Machine
from evaluator.core.frozen import frozen
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.silence_policy import VAGUE, Objection, Verdict, is_vague, objections, verdict, widens
from evaluator.core.muting.silences import SilenceError
from evaluator.core.muting.windows import Window, as_silence, occurrences

OCCURRENCES = 5


@frozen
class Muted:
    """A firing alert that would be muted. silences: ids of those that mute it already. inhibited: on every route it takes."""

    alert: Alert
    silences: tuple[str, ...]
    inhibited: bool


@frozen
class Judgement:
    """What speaks against it. refusal: why it cannot be set at all. objections: what the policy says of it."""

    refusal: SilenceError | None
    objections: tuple[Objection, ...]

    def verdict(self, confirmed: bool = False) -> Verdict:
        """What becomes of it. confirmed: whether whoever wants it insists."""
        return Verdict.REFUSED if self.refusal is not None else verdict(self.objections, confirmed)


@frozen
class Preview:
    """What would come of it. occurrences: of a window, the next ones."""

    mutes: tuple[Muted, ...]
    judgement: Judgement
    occurrences: tuple[Silence, ...] = ()


def judge(machine: Machine, wanted: Silence | Window, now: datetime, careful: bool = False) -> Judgement:
    """Ask whether it may be set. Alerts are looked at only when the policy counts them.

    careful: object also to what mutes nearly everything, because whoever asks can be asked back.
    """
    if isinstance(wanted, Window):
        refusal = machine.silencing.windows.foresee(wanted, now)
        return Judgement(refusal, _objections(machine, None, as_silence(wanted, now), now, careful))
    planned = machine.silencing.silences.foresee(wanted, now)
    former = machine.silencing.silences.get(wanted.id)
    refused = planned if isinstance(planned, SilenceError) else None
    return Judgement(refused, _objections(machine, former, wanted, now, careful))


def preview(machine: Machine, wanted: Silence | Window, now: datetime, careful: bool = False) -> Preview:
    """Look ahead. careful: as in `judge`."""
    judgement = judge(machine, wanted, now, careful)
    if isinstance(wanted, Window):
        own = frozenset(name for name, window in machine.silencing.opened().items() if window.id == wanted.id)
        coming = tuple(islice(occurrences(wanted, now), OCCURRENCES))
        return Preview(_muted(machine, as_silence(wanted, now), own, now), judgement, coming)
    return Preview(_muted(machine, wanted, frozenset({wanted.id}), now), judgement)


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
    machine: Machine, former: Silence | None, wanted: Silence, now: datetime, careful: bool
) -> tuple[Objection, ...]:
    if not widens(former, wanted, now):
        return ()
    policy = machine.settings.silence_policy
    mutes = sum(alert.firing and wanted.matches(alert.labels) for alert in machine.alerts) if policy.max_alerts else 0
    found = objections(wanted, policy, now, mutes)
    return (VAGUE, *found) if careful and not found and is_vague(wanted) else found
