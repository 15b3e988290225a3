"""A rule's texts: identity, annotations, what an answer becomes."""

from datetime import UTC, datetime

import pytest

from evaluator.core.evaluation.answers import Failure, FailureKind, Histogram, Sample
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.events import Observation
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Pairs
from evaluator.templating import DuplicateLabels, QueryNeeded, RuleTexts, TemplateError, expansion_error, render_annotations

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


def rule_texts(labels: dict[str, str] | None = None, annotations: Pairs = ()) -> RuleTexts:
    rule = AlertingRule("f;g;Down;1", "Down", "up == 0", "up == 0", labels=Labels(labels or {}), annotations=annotations)
    return RuleTexts(rule, {"region": "fra"}, "http://x.org")


def sample(value: float = 0.0, **labels: str) -> Sample:
    return Sample(Labels({"__name__": "up", **labels}), value)


@pytest.mark.parametrize(
    ("rule_labels", "expected"),
    [
        ({}, {"job": "api", "alertname": "Down"}),
        ({"severity": "page"}, {"job": "api", "severity": "page", "alertname": "Down"}),
        ({"job": "other"}, {"job": "other", "alertname": "Down"}),
        ({"job": ""}, {"alertname": "Down"}),
        ({"job": "{{ $labels.missing }}"}, {"alertname": "Down"}),
        ({"metric": "{{ $labels.__name__ }}"}, {"job": "api", "metric": "up", "alertname": "Down"}),
        ({"a": "x", "b": "[{{ $labels.a }}]"}, {"job": "api", "a": "x", "b": "[]", "alertname": "Down"}),
        ({"alertname": "Other"}, {"job": "api", "alertname": "Down"}),
        ({"r": "{{ $externalLabels.region }}"}, {"job": "api", "r": "fra", "alertname": "Down"}),
        ({"v": "{{ $value }}"}, {"job": "api", "v": "0.5", "alertname": "Down"}),
    ],
)
def test_the_identity_of_a_sample(rule_labels: dict[str, str], expected: dict[str, str]) -> None:
    """The sample's labels without its name, the rule's over them, an empty text deletes, the alert's name is forced."""
    assert rule_texts(rule_labels).identity(sample(0.5, job="api"), NOW) == expected


def test_a_known_label_set_is_not_expanded_again() -> None:
    texts = rule_texts({"severity": "{{ $labels.job }}"})
    first = texts.identity(sample(1.0, job="api"), NOW)
    assert texts.identity(sample(2.0, job="api"), NOW) is first


def test_labels_with_the_value_are_expanded_every_time() -> None:
    texts = rule_texts({"v": "{{ $value }}"})
    assert [texts.identity(sample(value, job="a"), NOW)["v"] for value in (1.0, 2.0)] == ["1", "2"]


def test_a_label_that_fails_raises_instead_of_making_a_new_identity() -> None:
    with pytest.raises(TemplateError, match="incompatible types"):
        rule_texts({"x": "{{ gt $value 1 }}"}).identity(sample(), NOW)


def test_a_label_may_query() -> None:
    texts = rule_texts({"owner": '{{ query "owner" | first | label "team" }}'})
    assert not texts.labels_pure
    with pytest.raises(QueryNeeded, match="owner"):
        texts.observe([sample()], NOW)
    queries = {"owner": [Sample(Labels({"team": "db"}), 1.0)]}
    assert texts.identity(sample(), NOW, queries) == {"alertname": "Down", "owner": "db"}


def test_pure_annotations_are_left_for_later() -> None:
    texts = rule_texts({}, (("summary", "{{ $labels.job }} {{ $value }}"),))
    assert texts.annotations_pure
    assert texts.observe([sample(2.0, job="a")], NOW) == {
        Labels({"alertname": "Down", "job": "a"}): Observation(Labels({"__name__": "up", "job": "a"}), 2.0)
    }


@pytest.mark.parametrize(
    ("template", "expected"),
    [("{{ now | humanizeTimestamp }}", "2024-05-01 12:00:00 +0000 UTC"), ('{{ query "up" | len }}', "1")],
)
def test_annotations_of_the_slot_are_made_in_the_slot(template: str, expected: str) -> None:
    texts = rule_texts({}, (("a", template), ("b", "{{ $labels.job }}")))
    assert not texts.annotations_pure
    (observed,) = texts.observe([sample(job="x")], NOW, {"up": [sample()]}).values()
    assert observed.annotations == (("a", expected), ("b", "x"))


def test_a_histogram_is_kept_and_shown() -> None:
    texts = rule_texts({"h": "{{ $value }}"}, (("a", "{{ now }}{{ $value }}"),))
    histogram = Histogram("2", "3")
    ((identity, observed),) = texts.observe([Sample(Labels({"job": "x"}), 0.0, histogram)], NOW).items()
    assert identity["h"] == "{count:2, sum:3}"
    assert observed.histogram == histogram
    assert observed.annotations == (("a", "1.7145648e+09{count:2, sum:3}"),)


def test_two_series_with_one_identity_are_an_error_that_names_them() -> None:
    texts = rule_texts({"instance": ""})
    with pytest.raises(DuplicateLabels) as caught:
        texts.observe([sample(instance="a"), sample(instance="b")], NOW)
    assert caught.value.identity == {"alertname": "Down"}
    assert str(caught.value) == (
        "vector contains metrics with the same labelset after applying alert labels: "
        '{alertname="Down"} stands for both {__name__="up", instance="a"} and {__name__="up", instance="b"}'
    )


def test_a_failing_annotation_becomes_prometheus_error_text_and_is_told() -> None:
    """The others are finished all the same."""
    templates = (("good", "{{ $labels.job }}"), ("bad", "{{ gt $value 1 }}"), ("empty", ""))
    failures: list[tuple[str, str]] = []
    told = Annotations(templates, Labels({"job": "x"}), 2.0)
    texts = rule_texts({}, templates).annotations(told, NOW, failed=lambda name, error: failures.append((name, error.message)))
    assert texts == (
        ("good", "x"),
        (
            "bad",
            "<error expanding template: error executing template __alert_Down: template: __alert_Down:1:115: "
            'executing "__alert_Down" at <gt $value 1>: error calling gt: incompatible types for comparison>',
        ),
        ("empty", ""),
    )
    assert failures == [("bad", "error calling gt: incompatible types for comparison")]


def test_annotations_know_the_external_labels() -> None:
    templates = (("a", "{{ $externalLabels.region }} {{ $externalURL }} {{ externalURL }}"),)
    shown = (("a", "fra http://x.org http://x.org"),)
    assert rule_texts({}, templates).annotations(Annotations(templates), NOW) == shown
    assert render_annotations(Annotations(templates), {"region": "fra"}, "http://x.org", NOW) == shown


def test_finished_annotations_are_left_alone() -> None:
    finished = Annotations((("a", "{{ $value }}"),), expanded=(("a", "kept"),))
    assert rule_texts().annotations(finished, NOW) == (("a", "kept"),)
    assert render_annotations(finished, {}, "", NOW) == (("a", "kept"),)


def test_late_rendering_never_raises() -> None:
    """A query whose result was not kept, a text that cannot be read and one that fails: each costs its own text only."""
    templates = (("q", '{{ query "up" }}'), ("bad", "{{ nope }}"), ("fails", "{{ gt $value 1 }}"), ("fine", "{{ $value }}"))
    failed: list[str] = []
    shown = dict(render_annotations(Annotations(templates), alert="A", failed=lambda name, _: failed.append(name)))
    assert failed == ["q", "bad", "fails"]
    assert all(shown[name].startswith("<error expanding template: ") for name in failed)
    assert shown["fine"] == "0"


def test_a_failed_query_in_an_annotation_is_that_annotations_failure() -> None:
    texts = rule_texts({}, (("a", '{{ query "up" | len }}'),))
    queries = {"up": Failure(FailureKind.TRANSIENT, "time-out")}
    (observed,) = texts.observe([sample()], NOW, queries).values()
    assert observed.annotations is not None
    assert "error calling query: time-out" in observed.annotations[0][1]


def test_literal_annotations_are_known_beforehand() -> None:
    assert rule_texts({}, (("a", "plain"),)).annotations_literal == (("a", "plain"),)
    assert rule_texts({}, (("a", "{{ $value }}"),)).annotations_literal is None


def test_an_unreadable_text_is_refused_when_the_rule_is_read() -> None:
    with pytest.raises(TemplateError, match="nope"):
        rule_texts({}, (("a", "{{ nope }}"),))


def test_an_error_without_a_place_in_the_tree_has_no_column() -> None:
    assert expansion_error(TemplateError("too much work", 3), "A") == (
        "<error expanding template: error executing template __alert_A: template: __alert_A:3: too much work>"
    )
