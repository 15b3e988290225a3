"""What mutes, as values: inhibition rules, time intervals, silences and maintenance windows; and the two switches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.config.intervals import local_zone
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.matchers import MatcherMode
from evaluator.core.muting.inhibition import InhibitRule
from evaluator.core.muting.intervals import NamedInterval, TimeInterval
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.silence_policy import SilencePolicy
from evaluator.core.muting.windows import Window
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.recurrence.rrule_texts import parse_rrule
from evaluator.core.settings import Settings

ROOT = "route: {receiver: team}\nreceivers: [{name: team}]\n"


def settings(tmp_path: Path, text: str, matcher_mode: MatcherMode | None = None) -> Settings:
    path = tmp_path / "evaluator.yml"
    path.write_text(text)
    loaded = load(path, environ={}, matcher_mode=matcher_mode)
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    assert loaded.problems == ()
    return loaded.settings


def test_inhibition_rules(tmp_path: Path) -> None:
    """All forms of a side hold together; an empty item is a rule that inhibits nothing, and keeps its number."""
    text = """\
inhibit_rules:
  -
  - name: outage
    source_match: {severity: critical}
    source_match_re: {team: a|b}
    source_matchers: ['zone=x, page!=no']
    target_matchers: [severity=~"warning|notice"]
    equal: [cluster, my.label]
"""
    assert settings(tmp_path, ROOT + text).inhibit_rules == (
        InhibitRule(),
        InhibitRule(
            "outage",
            (
                Matcher("page", "no", MatchOp.NOT_EQUAL),
                Matcher("severity", "critical"),
                Matcher("team", "^(?:a|b)$", MatchOp.REGEX),
                Matcher("zone", "x"),
            ),
            (Matcher("severity", "warning|notice", MatchOp.REGEX),),
            ("cluster", "my.label"),
        ),
    )


def test_a_route_has_inhibition_rules_of_its_own(tmp_path: Path) -> None:
    """They are not copied to its children: whoever asks looks along the path."""
    routes = "  routes: [{inhibit_rules: [{equal: [a]}], routes: [{matchers: [b=c]}]}]\n"
    route = settings(tmp_path, "receivers: [{name: team}]\nroute:\n  receiver: team\n" + routes).route.routes[0]
    assert route.inhibit_rules == (InhibitRule(equal=("a",)),)
    assert route.routes[0].inhibit_rules == ()


def test_labels_of_routes_are_merged_downwards(tmp_path: Path) -> None:
    text = """\
receivers: [{name: team, labels: {tier: "1"}}]
route:
  receiver: team
  labels: {team: a, kind: '{{ .Status }}'}
  routes: [{labels: {team: b}}]
"""
    path = tmp_path / "evaluator.yml"
    path.write_text(text)
    found = load(path, environ={}).settings
    assert found is not None
    assert found.route.labels == Labels({"team": "a", "kind": "{{ .Status }}"})
    assert found.route.routes[0].labels == Labels({"team": "b", "kind": "{{ .Status }}"})
    assert found.receivers[0].labels == Labels({"name": "team", "tier": "1"})


def test_time_intervals(tmp_path: Path) -> None:
    """Both spellings give one list; a part that is null does not matter, one that is empty never holds."""
    text = """\
time_intervals:
  - name: offhours
    time_intervals:
      - times: [{start_time: 17:00, end_time: 24:00}, {start_time: 22:00, end_time: 06:00}]
        weekdays: ['monday:friday', Sunday]
        location: Europe/Madrid
      - {days_of_month: ['-3:-1', 5], months: [1, november:february], years: [2030, '2031:2033'], weekdays: , times: []}
mute_time_intervals: [{name: empty}]
"""
    assert settings(tmp_path, ROOT + text).time_intervals == (
        NamedInterval("empty"),
        NamedInterval(
            "offhours",
            (
                TimeInterval(times=((1020, 1440), (1320, 360)), weekdays=((1, 5), (0, 0)), location="Europe/Madrid"),
                TimeInterval(
                    times=(),
                    days_of_month=((-3, -1), (5, 5)),
                    months=((1, 1), (11, 2)),
                    years=((2030, 2030), (2031, 2033)),
                ),
            ),
        ),
    )


def test_empty_items_of_time_intervals() -> None:
    """As in Alertmanager an empty element holds at all times, and an empty range of times never."""
    loaded = load(Path(__file__).parent / "warned" / "empty-items.yml", environ={})
    assert loaded.settings is not None
    assert loaded.settings.time_intervals == (
        NamedInterval("always", (TimeInterval(),)),
        NamedInterval("never", (TimeInterval(times=()),)),
    )


@pytest.mark.parametrize(
    ("zone", "expected"), [("Asia/Tokyo", "Asia/Tokyo"), (":Asia/Tokyo", "Asia/Tokyo"), ("/nowhere/at/all", "UTC")]
)
def test_local_is_the_zone_of_this_machine(zone: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    text = "time_intervals: [{name: a, time_intervals: [{location: Local}]}]\n"
    assert local_zone() == expected
    assert settings(tmp_path, ROOT + text).time_intervals[0].intervals[0].location == expected


def test_local_follows_the_link_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "zoneinfo" / "Asia").mkdir(parents=True)
    (tmp_path / "zoneinfo" / "Asia" / "Tokyo").touch()
    (tmp_path / "localtime").symlink_to(tmp_path / "zoneinfo" / "Asia" / "Tokyo")
    monkeypatch.setenv("TZ", str(tmp_path / "localtime"))
    assert local_zone() == "Asia/Tokyo"


def test_silences_and_windows(tmp_path: Path) -> None:
    text = """\
silences:
  - name: patching
    matchers: [team=infra, 'severity!=critical']
    comment: monthly patches
    created_by: ops
    schedule: 0 22 * * tue#2
    duration: 4h
    location: Europe/Berlin
  - matchers: ['{cluster="a"}']
    starts_at: 2030-01-31T22:00:00+01:00
    ends_at: 2030-02-01T06:00:00
    location: Europe/Berlin
"""
    found = settings(tmp_path, ROOT + text)
    patching = (Matcher("team", "infra"), Matcher("severity", "critical", MatchOp.NOT_EQUAL))
    assert found.windows == (
        Window(
            "patching",
            (patching,),
            parse_cron("0 22 * * tue#2"),
            timedelta(hours=4),
            "Europe/Berlin",
            "ops",
            "monthly patches",
        ),
    )
    (silence,) = found.silences
    assert silence == Silence(
        matcher_sets=((Matcher("cluster", "a"),),),
        starts_at=datetime(2030, 1, 31, 21, tzinfo=UTC),
        ends_at=datetime(2030, 2, 1, 5, tzinfo=UTC),
        created_by="configuration",
        id=silence.id,
    )


def test_a_window_by_an_rrule(tmp_path: Path) -> None:
    """Over several lines, as calendars write it; what it says of the end is that of the window."""
    text = """\
silences:
  - name: patching
    matchers: [team=infra]
    schedule: |
      DTSTART:20300102T220000
      RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=2
    duration: 4h
    location: Europe/Berlin
"""
    (window,) = settings(tmp_path, ROOT + text).windows
    assert window.schedule == parse_rrule("DTSTART:20300102T220000 RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=2")
    assert window.ends_at == datetime(2030, 1, 17, 1, tzinfo=UTC)


def ids(tmp_path: Path, *items: str) -> list[str]:
    return [silence.id for silence in settings(tmp_path, f"{ROOT}silences: [{', '.join(items)}]\n").silences]


def test_the_id_of_a_silence_follows_from_what_it_is(tmp_path: Path) -> None:
    """So that a reload finds it again, also after its end or its comment was edited; a name says more than content."""
    plain = "{matchers: [a=b], starts_at: 2030-01-01T00:00:00Z, ends_at: 2030-01-02T00:00:00Z}"
    longer = "{matchers: [a=b], comment: c, starts_at: 2030-01-01T00:00:00Z, ends_at: 2030-01-03T00:00:00Z}"
    other = "{matchers: [a=c], starts_at: 2030-01-01T00:00:00Z, ends_at: 2030-01-02T00:00:00Z}"
    named = "{name: x, matchers: [a=b], starts_at: 2030-01-01T00:00:00Z, ends_at: 2030-01-02T00:00:00Z}"
    moved = "{name: x, matchers: [a=c], starts_at: 2031-01-01T00:00:00Z, ends_at: 2031-01-02T00:00:00Z}"
    assert ids(tmp_path, plain) == ids(tmp_path, longer)
    assert ids(tmp_path, named) == ids(tmp_path, moved)
    assert len(set(ids(tmp_path, plain, other, named))) == 3


def test_a_silence_that_is_over_may_stay_in_the_file(tmp_path: Path) -> None:
    assert ids(tmp_path, "{matchers: [a=b], starts_at: 2001-01-01T00:00:00Z, ends_at: 2001-01-02T00:00:00Z}")


@pytest.mark.parametrize(
    ("text", "option", "mode", "name"),
    [
        ("", None, MatcherMode.FALLBACK, "my.label"),
        ("matcher_mode: fallback\n", None, MatcherMode.FALLBACK, "my.label"),
        ("matcher_mode: utf8-strict\n", None, MatcherMode.UTF8_STRICT, "my.label"),
        ("matcher_mode: classic\n", None, MatcherMode.CLASSIC, "my_label"),
        ("", MatcherMode.CLASSIC, MatcherMode.CLASSIC, "my_label"),
        ("matcher_mode: classic\n", MatcherMode.UTF8_STRICT, MatcherMode.UTF8_STRICT, "my.label"),
    ],
)
def test_the_language_of_matchers(text: str, option: MatcherMode | None, mode: MatcherMode, name: str, tmp_path: Path) -> None:
    """An option of the command counts more than the file; labels to group by follow the same rule as matchers."""
    routes = (
        f"receivers: [{{name: team}}]\nroute:\n  receiver: team\n  group_by: [{name}]\n  routes: [{{matchers: [{name}=a]}}]\n"
    )
    found = settings(tmp_path, text + routes, option)
    assert found.matcher_mode is mode
    assert found.route.group_by == {name}
    assert found.route.routes[0].matchers == (Matcher(name, "a"),)


def test_compatibility_is_off_unless_asked_for(tmp_path: Path) -> None:
    assert settings(tmp_path, ROOT).compatibility is False
    assert settings(tmp_path, ROOT + "compatibility: alertmanager\n").compatibility is True


def test_the_policy_for_silences(tmp_path: Path) -> None:
    """Without one nothing is objected to."""
    text = "silence_policy: {max_duration: 7d, min_matchers: 2, forbid_only: [team], max_alerts: 9, require_comment: yes}\n"
    policy = SilencePolicy(timedelta(days=7), 2, frozenset({"team"}), 9, require_comment=True)
    assert settings(tmp_path, ROOT + text).silence_policy == policy
    assert settings(tmp_path, f"{ROOT}silence_policy: {{confirm: true}}\n").silence_policy == SilencePolicy(confirm=True)
    assert settings(tmp_path, ROOT).silence_policy == SilencePolicy()
