"""What the log says of evaluations that fail."""

from __future__ import annotations

from structlog.testing import capture_logs

from evaluator.core.engine import Machine
from evaluator.core.evaluation.answers import Failure, FailureKind
from evaluator.core.events import QueryFailed, QueryReturned
from evaluator.service import failure_log
from evaluator.service.failure_log import FailureLog
from tests.core.playbook import T0, group, rule, settings

RULES = [rule(f"R{number}") for number in range(6)]
FAILED = Failure(FailureKind.TRANSIENT, "connection refused")


def said(*events: QueryFailed | QueryReturned) -> list[tuple[str, str]]:
    """The lines, as (what, which rule)."""
    machine = Machine(settings(group(*RULES)), T0)
    log = FailureLog()
    with capture_logs() as lines:
        for event in events:
            log.happened([event], machine)
    return [(line["event"].split(",")[0], line["rule"]) for line in lines]


def failed(name: str) -> QueryFailed:
    return QueryFailed(name, T0, FAILED)


def returned(name: str) -> QueryReturned:
    return QueryReturned(name, T0, {})


def test_a_failure_is_said_once_and_so_is_its_end() -> None:
    events = [returned("R0"), failed("R0"), failed("R0"), returned("R0"), returned("R0")]
    assert said(*events) == [("evaluation fails", "R0"), ("evaluation works again", "R0")]


def test_of_an_outage_the_first_few_rules_are_named() -> None:
    events = [failed(one.name) for one in RULES] + [returned(one.name) for one in RULES]
    lines = said(*events)
    assert [name for what, name in lines if what == "evaluation fails"] == ["R0", "R1", "R2"]
    assert [name for what, name in lines if what == "evaluation works again"] == ["R0", "R1", "R2"]
    assert failure_log.NAMED == 3
