"""When Python looks for garbage.

It does so ever again while objects are made, and looks at more of them the more there are. What a start makes, modules and
the state that was kept, stays: looking at it while it is made is half of what restoring costs, and looking at it again later
costs every flush. So nothing is looked for while it is made, and afterwards it is left alone (frozen).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def staying() -> Iterator[None]:
    """What is made in this block is there to stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
