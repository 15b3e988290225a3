"""What Prometheus 2.42 cannot be asked: newer functions and syntax, histograms, queries, positions."""

from datetime import UTC, datetime

import pytest

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind, Histogram, ResultType, Sample
from evaluator.core.labels import Labels
from evaluator.templating import QueryNeeded, Scope, TemplateError, compile_text, samples_of

NOW = datetime(2012, 11, 24, 11, 14, 12, tzinfo=UTC)
SCOPE = Scope(Labels({"__name__": "up", "job": "api", "instance": "a:1"}), 2.5, {"region": "fra"}, "http://x.org/base/", NOW)


def text_of(template: str, scope: Scope = SCOPE) -> str:
    text = compile_text(template)
    assert text.kind == "go", template
    return text.render(scope)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ now }}", "1.353755652e+09"),
        ("{{ now | humanizeTimestamp }}", "2012-11-24 11:14:12 +0000 UTC"),
        ('{{ (now | toTime).Format "15:04" }}', "11:14"),
        ("{{ externalURL }} {{ pathPrefix }}", "http://x.org/base/ /base/"),
        ("{{ toDuration 90.5 }}", "1m30.5s"),
        ("{{ (toDuration 5400).Hours }} {{ (toDuration 90).Minutes }} {{ (toDuration 1.5).Seconds }}", "1.5 1.5 1.5"),
        ("{{ (toDuration 3723.4).Round (toDuration 60) }}", "1h2m0s"),
        ("{{ (toDuration 3723.4).Truncate (toDuration 3600) }}", "1h0m0s"),
        ("{{ (toDuration 0.0000015).String }} {{ toDuration 0.0025 }} {{ toDuration 0 }}", "1.5µs 2.5ms 0s"),
        ("{{ if toDuration 0 }}a pointer is true{{ end }}", "a pointer is true"),
        ("{{ (toTime 0).Add (toDuration 86400) }}", "1970-01-02 00:00:00 +0000 UTC"),
        ("{{ humanizeDuration ((toTime 90).Sub (toTime 0)) }}", "1m 30s"),
        ('{{ parseDuration "-1h30m" }}', "-5400"),
        ('{{ urlQueryEscape "a b/c?d=é&~-_." }}', "a+b%2Fc%3Fd%3D%C3%A9%26~-_."),
        ("{{ range 3 }}{{ . }}{{ end }}{{ range $i := 2 }}{{ $i }}{{ end }}{{ range 0 }}x{{ else }}none{{ end }}", "01201none"),
        ("{{ with $labels.x }}x{{ else with $labels.job }}{{ . }}{{ else }}z{{ end }}", "api"),
        ("{{ with 0 }}a{{ else with 0 }}b{{ else }}{{ .Value }}{{ end }}", "2.5"),
        ("{{ humanizeDuration 1e20 }}", "1157407407407407d 9h 46m 40s"),
        ("{{ $labels.__name__ }}", "up"),
        ("{{/* only a comment */}}text", "text"),
        ("{{ range $k, $v := . }}{{ end }}", None),
    ],
)
def test_what_prometheus_3_knows(template: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(TemplateError, match="range can't iterate over"):
            text_of(template)
    else:
        assert text_of(template) == expected


@pytest.mark.parametrize(
    ("histogram", "expected"),
    [
        (
            Histogram("12", "33.1", ((3, "-0.5", "0.5", "1"), (0, "0.5", "1", "11"))),
            "{count:12, sum:33.1, [-0.5,0.5]:1, (0.5,1]:11}",
        ),
        (Histogram("1e6", "0", ((1, "-2", "-1", "2.5"),)), "{count:1e+06, sum:0, [-2,-1):2.5}"),
        (Histogram("0", "NaN"), "{count:0, sum:NaN}"),
    ],
)
def test_a_histogram_prints_as_prometheus_prints_it(histogram: Histogram, expected: str) -> None:
    assert text_of("{{ $value }}", Scope(value=histogram)) == expected
    assert text_of('{{ printf "%v|%s" $value $value }}', Scope(value=histogram)) == f"{expected}|{expected}"


def test_a_histogram_is_no_number() -> None:
    """Humanizing or comparing one fails, as in Prometheus."""
    scope = Scope(value=Histogram("1", "1"))
    with pytest.raises(TemplateError, match=r"can't convert \*histogram.FloatHistogram to float"):
        text_of("{{ $value | humanize }}", scope)
    with pytest.raises(TemplateError, match="invalid type for comparison"):
        text_of("{{ gt $value 1.0 }}", scope)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -0.0])
def test_special_values_are_spelled_as_in_go(value: float) -> None:
    shown = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf", "-0.0": "-0"}[str(value)]
    assert text_of("{{ $value }}", Scope(value=value)) == shown


def test_a_query_is_asked_for_and_then_answered() -> None:
    """Rendering names one missing result at a time; with all of them it succeeds."""
    template = compile_text('{{ query "a" | first | value }} {{ with query "b" }}x{{ end }}{{ len (query "a") }}')
    with pytest.raises(QueryNeeded) as first:
        template.render(SCOPE)
    found: dict[str, list[Sample] | Failure] = {first.value.expr: [Sample(Labels(), 3.0)]}
    with pytest.raises(QueryNeeded) as second:
        template.render(Scope(queries=found))
    found[second.value.expr] = []
    assert (first.value.expr, second.value.expr) == ("a", "b")
    assert template.render(Scope(queries=found)) == "3 1"


def test_a_failed_query_fails_the_template() -> None:
    scope = Scope(queries={"x": Failure(FailureKind.TRANSIENT, "connection refused")})
    with pytest.raises(TemplateError, match="error calling query: connection refused"):
        text_of('{{ query "x" }}', scope)


def test_what_query_sees_of_an_answer() -> None:
    """A string becomes one sample with the label `__value__`; a matrix is refused; failures stay failures."""
    (sample,) = samples_of(Answer(ResultType.STRING, text="hello"))  # type: ignore[misc]
    assert text_of('{{ query "x" | first | strvalue }}', Scope(queries={"x": [sample]})) == "hello"
    assert isinstance(samples_of(Answer(ResultType.MATRIX)), Failure)
    assert samples_of(Answer(ResultType.SCALAR, (Sample(Labels(), 1.0),))) == (Sample(Labels(), 1.0),)
    failure = Failure(FailureKind.OVERLOAD, "busy")
    assert samples_of(failure) is failure


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("{{ $nope }}", (1, 4)),
        ("é\n  {{ nope }}", (2, 6)),
        ("{{ if true }}", (1, 14)),
        ("{{ $value", (1, 10)),
        ("a\nb {{ $value\n| nope }}", (3, 3)),
    ],
)
def test_an_unreadable_text_names_its_place(template: str, place: tuple[int, int]) -> None:
    with pytest.raises(TemplateError) as caught:
        compile_text(template)
    assert (caught.value.line, caught.value.column) == place
    assert str(caught.value).startswith(f"{place[0]}:{place[1]}: ")
    assert "\n" not in str(caught.value)


def test_a_failing_text_names_its_place_in_characters() -> None:
    """The column counts characters of what the user wrote; Go's bytes are kept beside it."""
    with pytest.raises(TemplateError) as caught:
        text_of("x\nñandú {{ gt $value 1 }}")
    assert (caught.value.line, caught.value.column, caught.value.byte) == (2, 10, 11)
    assert str(caught.value) == "2:10: at <gt $value 1> error calling gt: incompatible types for comparison"


@pytest.mark.parametrize(
    ("template", "query", "now", "value"),
    [
        ("plain", False, False, False),
        ("{{ $labels.job }}", False, False, False),
        ("{{ $value }}", False, False, True),
        ("{{ .Value }}", False, False, True),
        ("{{ $.Value }}", False, False, True),
        ("{{ . }}", False, False, True),
        ("{{ with $labels }}{{ .job }}{{ end }}", False, False, False),
        ('{{ define "t" }}{{ . }}{{ end }}{{ template "t" $labels.job }}', False, False, True),
        ('{{ if $labels.x }}{{ (query "up" | first).Value }}{{ end }}', True, False, True),
        ("{{ now | humanizeTimestamp }}", False, True, False),
        ("{{ ((print (now))) }}", False, True, False),
    ],
)
def test_what_a_text_depends_on(template: str, query: bool, now: bool, value: bool) -> None:
    """Errs to the safe side: a dot that may hold the value counts as the value."""
    text = compile_text(template)
    assert (text.uses_query, text.uses_now, text.uses_value) == (query, now, value)
    assert text.pure is not (query or now)


def test_plain_text_costs_nothing() -> None:
    text = compile_text("no template, even with }} in it")
    assert (text.kind, text.render(SCOPE)) == ("literal", "no template, even with }} in it")


@pytest.mark.parametrize("verb", [*"vsdtcqxXobeEfFgGTUpz", "#v", "+v", "08.3f", "#x"])
def test_every_verb_prints_every_value(verb: str) -> None:
    """What does not fit a verb is said in the text; nothing that a template can get hold of fails the message."""
    values = (
        "nil",
        "1",
        "1.5",
        "true",
        '"x"',
        "$labels",
        "args 1",
        "toTime 0",
        "toDuration 1",
        "(toTime 0).Month",
        "(toTime 0).UTC",
    )
    for value in values:
        assert text_of(f'{{{{ printf "%{verb}" ({value}) }}}}' if value != "nil" else f'{{{{ printf "%{verb}" nil }}}}')
