"""Silences, windows and previews as the evaluator's own API shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from evaluator.api.v2.silences import matcher_bodies
from evaluator.api.view import View
from evaluator.core.durations import format_duration
from evaluator.core.muting.silence import MatcherSet, Silence, SilenceState
from evaluator.core.muting.silence_policy import Objection
from evaluator.core.muting.silence_preview import OCCURRENCES, Muted, Preview
from evaluator.core.muting.windows import Window, occurrences
from evaluator.core.timestamps import rfc3339

Json = dict[str, Any]
MOST_SHOWN = 100
"""Alerts that a preview names; it counts all."""


def shown_silences(view: View, silences: Iterable[Silence]) -> list[Json]:
    """mutes: how many firing alerts each keeps quiet now. window: the one whose occurrence it is, on or next.

    endedBy: who ended it early, if they said so. untilResolved: whether it ends with the alerts that it was set for.
    """
    machine, now = view.machine, view.now
    firing = (alert.labels for alert in machine.alerts if alert.firing)
    mutes = Counter(name for labels in firing for name in machine.silencing.silences.muting(labels, now))
    opened, written = machine.silencing.opened(), {silence.id for silence in view.settings.silences}
    return [
        {
            "id": silence.id,
            "state": silence.state(now),
            "matcherSets": _matcher_sets(silence.matcher_sets),
            "startsAt": rfc3339(silence.starts_at),
            "endsAt": rfc3339(silence.ends_at),
            "updatedAt": rfc3339(silence.updated_at or silence.starts_at),
            "createdBy": silence.created_by,
            "endedBy": silence.ended_by,
            "comment": silence.comment,
            "annotations": dict(silence.annotations),
            "mutes": mutes[silence.id],
            "configured": silence.id in written,
            "window": _brief(view, opened.get(silence.id)),
            "untilResolved": silence.awaited is not None,
        }
        for silence in silences
    ]


def shown_window(view: View, window: Window) -> Json:
    """occurrences: the one that is on, and those that come next."""
    now = view.now
    coming = list(islice(occurrences(window, now), OCCURRENCES))
    return {
        "id": window.id,
        "name": window.name,
        "state": _state(window, coming, now),
        "matcherSets": _matcher_sets(window.matcher_sets),
        "schedule": window.schedule.text,
        "duration": format_duration(window.duration),
        "location": window.location,
        "endsAt": rfc3339(window.until) if window.until else None,
        "updatedAt": rfc3339(window.updated_at) if window.updated_at else None,
        "createdBy": window.created_by,
        "endedBy": window.ended_by,
        "comment": window.comment,
        "configured": view.machine.silencing.windows.is_written(window.id),
        "occurrences": [_span(silence) for silence in coming],
    }


def shown_preview(seen: Preview) -> Json:
    """count: of all alerts that it would mute; already: of those, how many are muted without it. alerts: some of them."""
    judgement = seen.judgement
    return {
        "verdict": judgement.verdict(),
        "problems": list(judgement.refusal.problems) if judgement.refusal else [],
        "objections": shown_objections(judgement.objections),
        "count": len(seen.mutes),
        "already": sum(one.inhibited or bool(one.silences) for one in seen.mutes),
        "alerts": [_muted(one) for one in islice(seen.mutes, MOST_SHOWN)],
        "occurrences": [_span(silence) for silence in seen.occurrences],
    }


def shown_objections(objections: Iterable[Objection]) -> list[Json]:
    """rule: the key of `silence_policy`; empty for what is asked about in any case."""
    return [{"rule": one.rule, "text": one.text, "remedy": one.remedy, "confirmable": one.confirmable} for one in objections]


def _state(window: Window, coming: list[Silence], now: datetime) -> SilenceState:
    return coming[0].state(now) if coming else SilenceState.EXPIRED


def _matcher_sets(sets: tuple[MatcherSet, ...]) -> list[list[Json]]:
    return [list(matcher_bodies(matchers)) for matchers in sets]


def _brief(view: View, window: Window | None) -> Json | None:
    if window is None:
        return None
    return {"id": window.id, "name": window.name, "configured": view.machine.silencing.windows.is_written(window.id)}


def _span(silence: Silence) -> Json:
    return {"id": silence.id, "startsAt": rfc3339(silence.starts_at), "endsAt": rfc3339(silence.ends_at)}


def _muted(one: Muted) -> Json:
    return {
        "fingerprint": one.alert.fingerprint,
        "labels": one.alert.labels.as_dict(),
        "silencedBy": list(one.silences),
        "inhibited": one.inhibited,
    }
