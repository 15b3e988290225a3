"""Values from the environment: a scalar that is exactly `${NAME}`.

Inside `{…}` YAML would take the brace of `${NAME}` for one of its own. So before parsing both braces are replaced, in place,
by two characters of the private use area, which YAML takes for letters; no column moves, and every scalar is put right again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from evaluator.config.nodes import Scalar
from evaluator.config.problems import Problems

_WRITTEN = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_OPEN, _CLOSE = "\ue000", "\ue001"
_MASKED = re.compile(rf"\${_OPEN}([A-Za-z0-9_]+){_CLOSE}")


def mask(text: str) -> str:
    """`text` with the braces of every `${NAME}` made harmless; as long as before."""
    return _WRITTEN.sub(rf"${_OPEN}\1{_CLOSE}", text)


def unmask(text: str) -> str:
    """The inverse of `mask`."""
    return _MASKED.sub(r"${\1}", text) if _OPEN in text else text


def fill(scalar: Scalar, environ: Mapping[str, str], problems: Problems) -> Scalar:
    """The scalar with the variable's value when it is exactly `${NAME}`.

    An unset variable is a problem. The scalar then stays as it was written: an empty one would count as a key that is missing.
    """
    match = _WRITTEN.fullmatch(scalar.text)
    if match is None:
        return scalar
    name = match[1]
    if name not in environ:
        problems.error(scalar.position, f"environment variable {name} is not set", f"set {name} before starting")
        problems.mute(scalar.position)
        return scalar
    problems.hide(scalar.position, environ[name], match[0])
    return Scalar(environ[name], scalar.position, plain=scalar.plain, variable=match[0])
