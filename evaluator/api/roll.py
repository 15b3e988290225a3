"""All alerts in the order in which the APIs list them, and those that a few matchers find, without asking each of them.

The roll is made anew when alerts came or went, or when routes changed, at the next request after that. For every label that
somebody filters by, it remembers which alerts have which value; a matcher is then asked once for each value there is, and what
it says of a value is remembered as well: that can never change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from evaluator.api.entries import Entry
from evaluator.core.alerts import Alert
from evaluator.core.labels import Matcher, MatchOp, compile_regex
from evaluator.core.settings import Settings
from evaluator.core.view import View

AT_ONCE = 250
"""Heads that are written before others have their turn: some milliseconds' worth."""

_LABELS = 64  # labels whose values are remembered; matchers, ten times as many
_VERDICTS = 200_000  # values that are remembered for all matchers together

ByValue = dict[str, list[Entry]]


class Roll:
    """The alerts of a running evaluator."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._settings: Settings | None = None
        self._turnover = -1
        self._entries: list[Entry] = []
        self._by_fingerprint: dict[str, Entry] = {}
        self._fresh: dict[str, Entry] = {}
        self._by_label: dict[str, ByValue] = {}
        self._found: dict[Matcher, list[Entry]] = {}
        self._verdicts: dict[Matcher, dict[str, bool]] = {}
        self._judged = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, fingerprint: str) -> Entry | None:
        """The alert with this fingerprint, as of the last `find`."""
        return self._by_fingerprint.get(fingerprint)

    def find(self, filters: Iterable[Matcher] = ()) -> list[Entry]:
        """The alerts that satisfy all of `filters`, those that are over too, by fingerprint. The list is not to be changed."""
        self._update()
        ordered = sorted(filters, key=self._breadth)
        if not ordered:
            return self._entries
        found = self._satisfying(ordered[0])
        for matcher in ordered[1:]:
            name = matcher.name
            verdicts = self._judge(matcher, {entry.labels.get(name, "") for entry in found})
            found = [entry for entry in found if verdicts[entry.labels.get(name, "")]]
        return found

    async def write(self, filters: Sequence[Matcher] = ()) -> None:
        """Do what takes long, for all that `find` would give, with turns for others in between."""
        await self._route()
        written = 0
        for entry in self.find(filters):
            if entry.stale:
                entry.head(self._view.texts)
                written += 1
                if written % AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def _route(self) -> None:
        """Find out who hears of the alerts that are new."""
        settings = self._view.settings
        if not self._is_old():
            return
        known = self._by_fingerprint if settings is self._settings else {}
        fresh = [alert for alert in self._view.machine.alerts if alert.fingerprint not in known]
        self._fresh = {}
        for number, alert in enumerate(fresh, 1):
            self._fresh[alert.fingerprint] = Entry(alert, settings.route)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _update(self) -> None:
        if not self._is_old():
            return
        settings, alerts = self._view.settings, self._view.machine.alerts
        former = self._entries if settings is self._settings else []
        entries = [entry for entry in former if alerts.get(entry.fingerprint) is entry.alert]
        known = {entry.fingerprint for entry in entries}
        entries += [self._entry(alert, settings) for alert in alerts if alert.fingerprint not in known]
        entries.sort(key=attrgetter("fingerprint"))
        self._entries, self._by_label, self._found = entries, {}, {}
        self._by_fingerprint = {entry.fingerprint: entry for entry in entries}
        self._settings, self._turnover, self._fresh = settings, alerts.turnover, {}

    def _is_old(self) -> bool:
        return self._view.settings is not self._settings or self._view.machine.alerts.turnover != self._turnover

    def _entry(self, alert: Alert, settings: Settings) -> Entry:
        """A new one, unless it was made already for the routes that there are."""
        made = self._fresh.get(alert.fingerprint)
        if made is not None and made.alert is alert and made.route is settings.route:
            return made
        return Entry(alert, settings.route)

    def _breadth(self, matcher: Matcher) -> int:
        """How many alerts satisfy it, for one that demands a value; more than there are for one that has to be asked."""
        if matcher.op is not MatchOp.EQUAL:
            return len(self._entries) + 1
        return len(self._values(matcher.name).get(matcher.value, ()))

    def _satisfying(self, matcher: Matcher) -> list[Entry]:
        if matcher.op is MatchOp.EQUAL:
            return self._values(matcher.name).get(matcher.value, [])
        if matcher not in self._found:
            if len(self._found) >= 10 * _LABELS:
                self._found = {}
            there = self._values(matcher.name)
            verdicts = self._judge(matcher, there)
            lists = (entries for value, entries in there.items() if verdicts[value])
            found = (entry for entries in lists for entry in entries)
            self._found[matcher] = sorted(found, key=attrgetter("fingerprint"))
        return self._found[matcher]

    def _judge(self, matcher: Matcher, values: Iterable[str]) -> dict[str, bool]:
        """What the matcher says of these values, and of some others."""
        if self._judged > _VERDICTS:
            self._verdicts, self._judged = {}, 0
        verdicts = self._verdicts.setdefault(matcher, {})
        fresh = [value for value in values if value not in verdicts]
        verdicts.update(_verdicts(matcher, fresh))
        self._judged += len(fresh) + 1
        return verdicts

    def _values(self, name: str) -> ByValue:
        """The alerts by their value of a label, each list by fingerprint; without the label it is empty."""
        values = self._by_label.get(name)
        if values is None:
            if len(self._by_label) >= _LABELS:
                self._by_label = {}
            values = self._by_label[name] = {}
            for entry in self._entries:
                values.setdefault(entry.labels.get(name, ""), []).append(entry)
        return values


def _verdicts(matcher: Matcher, values: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """What a matcher says of values. RE2 is asked only of those between the least and the greatest that can match.

    Asking costs microseconds, and most expressions begin with letters.
    """
    if not values or matcher.op not in (MatchOp.REGEX, MatchOp.NOT_REGEX):
        yield from ((value, matcher.accepts(value)) for value in values)
        return
    least, greatest = compile_regex(f"^(?:{matcher.value})$").possiblematchrange(64)
    for value in values:
        possible = least <= value.encode() <= greatest
        yield value, matcher.accepts(value) if possible else matcher.op is MatchOp.NOT_REGEX
