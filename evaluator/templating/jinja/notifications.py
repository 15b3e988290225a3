"""Jinja2 for the texts of receivers: which names they have, and how they call templates of either language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from jinja2 import ChainableUndefined, StrictUndefined

from evaluator.templating.functions.alertmanager import ALERTMANAGER
from evaluator.templating.functions.prometheus import PROMETHEUS
from evaluator.templating.go.builtins import BUILTINS
from evaluator.templating.go.times import Time
from evaluator.templating.jinja.compile import Language
from evaluator.templating.jinja.environment import Sandbox
from evaluator.templating.jinja.limits import current
from evaluator.templating.jinja.names import KVView, vocabulary
from evaluator.templating.jinja.pieces import firing, pieces, resolved
from evaluator.templating.notification_data import NotificationData

_OF_SAMPLES: Final = frozenset({"query", "first", "label", "value", "strvalue", "sortByLabel", "args", "now"})
_OF_GO: Final = frozenset({"join", "list", "append", "dict"})  # Jinja2 has its own
_FUNCTIONS: Final = {
    **{name: function for name, function in PROMETHEUS.items() if name not in _OF_SAMPLES},
    **{name: BUILTINS[name] for name in ("printf", "urlquery")},
    **{name: function for name, function in ALERTMANAGER.items() if name not in _OF_GO},
}
_PER_TEMPLATE: Final = 2000  # units of work that a call of another template costs, beside what that does


class CallTemplate(Protocol):
    """Renders a template of the configuration by its name."""

    def __call__(self, name: str, data: NotificationData, dot: Any) -> str:
        """Raises TemplateError."""


class Told:
    """What a text is rendered with: the notification, and what the template that it is was called with."""

    __slots__ = ("data", "dot")

    def __init__(self, data: NotificationData, dot: Any) -> None:
        self.data = data
        self.dot = dot

    def __getattr__(self, name: str) -> Any:
        """The functions of Go templates ask for the data's own members."""
        return getattr(self.data, name)


def values(told: Told) -> dict[str, Any]:
    """The names that a text has; `it` is what its template was called with, the notification where that was nothing else."""
    root = told.data.root
    fields = root.fields
    return {
        "it": told.dot,
        "receiver": root.hidden["ReceiverName"],
        "receiver_pattern": fields["Receiver"],
        "status": fields["Status"],
        "alerts": fields["Alerts"],
        "reason": fields["NotificationReason"],
        "incident": root.hidden["Incident"],
        "group_labels": KVView(fields["GroupLabels"]),
        "common_labels": KVView(fields["CommonLabels"]),
        "common_annotations": KVView(fields["CommonAnnotations"]),
        "route_labels": KVView(fields["RouteLabels"]),
        "external_url": fields["ExternalURL"],
        "now": Time(told.data.at),
    }


NAMES: Final = frozenset(
    {
        *("it", "receiver", "receiver_pattern", "status", "alerts", "reason", "incident", "external_url", "now"),
        *("group_labels", "common_labels", "common_annotations", "route_labels"),
    }
)


def language(call: CallTemplate, *, pages: bool, strict: bool, mark: Callable[[str], str] = str) -> Language:
    """The language of texts. pages: of HTML. strict: what is not there fails, where it otherwise is empty.

    mark: what becomes of the text of another template, which is finished already.
    """

    def template(name: str, dot: Any = None) -> str:
        rendering = current.get()
        rendering.spend(_PER_TEMPLATE)
        told: Told = rendering.scope
        return mark(call(str(name), told.data, told.data.root if dot is None else dot))

    words = vocabulary(_FUNCTIONS, NAMES, **pieces(pages=pages), template=template)
    sandbox = Sandbox(words, undefined=StrictUndefined if strict else ChainableUndefined, pages=pages)
    sandbox.tests.update(match=words.filters["match"], firing=firing, resolved=resolved)
    return Language(sandbox, NAMES, values)
