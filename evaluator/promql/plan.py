"""One request for many rules.

An instant query over HTTP costs a server about ten times what the expression in it costs. So the expressions of a slot are
brought together before they are sent, best way first:

    equal      expressions that print alike are asked once
    tiers      `LEFT > 5` and `LEFT > 9` are asked once, with the loosest constant; the tighter ones are applied here
    family     expressions that differ in the value of one label, `up{job="a"} == 0` and `up{job="b"} == 0`, become one with
               `job=~"a|b"`, where the result still tells them apart (see `keeping`)
    join       what is left is put side by side: `label_replace(ONE, MARKER, "0", "", "") or label_replace(TWO, …) or …`

What comes back is cut up again by `cutting`. A plan says nothing of time or of failures: whoever sends it splits a request
that fails for what may be one expression's fault, and names the culprit in `alone`, so that it stays alone from then on.

Prometheus 2.42, to which native histograms are an experiment, loses them in `label_replace`. An expression whose result they
are has the same series there, but they read as 0; what is computed from histograms is a number, and is as it is alone.

Alertmanager and the rulers of Prometheus and VictoriaMetrics have nothing like it; they ask once per rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from evaluator.core.frozen import frozen
from evaluator.core.quoting import quote
from evaluator.promql.expression import Dialect
from evaluator.promql.shape import Bound, Shape, Variant, filled, shape_of

MARKER = "__evaluator_part__"


@frozen
class Taker:
    """How an expression's result is cut out of a fetched one: the series with `label` = `value` that pass `bound`."""

    expr: str
    label: str = ""
    value: str = ""
    bound: Bound | None = None


@frozen
class Fetch:
    """One expression to ask for, and whom it serves. scalar: its result is one number."""

    text: str
    takers: tuple[Taker, ...]
    scalar: bool = False


@frozen
class Request:
    """One query. text: what is sent. With several fetches each series carries the number of its fetch as MARKER.

    alone: why it serves one expression only, where that was not a matter of chance.
    """

    text: str
    fetches: tuple[Fetch, ...]
    alone: str = ""

    @property
    def exprs(self) -> tuple[str, ...]:
        """The expressions that it answers."""
        return tuple(taker.expr for fetch in self.fetches for taker in fetch.takers)

    @property
    def marked(self) -> bool:
        """Whether its series carry MARKER."""
        return len(self.fetches) > 1


@frozen
class Measure:
    """How large a request may become: expressions in it, bytes of its text, and seconds that it is expected to take."""

    max_rules: int = 100
    max_length: int = 16_000
    max_seconds: float = 1.0


@frozen
class Known:
    """What earlier requests have shown. alone: expressions that spoil a shared request, and why. seconds: of costly ones."""

    alone: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


def plan(exprs: Iterable[str], dialect: Dialect, measure: Measure, known: Known) -> tuple[Request, ...]:
    """The requests that answer all of `exprs`, each of them by exactly one; the same for the same arguments."""
    shapes = [shape_of(text, dialect) for text in dict.fromkeys(exprs)]
    why = {shape.text: shape.alone or _taken(shape.text) or known.alone.get(shape.text, "") for shape in shapes}
    fetches = _families(_tiers(shape for shape in shapes if not why[shape.text]), dialect, measure)
    single = (lonely(shape.text, why[shape.text]) for shape in shapes if why[shape.text])
    return (*_joined(fetches, measure, known.seconds), *single)


def _taken(text: str) -> str:
    return f"it names the label {MARKER}" if MARKER in text else ""


def lonely(expr: str, why: str = "") -> Request:
    """The request for one expression as it stands."""
    return Request(expr, (Fetch(expr, (Taker(expr),)),), why)


def parts(request: Request, number: int, dialect: Dialect, measure: Measure) -> tuple[Request, ...]:
    """The same expressions in `number` requests, or in as many as there are expressions when these are fewer."""
    exprs = request.exprs
    size = -(-len(exprs) // number)
    some = (exprs[start : start + size] for start in range(0, len(exprs), size))
    return tuple(one for each in some for one in plan(each, dialect, measure, Known()))


# -- tiers ------------------------------------------------------------------------------------------------------------


def _tiers(shapes: Iterable[Shape]) -> list[Fetch]:
    """One fetch for each left side and direction, for each of the others one of its own."""
    tiers: dict[tuple[str, object], list[Shape]] = defaultdict(list)
    for shape in shapes:
        tiers[(shape.left, shape.bound.upward) if shape.bound else (shape.text, None)].append(shape)
    return [_tier(each) for each in tiers.values()]


def _tier(shapes: Sequence[Shape]) -> Fetch:
    loosest = max(shapes, key=lambda shape: shape.bound.looseness if shape.bound else (0.0, False))
    takers = (Taker(shape.text, bound=None if shape.bound == loosest.bound else shape.bound) for shape in shapes)
    return Fetch(loosest.text, tuple(takers), loosest.scalar)


# -- families ---------------------------------------------------------------------------------------------------------


def _families(fetches: Iterable[Fetch], dialect: Dialect, measure: Measure) -> list[Fetch]:
    """Merge fetches that are variants of one template, the largest family first."""
    left = {fetch.text: fetch for fetch in fetches}
    families: dict[tuple[str, str], list[tuple[str, Variant]]] = defaultdict(list)
    for text, fetch in left.items():
        for variant in () if fetch.scalar else shape_of(text, dialect).variants:
            families[variant.template, variant.label].append((text, variant))
    merged = []
    for (template, label), members in sorted(families.items(), key=lambda item: -len(item[1])):
        free = [(left[text], variant.value) for text, variant in members if text in left]
        for some in _chunks(free, measure):
            if len(some) > 1:
                merged.append(_family(template, label, some))
                for fetch, _ in some:
                    del left[fetch.text]
    return [*merged, *left.values()]


def _family(template: str, label: str, members: Sequence[tuple[Fetch, str]]) -> Fetch:
    takers = (replace(taker, label=label, value=value) for fetch, value in members for taker in fetch.takers)
    return Fetch(filled(template, label, tuple(value for _, value in members)), tuple(takers))


def _chunks(members: Sequence[tuple[Fetch, str]], measure: Measure) -> Iterator[list[tuple[Fetch, str]]]:
    """Members in portions that make one request each."""
    chunk: list[tuple[Fetch, str]] = []
    rules, length = 0, 0
    for fetch, value in members:
        more, longer = len(fetch.takers), len(value.encode()) * 2 + 1
        if chunk and (rules + more > measure.max_rules or length + longer + len(fetch.text) > measure.max_length):
            yield chunk
            chunk, rules, length = [], 0, 0
        chunk.append((fetch, value))
        rules, length = rules + more, length + longer
    yield chunk


# -- joining ----------------------------------------------------------------------------------------------------------


def _joined(fetches: Iterable[Fetch], measure: Measure, seconds: Mapping[str, float]) -> Iterator[Request]:
    """Put fetches side by side, as many as a request may hold."""
    together: list[Fetch] = []
    rules, length, cost = 0, 0, 0.0
    for fetch in fetches:
        more, longer = len(fetch.takers), len(_marked(fetch, 1000)) + 6
        dearer = sum(seconds.get(taker.expr, 0.0) for taker in fetch.takers)
        full = rules + more > measure.max_rules or length + longer > measure.max_length or cost + dearer > measure.max_seconds
        if together and full:
            yield _request(together)
            together, rules, length, cost = [], 0, 0, 0.0
        together.append(fetch)
        rules, length, cost = rules + more, length + longer, cost + dearer
    if together:
        yield _request(together)


def _request(fetches: Sequence[Fetch]) -> Request:
    if len(fetches) == 1:
        return Request(fetches[0].text, tuple(fetches))
    return Request(_or([_marked(fetch, number) for number, fetch in enumerate(fetches)]), tuple(fetches))


def _marked(fetch: Fetch, number: int) -> str:
    vector = f"vector({fetch.text})" if fetch.scalar else fetch.text
    return f'label_replace({vector}, {quote(MARKER)}, "{number}", "", "")'


def _or(texts: Sequence[str]) -> str:
    """All of them, as a balanced tree: `or` copies its left side, and a chain would copy the first one again and again."""
    if len(texts) <= 2:
        return " or ".join(texts)
    half = len(texts) // 2
    return f"({_or(texts[:half])}) or ({_or(texts[half:])})"


def explained(requests: Iterable[Request]) -> Iterator[str]:
    """The plan for people: for each request what it serves, why it is alone if it has to be, and its text."""
    for number, request in enumerate(requests, 1):
        serves, asks = len(request.exprs), len(request.fetches)
        shared = f"{serves} expressions" if serves > 1 else "1 expression"
        how = f" as {asks}" if asks != serves else ""
        yield f"request {number}: {shared}{how}{f', alone: {request.alone}' if request.alone else ''}"
        yield f"  {request.text}"
