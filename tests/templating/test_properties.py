"""Whatever is written, and whatever it speaks of: a text or one of the two announced exceptions, the same every time."""

import math
import re
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.evaluation.answers import Sample
from evaluator.core.labels import Labels
from evaluator.templating import QueryNeeded, Scope, TemplateError, compile_text
from evaluator.templating.errors import CallFailed
from evaluator.templating.functions.prometheus import RULE_FUNCTIONS
from evaluator.templating.functions.regexes import replace_all
from evaluator.templating.go.literals import parse_float, unquote
from evaluator.templating.go.numbers import shortest
from evaluator.templating.go.printf import sprintf
from evaluator.templating.go.quote import quoted
from tests.effort import examples

PIECES = st.sampled_from(
    [
        *RULE_FUNCTIONS,
        *("if", "else", "end", "range", "with", "define", "template", "block", "break", "continue", "nil", "true"),
        *("$labels", "$value", "$x", "$", ".", ".Labels", ".Value", ".job", ":=", "=", "|", "(", ")", ",", "-", "{{", "}}"),
        *("1", "1.5", "0x1F", "1e400", "'a'", '"up"', '"%d %5.2f %[9]d"', '"("', "`raw`", "/*", "*/", "\n", "3i", "{%", "%}"),
        *(
            "labels",
            "value",
            "now",
            "for",
            "in",
            "set",
            "endif",
            "endfor",
            "~",
            "**",
            "labels.job",
            "range(9)",
            "'x'",
            "[",
            "]",
        ),
    ]
)
TEMPLATES = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, max_size=14).map(lambda pieces: "{{ " + " ".join(pieces) + " }}"),
    st.lists(PIECES, max_size=8).map(lambda pieces: "{% " + " ".join(pieces) + " %}"),
    st.lists(st.lists(PIECES, max_size=5).map(lambda pieces: "{{ " + " ".join(pieces) + " }}"), max_size=5).map(" ".join),
)
SCOPES = st.builds(
    Scope,
    st.dictionaries(st.sampled_from(["job", "instance", "é"]), st.text(max_size=8), max_size=3).map(Labels),
    st.floats(),
    queries=st.just({"up": [Sample(Labels({"job": "x"}), 1.0)]}),
)


TWO_LINES = "an error of two lines"


def outcome(template: str, scope: Scope) -> str:
    try:
        return compile_text(template).render(scope)
    except TemplateError as error:
        return TWO_LINES if "\n" in str(error) else str(error)
    except QueryNeeded as needed:
        return f"asks for {needed.expr}"


@given(TEMPLATES, SCOPES)
@settings(max_examples=examples(60))
def test_any_text_renders_or_says_why_not(template: str, scope: Scope) -> None:
    """Twice the same, and fit to be sent."""
    first = outcome(template, scope)
    assert outcome(template, scope) == first != TWO_LINES
    first.encode("utf-8", "surrogatepass")


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2)
)


@given(st.text(alphabet="%[]*.+-# 0123456789vdsxqtfeEgGUcbopTX!z\u00e9", max_size=16), st.lists(VALUES, max_size=4))
@settings(max_examples=examples(50))
def test_printf_never_fails(layout: str, values: list[object]) -> None:
    """Whatever is asked of whatever; only texts of a million characters and more are refused."""
    with suppress(CallFailed):
        assert isinstance(sprintf(layout, values), str)


@given(st.floats(allow_nan=False))
def test_a_float_reads_back_as_itself(value: float) -> None:
    text = shortest(value)
    assert parse_float(text) == value
    exponent = re.search(r"e([+-]\d+)$", text)
    assert exponent is None or int(exponent[1]) < -4 or int(exponent[1]) >= 6
    assert math.isinf(value) or len(re.sub(r"e.*|\D", "", text).strip("0")) <= 17


@given(st.text(max_size=20))
def test_a_quoted_text_reads_back_as_itself(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert unquote(quoted(text)) == text
    assert unquote(quoted(text, ascii_only=True)) == text


@given(st.text(alphabet="ab\u00e9 ", max_size=12), st.text(alphabet="ab-", max_size=3))
def test_replacing_nothing_in_particular(text: str, new: str) -> None:
    """An empty expression matches between all characters, and once at either end."""
    assert replace_all("", new, text) == new + "".join(char + new for char in text)
    assert replace_all("a", new, text) == text.replace("a", new)
