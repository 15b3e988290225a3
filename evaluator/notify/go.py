"""What Alertmanager's receivers can see of Go: how it prints JSON, times, and a name inside a regular expression.

Bridges that check a signature over the body, and tests that compare bodies, need the very bytes.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

_ENCODE = msgspec.json.Encoder().encode
_ESCAPED = {b"<": rb"\u003c", b">": rb"\u003e", b"&": rb"\u0026", b"\xe2\x80\xa8": rb"\u2028", b"\xe2\x80\xa9": rb"\u2029"}
_IN_REGEX = str.maketrans({character: "\\" + character for character in "\\.+*?()|[]{}^$"})


def json_line(value: Any) -> bytes:
    """`value` as Go's encoder writes it: compact, `<`, `>` and `&` escaped, ending with a line feed; members as they come.

    A lone surrogate, which is no text at all, becomes U+FFFD.
    """
    try:
        text = _ENCODE(value)
    except UnicodeEncodeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-16", "surrogatepass")
        text = text.decode("utf-16", "replace").encode()
    for sign, escape in _ESCAPED.items():  # one after the other: an expression for all of them takes as long as to encode
        text = text.replace(sign, escape)
    return text + b"\n"


def quote_meta(text: str) -> str:
    """`text` so that a regular expression matches it literally; Alertmanager gives receivers' names in this form."""
    return text.translate(_IN_REGEX)
