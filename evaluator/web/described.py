"""What there is to say of an alert besides its labels: a sentence, links, the value behind it."""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.core.alerts import Alert
from evaluator.core.evaluation.tracking import Tracked
from evaluator.core.frozen import frozen
from evaluator.core.labels import ALERT_NAME
from evaluator.core.view import View
from evaluator.core.watching.meta import SOURCE as BUILT_IN
from evaluator.web.plain import leads_somewhere

_SENTENCES = ("summary", "message", "title", "description")


@frozen
class Description:
    """summary: the annotation that says it shortest, or nothing. links: name and address. texts: all annotations."""

    summary: str
    links: tuple[tuple[str, str], ...]
    texts: Mapping[str, str]


def describe(view: View, alert: Alert | Tracked) -> Description:
    """The annotations of an alert as they read now."""
    name = alert.rule.name if isinstance(alert, Tracked) else alert.labels.get(ALERT_NAME, "")
    annotations = alert.annotations if isinstance(alert, Tracked) else alert.described.annotations
    texts = view.texts(annotations, name)
    summary = next((texts[one] for one in _SENTENCES if texts.get(one)), "")
    links = tuple((_short(name), text) for name, text in texts.items() if leads_somewhere(text))
    return Description(summary, links, texts)


def _short(name: str) -> str:
    return name.removesuffix("_url").removesuffix("URL").replace("_", " ") or name


def value_of(alert: Alert | Tracked) -> str:
    """What the rule's expression gave last; nothing for an alert that no rule follows."""
    tracked = alert if isinstance(alert, Tracked) else alert.described
    if not isinstance(tracked, Tracked):
        return ""
    return "a histogram" if tracked.histogram is not None else f"{tracked.value:.6g}"


def is_built_in(alert: Alert) -> bool:
    """Whether the evaluator raises it itself."""
    return any(source.startswith(BUILT_IN) for source in alert.sources)
