"""`silence_policy`: what is too broad for a silence, whoever sets it. Silences of the configuration are asked the same.

What a person could insist on is a warning in a file, and everything else an error: who wrote the file may as well write why.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.config.scalars import Count, Flag, Span, Text
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.silence_policy import SilencePolicy, objections

_PLACES = {"max_duration": ("duration", "ends_at"), "require_comment": ("comment",)}


class SilencePolicyModel(Model):
    """`silence_policy`."""

    TITLE = "silence_policy"

    max_duration: Span | None = None
    min_matchers: Count = 0
    forbid_only: list[Text] = Field(default_factory=list)
    max_alerts: Count = 0
    require_comment: Flag = False
    confirm: Flag = False
    notify_before_end: Span | None = None
    notify: Text = ""


def policy_of(model: SilencePolicyModel, top: Table, reading: Reading) -> SilencePolicy:
    """The policy that a file states."""
    if model.max_duration is not None and not model.max_duration:
        position = top.at("silence_policy", "max_duration")
        reading.problems.error(position, "max_duration cannot be zero", "remove it, or write a duration such as 7d")
    return SilencePolicy(
        max_duration=model.max_duration,
        min_matchers=model.min_matchers,
        forbid_only=frozenset(model.forbid_only),
        max_alerts=model.max_alerts,
        require_comment=model.require_comment,
        confirm=model.confirm,
        notify_before_end=_notice(model, top, reading),
    )


def _notice(model: SilencePolicyModel, top: Table, reading: Reading) -> timedelta | None:
    if model.notify and not model.notify_before_end:
        remedy = "add notify_before_end: 15m"
        reading.problems.error(top.at("silence_policy", "notify"), "notify without notify_before_end", remedy)
    return model.notify_before_end or None


def object_to(silence: Silence, policy: SilencePolicy, node: Table, reading: Reading) -> None:
    """Say what the policy of a file has against a silence of that file, which stands at `node`."""
    for one in objections(silence, policy, silence.starts_at):
        place = next((key for key in _PLACES.get(one.rule, ("matchers",)) if key in node.values), "")
        say = reading.problems.warn if one.confirmable else reading.problems.error
        say(node.at(place) if place else node.position, f"against silence_policy ({one.rule}): {one.text}", one.remedy)
