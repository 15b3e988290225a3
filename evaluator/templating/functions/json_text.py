"""Values as Go's encoding/json writes them: keys of maps sorted, `<`, `>` and `&` escaped, times as RFC 3339."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from evaluator.core.timestamps import rfc3339
from evaluator.templating.errors import CallFailed
from evaluator.templating.go.numbers import decompose, shortest_plain
from evaluator.templating.go.times import Time
from evaluator.templating.go.values import Kind, Pointer, Struct, kind_of, presentable, type_name

_ESCAPED: Final = re.compile("[<>&\u2028\u2029]")
_DEEPEST: Final = 50


def to_json(value: Any, depth: int = 0) -> str:
    """One line of JSON. Raises CallFailed for what JSON cannot say (NaN, the infinities)."""
    if depth > _DEEPEST:
        raise CallFailed("json: nested too deeply")
    if isinstance(value, Pointer):
        return to_json(value.target, depth)
    if isinstance(value, Time):
        return f'"{rfc3339(value.at)}"'
    if isinstance(value, Struct):
        return _object({_member(name): item for name, item in value.fields.items()}, depth)
    return _by_kind(value, depth)


def _by_kind(value: Any, depth: int) -> str:
    match kind_of(value):
        case Kind.NIL:
            return "null"
        case Kind.BOOL:
            return "true" if value else "false"
        case Kind.INT | Kind.UINT:
            return str(int(value))
        case Kind.FLOAT:
            return _float(value)
        case Kind.STRING:
            return _string(value)
        case Kind.SLICE:
            return f"[{','.join(to_json(item, depth + 1) for item in value)}]"
        case Kind.MAP:
            return _object(dict(sorted(value.items())), depth)
    raise CallFailed(f"json: unsupported type: {type_name(value)}")


def _object(members: Mapping[str, Any], depth: int) -> str:
    return "{" + ",".join(f"{_string(name)}:{to_json(item, depth + 1)}" for name, item in members.items()) + "}"


def _member(name: str) -> str:
    """A field's name in JSON, by Alertmanager's tags: `startsAt`, `externalURL`, `notification_reason`."""
    return "notification_reason" if name == "NotificationReason" else name[0].lower() + name[1:]


def _string(text: str) -> str:
    encoded = json.dumps(presentable(text), ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded)


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise CallFailed(f"json: unsupported value: {'NaN' if math.isnan(value) else '+Inf' if value > 0 else '-Inf'}")
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return shortest_plain(value)
    sign, digits, exponent = decompose(value)
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}".replace("e-0", "e-")
