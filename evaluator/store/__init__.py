"""What the machine must remember between two lives of the process, on disk.

`open_store` opens what a configuration's `storage` names; `Store` is what is promised of it.
"""

from __future__ import annotations

from evaluator.store.base import Change, Kept, Store, StoreError, SupersededError
from evaluator.store.memory import MemoryStore
from evaluator.store.opening import open_store

__all__ = ["Change", "Kept", "MemoryStore", "Store", "StoreError", "SupersededError", "open_store"]
