"""Pages: what newer releases of Go do than the one at hand to compare with, and where complaints point."""

import pytest

from evaluator.templating import NotificationTexts, TemplateError
from tests.templating.test_notification import DATA


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<p title={{ "" }}>', "<p title=ZgotmplZ>"),
        (
            "<script>`a${ f({b: {{ .Status }}}) }c{{ .Status }}` / 2</script>",
            '<script>`a${ f({b: "firing"}) }cfiring` / 2</script>',
        ),
        ("<script>`{{ `$` }}{{ `{` }}`</script>", "<script>`\\u0024\\u007b`</script>"),
        ('<script>f("</script>", {{ .Status }})</script>', '<script>f("\\x3C/script>", "firing")</script>'),
        ("<script><!-- gone\nx = {{ 1 }} --> gone too\n</script>", "<script>\nx =  1  \n</script>"),
        ("<script>#!gone\n{{ 1.5 }}</script>", "<script>\n 1.5 </script>"),
        ("<script>if (x) { /{{ .Status }}/.test(y) }</script>", "<script>if (x) { /firing/.test(y) }</script>"),
        ("<script>x = y-- /2/ {{ 1 }}</script>", "<script>x = y-- /2/  1 </script>"),
        ("<script>{{ .GroupLabels }}{{ print nil }}</script>", '<script>"alertname=Down""\\u003cnil\\u003e"</script>'),
        ("<script>{{ now }}</script>", '<script>"2024-07-01T10:00:00Z"</script>'),
        ("<script>{{ `NaN` | humanizeDuration | printf `%s` }}</script>", '<script>"NaN"</script>'),
        ("{{ (dict).k }}|{{ `a` | safeUrl }}", "|a"),
        (
            '<a href="{{ `javascript:x` | safeUrl }}" srcset="{{ `a,b c` | safeUrl }}">',
            '<a href="javascript:x" srcset="a%2cb%20c">',
        ),
        ("no holes, <!-- nothing to escape -->", "no holes, <!-- nothing to escape -->"),
    ],
)
def test_pages(page: str, expected: str) -> None:
    assert NotificationTexts().render_html(page, DATA) == expected


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (
            'x\n<a {{ if .Status }}href="{{ end }}">',
            "2:7: {{if}} branches end in different contexts: one in a URL, at its beginning, one in a tag",
        ),
        ("{{ .Status }}\n<p b'c>", '2:5: "\'" in attribute name: "b\'c>"'),
        ('{{ template "mine" . }}', "1:24: the template ends in a tag"),
        ('<p title="{{ .Status', "1:21: unclosed action"),
        ("<p>{{ .Nope }}", "1:7: at <.Nope> can't evaluate field Nope in type template.Data"),
    ],
)
def test_complaints(page: str, message: str) -> None:
    texts = NotificationTexts([("mine.tmpl", '{{ define "mine" }}<b {{ end }}')])
    with pytest.raises(TemplateError) as caught:
        texts.render_html(page, DATA)
    assert str(caught.value) == message


def test_redefined_templates_are_escaped_where_they_are_called() -> None:
    """One that is called in a URL and in a text is escaped for both."""
    texts = NotificationTexts(
        [("mine.tmpl", '{{ define "__subject" }}<{{ .Status }} {{ .CommonAnnotations.summary }}>{{ end }}')]
    )
    page = '<a href="?{{ template "__subject" . }}">{{ template "__subject" . }}</a>'
    assert texts.render_html(page, DATA) == '<a href="?<firing s%20%3cb%3e>">&lt;firing s &lt;b&gt;></a>'
