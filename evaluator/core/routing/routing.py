"""The route tree: which receivers hear of an alert, and how alerts are grouped on the way.

Semantics are Alertmanager's. A node is a candidate when all its matchers match. Its children are tried in order; each
that matches contributes its own results, and the first that matches without `continue` ends the search. A node none of
whose children matched is itself the result. So every alert reaches at least the root, and `continue` concerns only the
siblings of the node that carries it.

Routes arrive here with everything inherited: receiver, group_by and the three intervals are those that hold for the node.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.labels import NO_LABELS, Labels, Matcher, match_all
from evaluator.core.muting.inhibition import InhibitRule

DEFAULT_GROUP_WAIT = timedelta(seconds=30)
DEFAULT_GROUP_INTERVAL = timedelta(minutes=5)
DEFAULT_REPEAT_INTERVAL = timedelta(hours=4)


@frozen
class Route:
    """A node of the tree.

    key: the matchers from the root down, `{}/{team="a"}`; it goes into group keys that receivers see, and two siblings
    with equal matchers share it. id: unique and stable, `[name]`, else the parent's id and the matchers, numbered where
    these collide. group_by: label names; None groups by all labels (`...`). inhibit_rules: those that hold for this node
    and what is below it. labels: told with every notification; their values are templates.
    escalation: name of the policy by which people are chased; empty for none, None where the component may have one of its
    own. dry_run: a drill; nobody is woken.
    """

    receiver: str
    key: str = "{}"
    id: str = "{}"
    matchers: tuple[Matcher, ...] = ()
    continues: bool = False
    group_by: frozenset[str] | None = frozenset()
    group_wait: timedelta = DEFAULT_GROUP_WAIT
    group_interval: timedelta = DEFAULT_GROUP_INTERVAL
    repeat_interval: timedelta = DEFAULT_REPEAT_INTERVAL
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    inhibit_rules: tuple[InhibitRule, ...] = ()
    labels: Labels = NO_LABELS
    escalation: str | None = None
    dry_run: bool = False
    routes: tuple[Route, ...] = ()

    def match(self, labels: Labels) -> Iterator[Route]:
        """The routes that an alert with `labels` takes, in the order of the tree; never none when called on the root."""
        if not match_all(self.matchers, labels):
            return
        matched = False
        for child in self.routes:
            taken = list(child.match(labels))
            yield from taken
            if taken:
                matched = True
                if not child.continues:
                    break
        if not matched:
            yield self

    def group_labels(self, labels: Labels) -> Labels:
        """The labels that name the alert's group here; a label that the alert lacks is left out."""
        return labels if self.group_by is None else labels.only(self.group_by)

    def group_key(self, labels: Labels) -> str:
        """The text that receivers know the group by: `{}/{team="a"}:{alertname="X"}`."""
        return f"{self.key}:{self.group_labels(labels)}"

    def walk(self) -> Iterator[Route]:
        """This node and everything below it, depth first."""
        yield self
        for child in self.routes:
            yield from child.walk()
