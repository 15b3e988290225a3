"""What comes of a button in a message: it is for the incident, the climb and the level that the message told of."""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.core.incidents.actions import Acted, Action
from evaluator.core.replies import ReplyButton
from evaluator.replies.desk import Desk, Fate, Outcome, Speaker, act, find_page
from evaluator.replies.words import DEFAULT_SNOOZE

_ACTIONS: Mapping[ReplyButton, Action] = {
    ReplyButton.ACK: Action.ACK,
    ReplyButton.SNOOZE: Action.SNOOZE,
    ReplyButton.ESCALATE: Action.ESCALATE,
    **{button: Action.LABEL for button in ReplyButton if button.label},
}


def button_of(text: str) -> ReplyButton | None:
    """The button that is called so; None for one that is not ours, such as a link to a runbook."""
    return ReplyButton(text) if text in set(ReplyButton) else None


async def press_button(desk: Desk, button: ReplyButton, page: str, speaker: Speaker) -> Outcome:
    """Do what a button is for. Raises UnavailableError, and then nothing has been done."""
    told = find_page(desk, page)
    if told is None:
        return Outcome(Fate.IMPOSSIBLE, "Nobody knows this message any more. Look at the newest one.")
    action = _ACTIONS[button]
    acted = Acted(
        action,
        told.incident,
        speaker.key,
        str(speaker.via),
        speaker.source,
        epoch=told.epoch,
        level=told.level if action is Action.ESCALATE else None,
        text=button.label,
        duration=DEFAULT_SNOOZE if action is Action.SNOOZE else None,
    )
    return await act(desk, acted)
