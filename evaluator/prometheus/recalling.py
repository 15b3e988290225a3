"""Answers that say what the one before said.

What fires keeps firing, and a rule's answer is often the same as an interval ago, but for the time that stands in every
sample. So the text of the last answer is kept for each expression, without that time; an answer of equal text is not decoded
again but has the very samples that the last one had, which spares everybody after us who goes by identity.

The time stands after `"value":[` and nowhere else can these bytes be: within a string the quotation marks are escaped, and a
label of that name is followed by a string. A sample with another time than the first keeps it, and then the texts differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from evaluator.core.evaluation.answers import Answer, Failure
from evaluator.core.frozen import frozen
from evaluator.prometheus.reply import Reply

MOST_BYTES = 32 * 1024 * 1024

_VALUE = b'"value":['


@frozen
class _Heard:
    text: bytes
    media_type: str
    answer: Answer


class Recall:
    """The last answer to each expression, as long as all of them are small enough together; then they are forgotten."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """most: bytes of text that are kept."""
        self._most = most
        self._size = 0
        self._known: dict[str, _Heard] = {}

    def read(self, expr: str, reply: Reply, judge: Callable[[], Answer | Failure]) -> Answer | Failure:
        """What a reply to an instant query means. judge: reads it."""
        text = timeless(reply.body) if reply.status == 200 else b""
        if not text:
            return judge()
        known = self._known.get(expr)
        if known is not None and known.text == text and known.media_type == reply.media_type:
            return replace(known.answer, seconds=reply.seconds, size=len(reply.body), server_time=reply.server_time)
        outcome = judge()
        if isinstance(outcome, Answer):
            self._keep(expr, _Heard(text, reply.media_type, outcome))
        return outcome

    def _keep(self, expr: str, heard: _Heard) -> None:
        former = self._known.pop(expr, None)
        self._size += len(heard.text) - (len(former.text) if former is not None else 0)
        if self._size > self._most:
            self._known.clear()
            self._size = len(heard.text)
        self._known[expr] = heard


def timeless(body: bytes) -> bytes:
    """The text of a vector without the time of its first sample; empty when there is no sample with a value."""
    start = body.find(_VALUE)
    if start < 0:
        return b""
    start += len(_VALUE)
    time = body[start : body.find(b",", start)]
    return body.replace(_VALUE + time + b",", _VALUE + b",")
