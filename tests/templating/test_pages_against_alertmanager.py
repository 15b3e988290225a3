"""Hostile values in every place of a page, through a real Alertmanager's html/template and through ours: equal to the byte.

Newer releases of Go refuse an empty value without quotes, know template literals of scripts, and write a form feed in JSON as
`\\f`; so does ours, and Debian's release does not.
"""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from evaluator.core.labels import Labels
from evaluator.templating import NotificationData, NotificationTexts, TemplateError, notification_data
from tests.templating.test_against_alertmanager import NOTIFICATION

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not on the PATH"),
]
HOSTILE = [
    "plain",
    "<script>alert(1)</script>",
    "</script><!-- \"quoted\" 'single' `back` -->",
    "javascript:alert(1)",
    " JaVaScRiPt:alert(1)",
    "mailto:a@b?subject=x y",
    "https://e.org/a b?c=d&e=%20%zz#f",
    "//e.org/x:y",
    "a=1&b=2+3",
    "&amp; &lt; &#34; &",
    "expression(alert(1))",
    "-moz-binding: url(x)",
    "red; background: url(x)",
    "#fff",
    "10px",
    "--x",
    "\\2f\\",
    "{x}[y](z)$@!*~",
    "é 漢 🔥 \u2028 \u2029 \ufdd0 \ufffe",
    "tab\tnew\nline\rreturn\x0b\x00nul",
    "onclick",
    "title",
    "href",
    "x-y",
    "a.png 1x, javascript:b 2x , c.png 3w!",
    "42",
    "%41%",
]
PLACES = [
    "{{ V }}",
    "<b>{{ V }}</b> < 3 <3 </ <!DOCTYPE html><!-- gone {{ V }} -->.",
    '<a href="{{ V }}">',
    "<a href='{{ V }}'>",
    "<a href=x{{ V }}>",
    '<a href="/p/{{ V }}?q={{ V }}#{{ V }}">',
    '<a href="?q={{ V }}" xlink:href="{{ V }}" data-src="{{ V }}" data-x="{{ V }}" imgsrc="{{ V }}" srclang="{{ V }}">',
    '<a href="{{ if .Status }}{{ V }}{{ else }}x{{ end }}">',
    "<p title=\"{{ V }}\" class=a{{ V }} alt='{{ V }}'>",
    '<img srcset="{{ V }}"><img srcset="a.png 1x, {{ V }} 2x">',
    '<p style="color: {{ V }}; width: 1{{ V }}px">',
    '<p style="background: url({{ V }})">',
    "<p style=\"background: url('{{ V }}')\">",
    "<p style=\"background: url('/x?{{ V }}'); font: '{{ V }}'\">",
    '<style>p { color: {{ V }}; /* c */ font: "{{ V }}"; /* {{ V }} */ background: url( "{{ V }}" ) } // x\n</style>',
    '<style>.a:after { content: "/x{{ V }}" } @import url(/a/{{ V }})</style>',
    "<script>var a = {{ V }}, b = 'x{{ V }}', c = \"{{ V }}\" /* {{ V }} c */; // d {{ V }}\nf()</script>",
    "<script>var r = /a{{ V }}b/g, d = x / 2 / {{ V }} / 3; return /{{ V }}/</script>",
    '<script type="text/template"><b title="{{ V }}">{{ V }}</b></script>',
    '<script type="application/json">{{ V }}</script>',
    "<script>x={{ V }};y={{ len $.Alerts }};z={{ $.Alerts.Firing | len }}{{ true }}{{ 1.5 }}</script>",
    "<button onclick=\"alert({{ V }}, '{{ V }}')\">",
    "<title>{{ V }} <b></title><textarea>{{ V }}</textarea>",
    "<p {{ V }}>",
    '<p {{ V }}="x">',
    "<p data-{{ V }}=x>",
    "{{ V | safeHtml }}",
    '<p title="{{ V | safeHtml }}" class={{ V | safeHtml }}x>',
    "<title>{{ V | safeHtml }}</title>",
    "<script>{{ V | safeHtml }}</script>",
    "{{ V | html }} {{ html V V }} {{ V | urlquery }}",
    '<a title="{{ V | html }}" href="?x={{ V | urlquery }}" name={{ V | urlquery }}>',
    '<a href="{{ template "value" . }}" title="{{ template "value" . }}">{{ template "value" . }}</a>',
    '{{ template "opens" . }}{{ V }}">',
    '{{ template "recursive" V }}',
    "{{ range .Labels }}<p{{ if . }} class={{ else }} id={{ end }}x>{{ . }}{{ else }}none{{ end }}",
    "{{ range .Labels }}{{ if . }}<b>{{ continue }}{{ end }}{{ break }}{{ end }}",
    '<a {{ if .Status }}title="{{ V }}"{{ end }} href="x">',
    '{{ .StartsAt }} {{ printf "%d<%s" 1 V }}{{ $x := V }}{{ $x }}',
    "<SCRIPT>'{{ V }}'</ScRiPt >{{ V }}<br/><x-y:z w>{{ V }}",
    '<p title="&quot;{{ V }}" onclick="a(&#39;{{ V }}&#39;)">',
]
REFUSED = [
    '<a {{ if .Status }}href="{{ end }}">',
    "{{ if .Status }}<script>{{ end }}",
    '{{ range .Alerts }}<a href="{{ end }}',
    '<a href="{{ if .Status }}?a={{ else }}/x{{ end }}{{ .Status }}">',
    "{{ .Status | html | toUpper }}",
    "<a title={{ .Status | html }}>",
    '{{ template "nope" . }}',
    "<script>/[{{ .Status }}/</script>",
    "<script>'\\{{ .Status }}'</script>",
    "<style>'\\{{ .Status }}'</style>",
    "<a =x<y>{{ .Status }}",
    "<a b'c>{{ .Status }}",
    "<a x=y'z>{{ .Status }}",
    "<a {{ .Status }}",
    "<script>{{ if .Status }}x{{ else }}x={{ end }}/{{ .Status }}/</script>",
    '{{ define "x" }}<b {{ template "x" . }}{{ end }}{{ template "x" . }}',
]
DEFINED = (
    '{{ define "value" }}{{ V }}{{ end }}{{ define "opens" }}<a href="{{ end }}'
    '{{ define "recursive" }}{{ if gt (len .) 1 }}<b>{{ template "recursive" (slice . 1) }}</b>{{ end }}{{ end }}'
)
_BETWEEN = "\n=====\n"
TEXT = (DEFINED + "{{ range .Alerts }}" + _BETWEEN.join([*PLACES, ""]) + "{{ end }}").replace("V", ".Annotations.v")


def _amtool(folder: Path, text: str) -> str:
    arguments = ["--template.glob=empty.tmpl", "--template.type=html", "--template.data=data.json", f"--template.text={text}"]
    run = subprocess.run(["amtool", "template", "render", *arguments], cwd=folder, capture_output=True, check=False)
    return run.stdout.decode() if run.returncode == 0 else "refused"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the alerts lie, one for each value."""
    folder = tmp_path_factory.mktemp("amtool")
    (folder / "empty.tmpl").write_text("")
    alerts = [
        {
            "status": "firing",
            "labels": {"inst": value},
            "annotations": {"v": value},
            "startsAt": "2024-01-02T03:04:05.678Z",
            "endsAt": "0001-01-01T00:00:00Z",
        }
        for value in HOSTILE
    ]
    (folder / "data.json").write_text(json.dumps({"status": "firing", "alerts": alerts}))
    return folder


def _data() -> NotificationData:
    first = NOTIFICATION.alerts[0]
    alerts = tuple(replace(first, labels=Labels({"inst": value})) for value in HOSTILE)
    return notification_data(replace(NOTIFICATION, alerts=alerts), [{"v": value} for value in HOSTILE], "")


def test_pages_come_out_as_from_alertmanager(folder: Path) -> None:
    """Every value in every place."""
    ours = NotificationTexts().render_html(TEXT, _data()).split(_BETWEEN)
    theirs = _amtool(folder, TEXT).split(_BETWEEN)
    told = [(value, place) for value in HOSTILE for place in PLACES]
    differing = [each for each, mine, its in zip(told, ours, theirs, strict=False) if mine != its]
    assert (differing, len(ours)) == ([], len(theirs))


@pytest.mark.parametrize("text", REFUSED)
def test_what_alertmanager_refuses_is_refused(text: str, folder: Path) -> None:
    assert _amtool(folder, text) == "refused"
    with pytest.raises(TemplateError):
        NotificationTexts().render_html(text, _data())
