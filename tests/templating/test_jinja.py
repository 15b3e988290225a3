"""Jinja2 texts: which texts are, what they can say, what they are told when they are wrong."""

from datetime import UTC, datetime

import pytest

from evaluator.core.evaluation.answers import Histogram, Sample
from evaluator.core.labels import Labels
from evaluator.templating import QueryNeeded, Scope, TemplateError, compile_text

LABELS = Labels({"job": "api", "instance": "db-1.example.com:9100", "items": "an item", "get": "got", "a-b": "dash"})
SCOPE = Scope(
    LABELS,
    1234567.0,
    {"region": "fra"},
    "http://x.org/",
    datetime(2012, 11, 24, 11, 14, 12, tzinfo=UTC),
    {
        "up": [Sample(Labels({"instance": "b"}), 1.0), Sample(Labels({"instance": "a"}), 0.5)],
        "none": [],
    },
)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ labels.job }} {{ labels['job'] }}", "api api"),
        ("{{ labels.items }} {{ labels.get }} {{ labels['a-b'] }}", "an item got dash"),
        ("[{{ labels.missing }}{{ labels['missing'] }}]", "[]"),
        ("{{ external_labels.region }} {{ external_url }}", "fra http://x.org/"),
        ("{{ value }}", "1.234567e+06"),
        ("{{ '\\ud800' }}{{ '\\udcff' }}", "\ufffd\ufffd"),  # what cannot be written as UTF-8 is not in a text
        ("{{ value | humanize }}", "1.235M"),
        ("{{ humanize(value) }}", "1.235M"),
        ("{{ value | printf('%.1f') }}", "1234567.0"),
        ("{{ printf('%s-%d', labels.job, 3) }}", "api-3"),
        ("{{ labels.instance | reReplaceAll(':.*', '') }}", "db-1.example.com"),
        ("{{ labels.instance | stripDomain | stripPort | toUpper }}", "DB-1"),
        ("{{ labels.instance | match('^db') }}", "true"),
        ("{% if value > 5 %}high{% else %}low{% endif %}", "high"),
        ("{% if labels.job == 'api' and value >= 1e6 %}yes{% endif %}", "yes"),
        ("{% for name in labels %}{{ name }} {% endfor %}", "a-b get instance items job "),
        ("{% for name, text in labels | dictsort %}{{ text }},{% endfor %}", "dash,got,db-1.example.com:9100,an item,api,"),
        (
            "{% for s in query('up') | sortByLabel('instance') %}{{ s.labels.instance }}={{ s.value }} {% endfor %}",
            "a=0.5 b=1 ",
        ),
        ("{{ (query('up') | first).Labels.instance }} {{ query('up') | first | label('instance') }}", "b b"),
        ("{{ query('up') | first | value }}", "1"),
        ("{{ 'up' | query | length }}", "2"),
        ("{% if query('none') %}some{% else %}none{% endif %}", "none"),
        ("{{ (now | toTime).Format('15:04') }} {{ toTime(now).Hour() }}", "11:14 11"),
        ("{{ now }}", "1.353755652e+09"),
        ("{{ value / 2 }} {{ value // 1000 }} {{ 7 % 3 }} {{ 2 ** 10 }} {{ 3 * 4 }} {{ -value }}", None),
        ("{{ labels.job ~ '/' ~ value | int }}", "api/1234567"),
        ("{{ labels.job | default('none') }} {{ labels.nope | default('none', true) }}", "api none"),
        ("{{ [1, 2.0, 'x'] | join(', ') }} {{ labels.job | replace('a', 'b') | upper | trim }}", "1, 2, x BPI"),
        ("{{ 2.567 | round(1) }} {{ [3, 1] | min }} {{ 'a b' | title }}", "2.6 1 A B"),
        ("{% set x = labels.job %}{{ x }}{# a comment #}", "api"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m('a') }}", "<a>"),
        ("{{ none }}|{{ true }}", "|true"),
        ("line\n{{ labels.job }}\n", "line\napi\n"),
        ("{% raw %}{{ labels }}{% endraw %}", "{{ labels }}"),
        ("{{ labels.job.upper() }} {{ labels.job.split('p') | join('-') }}", "API a-i"),
        ("{{ '<b>' }} {{ '<b>' | e }}", "<b> &lt;b&gt;"),
        ("{{ '1h' | parseDuration }}", "3600"),
        ("{{ value ~ '' }} {{ value | string }} {{ 5.0 ~ true }}", "1.234567e+06 1.234567e+06 5true"),
        ("{{ [3, 4] | first }} {{ 'é' | first }}", "3 é"),
        ("{{ value | humanize if value else 'nothing' }}", "1.235M"),
    ],
)
def test_what_jinja_texts_say(template: str, expected: str | None) -> None:
    text = compile_text(template)
    if template.startswith("{{ now }}"):
        assert text.kind == "go"  # the same in both languages
    elif template.startswith("{{ value / 2"):
        expected = "617283.5 1234 1 1024 12 -1.234567e+06"
    assert text.render(SCOPE) == expected


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        ("{{ $labels.job }}", "go"),
        ("{{ .Labels.job }}", "go"),
        ("{{ labels.job }}", "jinja"),
        ("{{ value }}", "jinja"),
        ("{{ value | humanize }}", "jinja"),
        ("{{ now | humanizeTimestamp }}", "go"),
        ("{{ humanize }}", "go"),
        ("{{ humanize 1 2 }}", "go"),
        ("100 {% full", "literal"),
        ("{# half", "literal"),
        ("{% if value > 1 %}x{% endif %}", "jinja"),
        ("{% if labels.x %}{{ externalURL }}{% endif %}", "jinja"),
        ("{% full %} {{ $value }}", "go"),
        ("{{/* c */}}", "go"),
        ("}} {", "literal"),
    ],
)
def test_which_language_a_text_is_in(template: str, kind: str) -> None:
    """What Go's parser accepts is Go, but for statements of Jinja2 and calls that could never succeed."""
    assert compile_text(template).kind == kind


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ labels.job | humanise }}", "1:17: No filter named 'humanise' (as a Go template: function \"labels\" not defined)"),
        (
            "a\n{{ lables.job }}",
            '2:4: unknown name "lables", did you mean "labels"? (as a Go template: function "lables" not defined)',
        ),
        ("{% if value %}", "Unexpected end of template"),
        ("{{ $labels.job }", '1:16: unexpected "}" in operand'),
        ("{% for x in y %}{{ x }}{% endfor %}", '1:13: unknown name "y"'),
        ("{{ value is number }}{{ labels.a is nosuch }}", "1:37: No test named 'nosuch'"),
        ("{% include 'x' %}", "`include` is not available here"),
        ("{% if %}x{% endif %}", "Expected an expression"),
        ("{% set x = 1 %}{{ x", "1:1:"),
    ],
)
def test_wrong_texts_are_refused(template: str, message: str) -> None:
    """With the reason of the language that the author seems to have meant, or of both."""
    with pytest.raises(TemplateError) as caught:
        compile_text(template)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a\nb {{ (query('up') | first).nosuch }}", "2:1:"),
        ("{{ query('none') | first | label('x') }}", "first() called on vector with no elements"),
        ("{{ labels.job | reReplaceAll('a') }}", "wrong number of args for reReplaceAll: want 3 got 2"),
        ("{{ labels | stripPort }}", "stripPort: expected string, got map[string]string"),
        ("{{ labels.job + 1 }}", "1:1:"),
        ("{{ 1 / 0 * value }}", "division by zero"),
        ("{{ 'x' | humanize ~ value }}", 'parsing "x": invalid syntax'),
        ("{{ humanize ~ 1 }}{{ labels.x.y }}", "1:1:"),
        ("{{ labels.job | match('(') }}", "missing closing )"),
        ("{% for a in value %}{% endfor %}", "1:1:"),
        ("{{ [] | first ~ value }}", "no elements"),
        ("{{ namespace(a=value) }}", "a value of type Namespace cannot be used here"),
        ("{% set x = humanize %}{{ x }}", "a function is printed, where it should be called"),
    ],
)
def test_failures_are_template_errors_with_their_line(template: str, message: str) -> None:
    text = compile_text(template)
    assert text.kind == "jinja"
    with pytest.raises(TemplateError) as caught:
        text.render(SCOPE)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_jinja_text_asks_for_queries_too() -> None:
    with pytest.raises(QueryNeeded, match="down"):
        compile_text("{{ query('down') | length }}").render(SCOPE)


@pytest.mark.parametrize(
    ("template", "query", "now", "value"),
    [
        ("{{ labels.job }}", False, False, False),
        ("{{ value | humanize }}", False, False, True),
        ("{{ 'up' | query | length }}", True, False, False),
        ("{{ labels.job ~ now }}", False, True, False),
    ],
)
def test_what_a_jinja_text_depends_on(template: str, query: bool, now: bool, value: bool) -> None:
    text = compile_text(template)
    assert (text.uses_query, text.uses_now, text.uses_value) == (query, now, value)


def test_a_histogram_prints_and_fails_as_a_number() -> None:
    scope = Scope(value=Histogram("1", "2"))
    assert compile_text("{{ value ~ '' }}|{{ value }}").render(scope).endswith("{count:1, sum:2}")
    with pytest.raises(TemplateError):
        compile_text("{{ value * 2 }}").render(scope)
