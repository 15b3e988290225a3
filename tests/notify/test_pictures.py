"""Curves as pictures: files that others can read, and what is to be seen on them."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.evaluation.curves import Curve, Threshold
from evaluator.core.labels import Labels
from evaluator.notify.picture import picture
from evaluator.notify.png import encode
from evaluator.notify.rendered import RenderedAlert
from tests.effort import examples
from tests.notify.scenes import AT

NOTHING, LINE, THRESHOLD, FIRING = range(4)
END = AT.timestamp()
RISING = Curve(Threshold(">", 50.0), tuple((END - 100 + step, float(step)) for step in range(101)), END - 100, END, 1.0)


def pixels(png: bytes) -> list[bytes]:
    """The rows of a picture of 16 colours, a byte for each pixel, read as the format's specification has it."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    position, chunks = 8, {}
    while position < len(png):
        length, name = struct.unpack(">I4s", png[position : position + 8])
        content = png[position + 8 : position + 8 + length]
        (crc,) = struct.unpack(">I", png[position + 8 + length : position + 12 + length])
        assert crc == zlib.crc32(name + content)
        chunks[name] = content
        position += 12 + length
    assert list(chunks) == [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"]
    width, height, depth, kind, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, kind, rest) == (4, 3, [0, 0, 0])
    raw, stride = zlib.decompress(chunks[b"IDAT"]), (width + 1) // 2 + 1
    assert len(raw) == height * stride
    rows = [raw[start : start + stride] for start in range(0, len(raw), stride)]
    assert {row[0] for row in rows} == {0}
    return [bytes(half for byte in row[1:] for half in (byte >> 4, byte & 15))[:width] for row in rows]


def alert(curve: Curve | None, over: bool = False) -> RenderedAlert:
    begin = AT - timedelta(seconds=25)
    return RenderedAlert(Labels({"alertname": "A"}), {}, begin, AT if over else None, curve=curve)


@given(st.integers(1, 40), st.integers(1, 20), st.randoms(use_true_random=False))
@settings(max_examples=examples(30))
def test_a_file_holds_the_pixels(width: int, height: int, random: object) -> None:
    rows = [bytearray(random.randrange(4) for _ in range(width)) for _ in range(height)]  # type: ignore[attr-defined]
    assert pixels(encode(rows, [(0, 0, 0, 0)] * 4)) == [bytes(row) for row in rows]


def test_the_line_rises_from_corner_to_corner_over_a_dashed_threshold_and_a_shade() -> None:
    rows = pixels(picture(alert(RISING), 400, 96))
    assert LINE in rows[-5][:8]
    assert LINE in rows[4][-8:]
    assert all(LINE in bytes(row[column] for row in rows) for column in range(400))
    middle = rows[48]
    assert 0.4 < sum(pixel == THRESHOLD for pixel in middle) / 400 < 0.7
    assert rows[-1][290] == NOTHING
    assert rows[-1][310] == FIRING


def test_the_shade_ends_with_the_alert() -> None:
    over = replace(alert(RISING, over=True), ends_at=AT - timedelta(seconds=10))
    rows = pixels(picture(over, 400, 96))
    assert (rows[-1][350], rows[-1][380]) == (FIRING, NOTHING)


def test_what_lies_apart_is_not_connected() -> None:
    holed = replace(RISING, points=RISING.points[:30] + RISING.points[-30:])
    rows = pixels(picture(alert(holed), 400, 96))
    assert LINE not in bytes(row[200] for row in rows)


@pytest.mark.parametrize("curve", [None, Curve(), replace(RISING, points=RISING.points[:1])])
def test_without_two_values_there_is_no_picture(curve: Curve | None) -> None:
    assert picture(alert(curve)) == b""


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=70), numbers, numbers, st.floats(allow_nan=False), numbers)
@settings(max_examples=examples(40))
def test_any_curve_is_a_picture(
    points: list[tuple[float, float]], begin: float, end: float, threshold: float, step: float
) -> None:
    curve = Curve(Threshold("<", threshold), tuple(sorted(points)), begin, end, step)
    assert len(pixels(picture(alert(curve), 64, 24))) == 24
