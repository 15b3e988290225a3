"""What a team thinks too broad for a silence, and what it objects to in one.

By default nothing is: whatever Alertmanager takes is taken, since its tools must go on working. Only who can be asked back, on
the command line or a page, is asked to confirm what mutes nearly everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from evaluator.core.durations import format_duration
from evaluator.core.frozen import frozen
from evaluator.core.muting.silence import MatcherSet, Silence

LONGEST_WAIT = timedelta(days=30)
"""For how long a silence waits for its alerts to end, unless somebody says otherwise."""

_UNHEARD_OF = "\N{SNOWMAN} a value that nobody ever gave to a label \N{SNOWMAN}"


@frozen
class SilencePolicy:
    """What is objected to; nothing by default.

    max_duration: from now, or from the start, to the end. min_matchers: labels that each set must narrow. forbid_only: labels
    that do not suffice. max_alerts: firing alerts that it would mute now; 0 for any number. require_comment: it must say why.
    confirm: whether people may insist; a missing comment they must write all the same. notify_before_end: how long before a
    silence ends somebody is told that what it mutes still fires; None for never.
    """

    max_duration: timedelta | None = None
    min_matchers: int = 0
    forbid_only: frozenset[str] = frozenset()
    max_alerts: int = 0
    require_comment: bool = False
    confirm: bool = False
    notify_before_end: timedelta | None = None


NO_POLICY = SilencePolicy()


def far_end(policy: SilencePolicy) -> timedelta:
    """For how long a silence may wait for its alerts to end."""
    return min(LONGEST_WAIT, policy.max_duration or LONGEST_WAIT)


class Verdict(StrEnum):
    """What becomes of a silence. CONFIRM: it is set when whoever wants it insists."""

    ACCEPTED = "accepted"
    CONFIRM = "confirm"
    REFUSED = "refused"


@frozen
class Objection:
    """Why a silence is too broad. rule: the key of the policy. remedy: what to do instead. confirmable: one may insist."""

    rule: str
    text: str
    remedy: str
    confirmable: bool

    def __str__(self) -> str:
        """One sentence, with what to do."""
        return f"{self.text}; {self.remedy}"


VAGUE = Objection("", "it narrows no label, so it mutes nearly everything", "add a matcher with a definite value", True)


def objections(silence: Silence, policy: SilencePolicy, at: datetime, mutes: int = 0) -> tuple[Objection, ...]:
    """What `policy` objects to in a silence that is set at `at`. mutes: how many firing alerts it would mute."""
    found = (*_breadth(silence, policy), *_duration(silence, policy, at), *_alerts(policy, mutes), *_comment(silence, policy))
    return tuple(Objection(rule, text, remedy, policy.confirm and rule != "require_comment") for rule, text, remedy in found)


def is_vague(silence: Silence) -> bool:
    """Whether a set of it narrows no label at all."""
    return any(not narrowed(matchers) for matchers in silence.matcher_sets)


def narrowed(matchers: MatcherSet) -> frozenset[str]:
    """The labels that must have particular values.

    A matcher that an absent label satisfies does not count, nor one that a value satisfies which nobody ever used: with
    `instance=~".+"` nothing is narrowed, nor with `team!="a"`.
    """
    return frozenset(one.name for one in matchers if not (one.accepts("") or one.accepts(_UNHEARD_OF)))


def verdict(found: Iterable[Objection], confirmed: bool = False) -> Verdict:
    """What follows from objections. confirmed: whether whoever wants it insists."""
    left = [one for one in found if not (confirmed and one.confirmable)]
    if not left:
        return Verdict.ACCEPTED
    return Verdict.CONFIRM if all(one.confirmable for one in left) else Verdict.REFUSED


def widens(former: Silence | None, wanted: Silence, at: datetime) -> bool:
    """Whether setting `wanted` mutes more than `former` does, which it is to replace; if not, there is nothing to object to."""
    if former is None or former.ends_at <= at:
        return True
    return former.matcher_sets != wanted.matcher_sets or wanted.starts_at < former.starts_at or wanted.ends_at > former.ends_at


_Found = Iterator[tuple[str, str, str]]


def _breadth(silence: Silence, policy: SilencePolicy) -> _Found:
    for matchers in silence.matcher_sets:
        names = narrowed(matchers)
        if len(names) < policy.min_matchers:
            text = f"it narrows {len(names)} label{'s' * (len(names) != 1)}, {policy.min_matchers} are required"
            yield "min_matchers", text, "add matchers with definite values"
            return
        if policy.forbid_only and names <= policy.forbid_only:
            text = f"it narrows nothing but {', '.join(sorted(names))}" if names else "it narrows nothing"
            yield "forbid_only", text, f"add a matcher on a label other than {', '.join(sorted(policy.forbid_only))}"
            return


def _duration(silence: Silence, policy: SilencePolicy, at: datetime) -> _Found:
    if policy.max_duration is not None and silence.ends_at - max(silence.starts_at, at) > policy.max_duration:
        text = f"it lasts longer than {format_duration(policy.max_duration)}"
        yield "max_duration", text, "end it sooner, and extend it when needed"


def _alerts(policy: SilencePolicy, mutes: int) -> _Found:
    if 0 < policy.max_alerts < mutes:
        yield "max_alerts", f"it would mute {mutes} alerts now, at most {policy.max_alerts} are allowed", "narrow its matchers"


def _comment(silence: Silence, policy: SilencePolicy) -> _Found:
    if policy.require_comment and not silence.comment.strip():
        yield "require_comment", "it does not say why", "add a comment"
