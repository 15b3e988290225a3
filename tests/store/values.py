"""Records of every kind: hypothesis strategies for all that they may hold, and a plain one of each for tables."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from evaluator.core.evaluation.answers import Histogram
from evaluator.core.incidents.policy import (
    AckTerms,
    Escalation,
    Flapping,
    Hours,
    IfNobody,
    Level,
    OnResolve,
    Reaction,
    Repeat,
    Target,
    TargetKind,
)
from evaluator.core.incidents.records import (
    Happening,
    Hold,
    IncidentRecord,
    IncidentState,
    MaintenanceRecord,
    Moment,
    Notice,
    PageKind,
    PageRecord,
    PageState,
    Resolution,
)
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.oncall.oncall import Override
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.core.records import (
    AlertRecord,
    Annotations,
    Attempt,
    Decision,
    FiringRecord,
    GroupRecord,
    LedgerRecord,
    Notification,
    NotifiedAlert,
    OutboxRecord,
    Presence,
    RuleAlertRecord,
    State,
    Transition,
)
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.recurrence.schedule_texts import parse_schedule

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
V = TypeVar("V")


def varied(kind: type[V], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[V]:
    """Values of a dataclass that vary in every field that it has, so that none can be forgotten on its way."""
    assert fields.keys() == {field.name for field in dataclasses.fields(kind)}, kind  # type: ignore[arg-type]
    return st.builds(kind, **fields)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text("abcxyz_", min_size=1, max_size=6)
labels = st.builds(Labels, st.dictionaries(names, texts, max_size=4))
pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
ids = st.lists(texts, max_size=3).map(tuple)
times = st.datetimes(timezones=st.just(UTC)).map(lambda when: when.replace(fold=0))  # which says nothing in UTC
maybe_times = st.none() | times
counts = st.integers(0, 2**31)
buckets = st.lists(st.tuples(st.integers(0, 3), texts, texts, texts), max_size=2).map(tuple)
histograms = st.builds(Histogram, count=texts, sum=texts, buckets=buckets)
annotations = st.builds(
    Annotations,
    templates=pairs,
    series=labels,
    value=st.floats(),
    histogram=st.none() | histograms,
    expanded=st.none() | pairs,
    at_firing=st.none() | st.floats(),
)
notified = st.builds(
    NotifiedAlert,
    labels=labels,
    annotations=annotations,
    starts_at=times,
    ends_at=maybe_times,
    generator_url=texts,
    why=texts,
    known=st.booleans(),
)
spans = st.integers(0, 10**12).map(lambda count: timedelta(microseconds=count))
notices = varied(
    Notice,
    number=counts,
    kind=st.sampled_from(PageKind),
    page=texts,
    state=st.sampled_from(IncidentState),
    severity=texts,
    title=texts,
    epoch=counts,
    level=st.integers(-1, 9),
    level_name=texts,
    levels=counts,
    opened_at=times,
    whom=texts,
    owner=texts,
    component=texts,
    component_owner=texts,
    runbook=texts,
    late=spans,
    confirmed_at=maybe_times,
    text=texts,
    labels=labels,
    names=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
)
notifications = st.builds(
    Notification,
    receiver=texts,
    integration=texts,
    group_key=texts,
    group_labels=labels,
    reason=texts,
    alerts=st.lists(notified, max_size=3).map(tuple),
    at=times,
    incident=st.none() | notices,
    route_labels=labels,
)
rule_alerts = st.builds(
    RuleAlertRecord,
    rule=texts,
    labels=labels,
    state=st.sampled_from(State),
    active_at=times,
    annotations=annotations,
    fired_at=maybe_times,
    resolved_at=maybe_times,
    keep_firing_since=maybe_times,
)
alerts = st.builds(
    AlertRecord,
    labels=labels,
    starts_at=times,
    updated_at=times,
    ends_at=maybe_times,
    sources=ids,
    groups=ids,
    annotations=annotations,
    generator_url=texts,
    why=texts,
    within=texts,
    expires_at=maybe_times,
    guessed=st.booleans(),
)
groups = st.builds(
    GroupRecord,
    id=texts,
    route_id=texts,
    receiver=texts,
    group_key=texts,
    labels=labels,
    created_at=times,
    flush_at=times,
    flushed_at=maybe_times,
)
ledger = st.builds(
    LedgerRecord, group=texts, integration=texts, told_at=times, firing=ids, resolved=ids, receipt=pairs, muted=ids, unsure=ids
)
outbox = st.builds(
    OutboxRecord,
    id=texts,
    group=texts,
    receiver=texts,
    integration=texts,
    notification=notifications,
    created_at=times,
    attempts=counts,
    retry_at=maybe_times,
    error=texts,
    paced=st.booleans(),
    refused=st.booleans(),
)
plain_matchers = st.builds(Matcher, texts, texts, st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL]))
expressions = st.sampled_from(["", ".+", "db-[0-9]{1,3}", r"a\.b|ü", "(?i)x"])
regex_matchers = st.builds(Matcher, texts, expressions, st.sampled_from([MatchOp.REGEX, MatchOp.NOT_REGEX]))
matcher_sets = st.lists(plain_matchers | regex_matchers, max_size=4).map(tuple)
silences = st.builds(
    Silence,
    matcher_sets=st.lists(matcher_sets, max_size=3).map(tuple),
    starts_at=times,
    ends_at=times,
    created_by=texts,
    comment=texts,
    annotations=pairs,
    id=texts,
    updated_at=maybe_times,
    ended_by=texts,
)
windows = st.builds(
    Window,
    name=texts,
    matcher_sets=st.lists(matcher_sets, max_size=3).map(tuple),
    schedule=st.sampled_from(["0 22 * * tue#2", "*/5  0-3 L * friL", "DTSTART:20260106T220000 RRULE:FREQ=DAILY;COUNT=3"]).map(
        parse_schedule
    ),
    duration=st.integers(1, 10**15).map(lambda count: timedelta(microseconds=count)),
    location=st.sampled_from(["UTC", "Europe/Berlin", ""]),
    created_by=texts,
    comment=texts,
    until=maybe_times,
    id=texts.filter(bool),
    updated_at=maybe_times,
    ended_by=texts,
)

targets = varied(Target, kind=st.sampled_from(TargetKind), name=texts)
levels = varied(Level, name=texts, at=spans, notify=st.lists(targets, max_size=2).map(tuple), profile=texts)
policies = varied(
    Escalation,
    name=texts,
    levels=st.lists(levels, max_size=3).map(tuple),
    repeat=varied(Repeat, times=counts, every=spans),
    if_nobody=st.sampled_from(IfNobody),
    ack=varied(AckTerms, timeout=st.none() | spans, remind_before=spans, by=counts),
    on_new_alert=st.sampled_from(Reaction),
    on_severity_increase=st.sampled_from(Reaction),
    on_resolve=st.sampled_from(OnResolve),
    hours=st.none() | varied(Hours, calendar=texts, severities=ids),
    min_gap=spans,
    reopen_window=spans,
    resolve_ttl=spans,
    auto_close=spans,
    max_snooze=spans,
    flapping=st.none() | varied(Flapping, high=st.floats(0, 100), low=st.floats(0, 100)),
)
near = st.integers(0, 10**9).map(lambda count: NOON + timedelta(microseconds=count))
maybe_near = st.none() | near
incidents = varied(
    IncidentRecord,
    number=st.integers(1, 2**31),
    identity=texts,
    route=texts,
    labels=labels,
    policy=policies,
    severity=texts,
    worst=texts,
    state=st.sampled_from(IncidentState),
    opened_at=near,
    updated_at=near,
    seen_at=near,
    alerts=ids,
    component=texts,
    title=texts,
    epoch=counts,
    level=st.just(-1),
    level_at=maybe_near,
    rounds=counts,
    clock=spans,
    running_since=maybe_near,
    holds=st.lists(st.sampled_from(Hold), max_size=2).map(tuple),
    exhausted_at=maybe_near,
    owner=texts,
    ackers=ids,
    acked_at=near,
    acked_until=maybe_near,
    reminded=st.booleans(),
    by_link=st.booleans(),
    snoozed_until=near,
    recheck=st.booleans(),
    resolved_at=near,
    resolution=st.none() | st.sampled_from(Resolution),
    flaps=counts,
    previous=st.none() | counts,
    noise=texts,
    began_at=maybe_near,
    turns=st.lists(near, max_size=3).map(tuple),
    flapping=st.booleans(),
    skipped=st.lists(st.integers(0, 9), max_size=3).map(tuple),
    dismissed=ids,
    dismissed_at=maybe_near,
    visits=st.lists(st.tuples(texts, near), max_size=2).map(tuple),
)
pages = varied(
    PageRecord,
    incident=counts,
    epoch=counts,
    level=st.integers(-1, 9),
    whom=texts,
    way=texts,
    offset=spans,
    kind=st.sampled_from(PageKind),
    serial=counts,
    integration=texts,
    due_at=times,
    created_at=times,
    state=st.sampled_from(PageState),
    late=spans,
    text=texts,
    attempts=counts,
    sent_at=maybe_times,
    error=texts,
    receipt=pairs,
)
maintenance = varied(
    MaintenanceRecord,
    id=texts,
    matchers=matcher_sets,
    starts_at=times,
    ends_at=times,
    author=texts,
    reason=texts,
    component=texts,
)
overrides = varied(
    OverrideRecord,
    id=texts,
    schedule=texts,
    override=varied(Override, start=times, end=times, replace=texts, stand_in=texts, reason=texts, layer=counts),
    author=texts,
    made_at=maybe_times,
    source=texts,
)
firings = varied(FiringRecord, rule=texts, known_since=near, fired_at=maybe_near)
presences = st.builds(Presence, at=times)
plans = maintenance | overrides | firings | presences
records = st.one_of(rule_alerts, alerts, groups, ledger, outbox, silences, windows, incidents, pages, plans)

transitions = st.builds(
    Transition,
    at=times,
    rule=texts,
    labels=labels,
    before=st.none() | st.sampled_from(State),
    after=st.none() | st.sampled_from(State),
    active_at=times,
    value=st.floats(),
    why=texts,
)
decisions = st.builds(
    Decision,
    at=times,
    group=texts,
    group_key=texts,
    route=texts,
    integration=texts,
    reason=texts,
    sent=st.booleans(),
    firing=counts,
    resolved=counts,
    muted=counts,
    mutes=ids,
)
attempts = st.builds(
    Attempt,
    at=times,
    outbox=texts,
    group=texts,
    integration=texts,
    attempt=counts,
    error=texts,
    permanent=st.booleans(),
    receipt=pairs,
)
moments = varied(
    Moment,
    at=times,
    incident=counts,
    epoch=counts,
    what=st.sampled_from(Happening),
    detail=texts,
    by=texts,
    via=texts,
    source=texts,
    level=st.integers(-1, 9),
)
notes = st.one_of(transitions, decisions, attempts, moments)

DISK_FULL = Labels({"alertname": "DiskFull", "instance": "db-1"})
TOLD = Annotations(templates=(("summary", "{{ $labels.instance }} is full"),), series=DISK_FULL, value=float("inf"))
RULE_ALERT = RuleAlertRecord("disk.yml;disk;DiskFull;0", DISK_FULL, State.FIRING, NOON, TOLD, fired_at=NOON + SECOND)
ALERT = AlertRecord(DISK_FULL, NOON, NOON + SECOND, sources=("disk.yml;disk;DiskFull;0",), groups=("{}/{}",), annotations=TOLD)
GROUP = GroupRecord("{}/{}", "{}", "ops", "{}:{}", DISK_FULL.only(["alertname"]), NOON, NOON + SECOND)
LEDGER = LedgerRecord("{}/{}", "ops/webhook[0]", NOON, firing=(DISK_FULL.fingerprint,), receipt=(("ts", "1.2"),))
NOTIFICATION = Notification(
    "ops", "ops/webhook[0]", "{}:{}", GROUP.labels, "first", (NotifiedAlert(DISK_FULL, TOLD, NOON, None),), NOON + SECOND
)
OUTBOX = OutboxRecord(
    "1", "{}/{}", "ops", "ops/webhook[0]", NOTIFICATION, NOON + SECOND, attempts=2, retry_at=NOON + 9 * SECOND
)
SILENCE = Silence(
    (
        (Matcher("instance", "db-.*", MatchOp.REGEX), Matcher("env", "test", MatchOp.NOT_EQUAL)),
        (Matcher("alertname", "DiskFull"),),
    ),
    NOON,
    NOON + 3600 * SECOND,
    created_by="ann",
    comment="the disk is on its way",
    annotations=(("ticket", "OPS-1"),),
    id="5b1e6f0c-0000-5000-8000-000000000001",
    updated_at=NOON,
)
WINDOW = Window(
    "patch night",
    ((Matcher("env", "staging"),),),
    parse_cron("0 22 * * tue#2"),
    timedelta(hours=2),
    "Europe/Berlin",
    "ann",
    "updates",
    until=NOON + 86400 * SECOND,
    id="5b1e6f0c-0000-4000-8000-000000000002",
    updated_at=NOON,
)
MINUTES = 60 * SECOND
LADDER = Escalation(
    "ladder",
    (
        Level("on-call", 0 * MINUTES, (Target(TargetKind.SCHEDULE, "primary"), Target(TargetKind.SLACK, "#incidents")), "page"),
        Level("manager", 15 * MINUTES, (Target(TargetKind.PERSON, "mia"),), "page"),
    ),
    hours=Hours("office", ("warning",)),
)
INCIDENT = IncidentRecord(
    12,
    '{}/{alertname="DiskFull"}',
    "{}",
    GROUP.labels,
    LADDER,
    "critical",
    "critical",
    IncidentState.TRIGGERED,
    NOON,
    NOON + SECOND,
    NOON,
    alerts=(DISK_FULL.fingerprint,),
    title="DiskFull",
    level=0,
    level_at=NOON,
    running_since=NOON,
)
PAGE = PageRecord(
    12,
    1,
    0,
    "ana",
    "sms",
    3 * MINUTES,
    PageKind.PAGE,
    0,
    "person:ana/sms",
    NOON + 3 * MINUTES,
    NOON,
    PageState.SENT,
    attempts=1,
    sent_at=NOON + 3 * MINUTES,
    receipt=(("sid", "SM1"),),
)
MAINTENANCE = MaintenanceRecord(
    "m1", (Matcher("env", "prod"),), NOON, NOON + 60 * MINUTES, "ann", "moving the database", component="billing-api"
)
OVERRIDE = OverrideRecord(
    "o1", "primary", Override(NOON, NOON + 60 * MINUTES, "ana", "bo", "dentist"), "ana", made_at=NOON - SECOND
)
FIRING = FiringRecord("disk.yml;disk;DiskFull;0", NOON - 60 * MINUTES, NOON)
PRESENCE = Presence(NOON)
ONE_OF_EACH = (
    RULE_ALERT,
    ALERT,
    GROUP,
    LEDGER,
    OUTBOX,
    SILENCE,
    WINDOW,
    INCIDENT,
    PAGE,
    MAINTENANCE,
    OVERRIDE,
    FIRING,
    PRESENCE,
)

TRANSITION = Transition(NOON, "disk.yml;disk;DiskFull;0", DISK_FULL, None, State.PENDING, NOON, float("nan"))
DECISION = Decision(NOON, "{}/{}", "{}:{}", "{}", "ops/webhook[0]", "first", sent=True, firing=1, resolved=0)
ATTEMPT = Attempt(NOON, "1", "{}/{}", "ops/webhook[0]", 1, error="connection refused")
MOMENT = Moment(NOON, 12, 1, Happening.ACKED, "on it", "ana", "slack", "T024/U01ANA", level=0)
ONE_NOTE_OF_EACH = (TRANSITION, DECISION, ATTEMPT, MOMENT)
