"""PNG files of a few colours, as mail programs and chats show them all."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE_COLOURS = 3
_DEPTH = 4  # bits of a pixel

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, 0 to 255."""


def encode(rows: Sequence[bytearray], colours: Sequence[Colour]) -> bytes:
    """The file. rows: of equal length, from the top, a byte for each pixel that says which of at most 16 colours it has."""
    width, height = len(rows[0]), len(rows)
    header = struct.pack(">IIBBBBB", width, height, _DEPTH, _PALETTE_COLOURS, 0, 0, 0)
    pixels = b"".join(b"\x00" + _packed(row) for row in rows)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", bytes(part for colour in colours for part in colour[:3])),
            _chunk(b"tRNS", bytes(colour[3] for colour in colours)),
            _chunk(b"IDAT", zlib.compress(pixels, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _packed(row: bytearray) -> bytes:
    """Two pixels in a byte, the left one in its upper half."""
    left, right = row[::2], row[1::2].ljust((len(row) + 1) // 2, b"\0")
    return (int.from_bytes(left) << _DEPTH | int.from_bytes(right)).to_bytes(len(left))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
