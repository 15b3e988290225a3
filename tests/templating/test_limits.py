"""No template runs away: each of these would take hours or gigabytes if it were let."""

import pytest

from evaluator.core.evaluation.answers import Sample
from evaluator.core.labels import Labels
from evaluator.templating import Scope, TemplateError, compile_text

SCOPE = Scope(Labels({"job": "x" * 1000}), 1.0, queries={"up": [Sample(Labels(), 1.0)]})

GO = [
    "{{ range 1000000000 }}x{{ end }}",
    "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}",
    '{{ define "t" }}{{ template "t" . }}{{ end }}{{ template "t" . }}',
    '{{ define "t" }}{{ template "t" . }}{{ template "t" . }}{{ end }}{{ template "t" . }}',
    '{{ define "a" }}{{ template "b" . }}{{ end }}{{ define "b" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
    '{{ $x := "x" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}',
    '{{ $x := "ab" }}{{ range 30 }}{{ $x = reReplaceAll "." $x $x }}{{ end }}',
    '{{ range 1000 }}{{ printf "%1000000d" 1 }}{{ end }}',
    '{{ printf "' + "%999999[1]d" * 2000 + '" 1 }}',
    "{{ $l := args 1 }}{{ range 100000 }}{{ $l = args $l $l }}{{ end }}{{ $l }}",
]
JINJA = [
    "{% for a in range(10000) %}{% for b in range(10000) %}{{ a }}{% endfor %}{% endfor %}",
    "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}",
    "{{ range(10**9) }}",
    "{{ 10 ** 10 ** 10 ** 10 }}{{ 9 ** (9 ** 9) }}",
    "{{ 'x' * 1000000000 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{% set x = namespace(v='x') %}{% for a in range(60) %}{% set x.v = x.v ~ x.v %}{% endfor %}",
    "{% set x = namespace(v='x') %}{% for a in range(60) %}{% set x.v = x.v + x.v %}{% endfor %}",
    "{% set x = namespace(v=[1]) %}{% for a in range(60) %}{% set x.v = x.v + x.v %}{% endfor %}",
    "{% set x = namespace(v='ab') %}{% for a in range(60) %}{% set x.v = x.v | replace('a', x.v) %}{% endfor %}",
    "{% set x = namespace(v='ab') %}{% for a in range(60) %}{% set x.v = [x.v, x.v] | join(x.v) %}{% endfor %}",
    "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(100) }}",
    "{% set xs = range(10000) | list %}{% for a in xs %}{{ xs | sum }}{% endfor %}",
    "{% set x = namespace(v=2) %}{% for a in range(10000) %}{% set x.v = x.v * x.v %}{% endfor %}",
    "{{ 'x' | center(1000000000) }}",
    "{{ 2.5 | round(100000000000, 'ceil') }}",
    "{% for a in range(3) recursive %}{{ loop([1]) }}{% endfor %}",
    "{{ value.__class__.__mro__ }}",
    "{{ labels.__class__.__init__.__globals__.x }}{{ ''.__class__.__subclasses__() }}",
    "{% for a in range(900) %}{{ (range(2000) | join) | selectattr('x') | list | length }}{% endfor %}",
    "{% for a in range(900) %}{{ range(9000) | map('string') | list | sort | length }}{% endfor %}",
    "{% include 'x' %}",
    "{% import 'x' as y %}{{ value }}",
    "{{ lipsum(100000) }}",
    "{{ (1).to_bytes(10 ** 10) ~ value }}",
    "{{ toTime(now).at.strftime('%9999999999Y') }}",
    "{{ (query('up') | first).target.fields }}",
]


@pytest.mark.parametrize("template", GO)
def test_a_go_template_is_stopped(template: str) -> None:
    text = compile_text(template)
    assert text.kind == "go"
    with pytest.raises(TemplateError, match=r"too much work|grows beyond|maximum template depth|too deeply"):
        text.render(SCOPE)


@pytest.mark.parametrize("template", JINJA)
def test_a_jinja_template_is_stopped_or_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        compile_text(template).render(SCOPE)


@pytest.mark.parametrize(
    "template",
    [
        "{{ if true }}" * 200 + "{{ end }}" * 200,
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ range 1 }}" * 3000,
        "{% if value %}" * 3000 + "{% endif %}" * 3000,
        "{{ " + "(" * 3000 + "value" + ")" * 3000 + " + 1 }}",
    ],
)
def test_deep_nesting_is_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        compile_text(template)


def test_a_long_chain_of_else_if_is_not_deep() -> None:
    """Mappings by hand of hundreds of hosts exist."""
    arms = "".join(f'{{{{ else if eq $labels.job "{index}" }}}}{index}' for index in range(1000))
    text = compile_text(f"{{{{ if false }}}}{arms}{{{{ end }}}}")
    assert text.render(Scope(Labels({"job": "999"}))) == "999"


def test_ordinary_work_is_far_from_the_bounds() -> None:
    """A table of a thousand series fits."""
    queries = {"up": [Sample(Labels({"instance": f"host-{index}"}), float(index)) for index in range(1000)]}
    template = '{{ range query "up" }}{{ .Labels.instance }}: {{ .Value | humanize }} ({{ printf "%.2f" .Value }})\n{{ end }}'
    assert compile_text(template).render(Scope(queries=queries)).count("\n") == 1000
