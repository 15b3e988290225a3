"""The letters of short messages: 160 of GSM's alphabet fit into one, of any other only 70.

What the alphabet does not have is written with what it has, where that is the same letter without its accent or the same sign
in plainer form; everything else is left out rather than making a message of one page three.
"""

from __future__ import annotations

import unicodedata

MOST = 160

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
"""These count twice."""
_PLAINER = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("‘’‚´`", "'"),
        **dict.fromkeys("“”„«»", '"'),
        "…": "...",
        "·": ".",
        "→": "->",
        "⁄": "/",
        "Ł": "L",
        "ł": "l",
        "đ": "d",
        "\t": " ",
        "\u00a0": " ",
    }
)


def to_gsm(text: str) -> str:
    """`text` in GSM's alphabet."""
    return "".join(map(_letter, text.translate(_PLAINER)))


def length(text: str) -> int:
    """How much of a message a text of GSM's alphabet takes."""
    return sum(2 if letter in _EXTENDED else 1 for letter in text)


def fit(text: str, most: int = MOST) -> str:
    """`text` in GSM's alphabet, cut so that it fits, with dots where it was."""
    plain = to_gsm(text)
    if length(plain) <= most:
        return plain
    kept: list[str] = []
    left = most - len("...")
    for letter in plain:
        left -= length(letter)
        if left < 0:
            break
        kept.append(letter)
    return "".join(kept).rstrip() + "..."


def _letter(letter: str) -> str:
    if letter in _BASIC or letter in _EXTENDED:
        return letter
    parts = unicodedata.normalize("NFKD", letter).translate(_PLAINER)
    return "".join(part for part in parts if part in _BASIC or part in _EXTENDED)
