"""The pages behind links: one that shows, and a button that acts. What links are worth stands in `visits` and `tokens`.

A link is the whole authority, so these pages read no cookies, load nothing, name no other page, and ask not to be kept, found
or shown elsewhere. Whatever is wrong with a link, the answer is the same, to the byte. Mail scanners and chats that look ahead
use GET and HEAD, and those only ever show.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from evaluator.core.incidents.actions import Acted
from evaluator.core.notifying.rates import RateLimit
from evaluator.core.view import UnavailableError
from evaluator.replies.bodies import came_from, form_fields, read_body
from evaluator.replies.desk import Desk, Fate, Way, act, find_page
from evaluator.replies.keys import Keyring
from evaluator.replies.leaves import LOG_IN, NOT_FOUND, TOO_MANY, Leaf, asked_again, leaf_of, unavailable
from evaluator.replies.throttle import Throttle, network
from evaluator.replies.tokens import LONGEST, unseal
from evaluator.replies.visits import AskAgain, Show, Visit, lasts, pressed

TOKEN_LIMIT = RateLimit(20, timedelta(minutes=1), burst=20)
ADDRESS_LIMIT = RateLimit(60, timedelta(minutes=1), burst=60)
MOST_OF_A_FORM = 4096

_STYLE = (files("evaluator.replies") / "templates" / "link.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
}

_environment = Environment(
    loader=PackageLoader("evaluator.replies"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


class LinkPages:
    """Answers visits. Counts them by link and by address, whether the link is worth anything or not."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._by_token = Throttle(TOKEN_LIMIT)
        self._by_address = Throttle(ADDRESS_LIMIT)

    async def look(self, request: Request) -> Response:
        """What a link in a message leads to: how the incident stands, and a button. Changes nothing."""
        visit = self._enter(request)
        return visit if isinstance(visit, Response) else _page(leaf_of(visit))

    async def press(self, request: Request) -> Response:
        """The button of that page: acknowledge, put off, escalate or label in the name of whom the link is for."""
        visit = self._enter(request)
        if isinstance(visit, Response):
            return visit
        try:
            chosen = form_fields(await read_body(request, MOST_OF_A_FORM))
        except ValueError:
            chosen = []
        code = _confirmation(_token(request), self._desk.links.keys)
        fields = dict(chosen)
        confirmed = compare_digest(fields.get("confirm", "").encode(), code.encode())
        match pressed(visit, fields, confirmed, came_from(request)):
            case Show():
                self._desk.answered(Way.LINK, Fate.IDLE)
                return _page(leaf_of(visit), 409 if visit.beside else 200)
            case AskAgain():
                self._desk.answered(Way.LINK, Fate.IDLE)
                return _page(asked_again(visit, code, tuple(chosen)))
            case Acted() as acted:
                return await self._act(request, acted)

    async def _act(self, request: Request, acted: Acted) -> Response:
        try:
            outcome = await act(self._desk, acted)
        except UnavailableError as error:
            return _page(unavailable(str(error), error.verdict), 503)
        self._desk.answered(Way.LINK, outcome.fate)
        visit = self._visit(request)
        if visit is None:
            return _page(NOT_FOUND, 404)
        done = outcome.fate is Fate.DONE
        return _page(leaf_of(visit) if done else leaf_of(visit, outcome.text), 200 if done else 409)

    def _enter(self, request: Request) -> Visit | Response:
        """Whoever may come in, or what they are told instead."""
        token, now = _token(request), self._desk.now
        address = request.client.host if request.client is not None else ""
        counted = self._by_address.admits(network(address), now)
        if not (self._by_token.admits(sha256(token.encode(errors="replace")).hexdigest(), now) and counted):
            return _page(TOO_MANY, 429)
        links = self._desk.settings.links
        if links.require_login and not request.headers.get(links.login_header):
            return _page(LOG_IN, 401)
        try:
            visit = self._visit(request)
        except OSError:
            return _page(unavailable("The secret of links cannot be read"), 503)
        if visit is None:
            self._desk.answered(Way.LINK, Fate.UNVERIFIED)
            return _page(NOT_FOUND, 404)
        return visit

    def _visit(self, request: Request) -> Visit | None:
        desk = self._desk
        token = unseal(_token(request), desk.links.keys, desk.now)
        record = desk.incident(token.incident) if token is not None else None
        if token is None or record is None or not lasts(record, desk.now):
            return None
        person = next((one for one in desk.settings.duty.people if one.key == token.person), None)
        if person is None or not self._logged_in(request, {person.key, person.contacts.get("email", "")}):
            return None
        return Visit(token, record, person, find_page(desk, token.page, (record,)), desk.settings, desk.now)

    def _logged_in(self, request: Request, names: set[str]) -> bool:
        links = self._desk.settings.links
        said = request.headers.get(links.login_header, "").lower()
        return not links.require_login or said in {name.lower() for name in names if name}


def _token(request: Request) -> str:
    return str(request.path_params["token"])[: LONGEST + 1]


def _confirmation(token: str, keys: Keyring) -> str:
    """What only the page that asks again has: a program that presses whatever it finds has not seen it."""
    return keys.keys[0].sign(b"confirm\0" + token.encode()).hex()


def _page(leaf: Leaf, status: int = 200) -> Response:
    text = _environment.get_template("link.html").render(leaf=leaf, style=_STYLE)
    return HTMLResponse(text.encode(errors="replace"), status, HEADERS)
