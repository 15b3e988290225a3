"""One silence: whom it mutes and when, what makes it invalid, which edits it survives.

A silence holds alternatives (matcher sets), each a list of conditions that must hold together; an alert is muted when any set
matches it. It is pending before its start, active from there on, and expired from its end on.

The rules are Alertmanager's. Two of them are easily missed: a set must have a matcher that an absent label does not satisfy,
else it would mute nearly everything (negative matchers pass this test, so `team!="a"` alone is a valid silence;
`silence_policy` is there for those who want none of that); and an edit keeps the id only when it does not change whom the
silence mutes or has muted so far, so that the record of what was muted stays true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from evaluator.core.frozen import frozen
from evaluator.core.labels import Matcher, MatchOp, match_all

MatcherSet = tuple[Matcher, ...]

_CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
UNTIL_RESOLVED = "until_resolved"
"""The annotation of a silence that ends with its alerts: their fingerprints, with spaces between. Any other text stands for
those that fire when the silence is set."""

_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_NEGATIVE = (MatchOp.NOT_EQUAL, MatchOp.NOT_REGEX)


class SilenceState(StrEnum):
    """Where in its life a silence is."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@frozen
class Silence:
    """A silence as it is kept, or as somebody wants it: then `id` is empty or names the one to edit.

    matcher_sets: alternatives. starts_at is part of it, ends_at is not. updated_at: when it was last kept; None for a wish.
    ended_by: who ended it before its time, if they said so.
    """

    matcher_sets: tuple[MatcherSet, ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str = ""
    comment: str = ""
    annotations: tuple[tuple[str, str], ...] = ()
    id: str = ""
    updated_at: datetime | None = None
    ended_by: str = ""

    @property
    def key(self) -> tuple[str]:
        """The id."""
        return (self.id,)

    @property
    def awaited(self) -> frozenset[str] | None:
        """Fingerprints of the alerts with which it ends, once all are over; None for one that ends by the clock alone."""
        text = dict(self.annotations).get(UNTIL_RESOLVED)
        return None if text is None else frozenset(_FINGERPRINT.findall(text))

    def state(self, at: datetime) -> SilenceState:
        """Its state at `at`."""
        if at < self.starts_at:
            return SilenceState.PENDING
        return SilenceState.ACTIVE if at < self.ends_at else SilenceState.EXPIRED

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether it mutes an alert with these labels while it is active."""
        return any(match_all(matchers, labels) for matchers in self.matcher_sets)

    @property
    def size(self) -> int:
        """Bytes of all its texts in UTF-8."""
        conditions = [text for matchers in self.matcher_sets for matcher in matchers for text in (matcher.name, matcher.value)]
        return sum(len(text.encode()) for text in (*conditions, *(text for _, text in _notes(self))))


def problems(silence: Silence, now: datetime, classic_names: bool = False) -> tuple[str, ...]:
    """Why `silence` cannot be accepted at `now`; nothing when it can. classic_names: refuse names of the UTF-8 kind."""
    return (
        *_matcher_problems(silence.matcher_sets, classic_names),
        *_time_problems(silence, now),
        *(f"{name} is not valid UTF-8" for name, text in _notes(silence) if not _is_unicode(text)),
    )


def _matcher_problems(matcher_sets: tuple[MatcherSet, ...], classic_names: bool) -> Iterator[str]:
    if not all(matcher_sets) or not matcher_sets:
        yield "at least one matcher required"
    for matchers in matcher_sets:
        for number, matcher in enumerate(matchers):
            yield from (f"invalid label matcher {number}: {reason}" for reason in _text_problems(matcher, classic_names))
        if matchers and all(_accepts_absence(matcher) for matcher in matchers):
            yield "at least one matcher must not match the empty string"


def _text_problems(matcher: Matcher, classic_names: bool) -> Iterator[str]:
    if not matcher.name or not _is_unicode(matcher.name) or (classic_names and not _CLASSIC_NAME.fullmatch(matcher.name)):
        yield f"invalid label name {_printable(matcher.name)}"
    if not _is_unicode(matcher.value):
        yield f"invalid label value {_printable(matcher.value)}"


def _printable(text: str) -> str:
    return f'"{text}"' if _is_unicode(text) else ascii(text)


def _notes(silence: Silence) -> Iterator[tuple[str, str]]:
    yield "author", silence.created_by
    yield "comment", silence.comment
    yield from (("annotation", text) for pair in silence.annotations for text in pair)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _accepts_absence(matcher: Matcher) -> bool:
    return matcher.op not in _NEGATIVE and matcher.accepts("")


def _time_problems(silence: Silence, now: datetime) -> Iterator[str]:
    if silence.starts_at.year == 1:
        yield "invalid zero start timestamp"
    if silence.starts_at >= silence.ends_at:
        yield "start time must be before end time"
    if silence.ends_at < now:
        yield "end time can't be in the past"


def survives_edit(kept: Silence, wanted: Silence, now: datetime) -> bool:
    """Whether `kept` can become `wanted` and still be the same silence.

    Never when it is expired or when the matchers differ, their order included. An active one must keep its start, to the
    second; a pending one must not start before `now`.
    """
    if kept.matcher_sets != wanted.matcher_sets:
        return False
    match kept.state(now):
        case SilenceState.ACTIVE:
            return _same_second(kept.starts_at, wanted.starts_at) and wanted.ends_at >= now
        case SilenceState.PENDING:
            return wanted.starts_at >= now
        case SilenceState.EXPIRED:
            return False


def _same_second(one: datetime, other: datetime) -> bool:
    return one.replace(microsecond=0) == other.replace(microsecond=0)


def derived_id(*parts: object) -> str:
    """An id in the shape of a UUID (version 5, because some clients accept no other) that only depends on `parts`."""
    digest = bytearray(sha256(repr(parts).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
