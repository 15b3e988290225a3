"""Rules and their alerts as Prometheus' API writes them, in pieces of JSON that are kept until what they tell is different.

Ten thousand rules are asked for as often as somebody looks at them; most of them return nothing, and tell the same again and
again. As with alerts (see `entries`), a piece holds while the rule has the very objects that it was written from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec

from evaluator.api.entries import Texts
from evaluator.api.numbers import exponent
from evaluator.core.evaluation.alert import Life
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.evaluation.rules import AlertingRule, RecordingRule
from evaluator.core.evaluation.tracking import RuleEvaluation, Tracked
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, State
from evaluator.core.timestamps import rfc3339
from evaluator.core.view import View

AT_ONCE = 250
"""Alerts that are written before others have their turn."""


class WrittenAlert:
    """An alert of a rule."""

    __slots__ = ("_annotations", "_json", "_life", "tracked")

    def __init__(self, tracked: Tracked) -> None:
        self.tracked = tracked
        self._annotations: Annotations | None = None
        self._life: Life | None = None
        self._json = b""

    @property
    def stale(self) -> bool:
        """Whether it has to be written anew."""
        return self.tracked.annotations is not self._annotations or self.tracked.life is not self._life

    def json(self, texts: Texts) -> bytes:
        """The alert, and a comma."""
        if self.stale:
            tracked = self.tracked
            self._annotations, self._life = tracked.annotations, tracked.life
            since = tracked.life.keep_firing_since
            shown = {
                "labels": tracked.labels.as_dict(),
                "annotations": texts(self._annotations, tracked.rule.name),
                "state": str(tracked.life.state),
                "activeAt": rfc3339(tracked.life.active_at),
                "value": exponent(tracked.value),
                **({"keepFiringSince": rfc3339(since)} if since is not None else {}),
            }
            self._json = msgspec.json.encode(shown) + b","
        return self._json


class WrittenRule:
    """An alerting rule and its alerts."""

    __slots__ = ("_alerts", "_head", "_health", "_seen", "evaluation", "rule")

    def __init__(self, evaluation: RuleEvaluation) -> None:
        rule = self.rule = evaluation.rule
        self.evaluation = evaluation
        shown = {
            "name": rule.name,
            "query": rule.expr,
            "duration": rule.hold.total_seconds(),
            "keepFiringFor": rule.keep_firing_for.total_seconds(),
            "labels": rule.labels.as_dict(),
            "annotations": dict(rule.annotations),
            "type": "alerting",
        }
        self._head = msgspec.json.encode(shown)[:-1]
        self._seen: tuple[object, ...] = ()
        self._health = b""
        self._alerts: dict[Labels, WrittenAlert] = {}

    def alerts(self) -> list[WrittenAlert]:
        """Those that are pending or fire, in the order in which they began."""
        former, self._alerts = self._alerts, {}
        for labels, tracked in self.evaluation.alerts.items():
            if tracked.life.state is not State.INACTIVE:
                known = former.get(labels)
                self._alerts[labels] = known if known is not None and known.tracked is tracked else WrittenAlert(tracked)
        return list(self._alerts.values())

    def pieces(self, texts: Texts, bare: bool) -> Iterator[bytes]:
        """The rule, and a comma. bare: without its alerts."""
        yield self._head
        yield self._state()
        written = [] if bare or not self.evaluation.alerts else [one.json(texts) for one in self.alerts()]
        yield from written[:-1]
        if written:
            yield written[-1][:-1]
        yield b"]},"

    def _state(self) -> bytes:
        """How its evaluations go, up to the bracket that opens the alerts."""
        one = self.evaluation
        seen = (one.evaluated_at, one.health, one.error, one.seconds, one.state)
        if seen != self._seen:
            shown = {
                "health": str(one.health),
                **({"lastError": one.error} if one.error else {}),
                "evaluationTime": one.seconds,
                "lastEvaluation": rfc3339(one.evaluated_at),
                "state": one.state,
            }
            self._health = b"," + msgspec.json.encode(shown)[1:-1] + b',"alerts":['
            self._seen = seen
        return self._health


class Writing:
    """What has been written of the rules of a running evaluator."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._settings: object = None
        self._rules: dict[str, WrittenRule] = {}
        self._recording: dict[RecordingRule, bytes] = {}

    async def write(self) -> None:
        """Write the alerts that have to be, with turns for others in between."""
        written = 0
        for group in list(self._view.machine.groups.values()):
            for alert in self.alerts(group):
                if alert.stale:
                    alert.json(self._view.texts)
                    written += 1
                    if written % AT_ONCE == 0:
                        await asyncio.sleep(0)

    def alerts(self, group: GroupEvaluation) -> Iterator[WrittenAlert]:
        """Those of the group's rules that are pending or fire."""
        for evaluation in group.rules.values():
            if evaluation.alerts:
                yield from self._written(evaluation).alerts()

    def rule(self, group: GroupEvaluation, rule: AlertingRule | RecordingRule, bare: bool) -> Iterator[bytes]:
        """A rule as a few pieces, the last of which ends with a comma. bare: without its alerts."""
        if isinstance(rule, RecordingRule):
            yield self._written_recording(rule)
        else:
            yield from self._written(group.rules[rule.key]).pieces(self._view.texts, bare)

    def _written(self, evaluation: RuleEvaluation) -> WrittenRule:
        self._forget_former()
        known = self._rules.get(evaluation.rule.key)
        if known is None or known.evaluation is not evaluation or known.rule is not evaluation.rule:
            known = self._rules[evaluation.rule.key] = WrittenRule(evaluation)
        return known

    def _written_recording(self, rule: RecordingRule) -> bytes:
        self._forget_former()
        if rule not in self._recording:
            shown = {
                "name": rule.name,
                "query": rule.expr,
                "labels": rule.labels.as_dict(),
                "health": "unknown",
                "evaluationTime": 0,
                "lastEvaluation": rfc3339(None),
                "type": "recording",
            }
            self._recording[rule] = msgspec.json.encode(shown) + b","
        return self._recording[rule]

    def _forget_former(self) -> None:
        """After a reload texts may read differently, and rules may be gone."""
        if self._view.settings is not self._settings:
            self._settings, self._rules, self._recording = self._view.settings, {}, {}
