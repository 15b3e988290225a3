"""What a receiver's file writes a message from: the notification, and texts of the configuration rendered for it.

A template that fails costs its own text only. The sheet remembers which did, so that the file can put the plain
notification into the message instead, and the receipt can say so; the page is never lost, and never blank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from evaluator.core.incidents.records import Notice
from evaluator.core.records import TEMPLATE_ERROR, Pairs
from evaluator.notify.buttons import NO_BUTTONS, Buttons
from evaluator.notify.chased import chase_lines
from evaluator.notify.fitting import ALERT, Fits, cut_at, fitted
from evaluator.notify.neutral import one_line, without_commands
from evaluator.notify.plain import plain_text
from evaluator.notify.rendered import Render, RenderedNotification


@dataclass(slots=True)
class Sheet:
    """One message in the making. failed: a note for the receipt for each template that failed, in the order of rendering.

    render_html: for texts that are HTML; None renders them like all others.
    known: what the provider called the message in which it was last told of this group; empty for the first one.
    tried_at: when the attempt was begun.
    partly: a part of what there is to tell has arrived, so if the rest fails, what came of the whole is unknown.
    memory: what may be forgotten at any time and saves requests, such as an access token; kept per integration.
    incident: what the message is about, where people are chased; buttons: what they can press in it.
    """

    notification: RenderedNotification
    render: Render
    memory: dict[str, str] = field(default_factory=dict)
    failed: Pairs = ()
    render_html: Render | None = None
    tried_at: datetime | None = None
    incident: Notice | None = None
    buttons: Buttons = NO_BUTTONS
    partly: bool = False

    @property
    def plain(self) -> bool:
        """Whether the message's main text is to be `plainly()`: a template failed, or no template is meant for what is told."""
        return bool(self.failed) or self.notification.together

    @property
    def now(self) -> datetime:
        """The instant of the attempt, for what has to be signed."""
        return self.tried_at or self.notification.at

    @property
    def known(self) -> Mapping[str, str]:
        """See the class."""
        return dict(self.notification.receipt)

    def text(self, name: str, template: str) -> str:
        """The finished text of the setting called `name`, without what steers terminals; empty when its template fails."""
        return without_commands(self._finished(name, template, self.render))

    def html(self, name: str, template: str) -> str:
        """Likewise for a text that is HTML: what comes from alerts is escaped for its place in the page."""
        return without_commands(self._finished(name, template, self.render_html or self.render))

    def body(self, name: str, template: str, *, html: bool = False) -> str:
        """Likewise for a text that may say where each alert begins: those signs are left in it, for `fitted` to take out."""
        text = self._finished(name, template, self.render_html if html and self.render_html else self.render)
        return ALERT.join(map(without_commands, text.split(ALERT)))

    def fitted(self, text: str, fits: Fits, beginning: Callable[[str, int], str] = cut_at) -> str:
        """A `body` that fits, cut between alerts."""
        return fitted(text, fits, len(self.notification.alerts), beginning)

    def _finished(self, name: str, template: str, render: Render) -> str:
        try:
            return render(template) if template else ""
        except ValueError as error:
            self.failed += ((TEMPLATE_ERROR, f"{name}: {one_line(str(error), 300)}"),)
            return ""

    def plainly(self) -> str:
        """The whole notification as plain text, the failed templates named first."""
        reasons = [
            f"A template of this receiver failed ({error}), so this is the plain notification." for _, error in self.failed
        ]
        chased = [*chase_lines(self.incident, self.buttons)] if self.incident is not None else []
        return "\n".join([*reasons, *chased, plain_text(self.notification)])
