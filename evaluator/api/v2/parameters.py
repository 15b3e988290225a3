"""The query parameters of API v2. Every function raises RefusedError: 400 for what cannot be parsed, 422 for a wrong type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from evaluator.api.v2.answers import UNPROCESSABLE, RefusedError
from evaluator.core.labels import Matcher, compile_regex, match_all
from evaluator.core.matchers import MatcherMode, parse_matcher
from evaluator.core.settings import Receiver, Settings

Wanted = Callable[[tuple[str, ...]], bool]
"""Whether any of the receivers of these names is asked for."""

_TRUE = frozenset(("true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"))
LONGEST_NAME = 200
"""Characters of whoever acts."""

_FALSE = frozenset(("false", "0", "no", "n", "off", "f", "disabled"))


def flag(request: Request, name: str) -> bool:
    """A parameter that is true unless it says otherwise."""
    text = request.query_params.get(name, "")
    if text.lower() not in _TRUE | _FALSE | {""}:
        raise RefusedError(UNPROCESSABLE, f'{name} in query must be of type boolean: "{text}"')
    return text.lower() not in _FALSE


def matchers(request: Request, name: str, mode: MatcherMode) -> tuple[Matcher, ...]:
    """A parameter that may be given several times, each time one matcher."""
    texts = request.query_params.getlist(name)
    _check_encoding(request, texts)
    try:
        return tuple(matcher for text in texts for matcher in parse_matcher(text, mode).matchers)
    except ValueError as error:
        raise RefusedError(400, str(error)) from None


def _check_encoding(request: Request, texts: Iterable[str]) -> None:
    """Refuse bytes that are no UTF-8, for which there is a mark in the texts by now."""
    marked = next((text for text in texts if "\ufffd" in text), None)
    if marked is None:
        return
    try:
        unquote_to_bytes(request.scope["query_string"]).decode()
    except UnicodeDecodeError:
        raise RefusedError(400, f"matcher value not valid UTF-8: {marked}") from None


def actor(request: Request) -> str:
    """Who acts, in `by`: a parameter of ours, for what has no body; empty where nobody says, as with Alertmanager's tools."""
    name = request.query_params.get("by", "").strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise RefusedError(400, f"by: a name of at most {LONGEST_NAME} printable characters")
    return name


def receivers(request: Request, settings: Settings) -> Wanted:
    """Which receivers are asked for, by name: `receiver` is a regular expression, `receiver_matchers` look at labels."""
    conditions = matchers(request, "receiver_matchers", settings.matcher_mode)
    text = request.query_params.get("receiver", "")
    _check_encoding(request, (text,))
    try:
        pattern = compile_regex(text) if text else None
    except ValueError as error:
        raise RefusedError(400, f"failed to parse receiver param: {error}") from None
    if pattern is None and not conditions:
        return lambda names: True
    known = {one.name for one in settings.receivers if match_all(conditions, receiver_labels(one))}
    answers: dict[tuple[str, ...], bool] = {}

    def is_wanted(name: str) -> bool:
        return (not conditions or name in known) and (pattern is None or pattern.fullmatch(name) is not None)

    def wanted(names: tuple[str, ...]) -> bool:
        if names not in answers:
            answers[names] = any(map(is_wanted, names))
        return answers[names]

    return wanted


def receiver_labels(receiver: Receiver) -> dict[str, str]:
    """A receiver's labels; its name is always one."""
    return {**receiver.labels, "name": receiver.name}
