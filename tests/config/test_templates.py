"""Template files and the texts of receivers: what cannot be read is named before it is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.config import load


def said(tmp_path: Path, text: str, **files: str) -> list[str]:
    for name, content in files.items():
        (tmp_path / name.replace("_", ".")).write_text(content)
    path = tmp_path / "evaluator.yml"
    path.write_text(text)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in load(path, environ={}).problems]


def test_a_file_that_cannot_be_parsed_is_named_in_its_own_place(tmp_path: Path) -> None:
    """The other files are read all the same, so every mistake is named."""
    files = {
        "a_tmpl": '{{ define "a" }}x{{ end }}\n  {{ nothing }}\n',
        "b_tmpl": 'x\n{{ define "b" }}',
        "c_tmpl": "{{/* fine */}}",
    }
    assert said(tmp_path, "templates: ['*.tmpl']\n", **files) == [
        'a.tmpl:2:6: function "nothing" not defined',
        "b.tmpl:2:17: unexpected EOF",
    ]


def test_a_template_may_use_what_another_file_defines(tmp_path: Path) -> None:
    files = {"a_tmpl": '{{ define "a" }}{{ template "b" . }}{{ end }}', "b_tmpl": '{{ define "b" }}x{{ end }}'}
    assert said(tmp_path, "templates: ['*.tmpl']\n", **files) == []


def test_a_file_in_jinja_is_checked_like_any_other(tmp_path: Path) -> None:
    files = {"a_j2": "{{ status }}\n{{ stat }}", "b_j2": "{{ alerts | length }}"}
    assert said(tmp_path, "templates: ['*.j2']\n", **files) == ['a.j2:2:4: unknown name "stat", did you mean "status"?']


def test_the_ending_of_a_jinja_file_is_j2(tmp_path: Path) -> None:
    """The name before it is the template's, so there is one ending."""
    (problem,) = said(tmp_path, "templates: ['*.jinja2']\n", a_jinja2="x")
    assert problem == f'evaluator.yml:1:13: "{tmp_path}/a.jinja2" is a Jinja2 file of another name; rename it to a.j2'


PLAINLY = "where it is needed, the plain notification is sent"


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        ("slack", "text: '{{ .Alerts | len }}'", []),
        (
            "slack",
            "text: '{{ template \"of.nobody\" . }}'",
            ['evaluator.yml:6:13: "text": template "of.nobody" not defined; define it in a file of templates'],
        ),
        ("slack", "text: '{ .Alerts'", []),
        ("slack", "text: '{{ .Alerts'", [f"evaluator.yml:6:13: warning: not a template: unclosed action; {PLAINLY}"]),
        (
            "slack",
            'text: "a\\n{{ .A"',
            [f"evaluator.yml:6:13: warning: not a template: unclosed action (line 2, column 6 of the text); {PLAINLY}"],
        ),
        (
            "webhook",
            "payload: {a: [{b: '{{ end }}'}]}",
            [f"evaluator.yml:6:25: warning: not a template: unexpected {{{{end}}}}; {PLAINLY}"],
        ),
        ("ntfy", "title: '{{ .Alerts'", ['evaluator.yml:6:14: "title": unclosed action']),
    ],
)
def test_texts_of_receivers_are_parsed(tmp_path: Path, kind: str, written: str, expected: list[str]) -> None:
    """How they are written is judged: in a kind that Alertmanager has, what it loads is loaded, with a warning."""
    url = {"slack": "api_url: https://a/b", "webhook": "url: https://a/b", "ntfy": "topic: t"}[kind]
    text = f"route: {{receiver: a}}\nreceivers:\n- name: a\n  {kind}_configs:\n  -   {url}\n      {written}\n"
    problems = said(tmp_path, text)
    assert problems == expected


def test_texts_are_tried_on_examples(tmp_path: Path) -> None:
    """Where they fail, in whichever file that is; a receiver's text may call what a file defines."""
    files = {
        "a_tmpl": '{{ define "mine" }}{{ .Status }}{{ end }}\n{{ define "slack.default.footer" }}{{ .Footer }}{{ end }}',
        "b_j2": "\n{{ alerts[0].lables.x }}",
    }
    text = """\
templates: ['*.tmpl', '*.j2']
route: {receiver: a}
receivers:
- name: a
  slack_configs:
  - api_url: https://a/b
    title: '{{ template "mine" . }}'
    text: '{{ (index .Alerts 7).Status }}'
    pretext: '{{ template "b" . }}'
    fields: [{title: a, value: '{{ .CommonLabels.nobody }}{{ .Nope }}'}]
"""
    because = "when it fails, the plain notification is sent"
    fails = "fails for an example notification:"
    assert said(tmp_path, text, **files) == [
        f'evaluator.yml:8:11: warning: "text": {fails} <index .Alerts 7> error calling index: index out of range: 7; {because}',
        f'evaluator.yml:10:32: warning: "fields": {fails} <.Nope> can\'t evaluate field Nope in type template.Data; {because}',
        f"b.j2:2:1: warning: \"pretext\": {fails} a template.Alert has no 'lables'; {because}",
        f'a.tmpl:2:39: warning: template "slack.default.footer": {fails} <.Footer> can\'t evaluate field Footer in type '
        f"template.Data; {because}",
    ]


def test_labels_of_routes_are_tried_as_well(tmp_path: Path) -> None:
    text = """\
route:
  receiver: a
  labels: {tier: '1', said: '{{ .Status }}', gone: '{{ template "of.nobody" . }}'}
  routes:
  - matchers: [a="b"]
    labels: {bad: '{{ .Nope }}', good: '{% if true %}{{ status }}{% endif %}'}
receivers:
- name: a
"""
    assert said(tmp_path, text) == [
        'evaluator.yml:3:52: "labels": "gone": template "of.nobody" not defined; define it in a file of templates',
        'evaluator.yml:6:19: warning: "labels": "bad": fails for an example notification: <.Nope> can\'t evaluate field Nope '
        "in type template.Data; when it fails, the label is told as it is written",
    ]
