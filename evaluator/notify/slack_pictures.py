"""Pictures of curves in the thread of a Slack message that an app has posted.

They come after the message, for that must not wait for them, and Slack takes its time with a file before a message may show
it; in the thread it appears by itself. By then the message counts as delivered, so a process that is killed meanwhile loses
pictures, and repeats nothing. Three steps: ask where to, send the bytes there, share what was sent. Any of them may fail. An
app that may not write files (`files:write`) is not asked again before the next reload.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.slack import SlackSettings
from evaluator.notify.exchange import Accepted, Answer, Request
from evaluator.notify.go import json_line
from evaluator.notify.json_answers import members
from evaluator.notify.picture import pictures
from evaluator.notify.sheet import Sheet

_FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
_JSON = (("Content-Type", "application/json"),)
_BYTES = (("Content-Type", "application/octet-stream"),)
_MAY_NOT = frozenset({"missing_scope", "no_permission", "not_allowed_token_type"})
_REFUSED = "files are refused"

Steps = Generator[Request, Answer, None]


def share(sheet: Sheet, settings: SlackSettings, methods: str, posted: Accepted) -> Steps:
    """Put the first curves of the notification into a thread.

    methods: the URL that the names of Slack's methods stand behind. posted: the message, with its `channel` and `ts`.
    """
    thread = dict(posted.receipt)
    if _REFUSED in sheet.memory:
        return
    files = []
    for number, (what, png) in enumerate(pictures(sheet.notification), 1):
        about = {"filename": f"curve-{number}.png", "alt_txt": what}
        ident = yield from _sent(sheet, settings, methods, about, png, posted)
        if not ident:
            return
        files.append({"id": ident, "title": what})
    if files:
        shared = {"files": files, "channel_id": thread["channel"], "thread_ts": thread["ts"]}
        yield _request(f"{methods}files.completeUploadExternal", json_line(shared), settings.http, _JSON, posted)


def _sent(
    sheet: Sheet, settings: SlackSettings, methods: str, about: Mapping[str, str], png: bytes, posted: Accepted
) -> Generator[Request, Answer, str]:
    """Send one file; gives its id, or nothing when Slack does not take it."""
    form = urlencode({**about, "length": len(png)}).encode()
    place = members((yield _request(f"{methods}files.getUploadURLExternal", form, settings.http, _FORM, posted)))
    if place.get("error") in _MAY_NOT:
        sheet.memory[_REFUSED] = str(place["error"])
    url, ident = place.get("upload_url"), place.get("file_id")
    if place.get("ok") is not True or not isinstance(ident, str) or not (isinstance(url, str) and url.startswith("https://")):
        return ""
    answer = yield _request(url, png, _without_credentials(settings.http), _BYTES, posted)
    return ident if 200 <= answer.status < 300 else ""


def _without_credentials(http: HttpSettings) -> HttpSettings:
    """The place for the bytes is a secret itself, and no method of the API."""
    return replace(http, authorization=None, basic_auth=None, oauth2=None, headers=())


def _request(url: str, body: bytes, http: HttpSettings, headers: Any, posted: Accepted) -> Request:
    return Request(Secret(url), body, http, headers=headers, afterwards=posted)
