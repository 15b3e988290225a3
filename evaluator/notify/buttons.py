"""What people can press in a message about an incident.

Where the service's own buttons are answered to (`replies` in the configuration), a press tells who pressed. Elsewhere a button
is a link that was made for the one person who gets the message; a channel has none, for nobody would know who followed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from evaluator.core.frozen import frozen
from evaluator.core.incidents.actions import in_words
from evaluator.core.incidents.records import IncidentState, Notice
from evaluator.core.replies import ReplyButton

ACK, SNOOZE, ESCALATE, LABEL, VIEW, MAIL = "ack", "snooze", "escalate", "label", "view", "mail"
"""What links are for; the last is no link, but where a mail is answered to."""

_BUTTONS = {ACK: ReplyButton.ACK, SNOOZE: ReplyButton.SNOOZE, ESCALATE: ReplyButton.ESCALATE}
_LABELS = tuple(button for button in ReplyButton if button.label)
_OF_A_ROW = 2
"""Buttons beside each other where the labels are among them, which are long for a telephone."""


@frozen
class Buttons:
    """links: by what they are for. slack, telegram: whether presses of their own buttons are heard.

    texting: whether answers by short message are. mail: where a mail is answered to, or empty.
    """

    links: Mapping[str, str] = field(default_factory=dict)
    slack: bool = False
    telegram: bool = False
    texting: bool = False
    mail: str = ""


NO_BUTTONS = Buttons()


@frozen
class Button:
    """label: for people. action: of the service's own button, or empty. url: of one that is a link, or empty."""

    purpose: str
    label: str
    action: ReplyButton | None = None
    url: str = ""


def offered(notice: Notice, buttons: Buttons, heard: bool) -> Iterator[Button]:
    """The buttons of a message, in the order in which they are shown. heard: whether presses of the service's own are."""
    for purpose, label in _wanted(notice).items():
        if heard:
            yield from _own(purpose, label)
        elif buttons.links.get(purpose):
            yield Button(purpose, label, url=buttons.links[purpose])
    if notice.runbook:
        yield Button("runbook", "Runbook", url=notice.runbook)


def _own(purpose: str, label: str) -> Iterator[Button]:
    if purpose == LABEL:
        yield from (Button(LABEL, in_words(button.label).capitalize(), button) for button in _LABELS)
    else:
        yield Button(purpose, label, _BUTTONS[purpose])


def _wanted(notice: Notice) -> Mapping[str, str]:
    match notice.state:
        case IncidentState.TRIGGERED:
            return {ACK: "Acknowledge", SNOOZE: "Snooze 1 h", ESCALATE: "Escalate"}
        case IncidentState.ACKED:
            return {ACK: "Still on it", SNOOZE: "Snooze 1 h", ESCALATE: "Escalate"}
        case IncidentState.SNOOZED:
            return {ACK: "Acknowledge", ESCALATE: "Escalate"}
        case IncidentState.RESOLVED:
            return {LABEL: "Was it worth it?"}


def texting_hint(notice: Notice, buttons: Buttons) -> str:
    """What to answer to a short message; empty where nobody reads answers, or nothing is left to do."""
    if not buttons.texting or notice.state is IncidentState.RESOLVED:
        return ""
    return f"{notice.number}a ack, {notice.number}s snooze, {notice.number}e escalate"


def slack_attachment(notice: Notice, buttons: Buttons) -> dict[str, Any] | None:
    """The buttons as an attachment with a block of actions."""
    elements = [_slack_element(button, notice) for button in offered(notice, buttons, buttons.slack)]
    return {"blocks": [{"type": "actions", "elements": elements}]} if elements else None


def _slack_element(button: Button, notice: Notice) -> dict[str, Any]:
    element: dict[str, Any] = {"type": "button", "text": {"type": "plain_text", "text": button.label}}
    if button.action is not None:
        element |= {"action_id": str(button.action), "value": notice.page}
    else:
        element |= {"action_id": f"link:{button.purpose}", "url": button.url}
    return element | ({"style": "primary"} if button.purpose == ACK else {})


def telegram_keyboard(notice: Notice, buttons: Buttons) -> dict[str, Any]:
    """The buttons as an inline keyboard, in rows that fit a telephone; an empty one takes the buttons of a message away."""
    row = []
    for button in offered(notice, buttons, buttons.telegram):
        pressed = {"callback_data": button.action.callback(notice.page)} if button.action is not None else {"url": button.url}
        row.append({"text": button.label, **pressed})
    width = _OF_A_ROW if notice.state is IncidentState.RESOLVED else max(len(row), 1)
    return {"inline_keyboard": [row[start : start + width] for start in range(0, len(row), width)]}
