"""Slack: buttons in messages, and a slash command such as `/oncall ack 12`.

One address for both. What comes in is signed over its raw bytes and the time, so nothing is read before that is checked, and
nothing counts that is older than five minutes or has come before. Slack shows an error unless it is answered within three
seconds; what takes longer is finished by way of the `response_url`, which stands in what was signed.

A button says nothing in its answer: the message itself changes. Only whoever pressed is told what came of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from hmac import compare_digest, digest

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP
from evaluator.core.replies import ReplyButton, SlackReplies
from evaluator.core.view import UnavailableError
from evaluator.replies.bodies import Json, came_from, form_fields, json_object, member, read_body, text_at
from evaluator.replies.buttons import button_of, press_button
from evaluator.replies.commands import HELP, carry_out
from evaluator.replies.desk import Desk, Fate, Outcome, Speaker, Way, not_kept, person_by
from evaluator.replies.doors import closed, refused, revealed
from evaluator.replies.seen import Seen
from evaluator.replies.words import Said, Word, read_words
from evaluator.wire.client import build_async_client

OLDEST = timedelta(minutes=5)
PATIENCE = 2.0  # seconds; Slack waits for three
PATIENCE_WITH_SLACK = 10.0


def distrust(body: bytes, timestamp: str, signature: str, secret: str, now: datetime) -> str:
    """Why a request is not believed to be Slack's; empty when it is."""
    if not timestamp.isdecimal() or len(timestamp) > 12:
        return "X-Slack-Request-Timestamp is missing"
    if abs(now.timestamp() - int(timestamp)) > OLDEST.total_seconds():
        return "the request is older than five minutes, or one of the clocks is wrong"
    signed = digest(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, "sha256").hex()
    if not compare_digest(f"v0={signed}".encode(), signature.encode(errors="replace")):
        return "X-Slack-Signature does not match: is this the signing secret of that app?"
    return ""


@frozen
class Asked:
    """What somebody wants. button: None for what was written, the `text`. page: id of the message that the button is in."""

    team: str
    user: str
    name: str
    response_url: str
    button: ReplyButton | None = None
    page: str = ""
    text: str = ""


def read_asked(form: Mapping[str, str]) -> Asked | None:
    """What a form of Slack's asks for; None when it is nothing of ours. Raises ValueError when it cannot be read."""
    if "payload" in form:
        return _pressed(json_object(form["payload"]))
    if "command" not in form:
        return None
    team, user, name, response_url, text = (
        form.get(key, "") for key in ("team_id", "user_id", "user_name", "response_url", "text")
    )
    return Asked(team, user, name, response_url, text=text)


def _pressed(payload: Json) -> Asked | None:
    """A button of a block, or of an attachment, which older messages have."""
    actions = member(payload, "actions")
    for action in actions if isinstance(actions, list) else ():
        button = button_of(text_at(action, "action_id") or text_at(action, "name"))
        if button is not None:
            team, user, name = (text_at(payload, *path) for path in (("team", "id"), ("user", "id"), ("user", "name")))
            return Asked(team, user, name, text_at(payload, "response_url"), button, text_at(action, "value"))
    return None


class SlackDoor:
    """Takes in what Slack brings. patience: seconds that an answer may take before it is promised for later."""

    def __init__(self, desk: Desk, patience: float = PATIENCE) -> None:
        self._desk = desk
        self._patience = patience
        self._seen = Seen(2 * OLDEST)
        self._errands: set[asyncio.Task[None]] = set()

    async def post(self, request: Request) -> Response:
        """Slack's buttons and slash commands."""
        door = self._desk.settings.replies.slack
        if door is None:
            return closed()
        body, headers, now = await read_body(request), request.headers, self._desk.now
        signature = headers.get("x-slack-signature", "")
        why = distrust(body, headers.get("x-slack-request-timestamp", ""), signature, revealed(door.signing_secret), now)
        if why:
            return refused(self._desk, Way.SLACK, why)
        asked = None if self._seen.has(signature, now) else read_asked(dict(form_fields(body)))
        self._seen.add(signature, now)
        if asked is None:
            self._desk.answered(Way.SLACK, Fate.IDLE)
            return Response()
        return await self._answer(asked, asyncio.create_task(self._do(asked, door, request)))

    async def _do(self, asked: Asked, door: SlackReplies, request: Request) -> str:
        """Do what somebody wants, and say what came of it."""
        outcome = await self._outcome(asked, door, request)
        self._desk.answered(Way.SLACK, outcome.fate)
        return outcome.text

    async def _outcome(self, asked: Asked, door: SlackReplies, request: Request) -> Outcome:
        if door.team and asked.team != door.team:
            return Outcome(Fate.STRANGER, "This workspace is not the one that may answer here.")
        person = person_by(self._desk.settings, "slack", asked.user)
        if person is None:
            remedy = f"Somebody has to write `slack: {asked.user}` for you under `people` in the configuration."
            return Outcome(Fate.STRANGER, f"I do not know who you are. {remedy}")
        source = came_from(request, f"{asked.name} {asked.user} in {asked.team}")
        speaker = Speaker(person.key, person.name, Way.SLACK, source)
        try:
            if asked.button is not None:
                return await press_button(self._desk, asked.button, asked.page, speaker)
            said = read_words(asked.text) if asked.text.strip() else Said(Word.HELP)
            return Outcome(Fate.UNREADABLE, HELP) if said is None else await carry_out(self._desk, said, speaker)
        except UnavailableError as error:
            return not_kept(error)

    async def _answer(self, asked: Asked, finding: asyncio.Task[str]) -> Response:
        """Now, if it is found out in time and Slack shows it; else later."""
        await asyncio.wait({finding}, timeout=self._patience)
        if asked.button is None and finding.done():
            return _json(_told(finding.result()))
        errand = asyncio.create_task(_finish(asked.response_url, finding))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)
        return Response() if asked.button is not None else _json(_told("One moment …"))


async def _finish(response_url: str, finding: asyncio.Task[str]) -> None:
    """Tell whoever asked; that this fails is no reason to do anything about it, for it is done, and the message shows it."""
    text = await finding
    if not response_url.startswith(("https://", "http://")):
        return
    async with build_async_client(DEFAULT_HTTP, timeout=PATIENCE_WITH_SLACK) as client:
        with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL, OSError):
            await client.post(response_url, json=_told(text))


def _told(text: str) -> Json:
    """For the eyes of whoever asked, and without Slack's own signs in it."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"response_type": "ephemeral", "replace_original": False, "text": plain}


def _json(body: Json) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
