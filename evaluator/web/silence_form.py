"""The form for a silence.

Nothing is set before its maker has seen what it mutes: what is sent to be set carries a digest of what was previewed, and when
it has been changed since, the preview comes again instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from evaluator.core.events import SilenceSet
from evaluator.core.silence import UNTIL_RESOLVED, Silence, SilenceState
from evaluator.core.silence_preview import Preview, preview
from evaluator.core.view import View
from evaluator.web.author import author_of, remember
from evaluator.web.choice import Choice, written_labels
from evaluator.web.fields import filled, matcher_lines, read_end, read_instant, read_matchers
from evaluator.web.forms import read_form
from evaluator.web.lookup import find_alert, labels_of
from evaluator.web.rendering import render, root
from evaluator.web.silences import named, newest
from evaluator.web.words import clock

MOST_PREVIEWED = 50
_FIELDS = {"max_duration": "lasts", "require_comment": "comment"}
"""Where the form says what a rule of the policy objects to; the others concern the matchers."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The form as it was filled in. matchers: in lines; a line that says `or` begins an alternative."""

    id: str = ""
    matchers: str = ""
    starts: str = ""
    lasts: str = "2h"
    until: str = ""
    author: str = ""
    comment: str = ""
    confirm: str = ""
    resolved: str = ""

    @property
    def digest(self) -> str:
        """What it says, in short, whether or not its maker insists."""
        return sha256(repr(asdict(replace(self, confirm=""))).encode(errors="replace")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a draft comes to. silence: None when it is none. wrong: by field, what must be put right.

    doubts: what the policy objects to, and its maker may insist on. ahead: what would come of it.
    """

    silence: Silence | None
    wrong: Mapping[str, str]
    doubts: tuple[str, ...] = ()
    ahead: Preview | None = None


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
        "" if over else silence.id,
        matcher_lines(silence.matcher_sets),
        clock(silence.starts_at) if silence.state(view.now) is SilenceState.PENDING else "",
        "2h" if over else "",
        "" if over else clock(silence.ends_at),
        silence.created_by,
        silence.comment,
        resolved="yes" if silence.awaited is not None and not over else "",
    )
    return _page(view, request, draft, judge(view, draft))


async def post(view: View, request: Request) -> Response:
    """Show what a silence would mute, or set it."""
    form = await read_form(request)
    draft = Draft(**filled(Draft, form))
    judged = judge(view, draft)
    insists = bool(draft.confirm) or not judged.doubts
    seen = form.get("seen") == draft.digest
    if form.get("action") != "create" or judged.wrong or judged.silence is None or not (seen and insists):
        return _page(view, request, draft, judged, again=form.get("action") == "create" and not (judged.wrong or seen))
    name = str(uuid4())
    await view.submit(SilenceSet(judged.silence, name))
    silences = view.machine.muting.silences
    made = silences.get(name) or silences.get(draft.id)
    if made is None:
        raise HTTPException(409, "The silence could not be set any more when its turn came; try again.")
    response = RedirectResponse(f"{root(request)}silences/{made.id}", 303)
    remember(response, draft.author)
    return response


def judge(view: View, draft: Draft) -> Judged:
    """Read a draft, and ask what would come of it now."""
    wrong: dict[str, str] = {}
    sets = read_matchers(draft.matchers, view.settings.matcher_mode, wrong)
    starts_at, ends_at = _read_times(view, draft, wrong)
    unread = bool(wrong)
    if not draft.author:
        wrong["author"] = "say who you are; somebody may want to ask"
    if not draft.comment:
        wrong["comment"] = "say why; whoever finds the silence will wonder"
    if unread:
        return Judged(None, wrong)
    silence = _as_it_was(view, Silence(sets, starts_at, ends_at, draft.author, draft.comment, id=draft.id))
    silence = _waiting(view, silence, bool(draft.resolved))
    if silence.awaited is not None and not silence.awaited:
        wrong.setdefault("resolved", "nothing fires that it would mute, so there is nothing to wait for")
    ahead = preview(view.machine, silence, view.now, careful=True)
    if ahead.judgement.refusal is not None:
        text = str(ahead.judgement.refusal)
        wrong.setdefault("until" if text.startswith(("start", "end")) else "matchers", text)
    for one in ahead.judgement.objections:
        if not one.confirmable:
            wrong.setdefault(_FIELDS.get(one.rule, "matchers"), str(one))
    doubts = tuple(str(one) for one in ahead.judgement.objections if one.confirmable)
    return Judged(silence, wrong, doubts, ahead)


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
    starts_at = read_instant(draft.starts, "starts", wrong) or view.now
    return starts_at, read_end(starts_at, draft.lasts, draft.until, wrong)


def _page(view: View, request: Request, draft: Draft, judged: Judged, again: bool = False) -> Response:
    hits = newest(judged.ahead.mutes) if judged.ahead else []
    typing = "hx-request" in request.headers
    asked = request.method == "POST" and not typing
    return render(
        view,
        request,
        "silence_form.html",
        400 if judged.wrong and asked else 200,
        choice=Choice(),
        draft=draft,
        silence=judged.silence,
        wrong=judged.wrong if asked else {name: text for name, text in judged.wrong.items() if getattr(draft, name)},
        ready=not judged.wrong,
        again=again,
        doubts=judged.doubts,
        hits=hits[:MOST_PREVIEWED],
        already=sum(bool(one.silences) for one in hits),
        total=len(hits),
        firing=sum(alert.firing for alert in view.machine.alerts),
    )
