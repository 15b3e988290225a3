"""Who may change anything: only forms of these very pages.

A form that says nothing of where it was sent from is refused too, as no browser would. Programs use the API.
"""

from __future__ import annotations

from starlette.requests import Request

from evaluator.core.origins import Sender, sender
from evaluator.core.view import View

REFUSAL = "This form was not sent by the evaluator's own pages, so nothing was changed. Open the page and try again."


def same_origin(view: View, request: Request) -> bool:
    """Whether a request was made by a page of this evaluator, as it is reached here or by its `external_url`."""
    return sender(request.headers, view.settings.external_url) is Sender.OWN_PAGE
