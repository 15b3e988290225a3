"""Silences and windows through the machine: what people do is kept, what follows from a schedule or a file is derived anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.durations import parse_duration
from evaluator.core.events import SilenceExpired, SilenceSet, WindowEnded, WindowSet
from evaluator.core.labels import Labels, Matcher
from evaluator.core.limits import Limits
from evaluator.core.matchers import MatcherMode
from evaluator.core.muting.silence import Silence, SilenceState
from evaluator.core.muting.silences import Refusal, SilenceError
from evaluator.core.muting.window_table import Windows
from evaluator.core.muting.windows import Window
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.settings import Settings
from tests.core.playbook import T0, Playbook, group, moment, offset, route, rule, series, settings

A, B = ((Matcher("alertname", "A"),),), ((Matcher("alertname", "B"),),)
BOTH = (*A, *B)
FIRES = series("A")


def window(schedule: str = "0 * * * *", lasts: str = "30m", name: str = "w", **more: object) -> Window:
    """Of the alert A, on the hour; the clock starts at midnight."""
    return replace(Window(name, A, parse_cron(schedule), parse_duration(lasts)), **more)  # type: ignore[arg-type]


def silence(start: str, end: str, name: str = "", **more: object) -> Silence:
    """Of the alert A."""
    return replace(Silence(A, moment(start), moment(end), "ana", "because", id=name), **more)  # type: ignore[arg-type]


def conf(*windows: Window, **more: object) -> Settings:
    """A configuration with these windows."""
    return settings(group(rule("A"), rule("B")), root=route(), windows=windows, **more)


def play(*windows: Window, **more: object) -> Playbook:
    """On such a configuration; A fires all the time."""
    return Playbook(conf(*windows, **more)).at("0s", "A", FIRES)


def listed(story: Playbook, until: str) -> list[Silence]:
    """The silences that are on or yet to come, by their start."""
    story.run(until)
    live = (SilenceState.ACTIVE, SilenceState.PENDING)
    return sorted(story.machine.muting.silences.listing(moment(until), states=live), key=lambda one: one.starts_at)


def spans(story: Playbook, until: str) -> list[str]:
    """When they mute: `1h..1h30m`."""
    return [f"{offset(one.starts_at)}..{offset(one.ends_at)}" for one in listed(story, until)]


def kept(story: Playbook, kind: type) -> list[object]:
    """The records of a kind."""
    return [record for (one, _), record in story.kept.items() if one is kind]


# -- windows of the configuration -------------------------------------------------------------------------------------


def test_the_occurrence_that_is_on_and_the_next_are_there() -> None:
    assert spans(play(window()), "10m") == ["0s..30m", "1h..1h30m"]
    assert spans(play(window()), "45m") == ["1h..1h30m"]


def test_an_occurrence_that_is_called_off_is_followed_by_the_next() -> None:
    """Ended before it began, it leaves no boundary behind, and the window goes on all the same."""
    story = play(window())
    _, ahead = listed(story, "10m")
    story.happens("11m", SilenceExpired(ahead.id))
    assert spans(story, "1h1m") == ["2h..2h30m"]
    assert spans(story, "2h1m") == ["2h..2h30m", "3h..3h30m"]


@pytest.mark.parametrize(
    ("later", "found"),
    [
        (window(lasts="45m"), ["0s..45m", "1h..1h45m"]),
        (window(lasts="10m"), ["1h..1h10m"]),
        (window("30 * * * *"), ["30m..1h"]),
        (window(comment="why not"), ["0s..30m", "1h..1h30m"]),
        (window(matcher_sets=BOTH), ["0s..30m", "1h..1h30m"]),
        (window(name="other"), ["0s..30m", "1h..1h30m"]),
        (window(until=moment("20m")), ["0s..20m"]),
        (None, []),
    ],
)
def test_a_reload_moves_what_a_window_has_opened(later: Window | None, found: list[str]) -> None:
    """At once, and as a restart with the same file would."""
    config = conf(*([later] if later else []))
    reloaded = play(window()).reload("15m", config)
    restarted = play(window()).run("15m").crash(config)
    assert spans(reloaded, "16m") == spans(restarted, "16m") == found
    assert listed(reloaded, "17m") == listed(restarted, "17m")


def test_an_occurrence_keeps_its_id_while_it_mutes_the_same_alerts() -> None:
    def ids(later: Window) -> list[str]:
        return [one.id for one in listed(play(window()).reload("15m", conf(later)), "16m")]

    before = ids(window())
    assert ids(window(lasts="20m", comment="shorter")) == before
    assert set(ids(window(matcher_sets=BOTH))).isdisjoint(before)


def test_what_comes_back_to_the_file_mutes_again() -> None:
    story = play(window()).reload("10m", conf()).reload("11m", conf(window()))
    assert spans(story, "12m") == ["0s..30m", "1h..1h30m"]


def test_what_somebody_ended_stays_ended_however_long_it_would_last() -> None:
    """Also when it has been over for longer than such things are remembered."""
    config = conf(window("0 0,12 * * *", "10h"), retention=timedelta(minutes=30))
    config = replace(config, groups=(group(rule("A"), interval="10m"),))
    story = Playbook(config).at("0s", "A", FIRES)
    (first, _) = listed(story, "1h")
    story.happens("2h", SilenceExpired(first.id))
    assert [one[:4] for one in spans(story, "3h")] == ["12h."]
    story.crash()
    assert [one[:4] for one in spans(story, "4h")] == ["12h."]
    story.reload("5h", replace(config, external_labels=Labels({"x": "y"})))
    assert [one[:4] for one in spans(story, "6h")] == ["12h."]
    story.run("12h1m")
    assert kept(story, Silence) == []


def test_what_somebody_made_longer_is_theirs() -> None:
    """The window may go from the file, what somebody made of its occurrence stays; after a restart as well."""
    story = play(window())
    current, _ = listed(story, "10m")
    story.happens("11m", SilenceSet(replace(current, ends_at=moment("5h")))).reload("12m", conf())
    assert spans(story, "13m") == ["0s..5h"]
    assert spans(story.crash(), "14m") == ["0s..5h"]


def test_a_configured_silence_follows_the_file() -> None:
    """Its id stays, so its end can be moved; and one that was over for long is not even taken in."""
    ident = "5b1e6f0c-0000-5000-8000-000000000001"
    story = play(silences=(silence("0s", "1h", ident),)).reload("10m", conf(silences=(silence("0s", "2h", ident),)))
    assert spans(story, "11m") == ["0s..2h"]
    assert spans(story.reload("12m", conf()), "13m") == []
    old = replace(silence("0s", "1h", ident), starts_at=T0 - timedelta(days=9), ends_at=T0 - timedelta(days=8))
    assert listed(play(silences=(old,)), "1m") == []


# -- windows that people set ------------------------------------------------------------------------------------------


def test_a_window_that_somebody_sets_opens_at_once() -> None:
    """It mutes like any other, also after a restart, and comes again."""
    story = play().happens("10m", WindowSet(window(id="one")))
    assert spans(story, "11m") == ["0s..30m", "1h..1h30m"]
    before = listed(story, "12m")
    assert listed(story.crash(), "13m") == before
    assert story.run("3h").told() == [
        "30s first notification: A firing",
        *(f"{at} unmuted: A firing" for at in ("30m30s", "1h30m30s", "2h30m30s")),
    ]


def test_the_end_of_a_window_ends_the_occurrence_that_is_on() -> None:
    """That it was on and was ended is kept for as long as anything that is over; then nothing is."""
    story = play(retention=timedelta(hours=3)).happens("5m", WindowSet(window(id="one")))
    current, _ = listed(story, "9m")
    story.happens("10m", WindowEnded("one", "bo")).happens("11m", WindowEnded("one", "ana"))
    assert spans(story, "12m") == []
    ended = replace(current, ends_at=moment("10m"), updated_at=moment("10m"), ended_by="bo")
    assert story.machine.muting.silences.get(current.id) == ended
    assert [one.ended_by for one in story.machine.silencing.windows] == ["bo"]
    assert spans(story.crash(), "15m") == []
    assert story.run("2h").told()[1:] == ["10m30s unmuted: A firing"]
    assert [type(one) for one in (*kept(story, Silence), *kept(story, Window))] == [Silence, Window]
    story.run("3h10m")
    assert kept(story, Silence) == kept(story, Window) == list(story.machine.silencing.windows) == []


def test_the_end_of_a_window_ends_also_what_somebody_made_of_its_occurrences() -> None:
    story = play().happens("5m", WindowSet(window(id="one")))
    current, ahead = listed(story, "9m")
    story.happens("10m", SilenceSet(replace(current, ends_at=moment("5h"))))
    story.happens("10m", SilenceSet(replace(ahead, ends_at=moment("6h"))))
    story.happens("11m", WindowEnded("one"))
    assert spans(story, "12m") == []
    assert spans(story.crash(), "13m") == []


def test_an_edit_of_a_window_counts_at_once_and_keeps_its_id() -> None:
    story = play().happens("5m", WindowSet(window(id="one"))).happens("6m", WindowSet(window(lasts="20m", id="one")))
    assert spans(story, "7m") == ["0s..20m", "1h..1h20m"]
    story.happens("8m", WindowSet(window(id="one", matcher_sets=B)))
    assert [one.matcher_sets for one in listed(story, "9m")] == [B, B]
    assert [one.id for one in story.machine.silencing.windows] == ["one"]
    assert spans(story.crash(), "10m") == ["0s..30m", "1h..1h30m"]


def test_a_window_that_was_ended_can_be_set_again() -> None:
    """What was ended with it stays ended; the next occurrence comes."""
    story = play().happens("5m", WindowSet(window(id="one"))).happens("6m", WindowEnded("one"))
    story.happens("7m", WindowSet(window(id="one")))
    assert spans(story, "8m") == ["1h..1h30m"]


def test_a_window_has_its_last_occurrence() -> None:
    """A window with an end is forgotten like a silence."""
    story = play(retention=timedelta(hours=1)).happens("5m", WindowSet(window(id="one", until=moment("1h10m"))))
    assert spans(story, "6m") == ["0s..30m", "1h..1h10m"]
    assert spans(story, "1h11m") == []
    assert kept(story.run("3h"), Window) == []


def test_silences_that_are_over_are_forgotten_in_time_though_nothing_else_happens() -> None:
    story = Playbook(conf(retention=timedelta(hours=2))).happens("1m", SilenceSet(silence("1m", "2m")))
    assert len(kept(story.run("2h1m"), Silence)) == 1
    assert kept(story.run("2h2m"), Silence) == []


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "kind", "said"),
    [
        (window(id="one", matcher_sets=()), Refusal.INVALID, "at least one matcher required"),
        (window(id="one", matcher_sets=((Matcher("a", ""),),)), Refusal.INVALID, "must not match the empty string"),
        (window(id="one", comment="\ud800"), Refusal.INVALID, "comment is not valid UTF-8"),
        (window(id="one", until=T0), Refusal.INVALID, "end time can't be in the past"),
        (window("30 * * * *", id="one", until=moment("20m")), Refusal.INVALID, "over before it begins"),
        (window(id="one", name="written"), Refusal.INVALID, 'a window "written" in the configuration; take another name'),
        (window(id="one", name="known"), Refusal.INVALID, 'a window "known" with the id two; take another name'),
        (window(name="written"), Refusal.WRITTEN, "stands in the configuration, under silences; edit it there, and reload"),
        (window(id="one", comment="x" * 50), Refusal.LIMIT, "window exceeded maximum size: 60 bytes (limit: 40 bytes)"),
        (window(id="one"), Refusal.LIMIT, "maximum number of windows: 1 (limit: 1), those that are over included"),
    ],
)
def test_windows_that_are_refused(wanted: Window, kind: Refusal, said: str) -> None:
    windows = Windows(Limits(silences=1, silence_size=40))
    windows.configure([window(name="written")], T0)
    assert windows.set(window(name="known", id="two"), T0) == window(name="known", id="two", updated_at=T0)
    before = list(windows)
    refused = windows.set(wanted, T0)
    assert isinstance(refused, SilenceError)
    assert (refused.kind, list(windows)) == (kind, before)
    assert said in str(refused)


def test_windows_that_cannot_be_ended() -> None:
    windows = Windows()
    windows.configure([window()], T0)
    found = [windows.end(name, T0) for name in (window().id, "none")]
    assert [one.kind for one in found if isinstance(one, SilenceError)] == [Refusal.WRITTEN, Refusal.NOT_FOUND]


def test_the_machine_refuses_what_is_wrong_without_a_trace() -> None:
    """Whoever submits has looked first; between looking and doing the world may have changed."""
    story = play(window(), limits=Limits(silences=3)).happens("1m", WindowSet(window()))
    story.happens("1m", WindowEnded(window().id)).happens("1m", WindowSet(window("30 * * * *", id="x")))
    assert spans(story, "2m") == ["0s..30m", "1h..1h30m"]
    story.happens("3m", SilenceSet(silence("3m", "4h"))).happens("4m", SilenceSet(silence("3m", "5h")))
    assert len(listed(story, "5m")) == 3
    assert story.machine.muting.silences.limits.silences == 3


def test_limits_and_the_kind_of_names_follow_a_reload() -> None:
    story = play().reload("1m", conf(limits=Limits(silences=7), matcher_mode=MatcherMode.CLASSIC)).run("2m")
    for each in (story.machine.silencing.silences, story.machine.silencing.windows):
        assert (each.limits, each.classic_names) == (Limits(silences=7), True)
