"""A service that is described in the configuration: `http_configs`.

What a call needs of an earlier answer it names, `%{NAME}`; a call for which that is not known gives way to the first one, so
that nothing goes untold. A template that fails has the whole plain notification in its place, for what else is in the body
only the service knows.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from evaluator.core.http import Secret
from evaluator.core.receivers.http import HttpCall, HttpServiceSettings
from evaluator.core.receivers.tree import Branch, Tree
from evaluator.core.records import Pairs
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal, said
from evaluator.notify.go import json_line
from evaluator.notify.keys import key_text, template_fails
from evaluator.notify.leaves import filled
from evaluator.notify.neutral import one_line
from evaluator.notify.sheet import Sheet

MOST_OF_A_RECEIPT = 500
MOST_OF_A_HEADER = 1000

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # what a terminal may act on; JSON escapes it by itself
_NAMED = re.compile(r"%\{([A-Za-z_][A-Za-z0-9_]*)\}")


def tell(sheet: Sheet, settings: HttpServiceSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """One request. Raises OSError when a file that the settings name cannot be read."""
    known = {name: sheet.known[name] for name, _ in settings.receipt if name in sheet.known}
    try:
        request = _request(sheet, settings, _call(sheet, settings, known), known)
    except ValueError:
        return template_fails("url")
    return _outcome((yield request), settings, known)


def _call(sheet: Sheet, settings: HttpServiceSettings, known: Mapping[str, str]) -> HttpCall:
    """The call that fits best among those of which everything is known."""
    over = not sheet.notification.firing
    wanted = [settings.resolve] if over else []
    wanted += [settings.update] if known else []
    return next((call for call in wanted if call is not None and names_in(call) <= known.keys()), settings.call)


def names_in(call: HttpCall) -> frozenset[str]:
    """The receipts that a call needs. Raises OSError when its URL's file cannot be read."""
    texts = [call.url.reveal(), call.body, *(text for _, text in call.headers), *_texts(call.json)]
    return frozenset(name for text in texts for name in _NAMED.findall(text))


def _texts(tree: Tree) -> list[str]:
    match tree:
        case Branch(pairs):
            return [text for key, below in pairs for text in (key, *_texts(below))]
        case tuple():
            return [text for below in tree for text in _texts(below)]
    return [tree] if tree is not None else []


def _request(sheet: Sheet, settings: HttpServiceSettings, call: HttpCall, known: Mapping[str, str]) -> Request:
    url = _with(key_text(call.url, sheet.render), {name: quote(value, safe="") for name, value in known.items()})
    body = _body(sheet, call, known)
    usual = "application/json" if call.json is not None else "text/plain; charset=utf-8"
    headers = [("Content-Type", call.content_type or usual), ("Idempotency-Key", sheet.notification.id)]
    headers += [(name, _header(_with(sheet.text(f"headers.{name}", text), known))) for name, text in call.headers]
    return Request(Secret(url), body, settings.http, call.method, tuple(headers), settings.timeout)


def _body(sheet: Sheet, call: HttpCall, known: Mapping[str, str]) -> bytes:
    if call.json is not None:
        return json_line(_filled_in(filled("json", call.json, sheet, plainly=True), known))
    failed = len(sheet.failed)
    text = sheet.text("body", call.body)
    whole = sheet.plainly() if len(sheet.failed) > failed else text
    return _CONTROL.sub("\ufffd", _with(whole, known)).encode(errors="replace")


def _filled_in(value: Any, known: Mapping[str, str]) -> Any:
    match value:
        case str():
            return _with(value, known)
        case dict():
            return {_with(name, known): _filled_in(below, known) for name, below in value.items()}
        case list():
            return [_filled_in(below, known) for below in value]
    return value


def _with(text: str, known: Mapping[str, str]) -> str:
    return _NAMED.sub(lambda found: known.get(found[1], found[0]), text)


def _header(text: str) -> str:
    """A header holds one line of ASCII."""
    return one_line(text, MOST_OF_A_HEADER).encode("ascii", "replace").decode()


def _outcome(answer: Answer, settings: HttpServiceSettings, known: Mapping[str, str]) -> Accepted | Refused:
    refused = _refused(answer, settings)
    if refused is not None:
        return replace(refused, permanent=False) if answer.status in settings.retry_status else refused
    value = _json(answer)
    for path, wanted in settings.success_json:
        found = _text_of(value_at(value, path))
        if found != wanted:
            shown = one_line(found, 100) if found is not None else "nothing"
            permanent = answer.whole and answer.status not in settings.retry_status
            return Refused(f"answered with {shown} at {path}, not {wanted}{said(answer)}", permanent)
    return Accepted(tuple({**known, **dict(_receipt(value, settings.receipt))}.items()))


def _refused(answer: Answer, settings: HttpServiceSettings) -> Refused | None:
    if answer.status in settings.success_status:
        return None
    refused = refusal(answer)
    if refused is None and settings.success_status:
        return Refused(f"answered {answer.status}, which is no success here{said(answer)}", permanent=True)
    return refused


def _receipt(value: Any, paths: Pairs) -> Pairs:
    found = ((name, _text_of(value_at(value, path))) for name, path in paths)
    return tuple((name, text) for name, text in found if text and len(text) <= MOST_OF_A_RECEIPT)


def value_at(value: Any, path: str) -> Any:
    """What stands at a path such as `data.items.0.id`; None where there is nothing."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step[:9]) < len(value):
            value = value[int(step[:9])]
        else:
            return None
    return value


def _text_of(value: Any) -> str | None:
    """A scalar as it stands in JSON, a text without its quotes."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
    return None


def _json(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
