"""What receivers say in full when nothing is written, and what Alertmanager's body is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_type_hints

from docs.generate.tables import code, table
from evaluator.config.bodies import BODIES, parts_of
from evaluator.config.receivers import KINDS


def body_table() -> str:
    """A row for each body."""
    return table(("receiver", "key", "says", "in Alertmanager's place, which is made of"), _rows())


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for kind, bodies in BODIES.items():
        usual: dict[str, Any] = {one.name: one.default for one in fields(get_type_hints(KINDS[kind].settings)["return"])}
        for body in bodies:
            parts = sorted(parts_of(usual[body.key]))
            yield code(f"{kind}_configs"), code(body.key), code(body.template), ", ".join(map(code, parts)) or "nothing"
