"""Stories that a machine is taken through: a script of answers, moods of receivers and reloads, and the quiet after it.

Random ones are drawn in `test_properties`. Nothing here needs a test tool, so that another process begins one soon.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from evaluator.core.evaluation.answers import Failure
from evaluator.core.events import Observation
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Settings
from tests.core.playbook import NOTHING, Playbook, failure, group, receiver, route, rule, series
from tests.core.playbook import settings as configured

RULES = ("A", "B")
LANES = ("ops/console[0]", "ops/console[1]", "dev/console[0]")
END = 12
"""Minutes until everything works again and nothing is wrong any more; what follows is the epilogue."""
FINISHED = f"{END + 37}m"
"""When what is over has been forgotten."""


def tree(root: Route, *children: Route) -> Route:
    """The root with children that continue; each is named by its first matcher."""
    named = (
        replace(child, key=f"{{}}/{{{child.matchers[0]}}}", id=f"{{}}/{{{child.matchers[0]}}}/{n}", continues=True)
        for n, child in enumerate(children)
    )
    return replace(root, routes=tuple(named))


def to_dev(by: Iterable[str] | None = ()) -> Route:
    """A route of the developers for everything, the built-in alerts included."""
    everything = Matcher("alertname", ".*", MatchOp.REGEX)
    return replace(route("dev", by=by, interval="3m"), matchers=(everything,))


def to_ops(by: Iterable[str] | None = ()) -> Route:
    """A route of the operators."""
    return replace(route("ops", by=by), matchers=(Matcher("alertname", ".+", MatchOp.REGEX),))


BOTH = (receiver("ops", 2), receiver("dev"))
GROUPS = (group(rule("A", hold="1m"), rule("B", keep="2m")), group(rule("Finale"), name="finale", interval="4m"))
BASE = configured(*GROUPS, root=tree(route("ops"), to_ops(["alertname"]), to_dev()), receivers=BOTH)
VARIANTS = (
    BASE,
    replace(BASE, route=tree(route("ops"), to_ops(["i"]), to_dev())),
    replace(BASE, route=tree(route("ops"), to_ops(None), replace(to_dev(), group_interval=timedelta(minutes=7)))),
    replace(BASE, route=route("dev")),
    replace(BASE, route=route("ops", repeat="6m", wait="0s")),
    replace(BASE, receivers=(receiver("ops", 1), receiver("dev"))),
    replace(BASE, groups=(group(rule("A", hold="3m"), rule("B")), GROUPS[1])),
    replace(BASE, groups=(group(rule("B", keep="2m"), limit=1), GROUPS[1])),
    replace(BASE, groups=GROUPS[1:]),
    replace(BASE, external_labels=Labels({"cluster": "x"})),
    replace(BASE, groups=(group(rule("A", hold="1m"), rule("B"), interval="2m", datasource="other"), GROUPS[1])),
    replace(BASE, retention=timedelta(hours=1)),
)

Answer = tuple[dict[Labels, Observation] | Failure, bool]


@dataclass(frozen=True)
class Story:
    """What happens, in seconds after the start. reloads: numbers of variants. lasting: what fires in the end goes on."""

    answers: tuple[tuple[int, str, Answer], ...]
    receivers: tuple[tuple[int, str, str], ...] = ()
    reloads: tuple[tuple[int, int], ...] = ()
    takes: int = 0
    lasting: bool = False

    def play(self, variants: Sequence[Settings] = VARIANTS) -> Playbook:
        """The script, ready to run; after `END` all is well, and one last alert is told to everybody.

        variants: configurations that reloads may bring; it begins and ends with the first.
        """
        play = Playbook(variants[0])
        play.takes = timedelta(seconds=self.takes)
        for at, name, (answer, partial) in sorted(self.answers, key=lambda one: one[0]):
            play.at(f"{at}s", name, answer, partial)
        for at, lane, how in sorted(self.receivers):
            _receiver(play, at, lane, how)
        for at, variant in self.reloads:
            play.reload(f"{at}s", variants[variant])
        return self._epilogue(play, variants[0])

    def _epilogue(self, play: Playbook, final: Settings) -> Playbook:
        for name in () if self.lasting else RULES:
            play.at(f"{END}m", name, NOTHING)
        for lane in LANES:
            play.receiver_works(f"{END}m", lane)
        if self.reloads:
            play.reload(f"{END}m1s", final)
        play.at(f"{END + 12}m", "Finale", series("Finale")).at(f"{END + 20}m", "Finale", NOTHING)
        play.takes_until = f"{END}m"
        return play


def _receiver(play: Playbook, at: int, lane: str, how: str) -> None:
    match how:
        case "works":
            play.receiver_works(f"{at}s", lane)
        case "taken" | "lost":
            play.receiver_is_mute(f"{at}s", lane, takes=how == "taken")
        case "later":
            play.receiver_fails(f"{at}s", lane, retry_after=100.0)
        case _:
            play.receiver_fails(f"{at}s", lane, permanent=how == "permanent")


def long_story() -> Playbook:
    """Something of everything."""
    abc = {labels: seen for i in "abc" for labels, seen in series("A", i=i).items()}
    told: list[tuple[int, str, Answer]] = [
        (0, "A", (abc, False)),
        (60, "B", (failure(), False)),
        (240, "A", (failure(), False)),
    ]
    moods = ((30, "ops/console[0]", "fails"), (90, "dev/console[0]", "permanent"))
    reloads = tuple((60 * variant + 5, variant) for variant in range(len(VARIANTS)))
    return Story(tuple(told), moods, reloads, takes=5).play().run(FINISHED)
