"""Ladders whose pieces are right and that would not do what they promise."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.core.incidents.policy import Target, TargetKind

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BASE = """\
global: {smtp_smarthost: 'mail.example.org:587', smtp_from: a@example.org}
people:
  ana: {email: ana@example.org}
  bo: {email: bo@example.org}
profiles:
  page: [{at: 0m, via: [email]}, {at: 3m, via: [email]}]
schedules:
  primary: {layers: [{rotation: [ana, bo], every: 1 week, start: 2026-01-05}]}
components:
  api: {owner: ana, backup: bo}
receivers: [{name: team, console_configs: [{}]}]
route: {receiver: team, escalation: ladder}
escalations:
  ladder:
    levels:
      - {at: 0m, name: first, notify: [schedule:primary], profile: page}
      - {at: 5m, name: second, notify: [person:bo], profile: page}
"""


def problems(tmp_path: Path, text: str, now: datetime | None = None) -> list[str]:
    """As `LINE:COLUMN: severity: message; remedy`."""
    (tmp_path / "evaluator.yml").write_text(text)
    found = load(tmp_path / "evaluator.yml", environ={}, now=now).problems
    return [f"{one.position.line}:{one.position.column}: {one.severity}: {one.message}; {one.remedy}" for one in found]


def test_nothing_is_wrong_with_what_is_right(tmp_path: Path) -> None:
    assert problems(tmp_path, BASE, NOW) == []


SLACK = "smtp_from: a@example.org, slack_api_url: 'https://hooks.slack.com/services/a'}"

FOUND: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "a person whom the profile cannot reach": (
        [("bo: {email: bo@example.org}", "bo: {ntfy: bo}")],
        [
            '16:40: error: level "first" cannot tell "bo": profile "page" goes by email; '
            "add email to bo, or use another profile",
            '17:41: error: level "second" cannot tell "bo": profile "page" goes by email; '
            "add email to bo, or use another profile",
        ],
    ),
    "a person whom nothing reaches": (
        [("bo: {email: bo@example.org}", "bo: {}")],
        [
            '4:7: warning: "bo" cannot be reached; add one of email, sms, slack, telegram, pagerduty, ntfy, webhook',
            '16:40: error: level "first" cannot tell "bo": there is no way to reach them; add sms, email or another way to bo',
            '17:41: error: level "second" cannot tell "bo": there is no way to reach them; add sms, email or another way to bo',
        ],
    ),
    "a person whom nothing reaches, and a level for every way": (
        [("bo: {email: bo@example.org}", "bo: {}"), ("notify: [person:bo], profile: page", "notify: [person:bo]")],
        [
            '4:7: warning: "bo" cannot be reached; add one of email, sms, slack, telegram, pagerduty, ntfy, webhook',
            '16:40: error: level "first" cannot tell "bo": there is no way to reach them; add sms, email or another way to bo',
            '17:41: error: level "second" cannot tell "bo": there is no way to reach them; add sms, email or another way to bo',
        ],
    ),
    "an account that is missing": (
        [("smtp_smarthost: 'mail.example.org:587', ", "")],
        [
            '3:16: error: "ana" cannot be told by email: global has no smtp_smarthost; add smtp_smarthost under global',
            '4:15: error: "bo" cannot be told by email: global has no smtp_smarthost; add smtp_smarthost under global',
        ],
    ),
    "an account that is missing, for a level that goes by every way": (
        [("bo: {email", "bo: {sms: '+15550000000', email"), ("notify: [person:bo], profile: page", "notify: [person:bo]")],
        ['4:13: error: "bo" cannot be told by sms: global has no twilio_account_sid; add twilio_account_sid under global'],
    ),
    "an account that is missing, and that nobody needs": (
        [("bo: {email", "bo: {sms: '+15550000000', email")],
        [],
    ),
    "an account that is missing for a channel": (
        [("[person:bo]", "['slack:#ops']")],
        [
            '17:41: error: "slack:#ops" cannot be told: global has no slack_app_token; '
            "add slack_app_token or slack_api_url under global"
        ],
    ),
    "a webhook of Slack for another channel": (
        [("smtp_from: a@example.org}", SLACK), ("[person:bo]", "['slack:#ops']")],
        [
            '17:41: warning: slack_api_url is an incoming webhook, which may write to its own channel in place of "#ops"; '
            "use slack_app_token in place of it"
        ],
    ),
    "a webhook of Slack for a person": (
        [
            ("smtp_from: a@example.org}", SLACK),
            ("bo: {email", "bo: {slack: U02BO, email"),
            ("notify: [person:bo], profile: page", "notify: [person:bo]"),
        ],
        [
            '4:15: error: "bo" cannot be told by slack: slack_api_url is an incoming webhook, which cannot write to people; '
            "use slack_app_token in place of it"
        ],
    ),
    "an address that is none": (
        [("bo@example.org", "bo")],
        ['4:15: error: not an address: "bo"; write it like ana@example.org'],
    ),
    "the name of a member of Slack": (
        [("bo: {email", "bo: {slack: '@bo', email")],
        [
            '4:15: warning: "@bo" is no id of Slack\'s; '
            "write the id of the member, like U01ABCDEF; it stands in the profile under Copy member ID"
        ],
    ),
    "a place that is none": (
        [("smtp_from: a", "telegram_bot_token: '1:2', smtp_from: a"), ("bo: {email", "bo: {telegram: bo, email")],
        ['4:18: error: telegram: "chat_id": not a whole number: "bo"; '],
    ),
    "a profile that begins without somebody": (
        [("{at: 0m, via: [email]}", "{at: 0m, via: [sms, ntfy]}")],
        [
            '16:40: warning: profile "page" tells "ana" nothing until 3m have passed; add sms or ntfy to ana',
            '16:40: warning: profile "page" tells "bo" nothing until 3m have passed; add sms or ntfy to bo',
            '17:41: warning: profile "page" tells "bo" nothing until 3m have passed; add sms or ntfy to bo',
        ],
    ),
    "a profile that is longer than the gap": (
        [("at: 5m", "at: 2m")],
        [
            '16:68: warning: profile "page" goes on until 3m after the level, and "second" fires after 2m; '
            "both will be told; shorten the profile, or wait for longer"
        ],
    ),
    "a profile that is longer than the way to the repeat": (
        [("    levels:", "    repeat: {times: 1, every: 3m}\n    levels:")],
        [
            '18:62: warning: profile "page" goes on until 3m after the level, and the ladder once more fires after 3m; '
            "both will be told; shorten the profile, or wait for longer"
        ],
    ),
    "a level that may be empty where that is not to be": (
        [("    levels:", "    if_nobody: fail\n    levels:")],
        [
            '17:39: error: level "first" may reach nobody, and if_nobody is fail; '
            "give its schedule a fallback, or name a person, a channel or a receiver as well"
        ],
    ),
    "a level that is never empty where that is not to be": (
        [("    levels:", "    if_nobody: fail\n    levels:"), ("primary: {", "primary: {fallback: [ana], ")],
        [],
    ),
    "a component without the one who is told": (
        [("[person:bo]", "[component:backup]"), ("backup: bo}\n", "backup: bo}\n  db: {owner: bo}\n")],
        [
            '18:40: warning: component "db" has no backup, and level "second" tells nobody else; '
            "add it to the component, or tell a schedule as well"
        ],
    ),
    "owners, and no components": (
        [("components:\n  api: {owner: ana, backup: bo}\n", ""), ("[person:bo]", "[component:backup]")],
        ['15:41: error: "component:backup", and there are no components; add components: {NAME: {owner: PERSON}}'],
    ),
    "an owner who does not exist": (
        [("owner: ana", "owner: anna")],
        ['10:16: error: undefined person "anna"; did you mean "ana"?'],
    ),
    "a backup who is the owner": (
        [("backup: bo}", "backup: ana}")],
        ['10:29: warning: the backup of component "api" is its owner; name somebody else; one person is not told twice'],
    ),
    "more acknowledgements than people": (
        [("    levels:", "    ack: {by: 3}\n    levels:")],
        ["15:15: warning: it takes 3 people to acknowledge, and 2 are told; lower it, or tell more people"],
    ),
    "a ladder that nobody climbs": (
        [("route: {receiver: team, escalation: ladder}", "route: {receiver: team}")],
        [
            '14:3: warning: escalation "ladder" is used by no route and no component; '
            "add escalation: ladder to a route, or remove it"
        ],
    ),
    "a dry run of nothing": (
        [("escalation: ladder}", "escalation: ladder, routes: [{matchers: [a=b], escalation: '', dry_run: true}]}")],
        ["12:97: error: a dry run without escalation: there is nothing to rehearse; add escalation, or remove dry_run"],
    ),
    "a receiver that tells nobody": (
        [("console_configs: [{}]}]\n", "console_configs: [{}]}, {name: void}]\n"), ("[person:bo]", "[receiver:void]")],
        ['17:41: warning: receiver "void" tells nobody; add an integration to it'],
    ),
    "somebody twice in one level": (
        [("[person:bo]", "[person:bo, person:bo]")],
        ['17:52: warning: "person:bo" stands twice in one level; remove one'],
    ),
    "quiet hours of what wakes people": (
        [("{at: 3m, via: [email]}", "{at: 3m, via: [email], quiet: '22:00-08:00'}")],
        ['6:64: error: profile "page" wakes people, it has no quiet hours; use another profile for what can wait'],
    ),
    "quiet hours of some days": (
        [("  page:", "  late: [{at: 0m, via: [email], quiet: 'Sat 22:00-08:00'}]\n  page:")],
        ["6:40: error: quiet hours are the same on every day; leave the days out"],
    ),
    "a severity twice": (
        [("global:", "severities: [a, b, a]\nglobal:")],
        ['1:20: error: severity "a" stands twice; remove one'],
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_is_found(tmp_path: Path, case: str) -> None:
    """Each case is what is written, and what stands there instead."""
    replacements, expected = FOUND[case]
    text = BASE
    for written, instead in replacements:
        assert written in text
        text = text.replace(written, instead, 1)
    assert problems(tmp_path, text) == expected


def test_hours_without_anybody_are_found_ahead_of_time(tmp_path: Path) -> None:
    """In the eight weeks from the instant that is given; without one nothing is said, for the file is as it was."""
    text = BASE.replace("start: 2026-01-05}]", "start: 2026-01-05, active: ['Mon-Fri 09:00-18:00']}], coverage: office")
    text += "calendars: {office: {open: ['Mon-Sat 09:00-18:00'], except: [2026-03-07]}}\n"
    assert problems(tmp_path, text) == []
    assert problems(tmp_path, text, NOW) == [
        '8:123: warning: nobody is on call in schedule "primary" from Sat 2026-03-14 09:00 UTC to Sat 2026-03-14 18:00 UTC,'
        " and 6 times more in the next 8 weeks; add a fallback or an override, or narrow the coverage"
    ]


def test_an_absence_is_a_gap_too(tmp_path: Path) -> None:
    """As far as it is that person's turn, on the clocks of the schedule."""
    away = "away: [{from: 2026-03-09, to: 2026-03-10}]"
    text = BASE.replace("bo: {email: bo@example.org}", f"bo: {{email: bo@example.org, time_zone: Europe/Stockholm, {away}}}")
    assert problems(tmp_path, text, NOW) == [
        '8:12: warning: nobody is on call in schedule "primary" from Mon 2026-03-09 00:00 UTC to Tue 2026-03-10 23:00 UTC;'
        " add a fallback or an override, or narrow the coverage"
    ]


def test_a_dry_run_tells_the_receiver_of_the_route_at_every_level(tmp_path: Path) -> None:
    """The levels come when they would, under a policy of another name; routes below may be in earnest again."""
    drill = "routes: [{matchers: [drill=true], dry_run: true, routes: [{matchers: [a=b], dry_run: false}]}]"
    (tmp_path / "evaluator.yml").write_text(BASE.replace("escalation: ladder}", f"escalation: ladder, {drill}}}"))
    settings = load(tmp_path / "evaluator.yml", environ={}).settings
    assert settings is not None
    assert [route.escalation for route in settings.route.walk()] == ["ladder", "ladder (dry run: team)", "ladder"]
    rehearsal = settings.ladders.escalations["ladder (dry run: team)"]
    earnest = settings.ladders.escalations["ladder"]
    assert [(level.name, level.at) for level in rehearsal.levels] == [(level.name, level.at) for level in earnest.levels]
    assert {level.notify for level in rehearsal.levels} == {(Target(TargetKind.RECEIVER, "team"),)}
