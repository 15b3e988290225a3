"""Random stories in which everything is in play that can keep an alert quiet: silences, windows, inhibition, the time of day.

They continue the stories of `test_properties`: rules, failures, moody receivers, reloads. Alerts are posted as well. Whatever
mutes is over by `END`, and what follows is quiet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import strategies as st

from evaluator.core.events import AlertsPosted, SilenceExpired, SilenceSet
from evaluator.core.labels import Labels, Matcher
from evaluator.core.limits import DEFAULT_LIMITS
from evaluator.core.muting.inhibition import InhibitRule
from evaluator.core.muting.intervals import NamedInterval, TimeInterval
from evaluator.core.muting.silence import MatcherSet, Silence
from evaluator.core.muting.windows import Window
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.core.settings import Settings
from tests.core.playbook import Playbook, moment, receiver, route
from tests.core.stories import BASE, END, LANES, VARIANTS, Story, to_dev, to_ops, tree
from tests.core.test_properties import stories

TARGETS: tuple[MatcherSet, ...] = (
    (Matcher("alertname", "A"),),
    (Matcher("alertname", "B"),),
    (Matcher("i", "a"),),
    (Matcher("alertname", "P"),),
)
BOSS = InhibitRule("boss", (Matcher("alertname", "B"),), (Matcher("alertname", "A"),), ("i",))
QUIET_MINUTES = NamedInterval("quiet", (TimeInterval(times=((3, 6),)),))
WINDOW = Window("each", TARGETS[:1], parse_cron("*/5 * * * *"), timedelta(minutes=1))


@dataclass(frozen=True)
class Silencing:
    """Somebody sets a silence, and may end it early. Seconds after the start; each length in seconds."""

    at: int
    target: int
    delay: int
    length: int
    ended: int | None = None

    def happen(self, play: Playbook, number: int) -> None:
        """As people do it, through the API."""
        starts = moment(f"{self.at + self.delay}s")
        ends = min(starts + timedelta(seconds=self.length), moment(f"{END}m"))
        name = f"s{number}"
        made = Silence((TARGETS[self.target],), starts, ends, "ana", "because", id="")
        play.happens(f"{self.at}s", SilenceSet(made, name))
        if self.ended is not None:
            play.happens(f"{self.at + self.ended}s", SilenceExpired(name))


@dataclass(frozen=True)
class Muted:
    """A story and what mutes in it. posts: when, which `i`, and whether it begins or is over. apart: a group for each alert."""

    story: Story
    silences: tuple[Silencing, ...] = ()
    posts: tuple[tuple[int, str, bool], ...] = ()
    inhibits: bool = False
    quiet: bool = False
    window: bool = False
    compatibility: bool = False
    apart: bool = False

    def configured(self, one: Settings) -> Settings:
        """A variant of the configuration, with this story's mutes. apart: and with a group for each alert."""
        root = tree(route("ops"), to_ops(None), to_dev(None)) if self.apart else one.route
        if self.quiet:
            root = replace(root, routes=tuple(replace(node, mute_time_intervals=("quiet",)) for node in root.routes))
        return replace(
            one,
            route=root,
            time_intervals=(QUIET_MINUTES,) if self.quiet else (),
            inhibit_rules=(BOSS,) if self.inhibits else (),
            windows=(WINDOW,) if self.window else (),
            compatibility=self.compatibility,
        )

    def play(self) -> Playbook:
        """The script, ready to run; all is over at the end."""
        play = self.story.play([self.configured(one) for one in MORE_VARIANTS])
        for number, silencing in enumerate(self.silences):
            silencing.happen(play, number)
        for at, which, begins in sorted(self.posts):
            _post(play, at, which, begins)
        for minute in range(10):  # whoever posts repeats it, also to somebody who was away
            for which in sorted({which for _, which, _ in self.posts}):
                _post(play, (END + minute) * 60 + 30, which, False)
        quietly = replace(self, quiet=False, window=False)
        return play.reload(f"{END}m2s", quietly.configured(BASE))


def _post(play: Playbook, at: int, which: str, begins: bool) -> None:
    labels = Labels({"alertname": "P", "i": which})
    ends_at = moment("10h") if begins else moment(f"{at}s")
    starts_at = moment(f"{at}s") if begins else None
    play.happens(f"{at}s", AlertsPosted((PostedAlert(labels, (), starts_at, ends_at),)))


MORE_VARIANTS = (
    *VARIANTS,
    replace(BASE, limits=replace(DEFAULT_LIMITS, groups_per_route=1), route=tree(route("ops"), to_ops(None), to_dev(["i"]))),
    replace(BASE, route=tree(replace(route("ops"), routes=()), to_dev())),
    replace(BASE, receivers=(receiver("ops", 2, send_resolved=False), receiver("dev"))),
)

SECONDS = st.integers(0, END * 60 - 60)
SILENCES = st.lists(
    st.builds(
        Silencing,
        SECONDS,
        st.integers(0, len(TARGETS) - 1),
        st.sampled_from([0, 0, 0, 45, 200]),
        st.sampled_from([10, 70, 200, 700]),
        st.sampled_from([None, None, 5, 100]),
    ),
    max_size=4,
).map(tuple)
POSTS = st.lists(st.tuples(SECONDS, st.sampled_from("ab"), st.booleans()), max_size=5).map(tuple)


BOOLEANS = st.booleans()


@st.composite
def muted(draw: st.DrawFn, troubled: bool) -> Muted:
    """Anything that mutes, in any story."""
    flags = (draw(BOOLEANS) for _ in range(3))
    return Muted(draw(stories(troubled)), draw(SILENCES), draw(POSTS), *flags)


ANY_SECOND = st.integers(0, END * 60 - 1)
ANY_MOOD = st.sampled_from(["works", "fails", "permanent", "later", "taken", "lost"])
MOODS = st.lists(st.tuples(ANY_SECOND, st.sampled_from(LANES), ANY_MOOD), max_size=6)
RELOADS = st.lists(st.tuples(ANY_SECOND, st.integers(0, len(MORE_VARIANTS) - 1)), max_size=4)


@st.composite
def trying(draw: st.DrawFn) -> Muted:
    """With receivers that may also say nothing, and more reloads to choose from."""
    one = draw(muted(troubled=True))
    moods, reloads = tuple(draw(MOODS)), tuple(sorted(draw(RELOADS)))
    return replace(one, story=replace(one.story, receivers=moods, reloads=reloads))
