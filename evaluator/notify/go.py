"""What Alertmanager's receivers can see of Go: how it prints JSON, times, and a name inside a regular expression.

Bridges that check a signature over the body, and tests that compare bodies, need the very bytes.
"""

from __future__ import annotations

import json
import re
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_IN_JSON = re.compile("[<>&\u2028\u2029]")
_IN_REGEX = str.maketrans({character: "\\" + character for character in "\\.+*?()|[]{}^$"})


def json_line(value: Any) -> bytes:
    """`value` as Go's encoder writes it: compact, `<`, `>` and `&` escaped, ending with a line feed; members as they come.

    A lone surrogate, which is no text at all, becomes U+FFFD.
    """
    text = _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", _ENCODER.encode(value))
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode() + b"\n"


def quote_meta(text: str) -> str:
    """`text` so that a regular expression matches it literally; Alertmanager gives receivers' names in this form."""
    return text.translate(_IN_REGEX)
