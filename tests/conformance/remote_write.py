"""Prometheus' remote write, as little of it as is needed to hand a story over: samples with times of our choosing.

The message is protobuf, `WriteRequest {1: series {1: label {1: name, 2: value}, 2: sample {1: value, 2: milliseconds}}}`, in
Snappy's block format, of which one literal for everything is a legal, if lazy, use.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import httpx

from tests.conformance.story import Series

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def push(url: str, story: Iterable[Series]) -> None:
    """Write the series; times in the future are as good as others."""
    body = _snappy(b"".join(_field(1, _series(series)) for series in story))
    httpx.post(f"{url}/api/v1/write", content=body, headers=_HEADERS).raise_for_status()


def _series(series: Series) -> bytes:
    labels = [_field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in series.labels]
    samples = [_field(2, _sample(at, value)) for at, value in series.samples]
    return b"".join([*labels, *samples, *(_field(4, _histogram(at, counts)) for at, counts in series.histograms)])


def _histogram(at: datetime, counts: tuple[int, ...]) -> bytes:
    """A native histogram: integer counts of neighbouring buckets, each twice as wide as the one before, the first up to 1."""
    total, steps = sum(counts), [count - before for count, before in zip(counts, (0, *counts), strict=False)]
    return b"".join(
        (
            b"\x08" + _varint(total) + b"\x19" + struct.pack("<d", 1.5 * total),
            b"\x20" + _zigzag(0) + b"\x29" + struct.pack("<d", 0.001) + b"\x30" + _varint(0),
            _field(11, b"\x08" + _zigzag(0) + b"\x10" + _varint(len(counts))),
            _field(12, b"".join(map(_zigzag, steps))),
            b"\x78" + _varint(_milliseconds(at)),
        )
    )


def _sample(at: datetime, value: float) -> bytes:
    return b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(_milliseconds(at))


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _zigzag(value: int) -> bytes:
    return _varint(2 * value if value >= 0 else -2 * value - 1)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    text = bytearray()
    while value > 0x7F:
        text.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*text, value])


def _snappy(content: bytes) -> bytes:
    return _varint(len(content)) + b"\xfc" + struct.pack("<I", len(content) - 1) + content
