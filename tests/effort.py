"""How much is tried. Usually little and always the same, so that a suite that passed once passes again; `THOROUGH=1` tries
more, at random, which is for nights and for whoever changes what a property speaks of.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

THOROUGH = bool(os.environ.get("THOROUGH"))
MORE = 30
"""How many times as many examples are tried when it is to be thorough."""


def examples(usual: int) -> int:
    """How many examples a property is tried on that needs `usual` many on a usual day."""
    return usual * MORE if THOROUGH else usual


def load_profile() -> None:
    """What holds for every property whose test does not say otherwise. Machines may be slow: nothing is held to a clock."""
    settings.register_profile(
        "usual",
        max_examples=examples(15),
        derandomize=not THOROUGH,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("usual")
