"""Inhibition: an alert is muted while another, that explains it, fires.

A rule has a source side, a target side, and labels that must be equal. Alert T is inhibited by a rule when T matches the
target side and some firing alert S matches the source side, agrees with T on every label in `equal` (an absent label equals an
empty one), and, if T matches the source side as well, S does not also match the target side. The last clause keeps an alert, or
a class of alerts, from inhibiting itself. Whether S is muted itself does not matter, so chains work one step at a time.

That is Alertmanager's documented rule, but not quite what it does: it remembers one source per combination of equal labels, so
a source that has resolved, or that matches both sides, can hide another that counts. Here all sources are remembered.

Built-in alerts, which an Alertmanager has not got, are sources of rules alone whose source side asks for the alert's name. Who
wrote that what is critical mutes warnings did not mean a receiver that is away.

How this works: `source_changed` files each firing source of a rule under the values of its equal labels (its *slot*), those
that match both sides apart. Asking whether an alert is inhibited is then a look into the slots of the rules of which it is a
target; which these are is found out once per alert. A source that comes or goes mostly changes nothing, because another fires
in the same slot; when it does change something, the result says which slot, and so which alerts are worth another look.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field

from evaluator.core.frozen import frozen
from evaluator.core.labels import ALERT_NAME, Labels, Matcher, match_all
from evaluator.core.watching.meta import BUILT_IN

EqualValues = tuple[str, ...]


@frozen
class InhibitRule:
    """Without matchers a side matches every alert; without `equal` any source will do."""

    name: str = ""
    source_matchers: tuple[Matcher, ...] = ()
    target_matchers: tuple[Matcher, ...] = ()
    equal: tuple[str, ...] = ()

    def equal_values(self, labels: Labels) -> EqualValues:
        """The slot of an alert."""
        return tuple(labels.get(name, "") for name in self.equal)

    @property
    def names_no_source(self) -> bool:
        """Whether its source side asks nothing of an alert's name."""
        return all(matcher.name != ALERT_NAME for matcher in self.source_matchers)


@frozen
class Inhibitor:
    """Why an alert is inhibited. rule, name: number and name of the first rule that does. source: a fingerprint.

    scope: id of the route below which the rule holds; empty for one that holds everywhere.
    """

    rule: int
    name: str
    source: str
    scope: str = ""

    @property
    def title(self) -> str:
        """What people call the rule: its name, else its number in the list of the configuration in which it stands."""
        where = f" of route {self.scope}" if self.scope else ""
        return (self.name or f"rule {self.rule + 1}") + where


@frozen
class Touched:
    """A slot of a rule that began or ceased to inhibit.

    targets: it did for alerts that match the target side alone. two_sided: it did for alerts that match both sides.
    """

    rule: int
    values: EqualValues
    targets: bool
    two_sided: bool


@frozen
class _Place:
    """Where an alert stands in a rule, as a source or as a target. two_sided: whether it matches both sides."""

    rule: int
    values: EqualValues
    two_sided: bool


@dataclass(slots=True)
class _Slot:
    """The firing sources that agree on the equal labels: fingerprints, sorted so that the same one is always named first."""

    one_sided: list[str] = field(default_factory=list)
    two_sided: list[str] = field(default_factory=list)

    @property
    def effect(self) -> tuple[bool, bool]:
        """Whether targets are inhibited, and whether alerts that match both sides are."""
        return bool(self.one_sided or self.two_sided), bool(self.one_sided)

    def first(self, two_sided_target: bool) -> str | None:
        """The source to name as the inhibitor of a target."""
        sources = self.one_sided[:1] if two_sided_target else self.one_sided[:1] + self.two_sided[:1]
        return min(sources, default=None)


class Inhibitions:
    """The rules of one scope, the sources that fire, and the targets that were asked about.

    scope: see `Inhibitor`. moves: sources that came or went.
    """

    def __init__(self, rules: Iterable[InhibitRule], scope: str = "") -> None:
        self.moves = 0
        self._rules = tuple(rules)
        self._scope = scope
        self._slots: dict[tuple[int, EqualValues], _Slot] = {}
        self._sources: dict[str, tuple[_Place, ...]] = {}
        self._targets: dict[str, tuple[_Place, ...]] = {}
        self._targets_by_slot: dict[tuple[int, EqualValues], dict[str, bool]] = {}

    # -- sources ----------------------------------------------------------------------------------------------------------

    def source_changed(self, labels: Labels, fingerprint: str, firing: bool) -> tuple[Touched, ...]:
        """Any alert began or ceased to fire; the slots that this switched, none when it is no source or nothing new."""
        if not self._rules:
            return ()
        if not firing:
            places = self._sources.pop(fingerprint, ())
        elif fingerprint in self._sources:
            return ()
        else:
            places = tuple(self._source_places(labels))
            if places:
                self._sources[fingerprint] = places
        return tuple(touched for place in places if (touched := self._move(place, fingerprint, firing)) is not None)

    def _source_places(self, labels: Labels) -> Iterable[_Place]:
        built_in = labels.get(ALERT_NAME) in BUILT_IN
        for number, rule in enumerate(self._rules):
            if match_all(rule.source_matchers, labels) and not (built_in and rule.names_no_source):
                yield _Place(number, rule.equal_values(labels), match_all(rule.target_matchers, labels))

    def _move(self, place: _Place, fingerprint: str, firing: bool) -> Touched | None:
        self.moves += 1
        slot = self._slots.setdefault((place.rule, place.values), _Slot())
        sources = slot.two_sided if place.two_sided else slot.one_sided
        before = slot.effect
        if firing:
            insort(sources, fingerprint)
        else:
            del sources[bisect_left(sources, fingerprint)]
        after = slot.effect
        if not after[0]:
            del self._slots[place.rule, place.values]
        if before == after:
            return None
        return Touched(place.rule, place.values, before[0] != after[0], before[1] != after[1])

    # -- targets ----------------------------------------------------------------------------------------------------------

    def inhibitor(self, labels: Labels, fingerprint: str) -> Inhibitor | None:
        """What inhibits an alert now: the first rule that does, and its source with the lowest fingerprint."""
        if not self._rules:
            return None
        for place in self._places(labels, fingerprint):
            slot = self._slots.get((place.rule, place.values))
            source = slot.first(place.two_sided) if slot else None
            if source is not None:
                return Inhibitor(place.rule, self._rules[place.rule].name, source, self._scope)
        return None

    def touches(self, touched: Touched, labels: Labels) -> bool:
        """Whether the switch may have changed what `inhibitor` says of an alert with these labels."""
        return any(_concerns(touched, place) for place in self._places(labels, labels.fingerprint))

    def affected(self, touched: Touched) -> tuple[str, ...]:
        """The fingerprints of all alerts which the switch touches, of those that were asked about and not forgotten."""
        targets = self._targets_by_slot.get((touched.rule, touched.values), {})
        return tuple(name for name, two_sided in targets.items() if (touched.two_sided if two_sided else touched.targets))

    def forget(self, fingerprint: str) -> None:
        """An alert is gone for good: drop what was found out about it as a target."""
        for place in self._targets.pop(fingerprint, ()):
            targets = self._targets_by_slot[place.rule, place.values]
            del targets[fingerprint]
            if not targets:
                del self._targets_by_slot[place.rule, place.values]

    def _places(self, labels: Labels, fingerprint: str) -> tuple[_Place, ...]:
        places = self._targets.get(fingerprint)
        if places is None:
            places = self._targets[fingerprint] = tuple(self._target_places(labels))
            for place in places:
                self._targets_by_slot.setdefault((place.rule, place.values), {})[fingerprint] = place.two_sided
        return places

    def _target_places(self, labels: Labels) -> Iterable[_Place]:
        for number, rule in enumerate(self._rules):
            if match_all(rule.target_matchers, labels):
                yield _Place(number, rule.equal_values(labels), match_all(rule.source_matchers, labels))


def _concerns(touched: Touched, place: _Place) -> bool:
    if (place.rule, place.values) != (touched.rule, touched.values):
        return False
    return touched.two_sided if place.two_sided else touched.targets
