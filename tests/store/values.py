"""Records of every kind: hypothesis strategies for all that they may hold, and a plain one of each for tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from evaluator.core.answers import Histogram
from evaluator.core.cron_texts import parse_cron
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.records import (
    AlertRecord,
    Annotations,
    Attempt,
    Decision,
    GroupRecord,
    LedgerRecord,
    Notification,
    NotifiedAlert,
    OutboxRecord,
    RuleAlertRecord,
    State,
    Transition,
)
from evaluator.core.silence import Silence
from evaluator.core.windows import Window

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

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
notifications = st.builds(
    Notification,
    receiver=texts,
    integration=texts,
    group_key=texts,
    group_labels=labels,
    reason=texts,
    alerts=st.lists(notified, max_size=3).map(tuple),
    at=times,
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
)
windows = st.builds(
    Window,
    name=texts,
    matcher_sets=st.lists(matcher_sets, max_size=3).map(tuple),
    schedule=st.sampled_from(["0 22 * * tue#2", "@daily", "*/5  0-3 L * friL"]).map(parse_cron),
    duration=st.integers(1, 10**15).map(lambda count: timedelta(microseconds=count)),
    location=st.sampled_from(["UTC", "Europe/Berlin", ""]),
    created_by=texts,
    comment=texts,
    until=maybe_times,
    id=texts.filter(bool),
    updated_at=maybe_times,
)
records = st.one_of(rule_alerts, alerts, groups, ledger, outbox, silences, windows)

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
notes = st.one_of(transitions, decisions, attempts)

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
ONE_OF_EACH = (RULE_ALERT, ALERT, GROUP, LEDGER, OUTBOX, SILENCE, WINDOW)

TRANSITION = Transition(NOON, "disk.yml;disk;DiskFull;0", DISK_FULL, None, State.PENDING, NOON, float("nan"))
DECISION = Decision(NOON, "{}/{}", "{}:{}", "{}", "ops/webhook[0]", "first", sent=True, firing=1, resolved=0)
ATTEMPT = Attempt(NOON, "1", "{}/{}", "ops/webhook[0]", 1, error="connection refused")
ONE_NOTE_OF_EACH = (TRANSITION, DECISION, ATTEMPT)
