"""Was everything told that was wanted, and nothing else?

Every notification is held against one want, and every want against one notification: what is left over on either side is a
failure. Times are compared for real, to the instant in virtual time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.drill.played import Mishap, Played, Shown, Told, ToldAlert
from evaluator.drill.scenario import Quiet, Want, WantedAlert, Wants

NONE = timedelta(0)


@frozen
class Tolerance:
    """How far times may be off, in real time. early, late: of a notification. alerts: of starts and ends, either way."""

    early: timedelta = NONE
    late: timedelta = NONE
    alerts: timedelta = NONE


EXACT = Tolerance()


@frozen
class Verdict:
    """What is held against what. met: in the order of time. broken: quiet times, with what came in them."""

    met: tuple[tuple[Want, Told], ...] = ()
    missed: tuple[Want, ...] = ()
    unwanted: tuple[Told, ...] = ()
    broken: tuple[tuple[Quiet, Told], ...] = ()
    misshown: tuple[Shown, ...] = ()
    mishaps: tuple[Mishap, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all is as wanted."""
        return not (self.missed or self.unwanted or self.broken or self.misshown or self.mishaps)


def judge(wants: Wants, played: Played, until: timedelta, tolerance: Tolerance = EXACT) -> Verdict:
    """Hold what was told against what is wanted. until: the end; who tells more after it is not asked why."""
    open_wants = sorted(wants.notifications, key=lambda want: (want.last, want.first))
    met, unwanted = list[tuple[Want, Told]](), list[Told]()
    for told in played.told:
        want = next((one for one in open_wants if _meets(told, one, tolerance)), None)
        if want is None and told.at <= until:
            unwanted.append(told)
        elif want is not None:
            open_wants.remove(want)
            met.append((want, told))
    broken = tuple((quiet, told) for quiet in wants.quiet for told in played.told if _breaks(told, quiet, tolerance))
    misshown = tuple(shown for shown in played.shown if not _as_shown(shown))
    return Verdict(tuple(met), tuple(open_wants), tuple(unwanted), broken, misshown, played.mishaps)


def _meets(told: Told, want: Want, tolerance: Tolerance) -> bool:
    return (
        told.integration == want.integration
        and want.first - tolerance.early <= told.at <= want.last + tolerance.late
        and (not want.reason or not told.reason or want.reason == told.reason)
        and same_alerts(told.alerts, want.alerts, tolerance.alerts)
    )


def _breaks(told: Told, quiet: Quiet, tolerance: Tolerance) -> bool:
    """A notification that is late but for what tolerance allows does not disturb the quiet after it."""
    return told.integration == quiet.integration and quiet.first + tolerance.late <= told.at < quiet.last - tolerance.early


def same_alerts(told: Sequence[ToldAlert], wanted: Iterable[WantedAlert], tolerance: timedelta = NONE) -> bool:
    """Whether each alert that was told is one that is wanted, and the other way round."""
    by_labels = {alert.labels: alert for alert in told}
    wishes = {wish.labels: wish for wish in wanted}
    return (
        len(by_labels) == len(told)
        and by_labels.keys() == wishes.keys()
        and all(same_alert(by_labels[labels], wish, tolerance) for labels, wish in wishes.items())
    )


def same_alert(told: ToldAlert, wish: WantedAlert, tolerance: timedelta = NONE) -> bool:
    """Whether an alert that was told is the one that is wanted; labels are not looked at."""
    return (
        told.firing == wish.firing
        and wish.annotations in (None, told.annotations)
        and _near(told.starts, wish.starts, tolerance)
        and _near(told.ends, wish.ends, tolerance)
    )


def _near(told: timedelta | None, wished: timedelta | None, tolerance: timedelta) -> bool:
    return wished is None or (told is not None and abs(told - wished) <= tolerance)


def _as_shown(shown: Shown) -> bool:
    return set(shown.alerts) == set(shown.show.alerts)
