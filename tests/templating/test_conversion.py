"""Go templates as Jinja2: how they read afterwards, that they say the same, and what is left alone and why."""

import pytest
from hypothesis import given, settings

from evaluator.templating import NotificationTexts, TemplateError, compile_text
from evaluator.templating.conversion import convert_file, convert_receiver_text, convert_rule_text
from tests.effort import examples
from tests.templating import corpus
from tests.templating.test_notification import DATA
from tests.templating.test_properties import TEMPLATES

RULES = [
    ("{{ $labels.job }} is at {{ $value }}", "{{ labels.job }} is at {{ value }}"),
    ("{{ .Labels.job }}{{ .Value }}{{ $.ExternalURL }}", "{{ labels.job }}{{ value }}{{ external_url }}"),
    ('{{ index $labels "a-b" }}{{ $externalLabels.region }}', '{{ labels["a-b"] }}{{ external_labels.region }}'),
    ("{{ $value | humanizePercentage }}", "{{ value | humanizePercentage }}"),
    ('{{ printf "%.2f" $value }} {{ $value | printf "%d%%" }}', '{{ printf("%.2f", value) }} {{ value | printf("%d%%") }}'),
    ("{{ humanizeDuration (toDuration 90) }}", "{{ humanizeDuration(toDuration(90)) }}"),
    (
        "{{ if gt $value 1.0 }}a{{ else if $labels.x }}b{{ else }}c{{ end }}",
        "{% if value > 1.0 %}a{% elif labels.x %}b{% else %}c{% endif %}",
    ),
    (
        '{{ if and (eq $labels.a "x" "y") (not $labels.b) }}z{{ end }}',
        '{% if (labels.a in ("x", "y")) and (not labels.b) %}z{% endif %}',
    ),
    ("{{ with $labels.team }}of {{ . }}{{ end }}", "{% if labels.team %}of {{ labels.team }}{% endif %}"),
    (
        '{{ with query "up" }}{{ . | first | value | humanize }}{{ end }}',
        '{% set found = query("up") %}{% if found %}{{ found | first | value | humanize }}{% endif %}',
    ),
    (
        '{{ range query "up" }}{{ .Labels.instance }}={{ .Value }} {{ else }}none{{ end }}',
        '{% for sample in query("up") %}{{ sample.labels.instance }}={{ sample.value }} {% else %}none{% endfor %}',
    ),
    (
        "{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}",
        "{% for k, v in labels | dictsort(true) %}{{ k }}={{ v }};{% endfor %}",
    ),
    (
        '{{ range $i, $s := query "up" }}{{ $i }}{{ end }}',
        '{% for s in query("up") %}{% set i = loop.index0 %}{{ i }}{% endfor %}',
    ),
    (
        "{{ $x := 1 }}{{ range 3 }}{{ $x = . }}{{ end }}{{ $x }}",
        "{% set x = namespace(now=1) %}{% for item in range(3) %}{% set x.now = item %}{% endfor %}{{ x.now }}",
    ),
    ('{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" $value }}', "{% macro t(it) %}[{{ it }}]{% endmacro %}{{ t(value) }}"),
    ("{{- $value -}} {{/* gone */}} x {% y", '{{ value }} x {{ "{%" }} y'),
    ("{{ (toTime $value).Format `15:04` }}", '{{ toTime(value).Format("15:04") }}'),
    ('{{ $labels.path | reReplaceAll `\\d+` `"N"` }}', '{{ labels.path | reReplaceAll("\\\\d+", \'"N"\') }}'),
]
RECEIVERS = [
    ("{{ .CommonLabels.alertname }} {{ .Status | toUpper }}", "{{ common_labels.alertname }} {{ status | toUpper }}"),
    (
        '{{ range .Alerts.Firing }}{{ .Annotations.summary }} {{ .StartsAt.Format "15:04" }}{{ end }}',
        '{% for alert in alerts.firing %}{{ alert.annotations.summary }} {{ alert.starts_at.Format("15:04") }}{% endfor %}',
    ),
    (
        "{{ range .CommonLabels.SortedPairs }}{{ .Name }}: {{ .Value }}{{ end }}",
        "{% for label in common_labels | pairs %}{{ label.name }}: {{ label.value }}{% endfor %}",
    ),
    (
        '{{ (.CommonLabels.Remove .GroupLabels.Names).Values | join " " }}',
        '{{ common_labels | without(group_labels | names) | values | join(" ") }}',
    ),
    ('{{ template "slack.default.title" . }}', '{{ template("slack.default.title") }}'),
    ('{{ template "__text_alert_list" .Alerts.Resolved }}', '{{ template("__text_alert_list", alerts.resolved) }}'),
    ("{{ len .Alerts.Firing }} of {{ .Alerts | len }}", "{{ alerts.firing | length }} of {{ alerts | length }}"),
]


@pytest.mark.parametrize(("text", "expected"), RULES)
def test_texts_of_rules(text: str, expected: str) -> None:
    found = convert_rule_text(text)
    assert (found.text, found.trouble) == (expected, None)


@pytest.mark.parametrize(("text", "expected"), RECEIVERS)
def test_texts_of_receivers(text: str, expected: str) -> None:
    found = convert_receiver_text(text)
    assert (found.text, found.trouble) == (expected, None)


@pytest.mark.parametrize("text", ["plain", "{{ labels.job }}", "{% if value %}x{% endif %}"])
def test_what_is_no_go_template_stays(text: str) -> None:
    found = convert_rule_text(text)
    assert (found.text, found.changed, found.trouble) == (text, False, None)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("a\n{{ js `x` }}", "2:4 js has no counterpart in Jinja2"),
        ("{{ len `日本` }}", "1:1 comes out different for an example: '2' where '6' was"),
        ("{{ print 1 2 }}", "1:4 print puts a blank between two values unless one of them is a text"),
        ("{{ . }}", "1:4 everything at once cannot be printed in Jinja2"),
        ("{{ if }}", "1:7 missing value for if"),
    ],
)
def test_what_has_no_counterpart_is_left_alone_and_named(text: str, trouble: str) -> None:
    found = convert_rule_text(text)
    assert found.trouble is not None
    assert f"{found.trouble.line}:{found.trouble.column} {found.trouble.message}" == trouble
    assert (found.text, found.changed) == (text, False)


def test_most_of_what_go_can_say_is_converted() -> None:
    """The corpus goes to the last corner of the language; what is left are its traps, and what cannot be read at all."""
    texts = {
        text for name, values in vars(corpus).items() if isinstance(values, list) for text in values if isinstance(text, str)
    }
    good = [text for text in texts if not _fails(text)]
    assert sum(convert_rule_text(text).trouble is None for text in good) / len(good) > 0.8


def _fails(text: str) -> bool:
    try:
        return compile_text(text).kind != "go"
    except TemplateError:
        return True


def test_a_file_becomes_a_file_for_each_template() -> None:
    """They call each other as before, and take the place of packaged ones by their names."""
    source = (
        '{{ define "__subject" }}{{ .Status }}: {{ template "mine.row" (index .Alerts 0) }}{{ end }}'
        '{{ define "mine.row" }}{{ .Labels.instance }}{{ end }}'
        '{{ define "a.html" }}<!-- gone --><a href="{{ .ExternalURL }}?q={{ .Status }}">{{ .Status }}</a>{{ end }}'
    )
    found = convert_file(source, "mine.tmpl")
    assert {name: one.text for name, one in found.items()} == {
        "__subject": '{{ status }}: {{ template("mine.row", alerts[0]) }}',
        "mine.row": "{{ it.labels.instance }}",
        "a.html": '<a href="{{ external_url | checked_url }}?q={{ status | urlQueryEscape }}">{{ status }}</a>',
    }
    texts = NotificationTexts([(f"{name}.j2", one.text) for name, one in found.items()])
    assert texts.render('{{ template "slack.default.title" . }}', DATA) == "firing: a"


def test_a_loop_over_what_a_template_is_handed_stays_where_it_may_be_a_map() -> None:
    """Go gives the keys of a map and the places of a list; its caller is converted all the same."""
    source = (
        '{{ define "mine" }}{{ template "mine.list" .GroupLabels }}{{ end }}'
        '{{ define "mine.list" }}{{ range $name, $value := . }}{{ $name }}={{ $value }};{{ end }}{{ end }}'
    )
    found = convert_file(source, "mine.tmpl")
    assert [name for name, one in found.items() if one.trouble is not None] == ["mine.list"]
    assert found["mine"].text == '{{ template("mine.list", group_labels) }}'


def test_a_page_with_values_in_scripts_is_left_alone() -> None:
    found = convert_file('{{ define "a.html" }}<script>{{ .Status }}</script>{{ end }}', "mine.tmpl")["a.html"]
    assert found.trouble is not None
    assert found.trouble.message.startswith("a value in a script")


@given(TEMPLATES)
@settings(max_examples=examples(50))
def test_any_text_is_converted_or_left(text: str) -> None:
    """Whatever is written: another text, or the same and why."""
    found = convert_rule_text(text)
    assert found.changed == (found.text != text)
    assert not (found.changed and found.trouble)
    receiver = convert_receiver_text(text)
    assert receiver.changed == (receiver.text != text)
