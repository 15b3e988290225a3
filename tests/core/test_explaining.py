"""What an explanation says, in timelines: every reason to be told or not, every mute, every state of a delivery."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.events import AlertsPosted, SilenceExpired, SilenceSet, TimerFired
from evaluator.core.explaining.explaining import explain, explain_labels, known
from evaluator.core.explaining.explanation import (
    Asserter,
    Explanation,
    GroupStory,
    IntegrationStory,
    RouteStory,
    Standing,
    Tick,
    Told,
)
from evaluator.core.explaining.explanation_texts import sentences
from evaluator.core.explaining.rehearsal import Prospect
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.muting.inhibition import InhibitRule
from evaluator.core.muting.intervals import NamedInterval, TimeInterval
from evaluator.core.muting.muting import MuteKind
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.notifying.dedup import Reason
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Receiver, Settings
from tests.core.playbook import NOTHING, T0, Playbook, failure, group, moment, offset, receiver, route, rule, series
from tests.core.playbook import settings as configured

OPS, DEV = "ops/console[0]", "dev/console[0]"
ALL = group(rule("A"), rule("B"), rule("Boss"))
BOSS = InhibitRule("", (Matcher("alertname", "Boss"),), (Matcher("alertname", "A"),))
ANY = (Matcher("alertname", ".+", MatchOp.REGEX),)


def play(root: Route | None = None, **more: object) -> Playbook:
    return Playbook(configured(ALL, root=root or route(), **more))


def silence(name: str, start: str, end: str) -> Silence:
    """Of the alert with this name."""
    return Silence(((Matcher("alertname", name),),), moment(start), moment(end), "ana", "because")


def about(story: Playbook, alertname: str = "A", now: str | None = None) -> Explanation:
    """The explanation of the one alert with this name, where the story stands."""
    (labels,) = [labels for labels in known(story.machine, "") if labels["alertname"] == alertname]
    found = explain(story.machine, labels.fingerprint, moment(now) if now else story.world.until)
    assert found is not None
    assert sentences(found)
    return found


def only_route(told: Explanation) -> RouteStory:
    (found,) = told.routes
    return found


def group_of(told: Explanation) -> GroupStory:
    found = only_route(told).group
    assert found is not None
    return found


def integration(told: Explanation, name: str = OPS) -> IntegrationStory:
    """Its story in the first group that has it."""
    groups = [one.group for one in told.routes if one.group is not None]
    return next(one for each in groups for one in each.integrations if one.name == name)


def prospect(at: str, reason: Reason, again: bool = False) -> Prospect:
    return Prospect(moment(at), str(reason), again)


# -- the reasons ------------------------------------------------------------------------------------------------------


def test_before_the_first_notification() -> None:
    told = about(play().at("1m", "A", series("A")).run("80s"))
    one, held_by = integration(told), group_of(told)
    assert (told.standing, told.since, one.told, one.decision) == (Standing.FIRING, moment("1m"), Told.NEVER, None)
    assert (held_by.considered_at, held_by.tick) == (moment("90s"), Tick.WAIT)
    assert one.outlook.decides == one.outlook.sends == one.outlook.tells == prospect("90s", Reason.FIRST)


def test_after_it_the_repeat_is_next() -> None:
    told = about(play().at("0s", "A", series("A")).run("10m"))
    one = integration(told)
    assert (one.told, one.told_at, one.repeat_at) == (Told.FIRING, moment("30s"), moment("4h30s"))
    assert one.outlook.tells == prospect("4h30s", Reason.REPEAT)
    assert (group_of(told).considered_at, group_of(told).tick) == (None, None)


def test_what_is_new_waits_for_the_tick() -> None:
    told = about(play().at("0s", "A", series("A")).at("1m", "B", series("B")).run("2m"), "B")
    one = integration(told)
    assert (one.told, one.told_at) == (Told.NEVER, moment("30s"))
    assert (group_of(told).considered_at, group_of(told).tick) == (moment("5m30s"), Tick.INTERVAL)
    assert one.outlook.tells == prospect("5m30s", Reason.NEW)


def test_an_end_waits_for_the_tick() -> None:
    told = about(play().at("0s", "A", series("A")).at("2m", "A", NOTHING).run("3m"))
    assert (told.standing, told.since) == (Standing.RESOLVED, moment("2m"))
    assert integration(told).outlook.tells == prospect("5m30s", Reason.ALL_RESOLVED)


def test_an_end_among_others_is_told_with_them() -> None:
    story = play().at("0s", "A", series("A")).at("0s", "B", series("B")).at("2m", "A", NOTHING).run("3m")
    assert integration(about(story)).outlook.tells == prospect("5m30s", Reason.SOME_RESOLVED)


def test_what_begins_and_ends_before_anybody_is_told_is_not_told() -> None:
    story = play(route(wait="5m")).at("0s", "A", series("A")).at("2m", "A", NOTHING).run("3m")
    one = integration(about(story))
    assert (one.outlook.decides, one.outlook.sends, one.outlook.until) == (prospect("5m", Reason.NEVER_TOLD), None, None)


def test_whoever_does_not_want_ends_is_not_told_of_them() -> None:
    story = play(receivers=[receiver(send_resolved=False)]).at("0s", "A", series("A")).at("2m", "A", NOTHING).run("3m")
    one = integration(about(story))
    assert (one.outlook.decides, one.outlook.sends) == (prospect("5m30s", Reason.RESOLVED_UNWANTED), None)
    assert "    It is not told when alerts are over (send_resolved: false)." in sentences(about(story))


def test_a_decision_that_finds_nothing_new() -> None:
    """An alert that ends and begins again between two ticks is the one that was told."""
    story = play().at("0s", "A", series("A")).at("1m", "A", NOTHING).at("2m", "A", series("A")).run("3m")
    one = integration(about(story))
    assert one.outlook.decides == prospect("5m30s", Reason.UNCHANGED)
    assert one.outlook.tells == prospect("4h30s", Reason.REPEAT)


def test_after_a_mute_it_is_told_once() -> None:
    story = play().at("0s", "A", series("A")).happens("2m", SilenceSet(silence("A", "2m", "20m"))).run("6m")
    one = integration(about(story))
    assert (one.told, one.held, one.decision and one.decision.reason) == (Told.FIRING, True, Reason.HELD)
    assert one.outlook.tells == prospect("20m30s", Reason.UNMUTED)


# -- the mutes --------------------------------------------------------------------------------------------------------


def test_who_has_ended_a_silence_is_named_while_the_alert_goes_on() -> None:
    """Not who nobody knows, and not of a silence that was over before the alert began."""
    story = play().happens("0s", SilenceSet(silence("A", "0s", "20m"), "s")).at("1m", "A", series("A"))
    story.happens("5m", SilenceExpired("s", "bo")).run("10m")
    told = about(story)
    assert [(one.id, one.ended_by) for one in told.lifted] == [("s", "bo")]
    assert "bo ended silence s by ana at 2026-01-01 00:05:00 UTC (5m ago)." in sentences(told)
    unsigned = play().happens("0s", SilenceSet(silence("A", "0s", "20m"), "s")).at("1m", "A", series("A"))
    assert about(unsigned.happens("5m", SilenceExpired("s")).run("10m")).lifted == ()
    before = play().happens("0s", SilenceSet(silence("A", "0s", "20m"), "s")).happens("1m", SilenceExpired("s", "bo"))
    assert about(before.at("2m", "A", series("A")).run("10m")).lifted == ()


def test_a_silence_is_named_with_its_author_and_its_end() -> None:
    story = play().happens("0s", SilenceSet(silence("A", "0s", "20m"))).at("1m", "A", series("A")).run("10m")
    told = about(story)
    (mute,) = only_route(told).mutes
    assert (mute.kind, mute.until) == (MuteKind.SILENCE, moment("20m"))
    assert [(one.created_by, one.comment, one.id) for one in mute.silences] == [("ana", "because", *mute.names)]
    assert integration(told).outlook.tells == prospect("21m30s", Reason.FIRST)


def test_an_inhibition_is_named_with_its_source() -> None:
    """Nothing is told of the target as long as the source fires, however often the others are told."""
    story = play(inhibit_rules=(BOSS,)).at("0s", "Boss", series("Boss", i="x")).at("1m", "A", series("A")).run("10m")
    told = about(story)
    (mute,) = only_route(told).mutes
    assert (mute.kind, mute.names, mute.until) == (MuteKind.INHIBITION, ("rule 1",), None)
    assert mute.inhibitor == {"alertname": "Boss", "i": "x"}
    outlook = integration(told).outlook
    assert (outlook.sends, outlook.tells) == (prospect("4h30s", Reason.REPEAT), None)
    assert outlook.until is not None
    assert outlook.until > moment("7d")


def test_an_inhibition_below_a_route_holds_there_alone() -> None:
    quiet = replace(route("dev"), key="{}/a", id="{}/a", matchers=ANY, continues=True, inhibit_rules=(BOSS,))
    loud = replace(route("ops"), key="{}/b", id="{}/b", matchers=ANY)
    story = play(replace(route(), routes=(quiet, loud)), receivers=[receiver("ops"), receiver("dev")])
    told = about(story.at("0s", "Boss", series("Boss")).at("0s", "A", series("A")).run("10m"))
    assert [(one.receiver, [mute.names for mute in one.mutes]) for one in told.routes] == [
        ("dev", [("rule 1 of route {}/a",)]),
        ("ops", []),
    ]
    assert [integration(told, name).outlook.tells for name in (DEV, OPS)] == [None, prospect("4h30s", Reason.REPEAT)]


NIGHT = NamedInterval("night", (TimeInterval(times=((0, 60),)),))
DAY = NamedInterval("day", (TimeInterval(times=((120, 180),)),))


@pytest.mark.parametrize(
    ("root", "kind", "name", "until", "tells"),
    [
        (replace(route(), mute_time_intervals=("night",)), MuteKind.MUTE_INTERVAL, "night", "1h", "1h1m30s"),
        (replace(route(), active_time_intervals=("day",)), MuteKind.ACTIVE_INTERVAL, "day", "2h", "2h1m30s"),
    ],
    ids=["mute", "active"],
)
def test_an_interval_is_named_with_its_end(root: Route, kind: MuteKind, name: str, until: str, tells: str) -> None:
    told = about(play(root, time_intervals=(NIGHT, DAY)).at("1m", "A", series("A")).run("10m"))
    (mute,) = only_route(told).mutes
    assert (mute.kind, mute.names, mute.until) == (kind, (name,), moment(until))
    assert integration(told).outlook.tells == prospect(tells, Reason.FIRST)
    assert group_of(told).tick is Tick.HOUR


def test_intervals_that_follow_each_other_are_one_night() -> None:
    """The end that is named is that of the last; one that never ends has none."""
    more = NamedInterval("more", (TimeInterval(times=((60, 90),)),))
    always = NamedInterval("always", (TimeInterval(),))
    for names, until in ((("night", "more"), moment("90m")), (("night", "always"), None)):
        root = replace(route(), mute_time_intervals=names)
        told = about(play(root, time_intervals=(NIGHT, more, always)).at("1m", "A", series("A")).run("10m"))
        assert only_route(told).mutes[0].until == until


def test_everything_that_mutes_is_named() -> None:
    """Ending one of them alone would change nothing."""
    root = replace(route(), mute_time_intervals=("night",))
    story = play(root, time_intervals=(NIGHT,), inhibit_rules=(BOSS,)).at("0s", "A", series("A"))
    story.at("0s", "Boss", series("Boss")).happens("1m", SilenceSet(silence("A", "1m", "20m"))).run("10m")
    kinds = [mute.kind for mute in only_route(about(story)).mutes]
    assert kinds == [MuteKind.MUTE_INTERVAL, MuteKind.INHIBITION, MuteKind.SILENCE]


def test_a_window_that_is_yet_to_come_is_foreseen() -> None:
    """The occurrence that is on ends when the next begins, so the alert is told in neither."""
    window = Window("hourly", ((Matcher("alertname", "A"),),), parse_cron("0 * * * *"), timedelta(minutes=58))
    story = play(route(interval="7m"), windows=(window,)).at("1m", "A", series("A")).run("10m")
    outlook = integration(about(story)).outlook
    assert outlook.tells == prospect("3h59m30s", Reason.FIRST)
    assert story.run("4h").told() == ["3h59m30s first notification: A firing"]


# -- routes and receivers ---------------------------------------------------------------------------------------------


def test_every_route_that_is_taken_is_told_with_its_path() -> None:
    first = replace(route("dev", by=["alertname"]), key="{}/a", id="{}/a", matchers=ANY, continues=True)
    second = replace(route("ops"), key="{}/b", id="{}/b", matchers=(Matcher("alertname", "A"),))
    story = play(replace(route(), routes=(first, second)), receivers=[receiver("ops"), receiver("dev")])
    told = about(story.at("0s", "A", series("A")).run("1m"))
    assert [(one.receiver, str(one.path)) for one in told.routes] == [
        ("dev", 'everything > alertname=~".+"'),
        ("ops", 'everything > alertname="A"'),
    ]
    assert [one.group and one.group.labels for one in told.routes] == [{"alertname": "A"}, {}]
    assert '  alertname=~".+" (child 1 of 2) says `continue`, so the route after it was tried too.' in sentences(told)


def test_a_receiver_that_tells_nobody() -> None:
    told = about(play(receivers=[Receiver("ops")]).at("0s", "A", series("A")).run("1m"))
    assert not only_route(told).sends
    assert group_of(told).integrations == ()
    assert "  Receiver ops has no integration that sends, so nobody is told on this route." in sentences(told)


def test_a_route_that_a_reload_takes_away_says_goodbye() -> None:
    """Until then its group is shown, with the reason; the alert itself goes on elsewhere."""
    both = (receiver("ops"), receiver("dev"))
    config = configured(ALL, receivers=both)
    story = Playbook(config).at("0s", "A", series("A")).reload("2m", replace(config, route=route("dev"))).run("3m")
    told = about(story)
    assert told.standing is Standing.FIRING
    new, old = told.routes
    assert (new.receiver, old.receiver, old.path) == ("dev", "ops", None)
    assert old.group is not None
    assert old.group.ended_why == "no longer routed here"
    assert integration(told).outlook.tells == prospect("5m30s", Reason.ALL_RESOLVED)
    assert "no longer routed here" in "\n".join(sentences(told))
    assert len(about(story.run("10m")).routes) == 1


def test_an_alert_that_is_over_but_for_a_goodbye_is_still_known() -> None:
    """Its rule and its route went together: the group that has yet to hear of it remembers."""
    config = configured(ALL, receivers=(receiver("ops"), receiver("dev")))
    story = Playbook(config).at("0s", "A", series("A"))
    story.reload("2m", replace(config, route=route("dev"), groups=())).run("3m")
    told = about(story)
    assert (told.standing, told.why) == (Standing.RESOLVED, "rule removed")
    assert integration(told).outlook.tells == prospect("5m30s", Reason.ALL_RESOLVED)


# -- deliveries -------------------------------------------------------------------------------------------------------


def failing(permanent: bool = False, retry_after: float | None = None, until: str = "35s") -> Playbook:
    story = play().receiver_fails("0s", OPS, permanent, retry_after)
    return story.at("0s", "A", series("A")).run(until)


def test_a_delivery_that_failed_is_tried_again() -> None:
    one = integration(about(failing()))
    row = one.undelivered
    assert row is not None
    assert (row.attempts, row.error, row.under_way, row.permanent) == (5, "503 from the server", False, False)
    assert row.since == moment("30s")
    assert row.retry_at is not None
    assert one.outlook.sends == one.outlook.tells == Prospect(row.retry_at, str(Reason.FIRST), again=True)


def test_what_a_receiver_asks_for_is_waited_for() -> None:
    one = integration(about(failing(retry_after=100.0)))
    assert one.outlook.sends == prospect("130s", Reason.FIRST, again=True)


def test_what_is_refused_for_good_is_decided_anew() -> None:
    one = integration(about(failing(permanent=True)))
    assert one.undelivered is not None
    assert (one.undelivered.permanent, one.undelivered.retry_at) == (True, None)
    assert one.outlook.sends == prospect("5m30s", Reason.FIRST)


def test_a_flush_that_comes_first_takes_the_place_of_what_waits() -> None:
    """It finds that there is nothing to tell any more; a retry that comes first sends what was decided."""
    found = []
    for interval in ("5m", "2m"):
        story = play(route(interval=interval)).receiver_fails("0s", OPS, retry_after=290.0)
        one = integration(about(story.at("0s", "A", series("A")).at("1m", "A", NOTHING).run("70s")))
        assert one.undelivered is not None
        found.append((one.outlook.sends, one.outlook.decides))
    assert found == [
        (prospect("5m20s", Reason.FIRST, again=True), prospect("5m30s", Reason.ALL_RESOLVED)),
        (None, prospect("2m30s", Reason.NEVER_TOLD)),
    ]


def test_an_attempt_that_is_under_way_counts_as_accepted() -> None:
    story = play()
    story.takes = timedelta(minutes=2)
    one = integration(about(story.at("0s", "A", series("A")).run("1m")))
    assert one.undelivered is not None
    assert (one.undelivered.under_way, one.undelivered.tells, one.told) == (True, True, Told.NEVER)
    assert one.outlook.tells == prospect("4h30s", Reason.REPEAT)


def test_one_that_waits_does_not_speak_of_what_came_later() -> None:
    story = play(route(interval="1h")).receiver_fails("0s", OPS).at("0s", "A", series("A")).at("1m", "B", series("B"))
    one = integration(about(story.run("90s"), "B"))
    assert one.undelivered is not None
    assert not one.undelivered.tells
    assert one.outlook.sends is not None
    assert (one.outlook.sends.reason, one.outlook.tells) == (Reason.FIRST, prospect("1h30s", Reason.NEW))


# -- who asserts it ---------------------------------------------------------------------------------------------------


def test_a_pending_alert_is_explained() -> None:
    """When it will fire, if its expression goes on to give it, and when it would be told."""
    story = Playbook(configured(group(rule("A", hold="150s")))).at("1m", "A", series("A")).run("70s")
    told = about(story)
    (wait,) = told.pending
    assert (told.standing, told.since, wait.fires_at) == (Standing.PENDING, moment("1m"), moment("4m"))
    assert (only_route(told).group, only_route(told).earliest) == (None, moment("4m30s"))
    assert story.run("10m").told() == ["4m30s first notification: A firing"]


def test_a_pending_alert_of_a_group_that_is_there_waits_for_its_tick() -> None:
    story = Playbook(configured(group(rule("A", hold="2m"), rule("B")))).at("0s", "B", series("B"))
    told = about(story.at("1m", "A", series("A")).run("70s"))
    assert only_route(told).earliest == moment("5m30s")
    assert story.run("10m").told()[1:] == ["5m30s new alerts added: A firing, B firing"]


def test_a_pending_alert_that_is_silenced_says_so() -> None:
    story = Playbook(configured(group(rule("A", hold="5m")))).happens("0s", SilenceSet(silence("A", "0s", "1h")))
    (mute,) = only_route(about(story.at("1m", "A", series("A")).run("2m"))).mutes
    assert mute.until == moment("1h")


def test_the_slot_that_is_being_answered_counts() -> None:
    """Its answer may be the one that lets the alert fire."""
    story = Playbook(configured(group(rule("A", hold="1m")))).at("0s", "A", series("A")).run("59s")
    story.machine.handle(TimerFired(), moment("1m"))
    assert about(story).pending[0].fires_at == moment("1m")


def test_an_alert_that_is_kept_firing_says_until_when() -> None:
    story = Playbook(configured(group(rule("A", keep="150s")))).at("0s", "A", series("A")).at("2m", "A", NOTHING).run("3m")
    (source,) = about(story).sources
    assert (source.absent_since, source.kept_until) == (moment("2m"), moment("5m"))
    assert story.run("10m").told()[-1] == "5m30s all alerts resolved: A resolved"


def test_a_rule_that_fails_is_why_an_alert_stays() -> None:
    (source,) = about(play().at("0s", "A", series("A")).at("1m", "A", failure()).run("90s")).sources
    assert (source.kind, source.name, source.group, source.error) == (Asserter.RULE, "A", "g", "connection refused")


def test_a_posted_alert_says_when_it_is_over() -> None:
    posted = PostedAlert(Labels({"alertname": "P"}), ends_at=moment("20m"))
    (source,) = about(play().happens("1m", AlertsPosted((posted,))).run("2m"), "P").sources
    assert (source.kind, source.over_at) == (Asserter.POSTED, moment("20m"))


def test_a_built_in_alert_says_so() -> None:
    told = about(failing(permanent=True, until="2m"), "EvaluatorNotificationFailing")
    assert [source.kind for source in told.sources] == [Asserter.BUILT_IN]


def test_external_labels_belong_to_what_an_alert_is_called() -> None:
    """It is found by either fingerprint, pending or firing."""
    story = Playbook(configured(group(rule("A", hold="2m")), external_labels=Labels({"cluster": "x"})))
    story.at("0s", "A", series("A")).run("1m")
    whole = Labels({"alertname": "A", "cluster": "x"})
    for _ in range(2):
        assert (
            known(story.machine, Labels({"alertname": "A"}).fingerprint) == known(story.machine, whole.fingerprint) == [whole]
        )
        assert about(story).labels == whole
        story.run("5m")


def test_an_alert_that_was_over_lately_is_remembered_by_its_rule() -> None:
    """Everybody has been told; what is left is what the rule knows, and where such an alert goes."""
    told = about(play().at("0s", "A", series("A")).at("1m", "A", NOTHING).run("10m"))
    assert (told.standing, told.since, told.sources) == (Standing.RESOLVED, moment("1m"), ())
    assert (only_route(told).receiver, only_route(told).group) == ("ops", None)


def test_an_unknown_alert() -> None:
    """There is no explanation for a fingerprint; with labels, from elsewhere, there is where it would go."""
    machine = play().run("1m").machine
    labels = Labels({"alertname": "Gone"})
    assert explain(machine, labels.fingerprint, moment("1m")) is None
    assert known(machine, "") == []
    told = explain_labels(machine, labels, moment("1m"))
    assert (told.standing, told.since, only_route(told).receiver) == (Standing.GONE, None, "ops")
    assert sentences(told)[1].startswith("It is neither pending nor firing")


def test_a_fingerprint_may_be_cut_short() -> None:
    story = play().at("0s", "A", {**series("A", i="x"), **series("A", i="y")}).run("1m")
    one, two = known(story.machine, "")
    assert known(story.machine, one.fingerprint[:15]) == [one]
    assert known(story.machine, two.fingerprint) == [two]


# -- what it leaves alone ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("down", [None, "0s", "8s"])
@pytest.mark.parametrize("instant", ["20s", "31s", "3m", "12m"])
def test_what_is_foreseen_comes_also_after_a_restart(instant: str, down: str | None) -> None:
    """Then, and for the same reason."""
    story = play().happens("0s", SilenceSet(silence("A", "2m", "20m"))).at("0s", "A", series("A")).run(instant)
    told = integration(about(story)).outlook.tells
    assert told is not None
    if down is not None:
        story.crash(after=down)
        assert integration(about(story, now=instant)).outlook.tells == told
    assert f"{offset(told.at)} {told.reason}: A firing" in story.run("30m").told()


def settings_with_everything() -> Settings:
    root = replace(route(by=["alertname"]), mute_time_intervals=("night",))
    return configured(ALL, root=root, time_intervals=(NIGHT,), inhibit_rules=(BOSS,))


def test_to_explain_changes_nothing() -> None:
    """A machine that is asked at every step does what one does that is never asked."""
    runs = []
    for asked in (False, True):
        story = Playbook(settings_with_everything()).at("0s", "A", series("A")).at("3m", "Boss", series("Boss"))
        story.receiver_fails("0s", OPS).receiver_works("62m", OPS).at("13m", "Boss", NOTHING).at("70m", "A", NOTHING)
        story.happens("5m", SilenceSet(silence("A", "5m", "40m")))
        for minute in range(0, 100, 9):
            story.run(f"{minute}m")
            for labels in known(story.machine, "") if asked else ():
                assert explain(story.machine, labels.fingerprint, T0 + timedelta(minutes=minute)) is not None
        runs.append(story.effects)
    assert runs[0] == runs[1]
