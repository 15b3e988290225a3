"""Profiles, components, escalations and contacts in the configuration."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.core.http import Secret
from evaluator.core.incidents.policy import (
    AckTerms,
    Component,
    Escalation,
    Hours,
    Level,
    ProfileStep,
    Quiet,
    Repeat,
    Target,
    TargetKind,
)
from evaluator.core.receivers.general import EmailSettings, WebhookSettings
from evaluator.core.receivers.paging import PagerdutySettings
from evaluator.core.receivers.phones import NtfySettings, TwilioSettings
from evaluator.core.settings import Settings, SlackSettings

ACCOUNTS = """\
global:
  slack_app_token: xoxb-1
  smtp_smarthost: mail.example.org:587
  smtp_from: evaluator@example.org
  telegram_bot_token: "1:2"
  twilio_account_sid: AC1
  twilio_auth_token: hush
  twilio_from: "+15550000000"
  ntfy_url: https://ntfy.example.org
  ntfy_token: tk_1
"""
GOOD = (Path(__file__).parent / "good" / "escalations.yml").read_text()


def read(tmp_path: Path, text: str) -> tuple[Settings | None, list[str]]:
    (tmp_path / "evaluator.yml").write_text(text)
    loaded = load(tmp_path / "evaluator.yml", environ={})
    return loaded.settings, [f"{one.position.line}:{one.position.column}: {one.message}" for one in loaded.problems]


def settings_of(tmp_path: Path, text: str) -> Settings:
    """Of a file without any problem."""
    settings, said = read(tmp_path, text)
    assert said == []
    assert settings is not None
    return settings


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def test_a_ladder_as_it_is_written(tmp_path: Path) -> None:
    """Levels at 0, 5, 15 and 30 minutes, with every term."""
    ladders = settings_of(tmp_path, GOOD).ladders
    person, schedule = TargetKind.PERSON, TargetKind.SCHEDULE
    assert ladders.escalations["ladder"] == Escalation(
        "ladder",
        levels=(
            Level("on-call", minutes(0), (Target(schedule, "primary"), Target(TargetKind.SLACK, "#incidents")), "page"),
            Level("backup", minutes(5), (Target(schedule, "backup"), Target(TargetKind.COMPONENT, "backup")), "page"),
            Level("manager", minutes(15), (Target(person, "mia"),), "page"),
            Level("director", minutes(30), (Target(person, "dan"),), "page"),
        ),
        repeat=Repeat(2, minutes(30)),
        ack=AckTerms(minutes(60), minutes(10), 1),
        hours=Hours("office", ("warning",)),
    )
    assert ladders.profiles == {
        "page": (ProfileStep(minutes(0), ("slack", "sms")), ProfileStep(minutes(3), ("sms", "email"))),
        "notice": (ProfileStep(minutes(0), ("slack",), Quiet(time(22), time(8))),),
    }
    runbook = "https://runbooks.example.org/billing"
    assert ladders.components == {"billing-api": Component("billing-api", "ana", "bo", runbook, "ladder")}


def test_a_level_without_a_name_is_called_after_whom_it_tells(tmp_path: Path) -> None:
    (level,) = settings_of(tmp_path, GOOD).ladders.escalations["daytime"].levels
    assert level.name == "component:owner"


def test_an_escalation_is_inherited_until_a_route_names_another_or_none(tmp_path: Path) -> None:
    below = "routes: [{matchers: [a=1]}, {matchers: [a=2], escalation: ''}, {matchers: [a=3], escalation: ladder}]"
    text = GOOD.replace("escalation: daytime}", f"escalation: daytime, {below}}}")
    route = settings_of(tmp_path, text).route
    assert [(one.escalation, one.dry_run) for one in route.walk()] == [
        (None, False),
        ("ladder (dry run: drill-sink)", True),
        ("ladder", False),
        ("daytime", False),
        ("daytime", False),
        ("", False),
        ("ladder", False),
    ]


def test_people_and_channels_are_receivers_with_an_integration_for_each_way(tmp_path: Path) -> None:
    contacts = settings_of(tmp_path, GOOD).ladders.contacts
    assert {one.name: [integration.name for integration in one.integrations] for one in contacts} == {
        "person:ana": ["email", "sms", "slack"],
        "person:bo": ["sms", "slack"],
        "person:mia": ["sms", "slack"],
        "person:dan": ["email", "sms"],
        "slack:#incidents": ["slack"],
    }


def test_contacts_are_sent_by_the_accounts_of_global(tmp_path: Path) -> None:
    """Every way, each with the texts of pages."""
    text = ACCOUNTS + (
        "people: {ana: {email: ana@example.org, sms: '+34600000001', slack: U01ANA, telegram: '42', pagerduty: key,"
        " ntfy: ana, webhook: https://hooks.example.org/ana}}\n"
    )
    (ana,) = settings_of(tmp_path, text).ladders.contacts
    settings = {integration.way: integration.settings for integration in ana.integrations}
    mail, sms, slack, ntfy = settings["email"], settings["sms"], settings["slack"], settings["ntfy"]
    assert isinstance(mail, EmailSettings)
    assert (mail.to, mail.sender, mail.smarthost) == ("ana@example.org", "evaluator@example.org", ("mail.example.org", 587))
    assert isinstance(sms, TwilioSettings)
    assert (sms.account_sid, sms.to, sms.sender) == ("AC1", ("+34600000001",), "+15550000000")
    assert sms.http.basic_auth is not None
    assert sms.http.basic_auth.password == Secret("hush")
    assert isinstance(slack, SlackSettings)
    assert (slack.channel, slack.update_message) == ("U01ANA", True)
    assert isinstance(ntfy, NtfySettings)
    assert (ntfy.url, ntfy.topic) == ("https://ntfy.example.org", "ana")
    assert ntfy.http.authorization is not None
    assert isinstance(settings["pagerduty"], PagerdutySettings)
    assert settings["pagerduty"].routing_key == Secret("key")
    assert isinstance(settings["webhook"], WebhookSettings)
    assert settings["webhook"].url == Secret("https://hooks.example.org/ana")


def test_the_keys_of_pagerduty_and_webhooks_are_secrets(tmp_path: Path) -> None:
    """What is shown of a person does not have them, and they may stand in files of their own."""
    text = "people: {ana: {pagerduty: abc, webhook_file: hook}}\n"
    settings = settings_of(tmp_path, text)
    assert settings.duty.people[0].contacts == {"pagerduty": "<secret>", "webhook": "<secret>"}
    (contact,) = settings.ladders.contacts
    webhook = contact.integrations[1].settings
    assert isinstance(webhook, WebhookSettings)
    assert webhook.url == Secret(path=tmp_path / "hook")


def test_a_topic_of_ntfy_may_be_on_a_server_of_ones_own(tmp_path: Path) -> None:
    text = "people: {ana: {ntfy: 'https://push.example.org/ana'}}\n"
    (contact,) = settings_of(tmp_path, text).ladders.contacts
    ntfy = contact.integrations[0].settings
    assert isinstance(ntfy, NtfySettings)
    assert (ntfy.url, ntfy.topic) == ("https://push.example.org", "ana")


def test_an_acknowledgement_of_zero_is_for_ever(tmp_path: Path) -> None:
    text = GOOD.replace("ack:       {timeout: 60m, ", "ack:       {timeout: 0s, ")
    assert settings_of(tmp_path, text).ladders.escalations["ladder"].ack.timeout is None


def test_severities_and_the_age_of_incidents_are_the_files(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "severities: [meh, bad]\nincidents: {retention: 30d}\n")
    assert settings.ladders.severities == ("meh", "bad")
    assert settings.ladders.rank("bad") == 1
    assert settings.incident_retention == timedelta(days=30)


MISTAKES = [
    ("via: [slack_dm, sms]", "via: [slack_dms, sms]", '8:27: "slack_dms" is no way to reach people'),
    ("{at: 3m, via: [sms, email]}", "{at: 0m, via: [email]}", 'the steps of profile "page" do not follow one another'),
    ("{at: 3m, via: [sms, email]}", "{at: 3m}", "a step of a profile without via"),
    ("owner: ana, backup: bo", "owner: anna, backup: bo", 'undefined person "anna"'),
    ("backup: bo", "backup: person:bo", '"person:bo": backup of a component is a person, without saying so'),
    ("owner: ana, backup: bo", "backup: bo", 'component "billing-api" has a backup and no owner'),
    ("billing, escalation: ladder", "billing, escalation: lader", 'undefined escalation "lader"'),
    ("person:mia", "person:mya", 'undefined person "mya"'),
    ("person:mia", "mia", '"mia" names nobody'),
    ("person:mia", "persons:mia", '"persons:mia" names nobody'),
    ("schedule:backup", "schedule:backups", 'undefined schedule "backups"'),
    ("component:backup", "component:deputy", '"component:deputy" names nobody'),
    ("person:mia", "receiver:mia", 'undefined receiver "mia"'),
    ("profile: notice", "profile: note", 'undefined profile "note"'),
    ("at: 5m,  name: backup", "at: 0m,  name: backup", "a level at 0s after one at 0s"),
    ("at: 5m,  name: backup", "name: backup", "missing at in a level"),
    ("notify: [person:dan]", "notify: []", 'level "director" tells nobody'),
    ("calendar: office, outside", "calendar: offce, outside", 'undefined calendar "offce"'),
    ("severity: [warning], do", "severity: [warnign], do", 'undefined severity "warnign"'),
    ("severity: [warning], do: hold", "do: hold", "outside of these hours nothing is held"),
    ("remind_before: 10m", "remind_before: 60m", "a reminder 1h before an acknowledgement ends that lasts 1h"),
    ("by: 1", "by: 0", "by cannot be zero"),
    ("times: 2, every: 30m", "times: 2, every: 0s", "every cannot be zero"),
    ("if_nobody: next", "if_nobody: skip", '"if_nobody": must be one of next, wait, fail, not "skip"'),
    ("escalation: daytime}", "escalation: day}", 'undefined escalation "day" used in route'),
]


@pytest.mark.parametrize(("written", "instead", "problem"), MISTAKES)
def test_one_mistake_is_one_problem_with_its_place(tmp_path: Path, written: str, instead: str, problem: str) -> None:
    assert written in GOOD
    _, said = read(tmp_path, GOOD.replace(written, instead, 1))
    assert len(said) == 1
    assert said[0].endswith(problem)


@pytest.mark.parametrize("name", ["escalations", "reliability", "owners"])
def test_ladders_as_teams_write_them_down_load_as_they_are(name: str) -> None:
    """Four levels, at 0, 5, 15 and 30 minutes; people, rotations, channels and receivers; nothing to complain of."""
    loaded = load(Path(__file__).parent / "good" / f"{name}.yml", environ={})
    assert loaded.problems == ()
    assert loaded.settings is not None
    ladders = [one for one in loaded.settings.ladders.escalations.values() if len(one.levels) > 1]
    assert {tuple(level.at for level in one.levels) for one in ladders} == {tuple(map(minutes, (0, 5, 15, 30)))}


def test_a_rotation_may_own_a_component(tmp_path: Path) -> None:
    """People of other schedules are checked as those are that a level names itself."""
    text = (Path(__file__).parent / "good" / "owners.yml").read_text()
    _, said = read(tmp_path, text.replace("owner: schedule:ledger", "owner: schedule:leger"))
    assert said == ['21:19: undefined schedule "leger"']
    _, said = read(tmp_path, text.replace("pru: {email: pru@example.org}", "pru: {}"))
    assert said == ['9:8: "pru" cannot be reached', '31:41: level "backup" cannot tell "pru": there is no way to reach them']


def test_texts_of_pages_are_tried_on_an_incident(tmp_path: Path) -> None:
    """So that a file of templates may count on there being one; what is not there is found."""
    (tmp_path / "page.tmpl").write_text('{{ define "page.text" }}{{ .Incident.Number }} {{ .Incident.LevelName }}{{ end }}')
    settings_of(tmp_path, "templates: [page.tmpl]\n")
    (tmp_path / "page.tmpl").write_text('{{ define "page.text" }}{{ .Incident.Nummer }}{{ end }}')
    _, (said,) = read(tmp_path, "templates: [page.tmpl]\n")
    assert said.startswith('1:37: template "page.text": fails for an example notification: ')
