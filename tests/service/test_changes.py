"""Who waits for something to change is woken, once for each change that was not known."""

from __future__ import annotations

import asyncio

from evaluator.service.changes import Changes


async def test_what_is_not_known_is_told_at_once() -> None:
    """Nobody waits for a change that has happened already."""
    changes = Changes()
    changes.happened()
    assert await changes.after(-1) == 1


async def test_everybody_who_waits_is_woken() -> None:
    """By one change, and then they know its number."""
    changes = Changes()
    waiting = [asyncio.create_task(changes.after(0)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in waiting)
    changes.happened()
    assert await asyncio.gather(*waiting) == [1, 1, 1]


async def test_the_end_is_told() -> None:
    """To those who wait and to those who come later, so that nobody keeps a connection open for nothing."""
    changes = Changes()
    waiting = asyncio.create_task(changes.after(0))
    await asyncio.sleep(0)
    changes.end()
    assert await waiting is None
    assert await changes.after(-1) is None
