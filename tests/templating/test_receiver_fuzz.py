"""Templates that nobody would write, and alerts that nobody would expect: a text or a TemplateError, soon, twice the same.

Pieces put together at random (`test_receiver_properties`) seldom parse. Here templates are grown from the grammars, so that
what is tried is the rendering.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.evaluation.answers import Histogram
from evaluator.core.evaluation.curves import Curve, Threshold
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Notification, NotifiedAlert
from evaluator.templating import NotificationTexts, TemplateError, notification_data
from evaluator.templating.examples import example, example_data
from evaluator.templating.notification import is_packaged
from tests.effort import examples
from tests.templating.test_receiver_properties import Skeleton

LAX = settings(max_examples=examples(20))
TEXTS = NotificationTexts()
DATA = example_data()[0]

# -- templates in Go --------------------------------------------------------------------------------------------------

GO_WORDS = st.sampled_from(
    [
        *(".", "$", ".Alerts", ".Alerts.Firing", ".CommonLabels", ".CommonLabels.SortedPairs", ".GroupLabels.Names", ".Status"),
        *(
            ".ExternalURL",
            "$.Alerts",
            "$.Receiver",
            "(index .Alerts 0)",
            "(index .Alerts 0).Curve",
            "(index .Alerts 0).StartsAt",
        ),
        *("1", "-3", "2.5", "1e300", '"a"', '"%5.2f|%q|%v"', '"(a+)+$"', '"2006"', "nil", "true", "`x`", "now"),
    ]
)
GO_CALLS = st.sampled_from(
    [
        *("len", "print", "printf", "index", "slice", "eq", "ne", "lt", "ge", "and", "or", "not", "html", "js", "urlquery"),
        *("toUpper", "title", "trimSpace", "join", "match", "reReplaceAll", "stringSlice", "list", "append", "dict", "toJson"),
        *("safeHtml", "date", "tz", "since", "toDate", "humanizeDuration", "base64encode", "base64decode", "urlUnescape"),
    ]
)
GO_PIPE = st.recursive(
    GO_WORDS,
    lambda inner: st.one_of(
        st.builds(lambda call, words: f"({call} {' '.join(words)})", GO_CALLS, st.lists(inner, max_size=3)),
        st.builds(lambda piped, call: f"({piped} | {call})", inner, GO_CALLS),
    ),
    max_leaves=5,
)


def _go_blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{{{{ if {} }}}}{}{{{{ else }}}}{}{{{{ end }}}}".format, GO_PIPE, inner, inner),
        st.builds("{{{{ range {} }}}}{}{{{{ end }}}}".format, GO_PIPE, inner),
        st.builds("{{{{ range $i, $x := {} }}}}{}{{{{ $x }}}}{{{{ end }}}}".format, GO_PIPE, inner),
        st.builds("{{{{ with {} }}}}{}{{{{ end }}}}".format, GO_PIPE, inner),
        st.builds("{{{{ $y := {} }}}}{}{{{{ $y }}}}".format, GO_PIPE, inner),
        st.builds("{}{}".format, inner, inner),
    )


GO = st.recursive(
    st.one_of(
        st.builds("{{{{ {} }}}}".format, GO_PIPE),
        st.text(max_size=5),
        st.builds(
            '{{{{ template "{}" {} }}}}'.format, st.sampled_from(["slack.default.title", "readable.text", "__subject"]), GO_PIPE
        ),
    ),
    _go_blocks,
    max_leaves=6,
)

# -- templates in Jinja2 ----------------------------------------------------------------------------------------------

JINJA_NAMES = st.sampled_from(
    [
        *(
            "alerts",
            "alerts.firing",
            "alerts[0]",
            "alerts[0].curve",
            "alerts[0].labels",
            "status",
            "common_labels",
            "it",
            "a",
            "b",
        ),
        *(
            "external_url",
            "now",
            "alerts[0].starts_at",
            "alerts[0].value",
            "reason",
            "none",
            "true",
            "1",
            "-2.5",
            "10**9",
            "'x'",
        ),
        *("[1, 'a', alerts]", "{'k': status}", "range(5)", "'a%s'", "alerts[0].nothing.more"),
    ]
)
FILTERS = st.sampled_from(
    [
        *(
            "upper",
            "length",
            "list",
            "join(', ')",
            "first",
            "last",
            "sort",
            "reverse",
            "tojson",
            "replace('a', 'b')",
            "round(2)",
        ),
        *(
            "default('d')",
            "map(attribute='labels')",
            "selectattr('known')",
            "pairs",
            "names",
            "without(['job'])",
            "label_table",
        ),
        *("humanize", "humanizeDuration", "short(20)", "mrkdwn", "markdown", "link('x')", "toUpper", "printf('%5.1f')", "abs"),
        *("match('a')", "sum", "min", "unique", "int", "float", "string", "trim", "truncate(5)", "urlencode", "dictsort", "e"),
    ]
)
EXPRESSION = st.recursive(
    JINJA_NAMES,
    lambda inner: st.one_of(
        st.builds("({} | {})".format, inner, FILTERS),
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "~", "*", "==", "<", "in", "and", "or", "%", "//"]), inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} is {})".format, inner, st.sampled_from(["firing", "resolved", "defined", "number", "none", "mapping"])),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}.{}()".format, inner, st.sampled_from(["upper", "items", "Format", "UTC", "Sub", "append", "format"])),
    ),
    max_leaves=5,
)


def _jinja_blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, EXPRESSION, inner, inner),
        st.builds("{{% for a in {} %}}{}{{% endfor %}}".format, EXPRESSION, inner),
        st.builds("{{% set b = {} %}}{}".format, EXPRESSION, inner),
        st.builds("{{% macro m(a, b='') %}}{}{{% endmacro %}}{{{{ m({}) }}}}".format, inner, EXPRESSION),
        st.builds("{}{}".format, inner, inner),
    )


JINJA = st.recursive(
    st.one_of(
        st.builds("{{{{ {} }}}}".format, EXPRESSION),
        st.builds(
            "{{{{ template('{}', {}) }}}}".format, st.sampled_from(["slack.default.title", "readable.title"]), EXPRESSION
        ),
    ),
    _jinja_blocks,
    max_leaves=6,
).map("{% if true %}{% endif %}{% set a, b = '', '' %}".__add__)

# -- alerts -----------------------------------------------------------------------------------------------------------

ODD = st.sampled_from(
    [
        *(
            "<script>alert(1)</script>",
            "<!channel> @everyone @here <@U1>",
            "a\r\nBcc: b@c\n\n.\n",
            "\x1b[31m\x00\x9b",
            "\u202e\u2066x",
        ),
        *("é🔥\u2028\ufeff", "{{ .Status }}{% if %}", "`*_~[x](y)|>#", "x" * 5000, "&lt;&amp;", "javascript:alert(1)", "", " "),
    ]
)
TEXT = st.one_of(ODD, st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
NUMBERS = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, math.nan, math.inf, 1e308, -1e308, 5e-324, 1e5, 99999.5]))
INSTANTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.lists(st.tuples(st.floats(0, 4e9), FINITE), max_size=9).map(lambda found: tuple(sorted(found)))
CURVES = st.builds(
    Curve,
    st.none() | st.builds(Threshold, st.sampled_from([">", "<=", "!="]), NUMBERS),
    POINTS,
    st.floats(0, 4e9),
    st.floats(0, 4e9),
    st.floats(0, 1e5),
)
NAMES = st.one_of(st.sampled_from(["alertname", "severity", "team", "owner", "job", "summary", "runbook_url"]), TEXT)


@st.composite
def alerts(draw: Callable[..., object]) -> NotifiedAlert:
    pairs = tuple(draw(st.dictionaries(NAMES, TEXT, max_size=5)).items())  # type: ignore[attr-defined]
    histogram = draw(st.none() | st.just(Histogram("3", "1.5", ((0, "0", "1", "3"),))))
    annotations = Annotations((), Labels({"a": "b"}), draw(NUMBERS), histogram, pairs, draw(st.none() | NUMBERS))  # type: ignore[arg-type]
    begin = draw(INSTANTS)
    labels = {name: text for name, text in draw(st.dictionaries(NAMES, TEXT, max_size=5)).items() if name and text}  # type: ignore[attr-defined]
    end, url, why = draw(st.none() | INSTANTS), draw(TEXT), draw(TEXT)
    return NotifiedAlert(Labels(labels), annotations, begin, end, url, why, draw(st.booleans()), draw(st.none() | CURVES))  # type: ignore[arg-type]


NOTIFICATIONS = st.lists(alerts(), min_size=1, max_size=4).map(
    lambda found: replace(example(), alerts=tuple(found), group_labels=Labels({}))
)


def outcome(text: str, told: Notification | None = None, *, page: bool = False) -> str:
    data = DATA
    if told is not None:
        data = notification_data(told, [dict(one.annotations.expanded or ()) for one in told.alerts], "https://e")
    try:
        return (TEXTS.render_html if page else TEXTS.render)(text, data)
    except TemplateError as error:
        return f"failed: {error}"


@given(GO, st.booleans())
@LAX
def test_any_go_template_renders_or_says_why_not(text: str, page: bool) -> None:
    first = outcome(text, page=page)
    assert outcome(text, page=page) == first
    first.encode("utf-8", "surrogatepass")


@given(JINJA, st.booleans())
@LAX
def test_any_jinja_template_renders_or_says_why_not(text: str, page: bool) -> None:
    first = outcome(text, page=page)
    assert outcome(text, page=page) == first
    first.encode("utf-8", "surrogatepass")


OF_OTHERS = {"readable.alerts", "pagerduty.default.instances"}  # which are handed something else than the notification
KINDS = ("readable.", "slack.", "email.", "telegram.", "discord.", "opsgenie.", "pagerduty.", "ntfy.")
PACKAGED = sorted(name for name in TEXTS.trees if is_packaged(name) and name.startswith(KINDS) and name not in OF_OTHERS)


@given(st.sampled_from(PACKAGED), NOTIFICATIONS)
@settings(LAX, max_examples=examples(40))
def test_no_alert_is_too_strange_for_the_packaged_texts(name: str, told: Notification) -> None:
    """They never fail, say the same twice, and what is readable neither steers terminals nor opens tags."""
    page = name.endswith("html") or name.startswith("telegram.")
    text = outcome(f'{{{{ template "{name}" . }}}}', told, page=page)
    assert not text.startswith("failed: ")
    assert outcome(f'{{{{ template "{name}" . }}}}', told, page=page) == text
    if name.startswith("readable."):
        assert not {"\x1b", "\x00", "\u202e", "\u2066"} & set(text)
        assert len(text) < 60_000
    if name == "readable.telegram.html":
        assert {tag.strip("/") for tag, _ in Skeleton(text).found} <= {"b", "a", "code"}
    if page:
        assert not [link for link in Skeleton(text).links if link.strip().lower().startswith("javascript:")]
