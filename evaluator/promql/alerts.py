"""Uses of the series that a ruler writes about its alerts."""

from __future__ import annotations

from collections.abc import Collection

from evaluator.core.labels import ALERT_NAME
from evaluator.promql.expression import Expression, Selector
from evaluator.promql.tokens import TokenKind, tokenize

_WRITTEN = ("ALERTS", "ALERTS_FOR_STATE")


def alerts_use(expression: Expression, alert_names: Collection[str]) -> tuple[str, ...]:
    """What is wrong with the expression's use of `ALERTS` and `ALERTS_FOR_STATE`, on a source that is only read.

    alert_names: the alerts that are evaluated for this datasource. A selector that can only mean other alerts is no
    problem: the datasource may have a ruler of its own, which writes such series.
    """
    if not alert_names:
        return ()
    if not expression.known:
        words = {each.text for each in tokenize(expression.text, expression.dialect) if each.kind is TokenKind.WORD}
        return tuple(_problem(name, ()) for name in _WRITTEN if name in words)
    uses = ((each, _meant(each, alert_names)) for each in dict.fromkeys(expression.selectors) if _is_written(each))
    return tuple(_problem(each.text, names) for each, names in uses if names)


def _is_written(selector: Selector) -> bool:
    return selector.name in _WRITTEN or any(map(selector.lists, _WRITTEN))


def _meant(selector: Selector, alert_names: Collection[str]) -> tuple[str, ...]:
    conditions = [each for each in selector.matchers if each.name == ALERT_NAME]
    return tuple(sorted(name for name in alert_names if all(each.accepts(name) for each in conditions)))


def _problem(use: str, names: tuple[str, ...]) -> str:
    meant = f" (it means {', '.join(names[:3])}{', …' if len(names) > 3 else ''})" if names else ""
    return (
        f"{use} never matches alerts that are evaluated here{meant}: their ALERTS and ALERTS_FOR_STATE series are not "
        "written to the datasource; repeat the alert's expression instead, or say in inhibit_rules which alert mutes which"
    )
