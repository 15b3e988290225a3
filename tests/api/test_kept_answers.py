"""What the APIs remember between requests never shows: every answer is as one that is made anew."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from evaluator.core.evaluation.rules import AlertingRule, RecordingRule, RuleGroup
from evaluator.core.events import AlertsPosted, Observation, Reloaded, SilenceExpired, SilenceSet
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.muting.inhibition import InhibitRule
from evaluator.core.muting.intervals import NamedInterval, TimeInterval
from evaluator.core.muting.silence import Silence
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.routing.routing import Route
from evaluator.core.settings import ConsoleSettings, Integration, Receiver, Settings
from tests.api.town import Town
from tests.effort import examples

SECOND = timedelta(seconds=1)
CONSOLE = (Integration("console", 0, True, ConsoleSettings()),)
ODD = NamedInterval("odd", (TimeInterval(times=((12 * 60 + 1, 12 * 60 + 3),)),))
EQUAL = (InhibitRule("", (Matcher("a", "1"),), (Matcher("a", "2"),), ("b",)),)
BELOW = (InhibitRule("", (Matcher("b", "1"),), (Matcher("b", "2"),), ()),)


def node(receiver: str, *matchers: Matcher, **more: Any) -> Route:
    """A route by `a`, quick to tell."""
    key = "".join(map(str, matchers)) + receiver
    waits = {"group_wait": SECOND, "group_interval": 20 * SECOND}
    return Route(receiver, key, key, matchers, group_by=frozenset("a"), **{**waits, **more})


CHILDREN = (
    node("db", Matcher("b", "1|2", MatchOp.REGEX), continues=True, inhibit_rules=BELOW),
    node("team", Matcher("b", ".+", MatchOp.REGEX), mute_time_intervals=("odd",), labels=Labels({"tier": "1"})),
)
LASTING = AlertingRule("L", "L", "l", "l", 40 * SECOND, 50 * SECOND)
RULE = AlertingRule("R", "R", "r", "r", annotations=(("summary", "{{ $labels.a }} at {{ $value }}"), ("plain", "x")))
BASE = Settings(
    None,
    (),
    (RuleGroup("g", "f", 30 * SECOND, (RULE, RecordingRule("rec", "rec", "x", "x"), LASTING), "main"),),
    node("team", routes=CHILDREN),
    (Receiver("team", CONSOLE), Receiver("db", CONSOLE)),
    inhibit_rules=EQUAL,
    time_intervals=(ODD,),
    resolve_timeout=timedelta(minutes=2),
)
VARIANTS = (
    BASE,
    replace(BASE, route=node("db", mute_time_intervals=("odd",))),
    replace(BASE, inhibit_rules=(), route=node("team", routes=CHILDREN[1:])),
    replace(BASE, external_labels=Labels({"c": "x"}), external_url="http://e"),
    replace(BASE, groups=()),
    replace(BASE, groups=(replace(BASE.groups[0], rules=(replace(RULE, annotations=(("other", "{{ $value }}"),)),)),)),
    replace(BASE, route=node("team", routes=(CHILDREN[0], replace(CHILDREN[1], labels=Labels({"tier": "2"}))))),
)

VALUES = st.sampled_from(["", "1", "2", "3"])
LABELS = st.builds(
    lambda a, b, job: Labels({k: v for k, v in (("alertname", "P"), ("a", a), ("b", b), ("job", job)) if v}),
    VALUES,
    VALUES,
    st.sampled_from(["", "x", "y"]),
)
OPS = st.builds(
    Matcher, st.sampled_from(["a", "b", "c"]), st.sampled_from(["", "1", "2", "1|3", ".+"]), st.sampled_from(MatchOp)
)
SILENCING = st.builds(Matcher, st.sampled_from(["a", "b"]), st.sampled_from(["1", "2", "3"]))
FLAGS = st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans())
DEEDS = st.one_of(
    st.tuples(st.just("post"), st.lists(LABELS, min_size=1, max_size=4), st.sampled_from([None, -1, 30, 90]), VALUES),
    st.tuples(st.just("answer"), st.lists(st.tuples(LABELS, st.sampled_from([0.0, -0.0, 1.0, 2.5])), max_size=3)),
    st.tuples(st.just("silence"), SILENCING, st.sampled_from([0, 40]), st.sampled_from([10, 100])),
    st.tuples(st.just("expire"), st.integers(0, 3)),
    st.tuples(st.just("reload"), st.sampled_from(VARIANTS)),
    st.tuples(st.just("wait"), st.sampled_from([0.25, 1, 25, 70, 300]), st.booleans()),
)
BEGINNING = ("post", [Labels({"alertname": "P", "a": a, "b": b}) for a in "12" for b in "12"], 300, "")
LOOKS = st.tuples(st.lists(OPS, max_size=2), FLAGS)


def do(town: Town, deed: tuple[Any, ...]) -> None:
    """Something happens."""
    match deed:
        case ("post", labels, end, text):
            until = None if end is None else town.now + end * SECOND
            posted = (PostedAlert(each, (("summary", text),), None, until, f"http://p/{text}") for each in labels)
            town.happen(AlertsPosted(tuple(posted)))
        case ("answer", series):
            town.series["R"] = town.series["L"] = {labels: Observation(labels, value) for labels, value in series}
        case ("silence", matcher, begin, last):
            start = town.now + begin * SECOND
            town.happen(SilenceSet(Silence(((matcher,),), start, start + last * SECOND, "me", "work")))
        case ("expire", number):
            names = sorted(silence.id for silence in town.machine.muting.silences)
            town.happen(SilenceExpired(names[number] if number < len(names) else "none"))
        case ("reload", variant):
            town.happen(Reloaded(variant))
        case ("wait", seconds, late):
            town.wait(seconds * SECOND, late)


async def look(town: Town, filters: list[Matcher], flags: tuple[bool, bool, bool, bool]) -> None:
    """Ask for everything; each answer is as one made anew."""
    active, silenced, inhibited, muted = flags
    query = {"filter": [str(one) for one in filters], "active": active, "silenced": silenced, "inhibited": inhibited}
    states = (active, silenced, inhibited)
    assert await town.get("/api/v2/alerts", query) == town.fresh_alerts(filters, *states)
    assert await town.get("/api/v2/alerts/groups", {**query, "muted": muted}) == town.fresh_groups(filters, *states, muted)
    rules = await town.get("/api/v1/rules", {"exclude_alerts": muted})
    assert rules == {"status": "success", "data": {"groups": town.fresh_rules(bare=muted)}}
    assert (await town.get("/api/v1/alerts", {}))["data"] == {"alerts": town.fresh_rule_alerts()}
    assert await town.get("/api/evaluator/v1/alerts", {}) == town.fresh_native()


ALL: tuple[list[Matcher], tuple[bool, bool, bool, bool]] = ([], (True, True, True, True))
SEEN = Labels({"alertname": "P", "a": "3"})


def story(*deeds: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    """Somebody looks at everything after each deed."""
    return [(deed, ALL) for deed in deeds]


@example(story(("silence", Matcher("a", "1"), 0, 10), ("wait", 25, True), ("wait", 0.25, False)))
@example(story(("silence", Matcher("a", "1"), 40, 10), ("wait", 45, True), ("wait", 25, False)))
@example(story(*(deed for value in (1.0, 2.5, 0.0, -0.0) for deed in (("answer", [(SEEN, value)]), ("wait", 70, False)))))
@example(story(("wait", 25, False), ("reload", VARIANTS[6]), ("wait", 25, False), ("reload", BASE)))
@example(story(("wait", 70, False), ("wait", 70, False), ("wait", 300, True)))
@settings(max_examples=examples(12))
@given(st.lists(st.tuples(DEEDS, LOOKS), max_size=12))
def test_answers_are_as_if_made_anew(story: list[tuple[Any, Any]]) -> None:
    """Whatever happens between two requests, by event or by the clock, late timers included."""

    async def play() -> None:
        town = Town(BASE)
        do(town, BEGINNING)
        await look(town, *ALL)
        for deed, (filters, flags) in story:
            do(town, deed)
            await look(town, filters, flags)
        await look(town, *ALL)

    asyncio.run(play())
