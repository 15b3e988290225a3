"""When incidents are no longer at hand."""

from __future__ import annotations

from evaluator.core.incidents.actions import Action
from tests.core.incidents.ladder import Ladder


def test_what_somebody_resolved_is_forgotten_after_an_outage_of_days() -> None:
    """Its alerts may fire again and it is over for long: both are due in the same step, and the end of it is kept."""
    play = Ladder().fires("0s").acts("1m", Action.RESOLVE).run("2m")
    play.crash(after="3d").ends("72h3m").run("73h")
    assert 1 not in play.machine.incidents.table
