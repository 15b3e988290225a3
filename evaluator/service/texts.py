"""Texts for people: annotations when somebody looks, and what receivers say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from evaluator.core.incidents.records import IncidentState, Notice
from evaluator.core.labels import ALERT_NAME
from evaluator.core.records import Annotations, Notification, NotifiedAlert, OutboxRecord, Pairs
from evaluator.core.settings import Settings
from evaluator.notify.buttons import ACK, ESCALATE, LABEL, MAIL, NO_BUTTONS, SNOOZE, VIEW, Buttons
from evaluator.notify.rendered import Render
from evaluator.replies.links import Links
from evaluator.replies.tokens import Purpose
from evaluator.service.logs import log
from evaluator.templating import NotificationTexts, notification_data, render_annotations
from evaluator.templating.notification_data import NotificationData

Link = Callable[[Notice, str, datetime], str]
"""Makes the link by which whoever gets a message does something; empty where there is none."""


def _no_link(notice: Notice, purpose: str, now: datetime) -> str:
    return ""


def _purposes(notice: Notice) -> tuple[str, ...]:
    return (LABEL, VIEW) if notice.state is IncidentState.RESOLVED else (ACK, SNOOZE, ESCALATE, VIEW)


def linking(settings: Settings, own_key: Callable[[], bytes]) -> Link:
    """Makes links as a configuration wants them; none where the key cannot be read, for a page goes out all the same.

    A secret in a file is read for each link, as it is for each visit, so that the two agree while it is replaced.
    """

    def link(notice: Notice, purpose: str, now: datetime) -> str:
        try:
            links = Links.of(settings, own_key() if settings.links.secret is None else b"")
        except OSError as error:
            log.error("a message has no links, because what they are signed with cannot be read", error=str(error))
            return ""
        return links.address_for(notice, now) if purpose == MAIL else links.link_for(notice, Purpose(purpose), now)

    return link


class NotificationTextsOf:
    """What `notify` needs of `templating`, for one configuration. link: makes those that people act by; see `Buttons`."""

    def __init__(self, settings: Settings, link: Link = _no_link) -> None:
        self._settings = settings
        self._link = link
        self._files = [(path.name, path.read_text(encoding="utf-8-sig")) for path in settings.templates]

    @cached_property
    def templates(self) -> NotificationTexts:
        """Read when the first text is rendered: a webhook has none, and need not wait for those of others."""
        return NotificationTexts(self._files)

    def annotations(self, notification: Notification) -> Sequence[Mapping[str, str]]:
        """The finished annotations of each alert."""
        return [dict(_told(alert, self._settings, notification.at)) for alert in notification.alerts]

    def renderer(self, notification: Notification, annotations: Sequence[Mapping[str, str]]) -> Render:
        """What renders the texts of an integration for this notification."""
        data = self._data(notification, annotations)
        return lambda text: self.templates.render(text, data)

    def html_renderer(self, notification: Notification, annotations: Sequence[Mapping[str, str]]) -> Render:
        """Likewise for texts that are HTML."""
        data = self._data(notification, annotations)
        return lambda text: self.templates.render_html(text, data)

    def _data(self, notification: Notification, annotations: Sequence[Mapping[str, str]]) -> NotificationData:
        return notification_data(notification, annotations, self._settings.external_url, self.buttons(notification).links)

    def buttons(self, notification: Notification) -> Buttons:
        """What people can press in a message about an incident."""
        notice, replies = notification.incident, self._settings.replies
        if notice is None:
            return NO_BUTTONS
        links = {purpose: self._link(notice, purpose, notification.at) for purpose in _purposes(notice)}
        return Buttons(
            {purpose: link for purpose, link in links.items() if link},
            slack=replies.slack is not None,
            telegram=replies.telegram is not None,
            texting=replies.twilio is not None,
            mail=self._link(notice, MAIL, notification.at) if replies.mail is not None else "",
        )


def finished(annotations: Annotations, alert: str, settings: Settings, at: datetime) -> Pairs:
    """Annotations as texts. alert: its name, which errors of templates mention."""
    return render_annotations(annotations, settings.external_labels, settings.external_url, at, alert=alert)


def with_texts(row: OutboxRecord, settings: Settings) -> OutboxRecord:
    """The row with every annotation finished: what is kept is what was meant, whatever becomes of the rules."""
    told = row.notification
    if all(alert.annotations.expanded is not None for alert in told.alerts):
        return row  # what somebody posted, and what was finished before
    alerts = tuple(
        replace(alert, annotations=replace(alert.annotations, expanded=_told(alert, settings, told.at)))
        for alert in told.alerts
    )
    return replace(row, notification=replace(told, alerts=alerts))


def _told(alert: NotifiedAlert, settings: Settings, at: datetime) -> Pairs:
    return finished(alert.annotations, alert.labels.get(ALERT_NAME, ""), settings, at)
