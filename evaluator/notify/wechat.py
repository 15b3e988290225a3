"""WeChat Work: a message of an application, by an access token that is fetched when there is none and kept while it holds.

A token that WeChat no longer takes is replaced within the same attempt; Alertmanager waits for the next one, and knows one of
the three codes. Texts are cut by bytes, as WeChat counts.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from evaluator.core.http import Secret
from evaluator.core.receivers.chat import WechatSettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal, said, unreadable
from evaluator.notify.fitting import in_bytes
from evaluator.notify.go import json_line
from evaluator.notify.json_answers import members, number
from evaluator.notify.mentions import without_mentions
from evaluator.notify.neutral import one_line
from evaluator.notify.sheet import Sheet

MOST_BYTES = {"text": 2048, "markdown": 4096}

_TOKEN, _UNTIL = "access_token", "until"
_LONGEST = timedelta(hours=2)
_STALE = frozenset({40001, 40014, 42001})
_BUSY = frozenset({-1, 45009, 45033})
_MENTION = re.compile(r"<@[^>]{1,200}>")


def tell(sheet: Sheet, settings: WechatSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """Fetch a token where need be, and send the message. Raises OSError when the secret's file cannot be read."""
    body = json_line(_message(sheet, settings))
    for _ in range(2):
        fresh = not _valid(sheet)
        if fresh:
            refused = _remember(sheet, (yield _asking_for_token(settings)))
            if refused is not None:
                return refused
        answer = yield _sending(sheet.memory[_TOKEN], body, settings)
        if fresh or number(members(answer), "errcode") not in _STALE:
            break
        sheet.memory.clear()
    return read(answer)


def read(answer: Answer) -> Accepted | Refused:
    """A success is the code 0; other codes are final, but for those that ask for patience or for another token."""
    refused = unreadable(answer)
    if refused is not None:
        return refused
    value = members(answer)
    if number(value, "errcode") == 0:
        ident = value.get("msgid")
        return Accepted((("msgid", ident),) if isinstance(ident, str) and ident else ())
    return _coded(value) or Refused(f"answered without `errcode`{said(answer)}")


def _coded(value: Mapping[str, Any]) -> Refused | None:
    """The refusal that a code other than 0 is."""
    code = number(value, "errcode")
    if not code:
        return None
    return Refused(f"WeChat says {code} {one_line(str(value.get('errmsg', '')), 200)}", permanent=code not in _BUSY | _STALE)


def _valid(sheet: Sheet) -> bool:
    until = sheet.memory.get(_UNTIL)
    return until is not None and sheet.notification.at < datetime.fromisoformat(until)


def _remember(sheet: Sheet, answer: Answer) -> Refused | None:
    """Keep the token that was fetched; the refusal when there is none."""
    value = members(answer)
    token = value.get(_TOKEN)
    refused = refusal(answer)
    if refused is not None:
        return refused
    if not isinstance(token, str) or not token:
        # What it says may be a token all the same, so nothing of it is quoted where no code says what is wrong.
        return _coded(value) or Refused("answered without an access token")
    seconds = number(value, "expires_in")
    lasts = _LONGEST if seconds is None else min(_LONGEST, timedelta(seconds=min(max(seconds, 0), 7200)))
    sheet.memory.update({_TOKEN: token, _UNTIL: (answer.now + lasts).isoformat()})
    return None


def _asking_for_token(settings: WechatSettings) -> Request:
    secret = settings.api_secret.reveal()
    url = _below(settings.api_url, "gettoken", {"corpid": settings.corp_id, "corpsecret": secret})
    return Request(url, b"", settings.http, method="GET", secrets=(secret,))


def _sending(token: str, body: bytes, settings: WechatSettings) -> Request:
    url = _below(settings.api_url, "message/send", {_TOKEN: token})
    secrets = (token, settings.api_secret.reveal())
    return Request(url, body, settings.http, headers=(("Content-Type", "application/json"),), secrets=secrets)


def _below(url: str, path: str, query: dict[str, str]) -> Secret:
    split = urlsplit(url)
    both = "&".join(filter(None, (split.query, urlencode(query))))
    return Secret(urlunsplit(split._replace(path=split.path + path, query=both)))


def _message(sheet: Sheet, settings: WechatSettings) -> dict[str, Any]:
    """Members as Alertmanager has them; both kinds of content, one of them empty."""
    text = without_mentions(sheet.body("message", settings.message), sheet.notification, _MENTION)
    names = {"touser": "to_user", "toparty": "to_party", "totag": "to_tag", "agentid": "agent_id"}
    whom = {name: sheet.text(key, getattr(settings, key)) for name, key in names.items()}
    if sheet.plain or not text.strip():
        text = without_mentions(sheet.plainly(), sheet.notification, _MENTION)
    kind = settings.message_type
    said = sheet.fitted(text, in_bytes(MOST_BYTES[kind]))
    content = {one: {"content": said if one == kind else ""} for one in ("text", "markdown")}
    sent = {name: value for name, value in whom.items() if value}
    return {"text": content["text"], **sent, "safe": "0", "msgtype": kind, "markdown": content["markdown"]}
