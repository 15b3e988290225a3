"""Buttons of a Telegram bot.

Telegram sends with each update the token that it was given with `setWebhook`; nothing else shows that it is Telegram. What came
of a press is said in the answer to the update, as a call of `answerCallbackQuery`, so nobody has to be asked anything. A person
is known by the number of their account, which is that of the chat with the bot; names change hands, numbers do not.
"""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.neutral import cut
from evaluator.core.view import UnavailableError
from evaluator.replies.bodies import Json, came_from, json_object, member, read_body, text_at
from evaluator.replies.buttons import button_of, press_button
from evaluator.replies.desk import Desk, Fate, Outcome, Speaker, Way, not_kept, person_by
from evaluator.replies.doors import closed, refused, revealed
from evaluator.replies.seen import Seen

MOST_OF_AN_ANSWER = 200
REMEMBERED = timedelta(days=1)


def distrust(header: str, token: str) -> str:
    """Why a request is not believed to be Telegram's; empty when it is."""
    if token and compare_digest(header.encode(errors="replace"), token.encode()):
        return ""
    return "X-Telegram-Bot-Api-Secret-Token does not match: was setWebhook given this secret_token?"


class TelegramDoor:
    """Takes in what Telegram brings."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen = Seen(REMEMBERED)

    async def post(self, request: Request) -> Response:
        """Updates of a Telegram bot: its buttons."""
        door = self._desk.settings.replies.telegram
        if door is None:
            return closed()
        body = await read_body(request)
        why = distrust(request.headers.get("x-telegram-bot-api-secret-token", ""), revealed(door.secret_token))
        if why:
            return refused(self._desk, Way.TELEGRAM, why)
        update = json_object(body)
        query, known = member(update, "callback_query"), text_at(update, "update_id")
        if not isinstance(query, dict) or (known and self._seen.has(known, self._desk.now)):
            self._desk.answered(Way.TELEGRAM, Fate.IDLE)
            return Response()
        outcome = await self._press(query, request)
        self._desk.answered(Way.TELEGRAM, outcome.fate)
        if outcome.fate is not Fate.UNAVAILABLE:
            self._seen.add(known, self._desk.now)
        return _answer(text_at(query, "id"), outcome)

    async def _press(self, query: Json, request: Request) -> Outcome:
        name, _, page = text_at(query, "data").rpartition(":")
        button = button_of(name)
        if button is None:
            return Outcome(Fate.IDLE, "")
        user = text_at(query, "from", "id")
        person = person_by(self._desk.settings, "telegram", user)
        if person is None:
            remedy = f'telegram: "{user}"'
            return Outcome(Fate.STRANGER, f"I do not know who you are. Somebody has to write {remedy} for you under people.")
        source = came_from(request, f"{text_at(query, 'from', 'username')} {user}".strip())
        speaker = Speaker(person.key, person.name, Way.TELEGRAM, source)
        try:
            return await press_button(self._desk, button, page, speaker)
        except UnavailableError as error:
            return not_kept(error)


def _answer(query: str, outcome: Outcome) -> Response:
    """The call that the answer to an update may be. What was not done has to be closed by hand, so that it is read."""
    call = {
        "method": "answerCallbackQuery",
        "callback_query_id": query,
        "text": cut(outcome.text, MOST_OF_AN_ANSWER),
        "show_alert": outcome.fate not in (Fate.DONE, Fate.IDLE),
    }
    return Response(msgspec.json.encode(call), media_type="application/json")
