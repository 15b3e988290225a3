"""What the log says: one line for each thing that people may ask about later.

structlog, to standard error; `console` for people, `json` for machines. Secrets never come near it: values of settings are
not logged, and failures carry scrubbed texts. A log that cannot be written, for a disk that is full or a pipe whose reader
left, costs the line and nothing else: alerts matter more than the telling of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO, cast

from evaluator.core.durations import format_duration
from evaluator.core.effects import Effect, Note, Save
from evaluator.core.incidents.records import Happening, Moment
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.matchers import format_matchers
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.notifying.dispatch import group_labels_text
from evaluator.core.records import Attempt, Decision, OutboxRecord, State, Transition
from evaluator.service.sparing import without

with without("rich"):  # structlog would load it to draw tracebacks; ours are texts before they come to be drawn
    import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger("evaluator")


MOMENT = 0.1
"""Seconds that a line waits at most."""

_WORRYING = frozenset({Happening.EXHAUSTED, Happening.SKIPPED, Happening.PAGE_FAILED})


class _Forgiving:
    """A stream for `WriteLogger`: a line that cannot be written is lost. Standard error lets each go as it ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        if not getattr(self._stream, "line_buffering", False):
            with contextlib.suppress(OSError, ValueError):
                self._stream.flush()


def set_up(form: str) -> None:
    """Log in this form, `console` or `json`."""
    renderer: structlog.typing.Processor
    if form == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Forgiving(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class Scribe:
    """Writes what has been decided and kept into the log, a moment later: whoever is to be notified comes first.

    In a storm the last who are told would else wait for the lines about the first.
    """

    def __init__(self) -> None:
        self._waiting: list[Sequence[Effect]] = []

    def kept(self, effects: Sequence[Effect]) -> None:
        """These have been kept. Needs a running event loop."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(MOMENT, self.write)
        self._waiting.append(effects)

    def write(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        for effects in waiting:
            log_effects(effects)


def log_effects(effects: Sequence[Effect]) -> None:
    """Say what has been decided and kept."""
    for effect in effects:
        match effect:
            case Note(Transition() as change):
                _transition(change)
            case Note(Decision() as decision) if decision.sent:
                log.info("notify", **_about(decision.integration, decision.group_key), reason=decision.reason)
            case Note(Attempt() as attempt):
                _attempt(attempt)
            case Note(Moment() as moment):
                _moment(moment)
            case Save(Silence() as silence):
                _silence(silence)
            case Save(Window() as window):
                _window(window)
            case Save(OutboxRecord()) | _:
                pass


def _transition(change: Transition) -> None:
    was = "none" if change.before is None else str(change.before)
    becomes = "gone" if change.after is None else str(change.after)
    more = {"why": change.why} if change.why else {}
    if change.after is State.FIRING and change.at > change.active_at:
        more["after"] = format_duration(change.at - change.active_at)
    name, labels = _named(change.labels)
    log.info(f"{was} => {becomes}", alert=name, labels=labels, value=change.value, slot=_clock(change.at), **more)


def _attempt(attempt: Attempt) -> None:
    if attempt.error:
        say = log.error if attempt.permanent else log.warning
        fate = "not accepted, and the same again would not be" if attempt.permanent else "not accepted, will be tried again"
        say(fate, integration=attempt.integration, attempt=attempt.attempt, error=attempt.error)
    else:
        log.info("accepted", integration=attempt.integration, attempt=attempt.attempt, **dict(attempt.receipt))


def _moment(moment: Moment) -> None:
    """What happens to an incident; that somebody could not be told is worth a warning."""
    more = {name: getattr(moment, name) for name in ("detail", "by", "via") if getattr(moment, name)}
    say = log.warning if moment.what in _WORRYING else log.info
    say(f"incident {moment.what}", incident=moment.incident, epoch=moment.epoch, **more)


def _silence(silence: Silence) -> None:
    """Somebody set, edited or ended it. What nobody did, as when one begins, changes no record and is not said."""
    over = silence.updated_at is not None and silence.ends_at <= silence.updated_at
    matchers = " or ".join(map(format_matchers, silence.matcher_sets))
    more = {} if over else {"starts": _clock(silence.starts_at), "ends": _clock(silence.ends_at)}
    said = {
        "set_by": silence.created_by,
        "comment": silence.comment,
        **({"ended_by": silence.ended_by} if silence.ended_by else {}),
    }
    log.info("silence ended" if over else "silence set", id=silence.id, matchers=matchers, **more, **said)


def _window(window: Window) -> None:
    over = window.updated_at is not None and window.over(window.updated_at)
    matchers = " or ".join(map(format_matchers, window.matcher_sets))
    more = {} if over else {"schedule": window.schedule.text, "lasts": format_duration(window.duration)}
    said = {
        "set_by": window.created_by,
        "comment": window.comment,
        **({"ended_by": window.ended_by} if window.ended_by else {}),
    }
    log.info("window ended" if over else "window set", id=window.id, matchers=matchers, **more, **said)


def _about(integration: str, group_key: str) -> dict[str, str]:
    return {"integration": integration, "group": group_key}


def _named(labels: Labels) -> tuple[str, str]:
    return labels.get(ALERT_NAME, ""), group_labels_text(labels.without(ALERT_NAME))


def _clock(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
