"""Whatever is written for a receiver and whatever alerts say: a text or a TemplateError, twice the same; pages that hold."""

from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.labels import Labels
from evaluator.templating import NotificationTexts, TemplateError, notification_data
from evaluator.templating.errors import CallFailed
from evaluator.templating.examples import example, example_data
from evaluator.templating.functions.alertmanager import NOTIFICATION_FUNCTIONS
from evaluator.templating.notification_data import NotificationData
from tests.effort import examples

PIECES = st.sampled_from(
    [
        *NOTIFICATION_FUNCTIONS,
        *("if", "else", "end", "range", "with", "define", "template", "block", "break", "continue", "nil", "true"),
        *(
            ".Alerts",
            ".Status",
            ".CommonLabels",
            ".Labels",
            ".StartsAt",
            ".Names",
            ".Remove",
            "$x",
            "$",
            ".",
            ":=",
            "=",
            "|",
            "(",
            ")",
        ),
        *(
            "alerts",
            "status",
            "common_labels",
            "pairs",
            "for",
            "a",
            "in",
            "endfor",
            "set",
            "is",
            "firing",
            "template('x')",
            "[",
            "]",
        ),
        *("1", "1.5", '"slack.default.title"', '"x"', "'", "{{", "}}", "{%", "%}", ",", "-", "`raw`", "~", "now", "link", "it"),
    ]
)
MARKUP = st.sampled_from(
    [
        "<a href=",
        '"',
        "'",
        ">",
        "<script>",
        "</script>",
        "<style>",
        "</style>",
        "<!--",
        "-->",
        "<p title=",
        " ",
        "/",
        "\\",
        "`",
        "${",
        "url(",
    ]
)
ACTION = st.lists(PIECES, max_size=6).map(lambda pieces: "{{ " + " ".join(pieces) + " }}")
TEMPLATES = st.lists(st.one_of(MARKUP, ACTION, st.text(max_size=6), st.just("{{ .Status }}")), max_size=9).map("".join)
DATA = example_data()[0]
TEXTS = NotificationTexts([("x.j2", "{{ it }}"), ("y.html.j2", "<i>{{ status }}</i>")])


def outcome(text: str, *, page: bool) -> str:
    try:
        return (TEXTS.render_html if page else TEXTS.render)(text, DATA)
    except TemplateError as error:
        return str(error)


@given(TEMPLATES, st.booleans())
@settings(max_examples=examples(100))
def test_any_text_renders_or_says_why_not(text: str, page: bool) -> None:
    first = outcome(text, page=page)
    assert outcome(text, page=page) == first
    first.encode("utf-8", "surrogatepass")


PAGE = (
    '<div title="{{ V }}" data-x=\'{{ V }}\' class=a{{ V }}><a href="{{ V }}" onclick="f({{ V }})">{{ V }}</a>'
    '<img src="/i?{{ V }}" srcset="{{ V }}"><p style="color: {{ V }}; background: url(\'{{ V }}\')">{{ V }}</p>'
    "<script>x = {{ V }}; y = '{{ V }}'; z = `{{ V }}`; /{{ V }}/.test(x)</script><title>{{ V }}</title></div>"
).replace("V", ".CommonLabels.v")


# Beyond HTML's own blanks the parser of the test takes others for the end of a value, which no browser does.
CHARACTERS = st.characters(exclude_categories=("Cc", "Zs", "Zl", "Zp", "Cs"))
VALUES = st.one_of(st.text(CHARACTERS, max_size=30), st.lists(MARKUP, max_size=8).map("".join), st.just("javascript:alert(1)"))


class Skeleton(HTMLParser):
    """The tags and the names of attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, Sequence[str]]] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", []))


def labelled(value: str) -> NotificationData:
    alert = replace(example().alerts[0], labels=Labels({"v": value}))
    return notification_data(replace(example(), alerts=(alert,)), [{}], "")


HARMLESS = Skeleton(TEXTS.render_html(PAGE, labelled("harmless")))


@given(VALUES)
@settings(max_examples=examples(60))
def test_no_label_changes_the_structure_of_a_page(value: str) -> None:
    """Nor leads anywhere that runs a script."""
    page = Skeleton(TEXTS.render_html(PAGE, labelled(value)))
    assert page.found == HARMLESS.found
    assert not any(link.strip().lower().startswith("javascript:") for link in page.links)


JINJA_PAGE = '{% set v = common_labels.v %}{{ v }}<p title="{{ v }}">{{ common_labels | label_table }}{{ link(v, v) }}</p>'
HARMLESS_JINJA = Skeleton(TEXTS.render_html(JINJA_PAGE, labelled("harmless")))


@given(VALUES)
@settings(max_examples=examples(40))
def test_nor_of_a_page_in_jinja(value: str) -> None:
    page = Skeleton(TEXTS.render_html(JINJA_PAGE, labelled(value)))
    assert page.found == HARMLESS_JINJA.found
    assert not any(link.strip().lower().startswith("javascript:") for link in page.links)


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(10000) %}{{ template('slack.default.title') }}{% endfor %}",
        "{% for a in range(10000) %}{% for b in range(10000) %}{{ alerts | length }}{% endfor %}{% endfor %}",
        "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}",
        '{{ $x := "x" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}',
        "{{ 'x' * 10**9 }}",
    ],
)
def test_no_text_runs_away(text: str) -> None:
    with pytest.raises((TemplateError, CallFailed)):
        TEXTS.render(text, DATA)
