"""Writes the parts of the references that the code knows better than their authors: `make docs`.

The documents are written by hand. Between two comments of a line each,

    <!-- generated: NAME -->
    <!-- end of NAME -->

stands what `BLOCKS` makes for that name. The tests fail when it is not what the code would make now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from docs.generate.bodies import body_table
from docs.generate.commands import command_reference
from docs.generate.departures import departure_table
from docs.generate.jinja import jinja_names
from docs.generate.keys import receiver_keys, recorder_keys, tracing_keys
from docs.generate.metrics import own_metrics, ruler_metrics
from docs.generate.reasons import reason_table
from docs.generate.routes import route_table
from docs.generate.webhook import webhook_body
from evaluator.templating.conversion.packaged import packaged_as_jinja
from evaluator.templating.notification import JINJA

DOCS = Path(__file__).parents[1]

BLOCKS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "bodies": body_table,
        "commands": command_reference,
        "departures": departure_table,
        "ruler metrics": ruler_metrics,
        "own metrics": own_metrics,
        "reasons": reason_table,
        "jinja names": jinja_names,
        "routes": route_table,
        "webhook body": webhook_body,
        "receiver keys": receiver_keys,
        "tracing keys": tracing_keys,
        "recorder keys": recorder_keys,
    }
)

_BLOCK = re.compile(r"(?<=<!-- generated: )([a-z ]+) -->\n.*?<!-- end of \1(?= -->)", re.DOTALL)


def documents() -> Iterator[tuple[Path, str]]:
    """Every document of this folder that has generated parts, and its text as it should be."""
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if _BLOCK.search(text):
            yield path, _BLOCK.sub(_filled, text)


def templates() -> Iterator[tuple[Path, str]]:
    """The packaged templates as operators can copy them, and what each file should hold."""
    for name, text in packaged_as_jinja().items():
        yield DOCS.parent / "templates" / "packaged" / f"{name}{JINJA}", text


def _filled(block: re.Match[str]) -> str:
    """Raises KeyError for a name that nobody makes."""
    name = block[1]
    return f"{name} -->\n{BLOCKS[name]()}<!-- end of {name}"
