"""How the evaluator differs where it means to: each name in `departures.py` has its test here.

One more departure cannot be seen in the rulers' API: after a failed evaluation Prometheus shows its alerts as before, and
so does the evaluator, but Prometheus tells Alertmanager nothing about them, which some minutes later takes them for resolved.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.conftest import Run
from tests.conformance.trace import Json, Pairs, Rules, alerts, named, pairs, without_versions

pytestmark = [pytest.mark.realtime, pytest.mark.slow]


def _both(run: Run, group: str, name: str) -> Iterator[tuple[int, Json, Json]]:
    """Step, their rule and ours."""
    for slot, rules in run.theirs[group].items():
        if slot in run.ours[group]:
            yield run.step(slot), named(rules, name)[0], named(run.ours[group][slot], name)[0]


def _only_text(rule: Json) -> str:
    """The one annotation of the one alert."""
    [alert] = rule["alerts"]
    text: str = without_versions(alert["annotations"]["text"])
    return text


def test_over_limit(run: Run) -> None:
    """Both fail. Prometheus forgets everything and begins anew afterwards; here the two that were there go on."""
    run.need_every_step("limited")
    seen = {step: (theirs, ours) for step, theirs, ours in _both(run, "limited", "OverLimit")}
    over = {step: pair for step, pair in seen.items() if 8 <= step < 16}
    assert over
    for theirs, ours in over.values():
        assert (theirs["health"], theirs["alerts"]) == ("err", [])
        assert (ours["health"], _numbers(ours)) == ("err", {"1", "2"})
        assert ours["lastError"].startswith(f"{theirs['lastError']}: ")
        assert ours["lastError"].endswith(" new ones refused")
    for step, (theirs, ours) in seen.items():
        if step >= 16:
            assert {run.step(alert["activeAt"]) for alert in alerts(theirs)} == {16}
            assert {run.step(alert["activeAt"]) for alert in alerts(ours)} == {2, 4}


def _numbers(rule: Json) -> set[str]:
    return {alert["labels"]["n"] for alert in rule["alerts"]}


def test_broken_label(run: Run) -> None:
    """While it cannot be said which alert it is, the one that is known stays; Prometheus ends it and begins another."""
    run.need_every_step("departing")
    seen = {step: (theirs, ours) for step, theirs, ours in _both(run, "departing", "BrokenLabel")}
    broken = {step: pair for step, pair in seen.items() if 7 <= step < 12}
    assert broken
    for theirs, ours in broken.values():
        assert [alert["labels"]["grade"][:26] for alert in theirs["alerts"]] == ["<error expanding template:"]
        assert [alert["labels"]["grade"] for alert in ours["alerts"]] == ["fine"]
        assert (theirs["health"], ours["health"]) == ("ok", "err")
        assert ours["lastError"].startswith('the template of label "grade" failed: 1:27: at <.Foo> can\'t evaluate field Foo')
    for step in seen.keys() - broken.keys():
        theirs, ours = seen[step]
        assert alerts(ours) == alerts(theirs), step


def test_long_duration(run: Run) -> None:
    """What overflows depends on the machine; ours is the truth."""
    for _, theirs, ours in _both(run, "departing", "LongDuration"):
        assert _only_text(ours) == "11574074074074074d 1h 46m 40s"
        assert _only_text(theirs) != _only_text(ours)


def test_asked_for_a_text(run: Run) -> None:
    """Prometheus knows `strvalue`, and nothing that it could be used on in a rule."""
    for _, theirs, ours in _both(run, "departing", "AskedForAText"):
        assert _only_text(ours) == "a text"
        assert "error calling query: rule result is not a vector or scalar" in _only_text(theirs)


def test_asked_for_nonsense(run: Run) -> None:
    """The text is theirs but for who says what."""
    who = 'the server refused the query (400 bad_data): invalid parameter "query": '
    for _, theirs, ours in _both(run, "departing", "AskedForNonsense"):
        assert who in _only_text(ours)
        assert _only_text(ours).replace(who, "") == _only_text(theirs)


@pytest.mark.parametrize("name", ["RecordedRange", "RecordedElsewhere"])
def test_recorded_at_another_time(run: Run, name: str) -> None:
    """What Prometheus has is what the evaluator has at this slot or had at one of the two before, for its groups do not wait
    for each other; the rest is the same.
    """
    for group in ("departing", "recorded"):
        run.need_every_step(group)
    slots = run.slots["departing"]
    for *before, slot in zip(slots, slots[1:], slots[2:], strict=False):
        if slot in run.theirs["departing"] and run.step(before[0]) >= 0:
            theirs = _active(run.theirs["departing"][slot], name)
            ours = [_active(run.ours["departing"][at], name) for at in (*before, slot)]
            assert set.intersection(*ours) <= theirs <= set.union(*ours), run.step(slot)


def _active(rules: Rules, name: str) -> set[Pairs]:
    return {pairs(alert["labels"]) for rule in named(rules, name) for alert in rule["alerts"]}


def test_large_numbers_are_printed_as_today(run: Run) -> None:
    """Not a departure from Prometheus 3."""
    for _, theirs, ours in _both(run, "departing", "LargeNumber"):
        assert ours["query"] == 'number{of="million"} >= 1000000'
        assert theirs["query"].replace("1e+06", "1000000") == ours["query"]
        assert alerts(theirs) == alerts(ours)
