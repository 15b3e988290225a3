"""From the text of an answer to samples.

Only what the machine needs is built. The elements of a vector are decoded in one pass, their labels are looked up by
their text (`interning`), and an empty vector, which is what most rules get most of the time, is not decoded at all.
Sample times are not read: in an instant query they are the time that was asked for.

The reader is strict: a field of another type, a value that is no number, an unknown result type are not guessed around,
because a misread answer would fire or resolve alerts.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from evaluator.core.evaluation.answers import Answer, Histogram, ResultType, Sample, Span
from evaluator.core.labels import NO_LABELS
from evaluator.prometheus.interning import LabelSets
from evaluator.prometheus.reply import Reply
from evaluator.prometheus.wording import one_line

# Prometheus marks the remarks that concern the expression alone. Every other warning comes from storage, a remote read or
# a store that did not answer, and means that series may be missing.
_ABOUT_THE_EXPRESSION = re.compile(r"PromQL (?:warning|info)\b")


_CLOSE = 0.0015
"""Seconds by which the time of a sample may differ from the one that was asked for: both are rounded to milliseconds."""


class WrongShapeError(ValueError):
    """The text is JSON, or begins like it, but not an answer to a query. cut: it ends in the middle."""

    def __init__(self, reason: str, *, cut: bool = False) -> None:
        super().__init__(reason)
        self.cut = cut


class _Result(msgspec.Struct, rename="camel", gc=False):
    result_type: str
    result: msgspec.Raw


class Envelope(msgspec.Struct, rename="camel", gc=False):
    """What surrounds every answer of the API with status 200."""

    status: str
    data: _Result | None = None
    error_type: str = ""
    error: str = ""
    warnings: list[str] | None = None
    infos: list[str] | None = None
    is_partial: bool = False


class Refusal(msgspec.Struct, rename="camel", gc=False):
    """What surrounds an error; anything else that came along is not looked at."""

    status: str
    error_type: str = ""
    error: str = ""


class _SeriesOfRange(msgspec.Struct, gc=False):
    metric: msgspec.Raw
    values: list[tuple[float, str]] = []
    histograms: list[tuple[float, Histogram]] = []


class _Series(msgspec.Struct, gc=False):
    metric: msgspec.Raw
    value: tuple[float, str] | None = None
    histogram: tuple[float, Histogram] | None = None


_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decode_refusal = msgspec.json.Decoder(Refusal).decode
_decode_vector = msgspec.json.Decoder(list[_Series]).decode
_decode_matrix = msgspec.json.Decoder(list[_SeriesOfRange]).decode
_decode_point = msgspec.json.Decoder(tuple[float, str]).decode


def read_envelope(body: bytes) -> Envelope:
    """Raises WrongShapeError."""
    try:
        return _decode_envelope(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise wrong_shape(error) from None


def read_refusal(body: bytes) -> Refusal | None:
    """The error that a server reports in the API's own form; None when the body is something else."""
    try:
        refusal = _decode_refusal(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return refusal if refusal.status == "error" else None


def read_answer(envelope: Envelope, reply: Reply, label_sets: LabelSets, span: Span | None = None) -> Answer:
    """The answer inside an envelope whose status is `success`. span: what a range was asked for. Raises WrongShapeError."""
    if envelope.data is None:
        raise WrongShapeError("it has no data")
    try:
        kind = ResultType(envelope.data.result_type)
    except ValueError:
        raise WrongShapeError(f"its resultType is {one_line(envelope.data.result_type, 40)!r}") from None
    if span is not None and kind is not ResultType.MATRIX:
        raise WrongShapeError(f"a range was asked for, and its resultType is {kind}")
    steps = () if span is None else _read_steps(envelope.data.result, label_sets, span)
    samples, text = _read_result(kind, envelope.data.result, label_sets)
    warnings = _bounded(envelope.warnings)
    return Answer(
        type=kind,
        samples=samples,
        text=text,
        warnings=warnings,
        infos=_bounded(envelope.infos),
        partial=envelope.is_partial or not all(map(_ABOUT_THE_EXPRESSION.match, warnings)),
        seconds=reply.seconds,
        size=len(reply.body),
        server_time=reply.server_time,
        steps=steps,
    )


def _read_result(kind: ResultType, result: msgspec.Raw, label_sets: LabelSets) -> tuple[tuple[Sample, ...], str]:
    try:
        match kind:
            case ResultType.VECTOR:
                return read_vector(bytes(result), label_sets), ""
            case ResultType.SCALAR:
                return (Sample(NO_LABELS, number(_decode_point(result)[1])),), ""
            case ResultType.STRING:
                return (), _decode_point(result)[1]
            case ResultType.MATRIX:
                return (), ""
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise wrong_shape(error) from None


def read_vector(text: bytes, label_sets: LabelSets) -> tuple[Sample, ...]:
    """The samples of a vector as JSON. Raises WrongShapeError and msgspec.DecodeError."""
    if text == b"[]":
        return ()
    return tuple([_sample(series, label_sets) for series in _decode_vector(text)])


def _read_steps(result: msgspec.Raw, label_sets: LabelSets, span: Span) -> tuple[tuple[Sample, ...], ...]:
    try:
        return read_steps(bytes(result), label_sets, span)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise wrong_shape(error) from None


def read_steps(text: bytes, label_sets: LabelSets, span: Span) -> tuple[tuple[Sample, ...], ...]:
    """The samples of a matrix as JSON, instant by instant. Raises WrongShapeError and msgspec.DecodeError."""
    steps: list[list[Sample]] = [[] for _ in range(len(span))]
    first, step = span.first.timestamp(), span.step.total_seconds()

    def at(seconds: float) -> list[Sample]:
        number = round((seconds - first) / step)
        if not 0 <= number < len(steps) or abs(first + number * step - seconds) > _CLOSE:
            raise WrongShapeError(f"a sample's time is {seconds}, which is none that was asked for")
        return steps[number]

    for series in _decode_matrix(text):
        labels = label_sets.read(bytes(series.metric))
        for seconds, value in series.values:
            at(seconds).append(Sample(labels, number(value)))
        for seconds, histogram in series.histograms:
            at(seconds).append(Sample(labels, 0.0, histogram))
    return tuple(map(tuple, steps))


def _sample(series: _Series, label_sets: LabelSets) -> Sample:
    labels = label_sets.read(bytes(series.metric))
    if series.value is not None:
        return Sample(labels, number(series.value[1]))
    if series.histogram is not None:
        return Sample(labels, 0.0, series.histogram[1])
    raise WrongShapeError("a series has neither a value nor a histogram")


def number(text: str) -> float:
    """A sample's value: decimal, `NaN`, `+Inf`, `-Inf`. Raises WrongShapeError."""
    try:
        return float(text)
    except ValueError:
        raise WrongShapeError(f"a sample's value is {one_line(text, 40)!r}") from None


def wrong_shape(error: Any) -> WrongShapeError:
    """The decoder's error in our words."""
    text = str(error) if isinstance(error, msgspec.DecodeError) else "it is not UTF-8"
    return WrongShapeError(one_line(text, 120), cut="truncated" in text)


def _bounded(texts: list[str] | None) -> tuple[str, ...]:
    return tuple([one_line(text) for text in texts]) if texts else ()
