"""What came of a scenario, for people: a timeline of what was wanted, what came, and what was not told and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from evaluator.core.durations import format_duration
from evaluator.core.frozen import frozen
from evaluator.core.labels import escape
from evaluator.core.records import Pairs
from evaluator.drill.played import Played, Shown, Told, ToldAlert
from evaluator.drill.scenario import ShownAlert, Want, WantedAlert
from evaluator.drill.verdict import Verdict, same_alert

_LONG = timedelta(minutes=2)


@frozen
class Line:
    """Something in a timeline. wrong: it is why the scenario failed."""

    at: timedelta
    mark: str
    text: str
    wrong: bool = False

    def __str__(self) -> str:
        return f"{spoken(self.at):>8}  {self.mark:<12} {self.text}"


def timeline(verdict: Verdict, played: Played) -> list[Line]:
    """Everything in the order of time."""
    return sorted(_lines(verdict, played), key=lambda line: line.at)


def spoken(at: timedelta) -> str:
    """`2.5s`, `1h30m`."""
    return f"{at.total_seconds():g}s" if abs(at) < _LONG else format_duration(at)


def _lines(verdict: Verdict, played: Played) -> Iterator[Line]:
    for _, told in verdict.met:
        yield Line(told.at, "as wanted", _told(told))
    for told in verdict.unwanted:
        yield Line(told.at, "NOT WANTED", _told(told), wrong=True)
    for want in verdict.missed:
        yield Line(want.first, "MISSING", f"{_wanted(want)}{_closest(want, verdict.unwanted)}", wrong=True)
    for quiet, told in verdict.broken:
        text = f"{told.integration}: it was to be quiet here ({quiet.position})"
        yield Line(told.at, "NOT QUIET", text, wrong=True)
    for shown in verdict.misshown:
        yield Line(shown.show.at, "NOT SHOWN SO", _shown(shown), wrong=True)
    for mishap in verdict.mishaps:
        yield Line(mishap.at, "REFUSED", mishap.text, wrong=True)
    for untold in played.untold:
        yield Line(untold.at, "not told", f"{untold.integration}: {untold.reason}")


def _told(told: Told) -> str:
    reason = f"{told.reason}: " if told.reason else ""
    return f"{told.integration}: {reason}{_listed(map(_described, told.alerts))}"


def _wanted(want: Want) -> str:
    when = f"until {spoken(want.last)} " if want.last != want.first else ""
    reason = f"{want.reason}: " if want.reason else ""
    return f"{when}{want.integration}: {reason}{_listed(map(_described, want.alerts))} ({want.position})"


def _described(alert: ToldAlert | WantedAlert) -> str:
    """`{alertname="Down"} firing since 1s`; what does not matter is left out."""
    state = "firing" if alert.firing else "resolved"
    since = "" if alert.starts is None else f" since {spoken(alert.starts)}"
    until = "" if alert.ends is None else f" until {spoken(alert.ends)}"
    return f"{alert.labels} {state}{since}{until}{_noted(alert.annotations)}"


def _noted(annotations: Pairs | None) -> str:
    return "".join(f' {name}="{escape(text)}"' for name, text in annotations or ())


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)


def _closest(want: Want, unwanted: Iterable[Told]) -> str:
    """What distinguishes it from the notification that nobody wanted and that is most like it."""
    candidates = [told for told in unwanted if told.integration == want.integration]
    if not candidates:
        return ""
    told = min(candidates, key=lambda one: (len(list(_differences(want, one))), abs(one.at - want.first)))
    return f"; the one at {spoken(told.at)} {_listed(_differences(want, told))}"


def _differences(want: Want, told: Told) -> Iterator[str]:
    if told.at < want.first:
        yield f"comes {spoken(want.first - told.at)} early"
    if told.at > want.last:
        yield f"comes {spoken(told.at - want.last)} late"
    if want.reason and told.reason and want.reason != told.reason:
        yield f'has the reason "{told.reason}"'
    wished = {alert.labels: alert for alert in want.alerts}
    came = {alert.labels: alert for alert in told.alerts}
    yield from (f"lacks {labels}" for labels in wished if labels not in came)
    yield from (f"also tells of {labels}" for labels in came if labels not in wished)
    for labels, alert in came.items():
        if labels in wished and not same_alert(alert, wished[labels]):
            yield f"tells of {_described(alert)}"


def _shown(shown: Shown) -> str:
    return f"wanted {_states(shown.show.alerts)}, shown {_states(shown.alerts)} ({shown.show.position})"


def _states(alerts: Iterable[ShownAlert]) -> str:
    return _listed(sorted(_state(alert) for alert in alerts)) or "nothing"


def _state(alert: ShownAlert) -> str:
    words = ["silenced"] * alert.silenced + ["inhibited"] * alert.inhibited
    return f"{alert.labels} {' and '.join(words) or 'active'}"
