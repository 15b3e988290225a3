"""Set only after it was seen what it mutes: what the forms for a silence and for a window have in common.

What is sent to be set carries a digest of what was previewed; when the form has been changed since, the preview comes again
instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any, Generic, TypeVar

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.frozen import frozen
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.silence_preview import Preview, preview
from evaluator.core.muting.windows import Window
from evaluator.core.view import View
from evaluator.web.author import wrong_author
from evaluator.web.choice import Choice
from evaluator.web.fields import Wrong, note
from evaluator.web.rendering import render
from evaluator.web.silences import newest

Wanted = TypeVar("Wanted", Silence, Window)

MOST_PREVIEWED = 50
_FIELDS = {"max_duration": "lasts", "require_comment": "comment"}
"""Where the form says what a rule of the policy objects to; the others concern the matchers."""


@frozen
class Signed:
    """What either form has at its end. confirm: its maker insists."""

    author: str = ""
    comment: str = ""
    confirm: str = ""

    @property
    def digest(self) -> str:
        """What the whole form says, in short, whether or not its maker insists."""
        return sha256(repr(asdict(replace(self, confirm=""))).encode(errors="replace")).hexdigest()[:24]


@frozen
class Judged(Generic[Wanted]):
    """What a draft comes to. wanted: None when it is nothing. wrong: by field, what must be put right.

    doubts: what the policy objects to, and its maker may insist on. ahead: what would come of it.
    """

    wanted: Wanted | None
    wrong: Mapping[str, str]
    doubts: tuple[str, ...] = ()
    ahead: Preview | None = None


def check_signature(draft: Signed, what: str, wrong: Wrong) -> None:
    """Whoever mutes something says who they are, and why."""
    note(wrong, "author", wrong_author(draft.author, "somebody may want to ask"))
    note(wrong, "comment", "" if draft.comment else f"say why; whoever finds the {what} will wonder")


def judged(view: View, wanted: Wanted, wrong: Wrong, field_of: Callable[[str], str]) -> Judged[Wanted]:
    """Ask what would come of it now. field_of: the field that a refusal is about."""
    ahead = preview(view.machine, wanted, view.now, careful=True)
    if ahead.judgement.refusal is not None:
        text = str(ahead.judgement.refusal)
        wrong.setdefault(field_of(text), text)
    for one in ahead.judgement.objections:
        if not one.confirmable:
            wrong.setdefault(_FIELDS.get(one.rule, "matchers"), str(one))
    doubts = tuple(str(one) for one in ahead.judgement.objections if one.confirmable)
    return Judged(wanted, wrong, doubts, ahead)


def to_be_set(form: QueryParams, draft: Signed, found: Judged[Wanted]) -> Wanted | None:
    """What is to be set as it stands; None when there is something to be seen, put right or confirmed first."""
    insists, seen = bool(draft.confirm) or not found.doubts, form.get("seen") == draft.digest
    return found.wanted if form.get("action") == "create" and not found.wrong and seen and insists else None


def changed_since(form: QueryParams, draft: Signed, found: Judged[Wanted]) -> str:
    """What is to be said if it was to be set, and is not what was previewed."""
    changed = form.get("action") == "create" and not found.wrong and form.get("seen") != draft.digest
    return "The form has changed since its preview. This is what it says now." if changed else ""


def page(
    view: View,
    request: Request,
    template: str,
    draft: Signed,
    found: Judged[Wanted],
    remark: str = "",
    status: int = 200,
    **more: Any,
) -> Response:
    """The form with its preview. remark: said above the preview. status: if nothing is wrong. more: for this template."""
    hits = newest(found.ahead.mutes) if found.ahead else []
    asked = request.method == "POST" and "hx-request" not in request.headers
    return render(
        view,
        request,
        template,
        400 if found.wrong and asked else status,
        choice=Choice(),
        draft=draft,
        wanted=found.wanted,
        wrong=found.wrong if asked else {name: text for name, text in found.wrong.items() if getattr(draft, name)},
        ready=not found.wrong,
        remark=remark,
        doubts=found.doubts,
        hits=hits[:MOST_PREVIEWED],
        total=len(hits),
        firing=sum(alert.firing for alert in view.machine.alerts),
        **more,
    )
