"""The texts of one alerting rule: labels that decide an alert's identity, annotations that tell of it.

Labels follow Prometheus with one departure: a label whose template fails does not become an error text, which would be a
new identity; the failure is raised, and the evaluation keeps the state it had. Annotations become Prometheus' error text,
since a page with one broken line is better than none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from evaluator.core.evaluation.answers import Failure, Sample
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.events import Observation
from evaluator.core.labels import ALERT_NAME, METRIC_NAME, NO_LABELS, Labels
from evaluator.core.records import Annotations, Pairs
from evaluator.templating.errors import QueryNeeded, TemplateError
from evaluator.templating.go.quote import quoted
from evaluator.templating.scope import Scope
from evaluator.templating.texts import Text, compile_text

Queries = Mapping[str, Sequence[Sample] | Failure]
Failed = Callable[[str, TemplateError], None]
_NO_QUERIES: Final[Queries] = {}
_REMEMBERED: Final = 100_000
_PREFIX: Final = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)


class DuplicateLabels(ValueError):  # noqa: N818 -- named for what happened
    """Two series of one answer have the same labels once the rule's labels are applied."""

    def __init__(self, identity: Labels, first: Labels, second: Labels) -> None:
        self.identity = identity
        self.series = (first, second)
        super().__init__(
            "vector contains metrics with the same labelset after applying alert labels: "
            f"{identity} stands for both {first} and {second}"
        )


class LabelFailed(TemplateError):  # noqa: N818 -- named for what happened
    """The template of a label failed, so that it is not known which alert a series belongs to. `str()` names the label."""

    def __init__(self, label: str, error: TemplateError) -> None:
        self.label = label
        super().__init__(error.message, error.line, error.column, at=error.at, template=error.template, byte=error.byte)

    def __str__(self) -> str:
        return f'the template of label "{self.label}" failed: {super().__str__()}'


class RuleTexts:
    """The templates of one rule, read once."""

    def __init__(self, rule: AlertingRule, external_labels: Mapping[str, str], external_url: str) -> None:
        """Raises TemplateError for a text that cannot be read."""
        self.rule = rule
        self._external_labels = Labels(external_labels)
        self._external_url = external_url
        self._labels = [(name, compile_text(text)) for name, text in rule.labels.items()]
        self._annotations = [(name, compile_text(text)) for name, text in rule.annotations]
        self._fixed = all(text.pure and not text.uses_value for _, text in self._labels)
        self._identities: dict[Labels, Labels] = {}

    @property
    def labels_pure(self) -> bool:
        """Whether no label queries or depends on the time."""
        return all(text.pure for _, text in self._labels)

    @property
    def annotations_pure(self) -> bool:
        """Whether no annotation queries or depends on the time, so that all of them can be rendered late."""
        return all(text.pure for _, text in self._annotations)

    @property
    def annotations_literal(self) -> Pairs | None:
        """The finished annotations where none of them is a template."""
        if any(text.kind != "literal" for _, text in self._annotations):
            return None
        return self.rule.annotations

    def identity(self, sample: Sample, now: datetime, queries: Queries = _NO_QUERIES) -> Labels:
        """The labels of the alert that a sample stands for.

        The sample's labels without its name, then every label of the rule (an empty text takes the label away), then
        `alertname`. Raises TemplateError, QueryNeeded.
        """
        known = self._identities.get(sample.labels) if self._fixed else None
        if known is not None:
            return known
        identity = self._identity(sample, now, queries)
        if self._fixed:
            if len(self._identities) >= _REMEMBERED:
                self._identities.clear()
            self._identities[sample.labels] = identity
        return identity

    def _identity(self, sample: Sample, now: datetime, queries: Queries) -> Labels:
        scope = self._scope(sample, now, queries)
        labels = {name: value for name, value in sample.labels.items() if name != METRIC_NAME}
        for name, text in self._labels:
            try:
                value = text.render(scope)
            except TemplateError as error:
                raise LabelFailed(name, error) from error
            if value:
                labels[name] = value
            else:
                labels.pop(name, None)
        labels[ALERT_NAME] = self.rule.name
        return Labels(labels)

    def _scope(self, sample: Sample, now: datetime, queries: Queries) -> Scope:
        value = sample.histogram if sample.histogram is not None else sample.value
        return Scope(sample.labels, value, self._external_labels, self._external_url, now, queries)

    def annotations(
        self,
        annotations: Annotations,
        now: datetime,
        queries: Queries = _NO_QUERIES,
        failed: Failed | None = None,
    ) -> Pairs:
        """The finished texts of an alert's annotations; those that are finished already are returned as they are.

        A template that fails becomes Prometheus' `<error expanding template: …>`, and `failed` is told its name and the
        error. Raises QueryNeeded.
        """
        if annotations.expanded is not None:
            return annotations.expanded
        value = annotations.histogram if annotations.histogram is not None else annotations.value
        scope = Scope(annotations.series, value, self._external_labels, self._external_url, now, queries)
        texts = [(name, compile_text(text)) for name, text in annotations.templates]
        return _expanded(texts, scope, self.rule.name, failed)

    def observe(
        self,
        samples: Sequence[Sample],
        slot: datetime,
        queries: Queries = _NO_QUERIES,
        failed: Failed | None = None,
    ) -> dict[Labels, Observation]:
        """What an answer says of this rule's alerts.

        Annotations are expanded here only where they query or depend on the time. Raises DuplicateLabels, TemplateError
        (of a label), QueryNeeded.
        """
        observed: dict[Labels, Observation] = {}
        in_slot = not self.annotations_pure
        for sample in samples:
            identity = self.identity(sample, slot, queries)
            twin = observed.get(identity)
            if twin is not None:
                raise DuplicateLabels(identity, twin.series, sample.labels)
            texts = None
            if in_slot:
                texts = _expanded(self._annotations, self._scope(sample, slot, queries), self.rule.name, failed)
            observed[identity] = Observation(sample.labels, sample.value, sample.histogram, texts)
        return observed


def render_annotations(
    annotations: Annotations,
    external_labels: Mapping[str, str] = NO_LABELS,
    external_url: str = "",
    now: datetime | None = None,
    *,
    alert: str = "",
    failed: Failed | None = None,
) -> Pairs:
    """The finished texts of annotations as they are kept; see `RuleTexts.annotations`. Never raises.

    alert: the name to show in error texts. now: of what was expanded in its slot nothing depends on it.
    """
    if annotations.expanded is not None:
        return annotations.expanded
    value = annotations.histogram if annotations.histogram is not None else annotations.value
    scope = Scope(annotations.series, value, external_labels, external_url)
    if now is not None:
        scope = Scope(annotations.series, value, external_labels, external_url, now)
    return tuple((name, _late(name, text, scope, alert, failed)) for name, text in annotations.templates)


def _late(name: str, text: str, scope: Scope, alert: str, failed: Failed | None) -> str:
    try:
        return compile_text(text).render(scope)
    except TemplateError as error:
        return _failure(name, error, alert, failed)
    except QueryNeeded as needed:
        missing = TemplateError(f"the result of query {quoted(needed.expr)} was not kept")
        return _failure(name, missing, alert, failed)


def _expanded(texts: Sequence[tuple[str, Text]], scope: Scope, alert: str, failed: Failed | None) -> Pairs:
    pairs = []
    for name, text in texts:
        try:
            pairs.append((name, text.render(scope)))
        except TemplateError as error:
            pairs.append((name, _failure(name, error, alert, failed)))
    return tuple(pairs)


def _failure(name: str, error: TemplateError, alert: str, failed: Failed | None) -> str:
    if failed is not None:
        failed(name, error)
    return expansion_error(error, alert)


def expansion_error(error: TemplateError, alert: str) -> str:
    """The text that takes the place of a template that failed, as Prometheus words it.

    Its column counts bytes from 0 and, on the first line, the definitions that Prometheus puts before every text.
    """
    name = f"__alert_{alert}"
    if not error.at:
        return f"<error expanding template: error executing template {name}: template: {name}:{error.line}: {error.message}>"
    column = error.byte + (len(_PREFIX) if error.line == 1 else 0)
    where = f"{name}:{error.line}:{column}: executing {quoted(error.template or name)} at <{error.at}>"
    return f"<error expanding template: error executing template {name}: template: {where}: {error.message}>"
