"""Texts of receivers in Jinja2: what they can say, files that override by name, and both languages calling each other."""

import pytest

from evaluator.templating import NotificationTexts, TemplateError
from tests.templating.test_notification import DATA


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{{ status }} {{ alerts | length }} {{ alerts.firing | length }} {{ receiver }} {{ receiver_pattern }}",
            "firing 2 1 team.x team\\.x",
        ),
        ("{{ common_labels.job }}{{ common_labels.nope }} {{ common_labels }}", "j alertname=Down, job=j"),
        ("{% for alert in alerts %}{{ alert.labels.instance }}={{ alert.status }} {% endfor %}", "a=firing b=resolved "),
        ("{% for name, value in common_labels | pairs %}{{ name }}:{{ value }} {% endfor %}", "alertname:Down job:j "),
        (
            "{{ common_labels | without(group_labels) | values | join(' ') }} {{ common_labels | names | join(',') }}",
            "j alertname,job",
        ),
        ("{{ common_labels | label_table }}", "alertname  Down\njob        j"),
        ("{% for a in alerts if a is firing %}{{ a.starts_at | since | humanizeDuration }}{% endfor %}", "2h 0m 0s"),
        ("{% if alerts[0].labels.instance is match('^a') %}{{ alerts[0].starts_at.Format('15:04') }}{% endif %}", "08:00"),
        ("{{ now | tz('Europe/Berlin') | date('15:04 MST') }} {{ 1234567 | humanize }}", "12:00 CEST 1.235M"),
        (
            "{{ alerts[0].value }}|{{ alerts[0].why }}|{{ alerts[1].generator_url }}|{{ alerts[0].nosuch.deeper }}|",
            "||http://p/1||",
        ),
        ("{{ link(external_url, 'here') }} {{ mrkdwn_link('http://x/|', 'a<b') }}", "here: http://e.org <http://x/%7C|a&lt;b>"),
        ("{{ markdown_link('http://x/(a)', '[*]') }} {{ '*a*' | markdown }}", "[\\[\\*\\]](http://x/%28a%29) \\*a\\*"),
        (
            "{{ template('__subject') }}{% set x = template('__text_alert_list', alerts.resolved) %} {{ x | length }}",
            "[FIRING:1] Down (j) 115",
        ),
        ("{{ it.status }} {{ group_labels | toJson }}", 'firing {"alertname":"Down"}'),
        ("{% for a in alerts %}{% if a is resolved %}{% break %}{% endif %}{{ a.labels.instance }}{% endfor %}", "a"),
    ],
)
def test_what_texts_say(text: str, expected: str) -> None:
    texts = NotificationTexts()
    assert texts.kind(text) == "jinja"
    assert texts.render(text, DATA) == expected


def test_a_page_escapes_what_it_is_given() -> None:
    """Labels and texts are escaped, what the pieces make is markup; a URL that runs a script is refused."""
    page = (
        "{{ common_annotations.summary }}{{ common_annotations | label_table }}{{ link('javascript:x', '<i>') }}"
        "{{ '<b>' | safeHtml }}{{ template('__alertmanagerURL') }}{{ '<' ~ '>' }}"
    )
    assert NotificationTexts().render_html(page, DATA) == (
        's &lt;b&gt;<table><tr><th align="left">summary</th><td>s &lt;b&gt;</td></tr></table>'
        '<a href="#ZgotmplZ">&lt;i&gt;</a><b>http://e.org/#/alerts?receiver=team%5C.x&lt;&gt;'
    )


def test_a_file_overrides_by_its_name() -> None:
    """Also where Go templates call it; the last file of a name counts, whatever its language."""
    texts = NotificationTexts(
        [("__subject.j2", "{{ status | upper }}!"), ("mine.tmpl", '{{ define "mine" }}{{ template "__subject" . }}?{{ end }}')]
    )
    assert texts.render('{{ template "slack.default.title" . }} {{ template "mine" . }}', DATA) == "FIRING! FIRING!?"
    again = NotificationTexts([("__subject.j2", "jinja"), ("mine.tmpl", '{{ define "__subject" }}go{{ end }}')])
    assert again.render('{{ template "slack.default.title" . }}', DATA) == "go"


def test_a_file_is_called_with_what_is_handed_to_it() -> None:
    texts = NotificationTexts([("row.j2", "{{ it.labels.instance }} of {{ alerts | length }};")])
    assert texts.render('{{ range .Alerts }}{{ template "row" . }}{{ end }}', DATA) == "a of 2;b of 2;"
    assert texts.render("{% for a in alerts %}{{ template('row', a) }}{% endfor %}", DATA) == "a of 2;b of 2;"


def test_a_file_of_html_is_markup_in_pages_and_any_other_a_text() -> None:
    texts = NotificationTexts([("a.html.j2", "<b>{{ common_annotations.summary }}</b>"), ("b.j2", "<{{ status }}>")])
    assert texts.render_html('{{ template "a.html" . }}{{ template "b" . }}', DATA) == "<b>s &lt;b&gt;</b>&lt;firing&gt;"
    assert texts.render_html('<p title="{{ template "a.html" . }}">', DATA) == '<p title="s &lt;b&gt;">'


@pytest.mark.parametrize(
    ("files", "text", "message"),
    [
        ([("a.j2", "\n{{ nope }}")], "", 'a.j2:2:4: unknown name "nope"'),
        ([("a.j2", "{{ 'x' | humanize }}")], '{{ template "a" . }}', "a.j2:1:1:"),
        ([("a.j2", "{{ template('a') }}")], '{{ template "a" . }}', "templates call templates without end"),
        (
            [("a.j2", "{{ template('b') }}"), ("b.tmpl", '{{ define "b" }}{{ template "a" . }}{{ end }}')],
            "{{ template('a') }}",
            "without end",
        ),
        ([], "{{ template('nope') }}", 'template "nope" not defined'),
        ([], "{{ common_labels | pairs | pairs }}", "labels or annotations are expected here"),
    ],
)
def test_failures(files: list[tuple[str, str]], text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        NotificationTexts(files).render(text, DATA)
    assert message in str(caught.value)


def test_a_strict_check_finds_what_would_be_empty() -> None:
    text = "{{ alerts[0].lables.instance }}"
    assert NotificationTexts().render(text, DATA) == ""
    with pytest.raises(TemplateError, match=r"a template\.Alert has no 'lables'"):
        NotificationTexts(strict=True).render(text, DATA)


def test_go_templates_may_ask_for_the_value_too() -> None:
    """Beyond Alertmanager's fields; the alert prints as before."""
    assert NotificationTexts().render("{{ with index .Alerts 0 }}{{ .Value }}{{ .Why }}{{ end }}", DATA) == "<no value>"


def test_filters_look_into_alerts() -> None:
    text = (
        "{{ alerts | selectattr('status', 'equalto', 'firing') | map(attribute='labels') | map(attribute='instance') | list }}"
    )
    assert NotificationTexts().render(text, DATA) == "[a]"
    assert NotificationTexts().render("{{ alerts | rejectattr('known') | list | length }}", DATA) == "2"


def test_an_error_says_the_same_each_time() -> None:
    """Nothing in it is an address of Python's."""
    with pytest.raises(TemplateError) as caught:
        NotificationTexts(strict=True).render("{{ alerts[now] }}", DATA)
    assert str(caught.value) == "1:1: Alerts object has no element a Time"
