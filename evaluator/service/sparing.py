"""Loading a library without what it would load by the way.

Some libraries import others to do more where those are there, and those are there for other reasons. Python takes a module
that is None in `sys.modules` for one that is not installed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import cast


@contextmanager
def without(name: str) -> Iterator[None]:
    """In this block, the module `name` seems not to be installed to whoever imports it."""
    modules = cast(dict[str, ModuleType | None], sys.modules)
    known = modules.get(name)
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]
        if known is not None:
            modules[name] = known
