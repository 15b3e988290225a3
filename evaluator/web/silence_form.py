"""The form for a silence. Nothing is set before its maker has seen what it mutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from evaluator.core.events import SilenceSet
from evaluator.core.frozen import frozen
from evaluator.core.muting.silence import UNTIL_RESOLVED, Silence, SilenceState
from evaluator.core.view import UnavailableError, View
from evaluator.web.author import author_of, remember
from evaluator.web.choice import written_labels
from evaluator.web.fields import filled, matcher_lines, read_end, read_instant, read_matchers
from evaluator.web.forms import not_set, read_form
from evaluator.web.lookup import find_alert, labels_of
from evaluator.web.rendering import root
from evaluator.web.seen_first import Judged, Signed, changed_since, check_signature, judged, page, to_be_set
from evaluator.web.silences import named
from evaluator.web.words import clock

NOW = "now"


@frozen
class Draft(Signed):
    """The form as it was filled in. matchers: in lines; a line that says `or` begins an alternative."""

    id: str = ""
    matchers: str = ""
    starts: str = ""
    lasts: str = "2h"
    until: str = ""
    resolved: str = ""


async def blank(view: View, request: Request) -> Response:
    """A new silence; `filter` or `alert` say of what."""
    draft = Draft(matchers=_proposed(view, request.query_params), author=author_of(request))
    if draft.matchers:
        return _page(view, request, draft, judge(view, draft))
    return _page(view, request, draft, Judged(None, {}))


async def edit(view: View, request: Request) -> Response:
    """An existing silence, to be changed or to be set again."""
    silence = named(view, request)
    over = silence.state(view.now) is SilenceState.EXPIRED
    draft = Draft(
        id="" if over else silence.id,
        matchers=matcher_lines(silence.matcher_sets),
        starts=clock(silence.starts_at) if silence.state(view.now) is SilenceState.PENDING else "",
        lasts="2h" if over else "",
        until="" if over else clock(silence.ends_at),
        author=silence.created_by,
        comment=silence.comment,
        resolved="yes" if silence.awaited is not None and not over else "",
    )
    return _page(view, request, draft, judge(view, draft))


async def post(view: View, request: Request) -> Response:
    """Show what a silence would mute, or set it."""
    form = await read_form(request)
    draft = Draft(**filled(Draft, form))
    found = judge(view, draft)
    silence = to_be_set(form, draft, found)
    if silence is None:
        return _page(view, request, draft, found, changed_since(form, draft, found))
    name = str(uuid4())
    try:
        await view.submit(SilenceSet(silence, name))
    except UnavailableError as error:
        return _page(view, request, draft, found, not_set(error), 503)
    silences = view.machine.muting.silences
    made = silences.get(name) or silences.get(draft.id)
    if made is None:
        raise HTTPException(409, "The silence could not be set any more when its turn came; try again.")
    response = RedirectResponse(f"{root(request)}silences/{made.id}", 303)
    remember(response, draft.author)
    return response


def judge(view: View, draft: Draft) -> Judged[Silence]:
    """Read a draft, and ask what would come of it now."""
    wrong: dict[str, str] = {}
    sets = read_matchers(draft.matchers, view.settings.matcher_mode, wrong)
    starts_at, ends_at = _read_times(view, draft, wrong)
    unread = bool(wrong)
    check_signature(draft, "silence", wrong)
    if unread:
        return Judged(None, wrong)
    silence = _as_it_was(view, Silence(sets, starts_at, ends_at, draft.author, draft.comment, id=draft.id))
    silence = _waiting(view, silence, bool(draft.resolved))
    if silence.awaited is not None and not silence.awaited:
        wrong.setdefault("resolved", "nothing fires that it would mute, so there is nothing to wait for")
    return judged(view, silence, wrong, lambda refusal: _field_of(refusal, draft))


def _field_of(refusal: str, draft: Draft) -> str:
    """The field that a refusal is about: of those for its times, one that was filled in."""
    if not refusal.startswith(("start", "end")):
        return "matchers"
    return "until" if draft.until else "starts" if draft.starts else "lasts"


def _waiting(view: View, silence: Silence, resolved: bool) -> Silence:
    """The silence, ending with its alerts if somebody wants that."""
    others = tuple(pair for pair in silence.annotations if pair[0] != UNTIL_RESOLVED)
    if not resolved:
        return replace(silence, annotations=others)
    known = dict(silence.annotations).get(UNTIL_RESOLVED, "true")
    return view.machine.silencing.awaiting(replace(silence, annotations=tuple(sorted((*others, (UNTIL_RESOLVED, known))))))


def _as_it_was(view: View, silence: Silence) -> Silence:
    """What the form does not show of an edited silence stays as it was: annotations, and when an active one began."""
    former = view.machine.muting.silences.get(silence.id)
    if former is None:
        return silence
    active = former.state(view.now) is SilenceState.ACTIVE
    starts_at = former.starts_at if active else silence.starts_at
    return replace(silence, starts_at=starts_at, annotations=former.annotations)


def _proposed(view: View, parameters: QueryParams) -> str:
    """The matchers that a link proposes: those of an alert, or as they are written there."""
    fingerprint = parameters.get("alert", "")
    alert = find_alert(view, fingerprint) if fingerprint else None
    if alert is not None:
        return written_labels(labels_of(view, alert))
    return "\n".join(parameters.getlist("filter"))


def _read_times(view: View, draft: Draft, wrong: dict[str, str]) -> tuple[datetime, datetime]:
    """When it begins and ends."""
    starts = "" if draft.starts == NOW else draft.starts
    starts_at = read_instant(starts, "starts", wrong) or view.now
    return starts_at, read_end(starts_at, draft.lasts, draft.until, wrong)


def _page(view: View, request: Request, draft: Draft, found: Judged[Silence], remark: str = "", status: int = 200) -> Response:
    already = sum(bool(one.silences) for one in found.ahead.mutes) if found.ahead else 0
    return page(view, request, "silence_form.html", draft, found, remark, status, already=already)
