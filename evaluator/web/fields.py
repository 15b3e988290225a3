"""Fields of forms, read. What is wrong with one is noted under its name, to be shown beside it; the first mistake counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import QueryParams

from evaluator.core.durations import parse_duration
from evaluator.core.labels import Matcher
from evaluator.core.matchers import MatcherMode, parse_matchers
from evaluator.core.muting.silence import MatcherSet
from evaluator.web.choice import written
from evaluator.web.words import parse_instant

OR = "or"

Wrong = dict[str, str]


def note(wrong: Wrong, field: str, text: str) -> None:
    """Note that this is wrong with a field, if anything is."""
    if text:
        wrong.setdefault(field, text)


def filled(draft: type[Any], form: QueryParams) -> dict[str, str]:
    """The fields of a draft, a dataclass of texts, as they were filled in."""
    return {one.name: form.get(one.name, "").replace("\r\n", "\n").strip() for one in fields(draft)}


def matcher_lines(sets: Iterable[Iterable[Matcher]]) -> str:
    """Matchers in lines; a line that says `or` begins an alternative."""
    return f"\n{OR}\n".join("\n".join(map(written, matchers)) for matchers in sets)


def read_matchers(text: str, mode: MatcherMode, wrong: Wrong) -> tuple[MatcherSet, ...]:
    """Alternatives, from the field `matchers`."""
    sets: list[MatcherSet] = [()]
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() == OR:
            sets.append(())
        elif line.strip():
            try:
                sets[-1] += parse_matchers(line.strip(), mode).matchers
            except ValueError as error:
                wrong.setdefault("matchers", f"line {number}: {error}")
    if not all(sets):
        wrong.setdefault("matchers", "at least one matcher is needed" + (f" on each side of `{OR}`" if len(sets) > 1 else ""))
    return tuple(sets)


def read_instant(text: str, field: str, wrong: Wrong) -> datetime | None:
    """An instant; None where there is none, or none that can be read."""
    if not text:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        wrong[field] = str(error)
        return None


def read_span(text: str, wrong: Wrong, otherwise: str = "") -> timedelta | None:
    """A duration, from the field `lasts`; None if it cannot be read. otherwise: what else can be done."""
    try:
        return parse_duration(text)
    except (ValueError, OverflowError) as error:
        wrong.setdefault("lasts", f"{error}; write 30m, 2h or 1d{otherwise}")
        return None


def read_end(starts_at: datetime, lasts: str, until: str, wrong: Wrong) -> datetime:
    """When something ends that begins at `starts_at`. An end that is given counts more than a duration."""
    ends_at = read_instant(until, "until", wrong)
    span = None if ends_at is not None else read_span(lasts, wrong, ", or give an end")
    try:
        return ends_at or starts_at + (span or timedelta(0))
    except OverflowError as error:
        wrong.setdefault("lasts", f"{error}; write 30m, 2h or 1d, or give an end")
        return starts_at
