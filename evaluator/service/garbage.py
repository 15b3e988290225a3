"""When Python looks for garbage.

It does so ever again while objects are made, and looks at more of them the more there are. What a start makes, modules and
the state that was kept, stays: looking at it while it is made is half of what restoring costs, and looking at it again later
costs every flush. So nothing is looked for while it is made, and afterwards it is left alone (frozen).

What is made later mostly stays as well, or is gone as soon as nobody refers to it: hardly anything here refers to itself.
Looking for that after every 700 objects, as Python does, is a sixth of what a storm of notifications costs; so it is done
more seldom.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (10_000, 20, 20)
"""Objects that are made, less those that are gone, before the youngest are looked at; and how often that is done before those
that have outlived it are looked at as well, and then the oldest. A round over the young takes half a millisecond."""


@contextmanager
def staying() -> Iterator[None]:
    """What is made in this block is there to stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*SELDOM)
        gc.enable()
